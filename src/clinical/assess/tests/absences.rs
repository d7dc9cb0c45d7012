//! Alerts that rest on an absence: what a schedule asks for and nobody has done.

use super::*;

fn absent(
    today: &str,
    child: &Life<'_>,
    check_ups: &[CheckUp],
) -> (Vec<Raised>, Option<NaiveDate>) {
    let assessed = on(today, child, check_ups);
    let raised = assessed.raised.into_iter();
    let raised = raised.filter(|alert| alert.check_ups.is_empty()).collect();
    (raised, assessed.next_change)
}

fn of(raised: &[Raised]) -> Vec<(&str, &str)> {
    let each = raised.iter();
    each.map(|alert| (alert.rule.as_str(), alert.subject.as_str()))
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
