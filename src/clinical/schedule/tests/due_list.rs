//! Held against the rules that raise alerts over what is not done, and a child's plan as each reader
//! is told it.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::clinical::schedule::due_list::DOSES_FROM_DAYS;

use super::samples::{FACILITIES, Record, day, forecast_of, life};
use crate::clinical::rules::{AgeBound, Condition, Recipient, RuleSet};
use crate::clinical::schedule::{CareSpan, Life, Reader, Reason, Schedules, Status, Track};
use crate::domain::alert::Category;
use crate::domain::id::Id;
use crate::domain::organization::Organization;

fn facility() -> Id<Organization> {
    FACILITIES[0].parse().unwrap()
}

fn care(opened: &[Category]) -> Reader {
    Reader::Care {
        facility: facility(),
        opened: opened.iter().copied().collect(),
        data_from: None,
        data_until: None,
    }
}

/// Break it: give eye care to facilities, or immunisation another category.
#[test]
fn tracks_go_by_the_categories_and_to_the_readers_that_alerts_go_by() {
    let set = RuleSet::load().unwrap();
    let readers = [
        (Recipient::Facility, care(Category::ALL)),
        (Recipient::Mch, Reader::FollowUp),
        (Recipient::Guardian, Reader::Guardian),
    ];
    let mut told: BTreeSet<(Track, Recipient)> = BTreeSet::new();
    for rule in set.rules() {
        let Condition::Item { track, .. } = &rule.when else {
            continue;
        };
        assert_eq!(rule.category, track.category(), "{}", rule.id);
        told.extend(rule.recipients.iter().map(|reader| (*track, *reader)));
    }
    for track in Track::ALL.iter().filter(|track| **track != Track::Staff) {
        for (recipient, reader) in &readers {
            let alerts = told.contains(&(*track, *recipient));
            assert_eq!(reader.reads(*track), alerts, "{track:?} {recipient:?}");
        }
    }
}

#[test]
fn a_carer_reads_the_categories_that_are_open() {
    let given = care(&[Category::Immunisation, Category::Growth]);
    assert_eq!(given.categories(), [Category::Immunisation].into());
    assert!(care(&[Category::Growth]).categories().is_empty());
    let all = [
        Category::Immunisation,
        Category::CheckUpDue,
        Category::EntryCheck,
    ];
    assert_eq!(care(Category::ALL).categories(), all.into());
}

const TODAY: &str = "2026-09-01";

/// Two and a half, a month in care, with a contraindicated vaccine, a dose that was given too early
/// and an eighteen months' check-up.
const RECORDS: &[Record<'_>] = &[
    ("IMMUNISATION", "2024-03-05", &["HepB-1", "BCG-1"]),
    ("IMMUNISATION", "2024-03-20", &["HepB-2"]),
    ("IMMUNISATION", "2024-05-08", &["IPV-1"]),
    (
        "IMMUNISATION",
        "2024-06-05",
        &["VACCINE_CONTRAINDICATED=MMR"],
    ),
    ("V18", "2025-09-10", &["WEIGHT"]),
];

fn child<'a>(care: &'a [CareSpan]) -> Life<'a> {
    Life {
        care,
        known_since: Some(day("2024-03-05")),
        ..life("2024-03-05")
    }
}

fn in_care() -> [CareSpan; 1] {
    [CareSpan {
        facility: Some(facility()),
        first_day: day("2026-08-01"),
        last_day: None,
    }]
}

/// Track, item, status, reason and whether a day tells when it was done.
type Told = (Track, String, Status, Reason, bool);

fn told(reader: &Reader, records: &[Record<'_>], within: u32) -> (Vec<Told>, Vec<Track>) {
    let (schedules, care) = (Schedules::load().unwrap(), in_care());
    forecast_of(&schedules, &child(&care), records, TODAY, |forecast| {
        let list = forecast.told_to(reader, day(TODAY), within);
        let items = list.items.iter().map(|i| {
            // A check that comes again counts from the day of the one before.
            let silent = i.rests_on.is_empty() && i.earliest.is_none();
            assert!(silent || *reader == Reader::Guardian);
            (
                i.track,
                i.item.to_owned(),
                i.status,
                i.reason,
                i.done.is_some(),
            )
        });
        (items.collect(), list.without_record)
    })
}

/// Break it: in `plain`, keep the reason; or in `told_to`, let `Contraindicated` through.
#[test]
fn a_carer_is_told_what_to_do_and_nothing_of_what_was_found() {
    let (whole, _) = told(&Reader::Guardian, RECORDS, 0);
    let has = |status| whole.iter().any(|(_, _, of, _, _)| *of == status);
    assert!(has(Status::Contraindicated) && has(Status::Done) && has(Status::NotApplicable));
    let tells = |reason: &Reason| matches!(reason, Reason::DoseInvalid | Reason::PreviousDoseFirst);
    assert!(whole.iter().any(|(_, _, _, reason, _)| tells(reason)));

    let (carer, unknown) = told(&care(Category::ALL), RECORDS, 0);
    assert!(unknown.is_empty(), "doses are on record");
    assert!(
        carer
            .iter()
            .any(|(track, ..)| *track == Track::Immunisation)
    );
    assert!(
        carer
            .iter()
            .any(|(_, item, status, ..)| item == "ENTRY" && *status == Status::Overdue)
    );
    for (track, item, status, reason, done) in &carer {
        assert!(matches!(status, Status::Due | Status::Overdue), "{item}");
        assert!(
            matches!(reason, Reason::InTime | Reason::Late | Reason::CatchUp),
            "{item}"
        );
        assert!(!done && !item.starts_with("MMR"), "{item}");
        assert!(!matches!(
            track,
            Track::EyeCare | Track::Tcm | Track::Mongolian
        ));
    }
    let (few, _) = told(&care(&[Category::EntryCheck]), RECORDS, 0);
    assert!(few.iter().all(|(track, ..)| *track == Track::EntryCheck) && !few.is_empty());
}

/// Where no dose is on record, the record is missing and not the doses. Break it: let `needs_record`
/// say no.
#[test]
fn a_missing_register_is_not_a_child_without_vaccinations() {
    let unvaccinated: Vec<Record<'_>> = RECORDS.iter().copied().skip(4).collect();
    for reader in [care(Category::ALL), Reader::FollowUp] {
        let (items, without) = told(&reader, &unvaccinated, 366);
        assert!(
            items
                .iter()
                .all(|(track, ..)| *track != Track::Immunisation)
        );
        assert!(without.contains(&Track::Immunisation));
    }
    let (plan, without) = told(&Reader::Guardian, &unvaccinated, 0);
    assert!(plan.iter().any(|(track, ..)| *track == Track::Immunisation));
    assert!(without.contains(&Track::Immunisation));
}

/// What the hospital of birth reports is no register: neither alerts nor the due list ask for what
/// came after, and both ask while there can be nothing else. Break it: raise `DOSES_FROM_DAYS`.
#[test]
fn doses_at_birth_do_not_say_that_later_ones_are_sent() {
    let at_birth = &RECORDS[..2];
    for reader in [care(Category::ALL), Reader::FollowUp] {
        let (items, without) = told(&reader, at_birth, 0);
        let of_doses = |items: &[Told]| items.iter().any(|(of, ..)| *of == Track::Immunisation);
        assert!(!of_doses(&items) && without.contains(&Track::Immunisation));
        let (items, without) = told(&reader, &RECORDS[..3], 0);
        assert!(of_doses(&items) && !without.contains(&Track::Immunisation));
    }
    let (schedules, care) = (Schedules::load().unwrap(), in_care());
    let child = Life {
        known_since: None,
        ..child(&care)
    };
    let newborn = "2024-03-20";
    forecast_of(&schedules, &child, &at_birth[..1], newborn, |forecast| {
        let list = forecast.told_to(&Reader::FollowUp, day(newborn), 0);
        assert!(!list.without_record.contains(&Track::Immunisation));
    });
    let set = RuleSet::load().unwrap();
    for rule in set.rules() {
        let Condition::Item {
            track: Track::Immunisation,
            only_with_from_days,
            ..
        } = &rule.when
        else {
            continue;
        };
        let newborn = rule.today.as_ref().map(|today| today.until);
        match newborn {
            Some(until) => assert_eq!(until, AgeBound::Days(28), "{}", rule.id),
            None => assert_eq!(
                i64::from(*only_with_from_days),
                DOSES_FROM_DAYS,
                "{}",
                rule.id
            ),
        }
    }
}

#[test]
fn what_comes_soon_is_told_to_whoever_asks_for_it() {
    let reader = care(&[Category::CheckUpDue]);
    let upcoming = |within| {
        let (items, _) = told(&reader, RECORDS, within);
        let of = items
            .into_iter()
            .filter(|(_, _, s, ..)| *s == Status::Upcoming);
        of.map(|(_, item, ..)| item).collect::<Vec<_>>()
    };
    // Thirty months on 5 September.
    assert!(upcoming(0).is_empty() && upcoming(3).is_empty());
    assert_eq!(upcoming(4), ["V30"]);
    assert!(upcoming(366).len() > 1);
}

#[test]
fn a_consent_s_days_bound_what_was_due() {
    let within = |from: Option<&str>, until: Option<&str>| {
        let reader = Reader::Care {
            facility: facility(),
            opened: Category::ALL.iter().copied().collect(),
            data_from: from.map(day),
            data_until: until.map(day),
        };
        let (schedules, care) = (Schedules::load().unwrap(), in_care());
        forecast_of(&schedules, &child(&care), RECORDS, TODAY, |forecast| {
            let list = forecast.told_to(&reader, day(TODAY), 30);
            list.items
                .iter()
                .filter_map(|i| i.due)
                .collect::<Vec<NaiveDate>>()
        })
    };
    let all = within(None, None);
    let (early, late): (Vec<_>, Vec<_>) = all.iter().partition(|d| **d < day("2026-06-01"));
    assert!(!early.is_empty() && !late.is_empty());
    assert_eq!(within(Some("2026-06-01"), None), late);
    assert_eq!(within(None, Some("2026-05-31")), early);
}
