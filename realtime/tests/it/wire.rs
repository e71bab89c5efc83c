//! Every message of the wire in both forms, as in PROTOCOL's tables: field names and numbers, what is left out, what is not.

#![allow(clippy::unwrap_used, reason = "helpers of tests, and a test reports by a panic")]

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use prost::Message;
use wassally_realtime::protocol::framing::{self, commands};
use wassally_realtime::protocol::*;

mod commands;
mod replies;

const LIMIT: usize = 65_536;

/// A Protobuf message by hand: field numbers straight from the tables.
enum Pb<'a> {
    Int(u64),
    Text(&'a str),
    Sub(Vec<u8>),
}
use Pb::{Int, Sub, Text};

fn pb(fields: &[(u32, Pb)]) -> Vec<u8> {
    let mut out = BytesMut::new();
    for (number, value) in fields {
        let (wire, bytes) = match value {
            Int(value) => {
                prost::encoding::encode_varint(u64::from(*number) << 3, &mut out);
                prost::encoding::encode_varint(*value, &mut out);
                continue;
            }
            Text(text) => (2, text.as_bytes()),
            Sub(bytes) => (2, bytes.as_slice()),
        };
        prost::encoding::encode_varint(u64::from(*number) << 3 | wire, &mut out);
        prost::encoding::encode_varint(bytes.len() as u64, &mut out);
        out.extend_from_slice(bytes);
    }
    out.to_vec()
}

fn raw(json: &'static str) -> Bytes {
    Bytes::from_static(json.as_bytes())
}

/// The exact bytes of the table in PROTOCOL 1.4.
#[test]
fn the_conversation_of_the_protocol_page() {
    let read = |json: &str| serde_json::from_str::<Command>(json).unwrap();
    let connect = ConnectRequest { token: "…".into(), name: "js".into(), ..Default::default() };
    assert_eq!(
        read(r#"{"id":1,"connect":{"token":"…","name":"js"}}"#),
        Command { id: 1, request: Some(Request::Connect(connect)) }
    );
    let connected =
        ConnectResult { client: "0198…".into(), version: "1.0.0".into(), ping: 25, pong: true, ..Default::default() };
    let written = |reply: Reply| Format::Json.encode(&reply).unwrap();
    assert_eq!(
        written(Reply::to(1, Answer::Connect(connected))),
        r#"{"id":1,"connect":{"client":"0198…","version":"1.0.0","ping":25,"pong":true}}"#
    );
    let subscribe =
        SubscribeRequest { channel: "order:7".into(), recover: true, epoch: "a1".into(), offset: 41, ..Default::default() };
    assert_eq!(
        read(r#"{"id":2,"subscribe":{"channel":"order:7","recover":true,"epoch":"a1","offset":41}}"#),
        Command { id: 2, request: Some(Request::Subscribe(subscribe)) }
    );
    let subscribed = SubscribeResult {
        recoverable: true,
        positioned: true,
        epoch: "a1".into(),
        offset: 41,
        was_recovering: true,
        recovered: true,
        publications: vec![Publication { data: raw("{}"), offset: 42, ..Default::default() }],
        ..Default::default()
    };
    assert_eq!(
        written(Reply::to(2, Answer::Subscribe(subscribed))),
        r#"{"id":2,"subscribe":{"recoverable":true,"positioned":true,"epoch":"a1","offset":41,"was_recovering":true,"recovered":true,"publications":[{"data":{},"offset":42}]}}"#
    );
    let tags = BTreeMap::from([("k".into(), "v".into())]);
    let event = Publication { data: raw("{}"), offset: 43, tags, ..Default::default() };
    assert_eq!(
        written(Reply::push(Push::on("order:7", PushBody::Pub(event)))),
        r#"{"push":{"channel":"order:7","pub":{"data":{},"offset":43,"tags":{"k":"v"}}}}"#
    );
    let outbid = Error { code: 409, message: "outbid".into(), temporary: false };
    assert_eq!(written(Reply::refused(3, outbid)), r#"{"id":3,"error":{"code":409,"message":"outbid"}}"#);
    assert_eq!(written(Reply::ping()), "{}");
    assert_eq!(Format::Protobuf.encode(&Reply::ping()).unwrap(), &[0][..]);
    assert!(read("{}").is_pong());
}

#[test]
fn payloads_travel_byte_for_byte() {
    for payload in [r#"{"b": 1,"a":2,"a":3}"#, "1E+2", "12345678901234567890123", "null", r#""\u0041\/""#, "[ ]", "-0.0"] {
        let line = format!(r#"{{"id":1,"rpc":{{"method":"m","data":{payload}}}}}"#);
        let Some(Request::Rpc(rpc)) = serde_json::from_str::<Command>(&line).unwrap().request else { panic!("no rpc") };
        assert_eq!(rpc.data, payload);
        let answer = Reply::to(1, Answer::Rpc(RpcResult { data: rpc.data }));
        assert_eq!(Format::Json.encode(&answer).unwrap(), format!(r#"{{"id":1,"rpc":{{"data":{payload}}}}}"#));
    }
    let broken = Reply::to(1, Answer::Rpc(RpcResult { data: raw("{\r\n \"a\":\n1}") }));
    assert_eq!(Format::Json.encode(&broken).unwrap(), r#"{"id":1,"rpc":{"data":{ "a":1}}}"#, "one message is one line");
    let binary = Reply::to(1, Answer::Rpc(RpcResult { data: raw("plain text") }));
    assert_eq!(Format::Json.encode(&binary), Err(Unencodable));
    assert!(Format::Protobuf.encode(&binary).is_ok());
}

#[test]
fn unknown_fields_and_nulls_are_ignored() {
    let line = r#"{"id":1,"new":{"x":[1]},"connect":{"token":null,"subs":null,"later":true,"data":null},"rpc":null}"#;
    let connect = ConnectRequest { data: raw("null"), ..Default::default() };
    assert_eq!(serde_json::from_str::<Command>(line).unwrap().request, Some(Request::Connect(connect)));
    let with_unknown = pb(&[(1, Int(1)), (13, Sub(pb(&[(2, Text("m")), (90, Text("x"))]))), (91, Int(5))]);
    assert_eq!(
        Command::decode(&*with_unknown).unwrap().request,
        Some(Request::Rpc(RpcRequest { method: "m".into(), ..Default::default() }))
    );
}

fn read(format: Format, frame: impl Into<Bytes>) -> Vec<Result<u32, BadFrame>> {
    commands(format, frame.into(), LIMIT).map(|command| command.map(|command| command.id)).collect()
}

#[test]
fn a_frame_holds_many_commands_in_order() {
    use Format::{Json, Protobuf};
    assert_eq!(read(Json, "{\"id\":1}\n{\"id\":2}"), [Ok(1), Ok(2)]);
    assert_eq!(read(Json, "{\"id\":1}\n"), [Ok(1)], "one trailing break");
    assert_eq!(read(Json, "{\"id\":1}\n\n{\"id\":2}"), [Ok(1), Err(BadFrame::Malformed)]);
    assert_eq!(read(Json, ""), [Err(BadFrame::Empty)]);
    assert_eq!(read(Json, "\n"), [Err(BadFrame::Malformed)]);
    assert_eq!(read(Json, "{\"id\":1}\nnope\n{\"id\":3}"), [Ok(1), Err(BadFrame::Malformed)], "nothing is read after an error");
    for broken in ["[]", "1", "{\"id\":-1}", "{\"id\":\"1\"}", "{\"id\":1}{\"id\":2}", "{\"rpc\":1}", "{", "\u{0}"] {
        assert_eq!(read(Json, broken.to_owned()), [Err(BadFrame::Malformed)], "{broken}");
    }
    assert_eq!(read(Json, format!("{{\"id\":1,\"x\":\"{}\"}}", "x".repeat(LIMIT))), [Err(BadFrame::TooLarge)]);
    assert_eq!(read(Protobuf, &[2, 8, 1, 0, 2, 8, 2][..]), [Ok(1), Ok(0), Ok(2)]);
    assert_eq!(read(Protobuf, &[][..]), [Err(BadFrame::Empty)]);
    assert_eq!(read(Protobuf, &[2, 8, 1, 5, 8][..]), [Ok(1), Err(BadFrame::Malformed)]);
    assert_eq!(read(Protobuf, &[0xff; 12][..]), [Err(BadFrame::Malformed)]);
    let huge = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1];
    assert_eq!(read(Protobuf, huge.to_vec()), [Err(BadFrame::TooLarge)], "2^63");
    let deep = format!("{{\"id\":1,\"subscribe\":{{\"tf\":{}{}}}}}", "{\"nodes\":[".repeat(5_000), "]}".repeat(5_000));
    assert_eq!(read(Json, deep), [Err(BadFrame::Malformed)], "a tower of filters ends in an error, not in a stack overflow");
}

#[test]
fn a_broadcast_is_encoded_once_per_format_as_a_whole_message() {
    let publication = Publication { data: raw("{\"n\":1}"), offset: 3, ..Default::default() };
    let broadcast = Broadcast::publication("order:7", publication);
    let json = broadcast.frame(Format::Json).unwrap();
    let text = r#"{"push":{"channel":"order:7","pub":{"data":{"n":1},"offset":3}}}"#;
    assert_eq!((json[0], json[1] as usize, &json[2..]), (0x81, text.len(), text.as_bytes()));
    assert_eq!(broadcast.frame(Format::Json).unwrap().as_ptr(), json.as_ptr(), "the same bytes");
    let protobuf = broadcast.frame(Format::Protobuf).unwrap();
    assert_eq!((protobuf[0], protobuf[1] as usize), (0x82, protobuf.len() - 2));
    let text = Broadcast::publication("c", Publication { data: raw("plain"), ..Default::default() });
    assert_eq!(text.frame(Format::Json), Err(Unencodable));
    assert!(text.frame(Format::Protobuf).is_ok());
    assert!(!framing::fits(Format::Json, b"plain") && framing::fits(Format::Protobuf, b"plain"));
}

#[test]
fn codes_decide_whether_clients_come_back() {
    let returns = [Disconnect::SHUTDOWN, Disconnect::SLOW, Disconnect::NO_PONG, Disconnect::STATE_INVALIDATED];
    assert!(returns.iter().all(Disconnect::reconnects));
    let stays = [Disconnect::BAD_REQUEST, Disconnect::INVALID_TOKEN, Disconnect::STALE, Disconnect::own(4500, "")];
    assert!(!stays.iter().any(Disconnect::reconnects));
    assert!(Disconnect::own(4499, "").reconnects() && Disconnect::own(5000, "").reconnects());
    assert!(!Unsubscribe::SERVER.resubscribes() && Unsubscribe::INSUFFICIENT.resubscribes());
}
