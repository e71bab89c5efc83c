//! A raw client: JSON over a real WebSocket, nothing hidden.

use std::{collections::VecDeque, net::SocketAddr};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use super::PATIENCE;

/// A socket that has sent nothing yet.
pub struct Raw {
    pub socket: WebSocketStream<TcpStream>,
    /// Read and not yet taken by the test.
    inbox: VecDeque<Value>,
    next: u32,
    /// Answers pings by itself.
    pub answers_pings: bool,
    pub pings: usize,
}

/// A connected client, with the reply to its connect.
pub struct Client {
    pub raw: Raw,
    pub reply: Value,
}

impl Raw {
    /// Opens a socket; `query` follows the path.
    pub async fn open(address: SocketAddr, query: &str) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap(), address, query).await
    }

    /// Opens a socket whose receive buffer is as small as the kernel allows.
    pub async fn narrow(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        Self::over(socket.connect(address).await.unwrap(), address, "").await
    }

    async fn over(stream: TcpStream, address: SocketAddr, query: &str) -> Self {
        let url = format!("ws://{address}/connection/websocket{query}");
        let (socket, _) = client_async(url, stream).await.unwrap();
        Self { socket, inbox: VecDeque::new(), next: 1, answers_pings: true, pings: 0 }
    }

    /// Sends text as it is.
    pub async fn send_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    /// Sends a command with the next id, which is returned.
    pub async fn command(&mut self, mut command: Value) -> u32 {
        let id = self.next;
        self.next += 1;
        command["id"] = json!(id);
        self.send_text(&command.to_string()).await;
        id
    }

    /// Sends a command and waits for its reply; pushes before it stay in the inbox.
    pub async fn request(&mut self, command: Value) -> Value {
        let id = self.command(command).await;
        self.reply(id).await
    }

    /// Waits for the reply to a command.
    pub async fn reply(&mut self, id: u32) -> Value {
        self.find(|message| message["id"] == id).await
    }

    /// Waits for the next push on a channel and returns its body.
    pub async fn push(&mut self, channel: &str) -> Value {
        let mut message = self.find(|message| message["push"]["channel"] == channel).await;
        message["push"].take()
    }

    /// Waits for the next publication on a channel.
    pub async fn publication(&mut self, channel: &str) -> Value {
        let mut message =
            self.find(|message| message["push"]["channel"] == channel && message["push"].get("pub").is_some()).await;
        message["push"]["pub"].take()
    }

    /// A push on a channel that was read already and not yet taken.
    pub fn waiting(&mut self, channel: &str) -> Option<Value> {
        let at = self.inbox.iter().position(|message| message["push"]["channel"] == channel)?;
        Some(self.inbox.remove(at)?["push"].take())
    }

    /// Nothing was pushed on a channel: the answer to a call made now arrives first.
    pub async fn silence(&mut self, channel: &str) {
        let echo = self.request(json!({ "rpc": { "method": "echo", "data": 1 } })).await;
        assert_eq!(echo["rpc"]["data"], 1);
        let received = self.inbox.iter().find(|message| message["push"]["channel"] == channel);
        assert_eq!(received, None);
    }

    async fn find(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            if let Some(at) = self.inbox.iter().position(&wanted) {
                return self.inbox.remove(at).unwrap();
            }
            match self.read().await {
                Message::Text(text) => self.take(&text).await,
                Message::Close(frame) => panic!("closed with {frame:?}; unread: {:?}", self.inbox),
                _ => {}
            }
        }
    }

    async fn take(&mut self, text: &str) {
        for line in text.lines() {
            let message: Value = serde_json::from_str(line).unwrap();
            if message == json!({}) {
                self.pings += 1;
                if self.answers_pings {
                    self.send_text("{}").await;
                }
            } else {
                self.inbox.push_back(message);
            }
        }
    }

    /// The next frame.
    pub async fn read(&mut self) -> Message {
        let next = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("nothing came");
        next.expect("the socket ended without a close").unwrap()
    }

    /// The next frame, with what a client does about it.
    pub async fn read_on(&mut self) -> Message {
        let message = self.read().await;
        if let Message::Text(text) = &message {
            self.take(text).await;
        }
        message
    }

    /// Waits for the server's close.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.read().await {
                Message::Close(frame) => {
                    let frame = frame.unwrap();
                    return (frame.code.into(), frame.reason.to_string());
                }
                Message::Text(text) => self.take(&text).await,
                _ => {}
            }
        }
    }
}

impl std::ops::Deref for Client {
    type Target = Raw;
    fn deref(&self) -> &Raw {
        &self.raw
    }
}

impl std::ops::DerefMut for Client {
    fn deref_mut(&mut self) -> &mut Raw {
        &mut self.raw
    }
}

impl Client {
    /// Subscribes and returns the result; a refusal fails the test.
    pub async fn subscribe(&mut self, channel: &str) -> Value {
        let mut reply = self.request(json!({ "subscribe": { "channel": channel } })).await;
        assert!(reply.get("subscribe").is_some(), "{reply}");
        reply["subscribe"].take()
    }

    /// Subscribes from a position.
    pub async fn recover(&mut self, channel: &str, epoch: &str, offset: u64) -> Value {
        let command = json!({ "subscribe": { "channel": channel, "recover": true, "epoch": epoch, "offset": offset } });
        let mut reply = self.request(command).await;
        assert!(reply.get("subscribe").is_some(), "{reply}");
        reply["subscribe"].take()
    }

    /// Waits for the next publication and checks its number.
    pub async fn expect(&mut self, channel: &str, offset: u64) {
        let publication = self.publication(channel).await;
        assert_eq!((publication["offset"].clone(), publication["data"]["n"].clone()), (json!(offset), json!(offset)));
    }
}
