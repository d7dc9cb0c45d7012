//! Rules of the gateway, through its use cases, on every engine.

mod agreements;
mod consents;
mod instructors;
mod pushes;
mod roster;
