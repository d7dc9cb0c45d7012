//! Rules of the store, on every engine.

mod shapes;
