//! Words and rules of the field: what an organization, an agreement, a child, a consent, a check-up
//! and an alert are, and which steps each allows.
//!
//! Pure: no I/O, no async, no wire, no SQL, no clock of its own. Time and chance are arguments.

pub mod absence;
pub mod actor;
pub mod agreement;
pub mod alert;
pub mod assignment;
pub mod canonical;
pub mod catalogue;
pub mod checkup;
pub mod child;
pub mod consent;
pub mod enrolment;
pub mod escalation;
pub mod finding;
pub mod growth_standard;
pub mod guardianship;
pub mod id;
pub mod identifier;
pub mod inbox;
pub mod organization;
pub mod purpose;
pub mod region;
pub mod rule_set;
pub mod sex;
pub(crate) mod text_code;
