//! Who may see what: a pure decision from facts to a [`Permit`] or a [`Denial`].
//!
//! The table of lawful bases ([`bases`]) is data; everything not in it is refused. A yes is a thing
//! you hold: only [`decide`] makes a [`Permit`], it can't be cloned or kept, and the store's
//! disclosing reads demand one. This room reads no database and asks nobody the time.

pub mod bases;
mod decide;
pub mod facts;
mod keys;
mod permit;
mod reach;
pub mod words;

pub use bases::{Asker, Basis};
pub use decide::{Ask, decide, explain};
pub use keys::{Closed, Key, KeyState};
pub use permit::{AlertFacts, Denial, Grant, Ground, Permit, Scope};
pub use reach::{reach, reach_of_instructors};

#[cfg(test)]
mod tests;
