//! The transaction of a command: it records events, money and tasks; commit writes them together and then publishes.
use super::commit::Written;
use crate::{
    App,
    actor::Role,
    clock::Timestamp,
    event::{Event, Message},
    ids::Region,
    problem::{ApiError, Error, NoError, Problem, Result},
    subject::Subject,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{PgConnection, Postgres, Transaction};
use std::{
    any::{Any, TypeId},
    collections::{BTreeMap, HashMap, VecDeque},
    ops::{Deref, DerefMut},
};

/// Most messages of one transaction, and how deep event handlers may answer event handlers.
const MESSAGES_MAX: usize = 256;
const DEPTH_MAX: u8 = 4;
/// The task that publishes a message in its channel's own region.
pub const PUBLISH: &str = "publish";

/// A position that a screen can go on from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Live {
    pub channel: String,
    pub offset: u64,
    pub epoch: String,
}

/// A command's answer, true now, and where its channels stand.
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

/// What an audit entry holds beside the actor, the operation and the time.
#[derive(Debug, Clone, Default)]
pub(super) struct Audit {
    pub subject: Option<Subject>,
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub reason: Option<String>,
}

/// An event on its way to the event handlers, with its depth.
type Pending = (TypeId, Box<dyn Any + Send + Sync>, u8);

/// A transaction of one region. Dropping it discards everything.
pub struct Tx {
    pub(super) app: App,
    pub(super) region: Region,
    pub(super) sql: Transaction<'static, Postgres>,
    pub(super) messages: Vec<Message>,
    pub(super) tasks: BTreeMap<String, Planned>,
    pub(super) audits: Vec<Audit>,
    pending: VecDeque<Pending>,
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
            tasks: BTreeMap::new(),
            audits: Vec::new(),
            pending: VecDeque::new(),
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

    /// Records what happened: its messages are published and other slices handle it, if this commits.
    pub fn emit<E: Event>(&mut self, event: E) {
        self.messages.extend(event.messages());
        self.pending.push_back((TypeId::of::<E>(), Box::new(event), self.depth));
    }

    /// Records a message that no slice handles.
    pub fn publish(&mut self, message: Message) {
        self.messages.push(message);
    }

    /// Plans a task; of two with one key the later wins.
    pub fn enqueue(&mut self, task: Planned) {
        self.tasks.insert(task.key.clone(), task);
    }

    /// What a slice gathers in this transaction until its pre-commit step.
    pub fn notes<N: Default + Send + 'static>(&mut self) -> &mut N {
        let note = self.notes.entry(TypeId::of::<N>()).or_insert_with(|| Box::<N>::default());
        note.downcast_mut().expect("the map is keyed by the type itself")
    }

    /// Records in the audit what a command of staff changed. Without it the entry names only the command.
    pub fn audit(&mut self, subject: Subject, before: Value, after: Value, reason: &str) {
        let reason = (!reason.is_empty()).then(|| reason.to_owned());
        self.audits.push(Audit { subject: Some(subject), before: Some(before), after: Some(after), reason });
    }

    /// Event handlers, money, audit, then tasks, heads, log and answer in one statement, COMMIT, and only then publish.
    ///
    /// Errors: what an event handler or pre-commit step refuses (`insufficient_funds`), [`Error::Again`], 503 `outcome_unknown`.
    pub async fn commit<T: Serialize, E>(self, answer: T) -> Result<Committed<T>, E> {
        let text = serde_json::to_string(&answer)?;
        let status = self.app.request().map_or(200, |request| request.status);
        let live = self.finish(status, text).await.map_err(Error::typed)?;
        Ok(Committed { answer, live })
    }

    /// [`Tx::commit`] where no typed error can be inferred: `tx.end(answer).await?`.
    pub async fn end<T: Serialize>(self, answer: T) -> Result<Committed<T>> {
        self.commit::<T, NoError>(answer).await
    }

    /// Commits although the caller is refused, for an error that changes something, such as a counted wrong PIN; the same key repeats it.
    pub async fn refuse<T, E: ApiError>(self, error: E) -> Result<Committed<T>, E> {
        let problem = error.problem();
        let stored = serde_json::to_string(&problem.stored())?;
        self.finish(problem.status, stored).await.map_err(Error::typed::<E>)?;
        Err(Error::Declared(error))
    }

    async fn finish(mut self, status: u16, answer: String) -> Result<Vec<Live>> {
        self.handle_events().await?;
        for step in self.app.part::<super::Hooks>().pre_commits.clone() {
            step(&mut self).await?;
        }
        self.finish_task().await?;
        self.record_audit();
        if self.messages.len() > MESSAGES_MAX {
            return Err(Error::broken(anyhow::anyhow!("{} messages in one transaction", self.messages.len())));
        }
        self.plan_elsewhere();
        let epoch = self.app.epoch();
        let app = self.app.clone();
        let (notify, notified) = tokio::sync::oneshot::channel();
        // A task of its own: neither a hang-up nor a timeout separates the commit from its publishing.
        app.tracker.spawn(self.settle(status, answer, notify));
        let Written { tops, .. } =
            notified.await.map_err(|_| Error::broken(anyhow::anyhow!("the commit's task ended early")))??;
        Ok(tops.into_iter().map(|(channel, offset)| Live { channel, offset, epoch: epoch.to_string() }).collect())
    }

    /// Runs the handlers of other slices for what was emitted, in rank order, and for what those emit.
    async fn handle_events(&mut self) -> Result<()> {
        while let Some((kind, event, depth)) = self.pending.pop_front() {
            let handlers = self.app.part::<super::Hooks>().handlers(kind).to_vec();
            if depth >= DEPTH_MAX && !handlers.is_empty() {
                return Err(Error::broken(anyhow::anyhow!("event handlers answer each other more than {DEPTH_MAX} deep")));
            }
            self.depth = depth + 1;
            for handler in handlers {
                handler(self, &*event).await?;
            }
        }
        Ok(())
    }

    /// The task that this transaction carries out is done with it, if the lease is still ours.
    async fn finish_task(&mut self) -> Result<()> {
        let Some(lease) = self.app.request().and_then(|request| request.lease) else { return Ok(()) };
        let done = sqlx::query!(
            "delete from task where region = $1 and id = $2 and attempt = $3",
            lease.region.number(),
            lease.id,
            lease.attempt
        )
        .execute(&mut **self)
        .await?;
        if done.rows_affected() == 0 {
            return Err(Problem::new(409, LEASE_LOST).into());
        }
        Ok(())
    }

    /// Every command of staff and above leaves an entry.
    fn record_audit(&mut self) {
        let is_staff = self.app.request().is_some_and(|request| {
            request.lease.is_none() && request.actor.as_ref().is_some_and(|actor| actor.role >= Role::Staff)
        });
        match (is_staff, self.audits.is_empty()) {
            (true, true) => self.audits.push(Audit::default()),
            (false, _) => self.audits.clear(),
            (true, false) => {}
        }
    }

    /// Messages for channels of another region leave as tasks: a transaction has one region.
    fn plan_elsewhere(&mut self) {
        let region = self.region;
        let (here, elsewhere): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.messages).into_iter().partition(|message| message.region() == region);
        self.messages = here;
        let run_at = self.app.clock.now();
        for message in elsewhere {
            let key = format!("{PUBLISH}:{}", crate::ids::new(region, &self.app.clock, &self.app.random));
            let input = serde_json::json!({ "message": message });
            self.enqueue(Planned { kind: PUBLISH, key, input, run_at });
        }
    }
}

/// The slug of a task whose lease another node took over.
pub const LEASE_LOST: &str = "lease_lost";
