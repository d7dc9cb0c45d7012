//! Entry, return and periodic checks in care, and the staff's certificate.

use chrono::NaiveDate;

use super::samples::{FACILITIES, Record, day, days, forecast_of, item, life};
use crate::clinical::schedule::{Absence, CareSpan, Life, Reason, Schedules, Status, Track, staff};

fn span(first: &str, last: &str) -> CareSpan {
    CareSpan {
        facility: None,
        first_day: day(first),
        last_day: (!last.is_empty()).then(|| day(last)),
    }
}

fn away(care: CareSpan, first: &str, last: &str) -> Absence {
    Absence {
        care,
        first_day: day(first),
        last_day: (!last.is_empty()).then(|| day(last)),
    }
}

fn stands(
    life: &Life<'_>,
    records: &[Record<'_>],
    today: &str,
    code: &str,
) -> (Status, Reason, String) {
    let schedules = Schedules::load().unwrap();
    let track = if code.starts_with("ENTRY") {
        Track::EntryCheck
    } else {
        Track::Periodic
    };
    forecast_of(&schedules, life, records, today, |f| {
        let found = item(f, track, code);
        (found.status, found.reason, days(found))
    })
}

#[test]
fn the_entry_check_precedes_the_first_day() {
    use Reason::*;
    let care = [span("2026-09-01", "")];
    let mut child = life("2024-01-01");
    child.care = &care;
    let window = "2026-06-01 2026-06-01 2026-09-01 -".to_owned();
    for (kind, date, today, status, reason) in [
        (
            "OTHER",
            "2026-05-31",
            "2026-05-31",
            Status::Upcoming,
            NotYet,
        ),
        ("ENTRY", "2026-05-31", "2026-08-31", Status::Due, InTime),
        ("ENTRY", "2026-05-31", "2026-09-01", Status::Overdue, Late),
        ("ENTRY", "2026-06-01", "2026-09-01", Status::Done, Done),
        ("ENTRY", "2026-10-05", "2026-11-25", Status::Done, DoneLate),
        // The first care of all: there is nothing to transfer from.
        (
            "TRANSFER",
            "2026-08-01",
            "2026-09-01",
            Status::Overdue,
            Late,
        ),
        ("V24", "2026-08-01", "2026-09-01", Status::Overdue, Late),
    ] {
        let found = stands(&child, &[(kind, date, &[])], today, "ENTRY");
        assert_eq!(
            found,
            (status, reason, window.clone()),
            "{kind} {date} {today}"
        );
    }
    child.known_since = Some(day("2026-09-20"));
    let found = stands(&child, &[], "2026-09-20", "ENTRY");
    assert_eq!((found.0, found.1), (Status::Due, CatchUp));
    child.care = &[];
    let none = stands(&child, &[], "2026-09-20", "ENTRY");
    assert_eq!(none, (Status::NotApplicable, NotInCare, "- - - -".into()));
}

#[test]
fn a_transfer_certificate_carries_over_a_short_gap() {
    let records = [
        ("ENTRY", "2025-08-20", &[][..]),
        ("TRANSFER", "2026-08-25", &[]),
    ];
    let mut child = life("2023-01-01");
    let short = [span("2026-09-01", ""), span("2025-09-01", "2026-07-10")];
    child.care = &short;
    let found = stands(&child, &records, "2026-09-01", "ENTRY");
    assert_eq!(
        (found.0, found.1),
        (Status::Done, Reason::TransferCertificate)
    );
    // While the old care lasts, the new one is already planned.
    let found = stands(&child, &records[..1], "2026-06-15", "ENTRY");
    assert_eq!((found.0, found.1), (Status::Due, Reason::InTime));
    // Three months between: the certificate is not enough.
    let long = [span("2025-09-01", "2026-05-31"), span("2026-09-01", "")];
    child.care = &long;
    let found = stands(&child, &records, "2026-09-01", "ENTRY");
    assert_eq!((found.0, found.1), (Status::Overdue, Reason::Late));
    // A certificate older than three months.
    child.care = &short;
    let old = [("TRANSFER", "2026-05-31", &[][..])];
    assert_eq!(
        stands(&child, &old, "2026-09-01", "ENTRY").0,
        Status::Overdue
    );
}

#[test]
fn three_months_away_ask_for_a_check_before_return() {
    let care = [span("2025-09-01", "")];
    let mut child = life("2023-01-01");
    child.care = &care;
    let schedules = Schedules::load().unwrap();
    let listed = |child: &Life<'_>, today: &str| {
        forecast_of(&schedules, child, &[], today, |f| {
            f.items.iter().any(|item| item.item == "ENTRY_RETURN")
        })
    };
    let ended = [away(care[0], "2026-03-01", "2026-05-31")];
    child.absences = &ended;
    let found = stands(&child, &[], "2026-06-01", "ENTRY_RETURN");
    let window = "2026-03-01 2026-05-31 2026-06-01 -".to_owned();
    assert_eq!(found, (Status::Overdue, Reason::Late, window));
    assert_eq!(
        stands(&child, &[], "2026-05-30", "ENTRY_RETURN").0,
        Status::Upcoming
    );
    let before = [("ENTRY", "2026-02-28", &[][..])];
    assert_eq!(
        stands(&child, &before, "2026-05-31", "ENTRY_RETURN").0,
        Status::Due
    );
    let during = [("ENTRY", "2026-05-20", &[][..])];
    assert_eq!(
        stands(&child, &during, "2026-06-01", "ENTRY_RETURN").0,
        Status::Done
    );
    // A day short of three months.
    let short = [away(care[0], "2026-03-01", "2026-05-30")];
    child.absences = &short;
    assert!(!listed(&child, "2026-06-01"));
    // It lasts: due from the day it is three months long, never late.
    let lasting = [away(care[0], "2026-03-01", "")];
    child.absences = &lasting;
    assert!(!listed(&child, "2026-05-31"));
    assert_eq!(
        stands(&child, &[], "2026-06-01", "ENTRY_RETURN").0,
        Status::Due
    );
    assert_eq!(
        stands(&child, &[], "2028-01-01", "ENTRY_RETURN").0,
        Status::Due
    );
    // An absence from care that has ended is nobody's matter any more.
    let over = [span("2025-09-01", "2026-06-30")];
    let left = [away(over[0], "2026-03-01", "")];
    (child.care, child.absences) = (&over, &left);
    assert!(listed(&child, "2026-06-30"));
    assert!(!listed(&child, "2026-07-01"));
    // Nor of another facility that the child never missed.
    let two = [over[0], span("2025-09-01", "")];
    child.care = &two;
    assert!(listed(&child, "2026-06-30"));
    assert!(!listed(&child, "2026-07-01"));
}

#[test]
fn each_facility_asks_at_its_own_door() {
    let [ours, theirs] = FACILITIES.map(|id| id.parse().ok());
    let at = |facility, span: CareSpan| CareSpan { facility, ..span };
    let care = [
        at(ours, span("2025-09-01", "")),
        at(theirs, span("2026-08-01", "")),
    ];
    let absences = [away(care[1], "2026-08-10", "")];
    let mut child = life("2023-01-01");
    (child.care, child.absences) = (&care, &absences);
    let schedules = Schedules::load().unwrap();
    let records = [("ENTRY", "2025-08-20", &[][..])];
    let asked = |today: &str| {
        forecast_of(&schedules, &child, &records, today, |f| {
            let items = f.items.iter();
            let items = items.filter(|item| item.track == Track::EntryCheck);
            let told = items.map(|item| (item.item.to_owned(), item.facility, item.status));
            told.collect::<Vec<_>>()
        })
    };
    let (entry, back) = ("ENTRY".to_owned(), "ENTRY_RETURN".to_owned());
    // The check counts for the one, and was too early for the other.
    let both = [
        (entry.clone(), ours, Status::Done),
        (entry.clone(), theirs, Status::Overdue),
    ];
    assert_eq!(asked("2026-08-01"), both);
    // Three months away from one of them: nobody is away from the other.
    let [one, other] = both;
    assert_eq!(
        asked("2026-11-10"),
        [one, other, (back, theirs, Status::Due)]
    );
}

#[test]
fn periodic_checks_count_from_the_last() {
    let care = [span("2025-03-01", "")];
    let mut child = life("2024-01-01");
    child.care = &care;
    let table: [(&[Record<'_>], &str, &str); 7] = [
        // None yet: from the first day, or the age at which it begins.
        (
            &[][..],
            "PERIODIC",
            "2025-03-01 2025-09-01 2025-10-01 2031-01-01",
        ),
        (
            &[],
            "HB_YEARLY",
            "2025-03-01 2026-03-01 2026-03-31 2031-01-01",
        ),
        (
            &[],
            "VISION_YEARLY",
            "2028-01-01 2029-01-01 2029-01-31 2031-01-01",
        ),
        (
            &[],
            "HEARING_YEARLY",
            "2025-03-01 2026-03-01 2026-03-31 2027-01-01",
        ),
        // Twice a year under three, counted from a child health visit too.
        (
            &[("V18", "2025-07-01", &[][..])],
            "PERIODIC",
            "2025-07-01 2026-01-01 2026-01-31 2031-01-01",
        ),
        // Six months would lead beyond three years: once a year.
        (
            &[("PERIODIC", "2026-08-01", &[][..])],
            "PERIODIC",
            "2026-08-01 2027-08-01 2027-08-31 2031-01-01",
        ),
        (
            &[("OTHER", "2026-01-10", &["HAEMOGLOBIN"][..])],
            "HB_YEARLY",
            "2026-01-10 2027-01-10 2027-02-09 2031-01-01",
        ),
    ];
    for (records, code, want) in table {
        let found = stands(&child, records, "2025-03-01", code).2;
        assert_eq!(found, want, "{code}");
    }
    let late = [("V24", "2026-02-01", &["HEARING=PASS"][..])];
    let found = stands(&child, &late, "2026-02-01", "HEARING_YEARLY");
    assert_eq!((found.0, found.1), (Status::NotApplicable, Reason::PastAge));
    let first = stands(&child, &[], "2025-10-01", "PERIODIC");
    assert_eq!((first.0, first.1), (Status::Overdue, Reason::Late));
    // A change of facility does not make it young again; a long gap begins a new stay.
    let moved = [span("2025-03-01", "2025-10-15"), span("2025-11-01", "")];
    child.care = &moved;
    assert_eq!(
        stands(&child, &[], "2025-11-01", "PERIODIC").0,
        Status::Overdue
    );
    let apart = [span("2025-03-01", "2025-07-15"), span("2025-11-01", "")];
    child.care = &apart;
    assert_eq!(
        stands(&child, &[], "2025-11-01", "PERIODIC").0,
        Status::Upcoming
    );
}

#[test]
fn the_staffs_certificate_is_yearly() {
    let schedules = Schedules::load().unwrap();
    let at = |issued: Option<&str>, today: &str| {
        let issued: Option<NaiveDate> = issued.map(day);
        let found = staff::certificate(&schedules, issued, day(today)).unwrap();
        (found.status, found.reason)
    };
    assert_eq!(
        at(None, "2026-11-25"),
        (Status::Overdue, Reason::NoCertificate)
    );
    assert_eq!(
        at(Some("2025-11-26"), "2026-10-26"),
        (Status::Upcoming, Reason::NotYet)
    );
    assert_eq!(
        at(Some("2025-11-26"), "2026-10-27"),
        (Status::Due, Reason::InTime)
    );
    assert_eq!(
        at(Some("2025-11-26"), "2026-11-25"),
        (Status::Due, Reason::InTime)
    );
    assert_eq!(
        at(Some("2025-11-25"), "2026-11-25"),
        (Status::Overdue, Reason::Late)
    );
    // Issued on a leap day: valid for a full year.
    assert_eq!(
        at(Some("2024-02-29"), "2025-02-28"),
        (Status::Due, Reason::InTime)
    );
    assert_eq!(
        at(Some("2024-02-29"), "2025-03-01"),
        (Status::Overdue, Reason::Late)
    );
}
