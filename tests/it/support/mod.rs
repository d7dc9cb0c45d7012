//! The test bench: a gateway on every engine, with time moved by hand and chance from a seed; and
//! the program itself, with clients that enrol at it.

#![allow(dead_code, unused_imports, reason = "each test takes what it needs")]

pub mod care;
pub mod clients;
pub mod county;
pub mod cut;
pub mod desk;
pub mod engines;
pub mod families;
pub mod parties;
pub mod raw;
pub mod replay;
pub mod rules;
pub mod server;
pub mod shape;
pub mod wire_county;

pub use engines::{Bench, on_every_engine, on_postgres_only};
pub use parties::{Party, REGION, credit_code, region};
pub use raw::Raw;
