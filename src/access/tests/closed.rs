//! Every way each key can be closed: from a situation with all keys open, one thing is spoilt, and
//! the denial names the keys that this closes, with the reason.

use std::collections::BTreeSet;

use super::situation::{
    ELSEWHERE, HOSPITAL, NEIGHBOUR, Situation, agreement, at, consent, day, ending, filing, id,
};
use crate::{
    access::{Asker, Closed, Key, bases::BASES},
    domain::{
        actor::{ActorRole, ActorState},
        agreement::AgreementState,
        alert::Category,
        consent::ConsentState,
        enrolment::EnrolmentState,
        organization::{OrganizationKind, Standing},
        purpose::Purpose,
    },
};

type Question = (Asker, Purpose);
type Spoil = fn(&mut Situation);
type Missing = &'static [(Key, Closed)];
type Row = (&'static str, Spoil, Missing);

const DAILY: Question = (Asker::FacilityStaff, Purpose::DailyCare);
const ENTRY: Question = (Asker::FacilityStaff, Purpose::EntryExamination);
const URGENT: Question = (Asker::FacilityStaff, Purpose::UrgentSafety);
const GUIDANCE: Question = (Asker::Instructor, Purpose::HealthGuidance);
const OWN_RECORD: Question = (Asker::SourceInstitution, Purpose::OwnRecord);
const FOLLOW_UP: Question = (Asker::MchCentre, Purpose::FollowUp);
const FAMILY: Question = (Asker::Guardian, Purpose::GuardianAccess);
const COUNTS: Question = (Asker::Commission, Purpose::Supervision);
const EMERGENCY: Question = (Asker::EmergencyInstitution, Purpose::Emergency);

/// Closes a key of every organization that asks.
#[rustfmt::skip]
const ORGANIZATION: &[Row] = &[
    ("no standing in the region", |s| s.asker.standing = None, &[(Key::Standing, Closed::Absent)]),
    ("suspended", |s| s.asker.standing = Some(Standing::Suspended), &[(Key::Standing, Closed::Suspended)]),
    ("nobody named", |s| s.asker.actor = None, &[(Key::Actor, Closed::Absent)]),
    ("not approved yet", |s| s.actor().state = ActorState::Pending, &[(Key::Actor, Closed::NotApproved)]),
    ("approval revoked", |s| s.actor().state = ActorState::Revoked, &[(Key::Actor, Closed::Revoked)]),
];

/// Closes what staff and instructors share (the assignment rests on the agreement, see below).
#[rustfmt::skip]
const CARE: &[Row] = &[
    ("never enrolled", |s| s.child().enrolments.clear(), &[(Key::Enrolment, Closed::Absent)]),
    ("expected next week", |s| s.enrolment().state = EnrolmentState::Expected { first_day: day("2026-09-07") },
        &[(Key::Enrolment, Closed::NotYetBegun)]),
    ("enrolled from tomorrow", |s| s.enrolment().state = EnrolmentState::Active { first_day: day("2026-09-02") },
        &[(Key::Enrolment, Closed::NotYetBegun)]),
    ("left yesterday", |s| s.enrolment().state = left("2026-03-02", "2026-08-31"), &[(Key::Enrolment, Closed::Ended)]),
    ("never came", |s| s.enrolment().state = left("2026-09-07", "2026-09-06"), &[(Key::Enrolment, Closed::Ended)]),
    ("no consent", |s| s.consents().clear(), &[(Key::Consent, Closed::Absent)]),
    ("withdrawn", |s| s.consent().state = ConsentState::Withdrawn { at: at("2026-09-01 09:59") },
        &[(Key::Consent, Closed::Withdrawn)]),
    ("superseded, and nothing after it", |s| s.consent().state = ConsentState::Superseded { at: at("2026-09-01 09:59") },
        &[(Key::Consent, Closed::Ended)]),
    ("consent of another purpose", |s| s.consent().purposes = [Purpose::FollowUp].into(),
        &[(Key::Consent, Closed::OtherPurpose)]),
    ("consent from tomorrow", |s| s.consent().first_day = day("2026-09-02"), &[(Key::Consent, Closed::NotYetBegun)]),
    ("consent until yesterday", |s| s.consent().last_day = day("2026-08-31"), &[(Key::Consent, Closed::Ended)]),
    ("the guardian is one no more", |s| s.consent().guardianship_ended = true, &[(Key::Consent, Closed::Ended)]),
    ("fourteen years old", |s| s.child().birth_date = day("2012-09-01"), &[(Key::Consent, Closed::Ended)]),
    ("disputed", |s| s.child().disputed_since = Some(at("2026-08-31 12:00")), &[(Key::Guardianship, Closed::Disputed)]),
    ("consent given in the dispute", |s| s.child().disputed_since = Some(at("2026-08-25 17:59")),
        &[(Key::Guardianship, Closed::Disputed), (Key::Consent, Closed::Disputed)]),
    ("no child", |s| s.child = None,
        &[(Key::Enrolment, Closed::Absent), (Key::Guardianship, Closed::Absent), (Key::Consent, Closed::Absent)]),
    ("consent and clause share no category", |s| {
        s.agreement().categories = [Category::Growth].into();
        s.consent().categories = [Category::Hearing].into();
    }, &[(Key::Agreement, Closed::NothingCovered)]),
    ("consent names a source that no agreement covers", |s| s.consent().sources = [id(ELSEWHERE)].into(),
        &[(Key::Agreement, Closed::NothingCovered)]),
];

/// Closes the agreement of staff; of an instructor the assignment with it, for the same reason.
#[rustfmt::skip]
const AGREEMENT: &[Row] = &[
    ("no agreement", |s| s.agreements().clear(), &[(Key::Agreement, Closed::Absent)]),
    ("a draft", |s| s.agreement().state = AgreementState::Draft, &[(Key::Agreement, Closed::NotFiled)]),
    ("proposed", |s| s.agreement().state = AgreementState::Proposed, &[(Key::Agreement, Closed::NotFiled)]),
    ("signed, not filed", |s| s.agreement().state = AgreementState::Signed, &[(Key::Agreement, Closed::NotFiled)]),
    ("suspended agreement", |s| s.agreement().state = AgreementState::Suspended(filing(), ending("2026-08-31 09:00")),
        &[(Key::Agreement, Closed::Suspended)]),
    ("terminated", |s| s.agreement().state = AgreementState::Terminated(filing(), ending("2026-08-31 09:00")),
        &[(Key::Agreement, Closed::Ended)]),
    ("declined", |s| s.agreement().state = AgreementState::Declined(ending("2026-08-31 09:00")),
        &[(Key::Agreement, Closed::Ended)]),
    ("term from tomorrow", |s| s.agreement().term.0 = day("2026-09-02"), &[(Key::Agreement, Closed::NotYetBegun)]),
    ("term until yesterday", |s| s.agreement().term = (day("2025-09-01"), day("2026-08-31")),
        &[(Key::Agreement, Closed::Ended)]),
    ("a party is suspended", |s| s.agreement().parties_active = false, &[(Key::Agreement, Closed::PartySuspended)]),
    ("agreement of another purpose", |s| s.agreement().purposes = [Purpose::FollowUp].into(),
        &[(Key::Agreement, Closed::OtherPurpose)]),
    ("of several the nearest is told", |s| {
        s.agreement().state = AgreementState::Draft;
        s.agreements().push(agreement(31, HOSPITAL));
        s.agreements()[1].parties_active = false;
    }, &[(Key::Agreement, Closed::PartySuspended)]),
];

#[rustfmt::skip]
const STAFF: &[Row] = &[
    ("a clinician is no carer", |s| s.actor().role = ActorRole::Clinician, &[(Key::Actor, Closed::WrongRole)]),
    ("a system account", |s| s.actor().role = ActorRole::System, &[(Key::Actor, Closed::WrongRole)]),
    ("another facility's child", |s| s.asker.organization = id(NEIGHBOUR), &[(Key::Agreement, Closed::Absent)]),
];

#[rustfmt::skip]
const EXPECTED: &[Row] = &[
    ("not expected", |s| s.child().enrolments.clear(), &[(Key::ExpectedEnrolment, Closed::Absent)]),
    ("in care already", |s| s.enrolment().state = EnrolmentState::Active { first_day: day("2026-09-01") },
        &[(Key::ExpectedEnrolment, Closed::Ended)]),
    ("gone before it came", |s| s.enrolment().state = left("2026-09-07", "2026-09-06"),
        &[(Key::ExpectedEnrolment, Closed::Ended)]),
    ("disputed", |s| s.child().disputed_since = Some(at("2026-08-31 12:00")), &[(Key::Guardianship, Closed::Disputed)]),
    ("withdrawn", |s| s.consent().state = ConsentState::Withdrawn { at: at("2026-09-01 09:59") },
        &[(Key::Consent, Closed::Withdrawn)]),
    ("consent to everything but the entry check", |s| { s.consent().categories.remove(&Category::EntryCheck); },
        &[(Key::Agreement, Closed::NothingCovered)]),
    ("agreed on for daily care only", |s| s.agreement().purposes = [Purpose::DailyCare].into(),
        &[(Key::Agreement, Closed::OtherPurpose)]),
];

#[rustfmt::skip]
const UNDISPUTED: &[Row] = &[
    ("given at the instant the dispute began", |s| s.child().disputed_since = Some(at("2026-08-25 18:00")),
        &[(Key::UndisputedConsent, Closed::Disputed)]),
    ("withdrawn, dispute or not", |s| {
        s.child().disputed_since = Some(at("2026-08-31 12:00"));
        s.consent().state = ConsentState::Withdrawn { at: at("2026-09-01 09:59") };
    }, &[(Key::UndisputedConsent, Closed::Withdrawn)]),
    ("the consent before the dispute is over", |s| {
        s.child().disputed_since = Some(at("2026-08-31 12:00"));
        s.consent().last_day = day("2026-08-31");
        s.consents().push(consent(61, "2026-08-31 15:00"));
    }, &[(Key::UndisputedConsent, Closed::Disputed)]),
    ("left yesterday", |s| s.enrolment().state = left("2026-03-02", "2026-08-31"), &[(Key::Enrolment, Closed::Ended)]),
    ("neither urgent safety nor daily care", |s| s.consent().purposes = [Purpose::HealthGuidance].into(),
        &[(Key::UndisputedConsent, Closed::OtherPurpose)]),
];

#[rustfmt::skip]
const INSTRUCTOR: &[Row] = &[
    ("no practitioner", |s| s.actor().practitioner = None, &[(Key::Actor, Closed::WrongRole)]),
    ("not assigned", |s| s.assignments().clear(), &[(Key::Assignment, Closed::Absent)]),
    ("assigned from tomorrow", |s| s.duty().first_day = day("2026-09-02"), &[(Key::Assignment, Closed::NotYetBegun)]),
    ("assigned until yesterday", |s| s.duty().last_day = day("2026-08-31"), &[(Key::Assignment, Closed::Ended)]),
    ("assignment ended", |s| s.duty().ended = Some(at("2026-09-01 09:00")), &[(Key::Assignment, Closed::Ended)]),
    ("between shifts", |s| s.now = at("2026-09-01 11:30"), &[(Key::Assignment, Closed::OutsideShift)]),
    ("assigned by an employer of before", |s| s.asker.organization = id(ELSEWHERE),
        &[(Key::Assignment, Closed::Absent), (Key::Agreement, Closed::Absent)]),
    ("assigned under an agreement that is over", |s| {
        s.agreement().term = (day("2025-09-01"), day("2026-08-31"));
        s.agreements().push(agreement(31, HOSPITAL));
    }, &[(Key::Assignment, Closed::Ended)]),
    ("assigned under an agreement of which nothing is known", |s| s.assignments()[0].agreement = id(39),
        &[(Key::Assignment, Closed::Absent)]),
];

#[rustfmt::skip]
const AUTHOR: &[Row] = &[
    ("a facility writes no check-ups", |s| s.asker.kind = OrganizationKind::PublicFacility,
        &[(Key::Authorship, Closed::Absent)]),
];

#[rustfmt::skip]
const AREA: &[Row] = &[
    ("a hospital has no area", |s| s.asker.kind = OrganizationKind::Hospital, &[(Key::Area, Closed::Absent)]),
    ("a system account", |s| s.actor().role = ActorRole::System, &[(Key::Actor, Closed::WrongRole)]),
];

#[rustfmt::skip]
const OFFICE: &[Row] = &[
    ("a hospital holds no office", |s| s.asker.kind = OrganizationKind::Hospital, &[(Key::Office, Closed::Absent)]),
    ("a clinician is no official", |s| s.actor().role = ActorRole::Clinician, &[(Key::Actor, Closed::WrongRole)]),
];

#[rustfmt::skip]
const GUARDIAN: &[Row] = &[
    ("no child", |s| s.child = None, &[(Key::OwnGuardianship, Closed::Absent)]),
    ("no guardian", |s| s.child().own_guardianship = None, &[(Key::OwnGuardianship, Closed::Absent)]),
    ("guardian no more", |s| s.own_guardianship().ended = Some(at("2026-08-31 12:00")), &[(Key::OwnGuardianship, Closed::Ended)]),
    ("guardian from tomorrow", |s| s.own_guardianship().first_day = day("2026-09-02"),
        &[(Key::OwnGuardianship, Closed::NotYetBegun)]),
    ("disputed", |s| s.own_guardianship().disputed_since = Some(at("2026-08-31 12:00")),
        &[(Key::OwnGuardianship, Closed::Disputed)]),
];

fn left(first: &str, last: &str) -> EnrolmentState {
    EnrolmentState::Left {
        first_day: day(first),
        last_day: day(last),
    }
}

struct Scenario {
    of: Question,
    row: Row,
    missing: Vec<(Key, Closed)>,
}

fn scenarios() -> Vec<Scenario> {
    let groups: [(Question, &[&[Row]]); 9] = [
        (DAILY, &[ORGANIZATION, AGREEMENT, CARE, STAFF]),
        (ENTRY, &[ORGANIZATION, AGREEMENT, EXPECTED, STAFF]),
        (URGENT, &[ORGANIZATION, AGREEMENT, UNDISPUTED, STAFF]),
        (GUIDANCE, &[ORGANIZATION, AGREEMENT, CARE, INSTRUCTOR]),
        (OWN_RECORD, &[ORGANIZATION, AUTHOR]),
        (FOLLOW_UP, &[ORGANIZATION, AREA]),
        (FAMILY, &[GUARDIAN]),
        (COUNTS, &[ORGANIZATION, OFFICE]),
        (EMERGENCY, &[]),
    ];
    let mut scenarios = Vec::new();
    for (of, tables) in groups {
        for &table in tables {
            for &row in table {
                let missing = if of == GUIDANCE && table.as_ptr() == AGREEMENT.as_ptr() {
                    with_assignment(row)
                } else {
                    row.2.to_vec()
                };
                scenarios.push(Scenario { of, row, missing });
            }
        }
    }
    scenarios
}

/// An instructor's assignment ends with the agreement it rests on, and for the same reason; where
/// there are several, for that of its own.
fn with_assignment((name, _, missing): Row) -> Vec<(Key, Closed)> {
    let why = if name == "of several the nearest is told" {
        Closed::NotFiled
    } else {
        missing[0].1
    };
    let assignment = [(Key::Assignment, why)];
    assignment
        .into_iter()
        .chain(missing.iter().copied())
        .collect()
}

#[test]
fn with_every_key_open_a_look_is_permitted() {
    for basis in BASES {
        let situation = Situation::of(basis.asker, basis.purpose);
        if (basis.asker, basis.purpose) != EMERGENCY {
            let permit = situation.decide().unwrap();
            assert_eq!(permit.basis(), basis);
            assert_eq!(permit.decided(), situation.now);
            assert_eq!(permit.organization(), situation.asker.organization);
        }
    }
}

#[test]
fn a_key_that_is_closed_is_named_with_its_reason_and_no_other_is() {
    for Scenario { of, row, missing } in scenarios() {
        let mut situation = Situation::of(of.0, of.1);
        row.1(&mut situation);
        assert_eq!(situation.missing(), missing, "{of:?}: {}", row.0);
        let denial = situation.decide().unwrap_err();
        let basis = denial.basis.unwrap();
        let told: Vec<Key> = denial.keys.iter().map(|k| k.key).collect();
        assert_eq!(told, basis.keys, "{of:?}: {}: every key is told", row.0);
    }
}

#[test]
fn no_door_declares_an_emergency_so_the_glass_stays_whole() {
    let missing = Situation::of(EMERGENCY.0, EMERGENCY.1).missing();
    assert_eq!(missing, [(Key::BrokenGlass, Closed::Absent)]);
}

#[test]
fn every_key_of_every_row_and_every_reason_has_a_scenario() {
    let scenarios = scenarios();
    for basis in BASES.iter().filter(|b| b.purpose != Purpose::Emergency) {
        for key in basis.keys {
            let of = (basis.asker, basis.purpose);
            let closes = |s: &Scenario| s.of == of && s.missing.iter().any(|m| m.0 == *key);
            assert!(scenarios.iter().any(closes), "{} {key:?}", basis.code);
        }
    }
    let reasons: BTreeSet<Closed> = scenarios
        .iter()
        .flat_map(|s| s.missing.iter().map(|m| m.1))
        .collect();
    assert_eq!(reasons.len(), 14, "{reasons:?}");
}

#[test]
fn what_the_table_does_not_hold_is_refused() {
    for &purpose in Purpose::ALL {
        for asker in BASES.iter().map(|b| b.asker) {
            let situation = Situation::of(asker, purpose);
            if !BASES
                .iter()
                .any(|b| b.asker == asker && b.purpose == purpose)
            {
                let denial = situation.decide().unwrap_err();
                assert_eq!((denial.basis, denial.keys), (None, vec![]));
            }
        }
    }
}
