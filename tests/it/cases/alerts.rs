//! Cases of alerts: exactly which rules of one category raise an alert on one day.

use yuqiao::{
    clinical::{
        assess::{Raised, Setting, assess},
        fitness::Fitness,
        rules::RuleSet,
        schedule::{Life, Schedules},
    },
    domain::growth_standard::GrowthStandard,
};

use super::{
    Case,
    history::{History, day, given, sex},
    hold,
    schedules::attendance,
};

pub const FILES: &[&str] = &[
    "anaemia.csv",
    "conditions.csv",
    "development.csv",
    "growth_who.csv",
    "growth_wst423.csv",
    "infectious.csv",
    "newborn.csv",
    "institutions.csv",
    "overdue.csv",
    "rickets.csv",
    "senses.csv",
];

/// Whether the reader of the case may have the alert: it has an agreement with the institutions the
/// case names, or with all where it names none.
fn reads(case: &Case, alert: &Raised) -> bool {
    let reader = case.get("reader").map_or("", String::as_str);
    let mut agreed = reader.split_whitespace().peekable();
    if agreed.peek().is_none() {
        return true;
    }
    let agreed: Vec<&str> = agreed.collect();
    let mut sources = alert.sources.iter();
    let may = |source: &String| agreed.contains(&source.as_str());
    match alert.each_alone {
        true => sources.any(may),
        false => sources.all(may),
    }
}

fn check(rules: &RuleSet, schedules: &Schedules, case: &Case) -> Result<(), String> {
    let history = History::read(&case["history"]);
    let (care, absences) = attendance(case);
    let life = Life {
        birth_date: day(&case["born"]),
        sex: Some(sex(&case["sex"])),
        gestation_days: given(&case["gestation_days"], |days| days.parse().ok()),
        known_since: None,
        died: None,
        care: &care,
        absences: &absences,
        optional: &[],
    };
    let altitude = given(&case["altitude_m"], |metres| metres.parse().ok());
    let standard = given(&case["standard"], GrowthStandard::parse);
    let setting = Setting {
        altitude_m: altitude.unwrap_or(0),
        correct_for_altitude: altitude.is_some(),
        growth_standard: standard.unwrap_or(GrowthStandard::Wst423),
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
    let read = assessment.raised.iter().filter(|r| reads(case, r));
    let mut raised: Vec<String> = read
        .clone()
        .filter(|r| r.category.as_str() == category && (family.is_empty() || r.family == family))
        .map(|r| match case["subject"].as_str() {
            "" => r.rule.to_owned(),
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
    let limits = read.filter_map(|r| Some((&r.rule, r.limit.clone()?)));
    let fitness = Fitness::of(limits).grade.as_str();
    if !case["fitness"].is_empty() && fitness != case["fitness"] {
        wrong.push(format!("{fitness}, expected {}", case["fitness"]));
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
