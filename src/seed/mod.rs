//! The demo city, and people for load tests: made by the operations themselves, so that log and ledger are true.
//!
//! Seeding again changes nothing: people are known by their usernames, shops by owner and name, products by SKU; those who
//! ever had money, duty or orders are not changed.
pub mod demo;
mod load;
mod operations;
mod people;
mod scenes;
mod shops;
mod store;
pub mod town;

use crate::App;
use anyhow::Context;
use std::path::PathBuf;

/// Loads the demo city; or with `files`, the people for load tests that they request.
pub async fn load(app: &App, files: &[PathBuf]) -> anyhow::Result<()> {
    if files.is_empty() {
        return city(app).await;
    }
    for file in files {
        load::run(app, file).await.with_context(|| format!("seeding {}", file.display()))?;
    }
    Ok(())
}

async fn city(app: &App) -> anyhow::Result<()> {
    let began = app.clock.now();
    let people = people::make(app, &demo::people()?).await.context("the demo's people")?;
    let shops = shops::open(app, &people).await.context("the demo's shops")?;
    people::fund(app, &people).await.context("the demo's wallets")?;
    scenes::play(app, &people, &shops).await.context("the demo's orders")?;
    tracing::info!(took_ms = (app.clock.now() - began).num_milliseconds(), "the demo city is there");
    Ok(())
}
