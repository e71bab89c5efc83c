//! The customer's PIN or code proves the delivery. A wrong one is counted although it is refused.
use super::{
    advance::hand_over,
    events::ProofLocked,
    pickup,
    proof::{ProofError, Shown, TRIES_MAX},
    store,
};
use crate::{
    App,
    actor::{Actor, Crew, Either, Seller},
    clock::Timestamp,
    db::{Committed, Tx},
    domain::orders::{self, By, Fulfilment, InvalidTransition, Order, OrderStatus, OrderView, Relation, ShopOrder},
    ids::{OrderId, ShopId},
    problem::{ApiError, Checked, Problem, Result},
};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wassally_geo::Point;

/// A confirmation that arrives later than this is marked as late.
const LATE: TimeDelta = TimeDelta::seconds(60);

/// Proves a delivery by the customer's PIN or code: to the order's crew, or at the counter to a member of its shop.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmProof {
    pub order_id: OrderId,
    /// Six digits; or else `token`.
    pub pin: Option<String>,
    pub token: Option<String>,
    /// Where it was shown, in degrees.
    pub lat: Option<f64>,
    pub lng: Option<f64>,
    /// When it was entered, if there was no reception then.
    pub at: Option<Timestamp>,
}

#[derive(Debug, ApiError)]
pub enum ConfirmError {
    #[api(inherit)]
    Proof(ProofError),
    #[api(inherit)]
    State(InvalidTransition),
}

impl ConfirmProof {
    fn shown(&self) -> Result<Shown<'_>> {
        match (&self.pin, &self.token) {
            // Text that cannot be a PIN is a typing error, not a guess: it is not counted.
            (Some(pin), None) if !is_pin(pin) => Err(Problem::invalid("pin", "invalid").into()),
            (Some(pin), None) => Ok(Shown::Pin(pin)),
            (None, Some(token)) => Ok(Shown::Token(token)),
            _ => Err(Problem::invalid("pin", "required").into()),
        }
    }

    fn place(&self) -> Result<Option<Point>> {
        match (self.lat, self.lng) {
            (Some(lat), Some(lng)) => Point::new(lat, lng).map(Some).map_err(|_| Problem::invalid("lat", "out_of_range").into()),
            (None, None) => Ok(None),
            _ => Err(Problem::invalid("lng", "required").into()),
        }
    }
}

fn is_pin(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|digit| digit.is_ascii_digit())
}

/// Delivers an order by its customer's proof: confirmed by its crew, or at the counter by a member of its shop. A counter hands over its own parts;
/// the last of them delivers the order, and until then the same proof is valid at the next counter.
#[tracing::instrument(skip_all, fields(order.id = %input.order_id))]
pub async fn confirm(app: App, caller: Either<Crew, Seller>, input: ConfirmProof) -> Result<Committed<OrderView>, ConfirmError> {
    let actor: &Actor = &caller;
    let (shown, place) = (input.shown()?, input.place()?);
    count_wrong(&app, actor, input.order_id, shown).await?;

    let mut tx = app.begin(input.order_id.region()).await?;
    let (mut order, proof, own) = open(&mut tx, actor, input.order_id).await?;
    judge(&app, &order, &proof, shown).map_err(ConfirmError::Proof)?;
    let now = tx.now().await?;
    let by = By::from(actor);
    if order.fulfilment == Fulfilment::Pickup && !pickup::collect(&mut tx, &mut order, &own, now, by).await? {
        let answer = OrderView::of(&mut tx, actor, &order).await?;
        return tx.commit(answer).await;
    }
    let dropoff = order.dropoff.as_ref().and_then(|at| Point::new(at.lat, at.lng).ok());
    #[allow(clippy::cast_possible_truncation, reason = "distances on earth fit")]
    let distance_m = dropoff.zip(place).map(|(dropoff, place)| place.distance_m(dropoff).round() as i32);
    let proven = store::Proven {
        by: actor.id,
        means: shown.means(),
        place: place.map(|place| (place.lat(), place.lng())),
        distance_m,
        is_late: input.at.is_some_and(|at| (now - at).abs() > LATE),
    };
    hand_over(&app, &mut tx, &mut order, proven, by, now).await?;
    let answer = OrderView::of(&mut tx, actor, &order).await?;
    tx.commit(answer).await
}

/// Counts a wrong try and refuses it; everything else is left to the command itself.
///
/// A transaction of its own, without the call's key: the count must be stored, the refusal must not. Judged and counted under the order's lock,
/// so that a hundred tries at once are still five.
async fn count_wrong(app: &App, actor: &Actor, id: OrderId, shown: Shown<'_>) -> Result<(), ConfirmError> {
    let mut tx = app.without_request().begin(id.region()).await?;
    let Ok((order, proof, _)) = open(&mut tx, actor, id).await else { return Ok(()) };
    if proof.locked_at.is_some() || shown.proves(&app.keys, id, &proof.nonce) {
        return Ok(());
    }
    let (tries, now) = (proof.tries + 1, tx.now().await?);
    let is_last = tries >= TRIES_MAX;
    store::count_tries(&mut tx, id, tries, is_last.then_some(now)).await?;
    if is_last {
        tx.emit(ProofLocked::new(&order, now, By::from(actor)));
    }
    tx.end(()).await?;
    Err(ConfirmError::Proof(ProofError::Wrong { tries_left: (TRIES_MAX - tries).max(0) }).into())
}

/// The locked order, its proof, and at a counter the actor's shops whose parts are still there. Errors: 404 unless the actor may confirm it.
async fn open(tx: &mut Tx, actor: &Actor, id: OrderId) -> Result<(Order, store::ProofRow, Vec<ShopId>), ConfirmError> {
    let (order, relation) = orders::lock_as(tx, actor, id).await?;
    let own: Vec<&ShopOrder> = order.live_parts().filter(|part| relation.may_see_part(part.shop_id)).collect();
    let may = match relation {
        Relation::Crew | Relation::FormerCrew => order.fulfilment == Fulfilment::Delivery,
        Relation::Shops(_) => order.fulfilment == Fulfilment::Pickup && !own.is_empty(),
        Relation::Customer | Relation::Staff => false,
    };
    if !may {
        return Err(Problem::not_found().into());
    }
    let own: Vec<ShopId> = own.into_iter().filter(|part| part.picked_up_at.is_none()).map(|part| part.shop_id).collect();
    let proof = store::proof(tx, id).await?;
    let present = |proof: Option<store::ProofRow>| proof.ok_or(ConfirmError::Proof(ProofError::NotYet));
    match (order.fulfilment, order.status) {
        (Fulfilment::Delivery, OrderStatus::Shipped) => Ok((order, present(proof)?, own)),
        (Fulfilment::Pickup, OrderStatus::Created) if !own.is_empty() => Ok((order, present(proof)?, own)),
        (_, status) => Err(ConfirmError::State(status.into()).into()),
    }
}

fn judge(app: &App, order: &Order, proof: &store::ProofRow, shown: Shown<'_>) -> Checked<(), ProofError> {
    if proof.locked_at.is_some() {
        return Err(ProofError::Locked);
    }
    if !shown.proves(&app.keys, order.id, &proof.nonce) {
        return Err(ProofError::Wrong { tries_left: (TRIES_MAX - proof.tries).max(0) });
    }
    Ok(())
}
