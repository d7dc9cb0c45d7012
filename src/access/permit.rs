//! The yes that is held, and the no that explains itself.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    bases::Basis,
    keys::{Closed, Key, KeyState},
};
use crate::domain::{
    actor::Actor,
    alert::{Category, Level},
    child::Child,
    consent::ConsentMode,
    id::Id,
    organization::Organization,
};

/// One category of results of one source institution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grant {
    /// The category.
    pub category: Category,
    /// The institution that sent the results.
    pub source: Id<Organization>,
}

/// A key that was open, and the row it stands in: what a leaf's entry names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ground {
    /// The key.
    pub key: Key,
    /// The row's id.
    pub id: String,
}

/// How far a permit reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Alerts of these categories that rest on these sources only.
    Consented {
        /// The facility: what is another's matter alone is out of reach.
        facility: Id<Organization>,
        /// Every category and source that consent and data clause have in common.
        grants: BTreeSet<Grant>,
        /// Only alerts of the highest level.
        urgent_only: bool,
        /// For the instructor rather than the facility's staff.
        instructor: bool,
        /// How much the recipient may do.
        mode: ConsentMode,
        /// Evidence from this day on.
        data_from: Option<NaiveDate>,
        /// Evidence up to this day.
        data_until: Option<NaiveDate>,
    },
    /// What the organization itself sent.
    OwnRecords(Id<Organization>),
    /// Abnormal findings, for follow-up by the medical side.
    AbnormalFindings,
    /// Everything about the child.
    Everything,
    /// Counts only.
    Counts,
}

/// A yes. Only [`decide`](super::decide) makes one; it can't be cloned, and it carries its grounds,
/// so that the leaf writes itself.
#[derive(Debug)]
#[must_use = "a permit that nothing is read under needs no leaf"]
pub struct Permit {
    pub(super) basis: &'static Basis,
    pub(super) organization: Id<Organization>,
    pub(super) actor: Option<Id<Actor>>,
    pub(super) child: Option<Id<Child>>,
    pub(super) scope: Scope,
    pub(super) grounds: Vec<Ground>,
    pub(super) decided: DateTime<Utc>,
}

impl Permit {
    /// The row of the table it rests on.
    pub fn basis(&self) -> &'static Basis {
        self.basis
    }

    /// The asking organization.
    pub fn organization(&self) -> Id<Organization> {
        self.organization
    }

    /// The person behind the call; none for a guardian, who is no actor of an organization.
    pub fn actor(&self) -> Option<Id<Actor>> {
        self.actor
    }

    /// The child, for a permit about one.
    pub fn child(&self) -> Option<Id<Child>> {
        self.child
    }

    /// How far it reaches.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The keys it rests on.
    pub fn grounds(&self) -> &[Ground] {
        &self.grounds
    }

    /// The no to a question that lies outside its scope: every key is open, and what agreement and
    /// consent have in common does not reach so far.
    pub fn falls_short(&self) -> Denial {
        let state = |&key: &Key| KeyState {
            key,
            state: if key == Key::Agreement {
                Err(Closed::NothingCovered)
            } else {
                Ok(())
            },
        };
        Denial {
            basis: Some(self.basis),
            keys: self.basis.keys.iter().map(state).collect(),
        }
    }

    /// When it was decided.
    pub fn decided(&self) -> DateTime<Utc> {
        self.decided
    }
}

/// A no, with the state of every key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The row of the table that was tried; none when the table has no such row.
    pub basis: Option<&'static Basis>,
    /// Every key of that row and how it stands.
    pub keys: Vec<KeyState>,
}

impl Denial {
    /// The keys that are missing.
    pub fn missing(&self) -> impl Iterator<Item = KeyState> {
        self.keys.iter().copied().filter(|k| k.state.is_err())
    }
}

/// What of an alert stands in clear, for deciding whether a scope reaches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertFacts {
    /// What it is about.
    pub category: Category,
    /// The facility whose matter alone it is: a check before it lets the child in. None otherwise.
    pub facility: Option<Id<Organization>>,
    /// How pressing.
    pub level: Level,
    /// The institutions whose check-ups it rests on; none for what is not done.
    pub sources: BTreeSet<Id<Organization>>,
    /// Where each check-up bears it alone (several statements of one condition), who made each and
    /// when; empty where it takes all of them.
    pub statements: BTreeSet<(Id<Organization>, NaiveDate)>,
    /// Day of the first check-up it rests on.
    pub evidence_first: NaiveDate,
    /// Day of the last check-up it rests on.
    pub evidence_last: NaiveDate,
    /// Whether its rule lets a facility have it at all.
    pub for_facility: bool,
    /// Whether its rule lets an instructor have it.
    pub for_instructor: bool,
    /// Whether its rule lets the MCH centre have it.
    pub for_mch: bool,
}

impl Scope {
    /// Whether the scope opens a category: of some source, and at every level.
    pub fn opens(&self, category: Category) -> bool {
        match self {
            Self::Consented {
                grants,
                urgent_only,
                ..
            } => !urgent_only && grants.iter().any(|g| g.category == category),
            Self::AbnormalFindings | Self::Everything => true,
            Self::OwnRecords(_) | Self::Counts => false,
        }
    }

    /// The same of everything that may stand today, whenever it was found: a consent over some days only
    /// hides what was found on others.
    pub fn opens_today(&self, category: Category, today: NaiveDate) -> bool {
        let whole = match self {
            Self::Consented {
                data_from,
                data_until,
                ..
            } => data_from.is_none() && data_until.is_none_or(|day| today <= day),
            _ => true,
        };
        whole && self.opens(category)
    }

    /// Whether an alert lies within the scope. The store's disclosing query says the same in SQL; a
    /// test holds the two against each other.
    pub fn reaches(&self, alert: &AlertFacts) -> bool {
        match self {
            Self::Consented {
                facility,
                grants,
                urgent_only,
                instructor,
                data_from,
                data_until,
                ..
            } => {
                let granted = |&source: &Id<Organization>| {
                    grants.contains(&Grant {
                        category: alert.category,
                        source,
                    })
                };
                let audience = if *instructor {
                    alert.for_instructor
                } else {
                    alert.for_facility
                };
                let within = |first: NaiveDate, last: NaiveDate| {
                    data_from.is_none_or(|day| day <= first)
                        && data_until.is_none_or(|day| last <= day)
                };
                let borne = if !alert.statements.is_empty() {
                    let spoken =
                        |(source, day): &(_, NaiveDate)| granted(source) && within(*day, *day);
                    alert.statements.iter().any(spoken)
                } else if alert.sources.is_empty() {
                    // What is not done was said by nobody: any agreement over the category will do.
                    grants.iter().any(|g| g.category == alert.category)
                        && within(alert.evidence_first, alert.evidence_last)
                } else {
                    alert.sources.iter().all(granted)
                        && within(alert.evidence_first, alert.evidence_last)
                };
                let own = |of: Id<Organization>| of == *facility;
                audience
                    && alert.facility.is_none_or(own)
                    && (!urgent_only || alert.level == Level::Urgent)
                    && borne
            }
            Self::AbnormalFindings => alert.for_mch,
            Self::Everything => true,
            Self::OwnRecords(_) | Self::Counts => false,
        }
    }
}
