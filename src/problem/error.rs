//! The error type of operations.
use super::{ApiError, Problem};
use crate::request::Stored;
use axum::response::{IntoResponse, Response};
use std::fmt;

/// The crate's result: in addition to `E` it carries what only dispatch handles.
pub type Result<T, E = NoError> = std::result::Result<T, Error<E>>;

/// The result of a check without IO: its only error is one for the caller.
pub type Checked<T, E = Problem> = std::result::Result<T, E>;

/// The error enum of functions without errors of their own.
#[derive(Debug, Clone, Copy)]
pub enum NoError {}

/// A declared error of type `E`, or one that any operation may have.
#[derive(Debug)]
pub enum Error<E = NoError> {
    /// The caller can act on it.
    Declared(E),
    /// An error whose type was erased: of a helper, of an event handler, or one that follows from the operation's types.
    Problem(Box<Problem>),
    /// The same idempotency key was answered before; dispatch repeats the stored answer.
    Repeat(Box<Stored>),
    /// The transaction lost a race that running it again may win (40001, 40P01).
    Again(sqlx::Error),
    /// An internal error: logged once, answered 500 without detail.
    Broken(anyhow::Error),
}

/// What `Error::Declared` may hold.
pub trait IntoProblem: fmt::Debug + Sized {
    fn into_problem(self) -> Problem;
}

impl IntoProblem for NoError {
    fn into_problem(self) -> Problem {
        match self {}
    }
}

impl<E: ApiError> IntoProblem for E {
    fn into_problem(self) -> Problem {
        self.problem()
    }
}

impl Error {
    pub fn broken(error: impl Into<anyhow::Error>) -> Self {
        Self::Broken(error.into())
    }

    /// The same where an operation has errors of its own.
    pub fn typed<E>(self) -> Error<E> {
        match self {
            Self::Declared(never) => match never {},
            Self::Problem(problem) => Error::Problem(problem),
            Self::Repeat(stored) => Error::Repeat(stored),
            Self::Again(error) => Error::Again(error),
            Self::Broken(error) => Error::Broken(error),
        }
    }
}

impl<E: IntoProblem> Error<E> {
    /// Erases the type of a declared error.
    pub fn erased(self) -> Error {
        match self {
            Self::Declared(error) => Error::Problem(Box::new(error.into_problem())),
            Self::Problem(problem) => Error::Problem(problem),
            Self::Repeat(stored) => Error::Repeat(stored),
            Self::Again(error) => Error::Again(error),
            Self::Broken(error) => Error::Broken(error),
        }
    }

    /// The problem to answer with. An internal error is logged here, once, with its chain.
    pub fn into_problem(self) -> Problem {
        match self {
            Self::Declared(error) => error.into_problem(),
            Self::Problem(problem) => *problem,
            Self::Repeat(_) => Problem::new(409, "repeat_in_progress").retry_after(1),
            Self::Again(error) => {
                tracing::warn!(%error, "an operation lost its race three times");
                Problem::busy()
            }
            Self::Broken(error) => {
                tracing::error!(error = format!("{error:#}"), "broken");
                Problem::new(500, "internal")
            }
        }
    }
}

/// Passes on the error of a helper that has an enum of its own: `orders::checked(…).inherit()?`.
pub trait Inherit<T, E> {
    fn inherit<F: From<E>>(self) -> Result<T, F>;
}

impl<T, E> Inherit<T, E> for Result<T, E> {
    fn inherit<F: From<E>>(self) -> Result<T, F> {
        self.map_err(|error| match error {
            Error::Declared(error) => Error::Declared(error.into()),
            Error::Problem(problem) => Error::Problem(problem),
            Error::Repeat(stored) => Error::Repeat(stored),
            Error::Again(error) => Error::Again(error),
            Error::Broken(error) => Error::Broken(error),
        })
    }
}

impl<E: IntoProblem> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Declared(error) => write!(f, "refused: {error:?}"),
            Self::Problem(problem) => write!(f, "refused: {} {}", problem.status, problem.code),
            Self::Repeat(_) => f.write_str("answered before"),
            Self::Again(error) => write!(f, "to be run again: {error}"),
            Self::Broken(error) => write!(f, "{error:#}"),
        }
    }
}

impl<E: IntoProblem> std::error::Error for Error<E> {}

impl<E: IntoProblem> IntoResponse for Error<E> {
    fn into_response(self) -> Response {
        self.into_problem().into_response()
    }
}

impl<E: ApiError> From<E> for Error<E> {
    fn from(error: E) -> Self {
        Self::Declared(error)
    }
}

impl<E: ApiError> From<E> for Error {
    fn from(error: E) -> Self {
        Self::Problem(Box::new(error.problem()))
    }
}

impl<E: ApiError> From<Error> for Error<E> {
    fn from(error: Error) -> Self {
        error.typed()
    }
}

impl<E: ApiError> From<Error<E>> for Error {
    fn from(error: Error<E>) -> Self {
        error.erased()
    }
}

impl<E> From<Problem> for Error<E> {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl<E> From<anyhow::Error> for Error<E> {
    fn from(error: anyhow::Error) -> Self {
        Self::Broken(error)
    }
}

impl<E> From<serde_json::Error> for Error<E> {
    fn from(error: serde_json::Error) -> Self {
        Self::Broken(error.into())
    }
}
