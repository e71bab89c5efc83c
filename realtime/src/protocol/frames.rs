//! WebSocket frames that the server sends.

use bytes::{Bytes, BytesMut};

/// The kinds of frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

/// Appends the header of an unmasked, final frame with a payload of `length` bytes.
pub fn put_header(opcode: Opcode, length: usize, to: &mut BytesMut) {
    to.extend_from_slice(&[0x80 | opcode as u8]);
    match length {
        0..=125 => to.extend_from_slice(&[length as u8]),
        126..=0xffff => {
            to.extend_from_slice(&[126]);
            to.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            to.extend_from_slice(&[127]);
            to.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}

/// A complete frame.
pub fn frame(opcode: Opcode, payload: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(payload.len() + 10);
    put_header(opcode, payload.len(), &mut out);
    out.extend_from_slice(payload);
    out.freeze()
}

/// The answer to a ping.
pub fn pong(payload: &[u8]) -> Bytes {
    frame(Opcode::Pong, payload)
}

/// A close frame. The reason is cut below 124 bytes, and one that is JSON gets a word in front: an SDK tries to parse it first.
pub fn close(code: u16, reason: &str) -> Bytes {
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(reason).is_ok();
    let reason = if is_json { format!("reason {reason}") } else { reason.to_owned() };
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend_from_slice(&reason.as_bytes()[..reason.floor_char_boundary(123)]);
    frame(Opcode::Close, &payload)
}
