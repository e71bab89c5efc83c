//! One running PostgreSQL: started in a thread of its own, watched, stopped.

use std::{
    ffi::OsString,
    fs,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Condvar, Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::{
        prctl,
        signal::{Signal, kill},
        wait::{Id, WaitPidFlag, waitid},
    },
    unistd::{Pid, getppid},
};

use crate::{Error, Result, error::Doing};

const POLL: Duration = Duration::from_millis(5);

/// The environment of its programs: nothing of ours, and no PG* variable that would send them elsewhere.
pub(crate) fn environment() -> Vec<(&'static str, OsString)> {
    let mut seen = vec![("LC_ALL", "C".into()), ("TZ", "UTC".into())];
    seen.extend(["PATH", "LD_LIBRARY_PATH"].into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    seen
}

/// Lets the kernel send `signal` to the program when the thread that starts it ends, and so also when this process is killed.
pub(crate) fn dies_with_us(command: &mut Command, signal: Signal) {
    let us = Pid::this();
    // SAFETY: between fork and exec only prctl and getppid are called, both safe there.
    unsafe {
        command.pre_exec(move || {
            prctl::set_pdeathsig(signal)?;
            // This process may have ended before that line.
            if getppid() == us { Ok(()) } else { Err(nix::Error::ESRCH.into()) }
        });
    }
}

/// The contents of `postmaster.pid`, as far as they matter here.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PidFile {
    pub pid: i32,
    pub socket_dir: PathBuf,
    pub ready: bool,
}

impl PidFile {
    pub fn read(pg: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(pg.join("postmaster.pid")).ok()?)
    }

    /// Line 1 is the pid, 5 the socket's folder, 8 the state; a file still being written has fewer.
    fn parse(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        Some(Self {
            pid: lines.first()?.parse().ok()?,
            socket_dir: lines.get(4).copied().unwrap_or_default().into(),
            ready: lines.get(7).is_some_and(|state| *state == "ready"),
        })
    }
}

/// PostgreSQL processes that run in `pg`: all of them have it as their working directory. A pid alone proves nothing: it may
/// have been given to another process since.
pub(crate) fn processes_in(pg: &Path) -> Vec<i32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid: &i32| {
            let runs_here = fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == pg);
            runs_here && fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim_end().starts_with("post"))
        })
        .collect()
}

/// Waits until no process runs in `pg`, for at most `wait`.
pub(crate) fn wait_until_left(pg: &Path, wait: Duration) -> Result<()> {
    let begun = Instant::now();
    while let Some(pid) = processes_in(pg).into_iter().min() {
        if begun.elapsed() > wait {
            return Err(Error::StillRunning { pg: pg.into(), pid, waited_s: wait.as_secs() });
        }
        thread::sleep(POLL);
    }
    Ok(())
}

/// Asks a PostgreSQL that is not our child to stop, and waits.
pub(crate) fn stop_stranger(pg: &Path, pid: i32, wait: Duration) -> Result<()> {
    // It may have ended by itself meanwhile; the wait finds out.
    let _ = kill(Pid::from_raw(pid), Signal::SIGINT);
    wait_until_left(pg, wait)
}

/// A PostgreSQL that this process started.
#[derive(Debug)]
pub(crate) struct Postmaster {
    pub pid: i32,
    alive: Arc<Alive>,
}

#[derive(Debug, Default)]
struct Alive {
    /// The child, until it was seen to have ended; signals are sent under this lock, before its pid can be given to another process.
    pid: Mutex<Option<Pid>>,
    ended: Condvar,
}

impl Postmaster {
    /// Starts `command`. Unless it `outlives` us, the kernel sends it SIGQUIT when this process dies.
    pub fn spawn(mut command: Command, log: fs::File, outlives: bool) -> Result<Self> {
        let log_too = log.try_clone().doing(|| "opening the log".into())?;
        command.stdin(Stdio::null()).stdout(log).stderr(log_too).env_clear().envs(environment());
        // A group of its own: Ctrl-C at the terminal must reach us, and PostgreSQL only after we have drained.
        command.process_group(0);
        if !outlives {
            dies_with_us(&mut command, Signal::SIGQUIT);
        }
        let alive = Arc::new(Alive::default());
        let (result, started) = mpsc::sync_channel(1);
        let shared = alive.clone();
        // The death signal comes when the *thread* that forked ends, so that thread stays until the child has ended.
        thread::Builder::new()
            .name("postgres".into())
            .spawn(move || {
                let mut child = match command.spawn() {
                    Ok(child) => child,
                    Err(error) => return drop(result.send(Err(error))),
                };
                let pid = Pid::from_raw(child.id().cast_signed());
                *shared.pid.lock().unwrap_or_else(PoisonError::into_inner) = Some(pid);
                let _ = result.send(Ok(pid));
                // WNOWAIT: the pid stays reserved until nothing can signal it any more.
                while waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) == Err(nix::Error::EINTR) {}
                *shared.pid.lock().unwrap_or_else(PoisonError::into_inner) = None;
                let _ = child.wait();
                shared.ended.notify_all();
            })
            .doing(|| "starting a thread".into())?;
        let spawned = started.recv().expect("the thread answers before it ends");
        Ok(Self { pid: spawned.doing(|| "starting postgres".into())?.as_raw(), alive })
    }

    pub fn is_running(&self) -> bool {
        self.alive.pid.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Waits for line 8 of its pid file, as `pg_ctl` does.
    pub fn wait_ready(&self, pg: &Path, log: &Path, wait: Duration) -> Result<()> {
        let begun = Instant::now();
        loop {
            if PidFile::read(pg).is_some_and(|file| file.pid == self.pid && file.ready) {
                return Ok(());
            }
            if self.ended_within(POLL) {
                return Err(Error::Ended { log: last_lines(log) });
            }
            if begun.elapsed() > wait {
                return Err(Error::NotReady { waited_s: wait.as_secs(), log: last_lines(log) });
            }
        }
    }

    /// Fast shutdown: sessions are ended, everything is written. After `wait` it must quit at once.
    pub fn stop(&self, wait: Duration) -> Result<()> {
        self.signal(Signal::SIGINT);
        if self.ended_within(wait) {
            return Ok(());
        }
        self.signal(Signal::SIGQUIT);
        self.ended_within(wait);
        Err(Error::SlowStop { waited_s: wait.as_secs() })
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = *self.alive.pid.lock().unwrap_or_else(PoisonError::into_inner) {
            // It has not been reaped, so the pid is its own and the signal cannot fail.
            let _ = kill(pid, signal);
        }
    }

    fn ended_within(&self, wait: Duration) -> bool {
        let pid = self.alive.pid.lock().unwrap_or_else(PoisonError::into_inner);
        let (pid, _) =
            self.alive.ended.wait_timeout_while(pid, wait, |pid| pid.is_some()).unwrap_or_else(PoisonError::into_inner);
        pid.is_none()
    }
}

/// The last lines of the log.
fn last_lines(log: &Path) -> String {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pid_file_shows_when_it_is_ready() {
        let written = "4242\n/data/pg\n1700000000\n5432\n/data/run\n\n  5432001   3\nready   \n";
        let half = "4242\n/data/pg\n";
        assert_eq!(PidFile::parse(written), Some(PidFile { pid: 4242, socket_dir: "/data/run".into(), ready: true }));
        assert_eq!(PidFile::parse(half), Some(PidFile { pid: 4242, socket_dir: "".into(), ready: false }));
        assert_eq!(PidFile::parse(""), None);
    }
}
