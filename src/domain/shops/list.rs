//! `GET /api/shops/`, optionally near a point, and `GET /api/shops/{id}/`.
use super::{
    ShopCategoryId,
    hours::Schedule,
    membership::membership,
    store::{self, ShopRow, Wanted},
    terms::{FeeBand, fee},
};
use crate::{
    App,
    actor::{Anyone, OptionalActor},
    clock::Timestamp,
    db::Live,
    ids::{Region, ShopId},
    money::{Amount, Currency},
    page::{Listing, Page, cursor},
    problem::{Checked, Problem, Result},
};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use wassally_geo::{Bounds, Point};

const RADIUS_M: f64 = 10_000.0;
const RADIUS_MAX_M: f64 = 50_000.0;
/// Most shops of one neighbourhood that a list reads; the rest of a denser one is reached by a smaller radius or a filter.
const EXAMINED_MAX: i64 = 2_000;
/// Rows that a list without a point reads at once to find those that are open.
const BATCH: i64 = 200;

/// A shop as every actor sees it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Shop {
    pub id: ShopId,
    pub name: String,
    pub description: String,
    pub category_id: Option<ShopCategoryId>,
    pub phone_number: Option<String>,
    pub email: Option<String>,
    pub address: String,
    /// Degrees, WGS84.
    pub lat: f64,
    pub lng: f64,
    pub logo_url: Option<String>,
    #[schema(example = "APPROVED")]
    pub status: String,
    pub is_open: bool,
    pub time_zone: String,
    #[schema(value_type = String, example = "USD")]
    pub currency: Currency,
    pub delivery: bool,
    pub pickup: bool,
    /// How far the shop delivers, in metres.
    pub radius_m: i32,
    pub fee_bands: Vec<FeeBand>,
    pub minimum_order: Amount,
    pub prep_minutes: i32,
    /// Metres from the requested point; `null` without one.
    pub distance_m: Option<f64>,
    /// For a delivery to that point; `null` where the shop does not deliver.
    pub delivery_fee: Option<Amount>,
    /// The position of `shop:{id}`, for members and staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<Vec<Live>>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Shop {
    fn new(row: ShopRow, schedule: &Schedule, from: Option<Point>, now: Timestamp) -> Self {
        let here = Point::new(row.lat, row.lng).ok();
        let distance_m = here.zip(from).map(|(here, from)| here.distance_m(from));
        let bands: Vec<_> =
            row.fee_bands.0.iter().map(|band| FeeBand { fee: band.fee.of_currency(row.currency).amount(), ..*band }).collect();
        let delivery_fee = distance_m.and_then(|distance_m| fee(row.delivery, row.radius_m, &bands, distance_m));
        Self {
            is_open: row.is_approved() && schedule.is_open(&row.time_zone, now),
            id: row.id,
            name: row.name,
            description: row.description,
            category_id: row.category_id,
            phone_number: row.phone_number,
            email: row.email,
            address: row.address,
            lat: row.lat,
            lng: row.lng,
            logo_url: row.logo_url,
            status: row.status,
            time_zone: row.time_zone,
            currency: row.currency,
            delivery: row.delivery,
            pickup: row.pickup,
            radius_m: row.radius_m,
            fee_bands: bands,
            minimum_order: row.minimum_order.of_currency(row.currency).amount(),
            prep_minutes: row.prep_minutes,
            distance_m: distance_m.map(|m| (m * 10.0).round() / 10.0),
            delivery_fee: delivery_fee.map(|fee| fee.of_currency(row.currency).amount()),
            live: None,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Reads a shop; with a point also its distance and fee.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadShop {
    id: ShopId,
    /// Degrees, with `lng`.
    lat: Option<f64>,
    lng: Option<f64>,
}

/// Lists approved shops: near a point the nearest first, otherwise the newest first.
///
/// `ordering`: `distance` or `-created_at`.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Filters {
    /// With `lng`: nearest first, with `distance_m` and `delivery_fee`.
    lat: Option<f64>,
    lng: Option<f64>,
    /// 1 to 50000 metres; 10000 unless given.
    radius_m: Option<f64>,
    /// Only shops that are open now (`true`) or closed now (`false`).
    open_now: Option<bool>,
    category: Option<ShopCategoryId>,
}

fn point(lat: Option<f64>, lng: Option<f64>) -> Checked<Option<Point>, Problem> {
    match (lat, lng) {
        (None, None) => Ok(None),
        (Some(lat), Some(lng)) => match Point::new(lat, lng) {
            Ok(point) => Ok(Some(point)),
            Err(_) => Err(Problem::invalid(if lat.abs() <= 90.0 { "lng" } else { "lat" }, "out_of_range")),
        },
        (None, Some(_)) => Err(Problem::invalid("lat", "required")),
        (Some(_), None) => Err(Problem::invalid("lng", "required")),
    }
}

/// A page of the approved shops.
pub async fn list(app: App, _: Anyone, input: Listing<Filters>) -> Result<Page<Shop>> {
    input.ordering_in(&["distance", "-created_at"])?;
    let from = point(input.filters.lat, input.filters.lng)?;
    let radius_m = input.filters.radius_m.unwrap_or(RADIUS_M);
    if !(1.0..=RADIUS_MAX_M).contains(&radius_m) {
        return Err(Problem::invalid("radius_m", "out_of_range").into());
    }
    if from.is_none() && (input.filters.radius_m.is_some() || input.ordering.as_deref() == Some("distance")) {
        return Err(Problem::invalid("lat", "required").into());
    }
    let wanted = Wanted {
        bounds: from.map(|from| Bounds::around(from, radius_m)),
        category: input.filters.category,
        pattern: input.pattern(),
        before: None,
        at_most: EXAMINED_MAX,
    };
    let mut conn = app.read_stale(Region::FIRST).await?;
    let Some(from) = from else { return newest(&mut conn, &input, wanted, app.clock.now()).await };
    let (_, shops) = examine(&mut conn, &wanted, Some(from), input.filters.open_now, app.clock.now()).await?;
    drop(conn);
    let mut shops: Vec<_> = shops.into_iter().filter(|shop| shop.distance_m.is_some_and(|m| m <= radius_m)).collect();
    if input.ordering.as_deref() != Some("-created_at") {
        let distance = |shop: &Shop| shop.distance_m.unwrap_or_default();
        shops.sort_by(|a, b| distance(a).total_cmp(&distance(b)).then(b.id.cmp(&a.id)));
    }
    let past = match input.after {
        Some(last) => shops.iter().position(|shop| shop.id.uuid() == last).map(|at| at + 1),
        None => Some(0),
    };
    let past = past.ok_or_else(|| Problem::invalid("cursor", "invalid"))?;
    Ok(input.page(shops.split_off(past), |shop| shop.id.uuid()))
}

/// The newest first, read from the cursor on until the page is full. Where most shops are filtered out, a page may be short or empty and still have a next one.
async fn newest(conn: &mut PgConnection, input: &Listing<Filters>, wanted: Wanted, now: Timestamp) -> Result<Page<Shop>> {
    let open_now = input.filters.open_now;
    let at_most = if open_now.is_none() { input.rows() } else { BATCH };
    let mut wanted = Wanted { before: input.after.map(ShopId), at_most, ..wanted };
    let (mut shops, mut examined) = (vec![], 0);
    loop {
        let (ids, found) = examine(conn, &wanted, None, open_now, now).await?;
        shops.extend(found);
        examined += at_most;
        let is_end = i64::try_from(ids.len()).is_ok_and(|count| count < at_most);
        let is_full = i64::try_from(shops.len()).is_ok_and(|count| count > input.limit);
        wanted.before = ids.last().copied();
        if is_end || is_full || examined >= EXAMINED_MAX {
            let page = input.page(shops, |shop| shop.id.uuid());
            let rest = wanted.before.filter(|_| !is_end).map(|last| cursor(last.uuid()));
            return Ok(Page { next: page.next.or(rest), ..page });
        }
    }
}

/// The shops that are `wanted`, newest first: the ids of all, and those that match `open_now`.
async fn examine(
    conn: &mut PgConnection,
    wanted: &Wanted,
    from: Option<Point>,
    open_now: Option<bool>,
    now: Timestamp,
) -> Result<(Vec<ShopId>, Vec<Shop>)> {
    let ids = store::find(conn, Region::FIRST, wanted).await?;
    let rows = store::by_ids(conn, Region::FIRST, &ids).await?;
    let schedules = store::schedules(conn, Region::FIRST, &ids).await?;
    let never = Schedule::default();
    let shops = rows.into_iter().map(|row| {
        let schedule = schedules.get(&row.id).unwrap_or(&never);
        Shop::new(row, schedule, from, now)
    });
    let mut shops: Vec<_> = shops.filter(|shop| open_now.is_none_or(|wanted| shop.is_open == wanted)).collect();
    shops.sort_by_key(|shop| std::cmp::Reverse(shop.id));
    Ok((ids, shops))
}

/// One shop. Members and staff get the position of `shop:{id}`.
pub async fn one(app: App, OptionalActor(actor): OptionalActor, input: ReadShop) -> Result<Shop> {
    let (id, from) = (input.id, point(input.lat, input.lng)?);
    let mut view = app.read_whole(id.region()).await?;
    let row = store::by_ids(&mut view, id.region(), &[id]).await?.pop().ok_or_else(Problem::not_found)?;
    let membership = match &actor {
        Some(actor) => membership(&mut view, actor, id).await?,
        None => None,
    };
    if !row.is_approved() && membership.is_none() {
        return Err(Problem::not_found().into());
    }
    let schedule = store::schedules(&mut view, id.region(), &[id]).await?.remove(&id).unwrap_or_default();
    let mut shop = Shop::new(row, &schedule, from, app.clock.now());
    if membership.is_some() {
        shop.live = Some(vec![app.position(&mut view, format!("shop:{id}")).await?]);
    }
    Ok(shop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_point_is_no_point() {
        assert_eq!(point(Some(1.0), None).expect_err("no lng").errors[0].field, "lng");
        assert_eq!(point(Some(91.0), Some(0.0)).expect_err("off the globe").errors[0].field, "lat");
        assert!(point(Some(f64::NAN), Some(0.0)).is_err());
    }
}
