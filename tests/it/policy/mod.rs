//! Rules of the gateway, through its use cases, on every engine.

mod permits;
mod plans;
mod pushes;
mod scope;
