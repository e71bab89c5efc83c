//! What delivery does at events of orders, in the same transaction.
use super::{
    events::{self, OrderShipped},
    job::Job,
    proof, proof_required, store,
};
use crate::{
    db::Tx,
    domain::orders::{self, By, OrderCancelled, OrderReady, OrderRejected, OrderState, OrderStatus},
    problem::Result,
};
use futures_util::future::BoxFuture;

/// Ends the job of the crew that had claimed a cancelled order.
pub fn end_job<'a>(tx: &'a mut Tx, event: &'a OrderCancelled) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let now = tx.now().await?;
        if let Some(crew) = store::end_job(tx, event.order_id(), "cancelled", now).await? {
            tx.publish(events::job_cancelled(crew, now, event.order_id(), &event.reason));
        }
        Ok(())
    })
}

/// Takes a rejected stop out of the crew's job. When it was the last open stop, the order is shipped; for a pickup, the remaining parts may be ready.
pub fn remove_stop<'a>(tx: &'a mut Tx, event: &'a OrderRejected) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        mint_for_pickup(tx, &event.order).await?;
        let Some(crew) = event.order.crew.as_ref().filter(|_| event.order.status.is_carried()) else { return Ok(()) };
        let (now, order) = (tx.now().await?, orders::lock(tx, event.order.id).await?);
        let job = Job::of(&order, proof_required(tx.app(), order.payment_mode));
        if order.status == OrderStatus::Shipped {
            let app = tx.app().clone();
            proof::mint(&app, tx, order.id, now).await?;
            tx.emit(OrderShipped::new(&order, crew.id, &job, now, By::SYSTEM));
        } else {
            tx.publish(events::job_changed(crew.id, now, &job));
        }
        Ok(())
    })
}

/// Mints the proof of an order for pickup once its last part is ready.
pub fn mint_when_ready<'a>(tx: &'a mut Tx, event: &'a OrderReady) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move { mint_for_pickup(tx, &event.order).await })
}

async fn mint_for_pickup(tx: &mut Tx, order: &OrderState) -> Result<()> {
    if !proof::is_ready_for_pickup(order) {
        return Ok(());
    }
    let (app, now) = (tx.app().clone(), tx.now().await?);
    proof::mint(&app, tx, order.id, now).await
}
