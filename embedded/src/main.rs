//! `wassally-embedded`: a PostgreSQL to compile and test against, for make and CI.

use std::{
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{Command, ExitCode},
    sync::atomic::{AtomicI32, Ordering},
};

use nix::{
    libc,
    sys::signal::{SigHandler, Signal, signal},
};
use wassally_embedded::{Binaries, Cluster, Error, Options, migrated};

const HELP: &str = "\
wassally-embedded: a throw-away PostgreSQL to compile and test against (never for data that matters: fsync is off)

  dev      --dir DIR [--max-connections N]           start it, or find it running; print its address; it stays until `stop`
  migrated --dir DIR [--migrations DIR] [--db NAME]  the same, with a database that all migrations are in; print its address
  exec     --dir DIR [--migrations DIR] [--db NAME] -- COMMAND...
                                                     run COMMAND with DATABASE_URL set to such a database; a PostgreSQL started
                                                     for it ends with it; exits with the command's code
  stop     --dir DIR                                 end it

--migrations is `migrations`, --db is `wassally` unless given. WASSALLY_PG_BIN names the folder of PostgreSQL's programs.";

fn main() -> ExitCode {
    let arguments = match Arguments::read(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(fault) => {
            eprintln!("{fault}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    arguments.run().unwrap_or_else(|error| {
        eprintln!("wassally-embedded: {error}");
        ExitCode::FAILURE
    })
}

struct Arguments {
    verb: String,
    dir: PathBuf,
    migrations: PathBuf,
    database: String,
    max_connections: u16,
    command: Vec<String>,
}

impl Arguments {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let verb = words.next().ok_or("say what to do")?;
        if !["dev", "migrated", "exec", "stop"].contains(&verb.as_str()) {
            return Err(format!("`{verb}` is not a command"));
        }
        let mut arguments = Self {
            verb,
            dir: PathBuf::new(),
            migrations: "migrations".into(),
            database: "wassally".into(),
            max_connections: 300,
            command: Vec::new(),
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} wants a value"));
            match word.as_str() {
                "--dir" => arguments.dir = value()?.into(),
                "--migrations" => arguments.migrations = value()?.into(),
                "--db" => arguments.database = value()?,
                "--max-connections" => {
                    arguments.max_connections = value()?.parse().map_err(|_| "--max-connections wants a number")?
                }
                "--" => arguments.command = words.by_ref().collect(),
                other => return Err(format!("`{other}` is unknown")),
            }
        }
        if arguments.dir.as_os_str().is_empty() {
            return Err("--dir DIR is needed".into());
        }
        if (arguments.verb == "exec") == arguments.command.is_empty() {
            return Err("a command belongs to `exec`, after `--`".into());
        }
        Ok(arguments)
    }

    fn options(&self, outlives: bool) -> Options {
        let fallback_dir = match std::path::absolute(&self.dir) {
            // Not where an installation keeps its data, and one for each checkout.
            Ok(dir) => PathBuf::from("/tmp/wassally-dev").join(dir.to_string_lossy().replace('/', "-")),
            Err(_) => "/tmp/wassally-dev/here".into(),
        };
        Options {
            bin: Binaries::from_env(),
            fsync: false,
            max_connections: self.max_connections,
            outlives,
            fallback_dir,
            ..Options::new(&self.dir)
        }
    }

    fn run(self) -> Result<ExitCode, Error> {
        match self.verb.as_str() {
            "dev" => {
                let cluster = Cluster::start_or_attach(self.options(true))?;
                println!("{}", report(&cluster).url("postgres"));
            }
            "migrated" => {
                let cluster = Cluster::start_or_attach(self.options(true))?;
                migrated::database(report(&cluster), &self.migrations, &self.database)?;
                println!("{}", cluster.url(&self.database));
            }
            "stop" => Cluster::attach(&self.options(true))?.stop()?,
            _ => return self.exec(),
        }
        Ok(ExitCode::SUCCESS)
    }

    fn exec(self) -> Result<ExitCode, Error> {
        let cluster = match Cluster::attach(&self.options(false)) {
            Err(Error::NotRunning { .. }) => Cluster::start(self.options(false))?,
            found => found?,
        };
        migrated::database(report(&cluster), &self.migrations, &self.database)?;
        let code = supervise(&self.command, &cluster.url(&self.database))?;
        drop(cluster);
        Ok(code)
    }
}

/// Prints the notes of the start; only the address goes to standard output.
fn report(cluster: &Cluster) -> &Cluster {
    for note in cluster.notes() {
        eprintln!("{note}");
    }
    cluster
}

/// The running command, for the signal handler; 0 when there is none.
static COMMAND: AtomicI32 = AtomicI32::new(0);

/// A signal that came and was not passed on yet; 0 when there is none.
static PENDING: AtomicI32 = AtomicI32::new(0);

extern "C" fn receive(number: libc::c_int) {
    // Ctrl-C goes to the whole group at the terminal: the command has received it already.
    if number != libc::SIGINT {
        PENDING.store(number, Ordering::SeqCst);
        pass_on();
    }
}

/// Passes a pending signal on once the command is known. The signal is stored before the command is read, and the command before the signal, so
/// that one of the two callers sees both.
fn pass_on() {
    let pid = COMMAND.load(Ordering::SeqCst);
    if pid > 0 {
        match PENDING.swap(0, Ordering::SeqCst) {
            0 => {}
            // SAFETY: kill is safe in a handler, and the child has not been reaped while its pid is in `COMMAND`.
            number => {
                unsafe { libc::kill(pid, number) };
            }
        }
    }
}

/// Runs the command to its end. Ctrl-C and SIGTERM do not end this process, so that PostgreSQL ends after the command and not before.
fn supervise(command: &[String], url: &str) -> Result<ExitCode, Error> {
    for received in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        // SAFETY: the handler calls only async-signal-safe functions.
        unsafe { signal(received, SigHandler::Handler(receive)) }
            .map_err(|error| Error::Io { what: "listening for signals".into(), source: error.into() })?;
    }
    let doing = |source| Error::Io { what: format!("running {}", command[0]), source };
    let mut child = Command::new(&command[0]).args(&command[1..]).env("DATABASE_URL", url).spawn().map_err(doing)?;
    COMMAND.store(child.id().cast_signed(), Ordering::SeqCst);
    // The signal may have come between the start of the command and the line above.
    pass_on();
    let status = child.wait().map_err(doing)?;
    COMMAND.store(0, Ordering::SeqCst);
    // As in a shell: 128 plus the signal for a command that a signal ended.
    let code = status.code().or(status.signal().map(|number| 128 + number)).unwrap_or(1);
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}
