//! Design section 3, stated again, naively and in its own words: what [`decide`](crate::access::decide)
//! is held against. It shares no rule with the code: days are civil days, not spans of instants, and
//! what is seen is asked alert by alert, not granted as a set.

use std::collections::BTreeSet;

use chrono::{Datelike, Duration, NaiveDate, NaiveDateTime, Timelike};

use super::situation::Situation;
use crate::{
    access::{
        AlertFacts, Asker,
        facts::{AgreementFact, ConsentFact},
    },
    domain::{
        actor::{ActorRole, ActorState},
        agreement::AgreementState,
        alert::{Category, Level},
        consent::ConsentState,
        enrolment::EnrolmentState,
        organization::{OrganizationKind, Standing},
        purpose::Purpose,
    },
};

/// The keys that are closed, by their codes; empty is a yes. `None` where the design has no row.
pub fn closed(s: &Situation) -> Option<BTreeSet<&'static str>> {
    let standing = ("STANDING", s.asker.standing == Some(Standing::Active));
    let actor = |roles: &[ActorRole]| ("ACTOR", approved(s, roles));
    let staff = [
        ActorRole::ResponsiblePerson,
        ActorRole::HealthWorker,
        ActorRole::Carer,
    ];
    let agreement = ("AGREEMENT", agreements(s).next().is_some());
    let consent = ("CONSENT", consent(s).is_some());
    let child = s.child.as_ref();
    let undisputed = (
        "GUARDIANSHIP",
        child.is_some_and(|c| c.disputed_since.is_none()),
    );
    let care = ("ENROLMENT", is_enrolled(s, in_care));
    let is = |kinds: &[OrganizationKind]| kinds.contains(&s.asker.kind);
    let keys = match (s.ask.asker, s.ask.purpose) {
        (Asker::FacilityStaff, Purpose::DailyCare) => {
            vec![
                standing,
                actor(&staff),
                agreement,
                care,
                undisputed,
                consent,
            ]
        }
        (Asker::FacilityStaff, Purpose::EntryExamination) => {
            let expected = ("ENROLMENT", is_enrolled(s, is_expected));
            vec![
                standing,
                actor(&staff),
                agreement,
                expected,
                undisputed,
                consent,
            ]
        }
        (Asker::FacilityStaff, Purpose::UrgentSafety) => {
            vec![standing, actor(&staff), agreement, care, consent]
        }
        (Asker::Instructor, Purpose::HealthGuidance) => {
            let practitioner = s
                .asker
                .actor
                .as_ref()
                .is_some_and(|a| a.practitioner.is_some());
            let actor = ("ACTOR", approved(s, ActorRole::ALL) && practitioner);
            let assigned = ("ASSIGNMENT", on_duty(s));
            vec![
                standing, actor, assigned, agreement, care, undisputed, consent,
            ]
        }
        (Asker::SourceInstitution, Purpose::OwnRecord) => {
            let medical = is(&[
                OrganizationKind::Hospital,
                OrganizationKind::MchCentre,
                OrganizationKind::PrimaryCareCentre,
            ]);
            vec![standing, actor(ActorRole::ALL), ("AUTHORSHIP", medical)]
        }
        (Asker::MchCentre, Purpose::FollowUp) => {
            let roles = [ActorRole::ResponsiblePerson, ActorRole::Clinician];
            vec![
                standing,
                actor(&roles),
                ("AREA", is(&[OrganizationKind::MchCentre])),
            ]
        }
        (Asker::Commission, Purpose::Supervision) => {
            let roles = [ActorRole::ResponsiblePerson, ActorRole::Official];
            vec![
                standing,
                actor(&roles),
                ("OFFICE", is(&[OrganizationKind::HealthCommission])),
            ]
        }
        (Asker::Guardian, Purpose::GuardianAccess) => {
            let own = child.and_then(|c| c.own_guardianship.as_ref());
            let speaks = own.is_some_and(|g| {
                g.ended.is_none() && g.disputed_since.is_none() && g.first_day <= today(s)
            });
            vec![("GUARDIANSHIP", speaks)]
        }
        (Asker::EmergencyInstitution, Purpose::Emergency) => {
            let roles = [ActorRole::ResponsiblePerson, ActorRole::Clinician];
            vec![standing, actor(&roles), ("BROKEN_GLASS", false)]
        }
        _ => return None,
    };
    let mut closed: BTreeSet<&'static str> = keys
        .iter()
        .filter(|(_, open)| !open)
        .map(|(key, _)| *key)
        .collect();
    // Every key is open, but consent and agreements have nothing in common.
    if closed.is_empty() && rests_on_consent(s) && !anything_in_common(s) {
        closed.insert("AGREEMENT");
    }
    Some(closed)
}

/// Whether an alert may be seen, given that every key is open.
pub fn sees(s: &Situation, alert: &AlertFacts) -> bool {
    let covered = |source| {
        agreements(s).any(|a| a.sources.contains(source) && a.categories.contains(&alert.category))
    };
    let named = |c: &ConsentFact, source| c.sources.is_empty() || c.sources.contains(source);
    let within = |c: &ConsentFact, first, last| {
        c.data_from.is_none_or(|from| first >= from)
            && c.data_until.is_none_or(|until| last <= until)
    };
    let agreed_and_consented = consent(s).is_some_and(|c| {
        let open = |source| covered(source) && named(c, source);
        let (first, last) = (alert.evidence_first, alert.evidence_last);
        c.categories.contains(&alert.category)
            && if !alert.statements.is_empty() {
                let mut said = alert.statements.iter();
                said.any(|(source, day)| open(source) && within(c, *day, *day))
            } else if alert.sources.is_empty() {
                agreements(s)
                    .flat_map(|a| &a.sources)
                    .collect::<Vec<_>>()
                    .into_iter()
                    .any(open)
                    && within(c, first, last)
            } else {
                alert.sources.iter().all(open) && within(c, first, last)
            }
    });
    let asked = s.facility.as_ref().map(|f| f.facility);
    let agreed_and_consented =
        agreed_and_consented && (alert.facility.is_none() || alert.facility == asked);
    let facility = alert.for_facility
        && !matches!(
            alert.category,
            Category::Rickets | Category::Development | Category::Examination
        );
    match s.ask.purpose {
        Purpose::DailyCare => facility && agreed_and_consented,
        Purpose::EntryExamination => {
            facility && agreed_and_consented && alert.category == Category::EntryCheck
        }
        Purpose::UrgentSafety => facility && agreed_and_consented && alert.level == Level::Urgent,
        Purpose::HealthGuidance => alert.for_instructor && agreed_and_consented,
        Purpose::FollowUp => alert.for_mch,
        Purpose::GuardianAccess => true,
        Purpose::OwnRecord | Purpose::Supervision | Purpose::Emergency => false,
    }
}

fn local(s: &Situation) -> NaiveDateTime {
    s.now.naive_utc() + Duration::minutes(s.zone.minutes().into())
}

fn today(s: &Situation) -> NaiveDate {
    local(s).date()
}

fn approved(s: &Situation, roles: &[ActorRole]) -> bool {
    let actor = s.asker.actor.as_ref();
    actor.is_some_and(|a| a.state == ActorState::Approved && roles.contains(&a.role))
}

fn purpose_is_among(s: &Situation, purposes: &BTreeSet<Purpose>) -> bool {
    match s.ask.purpose {
        // What is agreed on for daily care is so for what is urgent in it.
        Purpose::UrgentSafety => {
            purposes.contains(&Purpose::UrgentSafety) || purposes.contains(&Purpose::DailyCare)
        }
        other => purposes.contains(&other),
    }
}

fn holds(s: &Situation, a: &AgreementFact) -> bool {
    matches!(a.state, AgreementState::Filed(_))
        && (a.term.0..=a.term.1).contains(&today(s))
        && a.parties_active
        && purpose_is_among(s, &a.purposes)
}

/// The agreements of the facility in force; staff ask about their own facility, and an instructor
/// goes by what the institution that sends it has agreed on.
fn agreements(s: &Situation) -> impl Iterator<Item = &AgreementFact> {
    let own = |f: crate::domain::id::Id<_>| {
        s.ask.asker != Asker::FacilityStaff || f == s.asker.organization
    };
    let facility = s.facility.as_ref().filter(|f| own(f.facility));
    facility
        .into_iter()
        .flat_map(|f| f.agreements.iter())
        .filter(|a| s.ask.asker != Asker::Instructor || a.institution == s.asker.organization)
        .filter(|a| holds(s, a))
}

fn is_enrolled(s: &Situation, is: impl Fn(EnrolmentState, NaiveDate) -> bool) -> bool {
    let child = s.child.as_ref();
    child.is_some_and(|c| c.enrolments.iter().any(|e| is(e.state, today(s))))
}

fn in_care(state: EnrolmentState, today: NaiveDate) -> bool {
    match state {
        EnrolmentState::Expected { .. } => false,
        EnrolmentState::Active { first_day } => first_day <= today,
        EnrolmentState::Left {
            first_day,
            last_day,
        } => (first_day..=last_day).contains(&today),
    }
}

fn is_expected(state: EnrolmentState, today: NaiveDate) -> bool {
    match state {
        EnrolmentState::Expected { .. } => true,
        EnrolmentState::Active { first_day } => today < first_day,
        // It is to come and to go again.
        EnrolmentState::Left {
            first_day,
            last_day,
        } => today < first_day && first_day <= last_day,
    }
}

fn on_duty(s: &Situation) -> bool {
    let facility = s.facility.as_ref();
    let assignments = facility.into_iter().flat_map(|f| &f.assignments);
    let (weekday, time) = (local(s).weekday(), local(s).time());
    let hhmm = format!("{:02}:{:02}", time.hour(), time.minute());
    assignments.into_iter().any(|a| {
        let mut shifts = a.duty.shifts.iter().map(|shift| shift.parts());
        let in_shift = |(of, from, until): (u32, String, String)| {
            of == weekday.number_from_monday() && from <= hhmm && hhmm < until
        };
        a.duty.ended.is_none()
            && (a.duty.first_day..=a.duty.last_day).contains(&today(s))
            && (a.duty.shifts.is_empty() || shifts.any(in_shift))
            && agreements(s).any(|g| g.id == a.agreement)
    })
}

/// The consent that speaks: the latest of those that hold.
fn consent(s: &Situation) -> Option<&ConsentFact> {
    let child = s.child.as_ref()?;
    let birth = child.birth_date;
    let birthday = (birth.year() + 14, birth.month(), birth.day());
    let day = today(s);
    if (day.year(), day.month(), day.day()) >= birthday {
        return None;
    }
    let mut speaking: Vec<&ConsentFact> = child
        .consents
        .iter()
        .filter(|c| c.state == ConsentState::Granted && !c.guardianship_ended)
        .filter(|c| c.first_day <= day && day <= c.last_day)
        .filter(|c| child.disputed_since.is_none_or(|since| c.granted < since))
        .filter(|c| purpose_is_among(s, &c.purposes))
        .collect();
    speaking.sort_by_key(|c| (c.granted, c.id));
    speaking.pop()
}

fn rests_on_consent(s: &Situation) -> bool {
    matches!(s.ask.asker, Asker::FacilityStaff | Asker::Instructor)
}

fn anything_in_common(s: &Situation) -> bool {
    Category::ALL.iter().any(|&category| {
        let sources = agreements(s).flat_map(|a| &a.sources);
        sources.into_iter().any(|&source| {
            let alert = AlertFacts {
                category,
                facility: None,
                level: Level::Urgent,
                sources: [source].into(),
                statements: [].into(),
                evidence_first: consent(s).and_then(|c| c.data_from).unwrap_or_default(),
                evidence_last: consent(s).and_then(|c| c.data_until).unwrap_or_default(),
                for_facility: true,
                for_instructor: true,
                for_mch: true,
            };
            sees(s, &alert)
        })
    })
}
