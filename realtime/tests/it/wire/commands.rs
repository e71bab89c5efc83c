//! What clients request, in both forms.

use std::collections::BTreeMap;

use prost::Message;
use wassally_realtime::protocol::*;

use super::Pb::{Int, Sub, Text};
use super::{pb, raw};

/// The command reads from both forms and writes back as it came.
#[track_caller]
fn command(json: &str, protobuf: Vec<u8>, id: u32, request: Request) {
    let command = Command { id, request: Some(request) };
    assert_eq!(serde_json::from_str::<Command>(json).unwrap(), command, "read from JSON");
    assert_eq!(serde_json::to_string(&command).unwrap(), json);
    assert_eq!(Command::decode(&*protobuf).unwrap(), command, "read from Protobuf");
    assert_eq!(command.encode_to_vec(), protobuf);
}

#[test]
fn connect_and_refresh_commands() {
    let sub = SubscribeRequest { recover: true, epoch: "e".into(), offset: 5, ..Default::default() };
    command(
        r#"{"id":1,"connect":{"token":"t","data":{"a": 1},"subs":{"s":{"recover":true,"epoch":"e","offset":5}},"name":"js","version":"2","headers":{"h":"v"},"flag":1,"dict":"d","profile":"p"}}"#,
        pb(&[
            (1, Int(1)),
            (
                4,
                Sub(pb(&[
                    (1, Text("t")),
                    (2, Text(r#"{"a": 1}"#)),
                    (3, Sub(pb(&[(1, Text("s")), (2, Sub(pb(&[(3, Int(1)), (6, Text("e")), (7, Int(5))])))]))),
                    (4, Text("js")),
                    (5, Text("2")),
                    (6, Sub(pb(&[(1, Text("h")), (2, Text("v"))]))),
                    (7, Int(1)),
                    (8, Text("d")),
                    (9, Text("p")),
                ])),
            ),
        ]),
        1,
        Request::Connect(ConnectRequest {
            token: "t".into(),
            data: raw(r#"{"a": 1}"#),
            subs: BTreeMap::from([("s".into(), sub)]),
            name: "js".into(),
            version: "2".into(),
            headers: BTreeMap::from([("h".into(), "v".into())]),
            flag: 1,
            dict: "d".into(),
            profile: "p".into(),
        }),
    );
    let refresh = Request::Refresh(RefreshRequest { token: "t".into() });
    command(r#"{"id":2,"refresh":{"token":"t"}}"#, pb(&[(1, Int(2)), (14, Sub(pb(&[(1, Text("t"))])))]), 2, refresh);
}

#[test]
fn subscribe_commands() {
    let leaf = FilterNode { key: "k".into(), cmp: "in".into(), vals: vec!["a".into()], ..Default::default() };
    let not = FilterNode { op: "not".into(), nodes: vec![leaf], ..Default::default() };
    command(
        r#"{"id":3,"subscribe":{"channel":"c","token":"t","recover":true,"epoch":"e","offset":7,"data":[],"positioned":true,"recoverable":true,"join_leave":true,"delta":"fossil","tf":{"op":"not","nodes":[{"key":"k","cmp":"in","vals":["a"]}]},"flag":3,"type":1,"phase":2,"cursor":"x","limit":100,"asc":true}}"#,
        pb(&[
            (1, Int(3)),
            (
                5,
                Sub(pb(&[
                    (1, Text("c")),
                    (2, Text("t")),
                    (3, Int(1)),
                    (6, Text("e")),
                    (7, Int(7)),
                    (8, Text("[]")),
                    (9, Int(1)),
                    (10, Int(1)),
                    (11, Int(1)),
                    (12, Text("fossil")),
                    (13, Sub(pb(&[(1, Text("not")), (6, Sub(pb(&[(2, Text("k")), (3, Text("in")), (5, Text("a"))])))]))),
                    (14, Int(3)),
                    (15, Int(1)),
                    (16, Int(2)),
                    (17, Text("x")),
                    (18, Int(100)),
                    (19, Int(1)),
                ])),
            ),
        ]),
        3,
        Request::Subscribe(SubscribeRequest {
            channel: "c".into(),
            token: "t".into(),
            recover: true,
            epoch: "e".into(),
            offset: 7,
            data: raw("[]"),
            positioned: true,
            recoverable: true,
            join_leave: true,
            delta: "fossil".into(),
            tf: Some(not),
            flag: 3,
            kind: 1,
            phase: 2,
            cursor: "x".into(),
            limit: 100,
            asc: true,
        }),
    );
    let track = TrackBatch { signature: "s".into(), items: vec![KeyedItem { key: "k".into(), version: 9 }] };
    command(
        r#"{"id":4,"sub_refresh":{"channel":"c","token":"t","type":1,"track":[{"signature":"s","items":[{"key":"k","version":9}]}],"untrack":["u"]}}"#,
        pb(&[
            (1, Int(4)),
            (
                15,
                Sub(pb(&[
                    (1, Text("c")),
                    (2, Text("t")),
                    (3, Int(1)),
                    (4, Sub(pb(&[(1, Text("s")), (2, Sub(pb(&[(1, Text("k")), (2, Int(9))])))]))),
                    (5, Text("u")),
                ])),
            ),
        ]),
        4,
        Request::SubRefresh(SubRefreshRequest {
            channel: "c".into(),
            token: "t".into(),
            kind: 1,
            track: vec![track],
            untrack: vec!["u".into()],
        }),
    );
}

#[test]
fn the_other_commands() {
    let channel = || pb(&[(1, Text("c"))]);
    let c = || "c".to_string();
    let one = |number| pb(&[(1, Int(5)), (number, Sub(channel()))]);
    command(r#"{"id":5,"unsubscribe":{"channel":"c"}}"#, one(6), 5, Request::Unsubscribe(UnsubscribeRequest { channel: c() }));
    command(r#"{"id":5,"presence":{"channel":"c"}}"#, one(8), 5, Request::Presence(PresenceRequest { channel: c() }));
    command(
        r#"{"id":5,"presence_stats":{"channel":"c"}}"#,
        one(9),
        5,
        Request::PresenceStats(PresenceStatsRequest { channel: c() }),
    );
    command(
        r#"{"id":6,"publish":{"channel":"c","data":null,"type":1,"key":"k","removed":true}}"#,
        pb(&[(1, Int(6)), (7, Sub(pb(&[(1, Text("c")), (2, Text("null")), (3, Int(1)), (4, Text("k")), (5, Int(1))])))]),
        6,
        Request::Publish(PublishRequest { channel: c(), data: raw("null"), kind: 1, key: "k".into(), removed: true }),
    );
    command(
        r#"{"id":7,"history":{"channel":"c","limit":-1,"since":{"offset":3,"epoch":"e"},"reverse":true}}"#,
        pb(&[
            (1, Int(7)),
            (10, Sub(pb(&[(1, Text("c")), (7, Int(u64::MAX)), (8, Sub(pb(&[(1, Int(3)), (2, Text("e"))]))), (9, Int(1))]))),
        ]),
        7,
        Request::History(HistoryRequest {
            channel: c(),
            limit: -1,
            since: Some(StreamPosition { offset: 3, epoch: "e".into() }),
            reverse: true,
        }),
    );
    command(r#"{"id":8,"ping":{}}"#, pb(&[(1, Int(8)), (11, Sub(vec![]))]), 8, Request::Ping(PingRequest {}));
    command(r#"{"send":{"data":1}}"#, pb(&[(12, Sub(pb(&[(1, Text("1"))])))]), 0, Request::Send(SendRequest { data: raw("1") }));
    command(
        r#"{"id":9,"rpc":{"data":{"x":1E+2},"method":"m"}}"#,
        pb(&[(1, Int(9)), (13, Sub(pb(&[(1, Text(r#"{"x":1E+2}"#)), (2, Text("m"))])))]),
        9,
        Request::Rpc(RpcRequest { data: raw(r#"{"x":1E+2}"#), method: "m".into() }),
    );
    let emulation = EmulationRequest { node: "n".into(), session: "s".into(), data: raw("{}\n{}") };
    let text = r#"{"node":"n","session":"s","data":"{}\n{}"}"#;
    assert_eq!(serde_json::to_string(&emulation).unwrap(), text);
    assert_eq!(serde_json::from_str::<EmulationRequest>(text).unwrap(), emulation);
    assert_eq!(emulation.encode_to_vec(), pb(&[(1, Text("n")), (2, Text("s")), (3, Text("{}\n{}"))]));
}
