//! The one door out: an operation notes down events, money and tasks; commit makes them true together, then tells them.
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

/// Most events one transaction may tell, and how deep event_handlers may answer event_handlers.
const EVENTS_MAX: usize = 256;
const DEPTH_MAX: u8 = 4;

/// An event as one channel hears it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Message {
    pub channel: String,
    /// The publication's JSON.
    pub body: String,
    /// Whose right to the channel this event changes.
    pub revokes: Vec<Revoke>,
}

impl Message {
    /// What `channel` hears: `body` as it serialises.
    pub fn new(channel: impl Into<String>, body: &impl Serialize) -> Self {
        let body = serde_json::to_string(body).expect("events are plain structs with string keys");
        Self { channel: channel.into(), body, revokes: Vec::new() }
    }

    /// After this event `user` may no longer watch; they still see it when `sees`.
    #[must_use]
    pub fn revokes(mut self, user: crate::ids::UserId, sees: bool) -> Self {
        self.revokes.push(Revoke { user: user.uuid(), sees });
        self
    }
}

/// The end of one user's right to a channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Revoke {
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
    pub revokes: Vec<Revoke>,
}

/// A position that a screen can go on from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Live {
    pub channel: String,
    pub offset: u64,
    pub epoch: String,
}

/// An operation's answer, true now, and where its channels stand.
#[derive(Debug)]
pub struct Committed<T> {
    pub answer: T,
    pub live: Vec<Live>,
}

/// A task to be stored with the transaction. One of the same key that still waits is moved instead.
#[derive(Debug, Clone)]
pub struct Planned {
    pub kind: &'static str,
    pub key: String,
    pub input: Value,
    pub run_at: Timestamp,
}

/// An event on its way to the event_handlers, with its depth.
type Pending = (TypeId, Box<dyn Any + Send + Sync>, u8);

/// A transaction of one region. Dropping it forgets everything.
pub struct Tx {
    app: App,
    region: Region,
    sql: Transaction<'static, Postgres>,
    messages: Vec<Message>,
    pending: VecDeque<Pending>,
    tasks: BTreeMap<String, Planned>,
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
            messages: Vec::new(),
            pending: VecDeque::new(),
            tasks: BTreeMap::new(),
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
        Ok(sqlx::query_scalar!(r#"select app_now() as "now!""#).fetch_one(&mut **self).await?)
    }

    /// Notes down what happened: its channels hear it and other slices react, if this commits.
    pub fn emit<E: Event>(&mut self, event: E) {
        self.messages.extend(event.to());
        self.pending.push_back((TypeId::of::<E>(), Box::new(event), self.depth));
    }

    /// Notes down a publication that no slice reacts to.
    pub fn publish(&mut self, messages: Message) {
        self.messages.push(messages);
    }

    /// Plans a task; of two with one key the later wins.
    pub fn enqueue(&mut self, task: Planned) {
        self.tasks.insert(task.key.clone(), task);
    }

    /// What a slice gathers in this transaction until its pre_commit step.
    pub fn notes<N: Default + Send + 'static>(&mut self) -> &mut N {
        let note = self.notes.entry(TypeId::of::<N>()).or_insert_with(|| Box::<N>::default());
        note.downcast_mut().expect("the map is keyed by the type itself")
    }

    /// Handlers, money, then tasks, heads, log and answer in one statement, COMMIT, and only then publish.
    ///
    /// Errors: what a handler or pre_commit step refuses (`insufficient_funds`), [`Error::Again`], 503 `outcome_unknown`.
    pub async fn commit<T: Serialize>(mut self, answer: T) -> Result<Committed<T>> {
        self.react().await?;
        for close in self.app.registry.pre_commits.clone() {
            close(&mut self).await?;
        }
        self.finish_task().await?;
        if self.messages.len() > EVENTS_MAX {
            return Err(Error::broken(anyhow::anyhow!("{} events in one transaction", self.messages.len())));
        }
        let elsewhere = self.take_elsewhere();
        for task in elsewhere {
            self.enqueue(task);
        }
        let text = serde_json::to_string(&answer)?;
        let epoch = self.app.epoch();
        let app = self.app.clone();
        let (tell, told) = tokio::sync::oneshot::channel();
        // A task of its own: neither a hang-up nor a timeout parts the commit from its publishing.
        app.tracker.spawn(self.settle(text, tell));
        let live = told.await.map_err(|_| Error::broken(anyhow::anyhow!("the commit's task ended early")))??;
        let live = live.into_iter().map(|(channel, offset)| Live { channel, offset, epoch: epoch.to_string() }).collect();
        Ok(Committed { answer, live })
    }

    /// Runs the event_handlers of other slices to what was emitted, in the order of the list, and to what those emit.
    async fn react(&mut self) -> Result<()> {
        while let Some((kind, event, depth)) = self.pending.pop_front() {
            let Some(event_handlers) = self.app.registry.event_handlers.get(&kind).cloned() else { continue };
            if depth >= DEPTH_MAX {
                return Err(Error::broken(anyhow::anyhow!("event_handlers answer each other more than {DEPTH_MAX} deep")));
            }
            self.depth = depth + 1;
            for handler in event_handlers {
                handler(self, &*event).await?;
            }
        }
        Ok(())
    }

    /// The task this transaction carries out is done with it, if the lease is still ours.
    async fn finish_task(&mut self) -> Result<()> {
        let Some(lease) = self.app.call.as_ref().and_then(|call| call.lease) else { return Ok(()) };
        let done = sqlx::query!(
            "delete from task where region = $1 and id = $2 and attempt = $3",
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

    /// What channels of another region shall hear leaves as tasks: a transaction has one region.
    fn take_elsewhere(&mut self) -> Vec<Planned> {
        let region = self.region;
        let (here, elsewhere): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.messages).into_iter().partition(|messages| region_of(&messages.channel) == region);
        self.messages = here;
        let now = self.app.clock.now();
        elsewhere
            .into_iter()
            .map(|messages| {
                super::Publish { id: crate::ids::new(region, &self.app.clock, &self.app.random), messages }.planned(now)
            })
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
        let Self { app, sql, messages, .. } = self;
        let publications = number(messages, &written.tops);
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
        let tasks: Vec<_> = std::mem::take(&mut self.tasks).into_values().collect();
        let ids: Vec<_> = tasks.iter().map(|_| crate::ids::new(self.region, &self.app.clock, &self.app.random)).collect();
        let kinds: Vec<_> = tasks.iter().map(|task| task.kind.to_owned()).collect();
        let keys: Vec<_> = tasks.iter().map(|task| task.key.clone()).collect();
        let inputs: Vec<_> = tasks.iter().map(|task| task.input.clone()).collect();
        let run_ats: Vec<_> = tasks.iter().map(|task| task.run_at).collect();
        let channels: Vec<_> = self.messages.iter().map(|messages| messages.channel.clone()).collect();
        let laters = laters(&self.messages);
        let bodies: Vec<_> = self.messages.iter().map(|messages| messages.body.clone()).collect();
        let ends: Vec<Option<Value>> = self
            .messages
            .iter()
            .map(|messages| (!messages.revokes.is_empty()).then(|| serde_json::json!(messages.revokes)))
            .collect();
        let call = self.app.call.clone();
        let keyed = call.as_deref().filter(|call| call.key.is_some());
        let row = sqlx::query!(
            r#"with tasks as (insert into task (region, id, kind, key, input, run_at)
                select $1, c.* from unnest($2::uuid[], $3::text[], $4::text[], $5::jsonb[], $6::timestamptz[]) c(id, kind, key, input, run_at)
                order by c.key collate "C"
                on conflict (region, key) where attempt = 0 do update set run_at = excluded.run_at, input = excluded.input returning 1),
            heads as (insert into channel_head as h (region, channel, top)
                select $1, e.channel, count(*) from unnest($7::text[]) e(channel) where (select count(*) from tasks) >= 0
                group by e.channel order by e.channel collate "C"
                on conflict (region, channel) do update set top = h.top + excluded.top returning channel, top),
            log as (insert into channel_log (region, channel, seq, at, body, revokes)
                select $1, e.channel, h.top - e.later, statement_timestamp(), e.body, e.revokes
                from unnest($7::text[], $8::bigint[], $9::text[], $10::jsonb[]) e(channel, later, body, revokes)
                join heads h using (channel) returning 1),
            answer as (update idempotency set status = $14, answer = $15, live = (select jsonb_object_agg(channel, top) from heads)
                where region = $1 and user_id = $11 and operation = $12 and key = $13 returning 1)
            select pg_current_xact_id()::text as "xact!", (select jsonb_object_agg(channel, top) from heads) as live,
                (select count(*) from log) as "messages!""#,
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
            keyed.map(|call| call.operation),
            keyed.and_then(|call| call.key.as_deref()),
            keyed.map(|call| call.status.cast_signed()),
            answer,
        )
        .fetch_one(&mut **self)
        .await?;
        let tops = row.live.map(serde_json::from_value).transpose()?.unwrap_or_default();
        if usize::try_from(row.messages).ok() != Some(self.messages.len()) {
            return Err(Error::broken(anyhow::anyhow!(
                "{} events were to be logged, {} were",
                self.messages.len(),
                row.messages
            )));
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
fn laters(messages: &[Message]) -> Vec<i64> {
    let mut following: HashMap<&str, i64> = HashMap::new();
    let mut laters: Vec<i64> = messages
        .iter()
        .rev()
        .map(|messages| {
            let later = following.entry(&messages.channel).or_default();
            *later += 1;
            *later - 1
        })
        .collect();
    laters.reverse();
    laters
}

fn number(messages: Vec<Message>, tops: &BTreeMap<String, u64>) -> Vec<Numbered> {
    let laters = laters(&messages);
    messages
        .into_iter()
        .zip(laters)
        .filter_map(|(messages, later)| {
            let offset = tops.get(&messages.channel)?.checked_sub(later.unsigned_abs())?;
            Some(Numbered { channel: messages.channel, offset, body: messages.body, revokes: messages.revokes })
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
        let messages: Vec<_> = ["a", "b", "a", "a"].map(|channel| Message::new(channel, &channel)).into();
        let numbered = number(messages, &BTreeMap::from([("a".into(), 9), ("b".into(), 1)]));
        let offsets: Vec<_> = numbered.iter().map(|n| (n.channel.as_str(), n.offset)).collect();
        assert_eq!(offsets, [("a", 7), ("b", 1), ("a", 8), ("a", 9)]);
    }
}
