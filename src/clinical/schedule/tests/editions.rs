//! Editions: what is planned follows the new one, what was decided keeps the old one.

use super::samples::{Record, days, forecast_of, item, life};
use crate::clinical::schedule::{Reason, Schedules, Status, Track};

fn shot<'a>(day: &'a str, doses: &'a [&'a str]) -> Record<'a> {
    ("IMMUNISATION", day, doses)
}

#[test]
fn a_dose_is_judged_by_the_edition_of_its_day() {
    let schedules = Schedules::load().unwrap();
    // Two months old: too young under the 2021 edition, old enough from 2025 on.
    for (birth, given, status, version) in [
        ("2024-10-01", "2024-12-31", Status::Due, "NIP-2026"),
        (
            "2024-10-01",
            "2025-01-01",
            Status::Done,
            "NIP-2021-DTaP2025",
        ),
        ("2024-09-30", "2024-12-30", Status::Done, "NIP-2021"),
    ] {
        forecast_of(
            &schedules,
            &life(birth),
            &[shot(given, &["DTaP-1"])],
            "2026-11-25",
            |f| {
                let found = item(f, Track::Immunisation, "DTaP-1");
                assert_eq!(
                    (found.status, found.schedule_version),
                    (status, version),
                    "{given}"
                );
            },
        );
    }
}

#[test]
fn the_sixth_year_dose_changes_its_name() {
    let schedules = Schedules::load().unwrap();
    let child = life("2018-06-01");
    let four = [
        shot("2018-09-01", &["DTaP-1"]),
        shot("2018-10-01", &["DTaP-2"]),
        shot("2018-11-01", &["DTaP-3"]),
        shot("2019-12-01", &["DTaP-4"]),
    ];
    let names = |records: &[Record<'_>], today| {
        forecast_of(&schedules, &child, records, today, |f| {
            let of = |item: &&crate::clinical::schedule::Item<'_>| {
                item.track == Track::Immunisation && ["DT-1", "DTaP-5"].contains(&item.item)
            };
            let items = f.items.iter().filter(of);
            items
                .map(|item| {
                    format!(
                        "{} {} {}",
                        item.item,
                        item.status.as_str(),
                        item.schedule_version
                    )
                })
                .collect::<Vec<_>>()
        })
    };
    let with = |last| [four[0], four[1], four[2], four[3], last];
    assert_eq!(names(&four, "2024-12-31"), ["DT-1 DUE NIP-2021"]);
    assert_eq!(names(&four, "2025-01-01"), ["DTaP-5 DUE NIP-2021-DTaP2025"]);
    assert_eq!(names(&four, "2026-06-17"), ["DTaP-5 OVERDUE NIP-2026"]);
    let old = with(shot("2024-07-01", &["DT-1"]));
    assert_eq!(names(&old, "2026-11-25"), ["DT-1 DONE NIP-2021"]);
    let other = with(shot("2024-07-01", &["DTaP-5"]));
    assert_eq!(names(&other, "2026-11-25"), ["DT-1 DONE NIP-2021"]);
    // From 2025 on a DT dose fills no place.
    let late = with(shot("2025-02-01", &["DT-1"]));
    assert_eq!(names(&late, "2026-11-25"), ["DTaP-5 OVERDUE NIP-2026"]);
}

#[test]
fn the_day_an_edition_begins_is_a_change_if_a_status_changes() {
    let schedules = Schedules::load().unwrap();
    // Meningococcal A dose 2: late at 18 months before 2026-06-17, at 24 months from then on.
    let child = life("2024-11-01");
    let first = [shot("2025-06-01", &["MPSV-A-1"])];
    forecast_of(&schedules, &child, &first, "2026-06-16", |f| {
        let found = item(f, Track::Immunisation, "MPSV-A-2");
        assert_eq!(found.status, Status::Overdue);
        assert_eq!(f.next_change, Some("2026-06-17".parse().unwrap()));
    });
    forecast_of(&schedules, &child, &first, "2026-06-17", |f| {
        let found = item(f, Track::Immunisation, "MPSV-A-2");
        assert_eq!(found.status, Status::Due);
        assert_eq!(days(found), "2025-09-01 2025-09-01 2026-11-01 -");
    });
}

/// Two editions of a track of one visit.
fn two(second: &str) -> Schedules {
    let first = r#"
track = "CHILD_HEALTH"
version = "A"
valid_from = "2020-01-01"
[[visit]]
item = "V06"
label = "半岁"
due = "6m"
until = "8m"
late_days = 30
visit = "V06"
source = { document = "文件", section = "节" }
"#;
    let second =
        format!("track = \"CHILD_HEALTH\"\nversion = \"B\"\nvalid_from = \"2025-01-01\"\n{second}");
    Schedules::read(&[("b.toml", &second), ("a.toml", first)]).unwrap()
}

const LATER: &str = r#"
[[visit]]
item = "V06"
label = "半岁"
due = "7m"
until = "12m"
late_days = 30
visit = "V06"
source = { document = "文件", section = "节" }
[[visit]]
item = "V08"
label = "八月"
due = "8m"
until = "10m"
late_days = 30
visit = "V08"
source = { document = "文件", section = "节" }
"#;

#[test]
fn a_new_edition_does_not_rewrite_the_past() {
    let schedules = two(LATER);
    let found = |birth: &str, records: &[Record<'_>], today: &str, code: &str| {
        forecast_of(&schedules, &life(birth), records, today, |f| {
            let item = item(f, Track::ChildHealth, code);
            (item.status, item.reason, item.schedule_version.to_owned())
        })
    };
    let aged = |version: &str| (Status::AgedOut, Reason::WindowPassed, version.to_owned());
    // Aged out at eight months in 2024: the twelve months of B don't open it again.
    assert_eq!(found("2024-04-30", &[], "2025-02-01", "V06"), aged("A"));
    // Eight months on the day B begins: B plans it.
    assert_eq!(
        found("2024-05-01", &[], "2025-02-01", "V06"),
        (Status::Overdue, Reason::Late, "B".into())
    );
    // Done under A keeps A's days: on time there.
    let done = (Status::Done, Reason::Done, "A".to_owned());
    assert_eq!(
        found(
            "2024-05-01",
            &[("V06", "2024-11-01", &[])],
            "2025-02-01",
            "V06"
        ),
        done
    );
    // A visit that B adds is not held against one who was past it, and leaves time to the others.
    assert_eq!(
        found("2024-03-01", &[], "2025-01-01", "V08"),
        (Status::NotApplicable, Reason::BeforeSchedule, "B".into())
    );
    assert_eq!(
        found("2024-04-01", &[], "2025-01-02", "V08"),
        (Status::Due, Reason::CatchUp, "B".into())
    );
}
