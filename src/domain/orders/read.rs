//! Reading orders: a customer's own, a shop's, a crew's, all of them for staff.
use super::{
    NewOrderMessage, OrderStatus, OrderView, find_as,
    order::Fulfilment,
    relation::Relation,
    store::{self, Filter},
};
use crate::{
    App,
    actor::{Actor, Role},
    clock::Timestamp,
    domain::shops,
    event::channel_of,
    ids::{OrderId, Region, ShopId, UserId},
    page::{Listing, Page},
    problem::{Problem, Result},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Lists orders, newest first: a customer's own, those of a seller's shops, those that a crew carried, or all of them for staff.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Filters {
    /// One, or several with commas.
    status: Option<String>,
    shop: Option<ShopId>,
    crew: Option<UserId>,
    fulfilment: Option<Fulfilment>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

pub async fn list(app: App, actor: Actor, listing: Listing<Filters>) -> Result<Page<OrderView>> {
    listing.ordering_in(&["-placed_at"])?;
    let region = Region::FIRST;
    let mut conn = app.read_stale(region).await?;
    let filters = &listing.filters;
    let mut filter = Filter {
        crew: filters.crew.map(UserId::uuid),
        shops: filters.shop.map(|shop| vec![shop.uuid()]),
        statuses: filters.status.as_deref().map(statuses).transpose()?,
        fulfilment: filters.fulfilment.map(|fulfilment| fulfilment.name().to_owned()),
        search: listing.pattern(),
        from: filters.from,
        to: filters.to,
        after: listing.after,
        rows: listing.rows(),
        ..Filter::default()
    };
    // Of an order from two own shops, a list of one shop shows its part alone.
    let mut own: Vec<ShopId> = vec![];
    match actor.role {
        Role::Customer => filter.customer = Some(actor.id.uuid()),
        Role::Crew => filter.crew = Some(actor.id.uuid()),
        Role::Seller => {
            own = shops::shops_of(&mut conn, region, &actor).await?;
            own.retain(|shop| filters.shop.is_none_or(|wanted| wanted == *shop));
            filter.shops = Some(own.iter().map(|shop| shop.uuid()).collect());
        }
        Role::Staff | Role::Admin | Role::Superadmin => {}
    }
    let ids = store::list(&mut conn, region, &filter).await?;
    let orders = store::find(&mut conn, &ids).await?;
    let lines = store::lines_of(&mut conn, &ids).await?;
    let items = orders.iter().filter_map(|order| {
        let relation = Relation::of(&actor, order, &own)?;
        Some(OrderView::seen(order, &lines, &relation, actor.language))
    });
    Ok(listing.page(items.collect(), |order| order.id.uuid()))
}

fn statuses(text: &str) -> Result<Vec<String>> {
    let known = |word: &str| {
        serde_json::from_value::<OrderStatus>(serde_json::Value::String(word.trim().to_ascii_uppercase()))
            .map(|status| status.name().to_owned())
            .map_err(|_| Problem::invalid("status", "invalid").into())
    };
    text.split(',').map(known).collect()
}

/// Reads one order as the caller may see it, with the position from which `order:` goes on.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadOrder {
    pub order_id: OrderId,
}

pub async fn one(app: App, actor: Actor, input: ReadOrder) -> Result<OrderView> {
    let id = input.order_id;
    let mut view = app.read_whole(id.region()).await?;
    let live = app.position(&mut view, channel_of::<NewOrderMessage>(&id)).await?;
    let (order, relation) = find_as(&mut view, &actor, id).await?;
    let mut answer = OrderView::seen(&order, &store::lines(&mut view, id).await?, &relation, actor.language);
    answer.live = vec![live];
    Ok(answer)
}
