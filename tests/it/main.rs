//! The integration tests' contents page: one binary, one file a subject.

mod policy;
mod store;
mod support;
