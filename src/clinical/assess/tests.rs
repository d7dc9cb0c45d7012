//! What the shipped rules raise, table by table. What is not done is the subject of `absences`; the
//! helpers here leave those alerts out.

mod absences;
mod conditions;
mod coverage;
mod infectious;
mod properties;
mod sources;

use std::sync::LazyLock;

use super::*;
use crate::clinical::schedule::{Life, Schedules};
use crate::domain::checkup::{CheckUpParts, CheckUpStatus, VisitKind};
use crate::domain::finding::{Finding, FindingStatus, RawValue};
use crate::domain::sex::Sex;

static SCHEDULES: LazyLock<Schedules> = LazyLock::new(|| Schedules::load().unwrap());
static RULES: LazyLock<RuleSet> = LazyLock::new(|| RuleSet::load().unwrap());

const SEA_LEVEL: Setting = Setting {
    altitude_m: 0,
    correct_for_altitude: false,
    growth_standard: GrowthStandard::Wst423,
};
const BANNER: Setting = Setting {
    altitude_m: 1_300,
    correct_for_altitude: true,
    growth_standard: GrowthStandard::Wst423,
};

/// After every check-up of these tests.
const TODAY: &str = "2029-12-31";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn girl() -> Life<'static> {
    Life {
        sex: Some(Sex::Female),
        birth_date: day("2022-06-01"),
        gestation_days: None,
        known_since: None,
        died: None,
        care: &[],
        absences: &[],
        optional: &[],
    }
}

fn number(code: &str, value: i64, decimals: u32, unit: &str) -> Finding {
    let raw = RawValue::Quantity {
        value,
        decimals,
        unit,
    };
    Finding::parse(code, raw, FindingStatus::Final, "").unwrap()
}

fn coded(code: &str, value: &str, text: Option<&str>) -> Finding {
    let raw = RawValue::Coded { code: value, text };
    Finding::parse(code, raw, FindingStatus::Final, "").unwrap()
}

fn haemoglobin(tenths: i64) -> Finding {
    number("HAEMOGLOBIN", tenths, 1, "g/L")
}

fn check_up(record: &str, date: &str, findings: Vec<Finding>) -> CheckUp {
    let parts = CheckUpParts {
        source: "hospital".into(),
        record_id: record.into(),
        revision: 1,
        status: CheckUpStatus::Final,
        date: day(date),
        visit: VisitKind::Other,
        findings,
    };
    CheckUp::new(parts, None, None).unwrap()
}

fn examined(check_up: &CheckUp) -> Examined<'_> {
    Examined {
        id: check_up.record_id(),
        source: check_up.source(),
        check_up,
    }
}

fn on(today: &str, child: &Life<'_>, check_ups: &[CheckUp]) -> Assessment<'static> {
    let examined: Vec<Examined<'_>> = check_ups.iter().map(examined).collect();
    assess(&RULES, &SCHEDULES, child, &SEA_LEVEL, &examined, day(today))
}

fn assess_at(child: &Life<'_>, setting: &Setting, check_ups: &[CheckUp]) -> Vec<Raised<'static>> {
    let examined: Vec<Examined<'_>> = check_ups.iter().map(examined).collect();
    let assessed = assess(&RULES, &SCHEDULES, child, setting, &examined, day(TODAY));
    let found = assessed.raised.into_iter();
    found.filter(|alert| !alert.check_ups.is_empty()).collect()
}

fn raised(check_ups: &[CheckUp]) -> Vec<Raised<'static>> {
    assess_at(&girl(), &SEA_LEVEL, check_ups)
}

fn rules<'a>(alerts: &[Raised<'a>]) -> Vec<&'a str> {
    alerts.iter().map(|alert| alert.rule).collect()
}

fn input<'a>(alert: &'a Raised<'_>, name: &str) -> &'a str {
    let found = alert.inputs.iter().find(|(known, _)| *known == name);
    found
        .map(|(_, value)| value.as_str())
        .unwrap_or_else(|| panic!("no input {name}"))
}

/// Domain reference 3.2, limit by limit, in tenths of g/L.
#[test]
fn the_anaemia_table() {
    const NONE: &str = "";
    for (born_days_before, setting, tenths, rule) in [
        (365, SEA_LEVEL, 1_100, NONE),
        (365, SEA_LEVEL, 1_099, "ANAEMIA_MILD"),
        (365, SEA_LEVEL, 900, "ANAEMIA_MILD"),
        (365, SEA_LEVEL, 899, "ANAEMIA_MODERATE"),
        (365, SEA_LEVEL, 600, "ANAEMIA_MODERATE"),
        (365, SEA_LEVEL, 599, "ANAEMIA_SEVERE"),
        (365, SEA_LEVEL, 300, "ANAEMIA_SEVERE"),
        // 110 × (1 + 0.04 × 1.3) = 115.72
        (365, BANNER, 1_158, NONE),
        (365, BANNER, 1_157, "ANAEMIA_MILD"),
        (365, BANNER, 899, "ANAEMIA_MODERATE"),
        (
            365,
            Setting {
                correct_for_altitude: false,
                ..BANNER
            },
            1_157,
            NONE,
        ),
        (
            365,
            Setting {
                altitude_m: -154,
                ..BANNER
            },
            1_099,
            "ANAEMIA_MILD",
        ),
        (
            365,
            Setting {
                altitude_m: -154,
                ..BANNER
            },
            1_100,
            NONE,
        ),
        // Six years and over: 120.
        (6 * 366, SEA_LEVEL, 1_199, "ANAEMIA_MILD_FROM_6_YEARS"),
        (6 * 366, SEA_LEVEL, 1_200, NONE),
        // Under six months, never corrected for altitude.
        (27, BANNER, 1_449, "ANAEMIA_NEWBORN"),
        (27, BANNER, 1_450, NONE),
        (28, BANNER, 900, NONE),
        (28, BANNER, 899, "ANAEMIA_UNDER_6_MONTHS"),
        (28, BANNER, 599, "ANAEMIA_SEVERE"),
        // A newborn is not graded by older children's scale.
        (27, BANNER, 899, "ANAEMIA_NEWBORN_SEVERE"),
        (27, BANNER, 599, "ANAEMIA_NEWBORN_SEVERE"),
        (27, BANNER, 900, "ANAEMIA_NEWBORN"),
        (166, SEA_LEVEL, 899, "ANAEMIA_UNDER_6_MONTHS"),
        (167, SEA_LEVEL, 899, "ANAEMIA_MODERATE"),
        (130, BANNER, 999, "ANAEMIA_4_TO_6_MONTHS"),
        (130, BANNER, 1_000, NONE),
    ] {
        let on = day("2024-06-01");
        let birth_date = on - Days::new(born_days_before);
        let child = Life {
            birth_date,
            ..girl()
        };
        let check_ups = [check_up("r", "2024-06-01", vec![haemoglobin(tenths)])];
        let alerts = assess_at(&child, &setting, &check_ups);
        let want: &[&str] = if rule == NONE { &[] } else { &[rule] };
        assert_eq!(
            rules(&alerts),
            want,
            "{born_days_before} days, {setting:?}, {tenths}"
        );
    }
}

#[test]
fn an_alert_explains_itself_and_tells_a_facility_no_value() {
    let check_ups = [check_up("r7", "2023-12-01", vec![haemoglobin(1_040)])];
    let alerts = assess_at(&girl(), &BANNER, &check_ups);
    let [alert] = &alerts[..] else {
        panic!("one alert")
    };
    assert_eq!((alert.family, alert.subject.as_str()), ("ANAEMIA", ""));
    assert_eq!(alert.check_ups, ["r7"]);
    assert_eq!(alert.sources, BTreeSet::from(["hospital".to_owned()]));
    assert_eq!(input(alert, "haemoglobin_g_l"), "104");
    assert_eq!(input(alert, "limit_g_l"), "115.7");
    assert_eq!(input(alert, "altitude_corrected_m"), "1300");
    assert_eq!(alert.due, Some(day("2023-12-31")));
    assert!(alert.source_document.contains("2012"));
    assert!(
        !alert
            .care_card
            .facility
            .as_ref()
            .unwrap()
            .text()
            .contains("104")
    );
    assert!(alert.care_card.guardian.as_str().contains("104 g/L"));
    let shown = format!("{alert:?}");
    assert!(!shown.contains("104"), "{shown}");
}

#[test]
fn the_latest_measurement_decides() {
    let low = check_up("a", "2023-12-01", vec![haemoglobin(850)]);
    let better = check_up("b", "2024-01-10", vec![haemoglobin(1_050)]);
    let other = check_up("c", "2024-02-10", vec![coded("HEARING", "PASS", None)]);
    let well = check_up("d", "2024-03-10", vec![haemoglobin(1_120)]);
    assert_eq!(
        rules(&raised(std::slice::from_ref(&low))),
        ["ANAEMIA_MODERATE"]
    );
    let alerts = raised(&[other.clone(), low.clone(), better.clone()]);
    assert_eq!(
        (rules(&alerts), alerts[0].check_ups.clone()),
        (vec!["ANAEMIA_MILD"], vec!["b".to_owned()])
    );
    assert_eq!(rules(&raised(&[low, well, better, other])), [""; 0]);
}

#[test]
fn what_is_preliminary_or_in_error_raises_nothing() {
    for status in [FindingStatus::Preliminary, FindingStatus::EnteredInError] {
        let raw = RawValue::Coded {
            code: "FAIL",
            text: None,
        };
        let finding = Finding::parse("HEARING", raw, status, "").unwrap();
        assert!(raised(&[check_up("a", "2023-12-01", vec![finding])]).is_empty());
    }
    let made = |status, revision| {
        let parts = CheckUpParts {
            source: "hospital".into(),
            record_id: "a".into(),
            revision,
            status,
            date: day("2023-12-01"),
            visit: VisitKind::V18,
            findings: vec![coded("HEARING", "FAIL", None)],
        };
        CheckUp::new(parts, None, None).unwrap()
    };
    let first = made(CheckUpStatus::Final, 1);
    assert_eq!(
        rules(&raised(std::slice::from_ref(&first))),
        ["HEARING_FAIL"]
    );
    assert!(raised(&[made(CheckUpStatus::Preliminary, 1)]).is_empty());
    assert!(raised(&[first.clone(), made(CheckUpStatus::EnteredInError, 2)]).is_empty());
    assert!(raised(&[made(CheckUpStatus::EnteredInError, 2), first]).is_empty());
}

#[test]
fn growth_classes_raise_the_gravest_of_a_family() {
    // A girl of 18 months, 7.0 kg and 70 cm.
    let small = check_up(
        "a",
        "2023-12-01",
        vec![
            number("WEIGHT", 7_000, 0, "g"),
            number("LENGTH_HEIGHT", 700, 0, "mm"),
        ],
    );
    let alerts = raised(&[small]);
    assert_eq!(
        rules(&alerts),
        [
            "GROWTH_WFL_WASTING",
            "GROWTH_STATURE_SEVERE_STUNTING",
            "GROWTH_WEIGHT_SEVERE_UNDERWEIGHT"
        ]
    );
    assert_eq!(input(&alerts[2], "class"), "SEVERE_UNDERWEIGHT");
    assert_eq!(input(&alerts[2], "row"), "EXACT");
    assert_eq!(alerts[2].source_document, "WS/T 423-2022 表3");
    assert!(
        !alerts[2]
            .care_card
            .facility
            .as_ref()
            .unwrap()
            .text()
            .contains("7000")
    );
}

#[test]
fn an_implausible_value_asks_for_another_measurement_and_nothing_else() {
    // 11.0 kg typed as 41.0 kg.
    let typed = check_up(
        "a",
        "2023-12-01",
        vec![
            number("WEIGHT", 41_000, 0, "g"),
            number("LENGTH_HEIGHT", 800, 0, "mm"),
        ],
    );
    let alerts = raised(&[typed]);
    assert_eq!(rules(&alerts), ["GROWTH_REMEASURE"]);
    assert_eq!(
        (alerts[0].level, alerts[0].recipients),
        (Level::High, &[Recipient::Guardian, Recipient::Mch][..])
    );
    assert_eq!(alerts[0].care_card.facility, None);
}

/// A fifth birthday that is day 1826 is of WHO 2007, as its rules are; the day before is of WHO 2006.
#[test]
fn the_fifth_birthday_has_its_rules() {
    let child = Life {
        birth_date: day("2021-03-10"),
        ..girl()
    };
    let setting = Setting {
        growth_standard: GrowthStandard::Who,
        ..SEA_LEVEL
    };
    let at = |date: &str, grams| {
        let weight = number("WEIGHT", grams, 0, "g");
        let findings = vec![weight, number("LENGTH_HEIGHT", 1_100, 0, "mm")];
        let check_ups = [check_up("a", date, findings)];
        rules(&assess_at(&child, &setting, &check_ups)).join(",")
    };
    // BMI 18.2 is between +1 and +2, 12.4 between -3 and -2.
    assert_eq!(at("2026-03-09", 22_000), "WHO_WFL_RISK_OF_OVERWEIGHT");
    assert_eq!(at("2026-03-10", 22_000), "WHO_BMI_OVERWEIGHT_FROM_5_YEARS");
    assert_eq!(at("2026-03-11", 22_000), "WHO_BMI_OVERWEIGHT_FROM_5_YEARS");
    assert_eq!(at("2026-03-10", 15_000), "WHO_BMI_THINNESS_FROM_5_YEARS");
}

#[test]
fn a_preterm_child_is_judged_at_the_corrected_age() {
    let weighed = [check_up(
        "a",
        "2022-12-01",
        vec![number("WEIGHT", 5_600, 0, "g")],
    )];
    assert_eq!(
        rules(&raised(&weighed)),
        ["GROWTH_WEIGHT_SEVERE_UNDERWEIGHT"]
    );
    let preterm = Life {
        gestation_days: Some(30 * 7),
        ..girl()
    };
    assert_eq!(rules(&assess_at(&preterm, &SEA_LEVEL, &weighed)), [""; 0]);
}

#[test]
fn allergies_stand_each_for_itself_until_ruled_out() {
    let first = check_up(
        "a",
        "2023-09-01",
        vec![
            coded("ALLERGY", "FOOD", Some("花生")),
            coded("ALLERGY", "DRUG", Some("青霉素")),
        ],
    );
    // A later form that says "none" must not switch them off.
    let none = check_up("b", "2023-10-01", vec![coded("ALLERGY", "NONE", None)]);
    let again = check_up(
        "c",
        "2023-11-01",
        vec![coded("ALLERGY", "FOOD", Some(" 花生 "))],
    );
    let out = check_up(
        "d",
        "2023-12-01",
        vec![coded("ALLERGY", "RULED_OUT", Some("花生"))],
    );
    let subjects = |check_ups: &[CheckUp]| {
        let alerts = raised(check_ups);
        let rule = |alert: &Raised| match alert.subject.as_str() {
            "花生" => "ALLERGY_FOOD",
            _ => "ALLERGY_DRUG",
        };
        assert!(
            alerts
                .iter()
                .all(|alert| alert.level == Level::Urgent && alert.rule == rule(alert))
        );
        alerts
            .into_iter()
            .map(|alert| (alert.subject, alert.check_ups))
            .collect::<Vec<_>>()
    };
    let one = |subject: &str, check_up: &str| (subject.to_owned(), vec![check_up.to_owned()]);
    assert_eq!(
        subjects(&[first.clone(), none.clone()]),
        [one("花生", "a"), one("青霉素", "a")]
    );
    assert_eq!(
        subjects(&[again.clone(), none.clone(), first.clone()]),
        [
            ("花生".to_owned(), vec!["a".to_owned(), "c".to_owned()]),
            one("青霉素", "a")
        ],
        "each statement bears it"
    );
    assert_eq!(
        subjects(&[first.clone(), again, none, out]),
        [one("青霉素", "a")]
    );
    let card = raised(&[first])[0].care_card.facility.clone().unwrap();
    assert!(card.text().contains("花生"));
}

#[test]
fn conditions_and_signs() {
    let first = check_up(
        "a",
        "2023-12-01",
        vec![
            coded("CHD", "PRESENT", None),
            coded("EPILEPSY", "ABSENT", None),
            coded("FEBRILE_SEIZURE", "PRESENT", None),
            coded("ASTHMA", "PRESENT", None),
            coded("RICKETS_SIGN", "08", None),
            coded("RICKETS_SIGN", "03", None),
            coded("DEVELOPMENT_SIGN", "18-1", None),
            coded("DEVELOPMENT_SIGN", "REGRESSION", None),
        ],
    );
    let alerts = raised(std::slice::from_ref(&first));
    assert_eq!(
        rules(&alerts),
        [
            "ASTHMA",
            "CHD",
            "DEVELOPMENT_18_1",
            "DEVELOPMENT_REGRESSION",
            "FEBRILE_SEIZURE",
            "RICKETS_PIGEON_CHEST",
            // 方颅 is not on the form of 18 months.
            "RICKETS_HEAD_OTHER_AGE",
        ]
    );
    assert_eq!(input(&alerts[5], "RICKETS_SIGN"), "08");
    for alert in alerts
        .iter()
        .filter(|alert| !alert.category.may_reach_facility())
    {
        assert!(!alert.recipients.contains(&Recipient::Facility));
        assert_eq!(alert.care_card.facility, None);
    }
    let later = check_up(
        "b",
        "2024-06-01",
        vec![
            coded("RICKETS_SIGN", "01", None),
            coded("DEVELOPMENT_SIGN", "NONE", None),
            coded("ASTHMA", "ABSENT", None),
            coded("CONDITION_RULED_OUT", "CHD", None),
        ],
    );
    // A form that says absent by default heals nobody; what a doctor rules out is over.
    assert_eq!(
        rules(&raised(&[later, first])),
        ["ASTHMA", "FEBRILE_SEIZURE"]
    );
}

#[test]
fn vision_by_age_eye_and_difference() {
    let eye = |code, tenths| number(code, tenths, 1, "1");
    let both = |left, right| vec![eye("VISION_LEFT", left), eye("VISION_RIGHT", right)];
    let at = |date: &str, findings| rules(&raised(&[check_up("a", date, findings)])).join(",");
    // 4 years: 4.8 and below.
    assert_eq!(at("2026-06-01", both(48, 49)), "VISION_LOW_4_YEARS");
    assert_eq!(at("2026-06-01", both(49, 50)), "");
    assert_eq!(at("2026-05-17", both(45, 45)), "");
    // 5 years: 4.9 and below.
    assert_eq!(at("2027-06-01", both(50, 49)), "VISION_LOW_5_YEARS");
    assert_eq!(at("2027-06-01", both(50, 51)), "");
    assert_eq!(at("2026-06-01", both(50, 52)), "VISION_EYES_DIFFER");
    // Each eye by its own latest check-up: the right eye's re-check does not clear the left.
    let first = check_up("a", "2026-06-01", both(46, 46));
    let right = check_up("b", "2026-07-01", vec![eye("VISION_RIGHT", 50)]);
    let alerts = raised(&[first, right]);
    assert_eq!(
        (rules(&alerts), alerts[0].check_ups.clone()),
        (vec!["VISION_LOW_4_YEARS"], vec!["a".to_owned()])
    );
    assert!(alerts[0].care_card.guardian.as_str().contains("左眼4.6"));
}

#[test]
fn equal_days_are_decided_by_source_and_record() {
    let pass = check_up("r1", "2023-12-01", vec![coded("HEARING", "PASS", None)]);
    let fail = check_up("r2", "2023-12-01", vec![coded("HEARING", "FAIL", None)]);
    assert_eq!(raised(&[pass.clone(), fail.clone()]), raised(&[fail, pass]));
}
