//! The only bridge between the hub, which knows channels and bytes, and the business.
pub mod asyncapi;
mod authorizer;
mod catch_up;
mod history;
mod lease;
mod places;
pub mod publisher;
pub mod revocation;
mod rpc;
pub mod stream;
mod watch;

pub use catch_up::look as catch_up;

use crate::{
    App,
    actor::Actor,
    handle::{Parts, WeakApp},
    operations::{Slice, get, post},
    problem::{Error, Problem},
};
use std::sync::Arc;
use wassally_realtime::{
    Hub,
    broker::Memory,
    host::{self, Host, Identity},
};

/// The hub's view of the application. The application owns the hub, so this reference to it is weak.
#[derive(Clone)]
struct Bridge(WeakApp);

impl Bridge {
    /// The application, unless it has ended.
    fn app(&self) -> Result<App, host::Error> {
        self.0.upgrade().ok_or_else(host::Error::internal)
    }
}

/// Opens the hub of this node.
pub fn open(app: &App) -> Hub {
    let bridge = Arc::new(Bridge(app.downgrade()));
    let config = wassally_realtime::Config {
        node: app.boot.to_string().into(),
        epoch: app.epoch(),
        allowed_origins: app.config.allowed_origins.clone(),
        user_connection_limit: app.config.user_connections,
        ..Default::default()
    };
    let host = Host {
        authorizer: bridge.clone(),
        rpc: bridge.clone(),
        history: bridge.clone(),
        watch: bridge.clone(),
        observer: bridge,
    };
    Hub::new(config, host, Arc::new(Memory::alone()))
}

/// What this layer keeps.
pub fn install(parts: &mut Parts, hub: Hub) {
    parts.add(hub);
    parts.add(revocation::Revocations::default());
    parts.add(stream::Open::default());
}

impl App {
    /// The hub of this node.
    pub fn hub(&self) -> &Hub {
        self.part()
    }
}

/// The bridge's own operations.
pub fn slice() -> Slice {
    Slice::new("live").query(get("/api/live/", stream::listen)).command(post("/api/live/ticket/", stream::ticket).without_key())
}

/// Starts what keeps the hub true: the catch-up, revocations and the node's lease.
pub fn run_background(app: &App) {
    app.tracker.spawn(catch_up::follow(app.clone()));
    app.tracker.spawn(revocation::follow(app.clone()));
    app.tracker.spawn(lease::renew(app.clone()));
}

/// Closes the sockets of actors whose access has ended. 3500: the client does not reconnect before a new sign-in.
pub fn end_revoked(app: &App) {
    let closed =
        app.hub().disconnect(|who, _| actor(who).is_ok_and(|actor| app.revocations().is_revoked(actor)), 3500, "session ended");
    tracing::debug!(closed, "access revoked");
}

/// The actor behind an identity.
fn actor(who: &Identity) -> Result<&Actor, host::Error> {
    who.auth::<Actor>().ok_or_else(host::Error::internal)
}

/// An error in its form on the socket: the HTTP status and the slug.
fn refused(problem: &Problem) -> host::Error {
    let error = host::Error::new(problem.status.into(), problem.code);
    host::Error { temporary: problem.status == 503, ..error }
}

/// The error of connect and subscribe: our own faults are temporary, because an SDK never retries after any other error.
fn refused_subscription(error: Error) -> host::Error {
    let problem = error.into_problem();
    if problem.status >= 500 { host::Error::internal() } else { refused(&problem) }
}
