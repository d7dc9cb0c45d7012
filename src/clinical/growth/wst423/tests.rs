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

/// The level by the words of table 1, written out a second time.
fn expected_by_percentile(cutoffs: &Cutoffs, value: i32) -> GrowthLevel {
    let [p3, _, p25, _, p75, _, p97] = *cutoffs;
    let word = if value < p3 {
        "下"
    } else if value < p25 {
        "中下"
    } else if value < p75 {
        "中"
    } else if value < p97 {
        "中上"
    } else {
        "上"
    };
    *GrowthLevel::ALL
        .iter()
        .find(|level| level.label_zh() == word)
        .expect("a level")
}

/// How a value of one row is classified: by `x` of the row and the value in the row's unit.
type Classify<'a> = &'a dyn Fn(u32, i64) -> Option<Classified>;

/// Every row of every table with the way to classify a value at it, and 0.1 (kg, cm, kg/m²) in the
/// table's unit.
fn every_row(check: &mut dyn FnMut(Indicator, &Row, i32, Classify<'_>)) {
    use Indicator::*;
    let standard = &standard();
    for sex in Sex::ALL {
        let mut each = |indicator, table: &Table, step, classify: Classify<'_>| {
            let rows = table.rows(sex).iter();
            rows.for_each(|row| check(indicator, row, step, classify));
        };
        each(WeightForAge, &standard.weight_for_age, 100, &|x, grams| {
            standard.weight_for_age(sex, x, grams)
        });
        each(
            LengthHeightForAge,
            &standard.length_height_for_age,
            1,
            &|x, mm| standard.length_height_for_age(sex, x, mm * 1_000),
        );
        each(
            HeadCircumferenceForAge,
            &standard.head_for_age,
            1,
            &|x, mm| standard.head_for_age(sex, x, mm * 1_000),
        );
        each(
            WeightForLengthHeight,
            &standard.weight_for_length,
            100,
            &|cm, grams| standard.weight_for_length_height(sex, 12, grams, i64::from(cm) * 10_000),
        );
        each(
            WeightForLengthHeight,
            &standard.weight_for_height,
            100,
            &|cm, grams| standard.weight_for_length_height(sex, 40, grams, i64::from(cm) * 10_000),
        );
        // At a height of exactly 1 m the BMI in tenths is the weight in units of 100 g.
        each(BmiForAge, &standard.bmi_for_age, 1, &|x, tenths| {
            standard.bmi_for_age(sex, x, tenths * 100, 1_000_000)
        });
    }
}

/// Every cell of annex B, and 0.1 (kg, cm, kg/m²) on each side of it.
#[test]
fn every_sd_cell_and_a_tenth_on_each_side() {
    let mut checked = 0;
    every_row(&mut |indicator, row, step, classify| {
        for value in row
            .sd
            .into_iter()
            .flat_map(|cell| [cell - step, cell, cell + step])
        {
            let got = classify(row.x, value.into()).expect("in the table");
            let want = expected(indicator, &row.sd, value);
            assert_eq!(
                (got.level(), got.nutrition()),
                want,
                "{indicator:?} {} {value}",
                row.x
            );
            assert_eq!(got.row, RowUse::Exact);
            checked += 1;
        }
    });
    assert_eq!(checked, 546 * 7 * 3);
}

/// Every cell of annex A, and 0.1 on each side of it.
#[test]
fn every_percentile_cell_and_a_tenth_on_each_side() {
    let mut checked = 0;
    every_row(&mut |indicator, row, step, classify| {
        let cells = row.percentile.into_iter();
        for value in cells.flat_map(|cell| [cell - step, cell, cell + step]) {
            let got = classify(row.x, value.into()).expect("in the table");
            assert_eq!(
                got.level_by_percentile(),
                expected_by_percentile(&row.percentile, value),
                "{indicator:?} {} {value}",
                row.x
            );
            let reached = row.percentile.iter().filter(|&&cell| value >= cell);
            assert_eq!(usize::from(got.percentile_lines()), reached.count());
            checked += 1;
        }
    });
    assert_eq!(checked, 546 * 7 * 3);
}

/// Rows and sums of the source files, and the cells its README names.
#[test]
fn the_shipped_tables_are_whole() {
    let standard = standard();
    let count = |table: &Table| {
        let rows = table.0.iter().flatten();
        let sum = |cells: Cutoffs| cells.map(i64::from).iter().sum::<i64>();
        let sums = rows.clone().map(|row| (sum(row.sd), sum(row.percentile)));
        let (sd, percentile) = sums.fold((0, 0), |(a, b), (x, y)| (a + x, b + y));
        (rows.count(), sd, percentile)
    };
    for (table, want) in [
        (&standard.weight_for_age, (88, 8_231_700, 8_057_500)),
        (&standard.length_height_for_age, (88, 545_440, 545_446)),
        (&standard.weight_for_length, (112, 7_049_400, 6_942_200)),
        (&standard.weight_for_height, (112, 13_602_300, 13_336_100)),
        (&standard.bmi_for_age, (88, 101_056, 99_342)),
        (&standard.head_for_age, (58, 182_351, 182_205)),
    ] {
        assert_eq!(count(table), want);
    }
    // A.1 and B.1, boys: at birth P3 is 2.8 kg; at 12 months −3 SD … +3 SD are 7.4 … 13.9 kg.
    let boys = standard.weight_for_age.rows(Sex::Male);
    assert_eq!(
        boys[0].percentile,
        [2_800, 3_000, 3_200, 3_500, 3_700, 4_000, 4_200]
    );
    assert_eq!(
        boys[12].sd,
        [7_400, 8_200, 9_100, 10_100, 11_200, 12_400, 13_900]
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
    let rows = standard.length_height_for_age.rows(Sex::Male);
    assert_eq!((rows[24].x, rows[25].x), (24, 27));
    let (low, high) = (rows[24].sd, rows[25].sd);
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
