//! What holds however the facts lie.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate, Utc};
use proptest::prelude::*;

use super::{
    model,
    random::{alert, rests_on_consent, situation},
    situation::{Situation, at, ending, filing, id},
};
use crate::{
    access::{Asker, Key, Scope, bases::BASES},
    domain::{
        actor::ActorState,
        agreement::AgreementState,
        alert::Category,
        consent::ConsentState,
        enrolment::EnrolmentState,
        organization::{OrganizationKind, Standing},
        purpose::Purpose,
    },
};

/// Mostly permitted, and mostly refused.
fn any_situation() -> impl Strategy<Value = Situation> {
    prop_oneof![situation(30), situation(8), situation(1)]
}

fn today(s: &Situation) -> NaiveDate {
    s.zone.day(s.now)
}

fn yesterday(s: &Situation) -> NaiveDate {
    today(s).checked_sub_days(Days::new(1)).unwrap()
}

/// What it takes away, by the name it has in each basis, and how.
type Removal = (&'static [Key], fn(&mut Situation));

/// Ways to take one key away from a situation in which it is open.
#[rustfmt::skip]
const REMOVALS: &[Removal] = &[
    (&[Key::Standing], |s| s.asker.standing = None),
    (&[Key::Standing], |s| s.asker.standing = Some(Standing::Suspended)),
    (&[Key::Actor], |s| s.asker.actor = None),
    (&[Key::Actor], |s| s.actor().state = ActorState::Pending),
    (&[Key::Actor], |s| s.actor().state = ActorState::Revoked),
    (&[Key::Enrolment, Key::ExpectedEnrolment], |s| s.child().enrolments.clear()),
    (&[Key::Enrolment, Key::ExpectedEnrolment], |s| {
        let last_day = yesterday(s);
        for e in &mut s.child().enrolments {
            e.state = EnrolmentState::Left { first_day: e.state.first_day().min(last_day), last_day };
        }
    }),
    (&[Key::ExpectedEnrolment], |s| {
        let first_day = today(s);
        s.child().enrolments.iter_mut().for_each(|e| e.state = EnrolmentState::Active { first_day });
    }),
    (&[Key::Agreement], |s| s.agreements().clear()),
    (&[Key::Agreement], |s| s.agreements().iter_mut().for_each(|a| a.parties_active = false)),
    (&[Key::Agreement], |s| s.agreements().iter_mut().for_each(|a| a.purposes.clear())),
    (&[Key::Agreement], |s| {
        let last = yesterday(s);
        s.agreements().iter_mut().for_each(|a| a.term.1 = last);
    }),
    (&[Key::Agreement], |s| {
        let end = ending("2026-08-30 12:00");
        s.agreements().iter_mut().for_each(|a| a.state = AgreementState::Suspended(filing(), end.clone()));
    }),
    (&[Key::Agreement], |s| {
        let end = ending("2026-08-30 12:00");
        s.agreements().iter_mut().for_each(|a| a.state = AgreementState::Terminated(filing(), end.clone()));
    }),
    (&[Key::Assignment], |s| s.assignments().clear()),
    (&[Key::Assignment], |s| s.assignments().iter_mut().for_each(|a| a.duty.ended = Some(at("2026-08-30 12:00")))),
    (&[Key::Assignment], |s| {
        let last = yesterday(s);
        s.assignments().iter_mut().for_each(|a| a.duty.last_day = last);
    }),
    (&[Key::Guardianship], |s| s.child().disputed_since = Some(at("2026-08-31 23:00"))),
    (&[Key::Consent, Key::UndisputedConsent], |s| s.consents().clear()),
    (&[Key::Consent, Key::UndisputedConsent], |s| {
        let at = s.now;
        s.consents().iter_mut().for_each(|c| c.state = ConsentState::Withdrawn { at });
    }),
    (&[Key::Consent, Key::UndisputedConsent], |s| s.consents().iter_mut().for_each(|c| c.guardianship_ended = true)),
    (&[Key::Consent, Key::UndisputedConsent], |s| {
        let last = yesterday(s);
        s.consents().iter_mut().for_each(|c| c.last_day = last);
    }),
    (&[Key::Consent, Key::UndisputedConsent], |s| s.consents().iter_mut().for_each(|c| c.purposes.clear())),
    (&[Key::Consent, Key::UndisputedConsent], |s| {
        s.child().birth_date = yesterday(s).checked_sub_days(Days::new(14 * 366)).unwrap();
    }),
    (&[Key::UndisputedConsent], |s| s.child().disputed_since = Some(at("2026-08-01 00:00"))),
    (&[Key::OwnGuardianship], |s| s.child().own_guardianship = None),
    (&[Key::OwnGuardianship], |s| s.own_guardianship().ended = Some(at("2026-08-30 12:00"))),
    (&[Key::OwnGuardianship], |s| s.own_guardianship().disputed_since = Some(at("2026-08-30 12:00"))),
    (&[Key::Authorship, Key::Area, Key::Office], |s| s.asker.kind = OrganizationKind::HomeFacility),
];

#[test]
fn every_key_can_be_taken_away() {
    let all: BTreeSet<Key> = BASES.iter().flat_map(|b| b.keys).copied().collect();
    let removable: BTreeSet<Key> = REMOVALS.iter().flat_map(|r| r.0).copied().collect();
    let whole: Vec<_> = all.difference(&removable).collect();
    assert_eq!(whole, [&Key::BrokenGlass], "which no fact opens");
}

/// An agreement that is taken away takes the assignments under it along.
fn expected(key: Key, s: &Situation) -> BTreeSet<Key> {
    if key == Key::Agreement && s.ask.asker == Asker::Instructor {
        [Key::Agreement, Key::Assignment].into()
    } else {
        [key].into()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    /// Permitted exactly when the model finds every key open; and the keys that are missing are
    /// exactly those it finds closed.
    #[test]
    fn the_decision_is_the_models(s in any_situation()) {
        let missing: Option<BTreeSet<&str>> = match s.decide() {
            Ok(_) => Some(BTreeSet::new()),
            Err(denial) => denial.basis.map(|_| denial.missing().map(|k| k.key.code()).collect()),
        };
        prop_assert_eq!(missing, model::closed(&s));
    }

    /// A scope reaches exactly what the model lets be seen.
    #[test]
    fn what_is_seen_is_the_models(s in situation(40), alerts in prop::collection::vec(alert(), 24)) {
        if let Some(scope) = s.scope() {
            for alert in alerts {
                prop_assert_eq!(scope.reaches(&alert), model::sees(&s, &alert), "{:?} {:?}", scope, alert);
            }
        }
    }

    /// Whatever key is taken away, the look is refused, and the refusal names that key and no other.
    #[test]
    fn without_any_one_key_nothing_is_permitted(s in situation(40)) {
        let Ok(permit) = s.decide() else { return Ok(()) };
        for key in permit.basis().keys {
            for (_, remove) in REMOVALS.iter().filter(|(keys, _)| keys.contains(key)) {
                let mut without = s.clone();
                remove(&mut without);
                let missing: BTreeSet<Key> = without.missing().into_iter().map(|m| m.0).collect();
                prop_assert!(without.decide().is_err());
                prop_assert_eq!(missing, expected(*key, &s));
            }
        }
    }

    /// Grants stay inside the consent and inside the clauses.
    #[test]
    fn grants_lie_within_consent_and_clauses(s in situation(10)) {
        let Ok(permit) = s.decide() else { return Ok(()) };
        let Scope::Consented { grants, .. } = permit.scope() else { return Ok(()) };
        let consent = permit.grounds().iter()
            .find(|g| matches!(g.key, Key::Consent | Key::UndisputedConsent)).unwrap();
        let child = s.child.as_ref().unwrap();
        let consent = child.consents.iter().find(|c| c.id.to_string() == consent.id).unwrap();
        let named: Vec<&str> = permit.grounds().iter()
            .filter(|g| g.key == Key::Agreement).map(|g| g.id.as_str()).collect();
        let agreements = &s.facility.as_ref().unwrap().agreements;
        for grant in grants {
            prop_assert!(consent.categories.contains(&grant.category));
            prop_assert!(consent.sources.is_empty() || consent.sources.contains(&grant.source));
            let clause = agreements.iter().find(|a| {
                named.contains(&a.id.to_string().as_str())
                    && a.sources.contains(&grant.source)
                    && a.categories.contains(&grant.category)
            });
            prop_assert!(clause.is_some(), "{:?} rests on an agreement that the leaf names", grant);
            if s.ask.asker == Asker::FacilityStaff {
                prop_assert!(grant.category.may_reach_facility());
            }
        }
    }

    /// What is not for facilities reaches none of them.
    #[test]
    fn a_facility_never_has_what_is_not_for_it(s in situation(40), mut of in alert()) {
        of.for_facility = false;
        if s.ask.asker == Asker::FacilityStaff {
            prop_assert!(!s.scope().is_some_and(|scope| scope.reaches(&of)));
        }
    }

    /// A guardian who allows more never makes less visible.
    #[test]
    fn more_consent_never_shows_less(
        s in situation(40),
        more in prop::collection::btree_set(prop::sample::select(Category::ALL), 0..5),
        purposes in prop::collection::btree_set(prop::sample::select(Purpose::ALL), 0..5),
        (sources, all_sources, unbounded) in (prop::collection::btree_set(2..6u8, 0..3), any::<bool>(), any::<bool>()),
        alerts in prop::collection::vec(alert(), 24),
    ) {
        let Ok(permit) = s.decide() else { return Ok(()) };
        if !rests_on_consent(&s) { return Ok(()) }
        let holds = permit.grounds().iter()
            .find(|g| matches!(g.key, Key::Consent | Key::UndisputedConsent)).unwrap().id.clone();
        let mut wider = s.clone();
        let consent = wider.consents().iter_mut().find(|c| c.id.to_string() == holds).unwrap();
        consent.categories.extend(more);
        consent.purposes.extend(purposes);
        if all_sources {
            consent.sources.clear();
        } else if !consent.sources.is_empty() {
            consent.sources.extend(sources.into_iter().map(id));
        }
        if unbounded {
            (consent.data_from, consent.data_until) = (None, None);
        }
        let after = wider.scope();
        prop_assert!(after.is_some());
        for alert in alerts.iter().filter(|a| permit.scope().reaches(a)) {
            prop_assert!(after.as_ref().is_some_and(|scope| scope.reaches(alert)));
        }
    }

    /// At any instant, over any days, there is an answer.
    #[test]
    fn there_is_always_an_answer(
        mut s in any_situation(),
        days in prop::collection::vec(prop::sample::select(vec![
            NaiveDate::MIN, NaiveDate::MAX, NaiveDate::default()]), 8),
        now in prop::sample::select(vec![
            DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC, DateTime::<Utc>::UNIX_EPOCH]),
    ) {
        s.now = now;
        if s.facility.is_some() {
            s.agreements().iter_mut().for_each(|a| a.term = (days[0], days[1]));
            s.assignments().iter_mut().for_each(|a| (a.duty.first_day, a.duty.last_day) = (days[2], days[3]));
        }
        if let Some(child) = s.child.as_mut() {
            child.birth_date = days[4];
            child.consents.iter_mut().for_each(|c| (c.first_day, c.last_day) = (days[5], days[6]));
            child.enrolments.iter_mut()
                .for_each(|e| e.state = EnrolmentState::Left { first_day: days[5], last_day: days[7] });
            child.own_guardianship.iter_mut().for_each(|g| g.first_day = days[7]);
        }
        let first = s.decide().map(|p| p.scope().clone());
        prop_assert_eq!(first, s.decide().map(|p| p.scope().clone()), "and it is the same each time");
    }
}

/// The properties above would say nothing of a world in which nothing is permitted.
#[test]
fn random_situations_are_permitted_on_every_basis() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let strategy = situation(40);
    let mut permitted = BTreeSet::new();
    let mut count = 0;
    for _ in 0..1000 {
        let s = strategy.new_tree(&mut runner).unwrap().current();
        if let Ok(permit) = s.decide() {
            permitted.insert(permit.basis().code);
            count += 1;
        }
    }
    assert_eq!(permitted.len(), BASES.len() - 1, "{permitted:?}");
    assert!(count > 300, "{count} of 1000");
}
