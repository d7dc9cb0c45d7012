//! What holds when everything happens at once, and when the gateway dies.

pub mod audit;
mod interleaving;
mod kill;
pub mod quiet;
mod storm;
