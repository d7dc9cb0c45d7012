//! The wire as a client sees it.

mod baseline;
mod directory;
mod errors;
mod findings_doc;
mod serving;
