use proptest::prelude::*;

use super::*;
use crate::clinical::growth::Tables;

fn standards() -> &'static Standards {
    static TABLES: std::sync::LazyLock<Tables> =
        std::sync::LazyLock::new(|| Tables::load().unwrap());
    &TABLES.who
}

fn child(sex: Sex, days: f64) -> Observation {
    Observation {
        sex: Some(sex),
        age: AgeDays::new(days),
        ..Observation::default()
    }
}

fn cm(cm: f64) -> Option<Micrometres> {
    Some((cm * 1e4).round() as i64)
}

fn shown(scored: Option<Scored>) -> String {
    scored
        .map(|scored| scored.z.to_string())
        .unwrap_or_default()
}

/// The examples published with WHO's programs (domain reference 2.2).
#[test]
fn the_published_worked_examples() {
    use Indicator::*;
    use Position::*;
    let who = standards();
    let months = |months: f64| (months * 30.4375 + 0.5).floor();

    let scores = who.score(&Observation {
        stature_um: cm(72.86),
        position: Some(Lying),
        ..child(Sex::Male, 987.0)
    });
    assert_eq!(scores.stature_um, cm(72.16));
    assert_eq!(shown(scores.get(LengthHeightForAge)), "-6.09");
    assert!(scores.get(LengthHeightForAge).unwrap().implausible);

    for position in [Some(Standing), None] {
        let seen = Observation {
            stature_um: cm(77.5),
            position,
            ..child(Sex::Female, months(24.0))
        };
        assert_eq!(shown(who.score(&seen).get(LengthHeightForAge)), "-2.55");
    }

    let seen = Observation {
        weight_kg: Some(17.0),
        ..child(Sex::Female, 1522.0)
    };
    assert_eq!(shown(who.score(&seen).get(WeightForAge)), "0.24");

    let standing = |age: f64| {
        who.score(&Observation {
            stature_um: cm(60.0),
            position: Some(Standing),
            age: AgeDays::new(age * 30.4375),
            ..child(Sex::Male, 0.0)
        })
    };
    let eight = standing(8.0);
    assert!(eight.position_ignored);
    assert_eq!(
        (eight.stature_um, shown(eight.get(LengthHeightForAge))),
        (cm(60.0), "-4.81".into())
    );
    let nine = standing(9.0);
    assert!(!nine.position_ignored);
    assert_eq!(
        (nine.stature_um, shown(nine.get(LengthHeightForAge))),
        (cm(60.7), "-5.02".into())
    );

    // From 60.0 months on 2006 says nothing; the reference of 2007 does.
    let five_years = who.score_under_five(&Observation {
        stature_um: cm(60.0),
        age: AgeDays::from_months(60.0),
        ..child(Sex::Male, 0.0)
    });
    assert!(
        Indicator::ALL
            .iter()
            .all(|&indicator| five_years.get(indicator).is_none())
    );
}

/// Rows and column sums of the source files: a slip in conversion or editing shows here.
#[test]
fn the_shipped_tables_are_whole() {
    let who = standards();
    let sums = |table: &LmsTable| {
        let mut sums = [0_i64; 4];
        for sex in Sex::ALL {
            for x in table.range() {
                let row = table.row(sex, x).unwrap();
                let scaled = [1.0, row.l * 1e4, row.m * 1e4, row.s * 1e5];
                for (sum, value) in sums.iter_mut().zip(scaled) {
                    *sum += value.round() as i64;
                }
            }
        }
        sums
    };
    assert_eq!(
        sums(&who.weight_for_age),
        [3654, -5_070_218, 461_517_270, 45_758_332]
    );
    assert_eq!(
        sums(&who.length_height_for_age),
        [3654, 36_540_000, 3_242_403_713, 13_776_997]
    );
    assert_eq!(
        sums(&who.bmi_for_age),
        [3654, -15_397_511, 575_784_403, 31_126_169]
    );
    assert_eq!(
        sums(&who.head_for_age),
        [3654, 36_540_000, 1_728_662_561, 10_651_040]
    );
    assert_eq!(
        sums(&who.weight_for_length),
        [1302, -4_787_454, 128_823_684, 11_339_193]
    );
    assert_eq!(
        sums(&who.weight_for_height),
        [1102, -4_052_054, 152_955_731, 9_674_317]
    );
    let spot = |table: &LmsTable, sex, x| table.row(sex, x).copied().unwrap();
    let birth = spot(&who.weight_for_age, Sex::Male, 0);
    assert_eq!(
        birth,
        Lms {
            l: 0.3487,
            m: 3.3464,
            s: 0.14602
        }
    );
    let birth = spot(&who.weight_for_age, Sex::Female, 0);
    assert_eq!(
        birth,
        Lms {
            l: 0.3809,
            m: 3.2322,
            s: 0.14171
        }
    );
    assert_eq!(spot(&who.length_height_for_age, Sex::Male, 730).m, 87.8018);
    assert_eq!(spot(&who.length_height_for_age, Sex::Male, 731).m, 87.1303);
    assert_eq!(spot(&who.weight_for_length, Sex::Male, 450).m, 2.4410);
}

#[test]
fn day_731_switches_from_length_to_height() {
    let who = standards();
    let tall = |days, position| {
        who.score(&Observation {
            stature_um: cm(87.0),
            position,
            ..child(Sex::Male, days)
        })
        .stature_um
    };
    assert_eq!(tall(730.0, Some(Position::Standing)), cm(87.7));
    assert_eq!(tall(731.0, Some(Position::Standing)), cm(87.0));
    assert_eq!(tall(730.0, Some(Position::Lying)), cm(87.0));
    assert_eq!(tall(731.0, Some(Position::Lying)), cm(86.3));
    assert_eq!(tall(730.5, Some(Position::Lying)), cm(86.3));
    assert_eq!((tall(730.0, None), tall(731.0, None)), (cm(87.0), cm(87.0)));
}

#[test]
fn an_unknown_age_still_has_weight_for_length() {
    let who = standards();
    let seen = |stature, position| Observation {
        sex: Some(Sex::Male),
        weight_kg: Some(11.0),
        stature_um: cm(stature),
        position,
        ..Observation::default()
    };
    let z = |stature, position| {
        let scores = who.score(&seen(stature, position));
        assert!(scores.get(Indicator::BmiForAge).is_none());
        assert_eq!(scores.stature_um, cm(stature));
        scores.get(Indicator::WeightForLengthHeight).unwrap().z
    };
    assert_eq!(z(86.9, None), z(86.9, Some(Position::Lying)));
    assert_eq!(z(87.0, None), z(87.0, Some(Position::Standing)));
    assert_ne!(z(87.0, None), z(87.0, Some(Position::Lying)));
}

#[test]
fn nothing_comes_of_nothing() {
    let who = standards();
    let seen = |weight: f64, stature: i64, head: f64| Observation {
        weight_kg: Some(weight),
        stature_um: Some(stature),
        head_cm: Some(head),
        ..child(Sex::Female, 400.0)
    };
    for seen in [
        seen(0.0, 0, 0.0),
        seen(-1.0, -1, -1.0),
        seen(f64::NAN, 0, f64::NAN),
    ] {
        let scores = who.score(&seen);
        assert!(
            Indicator::ALL
                .iter()
                .all(|&indicator| scores.get(indicator).is_none())
        );
        assert!(scores.bmi.is_none() && scores.stature_um.is_none());
    }
    let no_sex = Observation {
        sex: None,
        ..seen(9.0, 740_000, 45.0)
    };
    assert!(
        Indicator::ALL
            .iter()
            .all(|&indicator| who.score(&no_sex).get(indicator).is_none())
    );
    let swollen = Observation {
        oedema: true,
        ..seen(9.0, 740_000, 45.0)
    };
    let kept: Vec<_> = Indicator::ALL
        .iter()
        .filter(|&&i| who.score(&swollen).get(i).is_some())
        .collect();
    assert_eq!(
        kept,
        [
            &Indicator::LengthHeightForAge,
            &Indicator::HeadCircumferenceForAge
        ]
    );
    assert!(who.score(&swollen).bmi.is_some());
}

#[test]
fn weight_for_stature_ends_with_its_table() {
    let who = standards();
    let has = |days, um| {
        let seen = Observation {
            weight_kg: Some(12.0),
            stature_um: Some(um),
            ..child(Sex::Male, days)
        };
        who.score(&seen)
            .get(Indicator::WeightForLengthHeight)
            .is_some()
    };
    assert!(has(500.0, 450_000) && has(500.0, 1_100_000));
    assert!(!has(500.0, 449_999) && !has(500.0, 1_100_001));
    assert!(has(900.0, 650_000) && has(900.0, 1_200_000));
    assert!(!has(900.0, 649_999) && !has(900.0, 1_200_001));
}

#[test]
fn scores_print_with_two_decimals_and_no_negative_zero() {
    let shown = |z| Score::round(z).unwrap().to_string();
    assert_eq!(shown(-0.004), "0.00");
    assert_eq!(shown(-0.006), "-0.01");
    assert_eq!(shown(-2.5), "-2.50");
    assert_eq!(shown(12.345_1), "12.35");
    assert_eq!(shown(0.125), "0.12");
    assert_eq!(Score::round(f64::NAN), None);
    assert_eq!(Score::round(f64::INFINITY), None);
}

/// The share below z in the printed tables of the normal distribution (four places), in per mille.
#[test]
fn centiles_are_those_of_the_normal_distribution() {
    for (z, shown) in [
        (0.0, "50.0"),
        (1.0, "84.1"),
        (-1.0, "15.9"),
        (2.0, "97.7"),
        (-2.0, "2.3"),
        (-3.0, "0.1"),
        (3.0, "99.9"),
        (-1.880_79, "3.0"),
        (-1.281_55, "10.0"),
        (0.674_49, "75.0"),
        (1.880_79, "97.0"),
        (-12.0, "0.0"),
        (f64::INFINITY, "100.0"),
    ] {
        assert_eq!(Centile::of(z).to_string(), shown, "{z}");
    }
}

fn any_row() -> impl Strategy<Value = (Lms, bool)> {
    let who = standards();
    let sex = prop::sample::select(Sex::ALL.to_vec());
    (sex, 0..=1826_u32, 0..5_usize, 650..=1100_u32).prop_map(move |(sex, day, which, mm)| {
        let (table, x, skewed) = match which {
            0 => (&who.weight_for_age, day, true),
            1 => (&who.bmi_for_age, day, true),
            2 => (&who.length_height_for_age, day, false),
            3 => (&who.head_for_age, day, false),
            _ => (&who.weight_for_length, mm, true),
        };
        (*table.row(sex, x).expect("in range"), skewed)
    })
}

proptest! {
    #[test]
    fn the_median_scores_zero_and_sd_k_scores_k((row, skewed) in any_row()) {
        for k in -3..=3 {
            let k = f64::from(k);
            let y = row.at(k);
            let z = if skewed { row.z_restricted(y) } else { row.z(y) };
            prop_assert!((z - k).abs() < 1e-9, "{z} is not {k}");
        }
        prop_assert_eq!(row.z(row.m), 0.0);
    }

    #[test]
    fn centiles_rise_and_mirror(a in -5.0..5.0_f64, b in -5.0..5.0_f64) {
        let centile = |z| Centile::of(z).tenths();
        prop_assert!(centile(a.min(b)) <= centile(a.max(b)));
        prop_assert!((i32::from(centile(a)) + i32::from(centile(-a)) - 1_000).abs() <= 1);
    }

    #[test]
    fn more_is_never_less((row, _) in any_row(), a in 0.2..4.0_f64, b in 0.2..4.0_f64) {
        let (low, high) = (a.min(b) * row.m, a.max(b) * row.m);
        prop_assert!(row.z_restricted(low) <= row.z_restricted(high));
        prop_assert!(row.z(low) <= row.z(high));
    }

    #[test]
    fn the_restricted_form_joins_without_a_step((row, _) in any_row()) {
        for end in [-3.0, 3.0] {
            let y = row.at(end);
            let (below, above) = (row.z_restricted(y * (1.0 - 1e-9)), row.z_restricted(y * (1.0 + 1e-9)));
            prop_assert!((above - below).abs() < 1e-6, "{below} {above}");
        }
    }

    #[test]
    fn beyond_three_the_steps_are_equal((row, _) in any_row(), far in 3.0..8.0_f64) {
        let step = row.at(3.0) - row.at(2.0);
        let z = row.z_restricted(row.at(3.0) + (far - 3.0) * step);
        prop_assert!((z - far).abs() < 1e-6);
    }

    #[test]
    fn interpolation_stays_between_its_rows(mm in 450..1100_u32, rest in 0..1000_i64, kg in 2.0..30.0_f64) {
        let who = standards();
        let z = |um| {
            let seen = Observation { weight_kg: Some(kg), stature_um: Some(um), ..child(Sex::Female, 300.0) };
            who.score(&seen).get(Indicator::WeightForLengthHeight).unwrap().z
        };
        let low = i64::from(mm) * UM_PER_ROW;
        // A longer child of the same weight is leaner.
        prop_assert!(z(low) >= z(low + rest) && z(low + rest) >= z(low + UM_PER_ROW));
    }

    #[test]
    fn lying_and_standing_agree_by_seven_millimetres(days in 274..1826_u32, um in 500_000..1_200_000_i64) {
        let who = standards();
        let seen = |um, position| Observation { stature_um: Some(um), position: Some(position), ..child(Sex::Male, f64::from(days)) };
        let lying = who.score(&seen(um + stature::LYING_EXCESS_UM, Position::Lying));
        let standing = who.score(&seen(um, Position::Standing));
        prop_assert!(lying == standing);
    }

    #[test]
    fn scoring_never_panics(days in any::<f64>(), kg in any::<f64>(), um in any::<i32>(), head in any::<f64>()) {
        let seen = Observation {
            sex: Some(Sex::Male),
            age: AgeDays::new(days),
            weight_kg: Some(kg),
            stature_um: Some(i64::from(um) * 1_000),
            position: Some(Position::Lying),
            head_cm: Some(head),
            oedema: false,
        };
        standards().score(&seen);
    }
}
