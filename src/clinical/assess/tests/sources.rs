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
fn all_on(today: NaiveDate, check_ups: &[CheckUp]) -> Vec<Raised<'static>> {
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
            rule: alert.rule.to_owned(),
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

/// What stands until it is ended, and the medicine kept for it.
const STANDING: &[&str] = &[
    "ALLERGY",
    "ANAPHYLAXIS",
    "ASTHMA",
    "EPILEPSY",
    "FEBRILE_SEIZURE",
];

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
    assert!(told[0].inputs.iter().all(|(name, _)| !days.contains(name)));
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

/// A child whose defences are weak, as a specialist knows, met varicella, as the township centre knows.
#[test]
fn what_two_know_together_stands_beside_what_one_knows() {
    let contact = |source| {
        let found = vec![coded("INFECTIOUS_CONTACT", "VARICELLA", None)];
        by(source, "1", on_day(0), found)
    };
    let weak = |source, n| {
        let found = vec![coded("CONDITION", "IMMUNE_DEFICIENCY", None)];
        by(source, "w", on_day(n), found)
    };
    let told = |check_ups: &[CheckUp]| {
        let alerts = all_on(on_day(2), check_ups).into_iter();
        let alerts = alerts.filter(|alert| alert.category == Category::Infectious);
        let words = |alert: Raised<'_>| {
            (
                alert.rule.to_owned(),
                alert.sources.into_iter().collect::<Vec<_>>(),
            )
        };
        alerts.map(words).collect::<Vec<_>>()
    };
    let expected = |rule: &str, sources: &[&str]| {
        (
            rule.to_owned(),
            sources.iter().map(|s| s.to_string()).collect(),
        )
    };
    let (watch, urgent) = ("CONTACT_VARICELLA", "CONTACT_VARICELLA_IMMUNE_DEFICIENCY");
    assert_eq!(
        told(&[contact("a"), weak("b", -40)]),
        [expected(watch, &["a"]), expected(urgent, &["a", "b"])]
    );
    // A second specialist takes nothing from whoever may read only the first.
    assert_eq!(
        told(&[contact("a"), weak("b", -40), weak("c", -9)]),
        [
            expected(watch, &["a"]),
            expected(urgent, &["a", "b"]),
            expected(urgent, &["a", "c"]),
        ]
    );
    // Who knows both says the urgent alone, and by fewer words.
    assert_eq!(
        told(&[contact("a"), weak("a", -40), weak("b", -9)]),
        [expected(urgent, &["a"])]
    );
}

/// The card that says to use the pen is for readers of the institution that knows of it, and another
/// one's later word on a pen does not take it away.
#[test]
fn a_pen_is_of_the_institution_that_knows_of_it() {
    let peanut = || coded("ALLERGY", "FOOD", Some("花生"));
    let pen = |value| coded("ADRENALINE_PEN", value, None);
    let with_pen = by("a", "1", on_day(0), vec![peanut(), pen("Y")]);
    let all = ["ALLERGY"];
    let rules = |source, check_ups: &[CheckUp]| {
        let heard = heard(source, &all, &all_on(on_day(9), check_ups)).into_iter();
        heard.map(|one| one.rule).collect::<Vec<_>>()
    };
    let without = by("b", "1", on_day(1), vec![peanut()]);
    let both = [with_pen.clone(), without];
    assert_eq!(rules("a", &both), ["ALLERGY_FOOD_PEN"]);
    assert_eq!(rules("b", &both), ["ALLERGY_FOOD"]);
    for value in ["Y", "N"] {
        let only = by("b", "1", on_day(1), vec![pen(value)]);
        assert_eq!(rules("a", &[with_pen.clone(), only]), ["ALLERGY_FOOD_PEN"]);
    }
    // Both know of it: one card.
    let again = by("b", "1", on_day(1), vec![peanut(), pen("Y")]);
    assert_eq!(all_on(on_day(9), &[with_pen, again]).len(), 1);
}

/// Two results of one day: the graver counts, whatever the records are called, whoever sent them and
/// however they came.
#[test]
fn of_one_day_the_graver_counts() {
    let left = |value| number("VISION_LEFT", value, 1, "1");
    let hearing = |value| coded("HEARING", value, None);
    let conclusion = |value| coded("ENTRY_CONCLUSION", value, None);
    let sign = |value| coded("RICKETS_SIGN", value, None);
    let (infant, older) = (day("2023-06-10"), day("2027-01-10"));
    for (date, graver, milder, expected) in [
        (
            infant,
            conclusion("DEFERRED"),
            conclusion("FIT"),
            "ENTRY_DEFERRED",
        ),
        (
            infant,
            haemoglobin(520),
            haemoglobin(1_180),
            "ANAEMIA_SEVERE",
        ),
        (infant, haemoglobin(520), haemoglobin(950), "ANAEMIA_SEVERE"),
        (infant, hearing("FAIL"), hearing("PASS"), "HEARING_FAIL"),
        (older, left(45), left(50), "VISION_LOW_4_YEARS"),
        (infant, sign("05"), sign("01"), "RICKETS_ROSARY"),
    ] {
        let today = date + chrono::TimeDelta::days(9);
        let alone = all_on(today, &[by("a", "1", date, vec![graver.clone()])]);
        let told = |alerts: &[Raised]| {
            let one = |alert: &Raised| (alert.rule.to_owned(), alert.inputs.clone());
            alerts.iter().map(one).collect::<Vec<_>>()
        };
        assert_eq!(rules(&alone), [expected]);
        for (first, second, record) in [
            ("a", "a", "0"),
            ("a", "a", "2"),
            ("a", "b", "1"),
            ("b", "a", "1"),
        ] {
            let one = by(first, "1", date, vec![graver.clone()]);
            let other = by(second, record, date, vec![milder.clone()]);
            let pair = [one.clone(), other.clone()];
            assert_eq!(
                told(&all_on(today, &pair)),
                told(&alone),
                "{expected} {first} {second} {record}"
            );
            assert_eq!(told(&all_on(today, &[other, one])), told(&alone));
        }
        // A later day takes it back.
        let later = by("a", "0", date + chrono::TimeDelta::days(1), vec![milder]);
        let all = [by("a", "1", date, vec![graver]), later];
        assert_ne!(told(&all_on(today, &all)), told(&alone));
    }
}

type Parts = Vec<(usize, i64)>;

fn record() -> impl Strategy<Value = (&'static str, i64, Parts)> {
    (
        prop::sample::select(&["a", "b", "c"][..]),
        0..60_i64,
        prop::collection::vec((0..16_usize, 0..20_i64), 1..5),
    )
}

/// Diseases, contacts, days, allergies, conditions and medicines; no end.
fn told(at: usize, (source, n, parts): (&str, i64, Parts)) -> CheckUp {
    let mut findings: Vec<Finding> = Vec::new();
    for (what, back) in parts {
        let before = on_day(n - back);
        let yes = ["Y", "N"][usize::from(back % 2 == 1)];
        let finding = match what {
            0 => coded("INFECTIOUS_DISEASE", "HFMD", None),
            1 => coded("INFECTIOUS_DISEASE", "VARICELLA", None),
            2 => coded("INFECTIOUS_DISEASE", "MEASLES", None),
            3 => coded("INFECTIOUS_DISEASE", "MUMPS", None),
            4 => coded("INFECTIOUS_CONTACT", "VARICELLA", None),
            5 => dated("ONSET_DATE", before),
            6 => dated("SYMPTOMS_GONE_DATE", before),
            7 => dated("RASH_DATE", before),
            8 => coded("WITH_PNEUMONIA", yes, None),
            9 => coded("ALLERGY", "FOOD", Some("花生")),
            10 => coded("ALLERGY", "DRUG", Some("花生")),
            11 => coded("ADRENALINE_PEN", yes, None),
            12 => coded("ASTHMA", "PRESENT", None),
            13 => coded("INHALER", yes, None),
            14 => coded("EPILEPSY", "PRESENT", None),
            _ => coded("SEIZURE_MEDICINE", yes, None),
        };
        if findings.iter().all(|one| one.code() != finding.code()) {
            findings.push(finding);
        }
    }
    by(source, &format!("r{at}"), on_day(n), findings)
}

proptest! {
    /// Nothing that other institutions send, short of an end, changes what the reader of one is told
    /// of an illness, a contact, an allergy or a condition: it is told by that one's records alone.
    #[test]
    fn a_reader_of_one_is_told_by_that_one_alone(
        records in prop::collection::vec(record(), 1..8), later in 0..100_i64,
    ) {
        let all: Vec<CheckUp> =
            records.into_iter().enumerate().map(|(at, record)| told(at, record)).collect();
        let together = all_on(on_day(later), &all);
        for source in ["a", "b", "c"] {
            let own: Vec<CheckUp> =
                all.iter().filter(|one| one.source() == source).cloned().collect();
            let alone = all_on(on_day(later), &own);
            for families in [INFECTIOUS, STANDING] {
                prop_assert_eq!(
                    heard(source, families, &together),
                    heard(source, families, &alone)
                );
            }
        }
        let mut backwards = all;
        backwards.reverse();
        prop_assert!(all_on(on_day(later), &backwards) == together);
    }
}
