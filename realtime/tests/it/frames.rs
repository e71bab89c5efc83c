//! The frame reader against a second decoder: whatever a client sends, in whatever pieces, both see the same.

use std::io::{self, Cursor, Read, Write};

use tokio_tungstenite::tungstenite::error::{CapacityError, Error};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, WebSocket};
use wassally_realtime::transport::frames::{self, Fault, Incoming, Opcode, Reader};

const LIMIT: usize = 2_000;

/// What a reader made of a stream: the messages, and how it ended.
#[derive(Debug, PartialEq)]
struct Seen {
    messages: Vec<Incoming>,
    /// The close code that answers the fault; `None` when the input just ended or the client closed.
    fault: Option<u16>,
}

/// Ours, fed in random pieces.
fn ours(input: &[u8], rng: &mut fastrand::Rng) -> Seen {
    let mut reader = Reader::new(LIMIT);
    let mut messages = Vec::new();
    let mut rest = input;
    while !rest.is_empty() {
        let (mut piece, later) = rest.split_at(rng.usize(1..=rest.len().min(300)));
        rest = later;
        loop {
            match reader.next(&mut piece) {
                Ok(Some(incoming)) => messages.push(incoming),
                Ok(None) => break,
                Err(fault) => return Seen { messages, fault: Some(fault.code()) },
            }
        }
        assert!(piece.is_empty(), "what was not taken would be lost");
        assert!(reader.buffered() <= 2 * (LIMIT + 125 + 300), "{} bytes are buffered", reader.buffered());
    }
    Seen { messages, fault: None }
}

struct Wire<'a>(Cursor<&'a [u8]>);

impl Read for Wire<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.0.read(into)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            some => Ok(some),
        }
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The second opinion. Protocol errors that it answers and we only pass on are brought to the same shape.
fn theirs(input: &[u8]) -> Seen {
    let config =
        WebSocketConfig::default().max_message_size(Some(LIMIT)).max_frame_size(Some(LIMIT)).accept_unmasked_frames(false);
    let mut socket = WebSocket::from_raw_socket(Wire(Cursor::new(input)), Role::Server, Some(config));
    let mut messages = Vec::new();
    let fault = loop {
        match socket.read() {
            Ok(Message::Text(text)) => messages.push(Incoming::Text(bytes::Bytes::from(text))),
            Ok(Message::Binary(bytes)) => messages.push(Incoming::Binary(bytes)),
            Ok(Message::Ping(bytes)) => messages.push(Incoming::Ping(bytes)),
            Ok(Message::Pong(bytes)) => messages.push(Incoming::Pong(bytes)),
            // A code that may not be sent is reported as this.
            Ok(Message::Close(Some(close))) if close.reason == "Protocol violation" => break Some(1002),
            Ok(Message::Close(close)) => {
                messages.push(Incoming::Close(close.map(|close| (close.code.into(), close.reason.to_string()))));
                break None;
            }
            Ok(Message::Frame(_)) => unreachable!("only for raw writes"),
            Err(Error::Capacity(CapacityError::MessageTooLong { .. })) => break Some(1009),
            Err(Error::Utf8(_)) => break Some(1007),
            Err(Error::Io(_)) => break None,
            Err(Error::Protocol(_)) => break Some(1002),
            Err(Error::ConnectionClosed | Error::AlreadyClosed) => break None,
            Err(other) => panic!("{other}"),
        }
    };
    Seen { messages, fault }
}

/// A masked client frame.
fn put(out: &mut Vec<u8>, first: u8, payload: &[u8], mask: [u8; 4]) {
    out.push(first);
    match payload.len() {
        length @ 0..=125 => out.push(0x80 | length as u8),
        length @ 126..=0xffff => {
            out.push(0x80 | 126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            out.push(0x80 | 127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&mask);
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

fn control(rng: &mut fastrand::Rng, out: &mut Vec<u8>) {
    let payload: Vec<u8> = (0..rng.usize(..126)).map(|_| rng.u8(..)).collect();
    let mask = rng.u32(..).to_be_bytes();
    put(out, 0x80 | if rng.bool() { 9 } else { 10 }, &payload, mask);
}

/// Whole messages in fragments with control frames between them, and perhaps a close.
fn conversation(rng: &mut fastrand::Rng) -> Vec<u8> {
    let mut out = Vec::new();
    for _ in 0..rng.usize(1..6) {
        let is_text = rng.bool();
        let most = if rng.u8(..20) == 0 { LIMIT + 10 } else { 400 };
        let text: String = (0..rng.usize(..most)).map(|_| *rng.choice(&['a', 'ж', '€', '𝄞', '{']).expect("one")).collect();
        let mut rest = text.as_bytes();
        let mut first = true;
        loop {
            let (now, later) = rest.split_at(if rng.bool() { rest.len() } else { rng.usize(..=rest.len()) });
            rest = later;
            let opcode = if !first {
                0
            } else if is_text {
                1
            } else {
                2
            };
            let mask = rng.u32(..).to_be_bytes();
            put(&mut out, if rest.is_empty() { 0x80 } else { 0 } | opcode, now, mask);
            first = false;
            if rng.u8(..4) == 0 {
                control(rng, &mut out);
            }
            if rest.is_empty() {
                break;
            }
        }
    }
    if rng.u8(..3) == 0 {
        let code = *rng.choice(&[999u16, 1000, 1001, 1004, 1005, 1006, 1009, 1015, 2999, 3000, 3501, 4999, 5000]).expect("one");
        let payload = match rng.u8(..4) {
            0 => vec![],
            1 => vec![3],
            _ => [&code.to_be_bytes()[..], "bye €".as_bytes()].concat(),
        };
        put(&mut out, 0x88, &payload, [1, 2, 3, 4]);
    }
    out
}

fn mutate(rng: &mut fastrand::Rng, bytes: &mut Vec<u8>) {
    for _ in 0..rng.usize(1..4) {
        let at = rng.usize(..bytes.len());
        match rng.u8(..4) {
            0 => bytes[at] = rng.u8(..),
            1 => bytes[at] ^= 1 << rng.u8(..8),
            2 => drop(bytes.remove(at)),
            _ => bytes.insert(at, rng.u8(..)),
        }
        if bytes.is_empty() {
            bytes.push(0x81);
        }
    }
}

#[test]
fn both_readers_see_the_same_in_any_stream() {
    let seed =
        std::env::var("FRAMES_SEED").ok().map_or_else(|| fastrand::u64(..u64::MAX / 2), |seed| seed.parse().expect("a number"));
    println!("FRAMES_SEED={seed}");
    let (mut messages, mut faults) = (0, 0);
    for seed in seed..seed + 30_000 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut input = conversation(&mut rng);
        if rng.u8(..3) > 0 {
            mutate(&mut rng, &mut input);
            // We refuse a header for its first two bytes, they once the frame is whole: let it become whole.
            input.extend_from_slice(&[0; 2 * LIMIT]);
        }
        let (ours, theirs) = (ours(&input, &mut rng), theirs(&input));
        let brief = |seen: &Seen| format!("{} messages, fault {:?}", seen.messages.len(), seen.fault);
        // For a frame that is both invalid and too large we report the first fault, they the second.
        let is_both = ours.messages == theirs.messages && (ours.fault, theirs.fault) == (Some(1002), Some(1009));
        assert!(ours == theirs || is_both, "FRAMES_SEED={seed}: {} against {}", brief(&ours), brief(&theirs));
        messages += ours.messages.len();
        faults += usize::from(ours.fault.is_some());
    }
    assert!(messages > 50_000 && faults > 3_000, "{messages} messages and {faults} faults test too little");
}

fn one(input: &[u8]) -> Result<Option<Incoming>, Fault> {
    let mut rest = input;
    Reader::new(65_536).next(&mut rest)
}

#[test]
fn a_claimed_size_is_refused_before_memory_is_reserved() {
    for claim in [65_537u64, 1 << 32, 1 << 63, u64::MAX] {
        let mut reader = Reader::new(65_536);
        let header = [&[0x82, 0xff][..], &claim.to_be_bytes(), &[0; 4]].concat();
        assert_eq!(reader.next(&mut &header[..]), Err(Fault::TooLarge), "{claim}");
        assert_eq!(reader.buffered(), 0);
    }
    let mut reader = Reader::new(100);
    let mut parts = Vec::new();
    put(&mut parts, 0x02, &[0; 60], [0; 4]);
    put(&mut parts, 0x80, &[0; 60], [0; 4]);
    let mut rest = &parts[..];
    assert_eq!(reader.next(&mut rest), Err(Fault::TooLarge), "the parts together count");
    assert_eq!(reader.next(&mut rest), Ok(None), "nothing is read after a fault");
}

#[test]
fn faults_have_their_codes() {
    let text = |payload: &[u8]| {
        let mut out = Vec::new();
        put(&mut out, 0x81, payload, [9, 8, 7, 6]);
        one(&out)
    };
    assert_eq!(text("€".as_bytes()), Ok(Some(Incoming::Text("€".into()))));
    assert_eq!(text(&[0xe2, 0x82]).map_err(Fault::code), Err(1007));
    assert_eq!(one(&[0x81, 0x02, b'h', b'i']).map_err(Fault::code), Err(1002), "no mask");
    assert_eq!(one(&[0xc1, 0x80]).map_err(Fault::code), Err(1002), "a reserved bit");
    assert_eq!(one(&[0x83]).map_err(Fault::code), Ok(None), "one byte is not enough");
    assert_eq!(one(&[0x83, 0x80]).map_err(Fault::code), Err(1002), "an unknown opcode");
    assert_eq!(one(&[0x09, 0x80]).map_err(Fault::code), Err(1002), "a ping in fragments");
    assert_eq!(one(&[0x89, 0xfe]).map_err(Fault::code), Err(1002), "a ping over 125 bytes");
    assert_eq!(one(&[0x80, 0x80]).map_err(Fault::code), Err(1002), "nothing to continue");
}

#[test]
fn other_readers_accept_what_we_send() {
    for length in [0, 1, 125, 126, 65_535, 65_536, 100_000] {
        let payload = vec![b'x'; length];
        let frame = frames::frame(Opcode::Text, &payload);
        let mut client = WebSocket::from_raw_socket(Wire(Cursor::new(&frame[..])), Role::Client, None);
        assert_eq!(client.read().unwrap(), Message::text("x".repeat(length)));
    }
    let reason = |frame: &[u8]| String::from_utf8(frame[4..].to_vec()).unwrap();
    assert_eq!(reason(&frames::close(3001, "shutdown")), "shutdown");
    assert_eq!(reason(&frames::close(3001, "17")), "reason 17", "SDKs parse a JSON reason");
    let long = reason(&frames::close(4000, &"ж".repeat(100)));
    assert_eq!((long.len(), long.chars().count()), (122, 61), "cut below 124 bytes, on a character");
    for json in ["\"x\"", "{}", "null", "1e3", " true "] {
        let reason = reason(&frames::close(4000, json));
        assert!(serde_json::from_str::<serde_json::Value>(&reason).is_err(), "{reason}");
    }
}
