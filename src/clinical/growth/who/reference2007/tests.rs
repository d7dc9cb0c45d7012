use std::sync::LazyLock;

use proptest::prelude::*;

use crate::clinical::growth::age::AgeDays;
use crate::clinical::growth::class::NutritionClass::{self, *};
use crate::clinical::growth::lms::{Centile, LmsTable, Score};
use crate::clinical::growth::who::{Edition, Observation, Scored, Standards};
use crate::clinical::growth::{Indicator, Tables};
use crate::domain::sex::Sex;

static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables::load().unwrap());

fn who() -> &'static Standards {
    &TABLES.who
}

fn at_months(sex: Sex, months: f64, weight_kg: f64, cm: f64) -> Observation {
    Observation {
        sex: Some(sex),
        age: AgeDays::from_months(months),
        weight_kg: Some(weight_kg),
        stature_um: Some((cm * 1e4).round() as i64),
        ..Observation::default()
    }
}

fn z(scored: Option<Scored>) -> Option<String> {
    scored.map(|scored| scored.z.to_string())
}

/// The examples among the tests of WHO's program `anthroplus` (commit 4463ca2).
#[test]
fn the_published_worked_examples() {
    use Indicator::*;
    for (months, cm, kg, height, weight, bmi) in [
        (60.32, 113.8, 18.7, "0.96", "0.21", "-0.58"),
        (60.911_701, 113.6, 20.5, "0.85", "0.79", "0.42"),
    ] {
        let scores = who().score(&at_months(Sex::Female, months, kg, cm));
        assert_eq!(z(scores.get(LengthHeightForAge)).unwrap(), height);
        assert_eq!(z(scores.get(WeightForAge)).unwrap(), weight);
        assert_eq!(z(scores.get(BmiForAge)).unwrap(), bmi);
        assert_eq!(scores.get(WeightForLengthHeight), None);
        assert_eq!(scores.get(WeightForAge).unwrap().edition, Edition::Who2007);
    }
}

/// Upper bounds are exclusive: just under 121 months for weight, just under 229 for the others.
#[test]
fn the_reference_begins_at_sixty_months_and_ends_with_its_tables() {
    use Indicator::*;
    let has = |months: f64| {
        let scores = who().score(&at_months(Sex::Male, months, 30.0, 130.0));
        [WeightForAge, LengthHeightForAge, BmiForAge]
            .map(|indicator| scores.get(indicator).map(|scored| scored.edition))
    };
    let (old, new) = (Some(Edition::Who2006), Some(Edition::Who2007));
    assert_eq!(has(59.99), [old; 3]);
    assert_eq!(has(60.0), [new; 3]);
    assert_eq!(has(120.99), [new; 3]);
    assert_eq!(has(121.0), [None, new, new]);
    assert_eq!(has(228.99), [None, new, new]);
    assert_eq!(has(229.0), [None; 3]);
}

/// Rows and column sums of the source files: a slip in conversion or editing shows here.
#[test]
fn the_shipped_tables_are_whole() {
    let sums = |table: &LmsTable| {
        let rows = Sex::ALL
            .into_iter()
            .flat_map(|sex| table.range().map(move |x| *table.row(sex, x).unwrap()));
        rows.fold([0; 4], |[n, l, m, s], row| {
            let whole = |value: f64| value.round() as i64;
            [
                n + 1,
                l + whole(row.l * 1e4),
                m + whole(row.m * 1e4),
                s + whole(row.s * 1e5),
            ]
        })
    };
    let tables = &who().from_five;
    assert_eq!(
        sums(&tables.weight_for_age),
        [124, -634_188, 30_186_636, 1_869_458]
    );
    assert_eq!(
        sums(&tables.height_for_age),
        [340, 3_400_000, 500_141_904, 1_509_892]
    );
    assert_eq!(
        sums(&tables.bmi_for_age),
        [340, -4_440_230, 61_615_654, 4_055_020]
    );
}

/// WHO's cut-offs `[k]`: one step lower from five years on, and never reached exactly on them.
#[test]
fn classes_follow_the_edition() {
    let class = |edition, indicator, hundredths: i32| {
        let z = Score::round(f64::from(hundredths) / 100.0);
        let scored = Scored {
            indicator,
            edition,
            z: z.unwrap(),
            centile: Centile::of(0.0),
            implausible: false,
        };
        scored.nutrition()
    };
    use Edition::*;
    use Indicator::*;
    type Limits = [(i32, Option<NutritionClass>); 10];
    let table: [(Edition, Indicator, Limits); 3] = [
        (
            Who2006,
            WeightForLengthHeight,
            [
                (-301, Some(SevereWasting)),
                (-300, Some(Wasting)),
                (-201, Some(Wasting)),
                (-200, None),
                (100, None),
                (101, Some(RiskOfOverweight)),
                (200, Some(RiskOfOverweight)),
                (201, Some(Overweight)),
                (300, Some(Overweight)),
                (301, Some(Obesity)),
            ],
        ),
        (
            Who2007,
            BmiForAge,
            [
                (-301, Some(SevereThinness)),
                (-300, Some(Thinness)),
                (-201, Some(Thinness)),
                (-200, None),
                (100, None),
                (101, Some(Overweight)),
                (200, Some(Overweight)),
                (201, Some(Obesity)),
                (300, Some(Obesity)),
                (301, Some(Obesity)),
            ],
        ),
        (
            Who2007,
            LengthHeightForAge,
            [
                (-301, Some(SevereStunting)),
                (-300, Some(Stunting)),
                (-201, Some(Stunting)),
                (-200, None),
                (100, None),
                (101, None),
                (200, None),
                (201, None),
                (300, None),
                (301, None),
            ],
        ),
    ];
    for (edition, indicator, cells) in table {
        for (hundredths, want) in cells {
            assert_eq!(
                class(edition, indicator, hundredths),
                want,
                "{edition:?} {indicator:?} {hundredths}"
            );
        }
    }
}

proptest! {
    /// WHO joined the two at 60 months: a child who turns five hardly moves (0.2 SD, seen over all).
    #[test]
    fn nobody_jumps_on_the_fifth_birthday(girl: bool, kg in 12.0..28.0_f64, cm in 95.0..122.0_f64) {
        let sex = if girl { Sex::Female } else { Sex::Male };
        let before = who().score(&at_months(sex, 59.99, kg, cm));
        let after = who().score(&at_months(sex, 60.0, kg, cm));
        for indicator in [Indicator::WeightForAge, Indicator::LengthHeightForAge] {
            let (before, after) = (before.get(indicator).unwrap(), after.get(indicator).unwrap());
            let moved = (before.z.hundredths() - after.z.hundredths()).abs();
            prop_assert!(moved <= 20, "{indicator:?} moved by {moved} hundredths");
        }
    }

    #[test]
    fn interpolation_stays_between_its_months(month in 60..120_u32, share in 0.0..1.0_f64, kg in 14.0..50.0_f64, cm in 95.0..150.0_f64) {
        let z = |months: f64| {
            let scores = who().score(&at_months(Sex::Female, months, kg, cm));
            scores.get(Indicator::LengthHeightForAge).unwrap().z
        };
        let month = f64::from(month);
        // An older child of the same height is shorter for its age.
        prop_assert!(z(month) >= z(month + share) && z(month + share) >= z(month + 1.0));
    }
}
