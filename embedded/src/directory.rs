//! Where a cluster lives: its data directory, reachable for its account, and the folder of its socket.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    path::{Path, PathBuf},
};

use crate::{Error, Result, account::Account, error::Doing};

/// `sun_path` holds 108 bytes with its closing zero.
const LONGEST_SOCKET: usize = 107;

/// The directories of one cluster.
#[derive(Debug, Clone)]
pub(crate) struct Directory {
    /// Absolute, free of links.
    pub data_dir: PathBuf,
    pub account: Account,
    /// A note for the person who started it, about the choice.
    pub note: Option<String>,
}

impl Directory {
    /// `wanted` if the account can reach it, else `fallback`.
    pub fn choose(wanted: &Path, fallback: &Path) -> Result<Self> {
        let first = Self::at(wanted)?;
        let Some(barred) = first.account.barred_from(&first.data_dir) else { return Ok(first) };
        let second = Self::at(fallback)?;
        if second.account.barred_from(&second.data_dir).is_some() {
            let account = first.account.name;
            return Err(Error::Unreachable { dir: first.data_dir, barred, account });
        }
        let note = format!(
            "The database is in {}: the user `{}` that runs PostgreSQL cannot enter {}, so {} cannot be used.",
            second.data_dir.display(),
            second.account.name,
            barred.display(),
            first.data_dir.display()
        );
        Ok(Self { note: Some(note), ..second })
    }

    fn at(dir: &Path) -> Result<Self> {
        fs::create_dir_all(dir).doing(|| format!("creating {}", dir.display()))?;
        let data_dir = fs::canonicalize(dir).doing(|| format!("looking at {}", dir.display()))?;
        let account = Account::for_data(&data_dir.join("pg"))?;
        Ok(Self { data_dir, account, note: None })
    }

    /// The cluster's files.
    pub fn pg(&self) -> PathBuf {
        self.data_dir.join("pg")
    }

    pub fn log_file(&self) -> PathBuf {
        self.data_dir.join("postgres.log")
    }

    /// Makes the folder of the socket: only the account may enter, since PostgreSQL trusts whoever reaches it.
    pub fn make_socket_dir(&self) -> Result<PathBuf> {
        let dir = self.socket_dir();
        match fs::create_dir(&dir) {
            Ok(()) => self.account.own(&dir)?,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(Error::Io { what: format!("creating {}", dir.display()), source }),
        }
        if !self.account.owns(&dir) {
            return Err(Error::SocketTaken { dir });
        }
        private(&dir)?;
        Ok(dir)
    }

    /// Leaves no empty folder outside of the data directory.
    pub fn remove_socket_dir(&self, dir: &Path) {
        if !dir.starts_with(&self.data_dir) {
            // One that is not empty is in use; the next start reuses it.
            let _ = fs::remove_dir(dir);
        }
    }

    /// `<data_dir>/run`; a path too long for a socket, or with a comma, which libpq takes for two hosts, gets a short name of its own.
    fn socket_dir(&self) -> PathBuf {
        let beside = self.data_dir.join("run");
        let path = beside.join(".s.PGSQL.5432");
        let path = path.as_os_str().as_bytes();
        if path.len() <= LONGEST_SOCKET && !path.contains(&b',') {
            return beside;
        }
        let mut hasher = DefaultHasher::new();
        self.data_dir.hash(&mut hasher);
        PathBuf::from(format!("/tmp/wassally-{:016x}", hasher.finish()))
    }
}

/// Mode 0700.
pub(crate) fn private(dir: &Path) -> Result<()> {
    fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).doing(|| format!("closing {} to others", dir.display()))
}
