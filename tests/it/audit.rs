//! The audit: every command of staff leaves an entry in its own commit, and nobody else's does.
use crate::kit::TestApp;
use serde_json::{Value, json};
use sqlx::Row;

/// Operation, actor, subject's kind, reason and what was before, of every entry, oldest first.
async fn entries(app: &TestApp) -> Vec<(String, String, Option<String>, Option<String>, Option<Value>)> {
    let rows = sqlx::query("select operation, actor::text, subject_kind, reason, before from audit order by id")
        .fetch_all(&app.app.pools().background)
        .await
        .expect("reads");
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_of_staff_leave_an_entry_and_no_others() {
    let app = TestApp::start().await;
    let (stall, anna, crew, staff) = (app.stall(9).await, app.customer().await, app.crew_on_duty().await, app.staff().await);
    let order = anna.order_from(&stall, 1).await;
    crew.claim(&order).await.ok();
    assert_eq!(entries(&app).await, [], "nobody of staff did anything");

    let path = format!("/api/staff/orders/{order}/reassign/");
    // A refused command changes nothing and leaves nothing.
    staff.post(&path, json!({ "crew_id": null })).await.refused(422, "reason_required");
    assert_eq!(entries(&app).await, []);

    staff.post(&path, json!({ "crew_id": null, "reason": "the bicycle broke" })).await.ok();
    let [(operation, actor, subject, reason, before)] = &entries(&app).await[..] else { panic!("one entry") };
    assert_eq!(operation, "POST /api/staff/orders/{id}/reassign/");
    assert_eq!((actor.as_str(), subject.as_deref()), (staff.id.to_string().as_str(), Some("order")));
    assert_eq!((reason.as_deref(), before), (Some("the bicycle broke"), &Some(json!({ "crew_id": crew.id }))));

    // A command that says nothing of its own leaves its name.
    staff.act(&order, "cancel", json!({ "reason": "the shop closed" })).await.ok();
    let all = entries(&app).await;
    assert_eq!(all.len(), 2, "{all:?}");
    assert_eq!((all[1].0.as_str(), &all[1].2), ("POST /api/orders/{id}/cancel/", &None));
    app.end().await;
}
