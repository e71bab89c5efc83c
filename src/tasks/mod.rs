//! Tasks: work that a transaction plans and whichever node leases it carries out. At least once, finished in the transaction of its command.
pub mod housekeeping;
mod publish;
mod runner;
mod sweeps;

pub use publish::PublishElsewhere;
pub use runner::{Outcome, run_due, work};
pub use sweeps::Sweep;

use crate::{App, clock::Timestamp, db::Planned, problem::Result};
use futures_util::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::collections::HashMap;

/// `Err` means: try again later. A task that has nothing to do any more is done.
pub type TaskResult = Result<()>;

/// One kind of background work. It may run twice, so it checks the state before it acts.
pub trait Task: Serialize + DeserializeOwned + Send + Sync + 'static {
    const KIND: &'static str;

    /// Of two waiting tasks with one key, the later planned moves the earlier.
    fn key(&self) -> String;

    /// Carries it out. `app` holds the lease, so the first transaction begun with it also removes the task.
    fn run(self, app: &App) -> impl Future<Output = TaskResult> + Send;

    /// To be done at `when`.
    fn at(&self, when: Timestamp) -> Planned {
        Planned { kind: Self::KIND, key: self.key(), input: serde_json::to_value(self).unwrap_or(Value::Null), run_at: when }
    }
}

/// A task whose type is known only by its kind.
#[derive(Clone, Copy)]
pub struct AnyTask {
    pub kind: &'static str,
    run: fn(App, Value) -> BoxFuture<'static, TaskResult>,
}

impl AnyTask {
    pub fn of<C: Task>() -> Self {
        fn run<C: Task>(app: App, input: Value) -> BoxFuture<'static, TaskResult> {
            Box::pin(async move { serde_json::from_value::<C>(input)?.run(&app).await })
        }
        Self { kind: C::KIND, run: run::<C> }
    }
}

/// The tasks that this release knows, by kind.
pub struct Kinds(pub HashMap<&'static str, AnyTask>);

/// The application's own tasks, which the slices' join.
pub fn own() -> HashMap<&'static str, AnyTask> {
    let publish = AnyTask::of::<publish::PublishElsewhere>();
    HashMap::from([(publish.kind, publish)])
}

impl Kinds {
    fn get(&self, kind: &str) -> Option<&AnyTask> {
        self.0.get(kind)
    }
}
