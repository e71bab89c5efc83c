//! Tables: which slice owns them, and how their keys and the statements on them keep regions apart.
use super::{
    code, slice_of, sources,
    sql::{Statement, called, statements, tokens, unbound, writes_values},
    tables, written,
};
use crate::kit::cluster;
use sqlx::{PgPool, Row};
use std::collections::BTreeSet;

/// Statements that go over all regions by design, by a part of their text, each with its reason.
const OVER_ALL_REGIONS: [(&str, &str); 0] = [];

async fn migrated() -> PgPool {
    PgPool::connect(&cluster::fresh_database()).await.expect("a connection")
}

/// Tables with a column `region`, without the log's partitions.
async fn regional(pool: &PgPool) -> BTreeSet<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select c.relname::text
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attname = 'region' and not a.attisdropped
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition",
    )
    .fetch_all(pool)
    .await
    .expect("the catalogue can be read");
    assert!(tables.len() > 20, "{tables:?}");
    tables.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn region_leads_every_key_and_index_of_a_regional_table() {
    let pool = migrated().await;
    let wrong: Vec<String> = sqlx::query_scalar(
        "with regional as (
            select a.attrelid as id, a.attnum
            from pg_attribute a
            join pg_class c on c.oid = a.attrelid
            where a.attname = 'region' and c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p'))
        select 'constraint ' || o.conname
        from pg_constraint o
        join regional r on r.id = o.conrelid
        where o.contype in ('p', 'u', 'f') and o.conkey[1] <> r.attnum
        union all
        select 'foreign key to ' || o.conname
        from pg_constraint o
        join regional r on r.id = o.confrelid
        where o.contype = 'f' and o.confkey[1] <> r.attnum
        union all
        select 'index ' || c.relname
        from pg_index i
        join regional r on r.id = i.indrelid
        join pg_class c on c.oid = i.indexrelid
        join pg_am m on m.oid = c.relam
        where m.amname not in ('gin', 'gist', 'spgist', 'brin') and i.indkey[0] <> r.attnum
        union all
        select 'exclusion ' || o.conname from pg_constraint o where o.contype = 'x' or o.condeferrable
        union all
        select 'trigger ' || t.tgname from pg_trigger t where not t.tgisinternal",
    )
    .fetch_all(&pool)
    .await
    .expect("the catalogue can be read");
    assert!(wrong.is_empty(), "region does not lead, or the dialect is left: {wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn constraints_and_indexes_are_named_after_their_columns() {
    let pool = migrated().await;
    let rows = sqlx::query(
        "select t.relname::text as table, o.conname::text as name, o.contype::text as kind,
            array(select a.attname::text from unnest(o.conkey) with ordinality k(num, n)
                join pg_attribute a on a.attrelid = o.conrelid and a.attnum = k.num order by k.n) as columns
        from pg_constraint o
        join pg_class t on t.oid = o.conrelid
        where t.relnamespace = 'public'::regnamespace and not t.relispartition and o.contype in ('p', 'u', 'f', 'c')
        union all
        select t.relname::text, c.relname::text, 'i',
            array(select a.attname::text from unnest(i.indkey) with ordinality k(num, n)
                join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.num order by k.n)
        from pg_index i
        join pg_class t on t.oid = i.indrelid
        join pg_class c on c.oid = i.indexrelid
        where t.relnamespace = 'public'::regnamespace and not t.relispartition
            and not exists (select from pg_constraint o where o.conindid = i.indexrelid and o.contype in ('p', 'u'))
            and not (0 = any(i.indkey))",
    )
    .fetch_all(&pool)
    .await
    .expect("the catalogue can be read");
    assert!(rows.len() > 100, "{}", rows.len());
    let mut wrong = Vec::new();
    for row in rows {
        let (table, name, kind): (String, String, String) = (row.get("table"), row.get("name"), row.get("kind"));
        // sqlx and the migrations' own bookkeeping.
        if table.starts_with("_sqlx") {
            continue;
        }
        let columns: Vec<String> = row.get("columns");
        let stem = format!("{table}_{}", columns.join("_"));
        let fits = match kind.as_str() {
            "p" => name == format!("{table}_pkey"),
            "u" => name == format!("{stem}_key"),
            "f" => name == format!("{stem}_fkey"),
            // A check names the columns that matter to who reads it: one about places need not name all six.
            "c" => name.starts_with(&format!("{table}_")) && name.ends_with("_check"),
            // A partial index may say which rows it holds.
            _ => {
                name.starts_with(&stem) && ["_idx", "_key"].iter().any(|end| name.ends_with(end))
                    || name == "task_region_key_waiting"
            }
        };
        if !fits {
            wrong.push(format!("{name} on {table} ({})", columns.join(", ")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_regional_statement_binds_its_region() {
    let regional = regional(&migrated().await).await;
    let all = statements();
    let unbound: Vec<(Statement, Vec<String>)> = all
        .into_iter()
        .map(|statement| (statement.clone(), unbound(&statement.text, &regional)))
        .filter(|(_, unbound)| !unbound.is_empty())
        .collect();
    let is_excused = |text: &str| OVER_ALL_REGIONS.iter().any(|(part, _)| text.contains(part));
    let wrong: Vec<String> = unbound
        .iter()
        .filter(|(statement, _)| !is_excused(&statement.text))
        .map(|(statement, tables)| format!("{}: {tables:?} in {}", statement.place, statement.text))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (part, reason) in OVER_ALL_REGIONS {
        assert!(unbound.iter().any(|(statement, _)| statement.text.contains(part)), "no longer needed: {part} ({reason})");
    }
}

/// Functions whose value changes within a statement, and `now`, which is the time of a transaction and not of what it does.
async fn volatile(pool: &PgPool) -> BTreeSet<String> {
    let names: Vec<String> = sqlx::query_scalar("select distinct proname::text from pg_proc where provolatile = 'v'")
        .fetch_all(pool)
        .await
        .expect("the catalogue can be read");
    let names: BTreeSet<String> =
        names.into_iter().chain(["now", "current_timestamp", "localtimestamp"].map(str::to_owned)).collect();
    assert!(["app_now", "clock_timestamp", "random", "gen_random_uuid"].iter().all(|name| names.contains(*name)), "{names:?}");
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn no_volatile_function_stands_in_an_insert_or_update() {
    let pool = migrated().await;
    let volatile = volatile(&pool).await;
    let calls = |text: &str| -> Vec<String> {
        let tokens = tokens(text);
        if !writes_values(&tokens) {
            return vec![];
        }
        called(&tokens).into_iter().filter(|name| volatile.contains(*name)).map(str::to_owned).collect()
    };
    assert_eq!(calls("update task set run_at = now() where region = $1"), ["now"]);
    assert_eq!(calls("insert into job (region, at) values ($1, app_now())"), ["app_now"]);
    assert!(calls("select app_now() from task for update").is_empty());
    let wrong: Vec<String> = statements()
        .iter()
        .map(|statement| (statement, calls(&statement.text)))
        .filter(|(_, calls)| !calls.is_empty())
        .map(|(statement, calls)| format!("{}: {calls:?}", statement.place))
        .collect();
    assert!(wrong.is_empty(), "values of one moment are bound as parameters: {wrong:#?}");
}

/// What a column's default computes is part of every insert that leaves the column out.
#[tokio::test(flavor = "multi_thread")]
async fn no_columns_default_is_volatile() {
    let pool = migrated().await;
    let volatile = volatile(&pool).await;
    let defaults: Vec<(String, String)> = sqlx::query_as(
        "select c.relname || '.' || a.attname, pg_get_expr(d.adbin, d.adrelid)
        from pg_attrdef d
        join pg_class c on c.oid = d.adrelid
        join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
        where c.relnamespace = 'public'::regnamespace and c.relname not like '\\_sqlx%'",
    )
    .fetch_all(&pool)
    .await
    .expect("the catalogue can be read");
    let wrong: Vec<String> = defaults
        .into_iter()
        // The one row of this table is written by the migration that creates it.
        .filter(|(column, _)| column != "installation.log_id")
        .filter(|(_, default)| called(&tokens(default)).into_iter().any(|name| volatile.contains(name)))
        .map(|(column, default)| format!("{column}: {default}"))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_slice_writes_anothers_table() {
    let tables = tables();
    let (mut writes, mut wrong) = (0, Vec::new());
    for (path, text) in sources("src", ".rs") {
        let text: String = code(&text).collect::<Vec<_>>().join("\n");
        for table in written(&text, &tables) {
            writes += 1;
            let owner = tables[&table].as_str();
            let may = match slice_of(&path) {
                Some(slice) => owner == slice,
                // The seeding fills what no command makes; the core's own tables are the core's.
                None => matches!(owner, "core" | "live") || path.starts_with("src/seed"),
            };
            if !may {
                wrong.push(format!("{} writes {table} of {owner}", path.display()));
            }
        }
    }
    assert!(writes > 30, "the writes are read: {writes}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn money_moves_only_in_the_wallet() {
    let tables = tables();
    for (path, text) in sources("src", ".rs") {
        for table in written(&text, &tables) {
            let is_money = ["posting", "balance", "account", "hold"].contains(&table.as_str());
            assert!(!is_money || slice_of(&path) == Some("wallet"), "{} writes {table}", path.display());
        }
    }
}

#[test]
fn only_stores_hold_bare_decimals() {
    let is_store = |path: &std::path::Path| {
        path.file_stem().is_some_and(|name| name == "store") || path.components().any(|part| part.as_os_str() == "store")
    };
    let wrong: Vec<String> = sources("src/domain", ".rs")
        .into_iter()
        .filter(|(path, _)| !is_store(path))
        .flat_map(|(path, text)| {
            let lines: Vec<String> = code(&text)
                // A rating is a number, but no money.
                .filter(|line| !line.contains("rating"))
                .filter(|line| line.contains("Decimal") || line.contains(".decimal()"))
                .map(|line| format!("{}: {}", path.display(), line.trim()))
                .collect();
            lines
        })
        .collect();
    assert!(wrong.is_empty(), "money is an amount of a currency outside of stores: {wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_constraints_that_errors_are_made_of_exist() {
    let pool = migrated().await;
    let known: BTreeSet<String> = sqlx::query_scalar(
        "select conname::text from pg_constraint
        union
        select c.relname::text from pg_class c join pg_index i on i.indexrelid = c.oid where i.indisunique",
    )
    .fetch_all(&pool)
    .await
    .expect("the catalogue can be read")
    .into_iter()
    .collect();
    let mut named = 0;
    let mut wrong = Vec::new();
    for (path, text) in sources("src", ".rs") {
        let text: String = code(&text).collect::<Vec<_>>().join("\n");
        for call in text.split(".on_constraint(").skip(1) {
            let Some(name) = call.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next()) else { continue };
            named += 1;
            if !known.contains(name) {
                wrong.push(format!("{}: {name}", path.display()));
            }
        }
    }
    assert!(named > 5, "the calls are read: {named}");
    assert!(wrong.is_empty(), "the violation of a constraint that does not exist is never turned into an error: {wrong:#?}");
}
