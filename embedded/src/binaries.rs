//! Finds PostgreSQL's programs.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Error, Result, account::Account};

/// One installed PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    /// Folder with `initdb` and `postgres`.
    pub dir: PathBuf,
    /// Major version, e.g. 15.
    pub major: u32,
}

impl Binaries {
    /// The oldest major version the schema was tried on.
    pub const OLDEST: u32 = 15;

    /// The folder named by `WASSALLY_PG_BIN`, if any: the value of [`crate::Options::bin`] for programs without a configuration of their own.
    pub fn from_env() -> Option<PathBuf> {
        std::env::var_os("WASSALLY_PG_BIN").filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The programs to use: of major version `data` when data is there, else the first of `chosen`, PATH, the usual folders (newest first).
    pub(crate) fn find(chosen: Option<&Path>, data: Option<(u32, &Path)>, account: &Account) -> Result<Self> {
        let looked = match chosen {
            Some(dir) => vec![dir.to_path_buf()],
            None => places(std::env::var_os("PATH").as_deref()),
        };
        let mut found: Vec<Self> = Vec::new();
        for dir in &looked {
            if let Some(binaries) = Self::at(dir).filter(|here| account.barred_from(&here.dir).is_none())
                && !found.contains(&binaries)
            {
                found.push(binaries);
            }
        }
        let majors: Vec<u32> = found.iter().map(|binaries| binaries.major).collect();
        if majors.is_empty() {
            return Err(Error::NoBinaries { looked });
        }
        match data {
            Some((data, pg)) => found.into_iter().find(|binaries| binaries.major == data).ok_or_else(|| Error::OtherMajor {
                pg: pg.into(),
                data,
                found: majors,
            }),
            None => found.into_iter().find(|binaries| binaries.major >= Self::OLDEST).ok_or(Error::TooOld { found: majors }),
        }
    }

    /// A folder counts when it has both programs; `postgres` in PATH is often a link into the folder that has the rest.
    fn at(dir: &Path) -> Option<Self> {
        let dir = match dir.join("initdb").is_file() {
            true => fs::canonicalize(dir).ok()?,
            false => fs::canonicalize(dir.join("postgres")).ok()?.parent()?.to_path_buf(),
        };
        if !dir.join("initdb").is_file() {
            return None;
        }
        let output = Command::new(dir.join("postgres")).arg("--version").output().ok().filter(|out| out.status.success())?;
        let major = major(std::str::from_utf8(&output.stdout).ok()?)?;
        Some(Self { dir, major })
    }
}

fn places(path: Option<&OsStr>) -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> =
        path.map(|path| std::env::split_paths(path).filter(|dir| dir.join("postgres").exists()).collect()).unwrap_or_default();
    let mut installed: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    installed.sort_by(|a, b| b.cmp(a));
    places.extend(installed.into_iter().map(|(_, dir)| dir));
    if places.is_empty() {
        places.extend(["PATH", "/usr/lib/postgresql"].map(PathBuf::from));
    }
    places
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, `18beta1`.
fn major(version: &str) -> Option<u32> {
    let version = version.split_once("(PostgreSQL) ")?.1;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_the_output_of_postgres() {
        assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major("something else"), None);
    }
}
