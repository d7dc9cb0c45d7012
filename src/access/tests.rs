//! The decision is held against design section 3 three times: scenarios that a paediatrician's
//! colleague can read, a model that states the rules again in its own words, and what must stay
//! true however the facts lie.

mod closed;
mod instants;
mod model;
mod properties;
mod random;
mod reach;
mod scopes;
mod situation;
mod table;
