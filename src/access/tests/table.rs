//! The table of bases is design section 3, row for row.

use std::collections::BTreeSet;

use crate::{
    access::{
        Asker, Key,
        bases::{BASES, by_code, find},
    },
    domain::purpose::Purpose,
};

use Key::{
    Actor, Agreement, Area, Assignment, Authorship, BrokenGlass, Consent, Enrolment,
    ExpectedEnrolment, Guardianship, Office, OwnGuardianship, Standing, UndisputedConsent,
};

/// Asker, purpose and the keys the design names. Standing is read at every call of an organization
/// (section 7) and the actor is approved; what is undisputed is said of the consent's rows.
const DESIGN: [(Asker, Purpose, &[Key]); 9] = [
    (
        Asker::FacilityStaff,
        Purpose::DailyCare,
        &[Standing, Agreement, Actor, Enrolment, Guardianship, Consent],
    ),
    (
        Asker::FacilityStaff,
        Purpose::EntryExamination,
        &[
            Standing,
            Agreement,
            Actor,
            ExpectedEnrolment,
            Guardianship,
            Consent,
        ],
    ),
    (
        Asker::FacilityStaff,
        Purpose::UrgentSafety,
        &[Standing, Agreement, Actor, Enrolment, UndisputedConsent],
    ),
    (
        Asker::Instructor,
        Purpose::HealthGuidance,
        &[
            Standing,
            Agreement,
            Actor,
            Assignment,
            Enrolment,
            Guardianship,
            Consent,
        ],
    ),
    (
        Asker::SourceInstitution,
        Purpose::OwnRecord,
        &[Standing, Authorship, Actor],
    ),
    (
        Asker::MchCentre,
        Purpose::FollowUp,
        &[Standing, Area, Actor],
    ),
    (Asker::Guardian, Purpose::GuardianAccess, &[OwnGuardianship]),
    (
        Asker::Commission,
        Purpose::Supervision,
        &[Standing, Office, Actor],
    ),
    (
        Asker::EmergencyInstitution,
        Purpose::Emergency,
        &[Standing, Actor, BrokenGlass],
    ),
];

#[test]
fn every_row_of_the_design_stands_in_the_table_once_and_nothing_else_does() {
    assert_eq!(BASES.len(), DESIGN.len());
    for (asker, purpose, keys) in DESIGN {
        let rows = BASES
            .iter()
            .filter(|b| b.asker == asker && b.purpose == purpose);
        let rows: Vec<_> = rows.collect();
        assert_eq!(rows.len(), 1, "{asker:?} {purpose:?}");
        let stands: BTreeSet<Key> = rows[0].keys.iter().copied().collect();
        assert_eq!(
            stands.len(),
            rows[0].keys.len(),
            "a key stands once in {rows:?}"
        );
        assert_eq!(
            stands,
            keys.iter().copied().collect(),
            "{asker:?} {purpose:?}"
        );
    }
}

#[test]
fn a_basis_is_known_by_its_code_and_names_an_article() {
    let codes: BTreeSet<&str> = BASES.iter().map(|b| b.code).collect();
    assert_eq!(codes.len(), BASES.len());
    for basis in BASES {
        assert_eq!(by_code(basis.code), Some(basis));
        assert_eq!(find(basis.asker, basis.purpose), Some(basis));
        assert!(basis.code.contains(".PIPL_"), "{}", basis.code);
        assert!(
            basis.law_zh.contains("个人信息保护法第"),
            "{}",
            basis.law_zh
        );
    }
    assert_eq!(by_code("CURIOSITY"), None);
}
