//! The ledger: what is written down for every look and every change of a key, and how it is
//! proved later.
//!
//! ```text
//! region's tree (RFC 9162)          leaf 0 · leaf 1 · leaf 2 · …
//!                                            │ commits to
//! sub-tree of that leaf             entry · entry · entry      (one a child, salted)
//!                                            │ opened by
//! sealed under that child's key            salt, detail
//! ```
//!
//! A leaf holds pseudonymous ids and codes only. The children it concerns stand in it as one root
//! hash: a family that holds its own opening can prove that its child was shown, and learns
//! nothing of the others; when a child's key is destroyed, the proof of everybody else still
//! holds, and what was said of that child can no longer be read.
//!
//! The room is pure. It refuses to say what order leaves have (the store's head lock does), to
//! sign checkpoints, and to seal openings (the vault does).

mod audit;
mod entry;
mod key;
mod leaf;
pub mod merkle;

pub use audit::{Auditor, Disclosed, Evidence, Fault, Summary, Violation};
pub use entry::{ChildOpening, Commitment, Entry, EntryError, Opening, SubTree, verify_opening};
pub use key::{KeyKind, KeyState};
pub use leaf::{Change, Leaf, LeafBody, Look};
pub use merkle::Hash;
