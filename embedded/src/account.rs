//! The account that runs PostgreSQL, and what it may enter.

use std::{
    fs,
    os::unix::fs::{MetadataExt, chown},
    path::{Path, PathBuf},
    process::Command,
};

use nix::unistd::{Uid, User, geteuid};

use crate::{Error, Result, error::Doing};

/// Who runs PostgreSQL.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub name: String,
    uid: u32,
    gid: u32,
    /// This process is root and the account is another.
    dropped: bool,
}

impl Account {
    /// The current user; as root the owner of the existing data `pg`, else `postgres`, else `nobody`, because both `initdb` and `postgres`
    /// refuse uid 0.
    pub fn for_data(pg: &Path) -> Result<Self> {
        let owner = fs::metadata(pg).ok().map(|data| Uid::from_raw(data.uid()));
        let me = geteuid();
        if !me.is_root() {
            if let Some(owner) = owner.filter(|owner| *owner != me) {
                return Err(Error::OtherOwner { pg: pg.into(), owner: owner.as_raw() });
            }
            let user = lookup(User::from_uid(me))?.ok_or(Error::NoPasswdEntry { uid: me.as_raw() })?;
            return Ok(Self::of(user, false));
        }
        let owner = match owner.filter(|owner| !owner.is_root()) {
            Some(owner) => lookup(User::from_uid(owner))?,
            None => None,
        };
        for found in [Ok(owner), lookup(User::from_name("postgres")), lookup(User::from_name("nobody"))] {
            if let Some(user) = found?.filter(|user| !user.uid.is_root()) {
                return Ok(Self::of(user, true));
            }
        }
        Err(Error::NoOrdinaryAccount)
    }

    fn of(user: User, dropped: bool) -> Self {
        Self { name: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw(), dropped }
    }

    /// Lets `command` run as this account. The standard library clears the supplementary groups with it.
    pub fn run_as(&self, command: &mut Command) {
        if self.dropped {
            use std::os::unix::process::CommandExt;
            command.gid(self.gid).uid(self.uid);
        }
    }

    pub fn own(&self, path: &Path) -> Result<()> {
        if !self.dropped {
            return Ok(());
        }
        chown(path, Some(self.uid), Some(self.gid)).doing(|| format!("giving {} to {}", path.display(), self.name))
    }

    pub fn owns(&self, path: &Path) -> bool {
        fs::symlink_metadata(path).is_ok_and(|data| data.is_dir() && data.uid() == self.uid)
    }

    /// The topmost folder on the way to `dir` that this account may not enter.
    pub fn barred_from(&self, dir: &Path) -> Option<PathBuf> {
        let mut way: Vec<_> = dir.ancestors().collect();
        way.reverse();
        way.into_iter().find(|folder| !self.may_enter(folder)).map(PathBuf::from)
    }

    fn may_enter(&self, folder: &Path) -> bool {
        let Ok(data) = fs::metadata(folder) else { return false };
        let bit = match data {
            ref data if data.uid() == self.uid => 0o100,
            ref data if data.gid() == self.gid => 0o010,
            _ => 0o001,
        };
        data.mode() & bit != 0
    }
}

fn lookup(found: nix::Result<Option<User>>) -> Result<Option<User>> {
    // Some C libraries report "not there" as an error of the lookup.
    match found {
        Err(nix::Error::ENOENT | nix::Error::ESRCH | nix::Error::EBADF | nix::Error::EPERM) => Ok(None),
        other => other.doing(|| "reading the list of users".into()),
    }
}
