//! Days away from care: a long absence asks for a check before return, whatever was told first; what
//! can't be is refused; and they are the facility's own.

use chrono::NaiveDate;
use yuqiao::{
    clock::system_chance,
    domain::{
        absence::{Absence, AbsenceDays},
        alert::Category,
        checkup::{CheckUp, CheckUpParts, CheckUpStatus, VisitKind},
        child::Child,
        enrolment::Enrolment,
        id::Id,
    },
    service::{
        Error, Reason, absences,
        caller::Claim,
        consents::Evidence,
        disclosure::Looks,
        enrolments, erasures,
        push::{Pushes, Row, RowParts, Verdict},
    },
    store::{absences::AbsenceRow, alerts},
};

use crate::{
    support::{
        Bench, Raw,
        county::{BORN, County, Ward, day, haemoglobin, shown},
        families::placement,
        on_every_engine, region,
    },
    survival::quiet::settle,
};

/// The alerts over a check before return.
const RETURN: &str = "ENTRY_CHECK_RETURN";

fn away(first: &str, last: &str) -> AbsenceDays {
    AbsenceDays {
        first_day: day(first),
        last_day: (!last.is_empty()).then(|| day(last)),
    }
}

fn reason<T>(answer: Result<T, Error>) -> Reason {
    answer.err().expect("a refusal").reason()
}

/// The field that was refused, and why.
fn problem<T>(answer: Result<T, Error>) -> (String, &'static str) {
    match answer.err().expect("a refusal") {
        Error::Invalid(mut problems) if problems.len() == 1 => {
            let one = problems.remove(0);
            (one.field, one.reason)
        }
        other => panic!("{other:?}"),
    }
}

async fn record(
    bench: &Bench,
    by: &Claim,
    enrolment: Id<Enrolment>,
    corrected: Option<Id<Absence>>,
    days: AbsenceDays,
) -> Result<AbsenceRow, Error> {
    absences::record(&bench.gateway, by, region(), enrolment, corrected, days).await
}

/// The county's hospital makes an entry check and sends it.
async fn entry_check(bench: &Bench, pushes: &Pushes, county: &County, ward: &Ward, date: &str) {
    let from = &county.hospital;
    let record_id = format!("{}@{date}", ward.id);
    let parts = CheckUpParts {
        source: from.id.to_string(),
        record_id: record_id.clone(),
        revision: 1,
        status: CheckUpStatus::Final,
        date: day(date),
        visit: VisitKind::Entry,
        findings: vec![haemoglobin(125)],
    };
    let parts = RowParts {
        claim: from.claim.clone(),
        region: region(),
        key: record_id,
        identifiers: vec![ward.number.clone()],
        birth_date: Some(day(BORN)),
        sex: None,
        check_up: CheckUp::new(parts, None, None).unwrap(),
    };
    let verdict = pushes.submit(Row::new(&bench.gateway, parts)).await;
    assert!(
        matches!(verdict, Ok(Verdict::Accepted { .. })),
        "{verdict:?}"
    );
}

/// What stands of a child: family, rule, and the day it is for.
async fn standing(bench: &Bench, child: Id<Child>) -> Vec<(String, String, NaiveDate)> {
    let mut tx = bench.gateway.store().snapshot().await.unwrap();
    let rows = alerts::standing(&mut tx, region(), &[child]).await.unwrap();
    let mut told: Vec<_> = rows
        .into_iter()
        .map(|a| (a.family, a.rule, a.facts.evidence_first))
        .collect();
    told.sort();
    told
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Away(&'static str, &'static str),
    EntryCheck(&'static str),
}

/// Every order of three steps.
fn orders(of: [Step; 3]) -> Vec<[Step; 3]> {
    let places = [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ];
    places.map(|order| order.map(|at| of[at])).to_vec()
}

/// Break it: in `service/attendance.rs`, leave the absences out, or don't join them; in
/// `service/absences.rs`, leave out `assessment::reassess`.
#[tokio::test]
async fn what_is_told_in_any_order_raises_the_same() {
    on_every_engine(async |bench| {
        let county = County::lay_out(&bench, 12).await;
        let (gateway, staff) = (&bench.gateway, &county.facilities[0].claim);
        let pushes = Pushes::start(gateway.clone());
        // Away in two pieces that together are five months; the check before or during the absence.
        let pieces = [
            Step::Away("2026-04-01", "2026-05-31"),
            Step::Away("2026-06-01", "2026-08-31"),
        ];
        let (early, during) = (
            Step::EntryCheck("2026-03-15"),
            Step::EntryCheck("2026-08-10"),
        );
        let cases = [(early, true), (during, false)].map(|(check, asks)| {
            orders([pieces[0], pieces[1], check])
                .into_iter()
                .map(move |order| (order, asks))
        });
        let mut of_case: [Vec<_>; 2] = Default::default();
        for (ward, (steps, asks)) in county.children.iter().zip(cases.into_iter().flatten()) {
            let enrolled = county.enrol(gateway, 0, ward.id, day("2026-03-01")).await;
            let enrolment = enrolled.unwrap().id;
            for step in steps {
                match step {
                    Step::Away(first, last) => {
                        let days = away(first, last);
                        record(&bench, staff, enrolment, None, days).await.unwrap();
                    }
                    Step::EntryCheck(date) => {
                        entry_check(&bench, &pushes, &county, ward, date).await;
                    }
                }
            }
            let told = standing(&bench, ward.id).await;
            let asked = told.iter().any(|(family, ..)| family == RETURN);
            assert_eq!(asked, asks, "{steps:?}: {told:?}");
            of_case[usize::from(asks)].push(told);
        }
        for told in of_case {
            assert_eq!(told.len(), 6);
            assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:?}");
        }
    })
    .await;
}

/// Nobody writes anything any more: the day on which the absence has lasted three months comes, and the
/// tide asks for the check.
///
/// Break it: in `clinical/schedule/entry.rs::next_turn`, leave out `long`; or in `store/assessments.rs`,
/// the range of `next_day`.
#[tokio::test]
async fn an_absence_becomes_long_by_the_passing_of_days_alone() {
    on_every_engine(async |bench| {
        let county = County::lay_out(&bench, 2).await;
        let (gateway, staff) = (&bench.gateway, &county.facilities[0].claim);
        let (looks, pushes) = (
            Looks::start(gateway.clone()),
            Pushes::start(gateway.clone()),
        );
        let days = (day("2026-09-01"), day("2026-12-31"));
        for ward in &county.children {
            let enrolled = county.enrol(gateway, 0, ward.id, day("2026-03-01")).await;
            let enrolment = enrolled.unwrap().id;
            let granted = county.consent(gateway, 0, ward, &[Category::EntryCheck], days);
            granted.await.unwrap();
            entry_check(&bench, &pushes, &county, ward, "2026-02-25").await;
            // The other child comes back two days before it would need a check.
            let stays_away = ward.id == county.children[0].id;
            let back = if stays_away { "" } else { "2026-09-08" };
            let away = away("2026-06-10", back);
            record(&bench, staff, enrolment, None, away).await.unwrap();
        }
        settle(&bench).await;
        let told = async || {
            let (alerts, _) = shown(&looks, county.morning(0, None)).await.unwrap();
            let of_return = alerts.into_iter().filter(|d| d.row.family == RETURN);
            of_return.map(|d| d.row.child).collect::<Vec<_>>()
        };
        assert!(told().await.is_empty());
        // 9 September, a minute before midnight in China.
        let minute = chrono::TimeDelta::minutes(1);
        bench
            .clock
            .advance(chrono::TimeDelta::days(8) + chrono::TimeDelta::hours(16) - minute);
        settle(&bench).await;
        assert!(told().await.is_empty(), "a day short of three months");
        bench.clock.advance(minute);
        settle(&bench).await;
        assert_eq!(told().await, [county.children[0].id]);
        let mut raw = Raw::connect(&bench.place).await;
        let held = raw.texts(format!(
            "SELECT child FROM inbox_held WHERE recipient = '{}' AND child = '{}'",
            county.facilities[0].id, county.children[0].id
        ));
        assert!(!held.await.is_empty(), "and the facility is told");
    })
    .await;
}

/// Break it: in `service/absences.rs`, check `days` against the enrolment as it was before the lock,
/// or let `list` ask for no facility.
#[tokio::test]
async fn days_that_can_not_be_are_refused_and_another_facility_s_are_not_there() {
    on_every_engine(async |bench| {
        let county = County::lay_out(&bench, 2).await;
        let gateway = &bench.gateway;
        let [ours, theirs] = [0, 1].map(|n| county.facilities[n].claim.clone());
        let child = county.children[0].id;
        let place = placement(child, "2026-09-01");
        let expected = enrolments::expect(gateway, &ours, region(), place)
            .await
            .unwrap();
        let early = record(&bench, &ours, expected.id, None, away("2026-09-01", "")).await;
        assert_eq!(reason(early), Reason::WrongState);
        let enrolled = county
            .enrol(gateway, 0, child, day("2026-08-03"))
            .await
            .unwrap();
        let enrolment = enrolled.id;
        let refused = async |first, last| {
            problem(record(&bench, &ours, enrolment, None, away(first, last)).await)
        };
        let table = [
            (
                "2026-08-02",
                "2026-08-10",
                "first_day",
                "ABSENCE_OUTSIDE_ENROLMENT",
            ),
            ("2026-08-10", "2026-08-09", "last_day", "PERIOD_INVERTED"),
            ("2126-08-10", "", "first_day", "DAY_TOO_FAR"),
            ("2026-08-10", "2126-08-10", "last_day", "DAY_TOO_FAR"),
        ];
        for (first, last, field, why) in table {
            assert_eq!(refused(first, last).await, (field.to_owned(), why));
        }
        let first = record(
            &bench,
            &ours,
            enrolment,
            None,
            away("2026-08-10", "2026-08-14"),
        );
        let first = first.await.unwrap();
        for (from, until) in [
            ("2026-08-14", ""),
            ("2026-08-03", "2026-08-10"),
            ("2026-08-05", ""),
        ] {
            let again = record(&bench, &ours, enrolment, None, away(from, until)).await;
            assert_eq!(reason(again), Reason::AbsenceOverlaps);
        }
        let second = record(&bench, &ours, enrolment, None, away("2026-08-17", "")).await;
        let second = second.unwrap();
        let onto = record(
            &bench,
            &ours,
            enrolment,
            Some(first.id),
            away("2026-08-10", ""),
        )
        .await;
        assert_eq!(reason(onto), Reason::AbsenceOverlaps);
        let inverted = absences::end(gateway, &ours, region(), second.id, day("2026-08-16")).await;
        assert_eq!(
            problem(inverted),
            ("last_day".to_owned(), "PERIOD_INVERTED")
        );

        // After its last day a child is not away.
        let left = county.leave(gateway, 0, enrolment, day("2026-08-28")).await;
        left.unwrap();
        let late = absences::end(gateway, &ours, region(), second.id, day("2026-08-29")).await;
        assert_eq!(
            problem(late),
            ("last_day".to_owned(), "ABSENCE_OUTSIDE_ENROLMENT")
        );
        absences::end(gateway, &ours, region(), second.id, day("2026-08-28"))
            .await
            .unwrap();

        // Of another facility, of another enrolment, and of none: the same.
        let other = county
            .enrol(gateway, 1, child, day("2026-08-03"))
            .await
            .unwrap()
            .id;
        let (none, nothing) = (
            Id::opaque(&mut system_chance()),
            Id::opaque(&mut system_chance()),
        );
        let list = async |claim: &Claim, of| {
            let listed = absences::list(gateway, claim, region(), of, "", 10).await;
            listed.map(|rows| rows.into_iter().map(|row| row.id).collect::<Vec<_>>())
        };
        for strange in [enrolment, none] {
            let days = away("2026-08-10", "");
            let recorded = record(&bench, &theirs, strange, None, days).await;
            assert_eq!(reason(recorded), Reason::NotFound);
            assert_eq!(reason(list(&theirs, Some(strange)).await), Reason::NotFound);
        }
        for strange in [first.id, nothing] {
            let ended = absences::end(gateway, &theirs, region(), strange, day("2026-08-14")).await;
            assert_eq!(reason(ended), Reason::NotFound);
            let deleted = absences::delete(gateway, &theirs, region(), strange).await;
            assert_eq!(reason(deleted), Reason::NotFound);
            let days = away("2026-08-10", "");
            let corrected = record(&bench, &theirs, other, Some(strange), days).await;
            assert_eq!(reason(corrected), Reason::NotFound);
        }
        let both = vec![first.id, second.id];
        assert_eq!(list(&ours, None).await.unwrap(), both);
        assert_eq!(list(&ours, Some(enrolment)).await.unwrap(), both);
        assert!(list(&theirs, None).await.unwrap().is_empty());
        assert!(list(&theirs, Some(other)).await.unwrap().is_empty());
        for stranger in [&county.hospital, &county.commission] {
            let days = away("2026-08-20", "");
            let recorded = record(&bench, &stranger.claim, enrolment, None, days).await;
            assert_eq!(reason(recorded), Reason::NotForThisOrganization);
            let listed = list(&stranger.claim, None).await;
            assert_eq!(reason(listed), Reason::NotForThisOrganization);
        }
    })
    .await;
}

/// Break it: in `store/erasures.rs`, leave the absences.
#[tokio::test]
async fn an_erased_child_was_never_away() {
    on_every_engine(async |bench| {
        let county = County::lay_out(&bench, 2).await;
        let (gateway, staff) = (&bench.gateway, &county.facilities[0].claim);
        let mut enrolments = Vec::new();
        for ward in &county.children {
            let enrolled = county.enrol(gateway, 0, ward.id, day("2026-03-01")).await;
            let enrolment = enrolled.unwrap().id;
            let days = away("2026-04-01", "2026-08-31");
            record(&bench, staff, enrolment, None, days).await.unwrap();
            enrolments.push(enrolment);
        }
        let on = Evidence::Document("测试删除申请".to_owned());
        let office = &county.commission.claim;
        let gone = county.children[0].id;
        erasures::erase(gateway, office, region(), gone, on)
            .await
            .unwrap();
        let mut raw = Raw::connect(&bench.place).await;
        let kept = raw.texts("SELECT child FROM absences".to_owned()).await;
        assert_eq!(kept, [[county.children[1].id.to_string()]]);
        let days = away("2026-04-01", "2026-08-31");
        let again = record(&bench, staff, enrolments[0], None, days).await;
        assert_eq!(reason(again), Reason::NotFound);
    })
    .await;
}
