//! A cluster from start to stop.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    Binaries, Error, Result,
    directory::Directory,
    error::Doing,
    initdb,
    lock::Lock,
    postmaster::{self, PidFile, Postmaster},
    query::Session,
};

/// A postmaster that is ending (after `kill -9` of its parent) gets this long.
pub(crate) const LEAVING: Duration = Duration::from_secs(10);
/// Recovery after a crash may take a while; a process that ended is noticed at once.
const READY: Duration = Duration::from_secs(300);
const STOP: Duration = Duration::from_secs(60);
/// A start that finds the log larger than this, in bytes, begins a new one; one older log is kept.
const LOG_LIMIT: u64 = 10_000_000;

/// How to start a cluster.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where everything of it is kept; made when missing. Relative to the working directory.
    pub data_dir: PathBuf,
    /// Used when the account that runs PostgreSQL cannot reach `data_dir`; `/var/lib/wassally`.
    pub fallback_dir: PathBuf,
    /// Folder of PostgreSQL's programs; otherwise PATH, then `/usr/lib/postgresql/*`.
    pub bin: Option<PathBuf>,
    /// Whether a commit is on disk when it returns. Only tests may turn it off.
    pub fsync: bool,
    /// Connections at most, those of tools included.
    pub max_connections: u16,
    /// Further settings of PostgreSQL, name and value.
    pub settings: Vec<(String, String)>,
    /// Leave it running when this process ends; [`Cluster::attach`] finds it again.
    pub outlives: bool,
}

impl Options {
    /// Durable, 100 connections, ends with this process.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            fallback_dir: "/var/lib/wassally".into(),
            bin: None,
            fsync: true,
            max_connections: 100,
            settings: Vec::new(),
            outlives: false,
        }
    }
}

/// A running PostgreSQL. Dropping it stops it, unless it outlives us or was only attached to.
#[derive(Debug)]
pub struct Cluster {
    at: Directory,
    socket_dir: PathBuf,
    pid: i32,
    started: Option<Postmaster>,
    outlives: bool,
    /// Held to the end: it tells the next instance that we are here.
    lock: Option<Lock>,
}

impl Cluster {
    /// Starts the cluster of `options.data_dir`, making it first when it is not there; blocks until it takes connections.
    ///
    /// Errors: [`Error::InUse`] for a second instance, [`Error::NoBinaries`] and the others with what to do.
    pub fn start(options: Options) -> Result<Self> {
        let at = Directory::choose(&options.data_dir, &options.fallback_dir)?;
        let lock = Lock::try_take(&at.data_dir)?;
        let mut cluster = Self::start_at(at, &options)?;
        cluster.lock = Some(lock);
        Ok(cluster)
    }

    /// The running cluster of `options.data_dir`, started when there is none. Callers wait for each other.
    pub fn start_or_attach(options: Options) -> Result<Self> {
        let at = Directory::choose(&options.data_dir, &options.fallback_dir)?;
        let _turn = Lock::wait(&at.data_dir)?;
        match Self::attach_at(&at) {
            Some(cluster) => Ok(cluster),
            None => Self::start_at(at, &options),
        }
    }

    /// The running cluster of a data directory, started by another process; dropping the value leaves it alone.
    pub fn attach(options: &Options) -> Result<Self> {
        let at = Directory::choose(&options.data_dir, &options.fallback_dir)?;
        Self::attach_at(&at).ok_or(Error::NotRunning { dir: at.data_dir })
    }

    fn attach_at(at: &Directory) -> Option<Self> {
        let pg = at.pg();
        let file = PidFile::read(&pg).filter(|file| file.ready)?;
        postmaster::processes_in(&pg).contains(&file.pid).then(|| Self {
            at: at.clone(),
            socket_dir: file.socket_dir,
            pid: file.pid,
            started: None,
            outlives: true,
            lock: None,
        })
    }

    fn start_at(at: Directory, options: &Options) -> Result<Self> {
        let pg = at.pg();
        let made_by = initdb::version(&pg)?;
        let binaries = Binaries::find(options.bin.as_deref(), made_by.map(|major| (major, pg.as_path())), &at.account)?;
        postmaster::wait_until_left(&pg, LEAVING)?;
        if made_by.is_none() {
            initdb::create(&at, &binaries)?;
        }
        forget_stale_pid(&pg)?;
        let socket_dir = at.make_socket_dir()?;

        let mut command = Command::new(binaries.program("postgres"));
        command.arg("-D").arg(&pg).current_dir(&pg);
        for (name, value) in settings(options, &socket_dir) {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        at.account.run_as(&mut command);
        let log = at.log_file();
        let started = Postmaster::spawn(command, open_log(&log)?, options.outlives)?;
        if let Err(error) = started.wait_ready(&pg, &log, READY) {
            // The first error is the one that matters to the caller, not that stopping was slow too.
            let _ = started.stop(STOP);
            return Err(error);
        }
        Ok(Self { at, socket_dir, pid: started.pid, started: Some(started), outlives: options.outlives, lock: None })
    }

    /// Address of a database, for sqlx, psql and libpq: over the socket, as the owner of everything.
    pub fn url(&self, database: &str) -> String {
        let socket_dir = percent_encoded(&self.socket_dir.to_string_lossy());
        format!("postgres://postgres@localhost:5432/{database}?host={socket_dir}&sslmode=disable")
    }

    /// Creates a database, unless it is there already.
    ///
    /// Errors: [`Error::BadName`], [`Error::Statement`].
    pub fn create_database(&self, name: &str) -> Result<()> {
        check_name(name)?;
        match self.session("postgres")?.run(&format!("create database {name}"), "create database") {
            Err(Error::Statement { message, .. }) if message.contains("already exists") => Ok(()),
            other => other,
        }
    }

    /// Runs one or several statements in `database`, several as one transaction, over a connection of its own.
    ///
    /// Errors: [`Error::Statement`] with what PostgreSQL said.
    pub fn execute(&self, database: &str, statements: &str) -> Result<()> {
        self.session(database)?.run(statements, database)
    }

    /// Where the data really is: the wanted directory or the fallback.
    pub fn data_dir(&self) -> &Path {
        &self.at.data_dir
    }

    /// Notes for the person who started it, in sentences.
    pub fn notes(&self) -> impl Iterator<Item = &str> {
        self.at.note.as_deref().into_iter()
    }

    /// Process id of the postmaster.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// False once PostgreSQL has ended, for any reason.
    pub fn is_running(&self) -> bool {
        match &self.started {
            Some(started) => started.is_running(),
            None => postmaster::processes_in(&self.at.pg()).contains(&self.pid),
        }
    }

    /// Ends all sessions, writes everything and waits until it has ended; at most 60 s, then it must quit at once.
    pub fn stop(mut self) -> Result<()> {
        let stopped = match self.started.take() {
            Some(started) => started.stop(STOP),
            None => postmaster::stop_stranger(&self.at.pg(), self.pid, STOP),
        };
        self.at.remove_socket_dir(&self.socket_dir);
        stopped
    }

    pub(crate) fn session(&self, database: &str) -> Result<Session> {
        Session::open(&self.socket_dir.join(".s.PGSQL.5432"), database)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(started) = self.started.take().filter(|_| !self.outlives) {
            // There is no caller for the error any more; the next start recovers.
            let _ = started.stop(STOP);
            self.at.remove_socket_dir(&self.socket_dir);
        }
    }
}

fn settings(options: &Options, socket_dir: &Path) -> Vec<(String, String)> {
    let own = [
        ("listen_addresses", ""),
        ("unix_socket_directories", &*quoted(socket_dir)),
        ("port", "5432"),
        ("max_connections", &options.max_connections.to_string()),
        ("timezone", "UTC"),
        ("log_timezone", "UTC"),
        ("log_checkpoints", "off"),
        // Parallel workers share memory through /dev/shm, which has 64 MB in a container.
        ("max_parallel_workers_per_gather", "0"),
        ("max_parallel_maintenance_workers", "0"),
        // Compiling a plan costs more than our statements take.
        ("jit", "off"),
        ("wal_compression", "on"),
    ];
    let unsafe_but_fast = [("fsync", "off"), ("full_page_writes", "off"), ("wal_level", "minimal"), ("max_wal_senders", "0")];
    let mut all: Vec<(String, String)> = own.map(|(name, value)| (name.into(), value.into())).into();
    if !options.fsync {
        all.extend(unsafe_but_fast.map(|(name, value)| (name.into(), value.into())));
    }
    all.extend(options.settings.iter().cloned());
    all
}

/// The setting is a list; a path may hold commas and spaces.
fn quoted(dir: &Path) -> String {
    format!("\"{}\"", dir.to_string_lossy().replace('"', "\"\""))
}

/// No process runs in `pg` any more (we waited), but its pid may have been given to another process of the same account, and PostgreSQL would
/// then refuse to start for good.
fn forget_stale_pid(pg: &Path) -> Result<()> {
    let file = pg.join("postmaster.pid");
    match fs::remove_file(&file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::Io { what: format!("removing {}", file.display()), source: error })
        }
        _ => Ok(()),
    }
}

fn open_log(path: &Path) -> Result<fs::File> {
    if fs::metadata(path).is_ok_and(|log| log.len() > LOG_LIMIT) {
        fs::rename(path, path.with_extension("log.1")).doing(|| format!("putting {} aside", path.display()))?;
    }
    OpenOptions::new().create(true).append(true).mode(0o600).open(path).doing(|| format!("opening {}", path.display()))
}

/// Lowercase letters, digits and `_`: nothing that needs quoting in SQL or in an address.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let fits = (1..=63).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if fits { Ok(()) } else { Err(Error::BadName { name: name.into() }) }
}

fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |done, byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => done + char::from(byte).encode_utf8(&mut [0; 4]),
        other => done + &format!("%{other:02X}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_survives_in_an_address() {
        assert_eq!(percent_encoded("/srv/my data/run"), "%2Fsrv%2Fmy%20data%2Frun");
    }

    #[test]
    fn only_plain_names_are_databases() {
        assert!(check_name("wassally_2").is_ok());
        for name in ["", "Two", "a b", "1st", "a\"; drop", &"x".repeat(64)] {
            assert!(matches!(check_name(name), Err(Error::BadName { .. })), "{name}");
        }
    }
}
