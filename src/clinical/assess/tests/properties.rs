//! What holds for every history: order does not matter, assessing twice is assessing once, nothing
//! panics, and no alert stands without a rule and inputs.

use proptest::prelude::*;

use super::*;
use crate::clinical::rules::Condition;
use crate::clinical::schedule::CareSpan;
use crate::domain::finding::tests::any_finding;

/// The same girl, in care from her first birthday on.
fn in_care() -> Life<'static> {
    const CARE: &[CareSpan] = &[CareSpan {
        facility: None,
        first_day: NaiveDate::from_ymd_opt(2023, 6, 1).expect("a day"),
        last_day: None,
    }];
    Life {
        care: CARE,
        ..girl()
    }
}

fn any_history() -> impl Strategy<Value = Vec<CheckUp>> {
    let one = (
        prop::collection::vec(any_finding(), 0..10),
        -30..2_700_i64,
        0..4_u32,
        1..3_u32,
        prop::sample::select(CheckUpStatus::ALL.to_vec()),
    );
    prop::collection::vec(one, 0..7).prop_map(|parts| {
        let mut made: Vec<CheckUp> = Vec::new();
        for (mut findings, days, record, revision, status) in parts {
            // One answer to one question, as the constructor demands.
            let mut seen = std::collections::BTreeSet::new();
            let date = girl().birth_date + chrono::TimeDelta::days(days / 7 * 7);
            findings
                .retain(|finding| finding.code().entry().repeats || seen.insert(finding.code()));
            findings.retain(|finding| finding.date().is_none_or(|day| day <= date));
            let parts = CheckUpParts {
                source: if days % 2 == 0 {
                    "hospital".into()
                } else {
                    "mch".into()
                },
                record_id: format!("r{record}"),
                revision,
                status,
                date,
                visit: VisitKind::Other,
                findings,
            };
            let check_up = CheckUp::new(parts, None, None).expect("sound");
            // A revision of a record exists once.
            let key = |c: &CheckUp| {
                (
                    c.source().to_owned(),
                    c.record_id().to_owned(),
                    c.revision(),
                )
            };
            if made.iter().all(|other| key(other) != key(&check_up)) {
                made.push(check_up);
            }
        }
        made
    })
}

/// Results that rules read by themselves, each with three answers.
const SINGLE: &[fn(usize) -> Finding] = &[
    |value| coded("HEARING", ["PASS", "FAIL", "PASS"][value], None),
    |value| coded("ENTRY_CONCLUSION", ["FIT", "DEFERRED", "FIT"][value], None),
    |value| {
        coded(
            "HEARING_DIAGNOSIS",
            ["NORMAL", "LOSS", "NORMAL"][value],
            None,
        )
    },
    |value| haemoglobin([520, 850, 1_180][value]),
    |value| number("VISION_LEFT", [45, 48, 50][value], 1, "1"),
];

proptest! {
    #[test]
    fn the_order_of_check_ups_never_matters(
        (history, shuffled) in any_history().prop_flat_map(|h| (Just(h.clone()), Just(h).prop_shuffle()))
    ) {
        prop_assert!(raised(&history) == raised(&shuffled));
    }

    /// Which of two coded results or quantities of one day counts is not settled by the records' names.
    #[test]
    fn the_names_of_records_never_matter(
        days in prop::collection::vec((0..3_i64, 0..SINGLE.len(), 0..3_usize), 1..6),
    ) {
        let named = |name: &dyn Fn(usize) -> String| {
            let each = days.iter().enumerate().map(|(at, &(n, what, value))| {
                let date = girl().birth_date + chrono::TimeDelta::days(1_000 + n);
                check_up(&name(at), &date.to_string(), vec![SINGLE[what](value)])
            });
            let all: Vec<CheckUp> = each.collect();
            let alerts = raised(&all).into_iter();
            alerts.map(|alert| (alert.rule, alert.level, alert.date)).collect::<Vec<_>>()
        };
        prop_assert_eq!(named(&|at| format!("r{at}")), named(&|at| format!("r{}", 9 - at)));
    }

    #[test]
    fn assessing_twice_is_assessing_once(history in any_history()) {
        let once = raised(&history);
        let doubled: Vec<CheckUp> = history.iter().chain(&history).cloned().collect();
        prop_assert!(once == raised(&history));
        prop_assert!(once == raised(&doubled));
        let mut keys: Vec<_> = once.iter().map(|alert| (&alert.family, &alert.subject, &alert.apart)).collect();
        keys.dedup();
        prop_assert_eq!(keys.len(), once.len());
    }

    #[test]
    fn no_alert_without_a_rule_and_inputs(history in any_history(), days in 0..3_000_i64) {
        let today = girl().birth_date + chrono::TimeDelta::days(days);
        let assessed = on(&today.to_string(), &in_care(), &history);
        let known = |id: &String| history.iter().any(|check_up| check_up.record_id() == id);
        for alert in &assessed.raised {
            let rule = RULES.rules().iter().find(|rule| rule.id == alert.rule);
            let rule = rule.expect("a rule of the set");
            prop_assert_eq!(rule.version, alert.version);
            prop_assert!(!alert.inputs.is_empty() && !alert.source_document.is_empty());
            let absent = matches!(rule.when, Condition::Item { .. });
            prop_assert_eq!(absent, alert.check_ups.is_empty());
            prop_assert_eq!(absent, alert.sources.is_empty());
            prop_assert!(alert.check_ups.iter().all(known));
        }
    }

    /// The index only spares rules that can not apply.
    #[test]
    fn the_index_loses_no_alert(history in any_history(), days in 0..3_000_i64) {
        let today = girl().birth_date + chrono::TimeDelta::days(days);
        let (child, examined) = (in_care(), history.iter().map(examined).collect::<Vec<_>>());
        let read = History::new(&examined);
        let forecast = forecast_over(&SCHEDULES, &child, &read, today);
        let case = Case::new(&RULES.tables, read, &child, &SEA_LEVEL, today, Some(forecast));
        let by_all = standing_by(&RULES, &case, 0..RULES.rules().len());
        prop_assert!(by_all.raised == on(&today.to_string(), &child, &history).raised);
    }

    /// Until the day it names, time alone changes nothing: the sweep that assesses anew may sleep.
    #[test]
    fn the_answer_holds_until_the_day_it_names(
        history in any_history(), days in 0..2_700_i64, later in 0..400_i64,
    ) {
        let today = girl().birth_date + chrono::TimeDelta::days(days);
        let now = on(&today.to_string(), &in_care(), &history);
        let last = match now.next_change {
            Some(change) => {
                prop_assert!(change > today);
                change - chrono::TimeDelta::days(1)
            }
            None => today + chrono::TimeDelta::days(3_000),
        };
        let then = (today + chrono::TimeDelta::days(later)).min(last);
        let then = on(&then.to_string(), &in_care(), &history);
        prop_assert!(then.raised == now.raised);
        prop_assert_eq!(then.next_change, now.next_change);
    }

    #[test]
    fn any_findings_any_child_any_place(
        history in any_history(),
        sex in prop::option::of(prop::sample::select(Sex::ALL.to_vec())),
        gestation_days in prop::option::of(any::<u32>()),
        altitude_m in any::<i32>(),
    ) {
        let child = Life { sex, gestation_days, ..girl() };
        let setting = Setting { altitude_m, ..BANNER };
        for alert in assess_at(&child, &setting, &history) {
            prop_assert!(!alert.sources.is_empty());
            let for_facility = alert.recipients.contains(&Recipient::Facility);
            prop_assert_eq!(for_facility, alert.care_card.facility.is_some());
        }
    }
}
