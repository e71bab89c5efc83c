//! Checkout: a cart, or some of its shops, becomes an order. Goods and money are reserved in the same commit.
use super::{
    By, Dropoff, Fulfilment, Line, Order, OrderStatus, OrderView, PaymentMode, PaymentStatus, PrepStatus, ShopOrder,
    accept::{ACCEPT_WITHIN, AcceptBy},
    events::OrderCreated,
    store,
};
use crate::{
    App,
    actor::Customer,
    clock::Timestamp,
    db::{Committed, Tx},
    domain::{
        carts::{self, Cart, Group, ProblemCode},
        inventory,
        users::{self, User},
        wallet,
    },
    ids::{OrderId, ProductId, ShopId, ShopOrderId},
    money::{Amount, Currency, Money},
    operations::Input,
    problem::{ApiError, Problem, Result},
    reply::Created,
    tasks::Task,
    text,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// In whole units of the order's currency.
const TIP_MAX: Amount = Amount::whole(100_000);
/// How many codes are tried until one is free today.
const CODE_TRIES: usize = 20;

/// Orders what is in the cart, or in some of its shops: goods and money are reserved in the same commit.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Checkout {
    pub fulfilment: Fulfilment,
    pub payment_mode: PaymentMode,
    /// Only these shops of the cart; all by default.
    pub shop_ids: Option<Vec<ShopId>>,
    /// The version of the cart that the customer saw; another one is refused.
    pub cart_version: Option<i64>,
    /// For the crew, in the order's currency.
    pub tip: Option<Amount>,
    pub note: Option<String>,
}

#[derive(Debug, ApiError)]
pub enum CheckoutError {
    /// Save a delivery location first.
    #[api(409, "location_required")]
    LocationRequired,
    /// There is nothing in the cart.
    #[api(409, "cart_empty")]
    CartEmpty,
    /// The cart changed since the customer saw it.
    #[api(409, "cart_changed")]
    CartChanged { cart: Box<carts::CartView> },
    /// Some shops of the cart cannot be ordered from as it is.
    #[api(409, "cart_invalid")]
    CartInvalid { shops: Vec<Unorderable> },
    /// Not enough in stock.
    #[api(409, "out_of_stock")]
    OutOfStock { lines: Vec<inventory::Short> },
    /// Payment at a gateway is not available here.
    #[api(422, "not_available")]
    NotAvailable,
    #[api(inherit)]
    Hold(wallet::HoldError),
}

/// A shop of the cart that cannot be ordered from, and why.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Unorderable {
    pub shop_id: ShopId,
    pub name: String,
    pub problems: Vec<carts::Problem>,
}

/// Orders what is in the customer's cart.
///
/// Errors: [`CheckoutError`]; [`inventory::OutOfStock`]; 402 `insufficient_funds` from the commit.
#[tracing::instrument(skip_all)]
pub async fn checkout(app: App, customer: Customer, input: Checkout) -> Result<Committed<Created<OrderView>>, CheckoutError> {
    input.check_alone()?;
    let mut tx = app.begin(carts::home(customer.id)).await?;
    let cart = carts::lock(&mut tx, customer.id).await?;
    let now = tx.now().await?;
    let groups = input.choose(&cart, app.config.currency)?;
    let person = users::find(&mut tx, customer.id).await?.ok_or_else(Problem::unauthorized)?;
    let (mut order, lines) = build_order(&tx, &person, &input, &cart, &groups, now)?;
    let goods: Vec<(ProductId, i32)> = lines.iter().map(|line| (line.product_id, line.quantity)).collect();
    inventory::take(&mut tx, &goods).await?;
    write(&mut tx, &mut order, &lines).await?;
    if order.payment_mode == PaymentMode::Wallet {
        wallet::hold(&mut tx, customer.id, order.subject(), order.total);
    }
    let bought: Vec<ShopId> = order.shop_orders.iter().map(|part| part.shop_id).collect();
    carts::take_out(&mut tx, customer.id, &bought).await?;
    tx.emit(OrderCreated::new(&order, &lines, person.language, now, By::from(&*customer)));
    tx.enqueue(AcceptBy { order_id: order.id }.at(now + ACCEPT_WITHIN));
    let answer = OrderView::whole(&order, &lines, customer.language);
    tx.commit(Created(answer)).await
}

impl Checkout {
    /// The checks that need no cart.
    fn check_alone(&self) -> Result<()> {
        let mode_fits = match self.payment_mode {
            PaymentMode::Gateway => return Err(CheckoutError::NotAvailable.into()),
            PaymentMode::Wallet => true,
            PaymentMode::Cod => self.fulfilment == Fulfilment::Delivery,
            PaymentMode::Cop => self.fulfilment == Fulfilment::Pickup,
        };
        if !mode_fits {
            return Err(Problem::invalid("payment_mode", "invalid").into());
        }
        text::note(self.note.as_deref())?;
        let tip = self.tip.unwrap_or_default();
        if tip.is_negative() || tip > TIP_MAX || (self.fulfilment == Fulfilment::Pickup && !tip.is_zero()) {
            return Err(Problem::invalid("tip", "out_of_range").into());
        }
        Ok(())
    }

    /// The groups to order. Errors: [`CheckoutError`].
    fn choose<'a>(&self, cart: &'a Cart, currency: Currency) -> Result<Vec<&'a Group>> {
        let is_delivery = self.fulfilment == Fulfilment::Delivery;
        if is_delivery && cart.location.is_none() {
            return Err(CheckoutError::LocationRequired.into());
        }
        if cart.groups.is_empty() {
            return Err(CheckoutError::CartEmpty.into());
        }
        let changed = || CheckoutError::CartChanged { cart: Box::new(cart.view(currency)) };
        if self.cart_version.is_some_and(|seen| seen != cart.version) {
            return Err(changed().into());
        }
        let groups = self.chosen(cart)?;
        let has = |code| groups.iter().any(|group| group.problems.iter().any(|problem| problem.code == code));
        if has(ProblemCode::PriceChanged) {
            return Err(changed().into());
        }
        let lines = short_lines(&groups);
        if !lines.is_empty() && groups.iter().all(|group| group.problems.iter().all(|p| p.code == ProblemCode::OutOfStock)) {
            return Err(CheckoutError::OutOfStock { lines }.into());
        }
        let shops: Vec<Unorderable> = groups.iter().filter_map(|group| self.fault(group, groups[0].shop.currency)).collect();
        if !shops.is_empty() {
            return Err(CheckoutError::CartInvalid { shops }.into());
        }
        Ok(groups)
    }

    fn chosen<'a>(&self, cart: &'a Cart) -> Result<Vec<&'a Group>> {
        let Some(ids) = &self.shop_ids else { return Ok(cart.groups.iter().collect()) };
        let is_known = |id: &ShopId| cart.groups.iter().any(|group| group.shop.id == *id);
        if ids.is_empty() || !ids.iter().all(is_known) {
            return Err(Problem::invalid("shop_ids", "invalid").into());
        }
        Ok(cart.groups.iter().filter(|group| ids.contains(&group.shop.id)).collect())
    }

    /// Why a group cannot be ordered this way; `None` when it can.
    fn fault(&self, group: &Group, currency: Currency) -> Option<Unorderable> {
        let is_delivery = self.fulfilment == Fulfilment::Delivery;
        let mut problems: Vec<carts::Problem> =
            group.problems.iter().filter(|problem| is_delivery || problem.concerns_pickup()).cloned().collect();
        if is_delivery && group.delivery_fee.is_none() && problems.is_empty() {
            problems.push(ProblemCode::OutOfRadius.into());
        }
        if !is_delivery && !group.shop.pickup {
            problems.push(ProblemCode::NoPickup.into());
        }
        if group.shop.currency != currency {
            problems.push(ProblemCode::OtherCurrency.into());
        }
        (!problems.is_empty()).then(|| Unorderable { shop_id: group.shop.id, name: group.shop.name.clone(), problems })
    }
}

fn short_lines(groups: &[&Group]) -> Vec<inventory::Short> {
    let items = groups.iter().flat_map(|group| &group.items);
    items
        .filter(|item| item.on_hand < item.quantity)
        .map(|item| inventory::Short { product_id: item.product_id, wanted: item.quantity, left: item.on_hand })
        .collect()
}

/// The new order, with copies of names, places and prices.
fn build_order(
    tx: &Tx,
    person: &User,
    input: &Checkout,
    cart: &Cart,
    groups: &[&Group],
    now: Timestamp,
) -> Result<(Order, Vec<Line>)> {
    let (app, region) = (tx.app().clone(), tx.region());
    let currency = groups[0].shop.currency;
    let is_delivery = input.fulfilment == Fulfilment::Delivery;
    let (mut parts, mut lines) = (vec![], vec![]);
    for group in groups {
        let part = part(ShopOrderId::fresh(&app, region), group, is_delivery, now);
        lines.extend(group.items.iter().map(|item| Line {
            id: crate::ids::new(region, &app.clock, &app.random),
            shop_order_id: part.id,
            product_id: item.product_id,
            name: item.name.clone(),
            quantity: item.quantity,
            price: item.price.amount(),
        }));
        parts.push(part);
    }
    let tip = input.tip.unwrap_or_default().of_currency(currency);
    if !tip.is_exact() {
        return Err(Problem::invalid("tip", "invalid").into());
    }
    let goods = Money::sum(currency, parts.iter().map(|part| part.subtotal));
    let delivery_fee = Money::sum(currency, parts.iter().map(|part| part.delivery_fee));
    let order = Order {
        id: OrderId::fresh(&app, region),
        code: String::new(),
        customer_id: person.id,
        customer_name: format!("{} {}", person.first_name, person.last_name).trim().to_owned(),
        customer_phone: person.phone_number.clone(),
        status: OrderStatus::Created,
        fulfilment: input.fulfilment,
        payment_mode: input.payment_mode,
        payment_status: if input.payment_mode == PaymentMode::Wallet { PaymentStatus::Held } else { PaymentStatus::Unpaid },
        dropoff: cart.location.clone().filter(|_| is_delivery).map(|at| Dropoff {
            address: at.address,
            lat: at.lat,
            lng: at.lng,
        }),
        delivery_fee,
        tip,
        tax: Money::zero(currency),
        discount: Money::zero(currency),
        total: goods + delivery_fee + tip,
        currency,
        crew_id: None,
        crew_name: None,
        note: text::note(input.note.as_deref())?.map(str::to_owned),
        placed_at: now,
        delivered_at: None,
        completable_at: None,
        shop_orders: parts,
    };
    Ok((order, lines))
}

fn part(id: ShopOrderId, group: &Group, is_delivery: bool, now: Timestamp) -> ShopOrder {
    let shop = &group.shop;
    ShopOrder {
        id,
        shop_id: shop.id,
        seller_id: shop.owner_id,
        name: shop.name.clone(),
        address: shop.address.clone(),
        lat: shop.lat,
        lng: shop.lng,
        prep_status: PrepStatus::New,
        prep_minutes: shop.prep_minutes,
        accept_by: now + ACCEPT_WITHIN,
        ready_at: None,
        picked_up_at: None,
        reason: None,
        subtotal: group.subtotal().rounded(),
        delivery_fee: group.delivery_fee.filter(|_| is_delivery).unwrap_or(Money::zero(shop.currency)).rounded(),
    }
}

/// Writes the order under the first code that is free today.
async fn write(tx: &mut Tx, order: &mut Order, lines: &[Line]) -> Result<()> {
    for _ in 0..CODE_TRIES {
        order.code = code(tx.app().random.bits());
        if store::insert(tx, order).await? {
            return store::insert_parts(tx, order, lines).await;
        }
    }
    Err(Problem::busy().into())
}

/// A code like `K7Q-204`, without letters that sound or look like another character.
fn code(mut bits: u64) -> String {
    const ALPHABET: &[u8] = b"ACDEFGHJKLMNPQRTUVWXYZ";
    const DIGITS: &[u8] = b"23456789";
    let mut draw = |signs: &[u8]| {
        let count = signs.len() as u64;
        let sign = signs[usize::try_from(bits % count).expect("smaller than the alphabet")];
        bits /= count;
        char::from(sign)
    };
    let first = [draw(ALPHABET), draw(DIGITS), draw(ALPHABET)];
    let last = [draw(b"0123456789"), draw(b"0123456789"), draw(b"0123456789")];
    first.into_iter().chain(['-']).chain(last).collect()
}

/// A double tap orders once: the key is made of the version of the cart and the input.
pub fn key_of_cart<'a>(app: &'a App, customer: &'a Customer, input: &'a Checkout) -> BoxFuture<'a, Result<String>> {
    Box::pin(async move {
        let version = match input.cart_version {
            Some(version) => version,
            None => carts::version(&mut *app.read(carts::home(customer.id)).await?, customer.id).await?,
        };
        Ok(format!("cart {version} {}", URL_SAFE_NO_PAD.encode(&input.fingerprint()?[..16])))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_the_shape_that_people_read_aloud() {
        for bits in [0, 1, 0xdead_beef, u64::MAX] {
            let code = code(bits);
            let shape: String = code
                .chars()
                .map(|c| {
                    if c.is_ascii_digit() {
                        '0'
                    } else if c.is_ascii_uppercase() {
                        'A'
                    } else {
                        c
                    }
                })
                .collect();
            assert_eq!(shape, "A0A-000", "{code}");
        }
    }

    #[test]
    fn cash_on_delivery_needs_a_delivery_and_cash_on_pickup_a_pickup() {
        let input = |fulfilment, payment_mode| Checkout {
            fulfilment,
            payment_mode,
            shop_ids: None,
            cart_version: None,
            tip: None,
            note: None,
        };
        assert!(input(Fulfilment::Delivery, PaymentMode::Cod).check_alone().is_ok());
        assert!(input(Fulfilment::Pickup, PaymentMode::Cop).check_alone().is_ok());
        assert!(input(Fulfilment::Pickup, PaymentMode::Cod).check_alone().is_err());
        assert!(input(Fulfilment::Delivery, PaymentMode::Cop).check_alone().is_err());
        assert!(input(Fulfilment::Delivery, PaymentMode::Gateway).check_alone().is_err());
    }
}
