use super::*;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
}

fn acknowledged() -> AlertState {
    AlertState::open(at(0))
        .acknowledge("actor".into(), at(5))
        .unwrap()
}

#[test]
fn a_living_alert_can_end_in_three_ways_and_never_again() {
    let by = || Resolution::ByPerson { by: "actor".into() };
    for living in [AlertState::open(at(0)), acknowledged()] {
        assert!(living.is_standing());
        let ends = [
            living.clone().resolve(by(), at(9)).unwrap(),
            living.clone().supersede("newer".into(), at(9)).unwrap(),
            living.clone().retract(at(9)).unwrap(),
        ];
        for end in ends {
            assert!(!end.is_standing());
            assert_eq!(end.since(), at(0));
            let refused = AlertRefusal::Ended {
                state: end.as_str(),
            };
            assert_eq!(end.clone().acknowledge("a".into(), at(99)), Err(refused));
            assert_eq!(end.clone().resolve(by(), at(99)), Err(refused));
            assert_eq!(end.clone().supersede("x".into(), at(99)), Err(refused));
            assert_eq!(end.retract(at(99)), Err(refused));
        }
    }
}

#[test]
fn who_took_note_first_is_kept() {
    assert_eq!(
        acknowledged().acknowledge("second".into(), at(6)),
        Err(AlertRefusal::AlreadyAcknowledged)
    );
    let AlertState::Retracted {
        acknowledged: Some(ack),
        ..
    } = acknowledged().retract(at(7)).unwrap()
    else {
        panic!("acknowledgement lost");
    };
    assert_eq!((ack.by.as_str(), ack.at), ("actor", at(5)));
}

#[test]
fn time_does_not_run_backwards() {
    assert_eq!(
        AlertState::open(at(0)).retract(at(-1)),
        Err(AlertRefusal::BeforeLastChange)
    );
    assert_eq!(
        acknowledged().retract(at(4)),
        Err(AlertRefusal::BeforeLastChange)
    );
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
    assert!(!Category::Rickets.may_reach_facility());
}
