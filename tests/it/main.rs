//! The contents page of the tests that look at the gateway from outside its modules.
//!
//! `hygiene` and `layers` read the repository itself; the others run the gateway, through `support`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "a test says what it expects by failing loudly, and drives real processes in real time"
)]

mod cases;
mod hygiene;
mod journeys;
mod layers;
mod operator;
mod policy;
mod store;
mod support;
mod survival;
mod wire;
