//! An alert's level, category and life.
//!
//! What an alert says comes from `clinical`; who sees it from `access`. Here is only what it can
//! be: a state holds exactly the data that exists in it, and a state that has ended stays ended.

use chrono::{DateTime, Utc};

use crate::domain::text_code::text_codes;

/// Marks ids of alerts.
#[derive(Debug)]
pub enum Alert {}

text_codes! {
    /// How soon somebody must act, mildest first (the order is the order of `Ord`).
    Level {
        Low = "LOW",
        Medium = "MEDIUM",
        High = "HIGH",
        /// A carer must know before the child is next in care.
        Urgent = "URGENT",
    }
}

text_codes! {
    /// What an alert is about; consents and data clauses name categories.
    Category {
        Growth = "GROWTH",
        Nutrition = "NUTRITION",
        Hearing = "HEARING",
        Vision = "VISION",
        Development = "DEVELOPMENT",
        Rickets = "RICKETS",
        Allergy = "ALLERGY",
        Condition = "CONDITION",
        Infectious = "INFECTIOUS",
        Immunisation = "IMMUNISATION",
        CheckUpDue = "CHECK_UP_DUE",
        EntryCheck = "ENTRY_CHECK",
    }
}

impl Category {
    /// Whether a facility may ever receive the category, consent or not (design section 3).
    pub fn may_reach_facility(self) -> bool {
        !matches!(self, Category::Rickets | Category::Development)
    }
}

/// Who took note of an alert, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The acting person's id.
    pub by: String,
    pub at: DateTime<Utc>,
}

/// How an alert was settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// A person says that it is done.
    ByPerson { by: String },
    /// A later check-up no longer supports it.
    ByCheckUp { check_up: String },
}

/// Where an alert is in its life: open → acknowledged → resolved, superseded or retracted.
///
/// The last three are ends: nothing leads out of them. A later finding opens a new alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlertState {
    Open {
        since: DateTime<Utc>,
    },
    Acknowledged {
        since: DateTime<Utc>,
        acknowledged: Acknowledgement,
    },
    Resolved {
        since: DateTime<Utc>,
        /// `None` if it ended before anybody took note.
        acknowledged: Option<Acknowledgement>,
        at: DateTime<Utc>,
        resolution: Resolution,
    },
    /// A newer alert of the same family and subject took its place.
    Superseded {
        since: DateTime<Utc>,
        acknowledged: Option<Acknowledgement>,
        at: DateTime<Utc>,
        by_alert: String,
    },
    /// What it rested on was corrected away: it should never have stood.
    Retracted {
        since: DateTime<Utc>,
        acknowledged: Option<Acknowledgement>,
        at: DateTime<Utc>,
    },
}

/// Why a transition was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AlertRefusal {
    #[error("alert has ended as {state}")]
    Ended { state: &'static str },
    #[error("alert is already acknowledged")]
    AlreadyAcknowledged,
    #[error("time is before the alert's last change")]
    BeforeLastChange,
}

impl AlertRefusal {
    /// The machine-readable reason.
    pub fn as_str(self) -> &'static str {
        match self {
            AlertRefusal::Ended { .. } => "ALERT_ENDED",
            AlertRefusal::AlreadyAcknowledged => "ALERT_ALREADY_ACKNOWLEDGED",
            AlertRefusal::BeforeLastChange => "ALERT_TIME_BEFORE_LAST_CHANGE",
        }
    }

    /// The same for a person, in Chinese.
    pub fn message_zh(self) -> &'static str {
        match self {
            AlertRefusal::Ended { .. } => "该提示已结束",
            AlertRefusal::AlreadyAcknowledged => "该提示已确认",
            AlertRefusal::BeforeLastChange => "时间早于该提示的上一次变更",
        }
    }
}

/// What all living states share.
struct Living {
    since: DateTime<Utc>,
    acknowledged: Option<Acknowledgement>,
}

impl AlertState {
    /// A new alert, raised at `since`.
    pub fn open(since: DateTime<Utc>) -> AlertState {
        AlertState::Open { since }
    }

    /// The stable text code of the state.
    pub fn as_str(&self) -> &'static str {
        match self {
            AlertState::Open { .. } => "OPEN",
            AlertState::Acknowledged { .. } => "ACKNOWLEDGED",
            AlertState::Resolved { .. } => "RESOLVED",
            AlertState::Superseded { .. } => "SUPERSEDED",
            AlertState::Retracted { .. } => "RETRACTED",
        }
    }

    /// When the alert was raised.
    pub fn since(&self) -> DateTime<Utc> {
        match self {
            AlertState::Open { since }
            | AlertState::Acknowledged { since, .. }
            | AlertState::Resolved { since, .. }
            | AlertState::Superseded { since, .. }
            | AlertState::Retracted { since, .. } => *since,
        }
    }

    /// Whether it still asks for something: open or acknowledged.
    pub fn is_standing(&self) -> bool {
        matches!(
            self,
            AlertState::Open { .. } | AlertState::Acknowledged { .. }
        )
    }

    /// A person has taken note.
    ///
    /// # Errors
    /// [`AlertRefusal`] if it has ended, is acknowledged, or `at` is too early.
    pub fn acknowledge(self, by: String, at: DateTime<Utc>) -> Result<AlertState, AlertRefusal> {
        let Living {
            since,
            acknowledged,
        } = self.living(at)?;
        if acknowledged.is_some() {
            return Err(AlertRefusal::AlreadyAcknowledged);
        }
        Ok(AlertState::Acknowledged {
            since,
            acknowledged: Acknowledgement { by, at },
        })
    }

    /// Settled, by a person or by a later check-up.
    ///
    /// # Errors
    /// [`AlertRefusal`] if it has ended or `at` is too early.
    pub fn resolve(
        self,
        resolution: Resolution,
        at: DateTime<Utc>,
    ) -> Result<AlertState, AlertRefusal> {
        let Living {
            since,
            acknowledged,
        } = self.living(at)?;
        Ok(AlertState::Resolved {
            since,
            acknowledged,
            at,
            resolution,
        })
    }

    /// A newer alert takes its place.
    ///
    /// # Errors
    /// [`AlertRefusal`] if it has ended or `at` is too early.
    pub fn supersede(
        self,
        by_alert: String,
        at: DateTime<Utc>,
    ) -> Result<AlertState, AlertRefusal> {
        let Living {
            since,
            acknowledged,
        } = self.living(at)?;
        Ok(AlertState::Superseded {
            since,
            acknowledged,
            at,
            by_alert,
        })
    }

    /// What it rested on is gone.
    ///
    /// # Errors
    /// [`AlertRefusal`] if it has ended or `at` is too early.
    pub fn retract(self, at: DateTime<Utc>) -> Result<AlertState, AlertRefusal> {
        let Living {
            since,
            acknowledged,
        } = self.living(at)?;
        Ok(AlertState::Retracted {
            since,
            acknowledged,
            at,
        })
    }

    fn living(self, at: DateTime<Utc>) -> Result<Living, AlertRefusal> {
        let state = self.as_str();
        let living = match self {
            AlertState::Open { since } => Living {
                since,
                acknowledged: None,
            },
            AlertState::Acknowledged {
                since,
                acknowledged,
            } => Living {
                since,
                acknowledged: Some(acknowledged),
            },
            _ => return Err(AlertRefusal::Ended { state }),
        };
        let last = living
            .acknowledged
            .as_ref()
            .map_or(living.since, |ack| ack.at);
        if at < last {
            return Err(AlertRefusal::BeforeLastChange);
        }
        Ok(living)
    }
}

#[cfg(test)]
mod tests;
