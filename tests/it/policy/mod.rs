//! Rules of the gateway, through its use cases, on every engine.

mod agreements;
mod consents;
mod instructors;
mod invariants;
mod permits;
mod plans;
mod pushes;
mod roster;
mod scope;
mod standing;
