//! The contents page of the tests that need a database, a server or the repository as a whole.

mod support;
mod wire;
