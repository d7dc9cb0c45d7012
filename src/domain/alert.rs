//! An alert's level, category and life.
//!
//! What an alert says comes from `clinical`; who sees it from `access`. Here is only what it can
//! be: a state holds exactly the data that exists in it, and a state that has ended stays ended.

mod state;

pub use state::{
    Acknowledgement, AlertRefusal, AlertState, Decision, FollowUp, FollowUpOutcome, Life,
    Resolution,
};

use super::text_code::text_codes;

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
        /// Illnesses for which a carer needs a plan; what an examination found is `Examination`.
        Condition = "CONDITION",
        Infectious = "INFECTIOUS",
        Immunisation = "IMMUNISATION",
        CheckUpDue = "CHECK_UP_DUE",
        EntryCheck = "ENTRY_CHECK",
        /// Findings of the physical examination, of the newborn and of its screening.
        Examination = "EXAMINATION",
        OralHealth = "ORAL_HEALTH",
    }
}

impl Category {
    /// Whether a facility may ever receive the category, consent or not (design section 3).
    pub fn may_reach_facility(self) -> bool {
        !matches!(
            self,
            Category::Rickets | Category::Development | Category::Examination
        )
    }
}

#[cfg(test)]
mod tests;
