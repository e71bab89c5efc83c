//! Reading orders: a customer's own, a shop's, a crew's, all of them for staff.
use super::{
    OrderStatus, OrderView,
    order::Fulfilment,
    store::{self, Filter},
    view::{Sight, sight},
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
use uuid::Uuid;

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

#[utoipa::path(get, path = "/api/orders/", tag = "orders", params(("status" = Option<String>, Query, description = "one, or several with commas"),
    ("shop" = Option<ShopId>, Query), ("crew" = Option<UserId>, Query), ("fulfilment" = Option<Fulfilment>, Query), ("from" = Option<String>, Query),
    ("to" = Option<String>, Query), ("search" = Option<String>, Query), ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Page<OrderView>)), security(("bearer" = [])))]
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
    match actor.role {
        Role::Customer => filter.customer = Some(actor.id.uuid()),
        Role::Crew => filter.crew = Some(actor.id.uuid()),
        Role::Seller => {
            let own: Vec<Uuid> = shops::shops_of(&mut conn, region, actor.id).await?.into_iter().map(ShopId::uuid).collect();
            filter.shops = Some(match filter.shops {
                Some(filter) => filter.into_iter().filter(|shop| own.contains(shop)).collect(),
                None => own,
            });
        }
        Role::Staff | Role::Admin | Role::Superadmin => {}
    }
    let ids = store::list(&mut conn, region, &filter).await?;
    let orders = store::find(&mut conn, &ids).await?;
    let lines = store::lines_of(&mut conn, &ids).await?;
    let mut items = vec![];
    for order in &orders {
        let sight = match &filter.shops {
            Some(own) if actor.role == Role::Seller => Sight::Shops(own.iter().map(|&shop| shop.into()).collect()),
            _ => sight(&mut conn, &actor, order).await?,
        };
        items.push(OrderView::seen(order, &lines, &sight, actor.language));
    }
    Ok(Json(listing.page(items, |order| order.id.uuid())))
}

fn statuses(text: &str) -> Result<Vec<String>> {
    let known = |word: &str| {
        serde_json::from_value::<OrderStatus>(serde_json::Value::String(word.trim().to_ascii_uppercase()))
            .map(|status| status.name().to_owned())
            .map_err(|_| Problem::invalid("status", "invalid").into())
    };
    text.split(',').map(known).collect()
}

#[utoipa::path(get, path = "/api/orders/{id}/", tag = "orders", params(("id" = OrderId, Path)),
    responses((status = 200, body = OrderView), (status = 404, description = "not_found")), security(("bearer" = [])))]
pub async fn get(State(app): State<App>, actor: Actor, Path(id): Path<OrderId>) -> Result<Json<OrderView>> {
    let mut view = app.read_whole(id.region()).await?;
    let live = app.position(&mut view, format!("order:{id}")).await?;
    let order = store::find(&mut view, &[id]).await?.pop().ok_or_else(Problem::not_found)?;
    let mut answer = OrderView::of(&mut view, &actor, &order).await?;
    answer.live = vec![live];
    Ok(Json(answer))
}
