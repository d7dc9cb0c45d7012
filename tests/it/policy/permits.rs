//! Permits for tests. There is no way to one but the decision, so here are facts it says yes to.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use yuqiao::{
    access::{
        self, Ask, Asker, Permit,
        facts::{
            ActorFact, AgreementFact, AskerFacts, AssignmentFact, ChildFacts, ConsentFact,
            EnrolmentFact, FacilityFacts, Facts, GuardianshipFact,
        },
    },
    domain::{
        actor::{ActorRole, ActorState},
        agreement::{AgreementState, Filing},
        alert::Category,
        assignment::Duty,
        child::Child,
        consent::{ConsentMode, ConsentState},
        enrolment::EnrolmentState,
        id::Id,
        organization::{Organization, OrganizationKind, Standing},
        purpose::Purpose,
        region::Zone,
    },
};

use crate::support::engines::MORNING;

/// What a clause or a consent covers.
#[derive(Debug, Clone, Default)]
pub struct Covers {
    /// Categories.
    pub categories: BTreeSet<Category>,
    /// Source institutions; in a consent none means all.
    pub sources: BTreeSet<Id<Organization>>,
}

/// What a permit over consent rests on.
#[derive(Debug, Clone, Default)]
pub struct Agreed {
    /// A data clause for each agreement.
    pub clauses: Vec<Covers>,
    /// The consent.
    pub consent: Covers,
    /// Check-ups from this day on.
    pub data_from: Option<NaiveDate>,
    /// Check-ups up to this day.
    pub data_until: Option<NaiveDate>,
}

/// A number one can read as an id.
pub fn id<T>(n: u64) -> Id<T> {
    format!("00000000-0000-4000-8000-{n:012x}").parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The permit about `child` that `asker` gets for `purpose`, if there is any.
pub fn permit(asker: Asker, purpose: Purpose, child: Id<Child>, agreed: &Agreed) -> Option<Permit> {
    let (facility, institution) = (id(1), id(2));
    let (organization, kind, role) = match asker {
        Asker::FacilityStaff => (facility, OrganizationKind::HomeFacility, ActorRole::Carer),
        Asker::MchCentre => (id(3), OrganizationKind::MchCentre, ActorRole::Clinician),
        Asker::Commission => (
            id(4),
            OrganizationKind::HealthCommission,
            ActorRole::Official,
        ),
        _ => (
            institution,
            OrganizationKind::Hospital,
            ActorRole::Clinician,
        ),
    };
    let asker_facts = AskerFacts {
        organization,
        kind,
        standing: Some(Standing::Active),
        actor: Some(ActorFact {
            id: id(5),
            role,
            state: ActorState::Approved,
            practitioner: Some(id(6)),
        }),
    };
    let agreements = (100..).zip(&agreed.clauses);
    let facility = FacilityFacts {
        facility,
        agreements: agreements
            .map(|(n, covers)| agreement(n, institution, covers))
            .collect(),
        assignments: vec![AssignmentFact {
            id: id(7),
            agreement: id(100),
            duty: Duty {
                first_day: day("2026-01-01"),
                last_day: day("2026-12-31"),
                shifts: vec![],
                ended: None,
            },
        }],
    };
    let first_day = day("2026-08-01");
    let child = ChildFacts {
        child,
        birth_date: day("2024-05-04"),
        disputed_since: None,
        enrolments: vec![EnrolmentFact {
            id: id(8),
            state: match purpose {
                Purpose::EntryExamination => EnrolmentState::Expected { first_day },
                _ => EnrolmentState::Active { first_day },
            },
        }],
        consents: vec![consent(agreed)],
        own_guardianship: Some(GuardianshipFact {
            id: id(9),
            first_day,
            ended: None,
            disputed_since: None,
        }),
    };
    let facts = Facts {
        zone: Zone::china(),
        asker: &asker_facts,
        facility: Some(&facility),
        child: Some(&child),
    };
    access::decide(&facts, Ask { asker, purpose }, MORNING.parse().unwrap()).ok()
}

fn agreement(n: u64, institution: Id<Organization>, covers: &Covers) -> AgreementFact {
    AgreementFact {
        id: id(n),
        institution,
        parties_active: true,
        state: AgreementState::Filed(Filing {
            number: "1".into(),
            at: MORNING.parse().unwrap(),
        }),
        term: (day("2026-01-01"), day("2026-12-31")),
        categories: covers.categories.clone(),
        purposes: Purpose::ALL.iter().copied().collect(),
        sources: covers.sources.clone(),
    }
}

fn consent(agreed: &Agreed) -> ConsentFact {
    ConsentFact {
        id: id(10),
        granted: "2026-08-01T00:00:00Z".parse().unwrap(),
        state: ConsentState::Granted,
        guardianship_ended: false,
        first_day: day("2026-08-01"),
        last_day: day("2027-07-31"),
        purposes: Purpose::ALL.iter().copied().collect(),
        categories: agreed.consent.categories.clone(),
        sources: agreed.consent.sources.clone(),
        mode: ConsentMode::View,
        data_from: agreed.data_from,
        data_until: agreed.data_until,
    }
}
