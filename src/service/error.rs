//! The one error of the use cases.

use super::reason::Reason;
use crate::{
    access::Denial,
    store::{StoreError, batch::Unqueued},
    vault::VaultError,
};

/// A problem with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Path of the field, e.g. `check_up.findings[2].value`.
    pub field: String,
    /// Stable reason.
    pub reason: &'static str,
    /// What a clerk reads.
    pub message_zh: String,
}

impl Problem {
    /// A problem of a known reason.
    pub fn new(field: impl Into<String>, reason: Reason) -> Self {
        Self {
            field: field.into(),
            reason: reason.code(),
            message_zh: reason.zh().into(),
        }
    }
}

/// Why a use case did not happen. Never holds a personal value.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields are wrong.
    #[error("the request has {} problem(s)", .0.len())]
    Invalid(Vec<Problem>),
    /// Refused for a reason.
    #[error("refused: {}", .0.code())]
    Refused(Reason),
    /// A look was denied.
    #[error("a key is missing")]
    Denied(Denial),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A sealed value could not be made or opened.
    #[error("the vault failed")]
    Vault(#[from] VaultError),
    /// Something that can't be, was.
    #[error("an invariant was broken: {0}")]
    Broken(&'static str),
}

impl From<Reason> for Error {
    fn from(reason: Reason) -> Self {
        Self::Refused(reason)
    }
}

impl From<Unqueued> for Error {
    fn from(why: Unqueued) -> Self {
        match why {
            Unqueued::Closed => Reason::Stopping.into(),
            Unqueued::Full => Reason::TooBusy.into(),
        }
    }
}

impl Error {
    /// One field is wrong.
    pub fn field(field: impl Into<String>, reason: Reason) -> Self {
        Self::Invalid(vec![Problem::new(field, reason)])
    }

    /// Where the store is out of reach, what every caller whose work waited for it is told.
    pub(super) fn common(&self) -> Option<Self> {
        match self {
            Self::Store(e) if e.is_out_of_reach() => Some(Reason::StoreUnavailable.into()),
            _ => None,
        }
    }

    /// The reason a caller is told.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Invalid(_) => Reason::FieldMalformed,
            Self::Refused(reason) => *reason,
            Self::Denied(_) => Reason::KeyMissing,
            Self::Store(e) if e.is_transient() => Reason::StoreUnavailable,
            Self::Store(StoreError::UnknownRegion) => Reason::RegionForeign,
            Self::Store(_) | Self::Vault(_) | Self::Broken(_) => Reason::Internal,
        }
    }
}
