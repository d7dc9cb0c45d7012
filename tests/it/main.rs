//! The integration tests' contents page: one binary, one file a subject.

mod operator;
mod policy;
mod support;
mod wire;
