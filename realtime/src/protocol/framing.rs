//! Messages in frames: many commands in one frame from the client; replies, and publications that many connections share, to it.

use std::sync::OnceLock;

use bytes::{Bytes, BytesMut};
use prost::Message;

use super::{Command, Publication, Push, PushBody, Reply, frames, json, protobuf};

/// The encoding of a connection's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Json,
    Protobuf,
}

/// Why a frame cannot be read; the connection ends with 3501.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadFrame {
    #[error("the frame is empty")]
    Empty,
    #[error("the frame holds something that is no command")]
    Malformed,
    #[error("a message in the frame claims to be larger than allowed")]
    TooLarge,
}

/// A payload is not JSON and must not reach a JSON client; that client is closed with 3506.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a payload is not JSON")]
pub struct Unencodable;

/// The commands of one frame, in order; ends after the first error.
#[derive(Debug)]
pub struct Commands {
    format: Format,
    rest: Bytes,
    limit: usize,
    state: State,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    First,
    More,
    Over,
}

/// Reads a frame's commands one by one; `limit` is the largest message in bytes.
///
/// In JSON they are lines, the last with or without its `\n`; in Protobuf each follows its length.
pub fn commands(format: Format, frame: Bytes, limit: usize) -> Commands {
    Commands { format, rest: frame, limit, state: State::First }
}

impl Iterator for Commands {
    type Item = Result<Command, BadFrame>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            let first = std::mem::replace(&mut self.state, State::Over) == State::First;
            return first.then_some(Err(BadFrame::Empty));
        }
        if self.state == State::Over {
            return None;
        }
        self.state = State::More;
        let command = match self.format {
            Format::Json => self.next_line(),
            Format::Protobuf => protobuf::take(&mut self.rest, self.limit)
                .and_then(|message| Command::decode(message).map_err(|_| BadFrame::Malformed)),
        };
        if command.is_err() {
            self.state = State::Over;
        }
        Some(command)
    }
}

impl Commands {
    fn next_line(&mut self) -> Result<Command, BadFrame> {
        let end = self.rest.iter().position(|b| *b == b'\n').unwrap_or(self.rest.len());
        let line = self.rest.split_to(end);
        if !self.rest.is_empty() {
            let _ = self.rest.split_to(1);
        }
        if line.len() > self.limit {
            return Err(BadFrame::TooLarge);
        }
        serde_json::from_slice(&line).map_err(|_| BadFrame::Malformed)
    }
}

impl Format {
    /// The plain message of one reply: a JSON line without its break, or Protobuf after its length.
    pub fn encode(self, reply: &Reply) -> Result<Bytes, Unencodable> {
        self.message(reply, reply)
    }

    /// The plain message of one push, as unidirectional transports carry it.
    pub fn encode_push(self, push: &Push) -> Result<Bytes, Unencodable> {
        self.message(push, push)
    }

    /// One complete WebSocket message with its header; server frames are not masked, so many connections may share it.
    pub fn frame(self, reply: &Reply) -> Result<Bytes, Unencodable> {
        Ok(self.wrap(&self.encode(reply)?))
    }

    /// The ping of this format as a complete WebSocket message.
    pub fn ping(self) -> Bytes {
        match self {
            Self::Json => Bytes::from_static(b"\x81\x02{}"),
            Self::Protobuf => Bytes::from_static(b"\x82\x01\x00"),
        }
    }

    fn message(self, json: &impl serde::Serialize, protobuf: &impl Message) -> Result<Bytes, Unencodable> {
        match self {
            Self::Json => serde_json::to_vec(json).map(Bytes::from).map_err(|_| Unencodable),
            Self::Protobuf => {
                let mut out = BytesMut::with_capacity(protobuf.encoded_len() + 5);
                protobuf::put(protobuf, &mut out);
                Ok(out.freeze())
            }
        }
    }

    fn wrap(self, message: &[u8]) -> Bytes {
        let mut out = BytesMut::with_capacity(message.len() + 10);
        frames::put_header(self.opcode(), message.len(), &mut out);
        out.extend_from_slice(message);
        out.freeze()
    }

    fn opcode(self) -> frames::Opcode {
        match self {
            Self::Json => frames::Opcode::Text,
            Self::Protobuf => frames::Opcode::Binary,
        }
    }
}

/// A push for many connections: encoded for the first connection of a format, then shared.
#[derive(Debug)]
pub struct Broadcast {
    push: Reply,
    json: OnceLock<Result<Bytes, Unencodable>>,
    protobuf: OnceLock<Result<Bytes, Unencodable>>,
}

impl Broadcast {
    /// A push to share; `push.body` is kept as long as the broadcast.
    pub fn new(push: Push) -> Self {
        Self { push: Reply::push(push), json: OnceLock::new(), protobuf: OnceLock::new() }
    }

    /// A publication of `channel`.
    pub fn publication(channel: &str, publication: Publication) -> Self {
        Self::new(Push::on(channel, PushBody::Pub(publication)))
    }

    /// The complete WebSocket message, header included.
    pub fn frame(&self, format: Format) -> Result<Bytes, Unencodable> {
        let slot = match format {
            Format::Json => &self.json,
            Format::Protobuf => &self.protobuf,
        };
        slot.get_or_init(|| format.frame(&self.push)).clone()
    }
}

/// Whether `payload` may go to clients of `format`.
pub fn fits(format: Format, payload: &[u8]) -> bool {
    format == Format::Protobuf || json::is_value(payload)
}
