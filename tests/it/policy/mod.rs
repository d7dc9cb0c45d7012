//! Rules of the gateway, through its use cases, on every engine.

mod invariants;
mod permits;
mod plans;
mod pushes;
mod scope;
