//! Rules of the gateway, through its use cases, on every engine.

mod pushes;
mod standing;
