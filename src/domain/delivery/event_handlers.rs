//! What delivery does when something happens to an order elsewhere, in the same transaction.
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

/// The crew who had claimed a cancelled order is free of it.
pub fn free_the_job<'a>(tx: &'a mut Tx, event: &'a OrderCancelled) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let now = tx.now().await?;
        if let Some(crew) = store::end_job(tx, event.order_id(), "cancelled", now).await? {
            tx.publish(events::job_cancelled(crew, now, event.order_id(), &event.reason));
        }
        Ok(())
    })
}

/// A stop fell away: the crew's job is another one now, and shipped when it was the last they had to go to; or what is left is ready at the counter.
pub fn drop_the_stop<'a>(tx: &'a mut Tx, event: &'a OrderRejected) -> BoxFuture<'a, Result<()>> {
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

/// The last part of an order to be fetched is ready: its proof is minted.
pub fn mark_ready<'a>(tx: &'a mut Tx, event: &'a OrderReady) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move { mint_for_pickup(tx, &event.order).await })
}

async fn mint_for_pickup(tx: &mut Tx, order: &OrderState) -> Result<()> {
    if !proof::is_ready_for_pickup(order) {
        return Ok(());
    }
    let (app, now) = (tx.app().clone(), tx.now().await?);
    proof::mint(&app, tx, order.id, now).await
}
