//! 知情同意: a guardian's grant to one recipient (PIPL art. 14, 15, 23, 29, 31).

use chrono::{DateTime, Utc};

use super::text_code::text_codes;

/// Marks ids of consents.
#[derive(Debug)]
pub enum Consent {}

text_codes! {
    /// How much the recipient may do with what it is shown.
    ConsentMode {
        /// Alerts and care cards only.
        AlertsOnly = "ALERTS_ONLY",
        /// May also view results.
        View = "VIEW",
        /// May also store; owes a certificate of deletion at the end.
        Store = "STORE",
    }
}

/// Where a consent stands. Expiry is derived from its last day, never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentState {
    /// Given.
    Granted,
    /// Taken back by the guardian.
    Withdrawn {
        /// When.
        at: DateTime<Utc>,
    },
    /// Replaced by a later consent to the same recipient.
    Superseded {
        /// When.
        at: DateTime<Utc>,
    },
}

/// The consent has ended already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the consent has ended already")]
pub struct ConsentEnded;

impl ConsentState {
    /// The guardian takes it back.
    pub fn withdraw(self, at: DateTime<Utc>) -> Result<Self, ConsentEnded> {
        match self {
            Self::Granted => Ok(Self::Withdrawn { at }),
            _ => Err(ConsentEnded),
        }
    }

    /// A later consent replaces it.
    pub fn supersede(self, at: DateTime<Utc>) -> Result<Self, ConsentEnded> {
        match self {
            Self::Granted => Ok(Self::Superseded { at }),
            _ => Err(ConsentEnded),
        }
    }

    /// Stable text of the state.
    pub fn code(self) -> &'static str {
        match self {
            Self::Granted => "GRANTED",
            Self::Withdrawn { .. } => "WITHDRAWN",
            Self::Superseded { .. } => "SUPERSEDED",
        }
    }

    /// When it ended, if it did.
    pub fn ended(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Granted => None,
            Self::Withdrawn { at } | Self::Superseded { at } => Some(at),
        }
    }

    /// Reads a state back; `None` for a combination that can't be.
    pub fn from_parts(code: &str, ended: Option<DateTime<Utc>>) -> Option<Self> {
        match (code, ended) {
            ("GRANTED", None) => Some(Self::Granted),
            ("WITHDRAWN", Some(at)) => Some(Self::Withdrawn { at }),
            ("SUPERSEDED", Some(at)) => Some(Self::Superseded { at }),
            _ => None,
        }
    }
}
