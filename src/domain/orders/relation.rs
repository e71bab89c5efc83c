//! What an actor is to an order. Every read, channel and command of an existing order asks here.
use super::{
    order::{Order, OrderStatus},
    store,
};
use crate::{
    actor::{Actor, Role},
    db::Tx,
    domain::shops,
    ids::{OrderId, ShopId},
    problem::{Problem, Result},
};
use sqlx::PgConnection;

/// What an actor is to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relation {
    Customer,
    /// The crew that carries it.
    Crew,
    /// The crew that carried it last.
    FormerCrew,
    /// A seller, by these of its shops: never empty.
    Shops(Vec<ShopId>),
    Staff,
}

impl Relation {
    /// What `actor` is to `order`, as a member of the shops `own`.
    pub(super) fn of(actor: &Actor, order: &Order, own: &[ShopId]) -> Option<Self> {
        match actor.role {
            Role::Customer => (order.customer_id == actor.id).then_some(Self::Customer),
            Role::Crew if order.crew_id != Some(actor.id) => None,
            Role::Crew => Some(if order.status.is_carried() { Self::Crew } else { Self::FormerCrew }),
            Role::Seller => {
                let parts = order.shop_orders.iter().map(|part| part.shop_id);
                let shops: Vec<ShopId> = parts.filter(|shop| own.contains(shop)).collect();
                (!shops.is_empty()).then_some(Self::Shops(shops))
            }
            Role::Staff | Role::Admin | Role::Superadmin => Some(Self::Staff),
        }
    }

    /// Whether they know where the order goes and how to call its customer.
    pub fn may_see_customer(&self) -> bool {
        matches!(self, Self::Customer | Self::Crew | Self::Staff)
    }

    /// Whether they see the part of this shop.
    pub fn may_see_part(&self, shop: ShopId) -> bool {
        match self {
            Self::Shops(own) => own.contains(&shop),
            Self::Customer | Self::Crew | Self::FormerCrew | Self::Staff => true,
        }
    }
}

impl OrderStatus {
    /// Whether a crew still has something to do with an order in this state.
    pub fn is_carried(self) -> bool {
        matches!(self, Self::Processing | Self::Shipped | Self::DeliveryFailed)
    }
}

/// What `actor` is to `order`. `None`: the actor may not know that it exists (404).
pub async fn relation(conn: &mut PgConnection, actor: &Actor, order: &Order) -> Result<Option<Relation>> {
    let own = shops::shops_of(conn, order.id.region(), actor).await?;
    Ok(Relation::of(actor, order, &own))
}

/// An order, and what `actor` is to it. Errors: 404 for those it does not concern.
pub async fn find_as(conn: &mut PgConnection, actor: &Actor, id: OrderId) -> Result<(Order, Relation)> {
    let order = store::find(conn, &[id]).await?.pop().ok_or_else(Problem::not_found)?;
    let relation = relation(conn, actor, &order).await?.ok_or_else(Problem::not_found)?;
    Ok((order, relation))
}

/// The same for a command: the order is locked, and after it its shop orders.
pub async fn lock_as(tx: &mut Tx, actor: &Actor, id: OrderId) -> Result<(Order, Relation)> {
    let order = store::lock(tx, id).await?;
    let relation = relation(tx, actor, &order).await?.ok_or_else(Problem::not_found)?;
    Ok((order, relation))
}
