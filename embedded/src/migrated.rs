//! A database with all migrations in it, for `query!` and for tests.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
};

use crate::{Cluster, Result, cluster::check_name, error::Doing, lock::Lock};

/// Database `name` as the files in `migrations` make it, each in one transaction, in order of their numbers. It is built beside the old one
/// and takes its place when it is whole; one that these very files made is left as it is.
///
/// Errors: [`crate::Error::Statement`] with file and line; the old database then stands untouched.
pub fn database(cluster: &Cluster, migrations: &Path, name: &str) -> Result<()> {
    check_name(name)?;
    let files = read(migrations)?;
    let mark = mark(&files);
    let turn = cluster.data_dir().join("migrated");
    fs::create_dir_all(&turn).doing(|| format!("creating {}", turn.display()))?;
    let _turn = Lock::wait(&turn)?;

    let mut house = cluster.session("postgres")?;
    let stands = format!("select shobj_description(oid, 'pg_database') from pg_database where datname = '{name}'");
    if house.rows(&stands, "looking for the database")?.contains(&mark) {
        return Ok(());
    }
    let new = format!("{name}_new");
    check_name(&new)?;
    house.run(&format!("drop database if exists {new} with (force)"), "drop database")?;
    house.run(&format!("create database {new}"), "create database")?;
    let mut session = cluster.session(&new)?;
    for (file, sql) in &files {
        session.run(sql, file)?;
    }
    drop(session);
    house.run(&format!("comment on database {new} is '{mark}'"), "comment on database")?;
    house.run(&format!("drop database if exists {name} with (force)"), "drop database")?;
    // The session that built it may not have been seen to end yet; nobody else knows the name.
    house
        .run(&format!("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{new}'"), "end sessions")?;
    house.run(&format!("alter database {new} rename to {name}"), "alter database")
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
