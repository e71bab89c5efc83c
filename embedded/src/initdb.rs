//! Makes the files of a new cluster.

use std::{fs, path::Path, process::Command};

use nix::sys::signal::Signal;

use crate::{
    Error, Result,
    binaries::Binaries,
    cluster::LEAVING,
    directory::{self, Directory},
    error::Doing,
    postmaster,
};

/// Major version that made the files in `pg`; `None` when there are none yet.
pub(crate) fn version(pg: &Path) -> Result<Option<u32>> {
    let file = pg.join("PG_VERSION");
    match fs::read_to_string(&file) {
        Ok(text) => Ok(text.trim().parse().ok()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Io { what: format!("reading {}", file.display()), source }),
    }
}

/// Makes them in a folder beside their final one and moves them when they are complete and on disk, so that an interrupted run leaves nothing behind that
/// looks like a cluster.
pub(crate) fn create(at: &Directory, binaries: &Binaries) -> Result<()> {
    let made = at.data_dir.join("pg.tmp");
    if made.exists() {
        postmaster::wait_until_left(&made, LEAVING)?;
        fs::remove_dir_all(&made).doing(|| format!("removing {}", made.display()))?;
    }
    fs::create_dir(&made).doing(|| format!("creating {}", made.display()))?;
    directory::private(&made)?;
    at.account.own(&made)?;

    let mut initdb = Command::new(binaries.program("initdb"));
    initdb
        .args(["--locale=C", "--encoding=UTF8", "--data-checksums", "--auth=trust", "--username=postgres", "-D"])
        .arg(&made)
        .current_dir("/")
        .env_clear()
        .envs(postmaster::environment());
    at.account.run_as(&mut initdb);
    postmaster::dies_with_us(&mut initdb, Signal::SIGKILL);
    let out = initdb.output().doing(|| format!("running {}", binaries.program("initdb").display()))?;
    if !out.status.success() {
        let output = [out.stdout, out.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        return Err(Error::Initdb { output });
    }
    let pg = at.pg();
    fs::rename(&made, &pg).doing(|| format!("moving {} to {}", made.display(), pg.display()))?;
    let dir = fs::File::open(&at.data_dir).doing(|| format!("opening {}", at.data_dir.display()))?;
    dir.sync_all().doing(|| format!("writing {} to disk", at.data_dir.display()))
}
