//! The channels `order:` and `shop:`: the right to watch them, and their snapshots.
use super::{
    Relation, find_as,
    messages::{NewOrderMessage, NewShopOrderMessage},
    order::OrderState,
    store,
    view::{BoardOrder, ShopBoard},
};
use crate::{
    App,
    actor::Actor,
    db,
    domain::shops,
    event::channel_of,
    ids::{OrderId, ShopId},
    operations::Snapshot,
    problem::{Problem, Result},
};
use futures_util::future::BoxFuture;

/// The order's customer, members of its shops, the crew while they carry it, and staff.
pub fn may_watch_order<'a>(app: &'a App, actor: &'a Actor, id: OrderId) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let mut conn = app.pools().live.acquire().await?;
        match find_as(&mut conn, actor, id).await?.1 {
            // The crew's right ended with the delivery, also for a new subscription.
            Relation::FormerCrew => Err(Problem::not_found().into()),
            Relation::Customer | Relation::Crew | Relation::Shops(_) | Relation::Staff => Ok(()),
        }
    })
}

/// The state of the order that every reader may know.
pub fn order<'a>(app: &'a App, _: &'a Actor, id: OrderId) -> BoxFuture<'a, Result<Snapshot<OrderState>>> {
    Box::pin(async move {
        let mut view = app.read_whole(id.region()).await?;
        let offset = db::top(&mut view, &channel_of::<NewOrderMessage>(&id)).await?;
        let order = store::find(&mut view, &[id]).await?.pop().ok_or_else(Problem::not_found)?;
        Ok(Snapshot { offset, data: order.state() })
    })
}

/// Members of the shop, and staff.
pub fn may_watch_shop<'a>(app: &'a App, actor: &'a Actor, id: ShopId) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let mut conn = app.pools().live.acquire().await?;
        shops::membership(&mut conn, actor, id).await?.ok_or_else(Problem::not_found)?;
        Ok(())
    })
}

/// The parts that the shop still has work with.
pub fn shop<'a>(app: &'a App, _: &'a Actor, id: ShopId) -> BoxFuture<'a, Result<Snapshot<ShopBoard>>> {
    Box::pin(async move {
        let mut view = app.read_whole(id.region()).await?;
        let offset = db::top(&mut view, &channel_of::<NewShopOrderMessage>(&id)).await?;
        let open = store::open_of(&mut view, id).await?;
        let orders = store::find(&mut view, &open).await?;
        let lines = store::lines_of(&mut view, &open).await?;
        let open = orders
            .iter()
            .rev()
            .flat_map(|order| order.shop_orders.iter().filter(|part| part.shop_id == id).map(move |part| (order, part)))
            .map(|(order, part)| BoardOrder::new(order, part, &lines))
            .collect();
        Ok(Snapshot { offset, data: ShopBoard { open } })
    })
}
