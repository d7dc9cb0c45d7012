//! The wire as a client sees it.

mod bad_input;
mod baseline;
mod bounds;
mod certificates;
mod directory;
mod errors;
mod findings_doc;
mod health_certificates;
mod pages;
mod serving;
mod strangers;
mod unreadable;
