//! Cases of schedules: the four days and the status of one item on one day.

use chrono::NaiveDate;
use yuqiao::clinical::schedule::{Absence, CareSpan, Life, Schedules, Status, forecast};

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
    "visits.csv",
];

/// `2026-09-01..2026-12-31`, or without an end; several with blanks between.
pub fn spans(text: &str) -> Vec<(NaiveDate, Option<NaiveDate>)> {
    let span = |text: &str| {
        let (first, last) = text.split_once("..").unwrap();
        (day(first), (!last.is_empty()).then(|| day(last)))
    };
    text.split_whitespace().map(span).collect()
}

fn check(schedules: &Schedules, case: &Case) -> Result<(), String> {
    let history = History::read(&case["history"]);
    let care: Vec<CareSpan> = spans(&case["care"])
        .into_iter()
        .map(|(first_day, last_day)| CareSpan {
            first_day,
            last_day,
        })
        .collect();
    let absences: Vec<Absence> = spans(&case["absences"])
        .into_iter()
        .map(|(first_day, last_day)| Absence {
            care: *care
                .iter()
                .find(|span| {
                    span.first_day <= first_day
                        && span.last_day.is_none_or(|last| last >= first_day)
                })
                .expect("an absence is within a stay"),
            first_day,
            last_day,
        })
        .collect();
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
        i.track.as_str() == case["about"] && i.item == case["item"]
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
