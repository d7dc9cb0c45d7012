//! A child written down in a few words.

use chrono::NaiveDate;

use crate::clinical::assess::Examined;
use crate::clinical::schedule::{Forecast, Item, Life, Schedules, Status, Track, forecast};
use crate::domain::catalogue::{FindingCode, Kind};
use crate::domain::checkup::{CheckUp, CheckUpParts, CheckUpStatus, VisitKind};
use crate::domain::finding::{Finding, FindingStatus, RawValue};

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap_or_else(|_| panic!("{text} is no day"))
}

/// Two facilities.
pub const FACILITIES: [&str; 2] = [
    "00000000-0000-4000-8000-00000000000a",
    "00000000-0000-4000-8000-00000000000b",
];

pub fn life(birth: &str) -> Life<'static> {
    Life {
        birth_date: day(birth),
        sex: None,
        gestation_days: None,
        known_since: None,
        died: None,
        care: &[],
        absences: &[],
        optional: &[],
    }
}

/// `(kind, day, findings)`; a finding is `CODE=value`, a number's name alone, or a dose.
pub type Record<'a> = (&'a str, &'a str, &'a [&'a str]);

pub fn finding(text: &str) -> Finding {
    let (code, value) = match text.split_once('=') {
        Some(parts) => parts,
        None if FindingCode::parse(text).is_some() => (text, ""),
        None => ("VACCINE_DOSE", text),
    };
    let raw = match FindingCode::parse(code).unwrap().entry().kind {
        Kind::Quantity {
            unit,
            decimals,
            low,
            ..
        } => RawValue::Quantity {
            value: low,
            decimals,
            unit,
        },
        _ => RawValue::Coded {
            code: value,
            text: None,
        },
    };
    Finding::parse(code, raw, FindingStatus::Final, "").unwrap()
}

pub fn check_up((kind, date, findings): &Record<'_>, number: usize) -> CheckUp {
    let parts = CheckUpParts {
        source: "医院".into(),
        record_id: format!("r{number}"),
        revision: 1,
        status: CheckUpStatus::Final,
        date: day(date),
        visit: VisitKind::parse(kind).unwrap_or_else(|| panic!("{kind} is no visit")),
        findings: findings.iter().map(|text| finding(text)).collect(),
    };
    CheckUp::new(parts, None, None).unwrap()
}

/// Works out the forecast and hands it on.
pub fn forecast_of<T>(
    schedules: &Schedules,
    life: &Life<'_>,
    records: &[Record<'_>],
    today: &str,
    read: impl FnOnce(&Forecast<'_>) -> T,
) -> T {
    let numbered = records.iter().enumerate();
    let check_ups: Vec<CheckUp> = numbered.map(|(at, record)| check_up(record, at)).collect();
    let exams: Vec<Examined<'_>> = check_ups
        .iter()
        .map(|check_up| Examined {
            id: check_up.record_id(),
            source: check_up.source(),
            check_up,
        })
        .collect();
    read(&forecast(schedules, life, &exams, day(today)))
}

pub fn item<'a>(forecast: &'a Forecast<'a>, track: Track, item: &str) -> &'a Item<'a> {
    let mut items = forecast.items.iter();
    items
        .find(|found| found.track == track && found.item == item)
        .unwrap_or_else(|| panic!("no item {item}"))
}

/// The four days as a table writes them; `-` is absent.
pub fn days(item: &Item<'_>) -> String {
    let word = |day: Option<NaiveDate>| day.map_or("-".to_owned(), |day| day.to_string());
    let days = [item.earliest, item.due, item.overdue, item.latest];
    days.map(word).join(" ")
}

/// Codes of the items of a track in a status.
pub fn in_status<'a>(forecast: &'a Forecast<'a>, track: Track, status: Status) -> Vec<&'a str> {
    let items = forecast.items.iter();
    items
        .filter(|item| item.track == track && item.status == status)
        .map(|item| item.item)
        .collect()
}
