//! What a slice offers: operations, channels, event handlers, observers, tasks. The registry reads it once at start.
use super::{
    Operation,
    channel::{Channel, ChannelRule, MessageType, Observer},
    dispatch,
    endpoint::{Endpoint, OperationFn, Outcome},
};
use crate::{
    App,
    actor::{Actor, Caller},
    db::{self, Tx},
    event::{ChannelMessage, Event, Observed},
    problem::Result,
    reply::Reply,
    tasks::{AnyTask, Sweep, Task},
};
use futures_util::future::BoxFuture;
use std::{
    any::{Any, TypeId},
    sync::Arc,
    time::Duration,
};

type Start = for<'a> fn(&'a App) -> BoxFuture<'a, Result<()>>;

/// One slice's offer.
pub struct Slice {
    pub(super) name: &'static str,
    pub(super) operations: Vec<Operation>,
    pub(super) sends: Vec<(&'static str, fn(&App, &Actor, &[u8]))>,
    pub(super) channels: Vec<ChannelRule>,
    pub(super) messages: Vec<MessageType>,
    pub(super) handlers: Vec<(TypeId, db::Handler)>,
    pub(super) pre_commits: Vec<db::PreCommit>,
    pub(super) observers: Vec<Observer>,
    pub(super) left: Vec<fn(&App, &Actor, &str)>,
    pub(super) tasks: Vec<AnyTask>,
    pub(super) sweeps: Vec<Sweep>,
    pub(super) starts: Vec<Start>,
    pub(super) states: Vec<(TypeId, Arc<dyn Any + Send + Sync>)>,
    pub(super) subjects: Vec<&'static str>,
}

impl Slice {
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            operations: vec![],
            sends: vec![],
            channels: vec![],
            messages: vec![],
            handlers: vec![],
            pre_commits: vec![],
            observers: vec![],
            left: vec![],
            tasks: vec![],
            sweeps: vec![],
            starts: vec![],
            states: vec![],
            subjects: vec![],
        }
    }

    /// An operation that changes state.
    #[must_use]
    pub fn command<F, M>(mut self, endpoint: Endpoint<F, M>) -> Self
    where
        F: OperationFn<M, Answer: Outcome>,
        M: 'static,
    {
        let operation = Operation::declare::<F, M, <F::Answer as Outcome>::Reply>(self.name, &endpoint, true);
        let run = dispatch::command(endpoint, operation.name);
        self.operations.push(Operation { run, ..operation });
        self
    }

    /// An operation that only reads.
    #[must_use]
    pub fn query<F, M>(mut self, endpoint: Endpoint<F, M>) -> Self
    where
        F: OperationFn<M, Answer: Reply>,
        M: 'static,
    {
        let operation = Operation::declare::<F, M, F::Answer>(self.name, &endpoint, false);
        let run = dispatch::query(endpoint, operation.name);
        self.operations.push(Operation { run, ..operation });
        self
    }

    /// A client's message without a reply, handled directly in the thread that read the socket. Must not block.
    #[must_use]
    pub fn send(mut self, name: &'static str, f: fn(&App, &Actor, &[u8])) -> Self {
        self.sends.push((name, f));
        self
    }

    /// The channels of one namespace.
    #[must_use]
    pub fn channel<M: ChannelMessage>(mut self, channel: Channel<M>) -> Self {
        self.messages.push(channel.rule.messages);
        self.channels.push(channel.rule);
        self
    }

    /// Messages of this slice on the channels of a lower one.
    #[must_use]
    pub fn publishes<M: ChannelMessage>(mut self) -> Self {
        self.messages.push(MessageType::of::<M>());
        self
    }

    /// Runs in the transaction that emitted `E`, in rank order.
    #[must_use]
    pub fn on<E: Event>(mut self, f: for<'a> fn(&'a mut Tx, &'a E) -> BoxFuture<'a, Result<()>>) -> Self {
        let erased: db::Handler = Arc::new(move |tx, event| match event.downcast_ref::<E>() {
            Some(event) => f(tx, event),
            None => Box::pin(std::future::ready(Ok(()))),
        });
        self.handlers.push((TypeId::of::<E>(), erased));
        self
    }

    /// A step of every commit, after the event handlers: the wallet's.
    #[must_use]
    pub fn pre_commit(mut self, f: db::PreCommit) -> Self {
        self.pre_commits.push(f);
        self
    }

    /// Sees every durable message of type `M` once on every node, in its channel's order. Pure and quick.
    #[must_use]
    pub fn observe<M: ChannelMessage + serde::de::DeserializeOwned>(mut self, f: fn(&App, &Observed<'_, M>)) -> Self {
        self.observers.push(Observer::of(f));
        self
    }

    /// Called when an actor's subscription to a channel of any slice ended.
    #[must_use]
    pub fn left(mut self, f: fn(&App, &Actor, &str)) -> Self {
        self.left.push(f);
        self
    }

    #[must_use]
    pub fn task<T: Task>(mut self) -> Self {
        self.tasks.push(AnyTask::of::<T>());
        self
    }

    /// Repairs from state periodically, on every node; takes no input and may run twice at once.
    #[must_use]
    pub fn sweep(mut self, name: &'static str, every: Duration, f: for<'a> fn(&'a App) -> BoxFuture<'a, Result<()>>) -> Self {
        self.sweeps.push(Sweep { name, every, run: f });
        self
    }

    /// Runs once before the first request, such as loading a replica.
    #[must_use]
    pub fn start(mut self, f: Start) -> Self {
        self.starts.push(f);
        self
    }

    /// What the slice holds in memory on this node: `app.state::<T>()`.
    #[must_use]
    pub fn state<T: Send + Sync + 'static>(mut self, state: T) -> Self {
        self.states.push((TypeId::of::<T>(), Arc::new(state)));
        self
    }

    /// A kind of things that holds, ledger transactions, notifications and audit entries may be about.
    #[must_use]
    pub fn subject(mut self, kind: &'static str) -> Self {
        self.subjects.push(kind);
        self
    }
}

impl Operation {
    fn declare<F: OperationFn<M>, M, R: Reply>(slice: &'static str, endpoint: &Endpoint<F, M>, is_command: bool) -> Self {
        use super::{Input, endpoint::Errors};
        Self {
            slice,
            // One short text per operation for the life of the process.
            name: Box::leak(format!("{} {}", endpoint.method, endpoint.path).into_boxed_str()),
            method: endpoint.method.clone(),
            path: endpoint.path,
            ids: endpoint.ids.clone(),
            rpc: endpoint.rpc,
            is_command,
            access: F::Caller::ACCESS,
            admits: F::Caller::admits,
            status: R::STATUS,
            content: R::CONTENT,
            reply_schema: R::schema,
            reply_schemas: R::schemas,
            input_name: F::Input::name,
            input_schema: F::Input::schema,
            input_schemas: F::Input::schemas,
            errors: <F::Error as Errors>::ALL,
            accepts_key: endpoint.accepts_key,
            summary: endpoint.summary,
            run: dispatch::nothing(),
        }
    }
}
