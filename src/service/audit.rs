//! What an auditor of the ledger must be told of the law: for each lawful look, the kinds of keys
//! that the entries of its leaf have to name. It is the table of bases, seen from the ledger.

use std::sync::LazyLock;

use super::grounds;
use crate::{
    access::{Basis, bases::BASES},
    ledger::KeyKind,
};

static DEMANDS: LazyLock<Vec<(&Basis, Vec<KeyKind>)>> = LazyLock::new(|| {
    let kinds = |basis: &Basis| {
        basis
            .keys
            .iter()
            .filter_map(|&k| grounds::kind(k))
            .collect()
    };
    BASES.iter().map(|basis| (basis, kinds(basis))).collect()
});

/// The keys that a look with this asker and purpose rests on, for
/// [`ledger::Auditor`](crate::ledger::Auditor); `None` when the table has no such row.
pub fn demands(asker: &str, purpose: &str) -> Option<&'static [KeyKind]> {
    let (_, kinds) = DEMANDS
        .iter()
        .find(|(basis, _)| (basis.asker.code(), basis.purpose.as_str()) == (asker, purpose))?;
    Some(kinds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Key;

    #[test]
    fn every_basis_demands_the_rows_that_hold_it_open() {
        for basis in BASES {
            let demanded = demands(basis.asker.code(), basis.purpose.as_str()).unwrap();
            for &key in basis.keys {
                match grounds::kind(key) {
                    Some(kind) => assert!(demanded.contains(&kind), "{} {kind:?}", basis.code),
                    // No row of their own: what an organization is, and that nothing is disputed.
                    None => assert!(matches!(
                        key,
                        Key::Guardianship
                            | Key::Authorship
                            | Key::Area
                            | Key::Office
                            | Key::BrokenGlass
                    )),
                }
            }
            assert!(!demanded.is_empty(), "{} can be audited", basis.code);
            assert!(demanded.len() <= basis.keys.len());
        }
        assert_eq!(demands("FACILITY_STAFF", "CURIOSITY"), None);
        assert_eq!(demands("STRANGER", "DAILY_CARE"), None);
    }

    #[test]
    fn a_morning_look_names_agreement_actor_enrolment_consent_and_standing() {
        let mut demanded = demands("FACILITY_STAFF", "DAILY_CARE").unwrap().to_vec();
        demanded.sort_unstable();
        assert_eq!(
            demanded,
            [
                KeyKind::Agreement,
                KeyKind::Consent,
                KeyKind::Enrolment,
                KeyKind::Actor,
                KeyKind::Standing,
            ]
        );
    }
}
