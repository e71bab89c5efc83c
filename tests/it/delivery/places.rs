//! Positions of crews: pings, followers, the staff's map.
use super::{at_the_address, ids, on_the_clock, town};
use crate::kit::{HOME, Person, TestApp};
use serde_json::{Value, json};
use std::sync::Arc;
use wassally::actor::Role;

#[tokio::test(flavor = "multi_thread")]
async fn pings_are_judged_one_by_one() {
    let (app, _, _) = town().await;
    let crew = app.crew_on_duty().await;
    let ping = |lat: f64, lng: f64, ago: i64| json!({ "lat": lat, "lng": lng, "at": on_the_clock(&app, ago), "accuracy_m": 5 });
    let taken = crew
        .post(
            "/api/delivery/pings/",
            json!({ "pings": [
            ping(HOME.0, HOME.1, 20), ping(0.0, 0.0, 10), ping(91.0, 0.0, 10), ping(HOME.0, HOME.1, 20), ping(HOME.0, HOME.1, 30),
            ping(HOME.0, HOME.1, -3600), ping(HOME.0, HOME.1 + 1.0, 10), ping(HOME.0, HOME.1, 200_000), ping(HOME.0, HOME.1, 0),
        ] }),
        )
        .await;
    assert_eq!(taken.status, 202);
    assert_eq!(taken.body["accepted"], 3, "{}", taken.body);
    let codes: Vec<(u64, &str)> = taken.body["rejected"]
        .as_array()
        .expect("rejections")
        .iter()
        .map(|one| (one["index"].as_u64().expect("an index"), one["code"].as_str().expect("a code")))
        .collect();
    assert_eq!(
        codes,
        [(1, "null_island"), (2, "bad_coordinates"), (3, "duplicate"), (5, "future"), (6, "implausible"), (7, "too_old")]
    );

    let bad =
        crew.post("/api/delivery/pings/", json!({ "pings": [{ "lat": "x", "lng": 1, "at": on_the_clock(&app, 0) }] })).await;
    assert_eq!(bad.refused(422, "invalid")["errors"][0]["field"], "pings[0].lat");
    let mut phone = crew.socket().await;
    phone.call("delivery.ping", json!({ "lat": 1 })).await.expect_err("without lng");
    let answer = phone.call("delivery.ping", ping(HOME.0, HOME.1, -1)).await.expect("taken");
    assert_eq!(answer["accepted"], 1);
    let several = json!([ping(HOME.0, HOME.1, -2), ping(0.0, 0.0, -2)]);
    let answer = phone.call("delivery.ping", several).await.expect("a list is taken too");
    assert_eq!(answer["rejected"], json!([{ "index": 1, "code": "null_island" }]), "{answer}");
    crew.streams(&mut phone, json!("nonsense")).await;

    // Another phone takes the duty over; the first one's pings are no longer believed.
    phone.call("delivery.duty", json!({ "on_duty": true })).await.expect("duty 2");
    let mut late = ping(HOME.0, HOME.1, -3);
    late["duty"] = json!(1);
    assert_eq!(phone.call("delivery.ping", late).await.expect("an answer")["rejected"][0]["code"], "taken_over");
    phone.call("delivery.duty", json!({ "on_duty": false })).await.expect("off duty");
    assert_eq!(
        phone.call("delivery.ping", ping(HOME.0, HOME.1, -4)).await.expect("an answer")["rejected"][0]["code"],
        "off_duty"
    );

    let staff = app.staff().await;
    let trail = staff.get(&format!("/api/staff/crews/{}/trail/", crew.id)).await.ok();
    let late: Vec<&Value> = trail["items"].as_array().expect("a trail").iter().filter(|fix| fix["late"] == true).collect();
    assert_eq!(late.len(), 1, "{trail}");
    let line = staff.get(&format!("/api/staff/crews/{}/trail/?tolerance_m=50", crew.id)).await.ok();
    assert!(line["items"].as_array().expect("a line").len() <= trail["items"].as_array().expect("a trail").len(), "{line}");
    crew.get(&format!("/api/staff/crews/{}/trail/", crew.id)).await.refused(403, "forbidden");
    for wrong in [
        "to=-262143-01-01T00:00:00Z",
        "to=%2B262142-12-31T23:59:59Z",
        "from=-262143-01-01T00:00:00Z",
        "from=0001-01-01T00:00:00Z&to=0001-01-01T01:00:00Z",
        "from=2026-05-04T12:00:00Z&to=2026-05-04T11:00:00Z",
        "from=2026-05-04T12:00:00Z&to=2026-06-04T12:00:01Z",
        "tolerance_m=-1",
    ] {
        staff.get(&format!("/api/staff/crews/{}/trail/?{wrong}", crew.id)).await.refused(422, "invalid");
    }
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_gets_their_crew_coarsely_then_exactly_then_no_more() {
    let (app, stall, anna) = town().await;
    let crew = app.crew().await;
    let order = anna.order_from(&stall, 1).await;
    let track = format!("track:{order}");
    let mut page = anna.socket().await;
    assert_eq!(page.try_subscribe(&track).await, Err((404, "not_found".into())), "nobody is on the way yet");
    crew.claim(&order).await.ok();
    let first = page.subscribe(&track).await["data"].clone();
    assert_eq!((&first["type"], &first["coarse"], &first["radius_m"]), (&json!("position"), &json!(true), &json!(600.0)));
    assert_ne!(first["lat"], json!(HOME.0));
    assert!(first.get("heading_deg").is_none() && first["remaining_m"].as_i64().is_some_and(|m| m > 0), "{first}");

    crew.advance(&order).await.ok();
    let exact =
        page.expect(|message| message["push"]["channel"] == track && message["push"]["pub"]["data"]["lat"].is_number()).await;
    let exact = &exact["push"]["pub"]["data"];
    assert!(exact.get("coarse").is_none() && (exact["lat"].as_f64().expect("lat") - HOME.0).abs() < 1e-6, "{exact}");
    crew.ping(HOME.0 + 0.0001, HOME.1).await;
    let next = page.expect_push(&track, "position").await["data"].clone();
    assert!(next["lat"].as_f64().is_some_and(|lat| lat > HOME.0), "{next}");

    let pin = anna.proof(&order).await["pin"].clone();
    crew.confirm(&order, json!({ "pin": pin })).await.ok();
    assert_eq!(page.expect_push(&track, "state").await["data"]["status"], "DELIVERED");
    let gone = page.expect(|message| message["push"]["unsubscribe"].is_object() && message["push"]["channel"] == track).await;
    assert_eq!(gone["push"]["unsubscribe"]["code"], 2000);
    crew.ping(HOME.0, HOME.1).await;
    assert_eq!(page.so_far(&track).await, Vec::<Value>::new());
    assert_eq!(page.try_subscribe(&track).await, Err((404, "not_found".into())));
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_addresses_only_the_nearer_gets_the_exact_position() {
    let (app, stall, anna) = town().await;
    let (crew, far) = (app.crew().await, app.customer().await);
    far.patch(
        "/api/users/me/",
        json!({ "location_lat": HOME.0 + 0.02, "location_lng": HOME.1, "location_address": "Hill Road 9" }),
    )
    .await
    .ok();
    let (near, away) = (at_the_address(&stall, &anna, &crew).await, at_the_address(&stall, &far, &crew).await);
    let third = anna.order_from(&stall, 1).await;
    crew.claim(&third).await.ok();
    let seen = async |who: &Person, order: &str| {
        let seen = who.socket().await.subscribe(&format!("track:{order}")).await["data"].clone();
        assert_eq!(seen["type"], "position");
        (seen["coarse"] == true, seen["other_stop_first"] == true)
    };
    assert_eq!(seen(&anna, &near).await, (false, false));
    assert_eq!(seen(&far, &away).await, (true, true), "and the customer gets the reason");
    assert_eq!(seen(&anna, &third).await, (true, false), "nothing is picked up for this one yet");

    let mut page = far.socket().await;
    let track = format!("track:{away}");
    page.subscribe(&track).await;
    // On to the far address, and back: each turn is published at once.
    for (lat, other_first) in [(HOME.0 + 0.0195, false), (HOME.0, true)] {
        // The third fix at a place that is too far to be reached so quickly is accepted.
        for nudge in 0..3 {
            crew.ping(lat + f64::from(nudge) * 0.00001, HOME.1).await;
        }
        let is_turn = |message: &Value| {
            let body = &message["push"]["pub"]["data"];
            message["push"]["channel"] == track && body["type"] == "position" && (body["other_stop_first"] == true) == other_first
        };
        let turn = page.expect(is_turn).await["push"]["pub"]["data"].clone();
        assert_eq!(turn["coarse"] == true, other_first, "{turn}");
    }
    let pin = anna.proof(&near).await["pin"].clone();
    crew.confirm(&near, json!({ "pin": pin })).await.ok();
    assert_eq!(seen(&far, &away).await, (false, false));
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_watches_its_own_channels_alone() {
    let (app, stall, anna) = town().await;
    let (crew, other) = (app.crew().await, app.crew().await);
    let order = at_the_address(&stall, &anna, &crew).await;
    let cell = wassally_geo::Cell::map(wassally_geo::Point::new(HOME.0, HOME.1).expect("a point"));
    let channels =
        [format!("track:{order}"), format!("crew:{}", crew.id), crew.nearby(), format!("map:{cell}"), "staff:ops".into()];
    let (no, role) = (Some(404), Some(403));
    let strangers = [app.customer().await, app.stall(1).await.owner, other];
    for (who, expected) in [
        (&anna, [None, no, no, role, role]),
        (&stall.owner, [None, no, no, role, role]),
        (&crew, [no, Some(105), None, role, role]),
        (&app.staff().await, [None, None, no, None, None]),
        (&app.person(Role::Superadmin).await, [None, None, no, None, None]),
        (&strangers[0], [no, no, no, role, role]),
        (&strangers[1], [no, no, no, role, role]),
        (&strangers[2], [no, no, no, role, role]),
    ] {
        let mut socket = who.socket().await;
        for (channel, expected) in channels.iter().zip(expected) {
            let answer = socket.try_subscribe(channel).await.err().map(|(code, _)| code);
            assert_eq!(answer, expected, "{} {channel}", who.username);
        }
    }
    let mut staff = app.staff().await.socket().await;
    for wrong in ["map:berlin", "staff:kitchen", "track:nonsense", "crew:nonsense"] {
        assert_eq!(staff.try_subscribe(wrong).await, Err((404, "not_found".into())), "{wrong}");
    }
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_see_crews_on_the_map_and_orders_in_staff_ops() {
    let (app, stall, anna) = town().await;
    let (crew, staff) = (app.crew().await, app.staff().await);
    let map = staff.get("/api/staff/crews/map/").await.ok();
    assert_eq!((map["crews"].as_array().map(Vec::len), &map["crews"][0]["status"]), (Some(1), &json!("free")));
    assert_eq!(staff.get("/api/staff/crews/map/?bbox=0,0,1,1").await.ok()["crews"], json!([]));
    crew.get("/api/staff/crews/map/").await.refused(403, "forbidden");
    let channel = map["live"][0]["channel"].as_str().expect("a channel").to_owned();
    let mut desk = staff.socket().await;
    let whole = desk.subscribe(&channel).await["data"].clone();
    assert_eq!((&whole["full"], &whole["crews"][0]["id"]), (&json!(true), &json!(crew.id)));
    let mut feed = staff.socket().await;
    feed.subscribe("staff:ops").await;

    let order = anna.order_from(&stall, 1).await;
    let event = feed.expect_push("staff:ops", "order_created").await["data"].clone();
    assert_eq!((&event["order_id"], &event["order"]["status"]), (&json!(order), &json!("CREATED")));
    let far = staff.get("/api/staff/crews/map/").await.ok()["cells"].clone();
    let sum =
        |cells: &Value, what: &str| cells.as_array().expect("a list").iter().filter_map(|cell| cell[what].as_i64()).sum::<i64>();
    assert_eq!((sum(&far, "crews"), sum(&far, "free"), sum(&far, "waiting")), (1, 1, 1), "{far}");
    assert!(far[0]["boundary"].as_array().is_some_and(|corners| corners.len() >= 5), "{far}");
    assert_eq!(staff.get("/api/staff/crews/map/?bbox=0,0,1,1").await.ok()["cells"], json!([]));
    crew.claim(&order).await.ok();
    let far = staff.get("/api/staff/crews/map/").await.ok()["cells"].clone();
    assert_eq!((sum(&far, "crews"), sum(&far, "free"), sum(&far, "waiting")), (1, 0, 0), "{far}");
    let assigned = feed.expect_push("staff:ops", "job_assigned").await["data"].clone();
    assert!(!assigned.to_string().contains("Mill Lane"), "{assigned}");
    let busy =
        |message: &Value| message["push"]["channel"] == channel && message["push"]["pub"]["data"]["crews"][0]["status"] == "busy";
    assert_eq!(desk.expect(busy).await["push"]["pub"]["data"]["crews"][0]["active"], 1);

    let problem = json!({ "kind": "customer_absent", "note": "no bell" });
    let noted = crew.post(&format!("/api/delivery/orders/{order}/problem/"), problem).await;
    assert_eq!((noted.status, &noted.body["kind"]), (201, &json!("customer_absent")));
    let received = feed.expect_push("staff:ops", "job_problem").await["data"].clone();
    assert_eq!((&received["crew_id"], &received["problem"]), (&json!(crew.id), &json!("customer_absent")));
    assert_eq!(crew.carries().await.len(), 1);

    let list = staff.get(&format!("/api/staff/crews/?search={}", crew.username)).await.ok();
    let entry = &list["items"][0];
    assert_eq!((&entry["id"], &entry["status"], &entry["active"]), (&json!(crew.id), &json!("busy"), &json!(1)));
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_node_knows_what_is_in_the_rows() {
    let (app, stall, anna) = town().await;
    let crew = app.crew().await;
    let (open, taken) = (anna.order_from(&stall, 1).await, anna.order_from(&stall, 1).await);
    crew.claim(&taken).await.ok();
    wait_for_place(&app, &crew).await;
    let again = TestApp::over(&app.database, &app.database, &[]).await;
    let there = Person { app: again.clone(), ..crew.clone() };
    let list = there.socket().await.subscribe(&crew.nearby()).await["data"].clone();
    assert_eq!(ids(&list["added"]), [open]);
    let me = there.get("/api/delivery/me/").await.ok();
    assert!((me["position"]["lat"].as_f64().expect("a place") - HOME.0).abs() < 1e-6, "{me}");
    there.ping(HOME.0, HOME.1).await;
    let staff = Person { app: again.clone(), ..app.staff().await };
    assert_eq!(staff.get("/api/staff/crews/map/").await.ok()["crews"][0]["active"], 1);
    again.end().await;
    app.end().await;
}

/// Until the last place is written, as it is every two seconds.
async fn wait_for_place(app: &Arc<TestApp>, crew: &Person) {
    let written = async {
        loop {
            let count: i64 = sqlx::query_scalar("select count(*) from crew_position where crew_id = $1")
                .bind(crew.id.uuid())
                .fetch_one(&app.app.pools().background)
                .await
                .expect("reads");
            if count == 1 {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), written).await.expect("the place is written");
}
