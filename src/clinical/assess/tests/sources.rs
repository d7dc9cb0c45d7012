//! Several institutions: what a reader of one is told does not hang on what another sent.

use std::fmt::Debug;

use proptest::prelude::*;

use super::*;
use crate::clinical::fitness::Grade;

fn by(source: &str, record: &str, date: NaiveDate, findings: Vec<Finding>) -> CheckUp {
    let parts = CheckUpParts {
        source: source.into(),
        record_id: record.into(),
        revision: 1,
        status: CheckUpStatus::Final,
        date,
        visit: VisitKind::Other,
        findings,
    };
    CheckUp::new(parts, None, None).unwrap()
}

fn dated(code: &str, date: NaiveDate) -> Finding {
    let date = date.to_string();
    Finding::parse(code, RawValue::Date(&date), FindingStatus::Final, "").unwrap()
}

/// Records have names of their own here: `source/record` names one among all.
fn all_on(today: NaiveDate, check_ups: &[CheckUp]) -> Vec<Raised> {
    let ids: Vec<String> = check_ups
        .iter()
        .map(|c| format!("{}/{}", c.source(), c.record_id()))
        .collect();
    let examined: Vec<Examined<'_>> = check_ups
        .iter()
        .zip(&ids)
        .map(|(check_up, id)| Examined {
            id,
            source: check_up.source(),
            check_up,
        })
        .collect();
    let assessed = assess(&RULES, &SCHEDULES, &girl(), &SEA_LEVEL, &examined, today);
    let found = assessed.raised.into_iter();
    found.filter(|alert| !alert.check_ups.is_empty()).collect()
}

/// Whether a reader with an agreement with this institution alone may have the alert.
fn reaches(source: &str, alert: &Raised) -> bool {
    let of = |one: &String| one == source;
    match alert.each_alone {
        true => alert.sources.iter().any(of),
        false => !alert.sources.is_empty() && alert.sources.iter().all(of),
    }
}

#[derive(Debug, PartialEq)]
struct Heard {
    rule: String,
    subject: String,
    until: Option<(Grade, Option<NaiveDate>, String)>,
}

/// What a reader of one institution is told of these families.
fn heard(source: &str, families: &[&str], alerts: &[Raised]) -> Vec<Heard> {
    let mut heard: Vec<Heard> = alerts
        .iter()
        .filter(|alert| families.iter().any(|of| alert.family.starts_with(of)))
        .filter(|alert| reaches(source, alert))
        .map(|alert| Heard {
            rule: alert.rule.clone(),
            subject: alert.subject.clone(),
            until: alert
                .limit
                .as_ref()
                .map(|limit| (limit.grade, limit.until, limit.until_zh.clone())),
        })
        .collect();
    heard.sort_by(|a, b| (&a.rule, &a.subject).cmp(&(&b.rule, &b.subject)));
    heard
}

const INFECTIOUS: &[&str] = &["INFECTIOUS_", "CONTACT_"];

fn on_day(n: i64) -> NaiveDate {
    day("2025-03-01") + chrono::TimeDelta::days(n)
}

/// A facility has an agreement with A alone; B's later record must not send the child back to it.
#[test]
fn a_second_hospital_takes_no_isolation_away() {
    let hfmd = || vec![coded("INFECTIOUS_DISEASE", "HFMD", None)];
    let first = by("a", "1", on_day(0), hfmd());
    let second = by("b", "1", on_day(3), hfmd());
    let alone = all_on(on_day(5), std::slice::from_ref(&first));
    let both = all_on(on_day(5), &[first, second]);
    let told = heard("a", INFECTIOUS, &alone);
    assert_eq!(told.len(), 1);
    assert_eq!(heard("a", INFECTIOUS, &both), told);
    assert_eq!(heard("b", INFECTIOUS, &both).len(), 1);
    // The first keeps its alert, the second has one of its own.
    let apart: Vec<Option<&str>> = both.iter().map(|alert| alert.apart.as_deref()).collect();
    assert_eq!(
        (rules(&both), apart),
        (vec!["HFMD_ISOLATION"; 2], vec![None, Some("b")])
    );
}

/// Two hospitals that say the same make one alert, which either bears.
#[test]
fn the_same_word_is_one_alert() {
    let mumps = || {
        vec![
            coded("INFECTIOUS_DISEASE", "MUMPS", None),
            dated("ONSET_DATE", on_day(0)),
        ]
    };
    let told = all_on(
        on_day(4),
        &[
            by("b", "1", on_day(1), mumps()),
            by("a", "1", on_day(3), mumps()),
        ],
    );
    assert_eq!(rules(&told), ["MUMPS_ISOLATION"]);
    assert!(told[0].each_alone && told[0].apart.is_none());
    assert_eq!(told[0].check_ups, ["b/1", "a/1"]);
    let days = ["check_up_date", "age_months"];
    assert!(
        told[0]
            .inputs
            .iter()
            .all(|(name, _)| !days.contains(&name.as_str()))
    );
}

/// The ill child is no longer watched as a contact; whoever hears only of the contact still is told.
#[test]
fn an_illness_that_another_hospital_found_does_not_end_the_watch() {
    let contact = by(
        "a",
        "1",
        on_day(0),
        vec![coded("INFECTIOUS_CONTACT", "VARICELLA", None)],
    );
    let ill = by(
        "b",
        "1",
        on_day(10),
        vec![coded("INFECTIOUS_DISEASE", "VARICELLA", None)],
    );
    let both = all_on(on_day(12), &[contact, ill]);
    let of = |source| {
        let heard = heard(source, INFECTIOUS, &both).into_iter();
        heard.map(|one| one.rule).collect::<Vec<_>>()
    };
    assert_eq!(
        (of("a"), of("b")),
        (
            vec!["CONTACT_VARICELLA".to_owned()],
            vec!["VARICELLA_ISOLATION".to_owned()]
        )
    );
}

/// A certificate is seen by whoever opens the door: anybody's ends it for all.
#[test]
fn anybody_s_certificate_ends_it_for_all() {
    let ill = |source| {
        let found = vec![coded("INFECTIOUS_DISEASE", "MUMPS", None)];
        by(source, "1", on_day(0), found)
    };
    let certificate = by(
        "c",
        "1",
        on_day(12),
        vec![coded("RETURN_CERTIFICATE", "MUMPS", None)],
    );
    assert_eq!(
        rules(&all_on(on_day(13), &[ill("a"), ill("b"), certificate])),
        [""; 0]
    );
}

fn infectious_finding() -> impl Strategy<Value = (usize, i64)> {
    (0..9_usize, 0..20_i64)
}

fn infectious_record(
    sources: &'static [&'static str],
) -> impl Strategy<Value = (&'static str, i64, Vec<(usize, i64)>)> {
    (
        prop::sample::select(sources),
        0..60_i64,
        prop::collection::vec(infectious_finding(), 1..5),
    )
}

/// Diseases, contacts, days and a complication, of one institution; no end.
fn infectious(at: usize, (source, n, parts): (&str, i64, Vec<(usize, i64)>)) -> CheckUp {
    let mut findings: Vec<Finding> = Vec::new();
    for (what, back) in parts {
        let before = on_day(n - back);
        let finding = match what {
            0 => coded("INFECTIOUS_DISEASE", "HFMD", None),
            1 => coded("INFECTIOUS_DISEASE", "VARICELLA", None),
            2 => coded("INFECTIOUS_DISEASE", "MEASLES", None),
            3 => coded("INFECTIOUS_DISEASE", "MUMPS", None),
            4 => coded("INFECTIOUS_CONTACT", "VARICELLA", None),
            5 => dated("ONSET_DATE", before),
            6 => dated("SYMPTOMS_GONE_DATE", before),
            7 => dated("RASH_DATE", before),
            _ => coded(
                "WITH_PNEUMONIA",
                if back % 2 == 0 { "Y" } else { "N" },
                None,
            ),
        };
        if findings.iter().all(|one| one.code() != finding.code()) {
            findings.push(finding);
        }
    }
    by(source, &format!("r{at}"), on_day(n), findings)
}

proptest! {
    /// Nothing that a second institution sends, short of an end, changes what the reader of the
    /// first is told of an illness or a contact.
    #[test]
    fn a_reader_of_one_is_told_by_that_one_alone(
        records in prop::collection::vec(infectious_record(&["a", "b", "c"]), 1..7), later in 0..100_i64,
    ) {
        let all: Vec<CheckUp> = records
            .into_iter()
            .enumerate()
            .map(|(at, record)| infectious(at, record))
            .collect();
        let together = all_on(on_day(later), &all);
        for source in ["a", "b", "c"] {
            let own: Vec<CheckUp> =
                all.iter().filter(|one| one.source() == source).cloned().collect();
            let alone = all_on(on_day(later), &own);
            prop_assert_eq!(
                heard(source, INFECTIOUS, &together),
                heard(source, INFECTIOUS, &alone)
            );
        }
        let mut backwards = all;
        backwards.reverse();
        prop_assert!(all_on(on_day(later), &backwards) == together);
    }
}
