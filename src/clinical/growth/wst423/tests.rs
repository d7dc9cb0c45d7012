use super::*;
use crate::clinical::growth::Tables;

fn standard() -> Standard {
    Tables::load().unwrap().wst423
}

/// The band by the words of tables 2 and 3, written out a second time and not from `reached`.
fn expected(
    indicator: Indicator,
    cutoffs: &Cutoffs,
    value: i32,
) -> (GrowthLevel, Option<NutritionClass>) {
    let [sd_neg3, sd_neg2, sd_neg1, _, sd_pos1, sd_pos2, sd_pos3] = *cutoffs;
    let level = if value >= sd_pos2 {
        GrowthLevel::Upper
    } else if value >= sd_pos1 {
        GrowthLevel::UpperMiddle
    } else if value >= sd_neg1 {
        GrowthLevel::Middle
    } else if value >= sd_neg2 {
        GrowthLevel::LowerMiddle
    } else {
        GrowthLevel::Lower
    };
    let (severe, plain, has_upper) = match indicator {
        Indicator::WeightForAge => (Some("重度低体重"), Some("低体重"), false),
        Indicator::LengthHeightForAge => (Some("重度生长迟缓"), Some("生长迟缓"), false),
        Indicator::HeadCircumferenceForAge => (None, None, false),
        _ => (Some("重度消瘦"), Some("消瘦"), true),
    };
    let word = if value < sd_neg3 {
        severe
    } else if value < sd_neg2 {
        plain
    } else if has_upper && value >= sd_pos3 {
        Some("重度肥胖")
    } else if has_upper && value >= sd_pos2 {
        Some("肥胖")
    } else if has_upper && value >= sd_pos1 {
        Some("超重")
    } else {
        None
    };
    let class = word.map(|word| {
        *NutritionClass::ALL
            .iter()
            .find(|class| class.label_zh() == word)
            .expect("a class")
    });
    (level, class)
}

/// Every cell of every table, and 0.1 (kg, cm, kg/m²) on each side of it.
#[test]
fn every_cell_and_a_tenth_on_each_side() {
    let standard = standard();
    let mut checked = 0;
    for sex in Sex::ALL {
        let mut check =
            |table: &BySex,
             step: i32,
             indicator,
             classify: &dyn Fn(u32, i64) -> Option<Classified>| {
                for &(x, cutoffs) in &table.0[sex.index()] {
                    for cutoff in cutoffs {
                        for value in [cutoff - step, cutoff, cutoff + step] {
                            let got = classify(x, value.into()).expect("in the table");
                            let want = expected(indicator, &cutoffs, value);
                            assert_eq!(
                                (got.level(), got.nutrition()),
                                want,
                                "{indicator:?} {sex:?} {x} {value}"
                            );
                            assert_eq!(got.row, RowUse::Exact);
                            checked += 1;
                        }
                    }
                }
            };
        use Indicator::*;
        check(&standard.weight_for_age, 100, WeightForAge, &|x, grams| {
            standard.weight_for_age(sex, x, grams)
        });
        check(
            &standard.length_height_for_age,
            1,
            LengthHeightForAge,
            &|x, mm| standard.length_height_for_age(sex, x, mm * 1_000),
        );
        check(
            &standard.head_for_age,
            1,
            HeadCircumferenceForAge,
            &|x, mm| standard.head_for_age(sex, x, mm * 1_000),
        );
        check(
            &standard.weight_for_length,
            100,
            WeightForLengthHeight,
            &|cm, grams| standard.weight_for_length_height(sex, 12, grams, i64::from(cm) * 10_000),
        );
        check(
            &standard.weight_for_height,
            100,
            WeightForLengthHeight,
            &|cm, grams| standard.weight_for_length_height(sex, 40, grams, i64::from(cm) * 10_000),
        );
        // At a height of exactly 1 m the BMI in tenths is the weight in units of 100 g.
        check(&standard.bmi_for_age, 1, BmiForAge, &|x, tenths| {
            standard.bmi_for_age(sex, x, tenths * 100, 1_000_000)
        });
    }
    assert_eq!(checked, 546 * 7 * 3);
}

/// Rows and sums of the source file, and the cells its README names.
#[test]
fn the_shipped_table_is_whole() {
    let standard = standard();
    let count = |table: &BySex| {
        let rows = table.0.iter().flatten();
        let sum: i64 = rows.clone().flat_map(|row| row.1).map(i64::from).sum();
        (rows.count(), sum)
    };
    assert_eq!(count(&standard.weight_for_age), (88, 8_231_700));
    assert_eq!(count(&standard.length_height_for_age), (88, 545_440));
    assert_eq!(count(&standard.weight_for_length), (112, 7_049_400));
    assert_eq!(count(&standard.weight_for_height), (112, 13_602_300));
    assert_eq!(count(&standard.bmi_for_age), (88, 101_056));
    assert_eq!(count(&standard.head_for_age), (58, 182_351));
    // B.1, boys, 12 months: 7.4 8.2 9.1 10.1 11.2 12.4 13.9 kg.
    let row = standard.weight_for_age.0[Sex::Male.index()][12];
    assert_eq!(
        row,
        (12, [7_400, 8_200, 9_100, 10_100, 11_200, 12_400, 13_900])
    );
}

#[test]
fn exactly_minus_two_sd_is_not_underweight() {
    let class = |grams| {
        standard()
            .weight_for_age(Sex::Male, 12, grams)
            .unwrap()
            .nutrition()
    };
    assert_eq!(class(8_200), None);
    assert_eq!(class(8_199), Some(NutritionClass::Underweight));
    assert_eq!(class(7_400), Some(NutritionClass::Underweight));
    assert_eq!(class(7_399), Some(NutritionClass::SevereUnderweight));
}

#[test]
fn between_rows_the_cutoffs_are_interpolated_and_the_result_says_so() {
    let standard = standard();
    let row = |at: usize| standard.length_height_for_age.0[Sex::Male.index()][at];
    let ((24, low), (27, high)) = (row(24), row(25)) else {
        panic!("rows 24 and 27")
    };
    // −2 SD at 25 months = (2 × row 24 + row 27) / 3, in thirds of a millimetre.
    let thirds = i64::from(2 * low[1] + high[1]);
    let at = |um| standard.length_height_for_age(Sex::Male, 25, um).unwrap();
    let cutoff_um = (thirds * 1_000 + 2) / 3;
    assert_eq!(at(cutoff_um).nutrition(), None);
    assert_eq!(
        at(cutoff_um - 1).nutrition(),
        Some(NutritionClass::Stunting)
    );
    assert_eq!(at(cutoff_um).row, RowUse::Interpolated);
    let between = standard
        .weight_for_length_height(Sex::Male, 12, 9_000, 735_000)
        .unwrap();
    assert_eq!(between.row, RowUse::Interpolated);
}

#[test]
fn the_last_months_use_the_row_of_81_and_then_it_ends() {
    let standard = standard();
    let at = |months| standard.weight_for_age(Sex::Female, months, 15_000);
    let last = at(81).unwrap();
    for months in [82, 83] {
        let held = at(months).unwrap();
        assert_eq!((held.level(), held.row), (last.level(), RowUse::LastRow));
    }
    assert_eq!(at(84), None);
    assert!(standard.head_for_age(Sex::Female, 36, 480_000).is_some());
    assert_eq!(standard.head_for_age(Sex::Female, 37, 480_000), None);
    for (months, um) in [
        (12, 449_999),
        (12, 1_000_001),
        (40, 749_999),
        (40, 1_300_001),
        (84, 1_000_000),
    ] {
        assert_eq!(
            standard.weight_for_length_height(Sex::Male, months, 12_000, um),
            None
        );
    }
    assert_eq!(standard.weight_for_age(Sex::Male, 12, 0), None);
    assert_eq!(standard.bmi_for_age(Sex::Male, 12, 9_000, 0), None);
}
