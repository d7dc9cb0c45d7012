//! Growth rules from the outside of `assess`: which standard speaks, and what a doubtful value does.

use crate::clinical::assess::{Examined, Raised, Setting, assess};
use crate::clinical::growth::Tables;
use crate::clinical::rules::RuleSet;
use crate::clinical::schedule::{Life, Schedules};
use crate::domain::checkup::{CheckUp, CheckUpParts, CheckUpStatus, VisitKind};
use crate::domain::finding::{Finding, FindingStatus, RawValue};
use crate::domain::growth_standard::GrowthStandard;
use crate::domain::sex::Sex;

fn setting(growth_standard: GrowthStandard) -> Setting {
    Setting {
        altitude_m: 0,
        correct_for_altitude: false,
        growth_standard,
    }
}

/// A boy born on 2022-01-01.
fn boy() -> Life<'static> {
    Life {
        sex: Some(Sex::Male),
        birth_date: "2022-01-01".parse().unwrap(),
        gestation_days: None,
        known_since: None,
        died: None,
        care: &[],
        absences: &[],
        optional: &[],
    }
}

fn measured(date: &str, grams: i64, mm: i64) -> CheckUp {
    measured_with(date, grams, mm, 0)
}

/// Weight, length and head circumference; 0 was not measured.
pub(in crate::clinical::matching) fn measured_with(
    date: &str,
    grams: i64,
    mm: i64,
    head_mm: i64,
) -> CheckUp {
    let quantity = |code, value, unit| {
        let raw = RawValue::Quantity {
            value,
            decimals: 0,
            unit,
        };
        Finding::parse(code, raw, FindingStatus::Final, "").unwrap()
    };
    let parts = CheckUpParts {
        source: "hospital".into(),
        record_id: date.into(),
        revision: 1,
        status: CheckUpStatus::Final,
        date: date.parse().unwrap(),
        visit: VisitKind::Other,
        findings: [
            ("WEIGHT", grams, "g"),
            ("LENGTH_HEIGHT", mm, "mm"),
            ("HEAD_CIRCUMFERENCE", head_mm, "mm"),
        ]
        .into_iter()
        .filter(|&(_, value, _)| value > 0)
        .map(|(code, value, unit)| quantity(code, value, unit))
        .collect(),
    };
    CheckUp::new(parts, None, None).unwrap()
}

pub(in crate::clinical::matching) fn raised<'r>(
    rules: &'r RuleSet,
    standard: GrowthStandard,
    check_ups: &[CheckUp],
) -> Vec<Raised<'r>> {
    let examined: Vec<Examined<'_>> = check_ups
        .iter()
        .map(|check_up| Examined {
            id: check_up.record_id(),
            source: check_up.source(),
            check_up,
        })
        .collect();
    let schedules = Schedules::load().unwrap();
    let today = "2025-12-31".parse().unwrap();
    assess(
        rules,
        &schedules,
        &boy(),
        &setting(standard),
        &examined,
        today,
    )
    .raised
}

pub(in crate::clinical::matching) fn ids<'r>(raised: &[Raised<'r>]) -> Vec<&'r str> {
    raised.iter().map(|alert| alert.rule).collect()
}

const BOTH_STANDARDS: &str = r#"
[defaults]
resolved_by = "复查"
[[rule]]
id = "BY_WST423"
version = 1
family = "BY_WST423"
category = "GROWTH"
level = "LOW"
source = { document = "WS/T 423-2022", section = "表3" }
ages = ["0m", "84m"]
when = { nutrition = { indicator = "BMI_FOR_AGE", class = "OVERWEIGHT" } }
recipients = ["GUARDIAN"]
guardian = "超重。"
follow_up = { action = "复查" }

[[rule]]
id = "BY_WHO"
version = 1
family = "BY_WHO"
category = "GROWTH"
level = "LOW"
source = { document = "WHO Child Growth Standards 2006", section = "BMI-for-age", marks = ["k"] }
ages = ["0m", "84m"]
when = { nutrition = { standard = "WHO", indicator = "BMI_FOR_AGE", class = "RISK_OF_OVERWEIGHT" } }
recipients = ["GUARDIAN"]
guardian = "有超重风险。"
follow_up = { action = "复查" }

[[rule]]
id = "TALL_BY_WHO"
version = 1
family = "TALL_BY_WHO"
category = "GROWTH"
level = "LOW"
source = { document = "WHO Child Growth Standards 2006", section = "length/height-for-age", marks = ["k"] }
ages = ["0m", "84m"]
when = { growth_level = { standard = "WHO", indicator = "LENGTH_HEIGHT_FOR_AGE", any_of = ["UPPER_MIDDLE"] } }
recipients = ["GUARDIAN"]
guardian = "中上。"
follow_up = { action = "复查" }
"#;

/// Break it: in `judged`, leave out the comparison with the region's standard.
#[test]
fn only_the_regions_standard_speaks() {
    let rules = RuleSet::read(Tables::load().unwrap(), &[("both.toml", BOTH_STANDARDS)]).unwrap();
    // 36 months, 100.0 cm, 17.5 kg: BMI 17.5, overweight by WS/T 423, at risk of it by WHO.
    let check_ups = [measured("2025-01-01", 17_500, 1_000)];
    let wst423 = raised(&rules, GrowthStandard::Wst423, &check_ups);
    assert_eq!(ids(&wst423), ["BY_WST423"]);
    let who = raised(&rules, GrowthStandard::Who, &check_ups);
    assert_eq!(ids(&who), ["BY_WHO", "TALL_BY_WHO"]);

    let inputs = |raised: &Raised| -> Vec<String> {
        let shown = raised.inputs.iter();
        shown
            .map(|(name, value)| format!("{name}={value}"))
            .collect()
    };
    assert!(inputs(&wst423[0]).contains(&"standard=WST423".to_owned()));
    // The reason of a WHO alert names the edition and the score.
    assert!(inputs(&who[0]).contains(&"standard=WHO2006".to_owned()));
    assert!(
        inputs(&who[0])
            .iter()
            .any(|input| input.starts_with("z=1."))
    );
}
