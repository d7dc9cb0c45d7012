use std::sync::LazyLock;

use chrono::{Datelike, Days, NaiveDate};
use proptest::prelude::*;

use super::*;
use crate::clinical::growth::age::AgeDays;
use crate::clinical::growth::slip::Slip;

static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables::load().unwrap());

const WEIGHT: Indicator = Indicator::WeightForAge;
const STATURE: Indicator = Indicator::LengthHeightForAge;
const HEAD: Indicator = Indicator::HeadCircumferenceForAge;

fn born() -> NaiveDate {
    "2020-01-15".parse().unwrap()
}

fn taken(days: u32, value: i64, position: Option<Position>) -> Taken {
    let date = born() + Days::new(days.into());
    Taken {
        place: days as usize,
        day: date.num_days_from_ce().into(),
        age: Age::for_growth(born(), None, date).unwrap(),
        value,
        position,
    }
}

/// A boy's course from `(age in days, value)`.
fn course(indicator: Indicator, values: &[(u32, i64)]) -> Course {
    let taken: Vec<Taken> = values
        .iter()
        .map(|&(days, value)| taken(days, value, None))
        .collect();
    Course::new(&TABLES, Sex::Male, indicator, &taken)
}

fn doubts(course: &Course) -> Vec<Option<Doubt>> {
    course.points().iter().map(|point| point.doubt).collect()
}

/// What a boy measures who stays at `z` of WHO, at an age in days; lying under 731 days.
fn at_z(indicator: Indicator, days: u32, z: f64) -> i64 {
    let age = AgeDays::new(days.into()).unwrap();
    let (_, lms) = TABLES.who.lms_for_age(indicator, Sex::Male, age).unwrap();
    let unit = if indicator == WEIGHT { 1e3 } else { 1e4 };
    (lms.at(z) * unit).round() as i64
}

#[test]
fn velocity_is_in_months_of_30_4375_days() {
    let per_month = |change, days| Velocity { days, change }.per_month();
    assert_eq!(per_month(600, 30), 609); // 608.75
    assert_eq!(per_month(-600, 30), -609);
    assert_eq!(per_month(487, 16), 926); // 926.4…
    assert_eq!(per_month(0, 30), 0);
    let weights = course(WEIGHT, &[(60, 5_000), (90, 5_600)]);
    let (latest, mut earlier) = weights.pairs((20, 60)).unwrap();
    let velocity = weights.velocity(earlier.next().unwrap(), latest);
    assert!(
        velocity
            == Velocity {
                days: 30,
                change: 600
            }
    );
}

#[test]
fn a_length_does_not_shrink_beyond_the_error_of_measuring() {
    use Doubt::Shrunk;
    assert_eq!(
        doubts(&course(STATURE, &[(400, 760_000), (500, 745_000)])),
        [None, None]
    );
    assert_eq!(
        doubts(&course(STATURE, &[(400, 760_000), (500, 744_000)])),
        [None, Some(Shrunk)]
    );
    assert_eq!(
        doubts(&course(HEAD, &[(400, 465_000), (500, 454_000)])),
        [None, Some(Shrunk)]
    );
    // Length to height: 0.7 cm less is the same child.
    let turned = Course::new(
        &TABLES,
        Sex::Male,
        STATURE,
        &[
            taken(725, 870_000, Some(Position::Lying)),
            taken(740, 863_000, Some(Position::Standing)),
        ],
    );
    assert_eq!(doubts(&turned), [None, None]);
    let (latest, mut earlier) = turned.pairs((1, 60)).unwrap();
    assert_eq!(turned.velocity(earlier.next().unwrap(), latest).change, 0);
}

#[test]
fn a_weight_does_not_double_in_a_few_months() {
    for (typed, slip) in [
        (20_400, Some(Slip::Jin)),
        (1_020, Some(Slip::DecimalPoint)),
        (18_000, Some(Slip::SwappedDigits)),
        (18_200, Some(Slip::OneDigit)),
    ] {
        // 10.0 kg at 12 months, then what was typed at 15 months.
        let course = course(WEIGHT, &[(365, 10_000), (456, typed)]);
        let last = course.points()[1];
        assert!(last.doubt.is_some(), "{typed}");
        assert_eq!(course.slip(&last), slip, "{typed}");
        assert!(course.is_doubted(456) && !course.is_doubted(365));
        assert_eq!(course.believed().count(), 1);
    }
    // A newborn doubles its weight by five months; a recovering infant gains fast.
    let newborn = course(WEIGHT, &[(0, 3_300), (152, 7_500)]);
    assert_eq!(doubts(&newborn), [None, None]);
    let recovering = course(WEIGHT, &[(243, 6_000), (365, 9_400)]);
    assert_eq!(doubts(&recovering), [None, None]);
    // Over years a child may change.
    let years = course(WEIGHT, &[(730, 11_000), (1_700, 30_000)]);
    assert_eq!(doubts(&years), [None, None]);
}

#[test]
fn a_mistyped_length_is_told_by_its_jump() {
    let lengths = course(STATURE, &[(365, 757_000), (396, 867_000)]);
    assert_eq!(doubts(&lengths), [None, Some(Doubt::Jumped)]);
    assert_eq!(lengths.slip(&lengths.points()[1]), Some(Slip::OneDigit));
}

#[test]
fn two_that_agree_outweigh_the_one_before_them() {
    use Doubt::*;
    // The middle one was wrong …
    let weights = [(300, 9_000), (365, 19_000), (396, 9_900)];
    let first = course(WEIGHT, &weights[1..]);
    assert_eq!(doubts(&first), [Some(Implausible), None]);
    assert_eq!(
        doubts(&course(
            STATURE,
            &[(300, 720_000), (365, 860_000), (396, 765_000)]
        )),
        [None, Some(Jumped), None]
    );
    // … or the first: as soon as the second is confirmed.
    assert_eq!(
        doubts(&course(STATURE, &[(365, 860_000), (396, 770_000)])),
        [None, Some(Shrunk)]
    );
    assert_eq!(
        doubts(&course(
            STATURE,
            &[(365, 860_000), (396, 770_000), (410, 774_000)]
        )),
        [Some(Outweighed), None, None]
    );
    // What WHO's limits refuse is refused however often it is said.
    assert_eq!(
        doubts(&course(WEIGHT, &[(365, 41_000), (396, 41_000)])),
        [Some(Implausible); 2]
    );
}

#[test]
fn only_the_latest_measurements_are_looked_at() {
    let many: Vec<(u32, i64)> = (1..=20)
        .map(|at| (at * 40, at_z(WEIGHT, at * 40, 0.0)))
        .collect();
    let course = course(WEIGHT, &many);
    assert_eq!(course.points().len(), WINDOW);
    assert_eq!(course.points()[WINDOW - 1].taken.place, 800);
}

#[test]
fn lines_are_those_of_the_standard() {
    // WS/T 423 A.1, boys, 12 months: P3 … P97 are 8.3 8.8 9.4 10.1 10.8 11.5 12.3 kg.
    let lines = |grams, standard| {
        let course = course(WEIGHT, &[(366, grams)]);
        course.lines(&TABLES, standard, &course.points()[0])
    };
    for (at, cell) in [8_300, 8_800, 9_400, 10_100, 10_800, 11_500, 12_300]
        .into_iter()
        .enumerate()
    {
        assert_eq!(lines(cell, GrowthStandard::Wst423), Some(at as u8 + 1));
        assert_eq!(lines(cell - 1, GrowthStandard::Wst423), Some(at as u8));
    }
    // WHO's median of that day is 9.65 kg.
    let median = at_z(WEIGHT, 366, 0.0);
    assert_eq!(lines(median + 5, GrowthStandard::Who), Some(4));
    assert_eq!(lines(median - 50, GrowthStandard::Who), Some(3));
}

#[test]
fn a_corrected_age_is_not_compared_with_a_calendar_age() {
    let at = |days: u64| {
        let date = born() + Days::new(days);
        Taken {
            age: Age::for_growth(born(), Some(210), date).unwrap(),
            day: date.num_days_from_ce().into(),
            ..taken(0, at_z(WEIGHT, days as u32 - 70, 0.0), None)
        }
    };
    let course = Course::new(&TABLES, Sex::Male, WEIGHT, &[at(600), at(660), at(740)]);
    assert!(course.points()[0].taken.age.corrected && !course.points()[2].taken.age.corrected);
    assert_eq!(course.pairs((1, 400)).unwrap().1.count(), 0);
    let before = &Course::new(&TABLES, Sex::Male, WEIGHT, &[at(600), at(660)]);
    assert_eq!(before.pairs((1, 400)).unwrap().1.count(), 1);
}

proptest! {
    /// A child that keeps its place is believed at every visit, crosses no line, and gains what the
    /// median gains where it stands on it.
    #[test]
    fn a_steady_child_is_never_doubted(z in -2.5..2.5_f64, first in 0..60_u32, steps in prop::collection::vec(20..200_u32, 1..6), which in 0..3_usize) {
        let indicator = [WEIGHT, STATURE, HEAD][which];
        let mut day = first;
        let mut values = vec![(day, at_z(indicator, day, z))];
        for step in steps {
            day += step;
            values.push((day, at_z(indicator, day, z)));
        }
        let course = course(indicator, &values);
        prop_assert!(doubts(&course).iter().all(Option::is_none), "{values:?}");
        let lines: Vec<_> = course.points().iter().map(|point| course.lines(&TABLES, GrowthStandard::Who, point)).collect();
        // Rounding to a gram may carry a child that walks on a line across it.
        let (low, high) = (lines.iter().min().unwrap().unwrap(), lines.iter().max().unwrap().unwrap());
        prop_assert!(high - low <= 1);
        for pair in course.points().windows(2) {
            let gain = course.median_gain(&TABLES, GrowthStandard::Who, &pair[0], &pair[1]).unwrap();
            let own = course.velocity(&pair[0], &pair[1]).change;
            prop_assert!(gain > 0 && own > 0);
        }
    }

    #[test]
    fn no_course_panics(values in prop::collection::vec((0..2_500_u32, any::<i32>()), 0..9), which in 0..3_usize) {
        let mut values: Vec<(u32, i64)> = values.into_iter().map(|(day, value)| (day, value.into())).collect();
        values.sort_unstable();
        let course = course([WEIGHT, STATURE, HEAD][which], &values);
        for standard in GrowthStandard::ALL {
            for point in course.points() {
                course.lines(&TABLES, *standard, point);
                course.slip(point);
            }
            if let Some((latest, earlier)) = course.pairs((1, 400)) {
                for earlier in earlier {
                    course.median_gain(&TABLES, *standard, earlier, latest);
                    course.velocity(earlier, latest).per_month();
                }
            }
        }
    }
}
