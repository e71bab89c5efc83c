//! Standing lists: what a crew sees of the orders around them.
use super::{ids, on_the_clock, town};
use crate::kit::{HOME, Person, Socket, Stall};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_empty_before_the_first_ping_and_follows_the_crew_then() {
    let (app, stall, anna) = town().await;
    let crew = app.crew_on_duty().await;
    let mut phone = crew.socket().await;
    crew.get("/api/delivery/orders/available/").await.refused(409, "no_position");
    let order = anna.order_from(&stall, 1).await;
    let list = phone.subscribe(&crew.nearby()).await["data"].clone();
    assert_eq!((&list["no_position"], &list["added"]), (&json!(true), &json!([])));

    crew.streams(&mut phone, json!({ "lat": HOME.0, "lng": HOME.1, "at": on_the_clock(&app, 60), "accuracy_m": 5 })).await;
    let received = phone.expect_push(&crew.nearby(), "nearby").await["data"].clone();
    assert_eq!((ids(&received["added"]), &received["added"][0]["fee"]), (vec![order.clone()], &json!("2.50")));
    assert_eq!(
        ids(&phone.call("delivery.nearby", json!({ "radius_m": 2000 })).await.expect("a list")["items"]),
        [order.as_str()]
    );
    assert_eq!(phone.call("delivery.nearby", json!({ "radius_m": 100 })).await.expect("a list")["items"], json!([]));

    // Four kilometres in a minute: no list reaches as far.
    crew.streams(&mut phone, json!({ "lat": HOME.0 - 0.036, "lng": HOME.1, "at": on_the_clock(&app, 0), "accuracy_m": 5 })).await;
    crew.streams(
        &mut phone,
        json!({ "lat": HOME.0 - 0.036, "lng": HOME.1 + 0.00001, "at": app.app.clock.now(), "accuracy_m": 5 }),
    )
    .await;
    crew.streams(&mut phone, json!({ "lat": HOME.0 - 0.036, "lng": HOME.1, "at": app.app.clock.now(), "accuracy_m": 5 })).await;
    let received = phone.expect_push(&crew.nearby(), "nearby").await["data"].clone();
    assert_eq!((ids(&received["removed"]), &received["why"][&order]), (vec![order.clone()], &json!("out_of_range")));
    anna.act(&order, "cancel", json!({})).await.ok();
    let everywhere = format!("/api/delivery/orders/available/?lat={}&lng={}", HOME.0, HOME.1);
    assert_eq!(crew.get(&everywhere).await.ok()["items"], json!([]));
    crew.get("/api/delivery/orders/available/?lat=91&lng=0").await.refused(422, "invalid");
    crew.get("/api/delivery/orders/available/?colour=red").await.refused(422, "invalid");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn off_duty_the_list_is_empty_and_silent_and_on_duty_it_fills_again() {
    let (app, stall, anna) = town().await;
    let crew = app.crew().await;
    let nearby = crew.nearby();
    let mut phone = crew.socket().await;
    let first = anna.order_from(&stall, 1).await;
    assert_eq!(ids(&phone.subscribe(&nearby).await["data"]["added"]), [first.as_str()]);
    let by_socket = phone.call("delivery.nearby", json!(null)).await.expect("null asks for what nothing asks for");
    assert_eq!(ids(&by_socket["items"]), [first.as_str()]);

    phone.call("delivery.duty", json!({ "on_duty": false })).await.expect("off duty");
    let emptied = phone.expect_push(&nearby, "nearby").await["data"].clone();
    assert_eq!((&emptied["full"], &emptied["added"]), (&json!(true), &json!([])));
    let second = anna.order_from(&stall, 1).await;
    anna.act(&first, "cancel", json!({})).await.ok();
    assert_eq!(phone.so_far(&nearby).await, Vec::<Value>::new(), "off duty nothing is near");
    let tablet = crew.socket().await.subscribe(&nearby).await["data"].clone();
    assert_eq!((&tablet["full"], &tablet["added"]), (&json!(true), &json!([])));

    phone.call("delivery.duty", json!({ "on_duty": true })).await.expect("on duty");
    let filled = phone.expect_push(&nearby, "nearby").await["data"].clone();
    assert_eq!((&filled["full"], ids(&filled["added"])), (&json!(true), vec![second]));
    let third = anna.order_from(&stall, 1).await;
    assert_eq!(ids(&phone.expect_push(&nearby, "nearby").await["data"]["added"]), [third]);
    app.end().await;
}

/// A crew's list as an app keeps it: the whole at each subscription, then what was added and removed.
async fn receive(phone: &mut Socket, nearby: &str, list: &mut BTreeSet<String>) {
    for message in phone.so_far(nearby).await {
        take(list, &message["data"]);
    }
}

fn take(list: &mut BTreeSet<String>, body: &Value) {
    if body["full"] == true {
        list.clear();
    }
    list.extend(ids(&body["added"]));
    for gone in ids(&body["removed"]) {
        list.remove(&gone);
    }
}

/// Subscribes and leaves over and over; returns the subscription that stays, with its list so far.
async fn fickle(crew: Person, times: Arc<AtomicUsize>, stay: Arc<AtomicBool>) -> (Socket, BTreeSet<String>) {
    let (mut phone, nearby) = (crew.socket().await, crew.nearby());
    loop {
        let is_last = stay.load(Ordering::SeqCst);
        let mut list = BTreeSet::new();
        take(&mut list, &phone.subscribe(&nearby).await["data"]);
        times.fetch_add(1, Ordering::SeqCst);
        if is_last {
            return (phone, list);
        }
        phone.request(json!({ "unsubscribe": { "channel": nearby } })).await;
        // What the ended subscription received does not count for the next.
        phone.so_far(&nearby).await;
    }
}

/// Four customers whose orders stay, are called off, turned away, or taken and given back; from the middle on, `stay` is set.
async fn orders_come_and_go(customers: &[Person], stall: &Stall, rival: &Person, stay: &AtomicBool) {
    let placed = AtomicUsize::new(0);
    let each = customers.iter().enumerate().map(|(number, customer)| {
        let placed = &placed;
        async move {
            for round in 0..6 {
                let order = customer.order_from(stall, 1).await;
                if placed.fetch_add(1, Ordering::SeqCst) == 12 {
                    stay.store(true, Ordering::SeqCst);
                }
                match (round + number) % 4 {
                    0 => {}
                    1 => drop(customer.act(&order, "cancel", json!({})).await.ok()),
                    2 => drop(stall.owner.act(&order, "reject", json!({ "reason": "sold out" })).await.ok()),
                    _ => {
                        rival.claim(&order).await.ok();
                        rival.release(&order).await.ok();
                    }
                }
            }
        }
    });
    futures_util::future::join_all(each).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_miss_nothing_while_their_readers_come_and_go() {
    let (app, stall, _) = town().await;
    let (alone, together, steady, rival) = (app.crew().await, app.crew().await, app.crew().await, app.crew().await);
    let customers = futures_util::future::join_all((0..4).map(|_| app.customer())).await;
    let mut desk = steady.socket().await;
    let mut on_desk = BTreeSet::new();
    take(&mut on_desk, &desk.subscribe(&steady.nearby()).await["data"]);
    let times = Arc::new(AtomicUsize::new(0));
    for wave in 0..4 {
        let stay = Arc::new(AtomicBool::new(false));
        // The watch of one ends with each of its subscriptions, or not, as the sweep comes by; the other's two readers overlap.
        let readers = [&alone, &together, &together];
        let phones =
            readers.map(|crew| (crew.nearby(), tokio::spawn(fickle(crew.clone(), Arc::clone(&times), Arc::clone(&stay)))));
        orders_come_and_go(&customers, &stall, &rival, &stay).await;
        let there = ids(&alone.get("/api/delivery/orders/available/").await.ok()["items"]).into_iter().collect::<BTreeSet<_>>();
        assert_eq!(there.len(), 12 * (wave + 1), "half of the orders stay");
        for (nearby, phone) in phones {
            let (mut phone, mut list) = phone.await.expect("a phone");
            receive(&mut phone, &nearby, &mut list).await;
            assert_eq!(list, there, "wave {wave} of {nearby}");
        }
        receive(&mut desk, &steady.nearby(), &mut on_desk).await;
        assert_eq!(on_desk, there, "wave {wave} of who stayed");
    }
    assert!(times.load(Ordering::SeqCst) > 100, "the readers were busy: {times:?}");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_give_the_reason_why_an_order_went() {
    let (app, stall, anna) = town().await;
    let crew = app.crew().await;
    let mut phone = crew.socket().await;
    phone.subscribe(&crew.nearby()).await;
    for (who, command, why) in [(&anna, "cancel", "cancelled"), (&stall.owner, "reject", "shop_closed")] {
        let order = anna.order_from(&stall, 1).await;
        assert_eq!(ids(&phone.expect_push(&crew.nearby(), "nearby").await["data"]["added"]), [order.as_str()]);
        who.act(&order, command, json!({ "reason": "sold out" })).await.ok();
        let received = phone.expect_push(&crew.nearby(), "nearby").await["data"].clone();
        assert_eq!((ids(&received["removed"]), &received["why"][&order]), (vec![order.clone()], &json!(why)));
    }
    app.end().await;
}
