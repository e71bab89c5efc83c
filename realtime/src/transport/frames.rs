//! The reader of WebSocket frames; what the server sends is in `protocol/frames.rs`.
//!
//! It takes whatever bytes the socket gave and keeps only an unfinished rest, grown by what arrived and never by what a header claims. Pure: no
//! socket, no task.

use bytes::Bytes;

pub use crate::protocol::frames::{Opcode, close, frame, pong, put_header};

/// A complete message or control frame of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    Text(Bytes),
    Binary(Bytes),
    Ping(Bytes),
    Pong(Bytes),
    /// Code and reason, where the client gave them. Nothing follows.
    Close(Option<(u16, String)>),
}

/// Why a stream of frames ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("{0}")]
    Protocol(&'static str),
    #[error("text that is not UTF-8")]
    NotText,
    #[error("the message is larger than allowed")]
    TooLarge,
}

impl Fault {
    /// The close code of this fault.
    pub fn code(self) -> u16 {
        match self {
            Self::Protocol(_) => 1002,
            Self::NotText => 1007,
            Self::TooLarge => 1009,
        }
    }
}

/// Reads the frames of one client, incrementally.
#[derive(Debug)]
pub struct Reader {
    limit: usize,
    /// The part of a frame's header that has arrived.
    header: [u8; 14],
    header_len: usize,
    /// The frame whose payload is arriving.
    current: Option<Head>,
    /// The message under way, unmasked, and its opcode from its first frame on.
    message: Vec<u8>,
    kind: Option<Opcode>,
    /// How many bytes of a text are known to be UTF-8.
    checked: usize,
    /// The control frame under way: it may arrive between a message's fragments.
    control: Vec<u8>,
    is_over: bool,
}

/// A frame's parsed header.
#[derive(Clone, Copy, Debug)]
struct Head {
    is_final: bool,
    opcode: u8,
    mask: [u8; 4],
    length: u64,
    read: u64,
}

impl Reader {
    /// A reader for messages of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            header: [0; 14],
            header_len: 0,
            current: None,
            message: Vec::new(),
            kind: None,
            checked: 0,
            control: Vec::new(),
            is_over: false,
        }
    }

    /// From the next frame on, messages have at most `limit` bytes.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// The size of unfinished frames, in bytes.
    pub fn buffered(&self) -> usize {
        self.message.capacity() + self.control.capacity()
    }

    /// Takes bytes off the front of `input` until a message is complete. `None`: everything is taken, and more must arrive.
    ///
    /// Errors: [`Fault`]; nothing is read after one, nor after a close frame.
    pub fn next(&mut self, input: &mut &[u8]) -> Result<Option<Incoming>, Fault> {
        if self.is_over {
            *input = &[];
            return Ok(None);
        }
        let read = self.read(input);
        self.is_over = matches!(read, Err(_) | Ok(Some(Incoming::Close(_))));
        read
    }

    fn read(&mut self, input: &mut &[u8]) -> Result<Option<Incoming>, Fault> {
        loop {
            let head = match self.current {
                Some(head) => head,
                None => match self.read_header(input)? {
                    Some(head) => head,
                    None => return Ok(None),
                },
            };
            let head = self.read_payload(head, input);
            if head.read < head.length {
                self.current = Some(head);
                return Ok(None);
            }
            self.current = None;
            if let Some(incoming) = self.finish(head)? {
                return Ok(Some(incoming));
            }
        }
    }

    /// Completes the header byte by byte; `None` when more must arrive.
    fn read_header(&mut self, input: &mut &[u8]) -> Result<Option<Head>, Fault> {
        loop {
            let wanted = match self.header_len {
                0 | 1 => 2,
                _ => match self.header[1] & 0x7f {
                    126 => 8,
                    127 => 14,
                    _ => 6,
                },
            };
            let missing = wanted - self.header_len;
            if missing == 0 {
                self.header_len = 0;
                return self.judge_header(wanted).map(Some);
            }
            let taken = missing.min(input.len());
            self.header[self.header_len..self.header_len + taken].copy_from_slice(&input[..taken]);
            self.header_len += taken;
            *input = &input[taken..];
            if self.header_len >= 2 {
                self.judge_first_bytes()?;
            }
            if taken < missing {
                return Ok(None);
            }
        }
    }

    /// The checks that need only the first two bytes.
    fn judge_first_bytes(&self) -> Result<(), Fault> {
        let (first, second) = (self.header[0], self.header[1]);
        let is_final = first & 0x80 != 0;
        if first & 0x70 != 0 {
            return Err(Fault::Protocol("reserved bits are set"));
        }
        match first & 0x0f {
            0 if self.kind.is_none() => return Err(Fault::Protocol("nothing to continue")),
            1 | 2 if self.kind.is_some() => return Err(Fault::Protocol("the message before is not finished")),
            0..=2 => {}
            8..=10 if !is_final => return Err(Fault::Protocol("a control frame in fragments")),
            8..=10 if second & 0x7f > 125 => return Err(Fault::Protocol("a control frame over 125 bytes")),
            8..=10 => {}
            _ => return Err(Fault::Protocol("unknown opcode")),
        }
        if second & 0x80 == 0 {
            return Err(Fault::Protocol("a client's frame without a mask"));
        }
        Ok(())
    }

    fn judge_header(&mut self, wanted: usize) -> Result<Head, Fault> {
        let header = &self.header;
        let length = match header[1] & 0x7f {
            126 => u64::from(u16::from_be_bytes([header[2], header[3]])),
            127 => u64::from_be_bytes([header[2], header[3], header[4], header[5], header[6], header[7], header[8], header[9]]),
            short => u64::from(short),
        };
        let mask = [header[wanted - 4], header[wanted - 3], header[wanted - 2], header[wanted - 1]];
        let opcode = header[0] & 0x0f;
        if opcode < 8 {
            // Compared as u64, before any memory is reserved for it.
            if length.saturating_add(self.message.len() as u64) > self.limit as u64 {
                return Err(Fault::TooLarge);
            }
            match opcode {
                1 => self.kind = Some(Opcode::Text),
                2 => self.kind = Some(Opcode::Binary),
                _ => {}
            }
        }
        Ok(Head { is_final: header[0] & 0x80 != 0, opcode, mask, length, read: 0 })
    }

    fn read_payload(&mut self, mut head: Head, input: &mut &[u8]) -> Head {
        let taken = (head.length - head.read).min(input.len() as u64) as usize;
        let (now, later) = input.split_at(taken);
        let into = if head.opcode >= 8 { &mut self.control } else { &mut self.message };
        let start = into.len();
        into.extend_from_slice(now);
        unmask(&mut into[start..], head.mask, head.read);
        head.read += taken as u64;
        *input = later;
        head
    }

    fn finish(&mut self, head: Head) -> Result<Option<Incoming>, Fault> {
        if head.opcode >= 8 {
            let payload = Bytes::from(std::mem::take(&mut self.control));
            return match head.opcode {
                8 => close_of(&payload).map(|close| Some(Incoming::Close(close))),
                9 => Ok(Some(Incoming::Ping(payload))),
                _ => Ok(Some(Incoming::Pong(payload))),
            };
        }
        if self.kind == Some(Opcode::Text) {
            self.check_text(head.is_final)?;
        }
        if !head.is_final {
            return Ok(None);
        }
        let message = Bytes::from(std::mem::take(&mut self.message));
        self.checked = 0;
        Ok(Some(match self.kind.take() {
            Some(Opcode::Binary) => Incoming::Binary(message),
            _ => Incoming::Text(message),
        }))
    }

    /// Checks each frame of a text as it ends; a fragment may end inside a character, the message may not.
    fn check_text(&mut self, is_final: bool) -> Result<(), Fault> {
        match std::str::from_utf8(&self.message[self.checked..]) {
            Ok(_) => self.checked = self.message.len(),
            Err(error) if error.error_len().is_some() || is_final => return Err(Fault::NotText),
            Err(error) => self.checked += error.valid_up_to(),
        }
        Ok(())
    }
}

/// Undoes the mask on a stretch of payload that begins `at` bytes into its frame.
fn unmask(payload: &mut [u8], mask: [u8; 4], at: u64) {
    let mut mask = mask;
    mask.rotate_left((at % 4) as usize);
    let (words, rest) = payload.as_chunks_mut::<4>();
    let word = u32::from_ne_bytes(mask);
    for chunk in words {
        *chunk = (u32::from_ne_bytes(*chunk) ^ word).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask) {
        *byte ^= mask;
    }
}

/// Code and reason of a close frame.
fn close_of(payload: &[u8]) -> Result<Option<(u16, String)>, Fault> {
    match payload {
        [] => Ok(None),
        [_] => Err(Fault::Protocol("half a close code")),
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            let reason = std::str::from_utf8(reason).map_err(|_| Fault::NotText)?;
            if !matches!(code, 1000..=1003 | 1007..=1013 | 3000..=4999) {
                return Err(Fault::Protocol("a close code that may not be sent"));
            }
            Ok(Some((code, reason.to_owned())))
        }
    }
}
