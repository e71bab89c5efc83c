//! Lists of orders and single orders: a customer's own, a shop's, a crew's, and all of them for staff.
use super::{
    OrderStatus, OrderView, find_as,
    order::Fulfilment,
    relation::Relation,
    store::{self, Filter},
};
use crate::{
    App,
    actor::{Actor, Role},
    clock::Timestamp,
    domain::shops,
    http::json::Path,
    ids::{OrderId, Region, ShopId, UserId},
    page::{Listing, Page},
    problem::{Problem, Result},
};
use axum::{Json, extract::State};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
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

pub async fn list(State(app): State<App>, actor: Actor, listing: Listing<Filters>) -> Result<Json<Page<OrderView>>> {
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
    // A list of one shop shows only the part of that shop, also when the seller has another part of the order.
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
    Ok(Json(listing.page(items.collect(), |order| order.id.uuid())))
}

fn statuses(text: &str) -> Result<Vec<String>> {
    let known = |word: &str| {
        serde_json::from_value::<OrderStatus>(serde_json::Value::String(word.trim().to_ascii_uppercase()))
            .map(|status| status.name().to_owned())
            .map_err(|_| Problem::invalid("status", "invalid").into())
    };
    text.split(',').map(known).collect()
}

pub async fn get(State(app): State<App>, actor: Actor, Path(id): Path<OrderId>) -> Result<Json<OrderView>> {
    let mut view = app.read_whole(id.region()).await?;
    let live = app.position(&mut view, format!("order:{id}")).await?;
    let (order, relation) = find_as(&mut view, &actor, id).await?;
    let mut answer = OrderView::seen(&order, &store::lines(&mut view, id).await?, &relation);
    answer.live = vec![live];
    Ok(Json(answer))
}
