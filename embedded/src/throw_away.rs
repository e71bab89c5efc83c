//! Clusters for one test binary, and the removal of those that earlier ones left.

use std::{fs, path::Path};

use crate::{Options, binaries::Binaries, lock::Lock, postmaster};

const PREFIX: &str = "wassally-throw-away-";

impl Options {
    /// For one test binary: fast instead of durable, 300 connections, under `/tmp` in a directory of this process. A static is never dropped,
    /// so this removes what ended processes left there.
    pub fn throw_away() -> Self {
        sweep();
        Self {
            bin: Binaries::from_env(),
            fsync: false,
            max_connections: 300,
            ..Self::new(format!("/tmp/{PREFIX}{}", std::process::id()))
        }
    }
}

fn sweep() {
    for entry in fs::read_dir("/tmp").into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid: Option<u32> = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.parse().ok());
        if pid.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) && is_left(&entry.path()) {
            // It may belong to another user; then it is not ours to remove.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Its lock is free and no process runs in it.
fn is_left(dir: &Path) -> bool {
    let held = dir.join("pg.lock").exists() && Lock::try_take(dir).is_err();
    !held && postmaster::processes_in(&dir.join("pg")).is_empty()
}
