//! Use cases: one function each, one transaction each. A change of keys goes through
//! [`change::Change`]; a child's data leaves through `disclosure` and nowhere else.

pub mod assessment;
pub mod bell;
pub mod caller;
pub mod change;
pub mod claims;
pub mod delivery;
pub mod error;
pub mod gateway;
pub mod keyring;
pub mod push;
pub mod reason;

pub use error::{Error, Problem};
pub use gateway::Gateway;
pub use reason::Reason;
