//! Sealing of what names or describes a child, and look-up without unsealing.
//!
//! ```text
//! master key (versioned, from outside) ── wraps ──► data key (one a child) ── seals ──► columns
//!                                      └─ wraps ──► index data key ── derives ──► IndexKey
//! ```
//!
//! AES-256-GCM throughout. Each payload says its version, and its associated data binds it to one
//! place (table, region, row, column), so a sealed value moved elsewhere does not open. Destroying
//! a child's wrapped data key erases the child; that is final once the master key of the version
//! that wrapped it is retired, because a backup may still hold the wrapped key.
//!
//! Nonces are 96 random bits. One key must seal fewer than 2^32 times (NIST SP 800-38D, 8.3): far
//! above what one child, or one deployment's data keys, come to.
//!
//! The room is pure: it loads no key, keeps no file and takes its chance from the caller. It
//! refuses to say why a payload does not open: wrong key, wrong place and altered bytes look the
//! same.

mod blind;
mod data_key;
mod master;
mod seal;

pub use blind::{BlindIndex, IndexKey};
pub use data_key::{DataKey, WrappedKey};
pub use master::{MasterKey, MasterKeyError, MasterKeys};
pub use seal::{Place, open, seal};

use thiserror::Error;

/// Why a key or a payload is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum VaultError {
    /// Wrong key, wrong place or altered bytes.
    #[error("sealed value does not open here")]
    Closed,
    #[error("sealed value is malformed")]
    Malformed,
    #[error("sealed value has unknown version {0}")]
    UnknownVersion(u8),
    #[error("master key version {0} is not loaded")]
    UnknownMaster(u32),
    #[error("value is too long to seal")]
    TooLong,
}
