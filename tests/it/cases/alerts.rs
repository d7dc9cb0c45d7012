//! Cases of alerts: exactly which rules of one category raise an alert on one day.

use yuqiao::{
    clinical::{
        assess::{Setting, assess},
        rules::RuleSet,
        schedule::{CareSpan, Life, Schedules},
    },
    domain::{growth_standard::GrowthStandard, sex::Sex},
};

use super::{
    Case,
    history::{History, day},
    hold,
    schedules::spans,
};

pub const FILES: &[&str] = &[
    "anaemia.csv",
    "conditions.csv",
    "development.csv",
    "growth_who.csv",
    "growth_wst423.csv",
    "infectious.csv",
    "overdue.csv",
    "rickets.csv",
    "senses.csv",
];

fn check(rules: &RuleSet, schedules: &Schedules, case: &Case) -> Result<(), String> {
    let history = History::read(&case["history"]);
    let care: Vec<CareSpan> = spans(&case["care"])
        .into_iter()
        .map(|(first_day, last_day)| CareSpan {
            first_day,
            last_day,
        })
        .collect();
    let life = Life {
        birth_date: day(&case["born"]),
        sex: Some(if case["sex"] == "M" {
            Sex::Male
        } else {
            Sex::Female
        }),
        gestation_days: case["gestation_days"].parse().ok(),
        known_since: None,
        died: None,
        care: &care,
        absences: &[],
        optional: &[],
    };
    let setting = Setting {
        altitude_m: case["altitude_m"].parse().unwrap_or(0),
        correct_for_altitude: !case["altitude_m"].is_empty(),
        growth_standard: GrowthStandard::parse(&case["standard"]).unwrap_or(GrowthStandard::Wst423),
    };
    let today = day(&case["today"]);
    let assessment = assess(
        rules,
        schedules,
        &life,
        &setting,
        &history.examined(),
        today,
    );
    // `CATEGORY` or `CATEGORY/FAMILY`: what else stands is another case's.
    let (category, family) = case["about"]
        .split_once('/')
        .unwrap_or((&case["about"], ""));
    let mut raised: Vec<String> = assessment
        .raised
        .iter()
        .filter(|r| r.category.as_str() == category && (family.is_empty() || r.family == family))
        .map(|r| match case["subject"].as_str() {
            "" => r.rule.clone(),
            _ => format!("{}:{}", r.rule, r.subject),
        })
        .collect();
    raised.sort();
    let raised = if raised.is_empty() {
        "none".to_owned()
    } else {
        raised.join(" ")
    };
    let mut wrong = Vec::new();
    if raised != case["alerts"] {
        wrong.push(format!("{raised:?}, expected {:?}", case["alerts"]));
    }
    if !case["fitness"].is_empty() && assessment.fitness.grade.as_str() != case["fitness"] {
        wrong.push(format!(
            "{}, expected {}",
            assessment.fitness.grade.as_str(),
            case["fitness"]
        ));
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("; "))
    }
}

#[test]
fn the_cases_of_alerts_hold() {
    let (rules, schedules) = (RuleSet::load().unwrap(), Schedules::load().unwrap());
    for file in FILES {
        hold(file, |case| check(&rules, &schedules, case));
    }
}
