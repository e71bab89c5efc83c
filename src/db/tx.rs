//! The one door out: a deed notes down events, money and chores; commit makes them true together, then tells them.
use super::doubt;
use crate::{
    App,
    clock::Timestamp,
    domain::Event,
    ids::Region,
    problem::{Error, Problem, Result},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{PgConnection, Postgres, Transaction};
use std::{
    any::{Any, TypeId},
    collections::{BTreeMap, HashMap, VecDeque},
    ops::{Deref, DerefMut},
};
use tokio::time::Instant;

/// Most events one transaction may tell, and how deep reactions may answer reactions.
const EVENTS_MAX: usize = 256;
const DEPTH_MAX: u8 = 4;

/// An event as one channel hears it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Said {
    pub channel: String,
    /// The publication's JSON.
    pub body: String,
    /// Whose right to the channel this event changes.
    pub ends_for: Vec<Ends>,
}

impl Said {
    /// What `channel` hears: `body` as it serialises.
    pub fn new(channel: impl Into<String>, body: &impl Serialize) -> Self {
        let body = serde_json::to_string(body).expect("events are plain structs with string keys");
        Self { channel: channel.into(), body, ends_for: Vec::new() }
    }

    /// After this event `user` may no longer watch; they still see it when `sees`.
    #[must_use]
    pub fn ends(mut self, user: crate::ids::UserId, sees: bool) -> Self {
        self.ends_for.push(Ends { user: user.uuid(), sees });
        self
    }
}

/// The end of one user's right to a channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ends {
    pub user: uuid::Uuid,
    /// Whether they still receive the event that ends it.
    pub sees: bool,
}

/// A publication of a kept channel with its number: true, committed, ready to be told.
#[derive(Debug, Clone)]
pub struct Numbered {
    pub channel: String,
    pub offset: u64,
    pub body: String,
    pub ends_for: Vec<Ends>,
}

/// A position that a screen can go on from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Live {
    pub channel: String,
    pub offset: u64,
    pub epoch: String,
}

/// A deed's answer, true now, and where its channels stand.
#[derive(Debug)]
pub struct Committed<T> {
    pub answer: T,
    pub live: Vec<Live>,
}

/// A chore to be stored with the transaction. One of the same key that still waits is moved instead.
#[derive(Debug, Clone)]
pub struct Planned {
    pub kind: &'static str,
    pub key: String,
    pub input: Value,
    pub run_at: Timestamp,
}

/// An event on its way to the reactions, with its depth.
type Pending = (TypeId, Box<dyn Any + Send + Sync>, u8);

/// A transaction of one region. Dropping it forgets everything.
pub struct Tx {
    app: App,
    region: Region,
    sql: Transaction<'static, Postgres>,
    said: Vec<Said>,
    pending: VecDeque<Pending>,
    chores: BTreeMap<String, Planned>,
    notes: HashMap<TypeId, Box<dyn Any + Send>>,
    depth: u8,
}

impl Deref for Tx {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        &self.sql
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.sql
    }
}

impl Tx {
    pub(super) fn new(app: App, region: Region, sql: Transaction<'static, Postgres>) -> Self {
        Self {
            app,
            region,
            sql,
            said: Vec::new(),
            pending: VecDeque::new(),
            chores: BTreeMap::new(),
            notes: HashMap::new(),
            depth: 0,
        }
    }

    pub fn app(&self) -> &App {
        &self.app
    }

    pub fn region(&self) -> Region {
        self.region
    }

    /// The database's time, in a statement of its own: read it after the lock, judge deadlines by it.
    pub async fn now(&mut self) -> Result<Timestamp> {
        Ok(sqlx::query_scalar!(r#"select house_now() as "now!""#).fetch_one(&mut **self).await?)
    }

    /// Notes down what happened: its channels hear it and other slices react, if this commits.
    pub fn emit<E: Event>(&mut self, event: E) {
        self.said.extend(event.to());
        self.pending.push_back((TypeId::of::<E>(), Box::new(event), self.depth));
    }

    /// Notes down a publication that no slice reacts to.
    pub fn say(&mut self, said: Said) {
        self.said.push(said);
    }

    /// Plans a chore; of two with one key the later wins.
    pub fn enqueue(&mut self, chore: Planned) {
        self.chores.insert(chore.key.clone(), chore);
    }

    /// What a slice gathers in this transaction until its closing step.
    pub fn notes<N: Default + Send + 'static>(&mut self) -> &mut N {
        let note = self.notes.entry(TypeId::of::<N>()).or_insert_with(|| Box::<N>::default());
        note.downcast_mut().expect("the map is keyed by the type itself")
    }

    /// Reactions, money, then chores, heads, log and answer in one statement, COMMIT, and only then publish.
    ///
    /// Errors: what a reaction or closing step refuses (`insufficient_funds`), [`Error::Again`], 503 `outcome_unknown`.
    pub async fn commit<T: Serialize>(mut self, answer: T) -> Result<Committed<T>> {
        self.react().await?;
        for close in self.app.registry.closings.clone() {
            close(&mut self).await?;
        }
        self.finish_chore().await?;
        if self.said.len() > EVENTS_MAX {
            return Err(Error::broken(anyhow::anyhow!("{} events in one transaction", self.said.len())));
        }
        let elsewhere = self.take_elsewhere();
        for chore in elsewhere {
            self.enqueue(chore);
        }
        let text = serde_json::to_string(&answer)?;
        let epoch = self.app.epoch();
        let app = self.app.clone();
        let (tell, told) = tokio::sync::oneshot::channel();
        // A task of its own: neither a hang-up nor a timeout parts the commit from its publishing.
        app.tasks.spawn(self.settle(text, tell));
        let live = told.await.map_err(|_| Error::broken(anyhow::anyhow!("the commit's task ended early")))??;
        let live = live.into_iter().map(|(channel, offset)| Live { channel, offset, epoch: epoch.to_string() }).collect();
        Ok(Committed { answer, live })
    }

    /// Runs the reactions of other slices to what was emitted, in the order of the list, and to what those emit.
    async fn react(&mut self) -> Result<()> {
        while let Some((kind, event, depth)) = self.pending.pop_front() {
            let Some(reactions) = self.app.registry.reactions.get(&kind).cloned() else { continue };
            if depth >= DEPTH_MAX {
                return Err(Error::broken(anyhow::anyhow!("reactions answer each other more than {DEPTH_MAX} deep")));
            }
            self.depth = depth + 1;
            for reaction in reactions {
                reaction(self, &*event).await?;
            }
        }
        Ok(())
    }

    /// The chore this transaction carries out is done with it, if the lease is still ours.
    async fn finish_chore(&mut self) -> Result<()> {
        let Some(lease) = self.app.call.as_ref().and_then(|call| call.lease) else { return Ok(()) };
        let done = sqlx::query!(
            "delete from chore where region = $1 and id = $2 and attempt = $3",
            lease.region.number(),
            lease.id,
            lease.attempt
        )
        .execute(&mut **self)
        .await?;
        if done.rows_affected() == 0 {
            return Err(Problem::new(409, "lease_lost").into());
        }
        Ok(())
    }

    /// What channels of another region shall hear leaves as chores: a transaction has one region.
    fn take_elsewhere(&mut self) -> Vec<Planned> {
        let region = self.region;
        let (here, elsewhere): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.said).into_iter().partition(|said| region_of(&said.channel) == region);
        self.said = here;
        let now = self.app.clock.now();
        elsewhere
            .into_iter()
            .map(|said| super::Say { id: crate::ids::new(region, &self.app.clock, &self.app.random), said }.planned(now))
            .collect()
    }

    async fn settle(mut self, answer: String, tell: tokio::sync::oneshot::Sender<Result<Vec<(String, u64)>>>) {
        let written = match self.write(&answer).await {
            Ok(written) => written,
            Err(error) => {
                let _ = tell.send(Err(error));
                return;
            }
        };
        let Self { app, sql, said, .. } = self;
        let publications = number(said, &written.tops);
        let began = Instant::now();
        // A wire that has gone silent is a doubt as much as one that was cut.
        match tokio::time::timeout(doubt::PATIENCE, sql.commit()).await {
            Ok(Ok(())) => {
                // Before the answer: a reader on this node sees his own write.
                app.publish(publications);
                let _ = tell.send(Ok(written.tops.into_iter().collect()));
            }
            Ok(Err(error)) if !doubt::leaves_open(&error) => {
                let _ = tell.send(Err(error.into()));
            }
            Ok(Err(_)) | Err(_) => doubt::resolve(app, began, written, publications, tell).await,
        }
    }

    async fn write(&mut self, answer: &str) -> Result<Written> {
        let chores: Vec<_> = std::mem::take(&mut self.chores).into_values().collect();
        let ids: Vec<_> = chores.iter().map(|_| crate::ids::new(self.region, &self.app.clock, &self.app.random)).collect();
        let kinds: Vec<_> = chores.iter().map(|chore| chore.kind.to_owned()).collect();
        let keys: Vec<_> = chores.iter().map(|chore| chore.key.clone()).collect();
        let inputs: Vec<_> = chores.iter().map(|chore| chore.input.clone()).collect();
        let run_ats: Vec<_> = chores.iter().map(|chore| chore.run_at).collect();
        let channels: Vec<_> = self.said.iter().map(|said| said.channel.clone()).collect();
        let laters = laters(&self.said);
        let bodies: Vec<_> = self.said.iter().map(|said| said.body.clone()).collect();
        let ends: Vec<Option<Value>> =
            self.said.iter().map(|said| (!said.ends_for.is_empty()).then(|| serde_json::json!(said.ends_for))).collect();
        let call = self.app.call.clone();
        let keyed = call.as_deref().filter(|call| call.key.is_some());
        let row = sqlx::query!(
            r#"with chores as (insert into chore (region, id, kind, key, input, run_at)
                select $1, c.* from unnest($2::uuid[], $3::text[], $4::text[], $5::jsonb[], $6::timestamptz[]) c(id, kind, key, input, run_at)
                order by c.key collate "C"
                on conflict (region, key) where attempt = 0 do update set run_at = excluded.run_at, input = excluded.input returning 1),
            heads as (insert into channel_head as h (region, channel, top)
                select $1, e.channel, count(*) from unnest($7::text[]) e(channel) where (select count(*) from chores) >= 0
                group by e.channel order by e.channel collate "C"
                on conflict (region, channel) do update set top = h.top + excluded.top returning channel, top),
            log as (insert into channel_log (region, channel, seq, at, body, ends_for)
                select $1, e.channel, h.top - e.later, statement_timestamp(), e.body, e.ends_for
                from unnest($7::text[], $8::bigint[], $9::text[], $10::jsonb[]) e(channel, later, body, ends_for)
                join heads h using (channel) returning 1),
            answer as (update idempotency set status = $14, answer = $15, live = (select jsonb_object_agg(channel, top) from heads)
                where region = $1 and user_id = $11 and deed = $12 and key = $13 returning 1)
            select pg_current_xact_id()::text as "xact!", (select jsonb_object_agg(channel, top) from heads) as live,
                (select count(*) from log) as "said!""#,
            self.region.number(),
            &ids,
            &kinds,
            &keys,
            &inputs,
            &run_ats,
            &channels,
            &laters,
            &bodies,
            &ends as &[Option<Value>],
            keyed.map(|call| call.actor.id.uuid()),
            keyed.map(|call| call.deed),
            keyed.and_then(|call| call.key.as_deref()),
            keyed.map(|call| call.status.cast_signed()),
            answer,
        )
        .fetch_one(&mut **self)
        .await?;
        let tops = row.live.map(serde_json::from_value).transpose()?.unwrap_or_default();
        if usize::try_from(row.said).ok() != Some(self.said.len()) {
            return Err(Error::broken(anyhow::anyhow!("{} events were to be logged, {} were", self.said.len(), row.said)));
        }
        Ok(Written { xact: row.xact, tops })
    }
}

/// What the commit statement wrote, still to be committed.
pub(super) struct Written {
    pub xact: String,
    /// Channel to its new top.
    pub tops: BTreeMap<String, u64>,
}

/// How many events of the same channel follow each.
fn laters(said: &[Said]) -> Vec<i64> {
    let mut following: HashMap<&str, i64> = HashMap::new();
    let mut laters: Vec<i64> = said
        .iter()
        .rev()
        .map(|said| {
            let later = following.entry(&said.channel).or_default();
            *later += 1;
            *later - 1
        })
        .collect();
    laters.reverse();
    laters
}

fn number(said: Vec<Said>, tops: &BTreeMap<String, u64>) -> Vec<Numbered> {
    let laters = laters(&said);
    said.into_iter()
        .zip(laters)
        .filter_map(|(said, later)| {
            let offset = tops.get(&said.channel)?.checked_sub(later.unsigned_abs())?;
            Some(Numbered { channel: said.channel, offset, body: said.body, ends_for: said.ends_for })
        })
        .collect()
}

/// The region of `order:{id}` and its like: the one in the id.
pub(crate) fn region_of(channel: &str) -> Region {
    let id = channel.split_once(':').and_then(|(_, id)| uuid::Uuid::try_parse(id).ok());
    id.map_or(Region::FIRST, Region::of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_a_channel_are_numbered_back_from_its_top() {
        let said: Vec<_> = ["a", "b", "a", "a"].map(|channel| Said::new(channel, &channel)).into();
        let numbered = number(said, &BTreeMap::from([("a".into(), 9), ("b".into(), 1)]));
        let offsets: Vec<_> = numbered.iter().map(|n| (n.channel.as_str(), n.offset)).collect();
        assert_eq!(offsets, [("a", 7), ("b", 1), ("a", 8), ("a", 9)]);
    }
}
