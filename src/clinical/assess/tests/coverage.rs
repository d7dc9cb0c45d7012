//! Nothing falls between the shipped rules: none of them is dead, and no finding of an age at which
//! it is asked for raises nothing because a limit of ages lies wrong.

use std::collections::BTreeSet;

use chrono::Months;

use super::*;
use crate::clinical::rules::Condition;
use crate::clinical::schedule::{Absence, CareSpan, Track};
use crate::domain::catalogue::FindingCode;

fn visit(record: &str, date: NaiveDate, visit: VisitKind, findings: Vec<Finding>) -> CheckUp {
    let parts = CheckUpParts {
        source: "hospital".into(),
        record_id: record.into(),
        revision: 1,
        status: CheckUpStatus::Final,
        date,
        visit,
        findings,
    };
    CheckUp::new(parts, None, None).unwrap()
}

fn born(on: NaiveDate) -> Life<'static> {
    Life {
        birth_date: on,
        ..girl()
    }
}

fn after(birth: NaiveDate, days: u64) -> NaiveDate {
    birth.checked_add_days(Days::new(days)).unwrap()
}

/// Rules and subjects raised on every sixth day from birth to the eighth birthday, and on the days
/// around the end of an absence.
fn ever(child: &Life<'_>, check_ups: &[CheckUp]) -> BTreeSet<(String, String)> {
    let days = (0..96 * 31).step_by(6);
    let days = days.map(|days| after(child.birth_date, days));
    let back = child.absences.iter().filter_map(|away| away.last_day);
    let back = back.flat_map(|last| last.iter_days().take(3));
    let raised = days
        .chain(back)
        .flat_map(|today| on(&today.to_string(), child, check_ups).raised);
    raised
        .map(|alert| (alert.rule.to_owned(), alert.subject))
        .collect()
}

/// A rule on a schedule that no child can come to is a promise nobody keeps: each of the items it
/// names is raised for some child, one registered on the day of its birth as well.
#[test]
fn every_shipped_rule_on_a_schedule_can_fire() {
    let optional = [Track::Mongolian];
    let mut fired = BTreeSet::new();
    for birth in ["2016-03-10", "2019-03-10", "2026-07-10"].map(day) {
        let care = [CareSpan {
            facility: None,
            first_day: birth.checked_add_months(Months::new(7)).unwrap(),
            last_day: None,
        }];
        let away = [Absence {
            care: care[0],
            first_day: birth.checked_add_months(Months::new(12)).unwrap(),
            last_day: birth.checked_add_months(Months::new(16)),
        }];
        let dose = |code: &str| vec![coded("VACCINE_DOSE", code, None)];
        let at = |months| birth.checked_add_months(Months::new(months)).unwrap();
        let guided = [VisitKind::Eye, VisitKind::Tcm, VisitKind::Mongolian].map(|kind| {
            let seen = vec![coded("EYE_POSITION", "NORMAL", None)];
            visit(kind.as_str(), at(1), kind, seen)
        });
        let late = |code: &str, months| {
            [visit(
                "dose",
                at(months),
                VisitKind::Immunisation,
                dose(code),
            )]
        };
        // No live vaccine of JE and hepatitis A: then the inactivated ones are planned.
        let inactivated =
            ["JE-L", "HepA-L"].map(|code| coded("VACCINE_CONTRAINDICATED", code, None));
        let inactivated = [dose("BCG-1"), inactivated.to_vec()].concat();
        let histories: [Vec<CheckUp>; 6] = [
            vec![visit("no", at(1), VisitKind::Immunisation, inactivated)],
            vec![],
            guided.to_vec(),
            late("BCG-1", 1).to_vec(),
            late("JE-I-1", 8).to_vec(),
            late("HepA-I-1", 18).to_vec(),
        ];
        for check_ups in histories {
            for known_since in [None, Some(birth)] {
                let child = Life {
                    known_since,
                    care: &care,
                    absences: &away,
                    optional: &optional,
                    ..born(birth)
                };
                fired.extend(ever(&child, &check_ups));
            }
        }
    }
    let can = |rule: &str, item: Option<&String>| {
        let mut all = fired.iter();
        all.any(|(id, subject)| id == rule && item.is_none_or(|item| item == subject))
    };
    let mut never: Vec<&str> = Vec::new();
    for rule in RULES.rules() {
        let Condition::Item { items, .. } = &rule.when else {
            continue;
        };
        assert!(can(&rule.id, None), "{} can never fire", rule.id);
        let dead = items.iter().filter(|item| !can(&rule.id, Some(item)));
        never.extend(dead.map(String::as_str));
    }
    // The document asks for these "as soon as possible" and sets no term; a later dose has one.
    let no_term = [
        "HepB-2", "IPV-1", "IPV-2", "DTaP-1", "DTaP-2", "JE-I-1", "JE-I-2",
    ];
    assert_eq!(never, no_term);
}

/// A home visit is late early enough to be made still, for a child registered within its first week.
#[test]
fn the_home_visit_is_late_while_it_can_be_made() {
    for registered in 0..7 {
        let birth = day("2026-03-01");
        let child = Life {
            known_since: Some(after(birth, registered)),
            ..born(birth)
        };
        let late = (0..28).filter(|&days| {
            let raised = on(&after(birth, days).to_string(), &child, &[]).raised;
            raised.iter().any(|a| a.rule == "CHECK_UP_OVERDUE_V00")
        });
        assert!(late.count() >= 7, "registered on day {registered}");
    }
}

fn jaundice(code: &str, days: u64) -> Vec<String> {
    let birth = day("2026-03-12");
    let seen = after(birth, days);
    let check_up = visit(
        "a",
        seen,
        VisitKind::Other,
        vec![coded("JAUNDICE", code, None)],
    );
    let raised = on(&seen.to_string(), &born(birth), &[check_up]).raised;
    let of = raised
        .into_iter()
        .filter(|alert| alert.family == "JAUNDICE");
    of.map(|alert| alert.rule.to_owned()).collect()
}

/// V01 is from day 28 to the second month's end: the graver a jaundice, the less it may be overlooked.
#[test]
fn jaundice_is_told_at_every_age_at_which_it_is_none_of_a_newborn_s() {
    for days in 0..365 {
        for code in ["FACE", "TRUNK", "LIMBS", "PALMS_SOLES"] {
            let expected = match (code, days) {
                (_, 0 | 1) => "JAUNDICE_FIRST_DAY",
                ("PALMS_SOLES", _) => "JAUNDICE_PALMS_SOLES",
                ("LIMBS", _) => "JAUNDICE_LIMBS",
                (_, 15..) => "JAUNDICE_PROLONGED",
                // The face of a newborn of a few days is often yellow.
                _ => "",
            };
            let told = jaundice(code, days);
            assert_eq!(
                told.first().map_or("", String::as_str),
                expected,
                "{code} {days}"
            );
        }
        assert!(jaundice("NONE", days).is_empty());
    }
}

/// A child that must not have live vaccines without a doctor's word is not told to get them.
#[test]
fn no_live_vaccine_is_urged_on_a_child_whose_defences_are_low() {
    let live = [
        "BCG-1", "bOPV-3", "bOPV-4", "MMR-1", "MMR-2", "JE-L-1", "JE-L-2", "HepA-L-1",
    ];
    let of_live = |raised: &[Raised]| -> Vec<String> {
        let late = raised.iter().filter(|a| live.contains(&a.subject.as_str()));
        late.map(|alert| alert.subject.clone()).collect()
    };
    let dose = check_up(
        "a",
        "2022-07-02",
        vec![coded("VACCINE_DOSE", "HepB-2", None)],
    );
    let first_a_doctor = [
        ("IMMUNE_DEFICIENCY", "IMMUNISATION_LIVE_ASSESS_FIRST"),
        (
            "NEPHROTIC_SYNDROME",
            "IMMUNISATION_LIVE_ASSESS_FIRST_NEPHROTIC",
        ),
    ];
    for (code, rule) in first_a_doctor {
        no_live_vaccine_is_urged(&dose, code, rule, &live, of_live);
    }
}

fn no_live_vaccine_is_urged(
    dose: &CheckUp,
    code: &str,
    rule: &str,
    live: &[&str],
    of_live: impl Fn(&[Raised]) -> Vec<String>,
) {
    let ill = check_up("b", "2022-08-01", vec![coded("CONDITION", code, None)]);
    let well = vec![coded("CONDITION_RULED_OUT", code, None)];
    let well = check_up("c", "2027-07-01", well);
    let mut urged = BTreeSet::new();
    for days in (70..365 * 7).step_by(10) {
        let today = after(girl().birth_date, days).to_string();
        let healthy = on(&today, &girl(), std::slice::from_ref(dose)).raised;
        urged.extend(of_live(&healthy));
        let told = on(&today, &girl(), &[dose.clone(), ill.clone()]).raised;
        assert_eq!(of_live(&told), Vec::<String>::new(), "{today}");
        let first = told.iter().find(|a| a.rule == rule);
        // Nobody who may not know of the illness is told it in another category's words.
        let recipients = first.map(|alert| alert.recipients);
        assert_eq!(recipients, Some(&[Recipient::Guardian, Recipient::Mch][..]));
        // The inactivated ones are as due as any child's.
        assert_eq!(
            told.iter().any(|alert| alert.subject == "DTaP-3"),
            healthy.iter().any(|alert| alert.subject == "DTaP-3"),
        );
    }
    assert_eq!(urged.len(), live.len(), "{urged:?}");
    let today = "2027-07-02";
    let again = on(today, &girl(), &[dose.clone(), ill, well]).raised;
    assert!(!of_live(&again).is_empty());
}

/// An institution that looked at the eyes in whatever way records eye care here: then a later look
/// that is missing is missing.
#[test]
fn eye_care_is_late_for_a_child_with_any_finding_of_the_eyes() {
    let seen = [
        coded("RED_REFLEX", "NORMAL", None),
        coded("EYE_POSITION", "NORMAL", None),
        number("VISION_LEFT", 50, 1, "1"),
    ];
    for finding in seen {
        let what = finding.code().as_str();
        let check_ups = [check_up("a", "2023-06-03", vec![finding])];
        let raised = on("2025-07-05", &girl(), &check_ups).raised;
        assert!(
            raised.iter().any(|a| a.rule == "EYE_CARE_OVERDUE"),
            "{what}"
        );
    }
    let other = [check_up("a", "2023-06-03", vec![haemoglobin(1200)])];
    let raised = on("2025-07-05", &girl(), &other).raised;
    assert!(!raised.iter().any(|a| a.rule == "EYE_CARE_OVERDUE"));
}

/// What an early visit measured is judged by the limits of the visit's age.
#[test]
fn an_early_visit_falls_under_no_limit_of_another_age() {
    let birth = girl().birth_date;
    let rules = |at: VisitKind, months: u32, early: u64, finding: Finding| -> Vec<String> {
        let nominal = birth.checked_add_months(Months::new(months)).unwrap();
        let seen = nominal.checked_sub_days(Days::new(early)).unwrap();
        let check_up = visit("a", seen, at, vec![finding]);
        let raised = on(&seen.to_string(), &girl(), &[check_up])
            .raised
            .into_iter();
        let about = [Category::Vision, Category::Nutrition];
        let raised = raised.filter(|a| about.contains(&a.category) && !a.check_ups.is_empty());
        raised.map(|alert| alert.rule.to_owned()).collect()
    };
    for early in 0..=14 {
        let acuity = |tenths| number("VISION_LEFT", tenths, 1, "1");
        let four = rules(VisitKind::V48, 48, early, acuity(48));
        assert_eq!(four, ["VISION_LOW_4_YEARS"], "{early}");
        let five = rules(VisitKind::V60, 60, early, acuity(49));
        assert_eq!(five, ["VISION_LOW_5_YEARS"], "{early}");
        let half = rules(VisitKind::V06, 6, early, haemoglobin(1050));
        assert_eq!(half, ["ANAEMIA_MILD"], "{early}");
        let six = rules(VisitKind::V72, 72, early, haemoglobin(1150));
        assert_eq!(six, ["ANAEMIA_MILD_FROM_6_YEARS"], "{early}");
    }
}

/// Haemoglobin has an answer at every age: what is too low by any limit is told, once.
#[test]
fn no_age_lies_between_two_limits_of_haemoglobin() {
    let birth = girl().birth_date;
    for days in 0..84 * 30 {
        let seen = after(birth, days);
        for (tenths, least) in [(590, Level::Urgent), (890, Level::High)] {
            let check_up = visit("a", seen, VisitKind::Other, vec![haemoglobin(tenths)]);
            let raised = on(&seen.to_string(), &girl(), &[check_up]).raised;
            let of = raised.iter().filter(|alert| alert.family == "ANAEMIA");
            let told: Vec<Level> = of.map(|alert| alert.level).collect();
            // Below 90 a newborn is seen on the same day, not within a week.
            let want = if days < 28 { Level::Urgent } else { least };
            assert_eq!(told, [want], "{tenths} on day {days}");
        }
    }
}

#[test]
fn what_an_examination_found_goes_to_no_facility() {
    for rule in RULES.rules() {
        let kept = [FindingCode::Skin, FindingCode::Jaundice, FindingCode::Alt];
        let reads = match &rule.when {
            Condition::Coded { finding, .. } | Condition::Quantity { finding, .. } => *finding,
            _ => continue,
        };
        if kept.contains(&reads) {
            assert_eq!(rule.category, Category::Examination, "{}", rule.id);
            assert!(
                !rule.recipients.contains(&Recipient::Facility),
                "{}",
                rule.id
            );
        }
    }
}
