//! Clinical rules: findings in, alerts out. Pure; the rules and tables are data beside the code.
//!
//! - [`growth`]: WHO 2006 z-scores and WS/T 423-2022 classes
//! - [`rules`]: the rule table, read from `data/rules/*.toml` and refused if it is not sound
//! - [`care_card`]: the short Chinese text a carer or guardian reads
//! - [`schedule`]: what is due when (visits, immunisation, checks in care), read from
//!   `data/schedules/*.toml`
//! - [`tally`]: what a change of rules does to many children, in counts
//! - [`assess`]: which alerts should stand for one child now
//! - [`fitness`]: whether the child is fit for care, given the alerts that stand

pub mod assess;
pub mod care_card;
pub mod fitness;
pub mod growth;
mod history;
mod matching;
pub mod rules;
pub mod schedule;
pub mod tally;
