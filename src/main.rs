//! The binary: serve, migrate, seed, admin, openapi. Thin.
use anyhow::Context;
use clap::{Parser, Subcommand};
use secrecy::ExposeSecret;
use std::{path::PathBuf, time::Duration};
use tokio::net::TcpListener;
use wassally::{
    App,
    config::{Config, Database},
    ids::Random,
    telemetry,
};
use wassally_embedded::Cluster;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(version, about = "The live back end of a delivery marketplace")]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Migrates and serves until it gets a signal to stop. The default.
    Serve,
    /// Brings the database to this release's schema.
    Migrate,
    /// Loads the demo city, or people for load tests from files; again changes nothing.
    Seed { files: Vec<PathBuf> },
    /// Prints the OpenAPI document.
    Openapi,
    /// Prints the AsyncAPI document: what the channels carry.
    Asyncapi,
    /// What only somebody at the machine may do.
    #[command(subcommand)]
    Admin(Admin),
}

#[derive(Subcommand)]
enum Admin {
    /// Makes a superadmin. The password is read from the first line of standard input.
    Create {
        #[arg(long)]
        username: String,
        #[arg(long)]
        email: Option<String>,
    },
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let mut config = Config::from_env()?;
    telemetry::start_logs(&config);
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("another crypto provider was there first"))?;
    let (cluster, url) = database(&mut config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(run(args.command.unwrap_or(Command::Serve), config, &url, cluster.is_some()));
    runtime.shutdown_timeout(Duration::from_secs(2));
    if let Some(cluster) = cluster {
        cluster.stop()?;
    }
    ended
}

/// The database to use: the operator's, or a private one, started here.
fn database(config: &mut Config) -> anyhow::Result<(Option<Cluster>, String)> {
    match &config.database {
        Database::Url(url) => Ok((None, url.expose_secret().to_owned())),
        Database::Embedded => {
            let cluster = wassally::embedded::start(config)?;
            let url = cluster.url("wassally");
            Ok((Some(cluster), url))
        }
    }
}

async fn run(command: Command, config: Config, url: &str, is_private: bool) -> anyhow::Result<()> {
    wassally::db::migrate(url).await.context("migrating the database")?;
    if matches!(command, Command::Migrate) {
        return Ok(());
    }
    let listen = config.listen;
    let built = App::build(config, url, Random::system()).await?;
    match command {
        Command::Migrate => Ok(()),
        Command::Openapi => print(&built.app.documents().openapi),
        Command::Asyncapi => print(&built.app.documents().asyncapi),
        Command::Seed { files } => {
            wassally::seed::load(&built.app, &files).await?;
            built.app.close().await;
            Ok(())
        }
        Command::Admin(Admin::Create { username, email }) => {
            let mut password = String::new();
            std::io::stdin().read_line(&mut password).context("reading the password")?;
            wassally::admin::create_superadmin(&built.app, username, email, password.trim_end_matches(['\r', '\n'])).await?;
            built.app.close().await;
            Ok(())
        }
        Command::Serve => {
            if is_private {
                wassally::seed::load(&built.app, &[]).await.context("loading the demo city")?;
            }
            let listener = TcpListener::bind(listen).await.with_context(|| format!("listening on {listen}"))?;
            tracing::info!(version = env!("CARGO_PKG_VERSION"), address = %listener.local_addr()?, "open");
            built.app.run_background();
            if let Some(address) = built.app.config.metrics_listen {
                let listener = TcpListener::bind(address).await.with_context(|| format!("listening on {address}"))?;
                tokio::spawn(wassally::http::ops::serve_metrics(built.app.clone(), listener));
            }
            let stop = built.app.stop.clone();
            tokio::spawn(async move {
                stop_signal().await;
                tracing::info!("leaving");
                stop.cancel();
            });
            built.app.serve(built.router, listener).await
        }
    }
}

/// Prints a document. A reader that has seen enough, such as `head`, is no fault.
fn print(document: &serde_json::Value) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(document)?;
    match std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Ctrl-C or SIGTERM.
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
