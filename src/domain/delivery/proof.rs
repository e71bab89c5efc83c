//! The proof of delivery: a PIN and a code that only the customer can read, derived from a nonce and never stored.
use super::store;
use crate::{
    App,
    actor::Customer,
    clock::Timestamp,
    db::Tx,
    domain::orders::{self, Fulfilment, OrderState, OrderStatus, PrepStatus},
    ids::OrderId,
    keys::Keys,
    problem::{ApiError, Result},
};
use aws_lc_rs::constant_time;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;

/// This many wrong PINs, from any device, lock the proof of an order.
pub const TRIES_MAX: i32 = 5;

const PIN: &str = "delivery pin";
const TOKEN: &str = "delivery token";

/// What the customer shows to the crew, or at the counter.
#[derive(Debug, Serialize, ToSchema)]
pub struct Proof {
    /// Six digits.
    pub pin: String,
    /// The content of the QR code.
    pub token: String,
    pub qr_svg: String,
    pub tries_left: i32,
    pub locked: bool,
    pub confirmed_at: Option<Timestamp>,
}

#[derive(Debug, ApiError)]
pub enum ProofError {
    /// The proof is minted when all goods are picked up.
    #[api(409, "no_proof_yet")]
    NotYet,
    /// The PIN or code is wrong.
    #[api(422, "wrong_pin")]
    Wrong { tries_left: i32 },
    /// Too many wrong PINs: staff can unlock it.
    #[api(423, "proof_locked")]
    Locked,
}

/// What was entered or scanned to prove a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown<'a> {
    Pin(&'a str),
    Token(&'a str),
}

impl Shown<'_> {
    /// The value in the proof's row.
    pub const fn means(self) -> &'static str {
        match self {
            Self::Pin(_) => "pin",
            Self::Token(_) => "token",
        }
    }

    /// Whether this is the PIN or code of `order`, in constant time.
    pub fn proves(self, keys: &Keys, order: OrderId, nonce: &[u8]) -> bool {
        match self {
            Self::Pin(shown) => {
                constant_time::verify_slices_are_equal(shown.as_bytes(), pin(keys, order, nonce).as_bytes()).is_ok()
            }
            Self::Token(shown) => URL_SAFE_NO_PAD.decode(shown).is_ok_and(|tag| keys.is_mac(TOKEN, &message(order, nonce), &tag)),
        }
    }
}

fn message(order: OrderId, nonce: &[u8]) -> Vec<u8> {
    [order.uuid().as_bytes(), nonce].concat()
}

fn pin(keys: &Keys, order: OrderId, nonce: &[u8]) -> String {
    let tag = keys.mac(PIN, &message(order, nonce));
    // 64 bits over a million: no digit is likelier than another by more than one in 10^13.
    let number = u64::from_be_bytes(tag[..8].try_into().expect("a tag has 32 bytes")) % 1_000_000;
    format!("{number:06}")
}

fn token(keys: &Keys, order: OrderId, nonce: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(keys.mac(TOKEN, &message(order, nonce)))
}

/// Mints the proof of an order; an existing one stays.
pub(super) async fn mint(app: &App, tx: &mut Tx, order: OrderId, now: Timestamp) -> Result<()> {
    store::mint(tx, order, &app.random.bytes::<16>(), now).await
}

/// Whether all parts of an order for pickup are ready at their counters.
pub(super) fn is_ready_for_pickup(order: &OrderState) -> bool {
    let mut parts = order.prep.iter().filter(|part| part.prep_status != PrepStatus::Rejected).peekable();
    order.fulfilment == Fulfilment::Pickup
        && order.status == OrderStatus::Created
        && parts.peek().is_some()
        && parts.all(|part| part.prep_status == PrepStatus::Ready)
}

/// PIN and code of `order` for its customer, derived now. `None` before the proof is minted and after it was used.
pub async fn proof_for(conn: &mut PgConnection, keys: &Keys, order: OrderId) -> Result<Option<(String, String)>> {
    let proof = store::proof(conn, order).await?.filter(|proof| proof.confirmed_at.is_none());
    Ok(proof.map(|proof| (pin(keys, order, &proof.nonce), token(keys, order, &proof.nonce))))
}

fn qr_svg(token: &str) -> Result<String> {
    let code = qrcode::QrCode::new(token.as_bytes()).map_err(crate::Error::broken)?;
    Ok(code.render::<qrcode::render::svg::Color<'_>>().min_dimensions(200, 200).build())
}

/// Reads the PIN and code that the order's customer shows on delivery.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadProof {
    pub order_id: OrderId,
}

#[derive(Debug, ApiError)]
pub enum NoProof {
    /// The proof is minted when all goods are picked up.
    #[api(409, "no_proof_yet")]
    NotYet,
}

pub async fn read(app: App, customer: Customer, input: ReadProof) -> Result<Proof, NoProof> {
    let id = input.order_id;
    let mut conn = app.read(id.region()).await?;
    let (order, _) = orders::find_as(&mut conn, &customer, id).await?;
    let proof = store::proof(&mut conn, order.id).await?.ok_or(NoProof::NotYet)?;
    let token = token(&app.keys, id, &proof.nonce);
    Ok(Proof {
        pin: pin(&app.keys, id, &proof.nonce),
        qr_svg: qr_svg(&token)?,
        token,
        tries_left: (TRIES_MAX - proof.tries).max(0),
        locked: proof.locked_at.is_some(),
        confirmed_at: proof.confirmed_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pin_and_code_prove_their_own_order_alone() {
        let keys = Keys::new(&["one".to_owned().into()]);
        let (mine, other) = (OrderId(uuid::Uuid::from_u128(1)), OrderId(uuid::Uuid::from_u128(2)));
        let nonce = [7; 16];
        let (pin, token) = (pin(&keys, mine, &nonce), token(&keys, mine, &nonce));
        assert!(pin.len() == 6 && pin.bytes().all(|digit| digit.is_ascii_digit()));
        assert!(Shown::Pin(&pin).proves(&keys, mine, &nonce) && Shown::Token(&token).proves(&keys, mine, &nonce));
        assert!(!Shown::Token(&token).proves(&keys, other, &nonce));
        assert!(!Shown::Token(&token).proves(&keys, mine, &[8; 16]));
        assert!(!Shown::Pin("").proves(&keys, mine, &nonce) && !Shown::Token("").proves(&keys, mine, &nonce));
        let rotated = Keys::new(&["two".to_owned().into(), "one".to_owned().into()]);
        assert!(Shown::Token(&token).proves(&rotated, mine, &nonce), "a code shown before the secret was changed");
    }

    #[test]
    fn the_code_can_be_drawn() {
        assert!(qr_svg("abc").expect("draws").contains("<svg"));
    }
}
