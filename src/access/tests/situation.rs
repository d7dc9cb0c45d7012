//! A situation in which every key of a basis is open: what scenarios start from and then spoil.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::{
    access::{
        Ask, Asker, Closed, Denial, Key, Permit, Scope, decide,
        facts::{
            ActorFact, AgreementFact, AskerFacts, AssignmentFact, ChildFacts, ConsentFact,
            EnrolmentFact, FacilityFacts, Facts, GuardianshipFact,
        },
    },
    domain::{
        actor::{ActorRole, ActorState},
        agreement::{AgreementState, Ending, Filing},
        alert::Category,
        assignment::{Duty, Shift},
        consent::{ConsentMode, ConsentState},
        enrolment::EnrolmentState,
        id::Id,
        organization::{Organization, OrganizationKind, Standing},
        purpose::Purpose,
        region::Zone,
    },
};

/// The facility in question.
pub const FACILITY: u8 = 1;
/// The institution that signed the agreement.
pub const HOSPITAL: u8 = 2;
/// Another institution, whose results the agreement does not cover.
pub const ELSEWHERE: u8 = 3;
/// Another facility.
pub const NEIGHBOUR: u8 = 4;

/// An id with a number one can read.
pub fn id<T>(n: u8) -> Id<T> {
    format!("00000000-0000-4000-8000-0000000000{n:02x}")
        .parse()
        .unwrap()
}

/// An instant in the region's time: `2026-09-01 10:00` and whatever finer parts are given.
pub fn at(local: &str) -> DateTime<Utc> {
    let rfc3339 = format!(
        "{}{}+08:00",
        local.replace(' ', "T"),
        &":00"[..seconds(local)]
    );
    rfc3339.parse().unwrap()
}

fn seconds(local: &str) -> usize {
    if local.len() == "2026-09-01 10:00".len() {
        3
    } else {
        0
    }
}

pub fn day(text: &str) -> chrono::NaiveDate {
    text.parse().unwrap()
}

pub fn filing() -> Filing {
    Filing {
        number: "备2026-001".into(),
        at: at("2026-08-20 09:00"),
    }
}

pub fn ending(when: &str) -> Ending {
    Ending {
        reason: "测试".into(),
        at: at(when),
    }
}

/// Everything one question depends on, owned.
#[derive(Debug, Clone)]
pub struct Situation {
    pub zone: Zone,
    pub asker: AskerFacts,
    pub facility: Option<FacilityFacts>,
    pub child: Option<ChildFacts>,
    pub ask: Ask,
    pub now: DateTime<Utc>,
}

impl Situation {
    /// Tuesday, 1 September 2026, ten in the morning; every key open that can be.
    pub fn of(asker: Asker, purpose: Purpose) -> Self {
        let (organization, kind, role) = match asker {
            Asker::FacilityStaff => (
                FACILITY,
                OrganizationKind::CommunityFacility,
                ActorRole::HealthWorker,
            ),
            Asker::Commission => (9, OrganizationKind::HealthCommission, ActorRole::Official),
            Asker::MchCentre => (8, OrganizationKind::MchCentre, ActorRole::Clinician),
            _ => (HOSPITAL, OrganizationKind::Hospital, ActorRole::Clinician),
        };
        let mut situation = Self {
            zone: Zone::china(),
            asker: AskerFacts {
                organization: id(organization),
                kind,
                standing: Some(Standing::Active),
                actor: Some(ActorFact {
                    id: id(20),
                    role,
                    state: ActorState::Approved,
                    practitioner: (asker == Asker::Instructor).then(|| id(21)),
                }),
            },
            facility: Some(facility()),
            child: Some(child()),
            ask: Ask { asker, purpose },
            now: at("2026-09-01 10:00"),
        };
        if purpose == Purpose::EntryExamination {
            situation.enrolment().state = EnrolmentState::Expected {
                first_day: day("2026-09-07"),
            };
        }
        situation
    }

    pub fn decide(&self) -> Result<Permit, Denial> {
        decide(&self.facts(), self.ask, self.now)
    }

    pub fn facts(&self) -> Facts<'_> {
        Facts {
            zone: self.zone,
            asker: &self.asker,
            facility: self.facility.as_ref(),
            child: self.child.as_ref(),
        }
    }

    /// The scope, when permitted.
    pub fn scope(&self) -> Option<Scope> {
        self.decide().ok().map(|permit| permit.scope().clone())
    }

    /// The keys that are missing; none when permitted.
    pub fn missing(&self) -> Vec<(Key, Closed)> {
        let denial = self.decide().err();
        denial
            .iter()
            .flat_map(Denial::missing)
            .filter_map(|k| Some((k.key, k.state.err()?)))
            .collect()
    }

    pub fn at(mut self, local: &str) -> Self {
        self.now = at(local);
        self
    }

    pub fn actor(&mut self) -> &mut ActorFact {
        self.asker.actor.as_mut().unwrap()
    }

    pub fn agreements(&mut self) -> &mut Vec<AgreementFact> {
        &mut self.facility.as_mut().unwrap().agreements
    }

    pub fn agreement(&mut self) -> &mut AgreementFact {
        &mut self.agreements()[0]
    }

    pub fn assignments(&mut self) -> &mut Vec<AssignmentFact> {
        &mut self.facility.as_mut().unwrap().assignments
    }

    pub fn duty(&mut self) -> &mut Duty {
        &mut self.assignments()[0].duty
    }

    pub fn child(&mut self) -> &mut ChildFacts {
        self.child.as_mut().unwrap()
    }

    pub fn enrolment(&mut self) -> &mut EnrolmentFact {
        &mut self.child().enrolments[0]
    }

    pub fn consents(&mut self) -> &mut Vec<ConsentFact> {
        &mut self.child().consents
    }

    pub fn consent(&mut self) -> &mut ConsentFact {
        &mut self.consents()[0]
    }

    pub fn own_guardianship(&mut self) -> &mut GuardianshipFact {
        self.child().own_guardianship.as_mut().unwrap()
    }
}

fn facility() -> FacilityFacts {
    FacilityFacts {
        facility: id(FACILITY),
        agreements: vec![agreement(30, HOSPITAL)],
        assignments: vec![AssignmentFact {
            id: id(40),
            agreement: id(30),
            duty: Duty {
                first_day: day("2026-09-01"),
                last_day: day("2026-12-31"),
                shifts: vec![Shift::parse(2, "08:30", "11:30").unwrap()],
                ended: None,
            },
        }],
    }
}

/// An agreement of the facility with an institution: in force for a year, for every purpose.
pub fn agreement(n: u8, institution: u8) -> AgreementFact {
    AgreementFact {
        id: id(n),
        institution: id(institution),
        parties_active: true,
        state: AgreementState::Filed(filing()),
        term: (day("2026-09-01"), day("2027-08-31")),
        categories: Category::ALL.iter().copied().collect(),
        purposes: Purpose::ALL.iter().copied().collect(),
        sources: BTreeSet::from([id::<Organization>(institution)]),
    }
}

fn child() -> ChildFacts {
    ChildFacts {
        child: id(50),
        birth_date: day("2024-05-04"),
        disputed_since: None,
        enrolments: vec![EnrolmentFact {
            id: id(51),
            state: EnrolmentState::Active {
                first_day: day("2026-03-02"),
            },
        }],
        consents: vec![consent(60, "2026-08-25 18:00")],
        own_guardianship: Some(GuardianshipFact {
            id: id(70),
            first_day: day("2024-05-04"),
            ended: None,
            disputed_since: None,
        }),
    }
}

/// A consent to the facility for everything, from all covered sources.
pub fn consent(n: u8, granted: &str) -> ConsentFact {
    ConsentFact {
        id: id(n),
        granted: at(granted),
        state: ConsentState::Granted,
        guardianship_ended: false,
        first_day: day("2026-08-25"),
        last_day: day("2027-08-24"),
        purposes: Purpose::ALL.iter().copied().collect(),
        categories: Category::ALL.iter().copied().collect(),
        sources: BTreeSet::new(),
        mode: ConsentMode::View,
        data_from: None,
        data_until: None,
    }
}
