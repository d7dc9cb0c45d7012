//! The thirteen visits: windows, what counts, late registration.

use super::samples::{days, forecast_of, in_status, item, life};
use crate::clinical::schedule::{Reason, Schedules, Status, Track};

const TRACK: Track = Track::ChildHealth;

#[test]
fn windows_run_from_nominal_age_to_the_next_visit() {
    let schedules = Schedules::load().unwrap();
    forecast_of(&schedules, &life("2024-02-29"), &[], "2024-02-29", |f| {
        for (code, want) in [
            ("V00", "2024-02-29 2024-02-29 2024-03-14 2024-03-28"),
            ("V01", "2024-03-28 2024-03-28 2024-04-11 2024-04-29"),
            ("V03", "2024-05-15 2024-05-29 2024-06-28 2024-08-29"),
            ("V06", "2024-08-15 2024-08-29 2024-09-28 2024-10-29"),
            ("V08", "2024-10-15 2024-10-29 2024-11-28 2025-03-01"),
            ("V12", "2025-02-15 2025-03-01 2025-03-31 2025-08-29"),
            ("V18", "2025-08-15 2025-08-29 2025-09-28 2026-03-01"),
            ("V24", "2026-02-15 2026-03-01 2026-03-31 2026-08-29"),
            ("V30", "2026-08-15 2026-08-29 2026-09-28 2027-03-01"),
            ("V36", "2027-02-15 2027-03-01 2027-03-31 2028-02-29"),
            ("V48", "2028-02-15 2028-02-29 2028-03-30 2029-03-01"),
            ("V60", "2029-02-15 2029-03-01 2029-03-31 2030-03-01"),
            ("V72", "2030-02-15 2030-03-01 2030-03-31 2031-03-01"),
        ] {
            assert_eq!(days(item(f, TRACK, code)), want, "{code}");
        }
        assert_eq!(in_status(f, TRACK, Status::Due), ["V00"]);
        // Hepatitis B, within 24 hours, is the first to be late.
        assert_eq!(f.next_change, Some("2024-03-02".parse().unwrap()));
    });
}

#[test]
fn a_record_counts_inside_the_window_of_the_visit_it_names() {
    use Reason::*;
    let schedules = Schedules::load().unwrap();
    // V06 is due 2025-07-01: counts from 2025-06-17, late from 2025-07-31, until 2025-09-01.
    for (kind, date, today, status, reason) in [
        (
            "V06",
            "2025-06-16",
            "2025-06-20",
            Status::Upcoming,
            DoneTooEarly,
        ),
        ("V06", "2025-06-17", "2025-06-20", Status::Done, DoneEarly),
        ("V06", "2025-07-01", "2025-07-01", Status::Done, Done),
        ("V06", "2025-07-30", "2026-11-25", Status::Done, Done),
        ("V06", "2025-07-31", "2026-11-25", Status::Done, DoneLate),
        ("V06", "2025-08-31", "2026-11-25", Status::Done, DoneLate),
        (
            "V06",
            "2025-09-01",
            "2026-11-25",
            Status::AgedOut,
            DoneTooLate,
        ),
        ("V08", "2025-07-01", "2025-07-30", Status::Due, InTime),
        ("V08", "2025-07-01", "2025-07-31", Status::Overdue, Late),
        ("ENTRY", "2025-07-01", "2025-07-31", Status::Overdue, Late),
        (
            "PERIODIC",
            "2025-07-01",
            "2025-09-01",
            Status::AgedOut,
            WindowPassed,
        ),
        (
            "OTHER",
            "2025-07-01",
            "2025-06-30",
            Status::Upcoming,
            NotYet,
        ),
    ] {
        forecast_of(
            &schedules,
            &life("2025-01-01"),
            &[(kind, date, &[])],
            today,
            |f| {
                let found = item(f, TRACK, "V06");
                assert_eq!(
                    (found.status, found.reason),
                    (status, reason),
                    "{kind} {date} {today}"
                );
                assert_eq!(found.done.is_some(), status == Status::Done);
            },
        );
    }
    // Twice: the first in the window counts.
    let twice = [
        ("V06", "2025-08-20", &[][..]),
        ("V06", "2025-07-05", &[]),
        ("V06", "2025-05-01", &[]),
    ];
    forecast_of(&schedules, &life("2025-01-01"), &twice, "2026-11-25", |f| {
        let found = item(f, TRACK, "V06");
        assert_eq!(found.done, Some("2025-07-05".parse().unwrap()));
        assert_eq!(found.rests_on.len(), 1);
        assert_eq!(found.rests_on[0].id, "r1");
    });
}

#[test]
fn one_who_came_late_has_a_plan_and_no_dead_tasks() {
    let schedules = Schedules::load().unwrap();
    let mut child = life("2025-01-01");
    child.known_since = Some("2026-06-20".parse().unwrap());
    // Eighteen months are reached on 2026-07-01; V12 ends there, so eleven days remain for it.
    forecast_of(&schedules, &child, &[], "2026-06-21", |f| {
        let before = ["V00", "V01", "V03", "V06", "V08"];
        assert_eq!(in_status(f, TRACK, Status::NotApplicable), before);
        assert_eq!(item(f, TRACK, "V08").reason, Reason::BeforeKnown);
        let open = item(f, TRACK, "V12");
        assert_eq!((open.status, open.reason), (Status::Due, Reason::CatchUp));
        assert_eq!(open.overdue, open.latest);
        assert_eq!(in_status(f, TRACK, Status::Overdue), [""; 0]);
    });
    forecast_of(
        &schedules,
        &child,
        &[("V06", "2025-07-01", &[])],
        "2026-07-25",
        |f| {
            // What was done elsewhere stays done, and what was open then aged out in the ordinary way.
            assert_eq!(in_status(f, TRACK, Status::Done), ["V06"]);
            assert_eq!(in_status(f, TRACK, Status::AgedOut), ["V12"]);
            assert_eq!(
                item(f, TRACK, "V18").overdue,
                Some("2026-07-31".parse().unwrap())
            );
        },
    );
}
