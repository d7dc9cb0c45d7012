use chrono::{DateTime, Utc};
use rand::{SeedableRng, rngs::StdRng};

use super::*;
use crate::domain::{actor::Actor, id::Id};

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
}

fn actor(n: u64) -> Id<Actor> {
    Id::opaque(&mut StdRng::seed_from_u64(n))
}

fn acknowledged() -> AlertState {
    AlertState::open(at(0))
        .acknowledge(actor(1), at(5))
        .unwrap()
}

fn follow_up(second: i64) -> FollowUp {
    FollowUp {
        by: actor(2),
        at: at(second),
        outcome: FollowUpOutcome::GuardianInformed,
    }
}

/// One state of every living kind.
fn living() -> [AlertState; 4] {
    let open = AlertState::open(at(0));
    [
        open.clone(),
        acknowledged(),
        open.follow_up(follow_up(6)).unwrap(),
        acknowledged().follow_up(follow_up(6)).unwrap(),
    ]
}

fn decided() -> Resolution {
    Resolution::ByClinician {
        by: actor(3),
        decision: Decision::RuledOut,
    }
}

/// One state of every ended kind, from every living one.
fn ended() -> Vec<AlertState> {
    let ends = |state: AlertState| {
        [
            state.clone().resolve(decided(), at(9)).unwrap(),
            state
                .clone()
                .resolve(Resolution::ByAssessment, at(9))
                .unwrap(),
            state.retract(at(9)).unwrap(),
        ]
    };
    living().into_iter().flat_map(ends).collect()
}

#[test]
fn a_living_alert_ends_once_and_never_again() {
    assert!(living().iter().all(AlertState::is_standing));
    for end in ended() {
        assert!(!end.is_standing());
        assert_eq!(end.since(), at(0));
        let refused = AlertRefusal::Ended {
            state: end.as_str(),
        };
        assert_eq!(end.clone().acknowledge(actor(1), at(99)), Err(refused));
        assert_eq!(end.clone().follow_up(follow_up(99)), Err(refused));
        assert_eq!(end.clone().resolve(decided(), at(99)), Err(refused));
        assert_eq!(end.retract(at(99)), Err(refused));
    }
}

#[test]
fn who_took_note_first_is_kept_to_the_end() {
    let kept = Some(Acknowledgement {
        by: actor(1),
        at: at(5),
    });
    assert_eq!(
        acknowledged().acknowledge(actor(9), at(6)),
        Err(AlertRefusal::AlreadyAcknowledged)
    );
    let followed_up = acknowledged().follow_up(follow_up(6)).unwrap();
    assert_eq!(followed_up.life().acknowledged, kept);
    let end = followed_up.resolve(decided(), at(7)).unwrap();
    assert_eq!(end.life().acknowledged, kept);
    assert_eq!(end.life().followed_up, Some(follow_up(6)));
}

/// One facility is told of its own taking note, and of all else as it is.
#[test]
fn another_facility_s_note_is_not_told() {
    let own = Acknowledgement {
        by: actor(7),
        at: at(5),
    };
    for state in living().into_iter().chain(ended()) {
        for noted in [None, Some(own)] {
            let told = state.as_told(noted);
            let expected = Life {
                acknowledged: noted,
                ..state.life()
            };
            assert_eq!(told.life(), expected);
            assert_eq!(told.is_standing(), state.is_standing());
            let word = told.stored();
            assert_eq!(
                AlertState::from_parts(word, told.life()),
                Some(told.clone())
            );
        }
    }
}

#[test]
fn the_facility_may_take_note_after_the_medical_side_and_of_follow_ups_the_last_counts() {
    let state = AlertState::open(at(0)).follow_up(follow_up(2)).unwrap();
    assert!(state.is_followed_up(), "somebody has it in hand");
    let state = state.acknowledge(actor(1), at(3)).unwrap();
    let state = state.follow_up(follow_up(4)).unwrap();
    let life = state.life();
    assert_eq!(state.as_str(), "FOLLOWED_UP");
    assert_eq!(life.acknowledged.map(|a| a.at), Some(at(3)));
    assert_eq!(life.followed_up, Some(follow_up(4)));
}

#[test]
fn time_does_not_run_backwards() {
    for (state, last) in living().into_iter().zip([0, 5, 6, 6]) {
        let early = Err(AlertRefusal::BeforeLastChange);
        assert_eq!(state.clone().retract(at(last - 1)), early);
        assert_eq!(state.clone().follow_up(follow_up(last - 1)), early);
        assert!(state.retract(at(last)).is_ok());
    }
}

#[test]
fn a_stored_state_reads_back_and_parts_that_contradict_each_other_do_not() {
    for state in living().into_iter().chain(ended()) {
        let read = AlertState::from_parts(state.stored(), state.life());
        assert_eq!(read.as_ref(), Some(&state));
        let standing = ["OPEN", "ACKNOWLEDGED"].contains(&state.stored());
        assert_eq!(standing, state.is_standing(), "{state:?}");
        for word in ["OPEN", "ACKNOWLEDGED", "RESOLVED", "RETRACTED", "DREAMT"] {
            // What reads back is the same life under the word that fits it.
            if let Some(other) = AlertState::from_parts(word, state.life()) {
                assert_eq!((other.stored(), other.life()), (word, state.life()));
            }
        }
    }
    let life = acknowledged().life();
    assert_eq!(AlertState::from_parts("OPEN", life), None);
    assert_eq!(AlertState::from_parts("RESOLVED", life), None);
    let undecided = Life {
        decided: Some((actor(3), Decision::Recovered)),
        ..life
    };
    assert_eq!(AlertState::from_parts("ACKNOWLEDGED", undecided), None);
}

#[test]
fn levels_are_ordered_and_codes_read_back() {
    assert!(Level::Low < Level::Medium && Level::High < Level::Urgent);
    for &category in Category::ALL {
        assert_eq!(Category::parse(category.as_str()), Some(category));
    }
    for &level in Level::ALL {
        assert_eq!(Level::parse(level.as_str()), Some(level));
    }
    let never: Vec<&str> = Category::ALL
        .iter()
        .filter(|category| !category.may_reach_facility())
        .map(|category| category.as_str())
        .collect();
    assert_eq!(never, ["DEVELOPMENT", "RICKETS", "EXAMINATION"]);
}
