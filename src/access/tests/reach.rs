//! An inbox reaches exactly as far as a fitting person could see at a fitting hour.

use proptest::prelude::*;

use super::{
    random::situation,
    situation::{Situation, id},
};
use crate::{
    access::{
        Asker, Scope,
        facts::{ActorFact, AskerFacts},
        reach, reach_of_instructors,
    },
    domain::{
        actor::{ActorRole, ActorState},
        purpose::Purpose,
    },
};

fn any_situation() -> impl Strategy<Value = Situation> {
    prop_oneof![situation(30), situation(8), situation(1)]
}

/// The same, asked by an approved person whom the role fits.
fn by_a_fitting_person(s: &Situation, asker: Asker, purpose: Purpose) -> Option<Scope> {
    let mut fitting = s.clone();
    fitting.ask.asker = asker;
    fitting.ask.purpose = purpose;
    let role = match asker {
        Asker::FacilityStaff => ActorRole::HealthWorker,
        _ => ActorRole::Clinician,
    };
    fitting.asker.actor = Some(ActorFact {
        id: id(20),
        role,
        state: ActorState::Approved,
        practitioner: Some(id(21)),
    });
    for assignment in fitting.facility.iter_mut().flat_map(|f| &mut f.assignments) {
        assignment.duty.shifts.clear();
    }
    fitting.scope()
}

/// Nobody in particular asks.
fn without_a_person(mut s: Situation) -> Situation {
    s.asker = AskerFacts {
        actor: None,
        ..s.asker
    };
    s
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Break it: in `access/reach.rs`, pass over any key.
    #[test]
    fn instructors_are_reached_where_one_of_them_could_see(s in any_situation()) {
        let expected = by_a_fitting_person(&s, Asker::Instructor, Purpose::HealthGuidance);
        let s = without_a_person(s);
        prop_assert_eq!(reach_of_instructors(&s.facts(), s.now), expected);
    }

    #[test]
    fn a_facility_is_reached_where_its_staff_could_see(s in any_situation()) {
        let expected = by_a_fitting_person(&s, Asker::FacilityStaff, Purpose::DailyCare)
            .or_else(|| by_a_fitting_person(&s, Asker::FacilityStaff, Purpose::UrgentSafety));
        let s = without_a_person(s);
        prop_assert_eq!(reach(&s.facts(), s.now), expected);
    }
}

#[test]
fn the_shift_is_asked_of_whoever_reads_and_the_post_of_the_institution() {
    let mut s = Situation::of(Asker::Instructor, Purpose::HealthGuidance).at("2026-09-03 22:00");
    assert!(s.scope().is_none(), "Thursday night");
    assert!(reach_of_instructors(&s.facts(), s.now).is_some());
    s.assignments()[0].duty.last_day = "2026-09-02".parse().unwrap();
    assert!(reach_of_instructors(&s.facts(), s.now).is_none());
}
