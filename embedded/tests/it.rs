//! The supervisor against the machine's own PostgreSQL, with real processes.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, geteuid},
};
use wassally_embedded::{Binaries, Cluster, Error, Options, migrated};

/// A directory of one test, removed with it.
struct Workspace(PathBuf);

impl Workspace {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("wassally-supervisor-{}-{name}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
        Self(dir)
    }

    fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    fn options(&self) -> Options {
        Options { bin: Binaries::from_env(), fallback_dir: self.0.join("fallback"), ..Options::new(self.data()) }
    }

    fn migrations(&self, files: &[(&str, &str)]) -> PathBuf {
        let dir = self.0.join("migrations");
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).unwrap();
        for (name, sql) in files {
            fs::write(dir.join(name), sql).unwrap();
        }
        dir
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "still not: {what}");
        std::thread::yield_now();
    }
}

/// A process that ended and was not reaped yet has no working directory any more.
fn exists(pid: i32) -> bool {
    fs::read_link(format!("/proc/{pid}/cwd")).is_ok()
}

fn postmaster(data: &Path) -> i32 {
    let file = fs::read_to_string(data.join("pg/postmaster.pid")).unwrap();
    file.lines().next().unwrap().parse().unwrap()
}

fn psql(cluster: &Cluster, database: &str, sql: &str) -> String {
    let out = Command::new("psql").args(["-XAtc", sql]).arg(cluster.url(database)).output().unwrap();
    String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).trim().to_owned()
}

/// `wassally-embedded exec` in another process, with a command that says when it runs and ends with its input.
struct Elsewhere {
    process: Child,
    input: Option<ChildStdin>,
}

impl Elsewhere {
    fn running(workspace: &Workspace) -> Self {
        let migrations = workspace.migrations(&[]);
        let mut process = Command::new(env!("CARGO_BIN_EXE_wassally-embedded"))
            .args(["exec", "--dir"])
            .arg(workspace.data())
            .arg("--migrations")
            .arg(migrations)
            .args(["--", "sh", "-c", "echo running; read line; exit 7"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = process.stdin.take();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "running\n");
        Self { process, input }
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.process.id().cast_signed()), signal).unwrap();
    }

    fn code(&mut self) -> Option<i32> {
        self.process.wait().unwrap().code()
    }
}

#[test]
fn a_cold_start_makes_a_cluster_and_a_warm_one_finds_its_data() {
    let workspace = Workspace::new("cold");
    let cluster = Cluster::start(workspace.options()).unwrap();
    cluster.create_database("shop").unwrap();
    cluster.create_database("shop").unwrap();
    assert_eq!(psql(&cluster, "shop", "create table saved as select 1 as one"), "SELECT 1");
    assert_eq!(psql(&cluster, "shop", "show fsync"), "on");
    assert_eq!(psql(&cluster, "shop", "show listen_addresses"), "");
    assert_eq!(psql(&cluster, "shop", "select count(*) from pg_stat_activity where client_addr is not null"), "0");
    let socket_dir = fs::metadata(workspace.data().join("run")).unwrap();
    assert_eq!(socket_dir.permissions().mode() & 0o777, 0o700);
    assert!(cluster.notes().next().is_none());
    let pid = cluster.pid();
    cluster.stop().unwrap();
    assert!(!exists(pid));

    let cluster = Cluster::start(workspace.options()).unwrap();
    assert_eq!(psql(&cluster, "shop", "select one from saved"), "1");
    drop(cluster);
}

#[test]
fn a_second_instance_is_refused_by_name() {
    let workspace = Workspace::new("second");
    let first = Cluster::start(workspace.options()).unwrap();
    let refused = Cluster::start(workspace.options()).unwrap_err();
    let me = std::process::id().cast_signed();
    assert!(matches!(&refused, Error::InUse { pid: Some(pid), .. } if *pid == me), "{refused}");
    assert!(refused.to_string().contains("another instance is running"), "{refused}");
    assert_eq!(psql(&first, "postgres", "select 1"), "1");
}

#[test]
fn two_that_start_at_once_share_one_cluster() {
    let workspace = Workspace::new("twins");
    let start = || Cluster::start_or_attach(Options { outlives: true, ..workspace.options() }).unwrap();
    let (one, two) = std::thread::scope(|scope| {
        let (one, two) = (scope.spawn(start), scope.spawn(start));
        (one.join().unwrap(), two.join().unwrap())
    });
    assert_eq!(one.pid(), two.pid());
    assert_eq!(one.url("postgres"), two.url("postgres"));
    drop(one);
    assert!(two.is_running(), "it outlives the one who started it");
    two.stop().unwrap();
    assert!(matches!(Cluster::attach(&workspace.options()), Err(Error::NotRunning { .. })));
}

#[test]
fn killing_the_parent_ends_postgres_and_the_next_start_recovers() {
    let workspace = Workspace::new("killed");
    let mut parent = Elsewhere::running(&workspace);
    let pid = postmaster(&workspace.data());
    let seen = Cluster::attach(&workspace.options()).unwrap();
    assert_eq!(psql(&seen, "wassally", "create table saved as select 1 as one"), "SELECT 1");
    parent.signal(Signal::SIGKILL);
    parent.process.wait().unwrap();

    // At once: the postmaster may be on its way out still.
    let cluster = Cluster::start(workspace.options()).unwrap();
    assert!(!exists(pid));
    assert_eq!(psql(&cluster, "wassally", "select one from saved"), "1");
    let log = fs::read_to_string(workspace.data().join("postgres.log")).unwrap();
    assert!(log.contains("immediate shutdown request") && log.contains("was not properly shut down"), "{log}");
}

#[test]
fn a_command_gets_its_database_and_its_exit_code_comes_through() {
    let workspace = Workspace::new("exec");
    let mut run = Elsewhere::running(&workspace);
    let pid = postmaster(&workspace.data());
    run.input.take().unwrap().write_all(b"go on\n").unwrap();
    assert_eq!(run.code(), Some(7));
    assert!(!exists(pid), "it ends with the command");
}

#[test]
fn a_terminated_run_ends_its_command_first_and_then_postgres() {
    let workspace = Workspace::new("terminated");
    let mut run = Elsewhere::running(&workspace);
    let pid = postmaster(&workspace.data());
    run.signal(Signal::SIGTERM);
    assert_eq!(run.code(), Some(128 + Signal::SIGTERM as i32));
    assert!(!exists(pid));
    let log = fs::read_to_string(workspace.data().join("postgres.log")).unwrap();
    assert!(log.contains("fast shutdown request"), "{log}");
}

#[test]
fn postgres_that_dies_alone_is_noticed() {
    let workspace = Workspace::new("alone");
    let cluster = Cluster::start(workspace.options()).unwrap();
    assert!(cluster.is_running());
    kill(Pid::from_raw(cluster.pid()), Signal::SIGKILL).unwrap();
    eventually("its end is seen", || !cluster.is_running());
    drop(cluster);
    // The orphans of a killed postmaster leave by themselves, and the start waits for them.
    let cluster = Cluster::start(workspace.options()).unwrap();
    assert_eq!(psql(&cluster, "postgres", "select 1"), "1");
}

#[test]
fn an_unreachable_folder_falls_back_with_a_note() {
    if !geteuid().is_root() {
        return; // Only root runs PostgreSQL as somebody else.
    }
    let workspace = Workspace::new("barred");
    let private = workspace.0.join("private");
    fs::create_dir(&private).unwrap();
    fs::set_permissions(&private, fs::Permissions::from_mode(0o700)).unwrap();
    let options = Options { data_dir: private.join("data"), ..workspace.options() };
    let cluster = Cluster::start(options.clone()).unwrap();
    assert_eq!(cluster.data_dir(), workspace.0.join("fallback"));
    let notes: Vec<&str> = cluster.notes().collect();
    assert!(notes.len() == 1 && notes[0].contains("cannot enter") && notes[0].contains("private"), "{notes:?}");
    assert_eq!(psql(&cluster, "postgres", "select 1"), "1");

    let nowhere = Options { fallback_dir: private.join("fallback"), ..options };
    let refused = Cluster::start(nowhere).unwrap_err();
    assert!(matches!(&refused, Error::Unreachable { barred, .. } if *barred == private), "{refused}");
}

#[test]
fn an_interrupted_initdb_leaves_nothing_that_looks_like_a_cluster() {
    let workspace = Workspace::new("interrupted");
    let migrations = workspace.migrations(&[]);
    let mut first = Command::new(env!("CARGO_BIN_EXE_wassally-embedded"))
        .args(["exec", "--dir"])
        .arg(workspace.data())
        .arg("--migrations")
        .arg(migrations)
        .args(["--", "true"])
        .spawn()
        .unwrap();
    eventually("initdb is at work", || workspace.data().join("pg.tmp/PG_VERSION").exists());
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(!workspace.data().join("pg").exists());

    let cluster = Cluster::start(workspace.options()).unwrap();
    assert_eq!(psql(&cluster, "postgres", "select 1"), "1");
    assert!(!workspace.data().join("pg.tmp").exists());
}

#[test]
fn a_stale_pid_file_is_no_hindrance_even_when_its_pid_is_alive_again() {
    let workspace = Workspace::new("stale");
    Cluster::start(workspace.options()).unwrap().stop().unwrap();
    let mut other = Command::new("cat");
    let mut other = other.stdin(Stdio::piped()).spawn().unwrap();
    for pid in [other.id(), 4_194_303] {
        let text =
            format!("{pid}\n{}\n1700000000\n5432\n/nowhere\n\n  5432001   3\nready   \n", workspace.data().join("pg").display());
        fs::write(workspace.data().join("pg/postmaster.pid"), text).unwrap();
        assert!(matches!(Cluster::attach(&workspace.options()), Err(Error::NotRunning { .. })));
        let cluster = Cluster::start(workspace.options()).unwrap();
        assert_eq!(psql(&cluster, "postgres", "select 1"), "1");
    }
    drop(other.stdin.take());
    other.wait().unwrap();
}

#[test]
fn a_long_path_gets_a_short_socket_and_an_odd_one_survives() {
    let workspace = Workspace::new("long");
    let options = Options { data_dir: workspace.0.join("x".repeat(120)), ..workspace.options() };
    let cluster = Cluster::start(options).unwrap();
    let url = cluster.url("postgres");
    let socket_dir = url.split_once("host=%2Ftmp%2F").and_then(|(_, rest)| rest.split_once('&')).unwrap().0;
    let socket_dir = Path::new("/tmp").join(socket_dir);
    assert_eq!(psql(&cluster, "postgres", "select 1"), "1");
    assert!(socket_dir.join(".s.PGSQL.5432").exists());
    drop(cluster);
    assert!(!socket_dir.exists(), "nothing is left behind");

    let options = Options { data_dir: workspace.0.join("my data, \"both\" halves"), ..workspace.options() };
    let cluster = Cluster::start(options).unwrap();
    assert_eq!(psql(&cluster, "postgres", "select 1"), "1");
}

#[test]
fn data_of_another_major_version_is_left_alone() {
    let workspace = Workspace::new("major");
    fs::create_dir_all(workspace.data().join("pg")).unwrap();
    fs::write(workspace.data().join("pg/PG_VERSION"), "9\n").unwrap();
    let refused = Cluster::start(workspace.options()).unwrap_err();
    assert!(matches!(refused, Error::OtherMajor { data: 9, .. }), "{refused}");

    let nowhere = Options { bin: Some(workspace.0.join("empty")), data_dir: workspace.0.join("new"), ..workspace.options() };
    let refused = Cluster::start(nowhere).unwrap_err();
    assert!(refused.to_string().contains("apt-get install"), "{refused}");
}

#[test]
fn what_an_ended_test_run_left_is_removed() {
    let mut ended = Command::new("true").spawn().unwrap();
    ended.wait().unwrap();
    let left = PathBuf::from(format!("/tmp/wassally-throw-away-{}", ended.id()));
    fs::create_dir_all(left.join("pg")).unwrap();
    let options = Options::throw_away();
    assert!(!left.exists());

    let cluster = Cluster::start(options).unwrap();
    cluster.execute("postgres", "create table one (id int); insert into one values (1)").unwrap();
    let refused = cluster.execute("postgres", "insert into one values (2); select 1/0").unwrap_err();
    assert!(refused.to_string().contains("division by zero"), "{refused}");
    assert_eq!(psql(&cluster, "postgres", "select count(*) from one"), "1", "both or none");
    let dir = cluster.data_dir().to_owned();
    cluster.stop().unwrap();
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn a_setting_postgres_does_not_know_ends_the_start_with_its_message() {
    let workspace = Workspace::new("setting");
    let options = Options { settings: vec![("no_such_setting".into(), "1".into())], ..workspace.options() };
    let refused = Cluster::start(options).unwrap_err();
    assert!(matches!(&refused, Error::Ended { log } if log.contains("no_such_setting")), "{refused}");
}

#[test]
fn a_faulty_migration_names_its_line_and_leaves_the_old_database() {
    let workspace = Workspace::new("migrated");
    let cluster = Cluster::start(Options { fsync: false, ..workspace.options() }).unwrap();
    let first = ("0001_first.sql", "create table one (id int);\ninsert into one values (1);");
    let second = ("0002_second.sql", "create table two (id int);\ncreate table two (id int, né text);\n");
    let tenth = ("0010_tenth.sql", "alter table two add column name text;");
    migrated::database(&cluster, &workspace.migrations(&[first]), "dev").unwrap();
    assert_eq!(psql(&cluster, "dev", "insert into one values (2)"), "INSERT 0 1");

    migrated::database(&cluster, &workspace.migrations(&[first]), "dev").unwrap();
    assert_eq!(psql(&cluster, "dev", "select count(*) from one"), "2", "the same migrations change nothing");

    let refused = migrated::database(&cluster, &workspace.migrations(&[first, second]), "dev").unwrap_err();
    assert!(refused.to_string().starts_with("0002_second.sql"), "{refused}");
    assert!(refused.to_string().contains("\"two\" already exists"), "{refused}");
    assert_eq!(psql(&cluster, "dev", "select count(*) from one"), "2", "the old one stays");

    let broken = ("0002_second.sql", "create table two (id int);\n\nselekt 1;");
    let refused = migrated::database(&cluster, &workspace.migrations(&[first, broken]), "dev").unwrap_err();
    assert!(refused.to_string().starts_with("0002_second.sql:3: syntax error"), "{refused}");

    let mended = ("0002_second.sql", "create table two (id int);");
    migrated::database(&cluster, &workspace.migrations(&[tenth, first, mended]), "dev").unwrap();
    assert_eq!(psql(&cluster, "dev", "select count(*) from one join two on true"), "0");
    assert!(matches!(migrated::database(&cluster, &workspace.0.join("migrations"), "Dev"), Err(Error::BadName { .. })));
}
