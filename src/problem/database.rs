//! What an error of the database means to a caller.
use super::{ApiError, Error, Problem, Result};

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// 40001, 40P01: the operation may run again.
    Again,
    /// A lock or statement timed out, the pool is empty, or the server is away: 503.
    Busy,
    /// A number or an instant beyond what a column holds: it came from the caller.
    OutOfRange,
    /// An internal error.
    Broken,
}

fn kind(error: &sqlx::Error) -> Kind {
    match error {
        sqlx::Error::PoolTimedOut
        | sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::PoolClosed => Kind::Busy,
        sqlx::Error::Database(error) => match error.code().as_deref() {
            Some("40001" | "40P01") => Kind::Again,
            // 57P0x: shutting down or starting up; 25P03: our own idle limit; 53300: connections exhausted.
            Some("55P03" | "57014" | "57P01" | "57P02" | "57P03" | "25P03" | "53300") => Kind::Busy,
            Some("22003" | "22007" | "22008") => Kind::OutOfRange,
            _ => Kind::Broken,
        },
        // A connection that died in the middle of an answer.
        sqlx::Error::Protocol(_) => Kind::Busy,
        _ => Kind::Broken,
    }
}

impl<E> From<sqlx::Error> for Error<E> {
    fn from(error: sqlx::Error) -> Self {
        match kind(&error) {
            Kind::Again => Self::Again(error),
            Kind::Busy => {
                tracing::warn!(%error, "the database is busy or away");
                Problem::busy().into()
            }
            Kind::OutOfRange => Problem::invalid("", "out_of_range").into(),
            Kind::Broken => Self::Broken(error.into()),
        }
    }
}

/// The database holds the rule, one line names the error.
pub trait OnConstraint<T> {
    /// Turns the violation of the constraint `name` into `refusal`.
    fn on_constraint<R: ApiError>(self, name: &str, refusal: R) -> Result<T>;
}

impl<T> OnConstraint<T> for sqlx::Result<T> {
    fn on_constraint<R: ApiError>(self, name: &str, refusal: R) -> Result<T> {
        self.map_err(|error| match &error {
            sqlx::Error::Database(violation) if violation.constraint() == Some(name) => refusal.into(),
            _ => error.into(),
        })
    }
}

impl<T> OnConstraint<T> for Result<T> {
    fn on_constraint<R: ApiError>(self, name: &str, refusal: R) -> Result<T> {
        self.map_err(|error| match &error {
            Error::Broken(source) => match source.downcast_ref::<sqlx::Error>() {
                Some(sqlx::Error::Database(violation)) if violation.constraint() == Some(name) => refusal.into(),
                _ => error,
            },
            _ => error,
        })
    }
}
