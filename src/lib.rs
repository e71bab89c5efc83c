//! The live back end of a delivery marketplace.
