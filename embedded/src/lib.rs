//! Runs a private PostgreSQL from the machine's own binaries: no download, no system service, no TCP port.
//!
//! ```no_run
//! use wassally_embedded::{Cluster, Options};
//! let cluster = Cluster::start(Options::new("data"))?;
//! for note in cluster.notes() { println!("{note}") }
//! cluster.create_database("wassally")?;                 // does nothing when it is there
//! println!("{}", cluster.url("wassally"));              // for sqlx, psql and libpq
//! cluster.stop()?;                                      // dropping it does the same and forgets errors
//! # Ok::<(), wassally_embedded::Error>(())
//! ```
//!
//! Promises: the cluster lives in `<data_dir>/pg` and its socket in a directory that only its account may enter. When this process dies,
//! even by `kill -9`, the kernel ends PostgreSQL, and the next start recovers. A second instance on the same directory is refused. Started
//! as root, PostgreSQL runs as `postgres` (else `nobody`). [`Cluster::start`] blocks for 0.1 s (warm) to 2 s (cold): call it before, or
//! outside of, an async runtime; a thread of its own owns the process, so any thread may call it.

mod account;
mod binaries;
mod cluster;
mod directory;
mod error;
mod initdb;
mod lock;
mod postmaster;
mod query;
mod throw_away;

pub mod migrated;

pub use binaries::Binaries;
pub use cluster::{Cluster, Options};
pub use error::Error;

/// Result of everything here.
pub type Result<T, E = Error> = std::result::Result<T, E>;
