//! The integration tests' contents page: one binary, one file a subject.

mod journeys;
mod operator;
mod policy;
mod support;
mod wire;
