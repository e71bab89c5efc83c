//! The embedded PostgreSQL of the default start, and the secret stored next to it.
use crate::{config::Config, ids::Random};
use anyhow::Context;
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use std::{fs, io::Write, os::unix::fs::OpenOptionsExt};
use wassally_embedded::{Cluster, Options};

/// Starts the database under the data directory and makes sure of a secret.
pub fn start(config: &mut Config) -> anyhow::Result<Cluster> {
    let cluster = Cluster::start(Options { bin: config.pg_bin.clone(), ..Options::new(config.data_dir.clone()) })?;
    for note in cluster.notes() {
        tracing::warn!("{note}");
    }
    cluster.create_database("wassally")?;
    if config.secret_keys.is_empty() {
        config.secret_keys = vec![secret(config).context("the kept secret")?.into()];
    }
    Ok(cluster)
}

/// The secret of this data directory, made at the first start.
fn secret(config: &Config) -> anyhow::Result<String> {
    fs::create_dir_all(&config.data_dir)?;
    let path = config.data_dir.join("secret");
    match fs::read_to_string(&path) {
        Ok(secret) => return Ok(secret.trim().to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let secret = STANDARD_NO_PAD.encode(Random::system().bytes::<48>());
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    file.write_all(secret.as_bytes())?;
    file.sync_all()?;
    Ok(secret)
}
