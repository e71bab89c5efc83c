//! Who may start PostgreSQL in a directory: a lock that the kernel frees when its holder dies.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    path::Path,
};

use crate::{Error, Result, error::Doing};

/// Held as long as this value lives.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "dropping the file frees the lock")] File);

impl Lock {
    /// Fails at once when another process holds it.
    pub fn try_take(dir: &Path) -> Result<Self> {
        let mut file = open(dir)?;
        match file.try_lock() {
            Ok(()) => Self::write_holder(file),
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let pid = file.read_to_string(&mut holder).ok().and_then(|_| holder.trim().parse().ok());
                Err(Error::InUse { dir: dir.into(), pid })
            }
            Err(TryLockError::Error(source)) => Err(Error::Io { what: format!("locking {}", dir.display()), source }),
        }
    }

    /// Waits until it is free.
    pub fn wait(dir: &Path) -> Result<Self> {
        let file = open(dir)?;
        file.lock().doing(|| format!("locking {}", dir.display()))?;
        Self::write_holder(file)
    }

    /// Writes the holder into the file, for the error of the next one.
    fn write_holder(mut file: File) -> Result<Self> {
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())
        };
        write(&mut file).doing(|| "writing the lock file".into())?;
        Ok(Self(file))
    }
}

fn open(dir: &Path) -> Result<File> {
    let path = dir.join("pg.lock");
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .doing(|| format!("opening {}", path.display()))
}
