//! One connection of a person: the calls under way and the deadlines.

use super::rest::CallError;
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout, timeout_at};
use wassally_client::{Connection, wire::Command};

pub const CALL_PATIENCE: Duration = Duration::from_secs(10);

/// What waits for the reply to a command.
pub enum Pending {
    Subscribe(String),
    Rpc(oneshot::Sender<Result<Value, CallError>>),
    Nothing,
}

pub struct Session {
    connection: Connection,
    pub pending: HashMap<u32, Pending>,
    /// How long the server may be silent, and when it last sent something.
    pub silence: Duration,
    received_at: Instant,
    pub answers_pings: bool,
    pub refresh_at: Option<Instant>,
    pub retry: Vec<String>,
    pub retry_at: Option<Instant>,
}

impl Session {
    /// Opens the WebSocket; nothing is sent on it yet.
    pub async fn open(url: &str) -> Result<Self> {
        let connection = timeout(CALL_PATIENCE, Connection::open(url)).await.context("no handshake within 10 s")??;
        Ok(Self {
            connection,
            pending: HashMap::new(),
            silence: CALL_PATIENCE,
            received_at: Instant::now(),
            answers_pings: false,
            refresh_at: None,
            retry: Vec::new(),
            retry_at: None,
        })
    }

    /// Sends a command; its reply goes to `pending`.
    pub async fn send_command(&mut self, command: Command<'_>, pending: Pending) -> Result<()> {
        let sent = timeout(CALL_PATIENCE, self.connection.send_command(command));
        let id = sent.await.context("the server does not read")??;
        self.pending.insert(id, pending);
        Ok(())
    }

    pub async fn send(&mut self, text: &str) -> Result<()> {
        timeout(CALL_PATIENCE, self.connection.send(text)).await.context("the server does not read")??;
        Ok(())
    }

    /// The next text. Errors: the connection is lost, or silent for too long.
    pub async fn read(&mut self) -> Result<String> {
        let text =
            timeout_at(self.received_at + self.silence, self.connection.read()).await.context("the server is silent")??;
        self.received_at = Instant::now();
        Ok(text)
    }

    /// Closes politely, if the server still listens.
    pub async fn close(&mut self) {
        let _ = timeout(Duration::from_millis(200), self.connection.close()).await;
    }

    /// Renews the token 20 s before it expires, or at three quarters of a short life.
    pub fn plan_refresh(&mut self, expires: bool, ttl_s: u32) {
        let ttl = Duration::from_secs(u64::from(ttl_s));
        let early = (ttl / 4).min(Duration::from_secs(20));
        self.refresh_at = expires.then(|| Instant::now() + ttl - early);
    }
}
