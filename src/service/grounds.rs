//! From a permit to what its ledger entry names: the rows that held each key open.

use crate::{
    access::{Key, Permit},
    ledger::KeyKind,
};

/// Name under which an entry tells a category that was shown.
pub const CATEGORY: &str = "category";

/// Name under which an entry tells a check-up that was shown.
pub const CHECK_UP: &str = "check_up";

/// Who carried a guardian's call: the organization whose connection it came by.
pub const CARRIER_ORGANIZATION: &str = "carrier.organization";
/// And its actor.
pub const CARRIER_ACTOR: &str = "carrier.actor";
/// Who handed over the guardian's code that was used: the institution.
pub const ISSUER_ORGANIZATION: &str = "issuer.organization";
/// And its actor.
pub const ISSUER_ACTOR: &str = "issuer.actor";

/// The kind of ledger key an access key is; none for keys that no row holds open.
pub fn kind(key: Key) -> Option<KeyKind> {
    match key {
        Key::Standing => Some(KeyKind::Standing),
        Key::Actor => Some(KeyKind::Actor),
        Key::Enrolment | Key::ExpectedEnrolment => Some(KeyKind::Enrolment),
        Key::Agreement => Some(KeyKind::Agreement),
        Key::Assignment => Some(KeyKind::Assignment),
        Key::Consent | Key::UndisputedConsent => Some(KeyKind::Consent),
        Key::OwnGuardianship => Some(KeyKind::Guardianship),
        Key::Guardianship | Key::Authorship | Key::Area | Key::Office | Key::BrokenGlass => None,
    }
}

/// The details of a permit's entry: one for each row, in order.
pub fn detail(permit: &Permit) -> Vec<(String, String)> {
    permit
        .grounds()
        .iter()
        .filter_map(|g| Some((kind(g.key)?.detail_name().to_owned(), g.id.clone())))
        .collect()
}
