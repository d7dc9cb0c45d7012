//! A child's history as a case writes it:
//! `2024-02-05 V08 WEIGHT=8400 HAEMOGLOBIN=104; 2024-03-01 OTHER ALLERGY=FOOD:花生`.
//!
//! A quantity is in the unit of `docs/findings.md`; free text follows a colon. Where several
//! institutions speak, the day names one: `2024-02-05@a V08 …`.

use chrono::NaiveDate;
use yuqiao::{
    clinical::assess::Examined,
    domain::{
        catalogue::{FindingCode, Kind},
        checkup::{CheckUp, CheckUpParts, CheckUpStatus, VisitKind},
        finding::{Finding, FindingStatus, RawValue},
        sex::Sex,
    },
};

/// The institution that sent a check-up of which none is named.
const SOURCE: &str = "hospital";

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap_or_else(|_| panic!("no day: {text}"))
}

pub fn sex(text: &str) -> Sex {
    match text {
        "M" => Sex::Male,
        "F" => Sex::Female,
        _ => panic!("no sex: {text:?}"),
    }
}

/// What a cell says; none where it is empty. A misspelt one is no empty one.
pub fn given<T>(text: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
    let read = |text| read(text).unwrap_or_else(|| panic!("no such value: {text:?}"));
    (!text.is_empty()).then(|| read(text))
}

/// A child's check-ups with the ids that alerts name.
pub struct History(Vec<(String, CheckUp)>);

impl History {
    pub fn read(text: &str) -> Self {
        let records = text.split(';').map(str::trim).filter(|r| !r.is_empty());
        let check_ups = records.enumerate().map(|(at, record)| {
            let id = format!("c{at}");
            (id.clone(), check_up(&id, record))
        });
        Self(check_ups.collect())
    }

    pub fn examined(&self) -> Vec<Examined<'_>> {
        let examined = self.0.iter().map(|(id, check_up)| Examined {
            id,
            source: check_up.source(),
            check_up,
        });
        examined.collect()
    }
}

fn check_up(id: &str, record: &str) -> CheckUp {
    let mut words = record.split_whitespace();
    let when = words.next().unwrap();
    let (date, source) = when.split_once('@').unwrap_or((when, SOURCE));
    let date = day(date);
    let visit = words.next().unwrap();
    let parts = CheckUpParts {
        source: source.to_owned(),
        record_id: id.to_owned(),
        revision: 1,
        status: CheckUpStatus::Final,
        date,
        visit: VisitKind::parse(visit).unwrap_or_else(|| panic!("no visit: {visit}")),
        findings: words.map(finding).collect(),
    };
    CheckUp::new(parts, None, None).unwrap()
}

fn finding(word: &str) -> Finding {
    let (code, value) = word.split_once('=').unwrap();
    let (value, text) = match value.split_once(':') {
        Some((value, text)) => (value, Some(text)),
        None => (value, None),
    };
    let entry = FindingCode::parse(code)
        .unwrap_or_else(|| panic!("no finding: {code}"))
        .entry();
    let raw = match entry.kind {
        Kind::Quantity { unit, .. } => {
            let (whole, part) = value.split_once('.').unwrap_or((value, ""));
            RawValue::Quantity {
                value: format!("{whole}{part}").parse().unwrap(),
                decimals: u32::try_from(part.len()).unwrap(),
                unit,
            }
        }
        Kind::Coded { .. } => RawValue::Coded { code: value, text },
        Kind::Text => RawValue::Text(value),
        Kind::Date => RawValue::Date(value),
    };
    Finding::parse(code, raw, FindingStatus::Final, "")
        .unwrap_or_else(|error| panic!("{word}: {error}"))
}
