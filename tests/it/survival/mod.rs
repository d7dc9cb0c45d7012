//! What holds when everything happens at once, and when the gateway dies.

mod audit;
mod interleaving;
mod quiet;
mod storm;
