//! The store: one shape, one SQL, two engines.
//!
//! SQL stands only here, written once over [`engine::Tx`]; every file is one table family of free
//! functions. A store function reads and writes rows; it holds no rule of its own. Every statement
//! carries the region. Reads that disclose a child's data demand a permit.
//!
//! Lock order everywhere: ledger head, identifier slots, child rows, inbox counters, each in key
//! order.

pub mod absences;
pub mod actors;
pub mod agreements;
pub mod alert_life;
pub mod alerts;
pub mod askers;
pub mod assessments;
pub mod backfills;
pub mod batch;
pub mod certificates;
pub mod check_ups;
pub mod children;
pub mod consents;
pub mod engine;
pub mod enrolments;
pub mod erasures;
pub mod error;
pub mod escalations;
pub mod facts;
pub mod guardianships;
pub mod inboxes;
pub mod ledger;
pub mod looks;
pub mod notices;
pub mod organizations;
pub mod practitioners;
pub mod regions;
pub mod retention;
pub mod rows;
pub mod rule_sets;
pub mod signing_keys;
pub mod survey;
pub mod vault_keys;
pub mod wrapped_keys;

pub use engine::{Store, Tx};
pub use error::StoreError;
