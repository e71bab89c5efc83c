//! The Protobuf form: each message is preceded by its length as an unsigned varint.

use bytes::{Bytes, BytesMut};
use prost::Message;

use super::framing::BadFrame;

/// Appends the length of `message` and then the message.
pub fn put(message: &impl Message, to: &mut BytesMut) {
    message.encode_length_delimited(to).expect("a BytesMut grows as needed");
}

/// Takes the next message's bytes off the front of `from`; `limit` is the largest message in bytes.
///
/// The length is compared as u64 before anything is allocated: it may claim up to 2^64 - 1.
/// Errors: `Malformed` when the length is no varint or reaches past the end, `TooLarge` when it is above the limit.
pub fn take(from: &mut Bytes, limit: usize) -> Result<Bytes, BadFrame> {
    let (length, width) = varint(from)?;
    if length > limit as u64 {
        return Err(BadFrame::TooLarge);
    }
    let rest = (from.len() - width) as u64;
    if length > rest {
        return Err(BadFrame::Malformed);
    }
    let _ = from.split_to(width);
    Ok(from.split_to(length as usize))
}

/// Value and width in bytes of the varint at the front.
fn varint(from: &[u8]) -> Result<(u64, usize), BadFrame> {
    let mut value = 0u64;
    for (i, byte) in from.iter().take(10).enumerate() {
        let bits = u64::from(byte & 0x7f);
        // The tenth byte has room for one bit.
        if i == 9 && bits > 1 {
            return Err(BadFrame::Malformed);
        }
        value |= bits << (7 * i);
        if byte & 0x80 == 0 {
            return Ok((value, i + 1));
        }
    }
    Err(BadFrame::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_up_to_the_whole_u64_are_refused_and_not_cast() {
        for length in [1u64 << 31, 1 << 32, 1 << 63, (1 << 63) + 1, u64::MAX] {
            let mut frame = BytesMut::new();
            prost::encoding::encode_varint(length, &mut frame);
            frame.extend_from_slice(b"xx");
            assert_eq!(take(&mut frame.freeze(), 65_536), Err(BadFrame::TooLarge), "{length}");
        }
    }

    #[test]
    fn a_length_past_the_end_or_without_an_end_is_malformed() {
        assert_eq!(take(&mut Bytes::from_static(&[3, 1, 2]), 100), Err(BadFrame::Malformed));
        assert_eq!(take(&mut Bytes::from_static(&[0xff; 11]), 100), Err(BadFrame::Malformed));
        assert_eq!(take(&mut Bytes::from_static(&[0x80]), 100), Err(BadFrame::Malformed));
        assert_eq!(take(&mut Bytes::new(), 100), Err(BadFrame::Malformed));
    }
}
