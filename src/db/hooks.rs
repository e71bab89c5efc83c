//! What a commit calls in the layers above it.
use super::{Numbered, Tx};
use crate::{App, problem::Result};
use futures_util::future::BoxFuture;
use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::Arc,
};

/// Handles an event inside the transaction that emitted it.
pub type Handler = Arc<dyn for<'a> Fn(&'a mut Tx, &'a (dyn Any + Send + Sync)) -> BoxFuture<'a, Result<()>> + Send + Sync>;
/// A step of every commit, after the event handlers.
pub type PreCommit = for<'a> fn(&'a mut Tx) -> BoxFuture<'a, Result<()>>;

/// The slices' event handlers and steps, in rank order.
#[derive(Default)]
pub struct Hooks {
    handlers: HashMap<TypeId, Vec<Handler>>,
    pub(super) pre_commits: Vec<PreCommit>,
}

impl Hooks {
    pub fn add(&mut self, handlers: Vec<(TypeId, Handler)>, pre_commits: Vec<PreCommit>) {
        for (kind, handler) in handlers {
            self.handlers.entry(kind).or_default().push(handler);
        }
        self.pre_commits.extend(pre_commits);
    }

    pub(super) fn handlers(&self, kind: TypeId) -> &[Handler] {
        self.handlers.get(&kind).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Where a commit's publications go: to the hub.
pub struct Outlet(pub fn(&App, Vec<Numbered>));

impl App {
    /// Publishes what was committed: to this node's subscribers first.
    pub(super) fn publish(&self, publications: Vec<Numbered>) {
        if !publications.is_empty() {
            (self.part::<Outlet>().0)(self, publications);
        }
    }
}
