//! Yuqiao 育桥: the gateway between medical institutions, childcare facilities and guardians.

pub mod access;
pub mod clock;
pub mod domain;
pub mod ledger;
pub mod store;
pub mod vault;
