//! One binary for all tests of the product: the kit, a file per slice, journeys, faults.
mod kit;

mod auth;
mod carts;
mod house;
mod shops;
mod orders;
mod wallet;
