//! One connection: its socket, the calls under way and the deadlines.

use super::rest::Trouble;
use super::wire::Command;
use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use std::collections::HashMap;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub const CALL_PATIENCE: Duration = Duration::from_secs(10);

/// A close frame of the server.
#[derive(Debug, thiserror::Error)]
#[error("closed with {code} {reason}")]
pub struct Closed {
    pub code: u16,
    pub reason: String,
}

pub enum Pending {
    Subscribe(String),
    Rpc(oneshot::Sender<Result<Value, Trouble>>),
    Nothing,
}

/// What one connection keeps.
pub struct Session {
    pub socket: Socket,
    pub last_id: u32,
    pub pending: HashMap<u32, Pending>,
    /// How long the server may be silent, and when it was heard last.
    pub silence: Duration,
    pub heard_at: Instant,
    pub answers_pings: bool,
    pub refresh_at: Option<Instant>,
    pub retry: Vec<String>,
    pub retry_at: Option<Instant>,
}

impl Session {
    /// Opens the socket; nothing is said on it yet.
    pub async fn open(url: &str) -> Result<Self> {
        let config = WebSocketConfig::default().read_buffer_size(8 * 1024).write_buffer_size(0);
        let opening = connect_async_with_config(url, Some(config), true);
        let (socket, _) = timeout(CALL_PATIENCE, opening).await.context("no handshake within 10 s")??;
        Ok(Self {
            socket,
            last_id: 0,
            pending: HashMap::new(),
            silence: CALL_PATIENCE,
            heard_at: Instant::now(),
            answers_pings: false,
            refresh_at: None,
            retry: Vec::new(),
            retry_at: None,
        })
    }

    pub async fn write(&mut self, mut command: Command<'_>, pending: Pending) -> Result<()> {
        self.last_id += 1;
        command.id = self.last_id;
        self.pending.insert(self.last_id, pending);
        self.write_text(serde_json::to_string(&command)?).await
    }

    pub async fn write_text(&mut self, text: String) -> Result<()> {
        timeout(CALL_PATIENCE, self.socket.send(Message::text(text))).await.context("the server does not read")??;
        Ok(())
    }

    pub async fn read(&mut self) -> Result<String> {
        loop {
            let silent_at = self.heard_at + self.silence;
            let message = timeout_at(silent_at, self.socket.next()).await.context("the server is silent")?;
            self.heard_at = Instant::now();
            match message.context("the connection ended")?? {
                Message::Text(text) => return Ok(text.as_str().to_owned()),
                Message::Close(Some(frame)) => {
                    return Err(Closed { code: frame.code.into(), reason: frame.reason.as_str().to_owned() }.into());
                }
                Message::Close(None) => bail!("closed without a code"),
                _ => {}
            }
        }
    }

    /// Renews the right to be here 20 s before it ends, or at three quarters of a short one.
    pub fn plan_refresh(&mut self, expires: bool, ttl_s: u32) {
        let ttl = Duration::from_secs(u64::from(ttl_s));
        let early = (ttl / 4).min(Duration::from_secs(20));
        self.refresh_at = expires.then(|| Instant::now() + ttl - early);
    }
}
