//! A small client of the Centrifuge client protocol, in JSON over a real WebSocket, for our own tests and load: [`Connection`] is one socket with
//! its ids and pongs, whose caller decides what happens next, [`Client`] is the vocabulary of tests on top of it, which panics where a test fails,
//! and [`wire`] has the typed commands and replies. It hides nothing of what is sent and received. It is no SDK: applications use the existing ones.

mod client;
mod connection;
pub mod wire;

pub use client::{Client, Observer, PATIENCE, Passed};
pub use connection::{Connection, Lost, websocket_url};
