//! The integration tests' contents page: one binary, one file a subject.

mod journeys;
mod policy;
mod support;
