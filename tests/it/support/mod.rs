//! What the tests stand on: both engines, a clock moved by hand, the real server and its clients.

#![allow(dead_code, reason = "each test takes what it needs")]

pub mod engines;
pub mod names;
pub mod party;
pub mod server;
