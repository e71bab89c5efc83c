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

/// What its programs see of our environment: nothing of ours, and no PG* variable that would steer them elsewhere.
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
            // We may have died before that line.
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

/// Processes of PostgreSQL that live in `pg`: all of its processes have it as their working directory. A pid alone proves nothing, it may
/// have been given to another process since.
pub(crate) fn residents(pg: &Path) -> Vec<i32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid: &i32| {
            let lives_here = fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == pg);
            lives_here && fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim_end().starts_with("post"))
        })
        .collect()
}

/// Waits until nobody lives in `pg`, for at most `wait`.
pub(crate) fn wait_until_left(pg: &Path, wait: Duration) -> Result<()> {
    let begun = Instant::now();
    while let Some(pid) = residents(pg).into_iter().min() {
        if begun.elapsed() > wait {
            return Err(Error::StillRunning { pg: pg.into(), pid, waited_s: wait.as_secs() });
        }
        thread::sleep(POLL);
    }
    Ok(())
}

/// Asks a PostgreSQL that is not our child to stop, and waits.
pub(crate) fn stop_stranger(pg: &Path, pid: i32, wait: Duration) -> Result<()> {
    // It may have gone by itself meanwhile; the wait tells.
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
    /// The child, until it was seen to have ended; signals are sent under this lock, before its pid can be given to anybody else.
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
        let (tell, started) = mpsc::sync_channel(1);
        let shared = alive.clone();
        // The death signal comes when the *thread* that forked ends, so that thread stays until the child has ended.
        thread::Builder::new()
            .name("postgres".into())
            .spawn(move || {
                let mut child = match command.spawn() {
                    Ok(child) => child,
                    Err(error) => return drop(tell.send(Err(error))),
                };
                let pid = Pid::from_raw(child.id().cast_signed());
                *shared.pid.lock().unwrap_or_else(PoisonError::into_inner) = Some(pid);
                let _ = tell.send(Ok(pid));
                // WNOWAIT: the pid stays ours until nobody can signal it any more.
                while waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) == Err(nix::Error::EINTR) {}
                *shared.pid.lock().unwrap_or_else(PoisonError::into_inner) = None;
                let _ = child.wait();
                shared.ended.notify_all();
            })
            .doing(|| "starting a thread".into())?;
        let told = started.recv().expect("the thread answers before it ends");
        Ok(Self { pid: told.doing(|| "starting postgres".into())?.as_raw(), alive })
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
                return Err(Error::Ended { log: tail(log) });
            }
            if begun.elapsed() > wait {
                return Err(Error::NotReady { waited_s: wait.as_secs(), log: tail(log) });
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
fn tail(log: &Path) -> String {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pid_file_says_when_it_is_ready() {
        let written = "4242\n/data/pg\n1700000000\n5432\n/data/run\n\n  5432001   3\nready   \n";
        let half = "4242\n/data/pg\n";
        assert_eq!(PidFile::parse(written), Some(PidFile { pid: 4242, socket_dir: "/data/run".into(), ready: true }));
        assert_eq!(PidFile::parse(half), Some(PidFile { pid: 4242, socket_dir: "".into(), ready: false }));
        assert_eq!(PidFile::parse(""), None);
    }
}
