//! Courses through the shipped rules, from the outside of `assess`.

use std::sync::LazyLock;

use crate::clinical::assess::Raised;
use crate::clinical::matching::growth::tests::{ids, measured_with, raised};
use crate::clinical::rules::RuleSet;
use crate::domain::alert::Category;
use crate::domain::checkup::CheckUp;
use crate::domain::growth_standard::GrowthStandard::{self, Who, Wst423};

static RULES: LazyLock<RuleSet> = LazyLock::new(|| RuleSet::load().unwrap());

/// A boy born on 2022-01-01: date, grams, length and head in mm; 0 is not measured.
fn visits(values: &[(&str, i64, i64, i64)]) -> Vec<CheckUp> {
    values
        .iter()
        .map(|&(date, grams, mm, head)| measured_with(date, grams, mm, head))
        .collect()
}

fn of(standard: GrowthStandard, values: &[(&str, i64, i64, i64)]) -> Vec<Raised<'static>> {
    let mut raised = raised(&RULES, standard, &visits(values));
    raised.retain(|alert| alert.category == Category::Growth);
    raised
}

fn input<'a>(raised: &'a Raised, name: &str) -> &'a str {
    let found = raised.inputs.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| value.as_str()).unwrap_or_default()
}

#[test]
fn weight_that_falls_or_does_not_grow() {
    let at = |last| [("2022-07-01", 8_000, 0, 0), ("2022-09-01", last, 0, 0)];
    assert_eq!(ids(&of(Wst423, &at(8_700))), [""; 0]);
    // A gain, however small, is no standstill; 62 days are too few to call it flat.
    assert_eq!(ids(&of(Wst423, &at(8_010))), [""; 0]);
    let stood = of(Wst423, &at(8_000));
    assert_eq!(ids(&stood), ["GROWTH_FALTERING_NO_GAIN_INFANT"]);
    assert_eq!(input(&stood[0], "g_per_month"), "0");
    assert_eq!(stood[0].check_ups, ["2022-07-01", "2022-09-01"]);
    // Falling is graver than standing still, and one alert is enough.
    let fell = of(Who, &at(7_700));
    assert_eq!(ids(&fell), ["GROWTH_FALTERING_WEIGHT_LOSS"]);
    assert_eq!(input(&fell[0], "g_per_month"), "-147"); // −300 g in 62 days
    // Two visits in one week say nothing.
    let soon = [("2022-07-01", 8_000, 0, 0), ("2022-07-06", 7_700, 0, 0)];
    assert_eq!(ids(&of(Wst423, &soon)), [""; 0]);
}

#[test]
fn an_obese_child_may_lose_weight() {
    // BMI 20.7 at three years, then less.
    let obese = [
        ("2025-01-01", 19_000, 960, 0),
        ("2025-06-01", 18_000, 990, 0),
    ];
    assert!(
        !ids(&of(Wst423, &obese))
            .iter()
            .any(|id| id.contains("FALTERING"))
    );
    let slim = [
        ("2025-01-01", 14_500, 960, 0),
        ("2025-06-01", 14_000, 990, 0),
    ];
    assert!(ids(&of(Wst423, &slim)).contains(&"GROWTH_FALTERING_WEIGHT_LOSS"));
}

#[test]
fn lines_that_are_crossed() {
    // WS/T 423 A.1, boys: P50 is 8.3 kg at 6 months and 10.1 kg at 12; P25 and P10 of 12 months are
    // 9.4 and 8.8 kg.
    let crossed = |last| {
        let visits = [("2022-07-01", 8_500, 0, 0), ("2023-01-01", last, 0, 0)];
        let raised = of(Wst423, &visits);
        let found = raised
            .iter()
            .find(|r| r.rule == "GROWTH_CROSSING_WEIGHT_DOWN");
        found.map(|r| {
            (
                input(r, "lines_before").to_owned(),
                input(r, "lines").to_owned(),
            )
        })
    };
    assert_eq!(crossed(9_400), None);
    assert_eq!(crossed(9_399), Some(("4".into(), "2".into())));

    // A head that goes from under P25 to over P90.
    let head = [("2022-04-01", 0, 0, 402), ("2022-07-01", 0, 0, 455)];
    for standard in [Wst423, Who] {
        let raised = of(standard, &head);
        assert!(
            ids(&raised).contains(&"GROWTH_HEAD_CROSSING_UP"),
            "{standard:?}"
        );
    }
}

#[test]
fn a_curve_that_flattens() {
    // A.1, boys: 300 g in half a year in which P50 gains 1.1 kg, from above P50 to above P25.
    let visits = [("2024-01-01", 12_800, 0, 0), ("2024-07-01", 13_100, 0, 0)];
    let flat = of(Wst423, &visits);
    assert_eq!(ids(&flat), ["GROWTH_FLAT_WEIGHT"]);
    assert_eq!(flat[0].care_card.facility, None);
}

#[test]
fn a_doubtful_measurement_asks_for_another_and_changes_nothing_else() {
    let before = [("2023-01-01", 7_000, 700, 0)];
    let standing = ids(&of(Wst423, &before)).join(" ");
    assert!(standing.contains("UNDERWEIGHT") && standing.contains("STUNTING"));
    // 14.4 kg is what 7.2 kg are in 斤; 71.0 cm is plausible.
    let jin = [before[0], ("2023-02-01", 14_400, 710, 0)];
    let raised = of(Wst423, &jin);
    let remeasure = raised
        .iter()
        .find(|r| r.rule == "GROWTH_REMEASURE")
        .unwrap();
    assert_eq!(input(remeasure, "doubt"), "JUMPED");
    assert_eq!(input(remeasure, "slip"), "JIN");
    assert_eq!(remeasure.check_ups, ["2023-02-01"]);
    // Weight is still judged by the check-up before, length by the new one.
    let of_family = |family: &str| raised.iter().find(|r| r.family == family).unwrap();
    assert_eq!(of_family("GROWTH_WEIGHT").check_ups, ["2023-01-01"]);
    assert_eq!(of_family("GROWTH_PROPORTION").check_ups, ["2023-01-01"]);
    assert_eq!(of_family("GROWTH_STATURE").check_ups, ["2023-02-01"]);
    // Measured again: the question is answered.
    let again = [jin[0], jin[1], ("2023-02-08", 7_250, 0, 0)];
    let raised = of(Wst423, &again);
    assert!(!ids(&raised).contains(&"GROWTH_REMEASURE"));
    let weight = raised.iter().find(|r| r.family == "GROWTH_WEIGHT").unwrap();
    assert_eq!(weight.check_ups, ["2023-02-08"]);
}

#[test]
fn a_length_that_shrinks_is_measured_again() {
    let visits = [("2023-01-01", 0, 760, 0), ("2023-04-01", 0, 730, 0)];
    let raised = of(Wst423, &visits);
    assert_eq!(ids(&raised), ["GROWTH_REMEASURE"]);
    assert_eq!(input(&raised[0], "doubt"), "SHRUNK");
}
