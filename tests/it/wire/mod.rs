//! The wire as a client sees it.

mod baseline;
mod directory;
mod errors;
