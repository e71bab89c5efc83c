//! All slices' offers, sorted by what asks for them.
use super::{ChannelRule, MessageType, Observers, Operation, Slice};
use crate::{
    App,
    actor::Actor,
    db::Hooks,
    handle::Parts,
    problem::Result,
    subject::SubjectKinds,
    tasks::{Kinds, Sweep},
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
    anyhow::ensure!(!map.contains_key(&key), "{slice} declares the {what} {key:?} of another slice");
    map.insert(key, value);
    Ok(())
}

impl Registry {
    /// Gathers the slices' offers; their states become parts.
    ///
    /// Errors: two slices declare the same operation, RPC, channel, task, message type, state or kind of subject.
    pub fn gather(slices: Vec<Slice>, parts: &mut Parts) -> anyhow::Result<Gathered> {
        let (mut operations, mut calls, mut sends, mut tasks) = (HashMap::new(), HashMap::new(), HashMap::new(), HashMap::new());
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
                    "{name} declares the channels {namespace} of another"
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
        Ok(Gathered { registry, hooks, kinds: Kinds::new(tasks) })
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
