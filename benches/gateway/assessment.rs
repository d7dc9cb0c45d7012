//! What it costs to judge one child: a child of 32 months whose eleventh check-up arrives, by all
//! shipped rules and schedules. One core, no store; a push does it once for each child of its batch.

#![allow(
    clippy::disallowed_methods,
    reason = "measuring is what a benchmark takes time for"
)]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use chrono::{Days, NaiveDate};
use yuqiao::{
    clinical::{
        assess::{Assessment, Examined, Setting, assess},
        rules::RuleSet,
        schedule::{Life, forecast},
    },
    domain::{
        checkup::{CheckUp, CheckUpParts, CheckUpStatus, VisitKind},
        finding::{Finding, FindingStatus, RawValue},
        growth_standard::GrowthStandard,
        sex::Sex,
    },
};

const SETTING: Setting = Setting {
    altitude_m: 1_300,
    correct_for_altitude: true,
    growth_standard: GrowthStandard::Wst423,
};

/// Days of age at each visit, and grams, tenths of millimetres and head there: the median girl of
/// WS/T 423-2022, roughly.
const VISITS: [(u64, VisitKind, i64, i64, i64); 11] = [
    (10, VisitKind::V00, 3_500, 5_050, 3_480),
    (31, VisitKind::V01, 4_200, 5_380, 3_660),
    (92, VisitKind::V03, 6_200, 6_100, 3_970),
    (183, VisitKind::V06, 7_700, 6_680, 4_220),
    (245, VisitKind::V08, 8_400, 7_000, 4_350),
    (368, VisitKind::V12, 9_400, 7_520, 4_510),
    (400, VisitKind::Other, 9_600, 7_640, 4_530),
    (550, VisitKind::V18, 10_600, 8_210, 4_620),
    (735, VisitKind::V24, 11_700, 8_740, 4_720),
    (800, VisitKind::Other, 12_000, 8_910, 4_740),
    (920, VisitKind::V30, 12_800, 9_200, 4_790),
];

/// Prints the figures, in nanoseconds.
pub fn measure() {
    let rules = RuleSet::load().unwrap();
    let today: NaiveDate = "2026-09-01".parse().unwrap();
    let healthy = history(today, |_| Vec::new());
    let told = print_assessed("assess", &rules, today, &healthy);
    println!("assess_alerts {}", told.raised.len());
    let ill = history(today, |visit| match visit {
        VisitKind::V30 => vec![
            quantity("HAEMOGLOBIN", 950, 1, "g/L"),
            quantity("TEETH_CARIOUS", 2, 0, "1"),
            coded("ALLERGY", "FOOD", Some("花生")),
            coded("ALLERGY", "FOOD", Some("鸡蛋")),
            coded("EPILEPSY", "PRESENT", None),
            coded("HEARING", "FAIL", None),
            coded("EYE_POSITION", "ABNORMAL", None),
            coded("DEVELOPMENT_SCREEN", "FAIL", Some("复查")),
        ],
        _ => Vec::new(),
    });
    let told = print_assessed("assess_many_alerts", &rules, today, &ill);
    println!("assess_many_alerts_alerts {}", told.raised.len());

    let examined = examined(&healthy);
    let (schedules, life) = (rules.schedules(), life(today));
    let each = each(|| black_box(forecast(schedules, &life, &examined, today)));
    println!("forecast_ns {}", each.as_nanos());
}

fn print_assessed<'r>(
    name: &str,
    rules: &'r RuleSet,
    today: NaiveDate,
    check_ups: &[CheckUp],
) -> Assessment<'r> {
    let (examined, life) = (examined(check_ups), life(today));
    let once = || assess(rules, rules.schedules(), &life, &SETTING, &examined, today);
    println!("{name}_ns {}", each(|| black_box(once())).as_nanos());
    once()
}

/// What one costs: the median of eleven rounds.
fn each<T>(work: impl Fn() -> T) -> Duration {
    const TIMES: u32 = 2_000;
    let mut rounds: Vec<Duration> = (0..11)
        .map(|_| {
            let began = Instant::now();
            for _ in 0..TIMES {
                work();
            }
            began.elapsed() / TIMES
        })
        .collect();
    rounds.sort_unstable();
    rounds[rounds.len() / 2]
}

fn life(today: NaiveDate) -> Life<'static> {
    Life {
        birth_date: today - Days::new(970),
        sex: Some(Sex::Female),
        gestation_days: None,
        known_since: None,
        died: None,
        care: &[],
        absences: &[],
        optional: &[],
    }
}

fn examined(check_ups: &[CheckUp]) -> Vec<Examined<'_>> {
    check_ups
        .iter()
        .map(|check_up| Examined {
            id: check_up.record_id(),
            source: check_up.source(),
            check_up,
        })
        .collect()
}

/// Eleven check-ups of eight findings and what else a visit found.
fn history(today: NaiveDate, else_found: impl Fn(VisitKind) -> Vec<Finding>) -> Vec<CheckUp> {
    let birth = life(today).birth_date;
    let check_up = |&(age, visit, weight, length, head): &(u64, VisitKind, i64, i64, i64)| {
        let mut findings = vec![
            quantity("WEIGHT", weight, 0, "g"),
            quantity("LENGTH_HEIGHT", length, 1, "mm"),
            quantity("HEAD_CIRCUMFERENCE", head, 1, "mm"),
            coded("SKIN", "NORMAL", None),
            coded("CHEST", "NORMAL", None),
            coded("ABDOMEN", "NORMAL", None),
            coded("EYE_APPEARANCE", "NORMAL", None),
            quantity("OUTDOOR_HOURS", 20, 1, "h/d"),
        ];
        let further = else_found(visit);
        if age > 180 && !further.iter().any(|f| f.code().as_str() == "HAEMOGLOBIN") {
            findings.push(quantity("HAEMOGLOBIN", 1_220, 1, "g/L"));
        }
        findings.extend(further);
        let parts = CheckUpParts {
            source: "hospital".to_owned(),
            record_id: format!("r{age}"),
            revision: 1,
            status: CheckUpStatus::Final,
            date: birth + Days::new(age),
            visit,
            findings,
        };
        CheckUp::new(parts, None, None).unwrap()
    };
    VISITS.iter().map(check_up).collect()
}

fn quantity(code: &str, value: i64, decimals: u32, unit: &str) -> Finding {
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
