//! A small town to test in: shops with products, straight into their tables.
use super::{Person, TestApp};
use std::sync::Arc;
use uuid::Uuid;
use wassally::{
    actor::Role,
    ids::{ProductId, Region, ShopId},
};

/// The middle of the town, where customers live and crews begin.
pub const HOME: (f64, f64) = (52.52, 13.405);

/// A shop with its owner and one product of 10.00 USD.
#[derive(Clone)]
pub struct Stall {
    pub owner: Person,
    pub id: Uuid,
    pub product: Uuid,
}

impl TestApp {
    /// A shop 500 m north of home, always open, that delivers within 5 km for 2.50 USD and has `stock` of its product.
    pub async fn stall(self: &Arc<Self>, stock: i32) -> Stall {
        let owner = self.person(Role::Seller).await;
        let id = ShopId::fresh(&self.app, Region::FIRST).uuid();
        let product = ProductId::fresh(&self.app, Region::FIRST).uuid();
        let pool = &self.app.pools().background;
        sqlx::query(
            r#"insert into shop (region, id, owner_id, name, address, lat, lng, status, time_zone, currency, radius_m, prep_minutes, fee_bands,
                created_at, updated_at)
            values (1, $1, $2, $3, 'High Street 1', $4, $5, 'APPROVED', 'UTC', 'USD', 5000, 15, '[{"up_to_m": 5000, "fee": "2.50"}]',
                app_now(), app_now())"#,
        )
        .bind(id)
        .bind(owner.id.uuid())
        .bind(format!("Falafel {id}"))
        .bind(HOME.0 + 0.0045)
        .bind(HOME.1)
        .execute(pool)
        .await
        .expect("a shop");
        for statement in [
            "insert into shop_hours (region, shop_id, day, opens, closes) select 1, $1, day, 0, 1440 from generate_series(1, 7) day",
            "insert into shop_member (region, shop_id, user_id, role, created_at) select 1, id, owner_id, 'owner', created_at from shop where id = $1",
        ] {
            sqlx::query(statement).bind(id).execute(pool).await.expect("hours and members");
        }
        sqlx::query(
            "insert into product (region, id, shop_id, name, sku, price, currency, max_quantity, created_at, updated_at)
            values (1, $1, $2, 'Falafel', $3, 10, 'USD', 50, app_now(), app_now())",
        )
        .bind(product)
        .bind(id)
        .bind(product.to_string())
        .execute(pool)
        .await
        .expect("a product");
        sqlx::query("insert into stock (region, product_id, on_hand, updated_at) values (1, $1, $2, app_now())")
            .bind(product)
            .bind(stock)
            .execute(pool)
            .await
            .expect("stock");
        Stall { owner, id, product }
    }
}
