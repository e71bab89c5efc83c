//! What clients are answered and sent, in both forms.

use std::collections::BTreeMap;

use prost::Message;
use wassally_realtime::protocol::*;

use super::Pb::{self, Int, Sub, Text};
use super::{LIMIT, pb, raw};

/// The reply writes exactly these bytes in both forms.
#[track_caller]
fn reply(json: &str, protobuf: Vec<u8>, reply: Reply) {
    assert_eq!(Format::Json.encode(&reply).unwrap(), json);
    let mut framed = Format::Protobuf.encode(&reply).unwrap();
    let message = wassally_realtime::protocol::protobuf::take(&mut framed, LIMIT).unwrap();
    assert_eq!(message, protobuf);
    assert!(framed.is_empty());
    assert_eq!(Reply::decode(message).unwrap(), reply);
}

#[track_caller]
fn push(json: &str, protobuf: Vec<u8>, push: Push) {
    assert_eq!(Format::Json.encode_push(&push).unwrap(), json, "bare");
    reply(&format!(r#"{{"push":{json}}}"#), pb(&[(4, Sub(protobuf))]), Reply::push(push));
}

fn info() -> ClientInfo {
    ClientInfo { user: "u".into(), client: "c".into(), conn_info: raw("1"), chan_info: raw("[2]") }
}
const INFO: &str = r#"{"user":"u","client":"c","conn_info":1,"chan_info":[2]}"#;
fn pb_info() -> Pb<'static> {
    Sub(pb(&[(1, Text("u")), (2, Text("c")), (3, Text("1")), (4, Text("[2]"))]))
}

#[test]
fn connect_and_refresh_results() {
    let result = ConnectResult {
        client: "c".into(),
        version: "1".into(),
        expires: true,
        ttl: 60,
        data: raw("{}"),
        subs: BTreeMap::from([("s".into(), SubscribeResult::default())]),
        ping: 25,
        pong: true,
        session: "x".into(),
        node: "n".into(),
        time: 4,
        flag: 1,
        dict: Some(Dictionary { id: "d".into(), ..Default::default() }),
    };
    let fields = [
        (1, Text("c")),
        (2, Text("1")),
        (3, Int(1)),
        (4, Int(60)),
        (5, Text("{}")),
        (6, Sub(pb(&[(1, Text("s")), (2, Sub(vec![]))]))),
        (7, Int(25)),
        (8, Int(1)),
        (9, Text("x")),
        (10, Text("n")),
        (11, Int(4)),
        (12, Int(1)),
        (13, Sub(pb(&[(1, Text("d"))]))),
    ];
    let json = r#"{"id":1,"connect":{"client":"c","version":"1","expires":true,"ttl":60,"data":{},"subs":{"s":{}},"ping":25,"pong":true,"session":"x","node":"n","time":4,"flag":1,"dict":{"id":"d"}}}"#;
    // prost leaves out a map value that is its default, as proto3 allows: the entry holds its key alone.
    let mut fields = fields;
    fields[5] = (6, Sub(pb(&[(1, Text("s"))])));
    reply(json, pb(&[(1, Int(1)), (5, Sub(pb(&fields)))]), Reply::to(1, Answer::Connect(result)));
    reply(
        r#"{"id":2,"refresh":{"client":"c","version":"1","expires":true,"ttl":9}}"#,
        pb(&[(1, Int(2)), (14, Sub(pb(&[(1, Text("c")), (2, Text("1")), (3, Int(1)), (4, Int(9))])))]),
        Reply::to(2, Answer::Refresh(RefreshResult { client: "c".into(), version: "1".into(), expires: true, ttl: 9 })),
    );
}

#[test]
fn subscribe_results() {
    let publication = Publication { data: raw("1"), offset: 3, ..Default::default() };
    let pb_publication = || Sub(pb(&[(4, Text("1")), (6, Int(3))]));
    reply(
        r#"{"id":3,"subscribe":{"expires":true,"ttl":5,"recoverable":true,"positioned":true,"epoch":"e","offset":2,"was_recovering":true,"recovered":true,"publications":[{"data":1,"offset":3}],"data":{},"delta":true,"id":8,"type":1,"phase":2,"cursor":"c","state":[{"data":1,"offset":3}],"publish_debounce":7}}"#,
        pb(&[
            (1, Int(3)),
            (
                6,
                Sub(pb(&[
                    (1, Int(1)),
                    (2, Int(5)),
                    (3, Int(1)),
                    (6, Text("e")),
                    (7, pb_publication()),
                    (8, Int(1)),
                    (9, Int(2)),
                    (10, Int(1)),
                    (11, Text("{}")),
                    (12, Int(1)),
                    (13, Int(1)),
                    (14, Int(8)),
                    (15, Int(1)),
                    (16, Int(2)),
                    (17, Text("c")),
                    (18, pb_publication()),
                    (19, Int(7)),
                ])),
            ),
        ]),
        Reply::to(
            3,
            Answer::Subscribe(SubscribeResult {
                expires: true,
                ttl: 5,
                recoverable: true,
                positioned: true,
                epoch: "e".into(),
                offset: 2,
                was_recovering: true,
                recovered: true,
                publications: vec![publication.clone()],
                data: raw("{}"),
                delta: true,
                id: 8,
                kind: 1,
                phase: 2,
                cursor: "c".into(),
                state: vec![publication.clone()],
                publish_debounce: 7,
            }),
        ),
    );
    reply(
        r#"{"id":4,"sub_refresh":{"expires":true,"ttl":5,"items":[{"data":1,"offset":3}]}}"#,
        pb(&[(1, Int(4)), (15, Sub(pb(&[(1, Int(1)), (2, Int(5)), (3, pb_publication())])))]),
        Reply::to(4, Answer::SubRefresh(SubRefreshResult { expires: true, ttl: 5, items: vec![publication] })),
    );
}

#[test]
fn empty_results_are_there_and_some_zeros_are_never_left_out() {
    let empty = |number| pb(&[(1, Int(7)), (number, Sub(vec![]))]);
    let to = |answer| Reply::to(7, answer);
    reply(r#"{"id":7,"connect":{}}"#, empty(5), to(Answer::Connect(ConnectResult::default())));
    reply(r#"{"id":7,"subscribe":{}}"#, empty(6), to(Answer::Subscribe(SubscribeResult::default())));
    reply(r#"{"id":7,"unsubscribe":{}}"#, empty(7), to(Answer::Unsubscribe(UnsubscribeResult {})));
    reply(r#"{"id":7,"publish":{}}"#, empty(8), to(Answer::Publish(PublishResult {})));
    reply(r#"{"id":7,"presence":{"presence":{}}}"#, empty(9), to(Answer::Presence(PresenceResult::default())));
    let stats = PresenceStatsResult::default();
    reply(r#"{"id":7,"presence_stats":{"num_clients":0,"num_users":0}}"#, empty(10), to(Answer::PresenceStats(stats)));
    let history = HistoryResult::default();
    reply(r#"{"id":7,"history":{"publications":[],"epoch":"","offset":0}}"#, empty(11), to(Answer::History(history)));
    reply(r#"{"id":7,"ping":{}}"#, empty(12), to(Answer::Ping(PingResult {})));
    reply(r#"{"id":7,"rpc":{}}"#, empty(13), to(Answer::Rpc(RpcResult::default())));
    reply(r#"{"id":7,"refresh":{}}"#, empty(14), to(Answer::Refresh(RefreshResult::default())));
    reply(r#"{"id":7,"sub_refresh":{}}"#, empty(15), to(Answer::SubRefresh(SubRefreshResult::default())));
    let nobody = PresenceResult { presence: BTreeMap::from([("c".into(), ClientInfo::default())]) };
    let entry = pb(&[(1, Int(7)), (9, Sub(pb(&[(1, Sub(pb(&[(1, Text("c"))])))])))]);
    reply(r#"{"id":7,"presence":{"presence":{"c":{"user":"","client":""}}}}"#, entry, to(Answer::Presence(nobody)));
}

#[test]
fn results_with_content_and_errors() {
    reply(
        r#"{"id":1,"presence_stats":{"num_clients":2,"num_users":1}}"#,
        pb(&[(1, Int(1)), (10, Sub(pb(&[(1, Int(2)), (2, Int(1))])))]),
        Reply::to(1, Answer::PresenceStats(PresenceStatsResult { num_clients: 2, num_users: 1 })),
    );
    let publication = Publication { data: raw("1"), offset: 3, ..Default::default() };
    reply(
        r#"{"id":1,"history":{"publications":[{"data":1,"offset":3}],"epoch":"e","offset":3}}"#,
        pb(&[(1, Int(1)), (11, Sub(pb(&[(1, Sub(pb(&[(4, Text("1")), (6, Int(3))]))), (2, Text("e")), (3, Int(3))])))]),
        Reply::to(1, Answer::History(HistoryResult { publications: vec![publication], epoch: "e".into(), offset: 3 })),
    );
    let rpc = Reply::to(1, Answer::Rpc(RpcResult { data: raw("\"x\"") }));
    reply(r#"{"id":1,"rpc":{"data":"x"}}"#, pb(&[(1, Int(1)), (13, Sub(pb(&[(1, Text("\"x\""))])))]), rpc);
    reply(
        r#"{"id":1,"error":{"code":100,"message":"internal server error","temporary":true}}"#,
        pb(&[(1, Int(1)), (2, Sub(pb(&[(1, Int(100)), (2, Text("internal server error")), (3, Int(1))])))]),
        Reply::refused(1, ErrorReply::INTERNAL),
    );
}

#[test]
fn pushes() {
    let on = |body| Push::on("c", body);
    let body = |number, message| pb(&[(2, Text("c")), (number, Sub(message))]);
    let all = Publication {
        data: raw("{}"),
        info: Some(info()),
        offset: 1,
        tags: BTreeMap::from([("t".into(), "v".into())]),
        delta: true,
        time: 2,
        channel: "d".into(),
        key: "k".into(),
        removed: true,
        score: -1,
        epoch: "e".into(),
        version: 3,
    };
    push(
        &format!(
            r#"{{"channel":"c","pub":{{"data":{{}},"info":{INFO},"offset":1,"tags":{{"t":"v"}},"delta":true,"time":2,"channel":"d","key":"k","removed":true,"score":-1,"epoch":"e","version":3}}}}"#
        ),
        body(
            4,
            pb(&[
                (4, Text("{}")),
                (5, pb_info()),
                (6, Int(1)),
                (7, Sub(pb(&[(1, Text("t")), (2, Text("v"))]))),
                (8, Int(1)),
                (9, Int(2)),
                (10, Text("d")),
                (11, Text("k")),
                (12, Int(1)),
                (13, Int(1)),
                (14, Text("e")),
                (16, Int(3)),
            ]),
        ),
        on(PushBody::Pub(all)),
    );
    let by = pb(&[(1, pb_info())]);
    let joined = format!(r#"{{"info":{INFO}}}"#);
    push(
        &format!(r#"{{"channel":"c","join":{joined}}}"#),
        body(5, by.clone()),
        on(PushBody::Join(JoinPush { info: Some(info()) })),
    );
    push(&format!(r#"{{"channel":"c","leave":{joined}}}"#), body(6, by), on(PushBody::Leave(LeavePush { info: Some(info()) })));
    push(
        r#"{"channel":"c","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}"#,
        body(7, pb(&[(2, Int(2000)), (3, Text("server unsubscribe"))])),
        on(PushBody::Unsubscribe(UnsubscribePush { code: 2000, reason: "server unsubscribe".into() })),
    );
    push(
        r#"{"channel":"c","subscribe":{"recoverable":true,"epoch":"e","offset":4,"positioned":true,"data":5}}"#,
        body(9, pb(&[(1, Int(1)), (4, Text("e")), (5, Int(4)), (6, Int(1)), (7, Text("5"))])),
        on(PushBody::Subscribe(SubscribePush {
            recoverable: true,
            epoch: "e".into(),
            offset: 4,
            positioned: true,
            data: raw("5"),
        })),
    );
}

#[test]
fn pushes_without_a_channel() {
    let message = PushBody::Message(MessagePush { data: raw("1") });
    push(r#"{"message":{"data":1}}"#, pb(&[(8, Sub(pb(&[(1, Text("1"))])))]), Push::plain(message));
    push(
        r#"{"connect":{"client":"c","version":"1","expires":true,"ttl":2,"data":3,"subs":{"s":{"offset":1}},"ping":4,"pong":true,"session":"x","node":"n","time":5}}"#,
        pb(&[(
            10,
            Sub(pb(&[
                (1, Text("c")),
                (2, Text("1")),
                (3, Text("3")),
                (4, Sub(pb(&[(1, Text("s")), (2, Sub(pb(&[(9, Int(1))])))]))),
                (5, Int(1)),
                (6, Int(2)),
                (7, Int(4)),
                (8, Int(1)),
                (9, Text("x")),
                (10, Text("n")),
                (11, Int(5)),
            ])),
        )]),
        Push::plain(PushBody::Connect(ConnectPush {
            client: "c".into(),
            version: "1".into(),
            data: raw("3"),
            subs: BTreeMap::from([("s".into(), SubscribeResult { offset: 1, ..Default::default() })]),
            expires: true,
            ttl: 2,
            ping: 4,
            pong: true,
            session: "x".into(),
            node: "n".into(),
            time: 5,
        })),
    );
    push(
        r#"{"disconnect":{"code":3001,"reason":"shutdown","reconnect":true}}"#,
        pb(&[(11, Sub(pb(&[(1, Int(3001)), (2, Text("shutdown")), (3, Int(1))])))]),
        Push::plain(PushBody::Disconnect(DisconnectPush { code: 3001, reason: "shutdown".into(), reconnect: true })),
    );
    let refresh = PushBody::Refresh(RefreshPush { expires: true, ttl: 2 });
    push(r#"{"refresh":{"expires":true,"ttl":2}}"#, pb(&[(12, Sub(pb(&[(1, Int(1)), (2, Int(2))])))]), Push::plain(refresh));
}
