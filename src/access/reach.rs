//! How far an inbox could reach. For deliveries, which put pointers in an inbox and show nobody
//! anything: whoever opens it is decided over then, by every key.

use chrono::{DateTime, Utc};

use super::{
    bases::{self, Asker},
    decide::Look,
    facts::Facts,
    keys::Key,
    permit::Scope,
};
use crate::domain::purpose::Purpose;

/// How far a facility's approved staff could see a child at `now`: every key but the person's. Daily
/// care first; while guardianship is disputed, urgent safety.
pub fn reach(facts: &Facts<'_>, now: DateTime<Utc>) -> Option<Scope> {
    [Purpose::DailyCare, Purpose::UrgentSafety]
        .into_iter()
        .find_map(|purpose| {
            let basis = bases::find(Asker::FacilityStaff, purpose)?;
            let look = Look { facts, basis, now };
            let open = |&key: &Key| key == Key::Actor || look.turn(key).is_ok();
            basis.keys.iter().all(open).then(|| look.scope()).flatten()
        })
}

/// How far the instructors of the asking institution could see a child at `now`: every key but the
/// person's, with anybody assigned to the facility, on shift or off. The facility's facts must hold
/// the assignments of everybody.
pub fn reach_of_instructors(facts: &Facts<'_>, now: DateTime<Utc>) -> Option<Scope> {
    let basis = bases::find(Asker::Instructor, Purpose::HealthGuidance)?;
    let look = Look { facts, basis, now };
    let open = |&key: &Key| match key {
        Key::Actor => true,
        Key::Assignment => look.has_a_post(),
        key => look.turn(key).is_ok(),
    };
    basis.keys.iter().all(open).then(|| look.scope()).flatten()
}
