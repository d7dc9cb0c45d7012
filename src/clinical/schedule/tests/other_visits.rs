//! Eye care, and TCM and Mongolian-medicine guidance: records that name no visit.

use super::samples::{days, forecast_of, in_status, item, life};
use crate::clinical::schedule::{Reason, Schedules, Status, Track};

#[test]
fn eye_care_is_done_by_its_own_record_or_by_the_visit_that_looked_at_the_eyes() {
    let schedules = Schedules::load().unwrap();
    let child = life("2021-03-10");
    let records = [
        ("V48", "2025-03-10", &["VISION_LEFT"][..]),
        ("V36", "2024-03-10", &[]),
        ("EYE", "2021-09-10", &[]),
    ];
    forecast_of(&schedules, &child, &records, "2025-03-11", |f| {
        assert_eq!(in_status(f, Track::EyeCare, Status::Done), ["V06", "V48"]);
        let done = item(f, Track::EyeCare, "V48");
        assert_eq!((done.reason, done.rests_on[0].id), (Reason::Done, "r0"));
        // The visit without a look at the eyes doesn't count, and is no failed attempt either.
        assert_eq!(item(f, Track::EyeCare, "V36").reason, Reason::WindowPassed);
        assert_eq!(
            in_status(f, Track::EyeCare, Status::Upcoming),
            ["V60", "V72"]
        );
        assert_eq!(
            f.items
                .iter()
                .filter(|item| item.track == Track::EyeCare)
                .count(),
            13
        );
    });
}

#[test]
fn a_record_that_names_no_visit_counts_for_one() {
    let schedules = Schedules::load().unwrap();
    let child = life("2025-01-01");
    // Ten days before eight months it fits V06 and V08: the older open one takes it …
    forecast_of(
        &schedules,
        &child,
        &[("EYE", "2025-08-22", &[])],
        "2025-08-25",
        |f| {
            assert_eq!(in_status(f, Track::EyeCare, Status::Done), ["V06"]);
        },
    );
    // … and the next one, if that is done.
    let both = [("EYE", "2025-08-22", &[][..]), ("EYE", "2025-07-01", &[])];
    forecast_of(&schedules, &child, &both, "2025-08-25", |f| {
        assert_eq!(in_status(f, Track::EyeCare, Status::Done), ["V06", "V08"]);
    });
}

#[test]
fn tcm_guidance_runs_to_three_years_and_mongolian_medicine_is_switched_on() {
    let schedules = Schedules::load().unwrap();
    let mut child = life("2024-01-15");
    let records = [("TCM", "2024-07-15", &[][..]), ("V12", "2025-01-15", &[])];
    forecast_of(&schedules, &child, &records, "2025-02-20", |f| {
        assert_eq!(in_status(f, Track::Tcm, Status::Done), ["M06"]);
        assert_eq!(in_status(f, Track::Tcm, Status::Overdue), ["M12"]);
        let last = item(f, Track::Tcm, "M36");
        assert_eq!(days(last), "2027-01-01 2027-01-15 2027-02-14 2027-07-15");
        assert!(f.items.iter().all(|item| item.track != Track::Mongolian));
    });
    child.optional = &[Track::Mongolian];
    let records = [
        ("MONGOLIAN", "2025-01-15", &[][..]),
        ("TCM", "2024-07-15", &[]),
    ];
    forecast_of(&schedules, &child, &records, "2025-02-20", |f| {
        assert_eq!(in_status(f, Track::Mongolian, Status::Done), ["M12"]);
        assert_eq!(in_status(f, Track::Mongolian, Status::AgedOut), ["M06"]);
        assert_eq!(in_status(f, Track::Tcm, Status::Done), ["M06"]);
    });
}
