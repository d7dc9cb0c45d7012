//! Yuqiao 育桥: the gateway between medical institutions, childcare facilities and guardians.
//!
//! Dependencies point downward only, and `tests/it/layers.rs` keeps it so:
//!
//! | room | what it is | it may use |
//! |---|---|---|
//! | [`clock`] | time, given and never taken | nothing |
//! | [`domain`] | words and rules of the field | clock |
//! | [`access`] | the decision who may see what, pure | domain |
//! | [`clinical`] | growth, rules, alerts, care cards, pure | domain |
//! | [`ledger`] | leaves, trees and proofs, pure | domain |
//! | [`vault`] | sealing and blind indexes, pure | domain |
//! | [`pki`] | certificates, codes and signatures, pure | domain |
//! | [`store`] | rows on two engines | the above |
//! | [`service`] | use cases | the above |
//! | [`rpc`] | the gRPC door | the above |
//! | [`config`], [`telemetry`] | what an operator sets, and what an operator reads | pki, vault |
//! | [`cli`] | a file a verb | the above |

#![cfg_attr(
    test,
    allow(clippy::string_slice, reason = "a test knows the text it cuts")
)]

pub mod access;
pub mod cli;
pub mod clinical;
pub mod clock;
pub mod config;
pub mod domain;
pub mod ledger;
pub mod pki;
pub mod rpc;
pub mod service;
pub mod store;
pub mod telemetry;
pub mod vault;
