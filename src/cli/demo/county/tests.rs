use std::collections::HashSet;

use super::*;
use crate::rpc::wire::finding::Value;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A few seeds and awkward days: a leap day, the first of a year, the end of a month.
fn counties() -> impl Iterator<Item = County> {
    [
        (1, "2026-09-01"),
        (7, "2028-02-29"),
        (42, "2027-01-01"),
        (9, "2026-03-31"),
    ]
    .into_iter()
    .map(|(seed, today)| County::generate(seed, day(today)))
}

fn tenths(check_up: &CheckUp, code: &str) -> Option<i64> {
    check_up
        .findings
        .iter()
        .find(|f| f.code == code)
        .and_then(|f| match &f.value {
            Some(Value::Quantity(q)) => Some(q.value),
            _ => None,
        })
}

fn of_child(county: &County, child: usize) -> Vec<&CheckUp> {
    let number = &county.children[child].registration.identifiers[0].value;
    let mut found: Vec<&CheckUp> = county
        .exports
        .iter()
        .flatten()
        .filter_map(|row| row.check_up.as_ref())
        .filter(|c| c.subject.as_ref().unwrap().identifiers[0].value == *number)
        .collect();
    found.sort_by(|a, b| a.date.cmp(&b.date));
    found
}

#[test]
fn the_same_seed_gives_the_same_county_and_another_does_not() {
    let today = day("2026-09-01");
    assert!(County::generate(5, today) == County::generate(5, today));
    assert!(County::generate(5, today) != County::generate(6, today));
    assert!(County::generate(5, today) != County::generate(5, day("2026-09-02")));
}

#[test]
fn there_are_thousands_of_check_ups_from_three_sources() {
    for county in counties() {
        assert_eq!(county.children.len(), CHILDREN);
        assert!(county.check_ups() >= 2_000, "{}", county.check_ups());
        assert!(county.exports.iter().all(|rows| rows.len() > 300));
    }
}

#[test]
fn no_check_up_is_before_birth_or_in_the_future_and_exports_are_in_order() {
    for county in counties() {
        for rows in &county.exports {
            let mut last = NaiveDate::MIN;
            for check_up in rows.iter().filter_map(|row| row.check_up.as_ref()) {
                let date = day(&check_up.date);
                let birth = day(&check_up.subject.as_ref().unwrap().birth_date);
                assert!(birth <= date && date <= county.today && last <= date);
                last = date;
            }
        }
    }
}

#[test]
fn no_number_is_used_twice_and_record_ids_are_unique() {
    for county in counties() {
        let mut numbers = HashSet::new();
        for child in &county.children {
            for identifier in &child.registration.identifiers {
                assert!(numbers.insert(identifier.value.clone()));
            }
            assert!(numbers.insert(child.guardianship.resident_id.clone()));
        }
        for rows in &county.exports {
            let ids: HashSet<_> = rows
                .iter()
                .map(|row| &row.check_up.as_ref().unwrap().record_id)
                .collect();
            assert_eq!(ids.len(), rows.len());
        }
    }
}

#[test]
fn facilities_hold_the_children_of_the_story_and_nobody_over_three() {
    for county in counties() {
        let count = |facility| county.in_care(facility).count();
        assert_eq!(
            [
                count(Facility::Public),
                count(Facility::Community),
                count(Facility::Home)
            ],
            [60, 25, 5]
        );
        let story = &county.story;
        for part in [
            story.found_before_enrolment,
            story.withdraws,
            story.without_consent,
            story.registered_late,
            story.corrected.child,
        ] {
            assert_eq!(county.children[part].facility, Some(Facility::Public));
        }
        for child in county.children.iter().filter(|c| c.facility.is_some()) {
            assert!(child.birth + Months::new(36) > county.today);
        }
    }
}

#[test]
fn the_story_s_findings_are_there() {
    for county in counties() {
        let story = &county.story;
        let allergy = of_child(&county, story.found_before_enrolment);
        let allergy = allergy
            .iter()
            .find(|c| c.findings.iter().any(|f| f.code == "ALLERGY"))
            .unwrap();
        let age = day(&allergy.date) - county.children[story.found_before_enrolment].birth;
        assert!((115..150).contains(&age.num_days()), "at four months");
        for child in [story.without_consent, story.registered_late] {
            assert!(
                of_child(&county, child)
                    .iter()
                    .any(|c| c.findings.iter().any(|f| f.code == "FEBRILE_SEIZURE"))
            );
        }
        let withdrawn = of_child(&county, story.withdraws);
        assert!(
            withdrawn
                .iter()
                .any(|c| c.findings.iter().any(|f| f.code == "ASTHMA"))
        );
    }
}

#[test]
fn the_correction_is_the_next_revision_of_the_last_low_haemoglobin() {
    for county in counties() {
        let Correction { child, source, row } = &county.story.corrected;
        let corrected = row.check_up.as_ref().unwrap();
        let before = county.exports[*source]
            .iter()
            .filter_map(|row| row.check_up.as_ref())
            .find(|c| c.record_id == corrected.record_id)
            .unwrap();
        assert_eq!((before.revision, corrected.revision), (1, 2));
        assert!(tenths(before, "HAEMOGLOBIN").unwrap() < 1_100);
        assert_eq!(tenths(corrected, "HAEMOGLOBIN"), Some(1_260));
        let last = of_child(&county, *child);
        let last = last
            .iter()
            .rev()
            .find(|c| tenths(c, "HAEMOGLOBIN").is_some())
            .unwrap();
        assert_eq!(last.record_id, before.record_id);
        assert_eq!(before.subject, corrected.subject);
    }
}

#[test]
fn anaemia_and_hearing_are_about_as_common_as_among_children() {
    let (mut low, mut measured, mut failed, mut heard) = (0, 0, 0, 0);
    for seed in 0..10 {
        let county = County::generate(seed, day("2026-09-01"));
        for check_up in county
            .exports
            .iter()
            .flatten()
            .filter_map(|r| r.check_up.as_ref())
        {
            if let Some(tenths) = tenths(check_up, "HAEMOGLOBIN") {
                measured += 1;
                low += usize::from(tenths < 1_100);
                assert!(!(1_100..1_160).contains(&tenths), "no value at a limit");
            }
            for finding in check_up.findings.iter().filter(|f| f.code == "HEARING") {
                heard += 1;
                failed += usize::from(finding.value == Some(Value::Coded("FAIL".into())));
            }
        }
    }
    let share = |part: usize, whole: usize| part as f64 / whole as f64;
    assert!(
        (0.05..0.11).contains(&share(low, measured)),
        "{}",
        share(low, measured)
    );
    assert!(
        (0.005..0.03).contains(&share(failed, heard)),
        "{}",
        share(failed, heard)
    );
}

#[test]
fn the_files_hold_the_county() {
    let dir = tempfile::tempdir().unwrap();
    let county = County::generate(3, day("2026-09-01"));
    let files = county.write(dir.path()).unwrap();
    for (path, rows) in files.exports.iter().zip(&county.exports) {
        let text = std::fs::read_to_string(path).unwrap();
        let read: Vec<PushRequest> = text
            .lines()
            .map(|line| crate::rpc::json::from_json(line).unwrap())
            .collect();
        assert!(read == *rows);
    }
    assert_eq!(
        std::fs::read_to_string(&files.children)
            .unwrap()
            .lines()
            .count(),
        CHILDREN
    );
    assert_eq!(
        std::fs::read_to_string(&files.organizations)
            .unwrap()
            .lines()
            .count(),
        6
    );
    assert_eq!(
        std::fs::read_to_string(&files.correction)
            .unwrap()
            .lines()
            .count(),
        1
    );
}
