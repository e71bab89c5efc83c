//! The live back end of a delivery marketplace: the table of contents.
//!
//! A request enters by [`http`], a socket call by [`live`]; both reach a command or query of [`domain`] through [`operations`]. A command
//! makes its changes in a [`db::Tx`], which publishes them to the hub once they are committed. [`tasks`] does what was scheduled.
extern crate self as wassally;

pub mod actor;
pub mod admin;
pub mod app;
pub mod categories;
pub mod clock;
pub mod config;
pub mod db;
pub mod domain;
pub mod embedded;
pub mod event;
pub mod handle;
pub mod http;
pub mod i18n;
pub mod ids;
pub mod keys;
pub mod live;
pub mod meta;
pub mod money;
pub mod operations;
pub mod page;
pub mod problem;
pub mod reply;
pub mod request;
pub mod seed;
pub mod subject;
pub mod tasks;
pub mod telemetry;
pub mod text;

pub use handle::App;
pub use problem::{ApiError, Error, Problem, Result};
