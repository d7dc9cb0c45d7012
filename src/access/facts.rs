//! What a decision rests on, as read from the store under the region's ledger head.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};

use super::keys::Closed;
use crate::domain::{
    actor::{Actor, ActorRole, ActorState, Practitioner},
    agreement::{Agreement, AgreementState, in_force},
    alert::Category,
    assignment::{Assignment, Duty},
    child::Child,
    consent::{Consent, ConsentMode, ConsentState},
    enrolment::{Enrolment, EnrolmentState},
    guardianship::Guardianship,
    id::Id,
    organization::{Organization, OrganizationKind, Standing},
    purpose::Purpose,
    region::Zone,
};

/// Who asks, as far as the region knows.
#[derive(Debug, Clone)]
pub struct AskerFacts {
    /// The calling organization.
    pub organization: Id<Organization>,
    /// What it is.
    pub kind: OrganizationKind,
    /// Its standing in the region, if it has any.
    pub standing: Option<Standing>,
    /// The actor named on the call, if it belongs to the organization.
    pub actor: Option<ActorFact>,
}

/// An actor.
#[derive(Debug, Clone)]
pub struct ActorFact {
    /// Its id.
    pub id: Id<Actor>,
    /// What it does.
    pub role: ActorRole,
    /// Where its approval stands.
    pub state: ActorState,
    /// The practitioner it is, if registered as one.
    pub practitioner: Option<Id<Practitioner>>,
}

/// Everything about a facility that decides over its children.
#[derive(Debug, Clone)]
pub struct FacilityFacts {
    /// The facility.
    pub facility: Id<Organization>,
    /// Agreements to which it is a party, in any state.
    pub agreements: Vec<AgreementFact>,
    /// Assignments of the asking practitioner to it.
    pub assignments: Vec<AssignmentFact>,
}

/// An agreement.
#[derive(Debug, Clone)]
pub struct AgreementFact {
    /// Its id.
    pub id: Id<Agreement>,
    /// The medical institution.
    pub institution: Id<Organization>,
    /// Whether institution and facility both have active standing.
    pub parties_active: bool,
    /// Where it stands.
    pub state: AgreementState,
    /// First and last day of the term.
    pub term: (NaiveDate, NaiveDate),
    /// Categories of the data clause.
    pub categories: BTreeSet<Category>,
    /// Purposes of the data clause.
    pub purposes: BTreeSet<Purpose>,
    /// Source institutions: the signing one and the further ones, whose standing closes nothing.
    pub sources: BTreeSet<Id<Organization>>,
}

impl AgreementFact {
    /// Whether it is in force between parties in good standing; else why not.
    pub fn holds(&self, zone: Zone, now: DateTime<Utc>) -> Result<(), Closed> {
        in_force(&self.state, self.term, zone, now)?;
        if self.parties_active {
            Ok(())
        } else {
            Err(Closed::PartySuspended)
        }
    }
}

/// An assignment of the asking practitioner to the facility.
#[derive(Debug, Clone)]
pub struct AssignmentFact {
    /// Its id.
    pub id: Id<Assignment>,
    /// The agreement it rests on.
    pub agreement: Id<Agreement>,
    /// When it holds.
    pub duty: Duty,
}

/// Everything about a child that decides.
#[derive(Debug, Clone)]
pub struct ChildFacts {
    /// The child.
    pub child: Id<Child>,
    /// Day of birth.
    pub birth_date: NaiveDate,
    /// Since when who speaks for the child is disputed, if it is.
    pub disputed_since: Option<DateTime<Utc>>,
    /// The child's enrolments at the facility.
    pub enrolments: Vec<EnrolmentFact>,
    /// The child's consents to the facility.
    pub consents: Vec<ConsentFact>,
    /// For a guardian who asks: the guardianship the code speaks for.
    pub own_guardianship: Option<GuardianshipFact>,
}

impl ChildFacts {
    /// A child of whom nothing else matters: for askers whose keys lie elsewhere.
    pub fn bare(child: Id<Child>, birth_date: NaiveDate) -> Self {
        Self {
            child,
            birth_date,
            disputed_since: None,
            enrolments: Vec::new(),
            consents: Vec::new(),
            own_guardianship: None,
        }
    }
}

/// An enrolment.
#[derive(Debug, Clone)]
pub struct EnrolmentFact {
    /// Its id.
    pub id: Id<Enrolment>,
    /// Where it stands.
    pub state: EnrolmentState,
}

/// A guardianship.
#[derive(Debug, Clone)]
pub struct GuardianshipFact {
    /// Its id.
    pub id: Id<Guardianship>,
    /// First day.
    pub first_day: NaiveDate,
    /// When it ended, if it did.
    pub ended: Option<DateTime<Utc>>,
    /// Since when it is disputed, if it is.
    pub disputed_since: Option<DateTime<Utc>>,
}

/// A consent of one guardian to one facility.
#[derive(Debug, Clone)]
pub struct ConsentFact {
    /// Its id.
    pub id: Id<Consent>,
    /// When it was given.
    pub granted: DateTime<Utc>,
    /// Where it stands.
    pub state: ConsentState,
    /// Whether the guardianship under which it was given has ended.
    pub guardianship_ended: bool,
    /// First day of validity.
    pub first_day: NaiveDate,
    /// Last day of validity, included.
    pub last_day: NaiveDate,
    /// Purposes.
    pub purposes: BTreeSet<Purpose>,
    /// Categories.
    pub categories: BTreeSet<Category>,
    /// Named source institutions; none means all that an agreement covers.
    pub sources: BTreeSet<Id<Organization>>,
    /// How much the recipient may do.
    pub mode: ConsentMode,
    /// Check-ups from this day on.
    pub data_from: Option<NaiveDate>,
    /// Check-ups up to this day.
    pub data_until: Option<NaiveDate>,
}

/// The facts of one question about one child.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The region's zone, in which civil days are counted.
    pub zone: Zone,
    /// Who asks.
    pub asker: &'a AskerFacts,
    /// About which facility; none for askers that are not bound to one.
    pub facility: Option<&'a FacilityFacts>,
    /// About which child; none for a question about the asker's own records or about counts.
    pub child: Option<&'a ChildFacts>,
}
