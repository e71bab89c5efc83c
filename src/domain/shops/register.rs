//! Registering a shop by staff: it is approved at once, and its owner becomes its first member.
use super::{Day, FeeBand, Location, ShopCategoryId, hours::Opening, store};
use crate::{
    App,
    db::Tx,
    ids::{Region, ShopId, UserId},
    money::{Amount, Currency},
    problem::{ApiError, FieldError, OnConstraint, Problem, Result},
    text,
};

/// A shop to register.
#[derive(Debug, Clone)]
pub struct NewShop {
    pub owner: UserId,
    pub name: String,
    pub name_ar: Option<String>,
    pub description: String,
    pub category_id: Option<ShopCategoryId>,
    pub phone_number: Option<String>,
    pub email: Option<String>,
    pub location: Location,
    /// IANA name.
    pub time_zone: String,
    pub days: Vec<Day>,
    pub currency: Currency,
    pub delivery: bool,
    pub pickup: bool,
    pub radius_m: i32,
    /// In `currency`.
    pub minimum_order: Amount,
    pub prep_minutes: i32,
    /// Nearest first.
    pub fee_bands: Vec<FeeBand>,
}

#[derive(Debug, ApiError)]
enum RegisterError {
    /// The owner has a shop of this name.
    #[api(422, "invalid")]
    NameTaken { errors: Vec<FieldError> },
}

impl NewShop {
    /// Checks its texts. Errors: 422 with the fields.
    fn check(&self) -> Result<()> {
        let words = [
            ("name", text::line(&self.name, 200)),
            ("name_ar", text::line(self.name_ar.as_deref().unwrap_or_default(), 200)),
            ("description", text::lines(&self.description, 5000)),
            ("phone_number", text::line(self.phone_number.as_deref().unwrap_or_default(), 40)),
            ("email", text::line(self.email.as_deref().unwrap_or_default(), 254)),
            ("address", text::line(&self.location.address, 500)),
        ];
        let faults = words.into_iter().filter_map(|(field, checked)| Some((field.to_owned(), checked.err()?.to_owned())));
        let faults: Vec<_> = faults.collect();
        if faults.is_empty() { Ok(()) } else { Err(Problem::invalids(faults).into()) }
    }
}

/// Registers an approved shop in the transaction's region.
///
/// Errors: 422 with the fields.
pub async fn register(tx: &mut Tx, shop: &NewShop) -> Result<ShopId> {
    shop.check()?;
    let openings: Option<Vec<_>> = shop.days.iter().map(Opening::read).collect();
    let openings = openings.ok_or_else(|| Problem::invalid("days", "invalid"))?;
    shop.location.point().ok_or_else(|| Problem::invalid("lat", "out_of_range"))?;
    shop.time_zone.parse::<chrono_tz::Tz>().map_err(|_| Problem::invalid("time_zone", "invalid"))?;
    let id = ShopId::fresh(tx.app(), tx.region());
    let now = tx.now().await?;
    let taken = RegisterError::NameTaken { errors: vec![FieldError::new("name", "taken")] };
    store::insert(tx, id, shop, now).await.on_constraint("shop_region_owner_id_name_key", taken)?;
    store::insert_hours(tx, id, &openings).await?;
    store::insert_member(tx, id, shop.owner, "owner", now).await?;
    Ok(id)
}

/// The category with this name, inserted if it is missing. Categories are global, so no regional transaction writes them.
pub async fn category_named(app: &App, name: &str, name_ar: Option<&str>) -> Result<ShopCategoryId> {
    let mut conn = app.read(Region::GLOBAL).await?;
    store::category_named(&mut conn, ShopCategoryId::fresh(app, Region::GLOBAL), name, name_ar, app.clock.now()).await
}
