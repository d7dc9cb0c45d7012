//! The immunisation programme (domain reference 3.8): days, intervals, alternatives, invalid doses.

use super::samples::{Record, days, forecast_of, in_status, item, life};
use crate::clinical::schedule::{Reason, Schedules, Status, Track};
use crate::domain::sex::Sex;

const TRACK: Track = Track::Immunisation;

fn shot<'a>(day: &'a str, doses: &'a [&'a str]) -> Record<'a> {
    ("IMMUNISATION", day, doses)
}

/// A dose of the table with its status and reason on a day.
fn stands(
    birth: &str,
    records: &[Record<'_>],
    today: &str,
    dose: &str,
) -> (Status, Reason, String) {
    let schedules = Schedules::load().unwrap();
    forecast_of(&schedules, &life(birth), records, today, |f| {
        let found = item(f, TRACK, dose);
        (found.status, found.reason, days(found))
    })
}

#[test]
fn the_days_of_the_2026_edition() {
    let schedules = Schedules::load().unwrap();
    forecast_of(&schedules, &life("2026-07-01"), &[], "2026-07-01", |f| {
        for (dose, due, overdue, latest) in [
            ("HepB-1", "2026-07-01", "2026-07-03", "-"),
            ("BCG-1", "2026-07-01", "2026-10-01", "2030-07-01"),
            ("HepB-2", "2026-08-01", "-", "-"),
            ("IPV-1", "2026-09-01", "-", "-"),
            ("DTaP-1", "2026-09-01", "-", "-"),
            ("IPV-2", "2026-10-01", "-", "-"),
            ("bOPV-3", "2026-11-01", "2027-07-01", "-"),
            ("DTaP-2", "2026-11-01", "-", "-"),
            ("HepB-3", "2027-01-01", "2027-07-01", "-"),
            ("DTaP-3", "2027-01-01", "2027-07-01", "-"),
            ("MPSV-A-1", "2027-01-01", "2027-07-01", "-"),
            ("MMR-1", "2027-03-01", "2027-07-01", "-"),
            ("JE-L-1", "2027-03-01", "2027-07-01", "-"),
            // Three months from the planned first dose.
            ("MPSV-A-2", "2027-04-01", "2028-07-01", "-"),
            ("DTaP-4", "2028-01-01", "2028-07-01", "-"),
            ("MMR-2", "2028-01-01", "2028-07-01", "-"),
            ("HepA-L-1", "2028-01-01", "2028-07-01", "-"),
            ("JE-L-2", "2028-07-01", "2029-07-01", "-"),
            ("MPSV-AC-3", "2029-07-01", "2030-07-01", "-"),
            ("bOPV-4", "2030-07-01", "2031-07-01", "-"),
            ("DTaP-5", "2032-07-01", "2033-07-01", "-"),
            ("MPSV-AC-4", "2032-07-01", "2033-07-01", "-"),
        ] {
            assert_eq!(
                days(item(f, TRACK, dose)),
                format!("{due} {due} {overdue} {latest}"),
                "{dose}"
            );
        }
        let other = [
            "JE-I-1", "JE-I-2", "HepA-I-1", "JE-I-3", "HepA-I-2", "JE-I-4",
        ];
        for dose in other {
            assert_eq!(item(f, TRACK, dose).reason, Reason::OtherOption, "{dose}");
        }
        for dose in ["2vHPV-1", "2vHPV-2"] {
            assert_eq!(item(f, TRACK, dose).reason, Reason::SexUnknown);
        }
        assert_eq!(
            f.items.iter().filter(|item| item.track == TRACK).count(),
            30
        );
    });
    let mut girl = life("2026-07-01");
    girl.sex = Some(Sex::Female);
    forecast_of(&schedules, &girl, &[], "2026-07-01", |f| {
        let first = days(item(f, TRACK, "2vHPV-1"));
        assert_eq!(first, "2039-07-01 2039-07-01 2040-07-01 -");
    });
}

#[test]
fn a_dose_waits_for_age_and_interval() {
    use Reason::*;
    use Status::*;
    for (records, today, dose, status, reason, due, overdue) in [
        // Hepatitis B dose 2 late: 60 days to dose 3, beyond the minimum age of six months.
        (
            &[
                shot("2025-01-01", &["HepB-1"]),
                shot("2025-06-01", &["HepB-2"]),
            ][..],
            "2025-07-15",
            "HepB-3",
            Upcoming,
            AfterInterval,
            "2025-07-31",
            "2026-01-01",
        ),
        // Pushed behind its completion age: thirty days from the day it may be given.
        (
            &[shot("2025-12-20", &["HepB-2"])],
            "2026-02-18",
            "HepB-3",
            Due,
            InTime,
            "2026-02-18",
            "2026-03-20",
        ),
        // Two injected live vaccines four weeks apart.
        (
            &[shot("2025-09-01", &["MMR-1"])],
            "2025-09-10",
            "JE-L-1",
            Upcoming,
            AfterLiveVaccine,
            "2025-09-29",
            "2026-01-01",
        ),
        (
            &[shot("2025-09-01", &["MMR-1"])],
            "2025-09-29",
            "JE-L-1",
            Due,
            InTime,
            "2025-09-29",
            "2026-01-01",
        ),
        (
            &[shot("2025-09-01", &["MMR-1"])],
            "2026-01-01",
            "JE-L-1",
            Overdue,
            Late,
            "2025-09-29",
            "2026-01-01",
        ),
        // By mouth, or killed: no spacing.
        (
            &[shot("2025-09-01", &["bOPV-3"])],
            "2025-09-01",
            "MMR-1",
            Due,
            InTime,
            "2025-09-01",
            "2026-01-01",
        ),
        // The dose before is open: the plan stands, and it is said what comes first.
        (
            &[],
            "2026-03-01",
            "DTaP-3",
            Overdue,
            PreviousDoseFirst,
            "2025-07-01",
            "2026-01-01",
        ),
        (&[], "2026-03-01", "DTaP-1", Due, InTime, "2025-03-01", "-"),
        // BCG: after three months only with a negative PPD, and not from four years on.
        (
            &[],
            "2025-03-31",
            "BCG-1",
            Due,
            InTime,
            "2025-01-01",
            "2025-04-01",
        ),
        (
            &[],
            "2025-04-01",
            "BCG-1",
            Overdue,
            NeedsPpd,
            "2025-01-01",
            "2025-04-01",
        ),
        (
            &[],
            "2029-01-01",
            "BCG-1",
            AgedOut,
            WindowPassed,
            "2025-01-01",
            "2025-04-01",
        ),
        (
            &[],
            "2025-01-02",
            "HepB-1",
            Due,
            InTime,
            "2025-01-01",
            "2025-01-03",
        ),
        (
            &[],
            "2025-01-03",
            "HepB-1",
            Overdue,
            Late,
            "2025-01-01",
            "2025-01-03",
        ),
    ] {
        let found = stands("2025-01-01", records, today, dose);
        let latest = if dose == "BCG-1" { "2029-01-01" } else { "-" };
        assert_eq!(
            found,
            (status, reason, format!("{due} {due} {overdue} {latest}")),
            "{dose} {today}"
        );
    }
}

#[test]
fn an_invalid_dose_is_given_again_and_the_series_never_restarts() {
    let schedules = Schedules::load().unwrap();
    let child = life("2026-07-01");
    let at = |records: &[Record<'_>], today: &str, want: &[(&str, Status, Reason, &str)]| {
        forecast_of(&schedules, &child, records, today, |f| {
            for &(dose, status, reason, due) in want {
                let found = item(f, TRACK, dose);
                assert_eq!(
                    (found.status, found.reason),
                    (status, reason),
                    "{dose} {today}"
                );
                assert_eq!(found.due.unwrap().to_string(), due, "{dose} {today}");
            }
        });
    };
    use Reason::{DoseInvalid, NotYet};
    use Status::{Done, Due, Upcoming};
    // A day before two months: too young.
    let early = [shot("2026-08-31", &["DTaP-1"])];
    at(
        &early,
        "2026-09-10",
        &[("DTaP-1", Upcoming, DoseInvalid, "2026-09-28")],
    );
    at(
        &early,
        "2026-09-28",
        &[("DTaP-1", Due, DoseInvalid, "2026-09-28")],
    );
    // The sender counts on, or repeats the name: the place is filled either way.
    for name in ["DTaP-1", "DTaP-2"] {
        let name = [name];
        let again = [early[0], shot("2026-10-01", &name)];
        at(
            &again,
            "2026-10-01",
            &[
                ("DTaP-1", Done, Reason::Done, "2026-09-01"),
                ("DTaP-2", Upcoming, NotYet, "2026-11-01"),
            ],
        );
    }
    // Twenty-seven days after the dose before.
    let close = [
        shot("2026-11-05", &["DTaP-1"]),
        shot("2026-12-02", &["DTaP-2"]),
    ];
    at(
        &close,
        "2026-12-29",
        &[("DTaP-2", Upcoming, DoseInvalid, "2026-12-30")],
    );
    let far = [
        shot("2026-11-05", &["DTaP-1"]),
        shot("2026-12-03", &["DTaP-2"]),
    ];
    at(
        &far,
        "2026-12-29",
        &[
            ("DTaP-2", Done, Reason::Done, "2026-11-01"),
            ("DTaP-3", Upcoming, NotYet, "2027-01-01"),
        ],
    );
    // Born on the 31st: a month is complete on the last day of February, though planned for 1 March.
    let records = [shot("2026-02-28", &["HepB-2"])];
    let found = stands("2026-01-31", &records, "2026-03-05", "HepB-2");
    assert_eq!((found.0, found.1), (Done, Reason::Done));
}

#[test]
fn records_come_in_any_order_twice_and_with_gaps() {
    let schedules = Schedules::load().unwrap();
    let child = life("2025-01-01");
    let records = [
        shot("2026-07-10", &["DTaP-4", "MMR-2"]),
        shot("2025-01-01", &["HepB-1", "BCG-1"]),
        // The same dose from another source.
        shot("2025-01-01", &["HepB-1"]),
        shot("2025-01-04", &["HepB-1"]),
    ];
    forecast_of(&schedules, &child, &records, "2026-11-25", |f| {
        let done = in_status(f, TRACK, Status::Done);
        assert_eq!(done, ["HepB-1", "BCG-1", "DTaP-4", "MMR-2"]);
        assert_eq!(
            item(f, TRACK, "HepB-1").done,
            Some("2025-01-01".parse().unwrap())
        );
        // Nobody sends the fourth dose without the three before.
        for dose in ["DTaP-1", "DTaP-2", "DTaP-3", "MMR-1"] {
            let found = item(f, TRACK, dose);
            assert_eq!(
                (found.status, found.reason),
                (Status::NotApplicable, Reason::LaterDoseGiven)
            );
        }
        assert_eq!(item(f, TRACK, "HepB-3").status, Status::Overdue);
    });
}

#[test]
fn two_doses_of_a_series_on_one_day_are_one_in_either_order() {
    for doses in [["DTaP-1", "DTaP-2"], ["DTaP-2", "DTaP-1"]] {
        let records = [shot("2026-11-05", &doses)];
        let found = |dose| stands("2026-07-01", &records, "2026-12-03", dose);
        assert_eq!(found("DTaP-1").0, Status::Done);
        let second = found("DTaP-2");
        assert_eq!((second.0, second.1), (Status::Due, Reason::DoseInvalid));
        assert!(second.2.starts_with("2026-12-03"), "{}", second.2);
    }
}

#[test]
fn of_alternatives_the_one_begun_is_followed() {
    let schedules = Schedules::load().unwrap();
    let child = life("2025-01-01");
    let open = |records: &[Record<'_>], doses: &[&str], spared: &[&str]| {
        forecast_of(&schedules, &child, records, "2027-02-01", |f| {
            for dose in doses {
                let found = item(f, TRACK, dose);
                let is_open = [Status::Due, Status::Overdue, Status::Upcoming];
                assert!(is_open.contains(&found.status), "{dose}: {found:?}");
            }
            for dose in spared {
                assert_eq!(item(f, TRACK, dose).reason, Reason::OtherOption, "{dose}");
            }
        });
    };
    open(
        &[],
        &["JE-L-1", "HepA-L-1"],
        &["JE-I-1", "JE-I-4", "HepA-I-1", "HepA-I-2"],
    );
    let killed = [
        shot("2025-09-01", &["JE-I-1"]),
        shot("2025-09-08", &["JE-I-2"]),
    ];
    open(&killed, &["JE-I-3", "JE-I-4"], &["JE-L-1", "JE-L-2"]);
    // Begun with one, completed with the other: nothing is missing.
    let both = [
        shot("2026-07-01", &["HepA-I-1"]),
        shot("2027-01-05", &["HepA-L-1"]),
    ];
    open(&both, &[], &["HepA-I-2"]);
    // The live one is contraindicated: the killed one is offered.
    let ill = [(
        "OUTPATIENT",
        "2025-08-01",
        &["VACCINE_CONTRAINDICATED=JE-L"][..],
    )];
    open(&ill, &["JE-I-1", "JE-I-2"], &["JE-L-1"]);
}

#[test]
fn a_contraindication_stands_until_it_is_cleared() {
    let said = |texts: &'static [&'static str], day| ("OUTPATIENT", day, texts);
    let no: &[&str] = &["VACCINE_CONTRAINDICATED=MMR"];
    let yes: &[&str] = &["VACCINE_CLEARED=MMR"];
    let status = |records: &[Record<'_>]| stands("2025-01-01", records, "2026-03-01", "MMR-1").0;
    assert_eq!(status(&[said(no, "2025-10-01")]), Status::Contraindicated);
    assert_eq!(
        status(&[said(no, "2025-10-01"), said(yes, "2025-12-01")]),
        Status::Overdue
    );
    assert_eq!(
        status(&[said(yes, "2025-10-01"), said(no, "2025-12-01")]),
        Status::Contraindicated
    );
    // Of one day's two answers the cautious one stands, in either order.
    assert_eq!(
        status(&[said(yes, "2025-10-01"), said(no, "2025-10-01")]),
        Status::Contraindicated
    );
    assert_eq!(
        status(&[said(no, "2025-10-01"), said(yes, "2025-10-01")]),
        Status::Contraindicated
    );
    // What was given stays given.
    assert_eq!(
        status(&[said(no, "2025-10-01"), shot("2025-09-01", &["MMR-1"])]),
        Status::Done
    );
    assert_eq!(
        stands(
            "2025-01-01",
            &[said(no, "2025-10-01")],
            "2026-03-01",
            "JE-L-1"
        )
        .0,
        Status::Overdue
    );
}

#[test]
fn one_who_came_late_catches_up() {
    let schedules = Schedules::load().unwrap();
    let mut child = life("2025-01-01");
    child.known_since = Some("2026-03-10".parse().unwrap());
    forecast_of(&schedules, &child, &[], "2026-03-15", |f| {
        let found = item(f, TRACK, "MMR-1");
        assert_eq!((found.status, found.reason), (Status::Due, Reason::CatchUp));
        assert_eq!(days(found), "2025-09-01 2025-09-01 2026-04-09 -");
        assert_eq!(in_status(f, TRACK, Status::Overdue), [""; 0]);
    });
    child.known_since = Some("2029-01-01".parse().unwrap());
    forecast_of(&schedules, &child, &[], "2029-01-01", |f| {
        assert_eq!(item(f, TRACK, "BCG-1").reason, Reason::BeforeKnown);
    });
}
