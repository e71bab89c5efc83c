//! How a slice declares an operation: `post("/api/delivery/orders/{id}/claim/", claim::claim).id("order_id").rpc("delivery.claim")`.
use super::input::Input;
use crate::{
    App,
    actor::Caller,
    db::Committed,
    problem::{ApiError, Checked, Entry, IntoProblem, NoError, Result},
    reply::Reply,
};
use axum::http::Method;
use futures_util::future::BoxFuture;
use std::{marker::PhantomData, sync::Arc};

/// The answer of a command that needs no transaction. Dispatch stores it under the call's key.
#[derive(Debug)]
pub struct Untransacted<R>(pub R);

/// What a command's function returns when it succeeds.
pub trait Outcome: Send {
    type Reply: Reply;
    /// Whether the function commits a transaction, which takes the idempotency key.
    const TRANSACTED: bool;

    /// The answer, and the positions that its commit gave.
    fn split(self) -> (Self::Reply, Vec<crate::db::Live>);
}

impl<R: Reply> Outcome for Committed<R> {
    type Reply = R;
    const TRANSACTED: bool = true;

    fn split(self) -> (R, Vec<crate::db::Live>) {
        (self.answer, self.live)
    }
}

impl<R: Reply> Outcome for Untransacted<R> {
    type Reply = R;
    const TRANSACTED: bool = false;

    fn split(self) -> (R, Vec<crate::db::Live>) {
        (self.0, Vec::new())
    }
}

/// The errors that an operation declares: an enum's, or none.
pub trait Errors: IntoProblem + Send + 'static {
    const ALL: &'static [Entry];
}

impl Errors for NoError {
    const ALL: &'static [Entry] = &[];
}

impl<E: ApiError> Errors for E {
    const ALL: &'static [Entry] = <E as ApiError>::ALL;
}

/// A function that carries out an operation: `async fn(App, Caller, Input) -> Result<Answer, Error>`.
pub trait OperationFn<M>: Clone + Send + Sync + 'static {
    type Caller: Caller;
    type Input: Input;
    type Answer: Send;
    type Error: Errors;

    fn call(&self, app: App, caller: Self::Caller, input: Self::Input) -> BoxFuture<'static, Result<Self::Answer, Self::Error>>;
}

impl<F, Fut, C, I, A, E> OperationFn<(C, I, A, E)> for F
where
    F: Fn(App, C, I) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<A, E>> + Send + 'static,
    C: Caller,
    I: Input,
    A: Send,
    E: Errors,
{
    type Caller = C;
    type Input = I;
    type Answer = A;
    type Error = E;

    fn call(&self, app: App, caller: C, input: I) -> BoxFuture<'static, Result<A, E>> {
        Box::pin(self(app, caller, input))
    }
}

/// A key for callers who give none.
pub type DefaultKey<C, I> = for<'a> fn(&'a App, &'a C, &'a I) -> BoxFuture<'a, Result<String>>;

/// Reads an RPC's members as the operation's input, where the call has a form of its own.
pub type ReadRpc<I> = Arc<dyn Fn(&[u8]) -> Checked<I> + Send + Sync>;

/// An operation about to be declared: verb, path, function, and where the plain form lacks.
pub struct Endpoint<F, M>
where
    F: OperationFn<M>,
{
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) f: F,
    /// The input's field that each parameter of the path fills, in order.
    pub(super) ids: Vec<&'static str>,
    pub(super) rpc: Option<&'static str>,
    pub(super) read_rpc: Option<ReadRpc<F::Input>>,
    pub(super) default_key: Option<DefaultKey<F::Caller, F::Input>>,
    pub(super) accepts_key: bool,
    pub(super) summary: Option<&'static str>,
    marker: PhantomData<fn(M)>,
}

macro_rules! verbs {
    ($($name:ident = $method:ident;)+) => {$(
        /// An operation at this verb and path.
        pub fn $name<F: OperationFn<M>, M>(path: &'static str, f: F) -> Endpoint<F, M> {
            Endpoint::new(Method::$method, path, f)
        }
    )+};
}

verbs! {
    get = GET;
    post = POST;
    put = PUT;
    patch = PATCH;
    delete = DELETE;
}

/// The names between braces in a path.
pub(super) fn parameters(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split(['{', '}']).skip(1).step_by(2)
}

impl<F: OperationFn<M>, M> Endpoint<F, M> {
    fn new(method: Method, path: &'static str, f: F) -> Self {
        Self {
            method,
            path,
            f,
            ids: parameters(path).collect(),
            rpc: None,
            read_rpc: None,
            default_key: None,
            accepts_key: true,
            summary: None,
            marker: PhantomData,
        }
    }

    /// The input's field that the path's first parameter fills, where their names differ.
    #[must_use]
    pub fn id(mut self, field: &'static str) -> Self {
        *self.ids.first_mut().expect("the path has a parameter") = field;
        self
    }

    /// The name by which sockets call it.
    #[must_use]
    pub fn rpc(mut self, name: &'static str) -> Self {
        self.rpc = Some(name);
        self
    }

    /// The form in which sockets send the input, where it differs from that of REST.
    #[must_use]
    pub fn rpc_input<T>(mut self) -> Self
    where
        T: serde::de::DeserializeOwned + Into<F::Input> + 'static,
    {
        self.read_rpc = Some(Arc::new(|data| super::fields::parse::<T>(data).map(Into::into)));
        self
    }

    /// The idempotency key of a caller who gives none.
    #[must_use]
    pub fn default_key(mut self, f: DefaultKey<F::Caller, F::Input>) -> Self {
        self.default_key = Some(f);
        self
    }

    /// Takes no idempotency key: where tokens and tickets are made, a stored answer would be a stored secret.
    #[must_use]
    pub fn without_key(mut self) -> Self {
        self.accepts_key = false;
        self
    }

    /// The document's summary, where the input has no doc comment.
    #[must_use]
    pub fn summary(mut self, summary: &'static str) -> Self {
        self.summary = Some(summary);
        self
    }
}
