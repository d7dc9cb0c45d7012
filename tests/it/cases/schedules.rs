//! Cases of schedules: the four days and the status of one item on one day.

use chrono::NaiveDate;
use yuqiao::{
    clinical::schedule::{Absence, CareSpan, Life, Schedules, Status, forecast},
    domain::{id::Id, organization::Organization},
};

use super::{
    Case,
    history::{History, day, given, sex},
    hold,
};

pub const FILES: &[&str] = &[
    "entry_check.csv",
    "eye_care.csv",
    "immunisation.csv",
    "periodic.csv",
    "tcm.csv",
    "two_facilities.csv",
    "visits.csv",
];

/// `2026-09-01..2026-12-31`, or without an end; several with blanks between. `a:2026-09-01..` says at
/// which facility.
fn spans(text: &str) -> Vec<CareSpan> {
    let span = |text: &str| {
        let (facility, days) = match text.split_once(':') {
            Some((facility, days)) => (Some(place(facility)), days),
            None => (None, text),
        };
        let (first, last) = days.split_once("..").unwrap();
        CareSpan {
            facility,
            first_day: day(first),
            last_day: (!last.is_empty()).then(|| day(last)),
        }
    };
    text.split_whitespace().map(span).collect()
}

/// A facility by its letter in the cases.
pub fn place(letter: &str) -> Id<Organization> {
    let text = format!("00000000-0000-4000-8000-{letter:0>12}");
    text.parse().expect("a facility is a letter up to f")
}

/// A case's days in care and away from it.
pub fn attendance(case: &Case) -> (Vec<CareSpan>, Vec<Absence>) {
    let care = spans(&case["care"]);
    let away = spans(case.get("absences").map_or("", String::as_str));
    let absence = |away: CareSpan| Absence {
        care: *care
            .iter()
            .find(|span| {
                span.facility == away.facility
                    && span.first_day <= away.first_day
                    && span.last_day.is_none_or(|last| last >= away.first_day)
            })
            .expect("an absence is within a stay"),
        first_day: away.first_day,
        last_day: away.last_day,
    };
    let absences = away.into_iter().map(absence).collect();
    (care, absences)
}

fn check(schedules: &Schedules, case: &Case) -> Result<(), String> {
    let history = History::read(&case["history"]);
    let (care, absences) = attendance(case);
    let life = Life {
        birth_date: day(&case["born"]),
        sex: Some(sex(&case["sex"])),
        gestation_days: None,
        known_since: given(&case["known_since"], |text| Some(day(text))),
        died: None,
        care: &care,
        absences: &absences,
        optional: &[],
    };
    let exams = history.examined();
    let forecast = forecast(schedules, &life, &exams, day(&case["today"]));
    let of_case = |i: &&yuqiao::clinical::schedule::Item<'_>| {
        let asked_by = case.get("facility").map(|letter| place(letter));
        i.track.as_str() == case["about"]
            && i.item == case["item"]
            && (asked_by.is_none() || i.facility == asked_by)
    };
    let item = forecast.items.iter().find(of_case);
    let status = item.map_or(Status::NotApplicable, |i| i.status);
    let mut wrong = Vec::new();
    let mut compare = |what: &str, found: &str| {
        let expected = &case[what];
        // A case leaves empty what it says nothing about.
        if !expected.is_empty() && expected != found {
            wrong.push(format!("{what} {found:?}, expected {expected:?}"));
        }
    };
    compare("status", status.as_str());
    let text = |day: Option<NaiveDate>| day.map(|d| d.to_string()).unwrap_or_default();
    if let Some(item) = item {
        compare("earliest", &text(item.earliest));
        compare("due", &text(item.due));
        compare("overdue", &text(item.overdue));
        compare("latest", &text(item.latest));
        compare("done", &text(item.done));
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("; "))
    }
}

#[test]
fn the_cases_of_schedules_hold() {
    let schedules = Schedules::load().unwrap();
    for file in FILES {
        hold(file, |case| check(&schedules, case));
    }
}
