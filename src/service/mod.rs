//! Use cases: one function each, one transaction each. A change of keys goes through
//! [`change::Change`]; a child's data leaves through `disclosure` and nowhere else.

pub mod absences;
pub mod actors;
pub mod agreements;
pub mod alert_body;
pub mod assessment;
pub mod attendance;
pub mod audit;
pub mod bell;
pub mod caller;
pub mod certificates;
pub mod change;
pub mod children;
pub mod claims;
pub mod consents;
pub mod delivery;
pub mod disclosure;
pub mod enrolments;
pub mod erasures;
pub mod error;
pub mod escalation;
pub mod explain;
pub mod founding;
pub mod gateway;
pub mod grounds;
pub mod guardian_codes;
pub mod guardianships;
pub mod health_certificates;
pub mod keyring;
mod leaves;
pub mod organizations;
pub mod practitioners;
pub mod push;
pub mod reason;
pub mod reassessment;
pub mod regions;
mod regions_apart;
pub mod retention;
pub mod rotation;
pub mod rule_book;
pub mod rule_sets;
pub mod tide;
pub mod unmatched;

pub use error::{Error, Problem};
pub use gateway::Gateway;
pub use reason::Reason;
