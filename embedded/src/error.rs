//! What can go wrong. Each message says what to do about it.

use std::{fmt, io, path::PathBuf};

/// Line that installs what is missing on Debian and Ubuntu.
pub const APT_LINE: &str = "apt-get install -y postgresql postgresql-contrib";

/// A failure of the supervisor; `Display` is a sentence for the person at the terminal.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// No PostgreSQL programs were found in any of the places looked at.
    NoBinaries { looked: Vec<PathBuf> },
    /// Programs were found, but all are older than [`crate::Binaries::OLDEST`].
    TooOld { found: Vec<u32> },
    /// The data was made by a major version whose programs are not here.
    OtherMajor { pg: PathBuf, data: u32, found: Vec<u32> },
    /// This uid has no passwd entry, which `initdb` demands.
    NoPasswdEntry { uid: u32 },
    /// Started as root on a machine that has neither `postgres` nor `nobody`.
    NoOrdinaryAccount,
    /// The account that runs PostgreSQL may not enter an ancestor of the data directory.
    Unreachable { dir: PathBuf, barred: PathBuf, account: String },
    /// The data belongs to another account and this one is not root.
    OtherOwner { pg: PathBuf, owner: u32 },
    /// Another instance uses the directory.
    InUse { dir: PathBuf, pid: Option<i32> },
    /// An earlier PostgreSQL is still running in the directory after the wait.
    StillRunning { pg: PathBuf, pid: i32, waited_s: u64 },
    /// `initdb` failed; its output.
    Initdb { output: String },
    /// PostgreSQL ended while starting; the end of its log.
    Ended { log: String },
    /// PostgreSQL was not ready in time; the end of its log.
    NotReady { waited_s: u64, log: String },
    /// PostgreSQL did not stop in time and was ordered to quit at once.
    SlowStop { waited_s: u64 },
    /// The folder of the socket belongs to another user.
    SocketTaken { dir: PathBuf },
    /// No cluster is running in the directory.
    NotRunning { dir: PathBuf },
    /// A database name that is not lowercase letters, digits and `_`.
    BadName { name: String },
    /// PostgreSQL refused a statement; `at` is where, e.g. `0001_core.sql:12`.
    Statement { at: String, message: String },
    /// The operating system refused; `what` was being done.
    Io { what: String, source: io::Error },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBinaries { looked } => write!(
                f,
                "no PostgreSQL was found (looked in {}). Install it with `{APT_LINE}` as root, name the folder of its programs in WASSALLY_PG_BIN, or set DATABASE_URL to a database of your own",
                list(looked.iter().map(|dir| dir.display()))
            ),
            Self::TooOld { found } => write!(
                f,
                "PostgreSQL {} is too old: {} or newer is needed. Install a newer one, or set DATABASE_URL",
                list(found),
                crate::Binaries::OLDEST
            ),
            Self::OtherMajor { pg, data, found } => write!(
                f,
                "the data in {} was made by PostgreSQL {data}, but only {} is installed. Install {data} (`apt-get install -y postgresql-{data}`), or take it across with pg_dump and restore it into a new data directory",
                pg.display(),
                list(found)
            ),
            Self::NoPasswdEntry { uid } => write!(
                f,
                "the user with uid {uid} has no entry in /etc/passwd, which PostgreSQL demands. Run as a user that has one, or set DATABASE_URL to a database of your own"
            ),
            Self::NoOrdinaryAccount => write!(
                f,
                "PostgreSQL refuses to run as root and there is neither a user `postgres` nor `nobody` to run it. Add one, start as an ordinary user, or set DATABASE_URL"
            ),
            Self::Unreachable { dir, barred, account } => write!(
                f,
                "the user `{account}` that runs PostgreSQL cannot enter {}, so {} cannot be used. Choose another WASSALLY_DATA_DIR, or `chmod o+x` that folder",
                barred.display(),
                dir.display()
            ),
            Self::OtherOwner { pg, owner } => write!(
                f,
                "the data in {} belongs to the user with uid {owner}. Start as that user or as root, or choose another WASSALLY_DATA_DIR",
                pg.display()
            ),
            Self::InUse { dir, pid } => {
                write!(f, "another instance is running on {}", dir.display())?;
                if let Some(pid) = pid {
                    write!(f, " (process {pid})")?;
                }
                write!(f, ". Stop it first, or choose another WASSALLY_DATA_DIR")
            }
            Self::StillRunning { pg, pid, waited_s } => write!(
                f,
                "a PostgreSQL (process {pid}) has been running in {} for {waited_s} s and does not end. Stop it with `kill -INT {pid}`, or choose another WASSALLY_DATA_DIR",
                pg.display()
            ),
            Self::Initdb { output } => write!(f, "initdb failed; its output says why:\n{output}"),
            Self::Ended { log } => write!(f, "PostgreSQL ended while it was starting; its log says why:\n{log}"),
            Self::NotReady { waited_s, log } => {
                write!(f, "PostgreSQL was not ready after {waited_s} s; the end of its log:\n{log}")
            }
            Self::SlowStop { waited_s } => {
                write!(
                    f,
                    "PostgreSQL had not stopped after {waited_s} s and was ordered to quit at once; the next start recovers"
                )
            }
            Self::SocketTaken { dir } => write!(
                f,
                "{} is not a folder of the user that runs PostgreSQL, so its socket cannot be put there. Remove it, or choose another WASSALLY_DATA_DIR",
                dir.display()
            ),
            Self::NotRunning { dir } => {
                write!(f, "no PostgreSQL is running in {}. Start one with `wassally-embedded dev`", dir.display())
            }
            Self::BadName { name } => {
                write!(f, "`{name}` is no name for a database: use lowercase letters, digits and `_`, 63 at most")
            }
            Self::Statement { at, message } => write!(f, "{at}: {message}"),
            Self::Io { what, source } => write!(f, "{what}: {source}"),
        }
    }
}

impl std::error::Error for Error {}

fn list<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

/// Adds what was being done when the operating system refused.
pub(crate) trait Doing<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, Error>;
}

impl<T, E: Into<io::Error>> Doing<T> for Result<T, E> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, Error> {
        self.map_err(|source| Error::Io { what: what(), source: source.into() })
    }
}
