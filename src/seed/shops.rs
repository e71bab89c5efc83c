//! The demo's shops with their products and stock.
use super::{
    demo::{self, Product, Shop},
    people::Known,
};
use crate::{
    App,
    domain::{
        catalog::{self, NewProduct, ProductCategoryId},
        inventory,
        shops::{self, Location, NewShop, ShopCategoryId},
    },
    ids::{ProductId, Region, ShopId, UserId},
    money::Money,
};
use anyhow::Context;
use std::collections::{BTreeSet, HashMap};

/// A shop of the demo with what it sells.
#[derive(Debug)]
pub struct Open {
    pub id: ShopId,
    pub owner: UserId,
    pub never_closes: bool,
    pub minimum_order: Money,
    /// In the order of their SKUs.
    pub products: Vec<OnSale>,
}

/// A product of such a shop.
#[derive(Debug)]
pub struct OnSale {
    pub id: ProductId,
    pub price: Money,
    pub min_quantity: i32,
    pub max_quantity: Option<i32>,
}

/// Registers the shops that are not there yet and stocks their products.
pub async fn open(app: &App, people: &Known) -> anyhow::Result<Vec<Open>> {
    let (all, products) = (demo::shops()?, demo::products()?);
    let mut kinds = HashMap::new();
    for shop in &all {
        if !kinds.contains_key(&shop.category) {
            let id = shops::category_named(app, &shop.category, shop.category_ar.as_deref()).await?;
            kinds.insert(shop.category.clone(), id);
        }
    }
    let names: BTreeSet<_> = products.iter().map(|product| &product.category).collect();
    let mut categories = HashMap::new();
    for name in names {
        categories.insert(name.clone(), catalog::category_named(app, name, None).await?);
    }
    let mut open = vec![];
    for shop in &all {
        let (owner, _) = people.get(&shop.owner).with_context(|| format!("{} has no owner", shop.key))?;
        let shelf: Vec<_> = products.iter().filter(|product| product.shop == shop.key).collect();
        let kind = kinds[&shop.category];
        open.push(fill(app, shop, *owner, kind, &shelf, &categories).await.with_context(|| shop.key.clone())?);
    }
    Ok(open)
}

async fn fill(
    app: &App,
    shop: &Shop,
    owner: UserId,
    kind: ShopCategoryId,
    shelf: &[&Product],
    categories: &HashMap<String, ProductCategoryId>,
) -> anyhow::Result<Open> {
    let mut tx = app.begin(Region::FIRST).await?;
    let id = match shops::named(&mut tx, Region::FIRST, owner, &shop.name).await? {
        Some(id) => id,
        None => shops::register(&mut tx, &new_shop(shop, owner, kind)).await?,
    };
    let known = catalog::by_sku(&mut tx, Region::FIRST, id).await?;
    let missing: Vec<_> = shelf.iter().copied().filter(|product| !known.contains_key(&product.sku)).collect();
    let products: Vec<_> = missing.iter().map(|product| new_product(product, categories)).collect();
    let ids = catalog::add_products(&mut tx, id, &products).await?;
    let stock: Vec<_> = ids.into_iter().zip(missing).map(|(id, product)| (id, product.stock)).collect();
    inventory::count(&mut tx, &stock).await?;
    let mut known = catalog::by_sku(&mut tx, Region::FIRST, id).await?;
    tx.end(()).await?;
    let on_sale = |product: &&Product| {
        let id = known.remove(&product.sku)?;
        let Product { min_quantity, max_quantity, .. } = **product;
        let price = product.price.of_currency(product.currency);
        Some(OnSale { id, price, min_quantity, max_quantity })
    };
    let products = shelf.iter().filter_map(on_sale).collect();
    Ok(Open {
        id,
        owner,
        never_closes: shop.round_the_clock,
        minimum_order: shop.minimum_order.of_currency(shop.currency),
        products,
    })
}

fn new_shop(shop: &Shop, owner: UserId, kind: ShopCategoryId) -> NewShop {
    NewShop {
        owner,
        name: shop.name.clone(),
        name_ar: shop.name_ar.clone(),
        description: shop.description.clone(),
        category_id: Some(kind),
        phone_number: shop.phone_number.clone(),
        email: shop.email.clone(),
        location: Location { lat: shop.lat, lng: shop.lng, address: shop.address.clone() },
        time_zone: shop.time_zone.clone(),
        days: shop.hours.clone(),
        currency: shop.currency,
        delivery: true,
        pickup: true,
        radius_m: shop.radius_m,
        minimum_order: shop.minimum_order,
        prep_minutes: shop.prep_minutes,
        fee_bands: shop.fee_bands.clone(),
    }
}

fn new_product(product: &Product, categories: &HashMap<String, ProductCategoryId>) -> NewProduct {
    NewProduct {
        name: product.name.clone(),
        name_ar: product.name_ar.clone(),
        description: String::new(),
        sku: product.sku.clone(),
        price: product.price.of_currency(product.currency),
        cost_price: product.cost_price.map(|price| price.of_currency(product.currency)),
        min_quantity: product.min_quantity,
        max_quantity: product.max_quantity,
        low_stock_threshold: product.low_stock_threshold,
        category_id: categories.get(&product.category).copied(),
    }
}
