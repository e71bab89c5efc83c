//! One binary for all tests of the product: the kit, a file per slice, journeys, faults.
mod kit;

mod architecture;
mod audit;
mod auth;
mod carts;
mod catalogue;
mod core;
mod delivery;
mod documents;
mod faults;
mod journeys;
mod live;
mod matrix;
mod notifications;
mod orders;
mod shops;
mod storm;
mod wallet;
