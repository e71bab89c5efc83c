//! A database with all migrations in it, for `query!` and for tests.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
};

use crate::{Cluster, Result, cluster::check_name, error::Doing, lock::Lock};

/// Makes database `name` from the files in `migrations`, each in one transaction, in order of their numbers. It is built beside the old one
/// and replaces it when it is complete; one that the same files made is left as it is.
///
/// Errors: [`crate::Error::Statement`] with file and line; the old database then stays as it is.
pub fn database(cluster: &Cluster, migrations: &Path, name: &str) -> Result<()> {
    check_name(name)?;
    let files = read(migrations)?;
    let mark = mark(&files);
    let turn = cluster.data_dir().join("migrated");
    fs::create_dir_all(&turn).doing(|| format!("creating {}", turn.display()))?;
    let _turn = Lock::wait(&turn)?;

    let mut server = cluster.session("postgres")?;
    let query = format!("select shobj_description(oid, 'pg_database') from pg_database where datname = '{name}'");
    if server.rows(&query, "looking for the database")?.contains(&mark) {
        return Ok(());
    }
    let new = format!("{name}_new");
    check_name(&new)?;
    server.run(&format!("drop database if exists {new} with (force)"), "drop database")?;
    server.run(&format!("create database {new}"), "create database")?;
    let mut session = cluster.session(&new)?;
    for (file, sql) in &files {
        session.run(sql, file)?;
    }
    drop(session);
    server.run(&format!("comment on database {new} is '{mark}'"), "comment on database")?;
    server.run(&format!("drop database if exists {name} with (force)"), "drop database")?;
    // The session that built it may still be ending; no other session knows the name.
    server
        .run(&format!("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{new}'"), "end sessions")?;
    server.run(&format!("alter database {new} rename to {name}"), "alter database")
}

/// `(file name, text)` by number, as sqlx orders them.
fn read(migrations: &Path) -> Result<Vec<(String, String)>> {
    let doing = || format!("reading {}", migrations.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(migrations).doing(doing)? {
        let path = entry.doing(doing)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".sql") && !name.ends_with(".down.sql") {
            files.push((name, fs::read_to_string(&path).doing(|| format!("reading {}", path.display()))?));
        }
    }
    let number = |name: &str| name.split('_').next().and_then(|number| number.parse::<u64>().ok());
    files.sort_by(|(a, _), (b, _)| (number(a), a).cmp(&(number(b), b)));
    Ok(files)
}

fn mark(files: &[(String, String)]) -> String {
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    format!("migrated {:016x}", hasher.finish())
}
