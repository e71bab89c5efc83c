//! The live back end of a delivery marketplace: the table of contents.
//!
//! A request enters by [`http`], a socket call by [`live`]; both reach a deed in [`domain`] through its [`operations`]. A deed makes a truth in a
//! [`db::Tx`], which tells it to the hub once it is committed. [`tasks`] does what was planned.
pub mod actor;
pub mod admin;
pub mod app;
pub mod clock;
pub mod config;
pub mod db;
pub mod domain;
pub mod embedded;
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
pub mod seed;
pub mod tasks;
pub mod telemetry;
pub mod text;
pub mod tree;

pub use app::{App, AppInner};
pub use problem::{ApiError, Error, Problem, Result};
