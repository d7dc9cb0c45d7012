//! Infectious disease (domain reference 3.7): how long a child stays away, what it needs to return,
//! and how contacts are watched.

use super::*;
use crate::clinical::fitness::Grade;

fn dated(code: &str, date: &str) -> Finding {
    Finding::parse(code, RawValue::Date(date), FindingStatus::Final, "").unwrap()
}

fn ill(record: &str, date: &str, disease: &str, dates: &[(&str, &str)]) -> CheckUp {
    let mut findings = vec![coded("INFECTIOUS_DISEASE", disease, None)];
    findings.extend(dates.iter().map(|(code, date)| dated(code, date)));
    check_up(record, date, findings)
}

fn found(today: &str, check_ups: &[CheckUp]) -> Vec<Raised<'static>> {
    let assessed = on(today, &girl(), check_ups).raised.into_iter();
    assessed
        .filter(|alert| alert.category == Category::Infectious)
        .collect()
}

/// The default table, each disease on its last day of isolation and on the day after. A period of n
/// days from a day is over on that day plus n.
#[test]
fn each_disease_has_its_days() {
    let onset: &[(&str, &str)] = &[("ONSET_DATE", "2025-03-01")];
    let both: &[(&str, &str)] = &[
        ("ONSET_DATE", "2025-03-01"),
        ("SYMPTOMS_GONE_DATE", "2025-03-05"),
    ];
    let rash: &[(&str, &str)] = &[("RASH_DATE", "2025-03-02")];
    let treated: &[(&str, &str)] = &[("TREATMENT_DATE", "2025-03-03")];
    for (disease, dates, last, rule) in [
        ("HFMD", both, "2025-03-14", "HFMD"),
        ("HERPANGINA", both, "2025-03-14", "HERPANGINA"),
        ("VARICELLA", both, "2025-03-14", "VARICELLA"),
        ("MUMPS", onset, "2025-03-09", "MUMPS"),
        // 48 hours after 5 March; 72 hours; 7 days.
        ("INFLUENZA", both, "2025-03-06", "INFLUENZA"),
        ("NOROVIRUS", both, "2025-03-07", "NOROVIRUS"),
        ("DYSENTERY", both, "2025-03-11", "DYSENTERY"),
        ("MEASLES", rash, "2025-03-06", "MEASLES"),
        ("RUBELLA", rash, "2025-03-06", "RUBELLA"),
        ("SCARLET_FEVER", treated, "2025-03-09", "SCARLET_FEVER"),
        // Seven days from onset and three after the symptoms: both are 8 March.
        ("MENINGOCOCCAL", both, "2025-03-07", "MENINGOCOCCAL"),
    ] {
        // The record is of the day on which the symptoms were gone: every date is before it.
        let record = [ill("a", "2025-03-05", disease, dates)];
        let at = |today: &str| {
            let alerts = found(today, &record);
            assert_eq!(alerts.len(), 1, "{disease} {today}");
            alerts[0].clone()
        };
        let running = at(last);
        assert_eq!(running.rule, format!("{rule}_ISOLATION"));
        let limit = running.limit.unwrap();
        let next = day(last).succ_opt().unwrap();
        // The day is in words: only a certificate ends it.
        assert_eq!((limit.grade, limit.until), (Grade::Unfit, None));
        assert!(limit.until_zh.contains(&next.to_string()));
        let over = at(&next.to_string());
        assert_eq!(over.rule, format!("{rule}_RETURN"), "{disease}");
        let limit = over.limit.unwrap();
        assert_eq!((limit.grade, limit.until), (Grade::Unfit, None));
        let change = on(last, &girl(), &record).next_change;
        assert!(change.is_some_and(|change| change <= next), "{disease}");
    }
}

#[test]
fn measles_with_pneumonia_takes_ten_days() {
    let mut findings = vec![
        coded("INFECTIOUS_DISEASE", "MEASLES", None),
        dated("RASH_DATE", "2025-03-02"),
    ];
    let plain = check_up("a", "2025-03-03", findings.clone());
    findings.push(coded("WITH_PNEUMONIA", "Y", None));
    let pneumonia = check_up("a", "2025-03-03", findings);
    let rule = |today, check_up: &CheckUp| {
        let alerts = found(today, std::slice::from_ref(check_up));
        rules(&alerts).join(",")
    };
    assert_eq!(rule("2025-03-07", &plain), "MEASLES_RETURN");
    assert_eq!(
        rule("2025-03-11", &pneumonia),
        "MEASLES_PNEUMONIA_ISOLATION"
    );
    assert_eq!(rule("2025-03-12", &pneumonia), "MEASLES_PNEUMONIA_RETURN");
}

#[test]
fn as_long_as_symptoms_last_there_is_no_day() {
    let first = ill("a", "2025-03-02", "HFMD", &[("ONSET_DATE", "2025-03-01")]);
    let alert = &found("2025-03-10", std::slice::from_ref(&first))[0];
    let limit = alert.limit.as_ref().unwrap();
    assert_eq!(limit.until, None);
    let card = alert.care_card.facility.as_ref().unwrap().text();
    assert!(card.contains("症状消失，且不早于2025-03-15"), "{card}");
    // Still so after the fourteen days.
    let late = &found("2025-03-20", std::slice::from_ref(&first))[0];
    assert_eq!(late.rule, "HFMD_ISOLATION");
    // A later check-up of the same institution states when they were gone.
    let gone = check_up(
        "b",
        "2025-03-18",
        vec![dated("SYMPTOMS_GONE_DATE", "2025-03-18")],
    );
    let both = [first, gone];
    assert_eq!(rules(&found("2025-03-20", &both)), ["HFMD_RETURN"]);
    assert_eq!(found("2025-03-20", &both)[0].check_ups, ["a", "b"]);
}

#[test]
fn a_certificate_after_the_diagnosis_lets_the_child_return() {
    let illness = ill("a", "2025-03-02", "MUMPS", &[]);
    let certificate =
        |date: &str, code: &str| check_up("c", date, vec![coded("RETURN_CERTIFICATE", code, None)]);
    let with = |date: &str, code: &str| {
        let both = [illness.clone(), certificate(date, code)];
        rules(&found("2025-03-20", &both)).join(",")
    };
    assert_eq!(with("2025-03-12", "MUMPS"), "");
    // Of another disease, of the day of the diagnosis, of an earlier illness.
    assert_eq!(with("2025-03-12", "HFMD"), "MUMPS_RETURN");
    assert_eq!(with("2025-03-02", "MUMPS"), "MUMPS_RETURN");
    assert_eq!(with("2025-02-01", "MUMPS"), "MUMPS_RETURN");
    // A new illness after it counts anew.
    let again = ill("d", "2025-03-19", "MUMPS", &[]);
    let all = [illness, certificate("2025-03-12", "MUMPS"), again];
    let alerts = found("2025-03-20", &all);
    assert_eq!(rules(&alerts), ["MUMPS_ISOLATION"]);
    assert_eq!(alerts[0].check_ups, ["d"]);
}

/// A day that another record of the day of the diagnosis states counts, whatever it is called.
#[test]
fn the_name_of_a_record_hides_no_day() {
    let illness = ill("m", "2025-03-05", "INFLUENZA", &[]);
    for record in ["a", "z"] {
        let gone = vec![dated("SYMPTOMS_GONE_DATE", "2025-03-05")];
        let both = [illness.clone(), check_up(record, "2025-03-05", gone)];
        assert_eq!(rules(&found("2025-03-06", &both)), ["INFLUENZA_ISOLATION"]);
        assert_eq!(rules(&found("2025-03-07", &both)), ["INFLUENZA_RETURN"]);
    }
}

/// The pneumonia of an earlier illness, or one that was ruled out since, is not this one's.
#[test]
fn a_complication_is_of_the_illness() {
    let measles = |record, on, pneumonia: Option<&str>| {
        let mut findings = vec![
            coded("INFECTIOUS_DISEASE", "MEASLES", None),
            dated("RASH_DATE", on),
        ];
        findings.extend(pneumonia.map(|value| coded("WITH_PNEUMONIA", value, None)));
        check_up(record, on, findings)
    };
    let long_ago = measles("a", "2023-03-01", Some("Y"));
    let now = measles("b", "2025-03-02", None);
    let alerts = found("2025-03-03", &[long_ago, now.clone()]);
    assert_eq!(rules(&alerts), ["MEASLES_ISOLATION"]);
    assert_eq!(alerts[0].check_ups, ["b"]);
    let later = |value| {
        check_up(
            "c",
            "2025-03-04",
            vec![coded("WITH_PNEUMONIA", value, None)],
        )
    };
    let alerts = found("2025-03-05", &[now.clone(), later("Y")]);
    assert_eq!(rules(&alerts), ["MEASLES_PNEUMONIA_ISOLATION"]);
    assert_eq!(alerts[0].check_ups, ["b", "c"]);
    let first = measles("b", "2025-03-02", Some("Y"));
    let alerts = found("2025-03-05", &[first, later("N")]);
    assert_eq!(rules(&alerts), ["MEASLES_ISOLATION"]);
}

/// Ill again after recovery: another illness, however few days lie between them. A record that still
/// finds the disease after a stated day of recovery takes that day back.
#[test]
fn an_illness_after_recovery_isolates_anew() {
    let gone = |record, on: &str, date: &str| {
        check_up(record, on, vec![dated("SYMPTOMS_GONE_DATE", date)])
    };
    for (disease, first, open) in [
        ("INFLUENZA", "INFLUENZA_ISOLATION", true),
        ("HFMD", "HFMD_ISOLATION", true),
        // Nine days from the new onset, whatever is known of recovery.
        ("MUMPS", "MUMPS_ISOLATION", false),
    ] {
        let ill = |record, on| ill(record, on, disease, &[]);
        let before = [
            ill("a", "2025-03-01"),
            gone("b", "2025-03-04", "2025-03-04"),
        ];
        let mut again = before.to_vec();
        again.push(ill("c", "2025-03-25"));
        let alerts = found("2025-03-27", &again);
        assert_eq!(rules(&alerts), [first], "{disease}");
        assert_eq!(alerts[0].check_ups, ["c"], "{disease}");
        let words = alerts[0].limit.clone().unwrap().until_zh;
        assert_eq!(words.contains("症状消失"), open, "{words}");
    }
    // The day of recovery that the record of the new illness repeats is the old one's.
    let again = [
        ill("a", "2025-03-01", "INFLUENZA", &[]),
        gone("b", "2025-03-05", "2025-03-04"),
        ill("c", "2025-03-25", "INFLUENZA", &[]),
        gone("d", "2025-03-26", "2025-03-04"),
    ];
    assert_eq!(rules(&found("2025-03-27", &again)), ["INFLUENZA_ISOLATION"]);
    // A record of the illness itself that repeats the day of recovery leaves it one illness.
    let states = [("SYMPTOMS_GONE_DATE", "2025-03-04")];
    let repeated = [
        ill("a", "2025-03-01", "INFLUENZA", &[]),
        ill("b", "2025-03-05", "INFLUENZA", &states),
        ill("c", "2025-03-08", "INFLUENZA", &states),
    ];
    assert_eq!(rules(&found("2025-03-09", &repeated)), ["INFLUENZA_RETURN"]);
}

fn certified(record: &str, date: &str, disease: &str) -> CheckUp {
    let findings = vec![coded("RETURN_CERTIFICATE", disease, None)];
    check_up(record, date, findings)
}

/// The certificate of a recovered child names its disease again, as forms do: nothing begins anew, in
/// one record or in several of one day.
#[test]
fn a_certificate_that_repeats_the_diagnosis_lets_the_child_return() {
    let fit = |today: &str, check_ups: &[CheckUp]| {
        let assessed = on(today, &girl(), check_ups);
        assert_eq!(rules(&found(today, check_ups)), [""; 0]);
        assert_eq!(assessed.fitness.grade, Grade::Fit);
    };
    let (onset, gone) = ("2025-03-04", "2025-03-12");
    for (disease, begins) in [("HFMD", "ONSET_DATE"), ("MEASLES", "RASH_DATE")] {
        let first = || ill("a", onset, disease, &[(begins, onset)]);
        let repeated: [&[(&str, &str)]; 4] = [
            &[],
            &[("SYMPTOMS_GONE_DATE", gone)],
            &[(begins, onset)],
            &[(begins, onset), ("SYMPTOMS_GONE_DATE", gone)],
        ];
        for dates in repeated {
            let again = ill("b", "2025-03-19", disease, dates);
            let mut findings = again.findings().to_vec();
            findings.push(coded("RETURN_CERTIFICATE", disease, None));
            let whole = check_up("b", "2025-03-19", findings);
            fit("2025-03-20", &[first(), whole.clone()]);
            for record in ["0", "z"] {
                let apart = certified(record, "2025-03-19", disease);
                fit("2025-03-20", &[first(), again.clone(), apart]);
            }
            // Without the first record the days it tells must say that the illness is past.
            match dates {
                [] => assert_eq!(found("2025-03-20", &[whole]).len(), 1),
                _ => fit("2025-03-20", &[whole]),
            }
        }
    }
}

/// What was over by the day of a certificate is not opened by who tells of it later; what began since
/// is, whatever was told of the old illness between.
#[test]
fn a_late_note_opens_no_certified_illness() {
    let before = || {
        let first = ill("a", "2025-03-04", "HFMD", &[("ONSET_DATE", "2025-03-04")]);
        vec![first, certified("c", "2025-03-18", "HFMD")]
    };
    let with = |notes: Vec<CheckUp>| [before(), notes].concat();
    let note = |record, date, dates: &[(&str, &str)]| ill(record, date, "HFMD", dates);
    let old = [
        ("ONSET_DATE", "2025-03-04"),
        ("SYMPTOMS_GONE_DATE", "2025-03-12"),
    ];
    for dates in [
        &old[..],
        &old[..1],
        &old[1..],
        &[("SYMPTOMS_GONE_DATE", "2025-03-18")],
    ] {
        let late = note("d", "2025-03-22", dates);
        assert_eq!(
            rules(&found("2025-03-23", &with(vec![late.clone()]))),
            [""; 0]
        );
        // A new illness between them stays one.
        let new = note("b", "2025-03-21", &[]);
        let alerts = found("2025-03-23", &with(vec![new, late]));
        assert_eq!(rules(&alerts), ["HFMD_ISOLATION"]);
        assert_eq!(alerts[0].check_ups, ["b"]);
    }
    for dates in [
        &[("ONSET_DATE", "2025-03-18")][..],
        &[("ONSET_DATE", "2025-03-21")],
        &[],
    ] {
        let new = note("d", "2025-03-22", dates);
        let alerts = found("2025-03-23", &with(vec![new]));
        assert_eq!(rules(&alerts), ["HFMD_ISOLATION"], "{dates:?}");
    }
    // A form that quotes the varicella of months ago.
    let varicella = ill(
        "a",
        "2025-03-04",
        "VARICELLA",
        &[("ONSET_DATE", "2025-03-03")],
    );
    let form = ill(
        "f",
        "2025-05-20",
        "VARICELLA",
        &[("ONSET_DATE", "2025-03-03")],
    );
    let all = [varicella, certified("c", "2025-03-20", "VARICELLA"), form];
    assert_eq!(rules(&found("2025-05-21", &all)), [""; 0]);
}

/// A day of recovery in a record without a disease is of the last one that was stated.
#[test]
fn a_bare_day_of_recovery_closes_one_illness() {
    let gone = |record, date: &str| check_up(record, date, vec![dated("SYMPTOMS_GONE_DATE", date)]);
    let varicella = ill(
        "a",
        "2025-03-01",
        "VARICELLA",
        &[("ONSET_DATE", "2025-03-01")],
    );
    let flu = ill("b", "2025-03-10", "INFLUENZA", &[]);
    let both = [varicella, flu];
    let with = |more: &[CheckUp]| [&both[..], more].concat();
    let alerts = found("2025-03-20", &with(&[gone("d", "2025-03-14")]));
    assert_eq!(rules(&alerts), ["INFLUENZA_RETURN", "VARICELLA_ISOLATION"]);
    // Stated before the other illness, or with its own name, it is its own.
    for own in [
        gone("d", "2025-03-09"),
        ill(
            "d",
            "2025-03-14",
            "VARICELLA",
            &[("SYMPTOMS_GONE_DATE", "2025-03-14")],
        ),
    ] {
        let alerts = found("2025-03-20", &with(&[own]));
        assert_eq!(rules(&alerts), ["INFLUENZA_ISOLATION", "VARICELLA_RETURN"]);
    }
}

#[test]
fn a_day_belongs_to_the_disease_of_its_record() {
    let hfmd = ill(
        "a",
        "2025-03-05",
        "HFMD",
        &[
            ("ONSET_DATE", "2025-03-01"),
            ("SYMPTOMS_GONE_DATE", "2025-03-05"),
        ],
    );
    let flu = ill(
        "b",
        "2025-03-12",
        "INFLUENZA",
        &[("ONSET_DATE", "2025-03-11")],
    );
    let alerts = found("2025-03-15", &[hfmd, flu]);
    assert_eq!(rules(&alerts), ["HFMD_RETURN", "INFLUENZA_ISOLATION"]);
    assert_eq!(input(&alerts[0], "ONSET_DATE"), "2025-03-01");
    assert_eq!(alerts[0].check_ups, ["a"]);
}

#[test]
fn without_a_certificate_the_alert_ends_after_ninety_days() {
    let illness = [ill("a", "2025-03-02", "MUMPS", &[])];
    assert_eq!(rules(&found("2025-05-30", &illness)), ["MUMPS_RETURN"]);
    assert_eq!(rules(&found("2025-05-31", &illness)), [""; 0]);
}

#[test]
fn contacts_are_watched_and_stay_in_care() {
    let contact = check_up(
        "a",
        "2025-03-04",
        vec![
            coded("INFECTIOUS_CONTACT", "VARICELLA", None),
            dated("CONTACT_DATE", "2025-03-03"),
        ],
    );
    let one = std::slice::from_ref(&contact);
    let alerts = found("2025-03-23", one);
    assert_eq!(rules(&alerts), ["CONTACT_VARICELLA"]);
    let limit = alerts[0].limit.clone().unwrap();
    assert_eq!(
        (limit.grade, limit.until),
        (Grade::Conditional, Some(day("2025-03-24")))
    );
    assert_eq!(rules(&found("2025-03-24", one)), [""; 0]);
    // Who falls ill is no longer watched but isolated.
    let illness = ill("b", "2025-03-15", "VARICELLA", &[]);
    let both = [contact.clone(), illness];
    assert_eq!(rules(&found("2025-03-16", &both)), ["VARICELLA_ISOLATION"]);
    // A child whose defences are weak must see a doctor the same day.
    let weak = check_up(
        "w",
        "2024-12-01",
        vec![coded("CONDITION", "IMMUNE_DEFICIENCY", None)],
    );
    let alerts = found("2025-03-10", &[contact, weak]);
    assert_eq!(rules(&alerts), ["CONTACT_VARICELLA_IMMUNE_DEFICIENCY"]);
    assert_eq!(alerts[0].check_ups, ["w", "a"]);
}

/// The watch runs from the last contact: a second one without a day is of its record's day.
#[test]
fn a_second_contact_is_watched_from_its_own_day() {
    let contact = |record, date, on: Option<&str>| {
        let mut findings = vec![coded("INFECTIOUS_CONTACT", "VARICELLA", None)];
        findings.extend(on.map(|on| dated("CONTACT_DATE", on)));
        check_up(record, date, findings)
    };
    let until = |check_ups: &[CheckUp]| {
        let alerts = found("2025-03-20", check_ups);
        assert_eq!(rules(&alerts), ["CONTACT_VARICELLA"]);
        alerts[0].limit.clone().unwrap().until.unwrap()
    };
    let first = contact("b", "2025-03-02", Some("2025-03-01"));
    assert_eq!(until(std::slice::from_ref(&first)), day("2025-03-22"));
    for (record, date, on, last) in [
        ("c", "2025-03-18", None, "2025-04-08"),
        ("c", "2025-03-18", Some("2025-03-16"), "2025-04-06"),
        // An older contact that is told later ends no watch early.
        ("c", "2025-03-05", Some("2025-02-25"), "2025-03-22"),
        // Of one day, whatever the record is called.
        ("a", "2025-03-02", None, "2025-03-22"),
        ("c", "2025-03-02", None, "2025-03-22"),
    ] {
        let second = contact(record, date, on);
        assert_eq!(
            until(&[first.clone(), second]),
            day(last),
            "{record} {date}"
        );
    }
}

#[test]
fn fitness_is_the_gravest_of_what_stands() {
    let check_ups = [
        ill("a", "2025-03-02", "MUMPS", &[]),
        check_up(
            "b",
            "2025-03-02",
            vec![coded("ANAPHYLAXIS", "PRESENT", None)],
        ),
    ];
    let assessed = on("2025-03-05", &girl(), &check_ups);
    assert_eq!(assessed.fitness.grade, Grade::Unfit);
    assert_eq!(assessed.fitness.until, None);
    let because: Vec<&str> = assessed
        .fitness
        .because
        .iter()
        .map(|(at, _)| assessed.raised[*at].rule)
        .collect();
    assert_eq!(because, ["MUMPS_ISOLATION"]);
    assert_eq!(
        assessed.fitness.headline_zh(),
        "今日不宜在托：流行性腮腺炎隔离中，2025-03-11起可凭返园证明返园"
    );
}
