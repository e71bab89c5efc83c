//! All slices' offers, sorted by what asks for them.
use super::{ChannelRule, MessageType, Observers, Operation, Slice};
use crate::{
    App,
    actor::Actor,
    db::Hooks,
    handle::Parts,
    problem::Result,
    subject::SubjectKinds,
    tasks::{self, Kinds, Sweep},
};
use futures_util::future::BoxFuture;
use std::collections::{BTreeMap, HashMap};

type Send = fn(&App, &Actor, &[u8]);
type Start = for<'a> fn(&'a App) -> BoxFuture<'a, Result<()>>;

/// What the slices offer to callers.
pub struct Registry {
    pub operations: Vec<Operation>,
    calls: HashMap<&'static str, Operation>,
    sends: HashMap<&'static str, Send>,
    channels: BTreeMap<&'static str, ChannelRule>,
    messages: Vec<MessageType>,
    observers: Observers,
    left: Vec<fn(&App, &Actor, &str)>,
    pub(crate) sweeps: Vec<Sweep>,
    pub(crate) starts: Vec<Start>,
}

/// The offers, each where it belongs.
pub struct Gathered {
    pub registry: Registry,
    pub hooks: Hooks,
    pub kinds: Kinds,
}

/// Inserts what must be declared once.
fn once<K: std::hash::Hash + Eq + std::fmt::Debug, V>(
    map: &mut HashMap<K, V>,
    key: K,
    value: V,
    what: &str,
    slice: &str,
) -> anyhow::Result<()> {
    anyhow::ensure!(!map.contains_key(&key), "{slice} declares the {what} {key:?}, which another declares");
    map.insert(key, value);
    Ok(())
}

impl Registry {
    /// Gathers the slices' offers; their states become parts.
    ///
    /// Errors: two slices declare the same operation, RPC, channel, task, message type, state or kind of subject, or one declares a
    /// task of the application's own.
    pub fn gather(slices: Vec<Slice>, parts: &mut Parts) -> anyhow::Result<Gathered> {
        let (mut operations, mut calls, mut sends) = (HashMap::new(), HashMap::new(), HashMap::new());
        let mut tasks = tasks::own();
        let mut channels = BTreeMap::new();
        let (mut messages, mut observers, mut left, mut sweeps, mut starts) = (vec![], vec![], vec![], vec![], vec![]);
        let mut hooks = Hooks::default();
        let mut subjects = SubjectKinds::default();
        let mut list = vec![];
        for slice in slices {
            let name = slice.name;
            for operation in slice.operations {
                once(&mut operations, operation.name, (), "operation", name)?;
                if let Some(rpc) = operation.rpc {
                    once(&mut calls, rpc, operation.clone(), "RPC", name)?;
                }
                list.push(operation);
            }
            for (method, f) in slice.sends {
                once(&mut sends, method, f, "message", name)?;
            }
            for rule in slice.channels {
                let namespace = rule.namespace;
                anyhow::ensure!(
                    channels.insert(namespace, rule).is_none(),
                    "{name} declares the channels {namespace}, which another declares"
                );
            }
            for task in slice.tasks {
                once(&mut tasks, task.kind, task, "task", name)?;
            }
            for (kind, state) in slice.states {
                anyhow::ensure!(parts.add_erased(kind, state), "{name} holds a state of a type that another holds");
            }
            for kind in slice.subjects {
                subjects.add(kind, name)?;
            }
            hooks.add(slice.handlers, slice.pre_commits);
            messages.extend(slice.messages);
            observers.extend(slice.observers);
            left.extend(slice.left);
            sweeps.extend(slice.sweeps);
            starts.extend(slice.starts);
        }
        for message in &messages {
            let namespace = message.namespace;
            anyhow::ensure!(channels.contains_key(namespace), "messages for the channels {namespace}, which no slice declares");
        }
        parts.add(subjects);
        let observers = Observers::new(&messages, observers)?;
        let registry = Self { operations: list, calls, sends, channels, messages, observers, left, sweeps, starts };
        Ok(Gathered { registry, hooks, kinds: Kinds(tasks) })
    }

    /// The operation that sockets call so.
    pub fn call(&self, method: &str) -> Option<&Operation> {
        self.calls.get(method)
    }

    pub fn send(&self, method: &str) -> Option<Send> {
        self.sends.get(method).copied()
    }

    /// The rule of a namespace.
    pub fn channel(&self, namespace: &str) -> Option<&ChannelRule> {
        self.channels.get(namespace)
    }

    pub fn channels(&self) -> impl Iterator<Item = &ChannelRule> {
        self.channels.values()
    }

    /// The message enums of a namespace, in rank order.
    pub fn messages(&self, namespace: &str) -> impl Iterator<Item = &MessageType> {
        self.messages.iter().filter(move |message| message.namespace == namespace)
    }

    pub fn observers(&self) -> &Observers {
        &self.observers
    }

    pub fn left(&self) -> &[fn(&App, &Actor, &str)] {
        &self.left
    }

    /// The channels that the server subscribes each socket of this actor to.
    pub fn server_side(&self, actor: &Actor) -> impl Iterator<Item = (String, &ChannelRule)> {
        let rules = self.channels.values().filter(|rule| rule.server_side.is_some_and(|whom| whom(actor)));
        rules.map(|rule| (format!("{}:{}", rule.namespace, actor.id), rule))
    }

    /// Whether an answer to this actor carries the channel's position.
    pub fn is_in_answers(&self, channel: &str, actor: &Actor) -> bool {
        let (namespace, id) = channel.split_once(':').unwrap_or((channel, ""));
        self.channel(namespace).is_some_and(|rule| rule.in_answers || rule.server_side.is_some() && id == actor.id.to_string())
    }
}

impl App {
    /// What the slices offer.
    pub fn registry(&self) -> &Registry {
        self.part()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        actor::Anyone,
        event::ChannelMessage,
        operations::{NoInput, channel, get},
        reply::NoContent,
        tasks::{PublishElsewhere, Task, TaskResult},
    };
    use serde::{Deserialize, Serialize};
    use utoipa::ToSchema;
    use wassally_realtime::host::Retention;

    async fn nothing(_: App, _: Anyone, _: NoInput) -> Result<NoContent> {
        Ok(NoContent)
    }

    macro_rules! messages {
        ($($name:ident on $namespace:literal;)+) => {$(
            #[derive(Serialize, ToSchema)]
            #[serde(tag = "type", rename_all = "snake_case")]
            enum $name {
                #[allow(dead_code, reason = "only its schema is read")]
                Happened { times: u32 },
            }

            impl ChannelMessage for $name {
                const NAMESPACE: &'static str = $namespace;
                type Id = u32;
            }
        )+};
    }

    messages! {
        Here on "here";
        AlsoHere on "here";
        There on "there";
    }

    #[derive(Serialize, Deserialize)]
    struct Work;

    impl Task for Work {
        const KIND: &'static str = "work";

        fn key(&self) -> String {
            "work".into()
        }

        async fn run(self, _: &App) -> TaskResult {
            Ok(())
        }
    }

    /// Why two slices that each declare something do not start; empty where they do.
    fn refused(declare: impl Fn(Slice) -> Slice) -> String {
        refused_both(declare(Slice::new("first")), declare(Slice::new("second")))
    }

    fn refused_both(first: Slice, second: Slice) -> String {
        let gathered = Registry::gather(vec![first, second], &mut Parts::default());
        gathered.err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn what_two_slices_declare_stops_the_start() {
        assert_eq!(refused(|slice| slice), "");
        let why = refused(|slice| slice.query(get("/api/things/", nothing)));
        assert_eq!(why, "second declares the operation \"GET /api/things/\", which another declares");
        let why = refused(|slice| slice.send("things.move", |_, _, _| {}));
        assert_eq!(why, "second declares the message \"things.move\", which another declares");
        let why = refused(|slice| slice.channel(channel::<Here>(Retention::Plain)));
        assert_eq!(why, "second declares the channels here, which another declares");
        let why = refused(Slice::task::<Work>);
        assert_eq!(why, "second declares the task \"work\", which another declares");
        let why = refused_both(Slice::new("first").task::<PublishElsewhere>(), Slice::new("second"));
        assert_eq!(why, "first declares the task \"publish\", which another declares");
        let why = refused(|slice| slice.subject("thing"));
        assert!(why.contains("second") && why.contains("thing"), "{why}");
    }

    #[test]
    fn one_rpc_name_means_one_operation() {
        let first = Slice::new("first").query(get("/api/things/", nothing).rpc("things"));
        let second = Slice::new("second").query(get("/api/others/", nothing).rpc("things"));
        assert_eq!(refused_both(first, second), "second declares the RPC \"things\", which another declares");
    }

    #[test]
    fn one_type_of_a_channel_means_one_message() {
        let first = || Slice::new("first").channel(channel::<Here>(Retention::Plain));
        let second = Slice::new("second").publishes::<AlsoHere>();
        assert_eq!(refused_both(first(), second), "here: two slices declare the message type happened");
        let elsewhere = Slice::new("second").channel(channel::<There>(Retention::Plain));
        assert_eq!(refused_both(first(), elsewhere), "", "the same word on another channel");
        let undeclared = Slice::new("second").publishes::<There>();
        assert_eq!(refused_both(first(), undeclared), "messages for the channels there, which no slice declares");
    }
}
