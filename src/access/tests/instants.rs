//! The instants at which keys open and close: civil days are half-open spans of the region's zone.

use super::situation::{Situation, at, day};
use crate::{
    access::Asker,
    domain::{assignment::Shift, enrolment::EnrolmentState, purpose::Purpose, region::Zone},
};

const LAST: &str = "23:59:59.999999";
const FIRST: &str = "00:00:00.000000";

type Set = fn(&mut Situation);

/// What is set, the instant, and whether the look is permitted then.
#[rustfmt::skip]
const DAILY_CARE: &[(&str, Set, &str, &str, bool)] = &[
    ("agreement, the day before", |s| s.agreement().term.0 = day("2026-10-01"), "2026-09-30", LAST, false),
    ("agreement, first day", |s| s.agreement().term.0 = day("2026-10-01"), "2026-10-01", FIRST, true),
    ("agreement, last day", |s| s.agreement().term.1 = day("2026-10-01"), "2026-10-01", LAST, true),
    ("agreement, the day after", |s| s.agreement().term.1 = day("2026-10-01"), "2026-10-02", FIRST, false),
    ("enrolment, the day before", |s| s.enrolment().state = from("2026-10-01"), "2026-09-30", LAST, false),
    ("enrolment, first day", |s| s.enrolment().state = from("2026-10-01"), "2026-10-01", FIRST, true),
    ("enrolment, last day", |s| s.enrolment().state = until("2026-10-01"), "2026-10-01", LAST, true),
    ("enrolment, the day after", |s| s.enrolment().state = until("2026-10-01"), "2026-10-02", FIRST, false),
    ("consent, the day before", |s| s.consent().first_day = day("2026-10-01"), "2026-09-30", LAST, false),
    ("consent, first day", |s| s.consent().first_day = day("2026-10-01"), "2026-10-01", FIRST, true),
    ("consent, last day", |s| s.consent().last_day = day("2026-10-01"), "2026-10-01", LAST, true),
    ("consent, the day after", |s| s.consent().last_day = day("2026-10-01"), "2026-10-02", FIRST, false),
    ("the last day of being thirteen", |s| s.child().birth_date = day("2012-10-02"), "2026-10-01", LAST, true),
    ("the fourteenth birthday", |s| s.child().birth_date = day("2012-10-02"), "2026-10-02", FIRST, false),
    // Born on 29 February: in a year without one the guardian's consent ends a day early, not late.
    ("born on a leap day, thirteen", |s| s.child().birth_date = day("2012-02-29"), "2026-02-27", LAST, true),
    ("born on a leap day, fourteen", |s| s.child().birth_date = day("2012-02-29"), "2026-02-28", FIRST, false),
];

fn from(first: &str) -> EnrolmentState {
    EnrolmentState::Active {
        first_day: day(first),
    }
}

fn until(last: &str) -> EnrolmentState {
    EnrolmentState::Left {
        first_day: day("2026-03-02"),
        last_day: day(last),
    }
}

#[test]
fn daily_care_opens_and_closes_at_midnight_of_the_region() {
    for &(name, set, date, time, permitted) in DAILY_CARE {
        let mut situation = Situation::of(Asker::FacilityStaff, Purpose::DailyCare);
        situation.agreement().term.0 = day("2025-01-01");
        situation.consent().first_day = day("2025-01-01");
        situation.enrolment().state = from("2025-01-01");
        set(&mut situation);
        situation.now = at(&format!("{date} {time}"));
        assert_eq!(
            situation.decide().is_ok(),
            permitted,
            "{name}: {:?}",
            situation.missing()
        );
    }
}

#[test]
fn the_same_instant_is_another_day_in_another_zone() {
    let mut situation = Situation::of(Asker::FacilityStaff, Purpose::DailyCare);
    situation.now = at("2026-09-01 00:30");
    assert!(situation.decide().is_ok());
    // Half an hour past midnight in the east is still August two hours further west.
    situation.zone = Zone::east(6 * 60).unwrap();
    assert!(situation.decide().is_err());
}

#[test]
fn an_expected_child_is_one_until_its_first_day() {
    let entry = |local: &str| {
        let mut situation = Situation::of(Asker::FacilityStaff, Purpose::EntryExamination);
        situation.enrolment().state = from("2026-09-07");
        situation.at(local).decide().is_ok()
    };
    assert!(entry(&format!("2026-09-06 {LAST}")));
    assert!(!entry(&format!("2026-09-07 {FIRST}")));
}

#[test]
fn a_shift_is_a_half_open_span_of_its_weekday() {
    let on_duty = |local: &str| {
        let situation = Situation::of(Asker::Instructor, Purpose::HealthGuidance);
        situation.at(local).decide().is_ok()
    };
    for (local, permitted) in [
        ("2026-09-01 08:29:59.999999", false),
        ("2026-09-01 08:30", true),
        ("2026-09-01 11:29:59.999999", true),
        ("2026-09-01 11:30", false),
        ("2026-09-02 10:00", false),
        ("2026-09-08 10:00", true),
        ("2026-08-25 10:00", false),
        ("2026-12-29 10:00", true),
        ("2027-01-05 10:00", false),
    ] {
        assert_eq!(on_duty(local), permitted, "{local}");
    }
}

#[test]
fn an_assignment_without_hours_holds_all_day_and_one_with_several_in_each() {
    let mut situation = Situation::of(Asker::Instructor, Purpose::HealthGuidance);
    situation.duty().shifts.clear();
    assert!(situation.clone().at("2026-09-05 23:59").decide().is_ok());
    situation.duty().shifts = vec![
        Shift::parse(2, "08:30", "11:30").unwrap(),
        Shift::parse(6, "14:00", "24:00").unwrap(),
    ];
    assert!(situation.clone().at("2026-09-05 23:59").decide().is_ok());
    assert!(situation.clone().at("2026-09-05 13:59").decide().is_err());
    assert!(situation.at("2026-09-01 10:00").decide().is_ok());
}

#[test]
fn a_dispute_counts_what_was_granted_before_it() {
    let urgent = |disputed: &str| {
        let mut situation = Situation::of(Asker::FacilityStaff, Purpose::UrgentSafety);
        situation.child().disputed_since = Some(at(disputed));
        situation.decide().is_ok()
    };
    assert!(urgent("2026-08-25 18:00:00.000001"));
    assert!(!urgent("2026-08-25 18:00:00.000000"));
}

#[test]
fn a_guardian_is_one_from_the_first_day() {
    let mut situation = Situation::of(Asker::Guardian, Purpose::GuardianAccess);
    situation.own_guardianship().first_day = day("2026-09-01");
    assert!(
        situation
            .clone()
            .at(&format!("2026-08-31 {LAST}"))
            .decide()
            .is_err()
    );
    assert!(
        situation
            .at(&format!("2026-09-01 {FIRST}"))
            .decide()
            .is_ok()
    );
}
