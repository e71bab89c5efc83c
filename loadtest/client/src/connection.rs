//! One WebSocket: frames out and in, ids of commands, pongs, and how it ended.

use crate::wire::Command;
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::{self, Message, client::IntoClientRequest, http::HeaderValue, protocol::WebSocketConfig};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async_with_config, connect_async_with_config};

/// The connection is gone.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// The server closed it with a code; 1006 when it gave none.
    #[error("closed with {code} {reason}")]
    Closed { code: u16, reason: String },
    /// The connection ended without a close.
    #[error("the connection ended")]
    Ended,
    #[error("the connection failed")]
    Failed(#[from] tungstenite::Error),
    #[error("no connection")]
    Unreachable(#[from] std::io::Error),
}

pub struct Connection {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    last_id: u32,
}

/// The WebSocket address of a server given by its `http://` address; others stay as they are.
pub fn websocket_url(url: &str) -> String {
    match url.strip_prefix("http") {
        Some(rest) => format!("ws{}/connection/websocket", rest.trim_end_matches('/')),
        None => url.to_owned(),
    }
}

/// Small buffers, because one process may hold thousands of connections.
fn config() -> WebSocketConfig {
    WebSocketConfig::default().read_buffer_size(8 * 1024).write_buffer_size(0)
}

impl Connection {
    /// Opens the WebSocket; nothing is sent on it yet.
    pub async fn open(url: &str) -> Result<Self, Lost> {
        Self::open_with(url, &[]).await
    }

    /// The same with headers in the handshake.
    pub async fn open_with(url: &str, headers: &[(&'static str, &'static str)]) -> Result<Self, Lost> {
        let mut request = websocket_url(url).into_client_request()?;
        for &(name, value) in headers {
            request.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        let (socket, _) = connect_async_with_config(request, Some(config()), true).await?;
        Ok(Self { socket, last_id: 0 })
    }

    /// The same with a receive buffer as small as the kernel allows, for a reader that is slow.
    pub async fn open_narrow(url: &str) -> Result<Self, Lost> {
        let url = websocket_url(url);
        let host = url.trim_start_matches("ws://").split('/').next().unwrap_or_default();
        let address = tokio::net::lookup_host(host).await?.next().ok_or(Lost::Ended)?;
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_recv_buffer_size(4096)?;
        let stream = MaybeTlsStream::Plain(socket.connect(address).await?);
        let (socket, _) = client_async_with_config(url, stream, Some(config())).await?;
        Ok(Self { socket, last_id: 0 })
    }

    /// Sends a text frame as it is.
    pub async fn send(&mut self, text: &str) -> Result<(), Lost> {
        self.send_frame(Message::text(text)).await
    }

    /// Sends any frame.
    pub async fn send_frame(&mut self, frame: Message) -> Result<(), Lost> {
        Ok(self.socket.send(frame).await?)
    }

    /// Sends a command under the next id, which is returned.
    pub async fn send_command(&mut self, command: Command<'_>) -> Result<u32, Lost> {
        let id = self.next_id();
        let text = serde_json::to_string(&Command { id, ..command }).expect("a command is plain data");
        self.send(&text).await?;
        Ok(id)
    }

    /// Sends a command of free form under the next id, which is returned.
    pub async fn send_value(&mut self, mut command: Value) -> Result<u32, Lost> {
        let id = self.next_id();
        command["id"] = id.into();
        self.send(&command.to_string()).await?;
        Ok(id)
    }

    /// Answers the server's ping.
    pub async fn pong(&mut self) -> Result<(), Lost> {
        self.send("{}").await
    }

    /// The next frame, a close included.
    pub async fn read_frame(&mut self) -> Result<Message, Lost> {
        Ok(self.socket.next().await.ok_or(Lost::Ended)??)
    }

    /// The next text; it may hold several lines, a message each.
    pub async fn read(&mut self) -> Result<String, Lost> {
        loop {
            match self.read_frame().await? {
                Message::Text(text) => return Ok(text.as_str().to_owned()),
                Message::Close(Some(frame)) => {
                    return Err(Lost::Closed { code: frame.code.into(), reason: frame.reason.as_str().to_owned() });
                }
                Message::Close(None) => return Err(Lost::Closed { code: 1006, reason: String::new() }),
                _ => {}
            }
        }
    }

    /// Closes politely, if the server still listens.
    pub async fn close(&mut self) {
        let _ = self.socket.close(None).await;
    }

    fn next_id(&mut self) -> u32 {
        self.last_id += 1;
        self.last_id
    }
}
