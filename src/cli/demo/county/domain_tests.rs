//! The county against the rooms that will judge it: everything it says is understood, and the rules
//! raise what the story needs.

use std::collections::BTreeMap;

use super::*;
use crate::clinical::assess::{Examined, Raised, Setting, assess};
use crate::clinical::rules::RuleSet;
use crate::clinical::schedule::{Life, Schedules};
use crate::domain::checkup::{CheckUp as Parsed, CheckUpParts, CheckUpStatus as Status, VisitKind};
use crate::domain::finding::{Finding, FindingStatus, RawValue};
use crate::domain::growth_standard::GrowthStandard;
use crate::domain::identifier::{ChildIdentifier, ResidentId, SocialCreditCode};
use crate::domain::sex::Sex;
use crate::rpc::wire::{self, IdentifierKind, finding::Value};

fn county() -> County {
    County::generate(1, "2026-09-01".parse().unwrap())
}

fn finding(found: &wire::Finding) -> Finding {
    let raw = match found.value.as_ref().unwrap() {
        Value::Quantity(q) => RawValue::Quantity {
            value: q.value,
            decimals: q.decimals,
            unit: &q.unit,
        },
        Value::Coded(code) => {
            let text = Some(&*found.coded_detail).filter(|text| !text.is_empty());
            RawValue::Coded { code, text }
        }
        Value::Text(text) => RawValue::Text(text),
        Value::Date(day) => RawValue::Date(day),
    };
    let parsed = Finding::parse(&found.code, raw, FindingStatus::Final, "");
    parsed.unwrap_or_else(|error| panic!("{}: {error}", found.code))
}

fn parsed(check_up: &CheckUp, source: usize, today: NaiveDate) -> Parsed {
    let parts = CheckUpParts {
        source: SOURCES[source].to_owned(),
        record_id: check_up.record_id.clone(),
        revision: check_up.revision,
        status: Status::parse(check_up.status().as_str_name()).unwrap(),
        date: check_up.date.parse().unwrap(),
        visit: VisitKind::parse(&check_up.visit).unwrap(),
        findings: check_up.findings.iter().map(finding).collect(),
    };
    let birth = check_up
        .subject
        .as_ref()
        .unwrap()
        .birth_date
        .parse()
        .unwrap();
    Parsed::new(parts, Some(birth), Some(today)).unwrap()
}

/// The alerts that stand for one child, with the corrections given put in place.
fn alerts<'r>(
    county: &County,
    rules: &'r RuleSet,
    nth: usize,
    corrections: &[&CheckUp],
) -> Vec<Raised<'r>> {
    let child = &county.children[nth].registration;
    let number = &child.identifiers[0].value;
    let mut records = Vec::new();
    for (source, rows) in county.exports.iter().enumerate() {
        for row in rows.iter().filter_map(|row| row.check_up.as_ref()) {
            if row.subject.as_ref().unwrap().identifiers[0].value != *number {
                continue;
            }
            let latest = corrections
                .iter()
                .find(|c| c.record_id == row.record_id)
                .unwrap_or(&row);
            records.push((source, parsed(latest, source, county.today)));
        }
    }
    let examined: Vec<_> = records
        .iter()
        .map(|(source, check_up)| Examined {
            id: check_up.record_id(),
            source: SOURCES[*source],
            check_up,
        })
        .collect();
    let subject = Life {
        sex: Some(if child.sex() == wire::Sex::Male {
            Sex::Male
        } else {
            Sex::Female
        }),
        birth_date: child.birth_date.parse().unwrap(),
        gestation_days: Some(child.gestation_days),
        known_since: None,
        died: None,
        care: &[],
        absences: &[],
        optional: &[],
    };
    let setting = Setting {
        altitude_m: 1_300,
        correct_for_altitude: true,
        growth_standard: GrowthStandard::Wst423,
    };
    let schedules = Schedules::load().unwrap();
    assess(
        rules,
        &schedules,
        &subject,
        &setting,
        &examined,
        county.today,
    )
    .raised
}

fn families<'r>(raised: &[Raised<'r>]) -> Vec<&'r str> {
    raised.iter().map(|alert| alert.family).collect()
}

#[test]
fn every_number_and_every_finding_is_understood() {
    let county = county();
    for organization in &county.organizations {
        SocialCreditCode::parse(&organization.registration.social_credit_code).unwrap();
    }
    for child in &county.children {
        for identifier in &child.registration.identifiers {
            let kind = IdentifierKind::try_from(identifier.kind)
                .unwrap()
                .as_str_name();
            ChildIdentifier::parse(kind, &identifier.value).unwrap();
        }
        let guardian = ResidentId::parse(&child.guardianship.resident_id).unwrap();
        assert!(guardian.birth_date() < child.birth);
    }
    for (source, rows) in county.exports.iter().enumerate() {
        for row in rows.iter().filter_map(|row| row.check_up.as_ref()) {
            parsed(row, source, county.today);
        }
    }
}

#[test]
fn the_rules_raise_what_the_story_needs() {
    let county = county();
    let rules = RuleSet::load().unwrap();
    let of = |nth| alerts(&county, &rules, nth, &[]);
    let story = &county.story;
    assert!(families(&of(story.found_before_enrolment)).contains(&"ALLERGY"));
    assert!(families(&of(story.withdraws)).contains(&"ASTHMA"));
    assert!(families(&of(story.registered_late)).contains(&"FEBRILE_SEIZURE"));
    assert!(families(&of(story.without_consent)).contains(&"FEBRILE_SEIZURE"));

    let Correction { child, row, .. } = &story.corrected;
    assert!(families(&of(*child)).contains(&"ANAEMIA"));
    let after = alerts(&county, &rules, *child, &[row.check_up.as_ref().unwrap()]);
    assert!(!families(&after).contains(&"ANAEMIA"), "{after:?}");
}

#[test]
fn alerts_are_neither_rare_nor_everywhere() {
    let county = county();
    let rules = RuleSet::load().unwrap();
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    let mut alerted = 0;
    for nth in 0..CHILDREN {
        let raised = alerts(&county, &rules, nth, &[]);
        alerted += usize::from(!raised.is_empty());
        for alert in raised {
            *count.entry(alert.rule.to_owned()).or_default() += 1;
        }
    }
    let share = alerted as f64 / CHILDREN as f64;
    assert!((0.1..0.7).contains(&share), "{alerted} children: {count:?}");
    assert!(count.len() >= 8, "{count:?}");
}
