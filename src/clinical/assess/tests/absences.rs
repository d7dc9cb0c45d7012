//! Alerts that rest on an absence: what a schedule asks for and nobody has done.

use super::*;

fn absent(
    today: &str,
    child: &Life<'_>,
    check_ups: &[CheckUp],
) -> (Vec<Raised<'static>>, Option<NaiveDate>) {
    let assessed = on(today, child, check_ups);
    let raised = assessed.raised.into_iter();
    let raised = raised.filter(|alert| alert.check_ups.is_empty()).collect();
    (raised, assessed.next_change)
}

fn of<'a>(raised: &'a [Raised<'_>]) -> Vec<(&'a str, &'a str)> {
    let each = raised.iter();
    each.map(|alert| (alert.rule, alert.subject.as_str()))
        .collect()
}

/// V06 of a girl born on 1 June: due on 1 December, late from the 31st, its window ends on 1 February.
#[test]
fn a_check_up_is_due_then_late_then_past() {
    let (due, change) = absent("2022-12-01", &girl(), &[]);
    assert_eq!(of(&due), [("CHECK_UP_DUE", "V06")]);
    assert_eq!(change, Some(day("2022-12-31")));
    let (late, change) = absent("2022-12-31", &girl(), &[]);
    assert_eq!(of(&late), [("CHECK_UP_OVERDUE_V06", "V06")]);
    assert_eq!(change, Some(day("2023-02-01")));
    let alert = &late[0];
    assert!(alert.sources.is_empty());
    assert_eq!(alert.date, day("2022-12-01"));
    assert_eq!(alert.due, Some(day("2023-01-30")));
    assert_eq!(input(alert, "due"), "2022-12-01");
    assert_eq!(input(alert, "overdue"), "2022-12-31");
    let card = alert.care_card.guardian.as_str();
    assert!(
        card.contains("6月龄健康检查") && card.contains("2022-12-01"),
        "{card}"
    );
    // A day later nothing has changed, so nobody is told anew.
    assert_eq!(absent("2023-01-01", &girl(), &[]).0, late);
    assert_eq!(
        of(&absent("2023-02-01", &girl(), &[]).0),
        [("CHECK_UP_DUE", "V08")]
    );
    let done = CheckUp::new(
        CheckUpParts {
            source: "hospital".into(),
            record_id: "v06".into(),
            revision: 1,
            status: CheckUpStatus::Final,
            date: day("2022-12-20"),
            visit: VisitKind::V06,
            findings: vec![],
        },
        None,
        None,
    );
    assert_eq!(of(&absent("2022-12-31", &girl(), &[done.unwrap()]).0), []);
}

/// Who moves in gets time to catch up, and no blame for what was before.
#[test]
fn a_child_that_moved_in_is_not_late_at_once() {
    let moved = Life {
        known_since: Some(day("2023-01-10")),
        ..girl()
    };
    let (raised, _) = absent("2023-01-12", &moved, &[]);
    assert_eq!(of(&raised), [("CHECK_UP_DUE", "V06")]);
}

fn record(id: &str, date: &str, visit: VisitKind, findings: Vec<Finding>) -> CheckUp {
    let parts = CheckUpParts {
        source: "hospital".into(),
        record_id: id.into(),
        revision: 1,
        status: CheckUpStatus::Final,
        date: day(date),
        visit,
        findings,
    };
    CheckUp::new(parts, None, None).unwrap()
}

fn only(raised: Vec<Raised<'static>>, category: Category) -> Vec<Raised<'static>> {
    let each = raised.into_iter();
    each.filter(|alert| alert.category == category).collect()
}

/// Where no dose was ever recorded, the record is missing and not the doses.
#[test]
fn a_dose_is_late_only_for_a_child_whose_doses_are_recorded() {
    let late = |check_ups: &[CheckUp]| {
        let raised = absent("2023-07-01", &girl(), check_ups).0;
        let found = only(raised, Category::Immunisation);
        of(&found)
            .iter()
            .map(|(rule, item)| format!("{rule}/{item}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(late(&[]), [""; 0]);
    let dose = |id: &str, date: &str, code: &str| {
        let given = vec![coded("VACCINE_DOSE", code, None)];
        record(id, date, VisitKind::Immunisation, given)
    };
    let begun = [
        dose("1", "2022-06-01", "HepB-1"),
        dose("2", "2022-07-01", "HepB-2"),
        dose("3", "2022-06-01", "BCG-1"),
    ];
    let missing = late(&begun);
    assert!(
        missing.contains(&"IMMUNISATION_OVERDUE_MMR/MMR-1".to_owned()),
        "{missing:?}"
    );
    assert!(
        missing.contains(&"IMMUNISATION_OVERDUE_HEPB/HepB-3".to_owned()),
        "{missing:?}"
    );
    assert!(
        !missing.iter().any(|one| one.contains("BCG")),
        "{missing:?}"
    );
    let mut more = begun.to_vec();
    more.push(dose("4", "2023-06-20", "MMR-1"));
    assert!(!late(&more).iter().any(|one| one.contains("MMR-1")));
    let mut barred = begun.to_vec();
    let contraindicated = vec![coded("VACCINE_CONTRAINDICATED", "MMR", None)];
    barred.push(record(
        "5",
        "2023-06-01",
        VisitKind::Outpatient,
        contraindicated,
    ));
    assert!(!late(&barred).iter().any(|one| one.contains("MMR")));
}

/// Whoever is in care without an entry check on record stays, on conditions, until one is shown.
#[test]
fn an_entry_check_is_asked_for() {
    const CARE: &[crate::clinical::schedule::CareSpan] = &[crate::clinical::schedule::CareSpan {
        facility: None,
        first_day: NaiveDate::from_ymd_opt(2024, 9, 1).expect("a day"),
        last_day: None,
    }];
    let child = Life {
        care: CARE,
        ..girl()
    };
    let entry = |today: &str, check_ups: &[CheckUp]| {
        let assessed = on(today, &child, check_ups);
        let fitness = assessed.fitness.grade;
        let found = only(assessed.raised, Category::EntryCheck);
        let rules: Vec<&str> = found.iter().map(|alert| alert.rule).collect();
        (rules.join(","), fitness.as_str())
    };
    assert_eq!(entry("2024-08-01", &[]), ("ENTRY_CHECK_DUE".into(), "FIT"));
    assert_eq!(
        entry("2024-09-01", &[]),
        ("ENTRY_CHECK_MISSING".into(), "CONDITIONAL")
    );
    let fit = record(
        "e",
        "2024-08-20",
        VisitKind::Entry,
        vec![coded("ENTRY_CONCLUSION", "FIT", None)],
    );
    assert_eq!(entry("2024-09-01", &[fit]), (String::new(), "FIT"));
    let deferred = record(
        "e",
        "2024-08-20",
        VisitKind::Entry,
        vec![coded("ENTRY_CONCLUSION", "DEFERRED", None)],
    );
    assert_eq!(
        entry("2024-09-01", &[deferred]),
        ("ENTRY_DEFERRED".into(), "UNFIT")
    );
}

/// Rules name items that a schedule has, and what a schedule may find late has its rule.
#[test]
fn rules_and_schedules_name_the_same_items() {
    use crate::clinical::rules::Condition;
    use crate::clinical::schedule::{Status, Track};
    let asked: Vec<(Track, &[String], Status)> = RULES
        .rules()
        .iter()
        .filter_map(|rule| match &rule.when {
            Condition::Item {
                track,
                items,
                status,
                ..
            } => Some((*track, items.as_slice(), *status)),
            _ => None,
        })
        .collect();
    for (track, items, _) in &asked {
        for item in *items {
            let known = SCHEDULES
                .rows()
                .any(|row| row.track == *track && row.item == item);
            assert!(known, "{} {item}", track.as_str());
        }
    }
    for row in SCHEDULES.rows() {
        // HPV vaccine is for girls of thirteen, and the certificate of staff is no child's.
        if row.item.starts_with("2vHPV") || row.track == Track::Staff {
            continue;
        }
        let has = asked.iter().any(|(track, items, status)| {
            *track == row.track
                && *status == Status::Overdue
                && (items.is_empty() || items.iter().any(|item| item == row.item))
        });
        assert!(has, "{} {}", row.track.as_str(), row.item);
    }
}
