//! The life of an alert: who may follow it up and decide it is settled, that what is said stays
//! sealed, and that a decision holds until something new is found.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use futures_util::StreamExt;
use yuqiao::{
    access::{Closed, Key},
    clinical::rules::RuleSet,
    domain::{
        actor::ActorRole,
        alert::{AlertState, Decision, FollowUpOutcome, Resolution},
        assignment::Shift,
        checkup::CheckUpStatus,
        child::Child,
        finding::Finding,
        id::Id,
    },
    service::{
        Error, Reason,
        caller::Claim,
        rule_sets::{self, Preview},
    },
    store::{alerts::AlertRow, alerts::Part},
};

use crate::{
    support::{
        Bench, Raw,
        care::{Care, somebody},
        county::{Ward, allergy, coded, day, haemoglobin},
        on_every_engine, region,
    },
    survival::{audit::audit, quiet},
};

fn reason<T>(result: Result<T, Error>) -> Reason {
    result.err().expect("a refusal").reason()
}

/// How many looks the ledger tells of.
async fn looks_told(bench: &Bench) -> u64 {
    let (summary, violations) = audit(bench).await;
    assert!(violations.is_empty(), "{violations:?}");
    summary.looks
}

/// Break it: in `service/disclosure/act.rs`, leave out `must_be_medical` or `must_be_clinician`.
#[tokio::test]
async fn who_sees_an_alert_for_a_medical_purpose_acts_on_it_and_nobody_else() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 1, Vec::new()).await;
        let ward = care.county.children[0].clone();
        care.push(&bench, &ward, "r1", "2026-08-20", haemoglobin(85))
            .await;
        let alert = care.only(&bench, ward.id).await.id;
        let facility = &care.county.facilities[0].claim;
        let colleague = somebody(&bench, &care.county.hospital, ActorRole::Clinician, None).await;
        let head = &care.county.mch.claim;
        for (by, expected) in [
            (facility, Reason::NotForThisOrganization),
            (
                &care.county.commission.claim,
                Reason::NotForThisOrganization,
            ),
            // It sent what the alert rests on; that opens its records, not alerts.
            (&colleague, Reason::NotFound),
        ] {
            assert_eq!(
                reason(care.follow_up(&bench, by, alert, "").await),
                expected
            );
            assert_eq!(
                reason(care.resolve(&bench, by, alert, None, "测试").await),
                expected
            );
        }
        let before = looks_told(&bench).await;
        let decided = care.resolve(&bench, head, alert, None, "测试").await;
        assert_eq!(reason(decided), Reason::ClinicianRequired);
        assert_eq!(looks_told(&bench).await, before + 1, "it saw the alert");
        let nothing = "00000000-0000-4000-8000-000000000000".parse().unwrap();
        let absent = care.follow_up(&bench, &care.clinician, nothing, "").await;
        assert_eq!(reason(absent), Reason::NotFound);
        let state = care.only(&bench, ward.id).await.state;
        assert_eq!(state, AlertState::open(state.since()));

        care.follow_up(&bench, head, alert, "").await.unwrap();
        let seen = care.follow_up(&bench, &care.instructor, alert, "已告知母亲");
        let seen = seen.await.unwrap();
        assert_eq!(seen.row.state.as_str(), "FOLLOWED_UP");
        let followed = seen.row.state.life().followed_up.unwrap();
        assert_eq!(Some(followed.by), care.instructor.actor);
        assert_eq!(followed.outcome, FollowUpOutcome::GuardianInformed);
        // The facility still takes note in its own time.
        let noted = care.acknowledge(&bench, alert).await.unwrap();
        assert_eq!(noted.row.state.as_str(), "FOLLOWED_UP");
        assert!(noted.row.state.life().acknowledged.is_some());

        let resolved = care.resolve(&bench, &care.instructor, alert, None, "复查正常");
        let resolved = resolved.await.unwrap();
        let AlertState::Resolved {
            resolution: Resolution::ByClinician { by, decision },
            acknowledged: Some(_),
            followed_up: Some(_),
            ..
        } = resolved.row.state
        else {
            panic!("{:?}", resolved.row.state)
        };
        assert_eq!(
            (Some(by), decision),
            (care.instructor.actor, Decision::RuledOut)
        );
        assert!(care.standing(&bench, ward.id).await.is_empty());
        let (_, violations) = audit(&bench).await;
        assert!(violations.is_empty(), "{violations:?}");
    })
    .await;
}

#[tokio::test]
async fn an_instructor_acts_within_the_keys_of_health_guidance() {
    on_every_engine(async |bench| {
        let shift = Shift::parse(2, "08:00", "12:00").unwrap();
        let care = Care::of(&bench, 1, vec![shift]).await;
        let ward = care.county.children[0].clone();
        care.push(&bench, &ward, "r1", "2026-08-20", haemoglobin(85))
            .await;
        let alert = care.only(&bench, ward.id).await.id;
        care.follow_up(&bench, &care.instructor, alert, "在班")
            .await
            .unwrap();
        bench.clock.advance(TimeDelta::hours(4));
        let late = care
            .follow_up(&bench, &care.instructor, alert, "下班")
            .await;
        let Err(Error::Denied(denial)) = late else {
            panic!("off shift")
        };
        let missing: Vec<_> = denial.missing().map(|k| (k.key, k.state)).collect();
        assert_eq!(missing, [(Key::Assignment, Err(Closed::OutsideShift))]);
        bench.clock.advance(TimeDelta::hours(7 * 24 - 4));
        let consent = care.consents[0].id;
        care.county.withdraw(&bench.gateway, consent).await.unwrap();
        let stranger = care.follow_up(&bench, &care.instructor, alert, "").await;
        assert_eq!(
            reason(stranger),
            Reason::NotFound,
            "the child's keys are not told"
        );
        // The MCH centre's basis is its statutory duty.
        care.resolve(&bench, &care.clinician, alert, None, "测试")
            .await
            .unwrap();
    })
    .await;
}

/// Invariants 2, 3 and 12. Break it: in `act`, leave out `is_done`, or the comparison with `seen`; in
/// `Sitting::refuse`, don't rise.
#[tokio::test]
async fn a_retry_is_harmless_and_a_decision_is_over_what_was_read() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 1, Vec::new()).await;
        let ward = care.county.children[0].clone();
        care.push(&bench, &ward, "r1", "2026-08-10", haemoglobin(85))
            .await;
        let read = care.only(&bench, ward.id).await;
        care.push(&bench, &ward, "r2", "2026-08-20", haemoglobin(80))
            .await;
        let by = &care.clinician;
        let before = looks_told(&bench).await;
        let blind = care
            .resolve(&bench, by, read.id, Some(read.revision), "测试")
            .await;
        assert_eq!(
            looks_told(&bench).await,
            before + 1,
            "it learns of a newer one"
        );
        assert_eq!(
            reason(blind),
            Reason::EtagMismatch,
            "it was renewed meanwhile"
        );

        let once = care.follow_up(&bench, by, read.id, "一次").await.unwrap();
        bench.clock.advance(TimeDelta::minutes(1));
        let twice = care.follow_up(&bench, by, read.id, "一次").await.unwrap();
        assert_eq!(once.row.state, twice.row.state, "the first time counts");
        let other = care.follow_up(&bench, by, read.id, "又一次").await.unwrap();
        assert_ne!(once.row.state, other.row.state);

        let now = care.only(&bench, ward.id).await;
        let done = care
            .resolve(&bench, by, now.id, Some(now.revision), "已复查")
            .await;
        let done = done.unwrap();
        bench.clock.advance(TimeDelta::minutes(1));
        let again = care
            .resolve(&bench, by, now.id, Some(now.revision), "已复查")
            .await;
        let again = again.unwrap();
        assert_eq!(
            (done.row.state, done.row.revision),
            (again.row.state, again.row.revision)
        );
        let before = looks_told(&bench).await;
        for refused in [
            care.resolve(&bench, by, now.id, None, "另一理由").await,
            care.resolve(&bench, &care.instructor, now.id, None, "已复查")
                .await,
            care.follow_up(&bench, by, now.id, "").await,
            care.acknowledge(&bench, now.id).await,
        ] {
            assert_eq!(reason(refused), Reason::AlertEnded);
        }
        assert_eq!(looks_told(&bench).await, before + 4, "each learns that");
        quiet::check(&bench, &care.county).await;
    })
    .await;
}

/// Invariant 10. Break it: in `open_alert`, let a facility have the words; in `disclosure/facility.rs`,
/// let its staff ask for what was decided.
#[tokio::test]
async fn what_is_said_is_sealed_and_shown_to_the_medical_side_and_the_family_alone() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 1, Vec::new()).await;
        let ward = care.county.children[0].clone();
        care.push(&bench, &ward, "r1", "2026-08-20", haemoglobin(85))
            .await;
        let alert = care.only(&bench, ward.id).await.id;
        let (note, why) = ("已电话告知母亲测试号码", "复查血红蛋白正常测试");
        let facility = &care.county.facilities[0].claim;
        care.follow_up(&bench, &care.instructor, alert, note)
            .await
            .unwrap();
        for (by, told) in [
            (facility, None),
            (&care.instructor, Some(note)),
            (&care.clinician, Some(note)),
        ] {
            let seen = care.sees(&bench, by, Part::Standing).await.unwrap();
            assert_eq!(seen.len(), 1);
            assert_eq!(seen[0].row.state.as_str(), "FOLLOWED_UP");
            assert_eq!(seen[0].follow_up_note.as_ref().map(|n| n.as_str()), told);
        }
        care.resolve(&bench, &care.clinician, alert, None, why)
            .await
            .unwrap();
        let standing = care.sees(&bench, facility, Part::Standing).await;
        assert!(standing.unwrap().is_empty());
        // Nor who decided what: a facility needs no more than that the alert ended.
        let decided = care.sees(&bench, facility, Part::Decided).await;
        assert_eq!(reason(decided), Reason::NotForThisOrganization);
        for (by, told) in [(&care.instructor, Some(why)), (&care.clinician, Some(why))] {
            assert!(
                care.sees(&bench, by, Part::Standing)
                    .await
                    .unwrap()
                    .is_empty()
            );
            let seen = care.sees(&bench, by, Part::Decided).await.unwrap();
            assert_eq!(seen.len(), 1);
            assert_eq!(seen[0].decision_reason.as_ref().map(|r| r.as_str()), told);
        }
        let mut raw = Raw::connect(&bench.place).await;
        for (column, words) in [("follow_up_note", note), ("decision_reason", why)] {
            let stored = raw.blobs(format!(
                "SELECT {column} FROM alerts WHERE {column} IS NOT NULL"
            ));
            let stored = stored.await;
            let words = words.as_bytes();
            assert!(stored[0].len() > words.len());
            assert!(!stored[0].windows(words.len()).any(|part| part == words));
        }
    })
    .await;
}

/// What a child's standing alerts say: the rule, and the days of what each rests on.
async fn told(bench: &Bench, care: &Care, child: Id<Child>) -> BTreeSet<(String, Vec<String>)> {
    let mut raw = Raw::connect(&bench.place).await;
    let days = raw.texts("SELECT id, date FROM check_ups".to_owned()).await;
    let days: BTreeMap<String, String> = days
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    let standing = care.standing(bench, child).await;
    let one = |alert: &AlertRow| {
        let mut on: Vec<String> = alert
            .evidence
            .keys()
            .map(|c| days[&c.to_string()].clone())
            .collect();
        on.sort_unstable();
        (alert.rule.clone(), on)
    };
    standing.iter().map(one).collect()
}

/// Alerts of a family that the shipped rules would raise or take back, were they activated now.
async fn foreseen(bench: &Bench, care: &Care, family: &str) -> u64 {
    let office = &care.county.commission.claim;
    let shipped = RuleSet::load().unwrap().id();
    let preview = rule_sets::preview(&bench.gateway, region(), office, shipped);
    let told: Vec<_> = preview.await.unwrap().collect().await;
    let Some(Ok(Preview::Found(tally))) = told.into_iter().last() else {
        panic!("a preview ends with what it found")
    };
    let of = tally
        .cells
        .iter()
        .filter(|((rule, _), _)| rule.starts_with(family));
    of.map(|(_, counts)| counts.raised + counts.resolved).sum()
}

const ORDERS: [[usize; 3]; 6] = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
];

async fn arrive(bench: &Bench, care: &Care, ward: &Ward, of: &[(&str, Finding)], order: &[usize]) {
    for &which in order {
        let (on, finding) = of[which].clone();
        let record = format!("{}-{on}-{}", ward.id, finding.code().as_str());
        care.push(bench, ward, &record, on, finding).await;
    }
}

/// Break it: in `service/assessment.rs`, let `settles` say yes, or no, always.
#[tokio::test]
async fn a_decision_holds_until_something_new_is_found_in_whatever_order_it_arrives() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 13, Vec::new()).await;
        let wards = care.county.children.clone();
        let known = [
            ("2026-07-01", haemoglobin(85)),
            ("2026-07-02", allergy("鸡蛋")),
            ("2026-06-01", haemoglobin(84)),
        ];
        let later = [
            // Nothing new about either: another matter, and an older value.
            ("2026-06-15", coded("HEARING", "FAIL")),
            ("2026-08-01", haemoglobin(88)),
            ("2026-05-01", haemoglobin(70)),
        ];
        let mut outcomes = BTreeSet::new();
        for (n, ward) in wards.iter().take(12).enumerate() {
            arrive(&bench, &care, ward, &known, &ORDERS[n % 6]).await;
            let standing = care.standing(&bench, ward.id).await;
            assert_eq!(standing.len(), 2);
            for alert in &standing {
                care.resolve(&bench, &care.clinician, alert.id, None, "测试")
                    .await
                    .unwrap();
            }
            assert!(care.standing(&bench, ward.id).await.is_empty());
            let order = ORDERS[(n * 5 + n / 6) % 6];
            // What is not new is met as it arrives, and raises nothing.
            for (at, &which) in order.iter().enumerate() {
                arrive(&bench, &care, ward, &later, &[which]).await;
                let low = order[..=at].contains(&1);
                let anaemia = care.standing(&bench, ward.id).await;
                let anaemia = anaemia.iter().filter(|a| a.family == "ANAEMIA").count();
                assert_eq!(anaemia, usize::from(low), "{order:?} at {at}");
            }
            let old: BTreeSet<_> = standing.iter().map(|a| a.id).collect();
            let now = care.standing(&bench, ward.id).await;
            assert!(now.iter().all(|a| !old.contains(&a.id)), "a new alert");
            outcomes.insert(told(&bench, &care, ward.id).await);
        }
        assert_eq!(outcomes.len(), 1, "{outcomes:?}");
        let outcome = outcomes.first().unwrap();
        let moderate = ("ANAEMIA_MODERATE".to_owned(), vec!["2026-08-01".to_owned()]);
        assert!(outcome.contains(&moderate), "{outcome:?}");
        assert!(
            !outcome.iter().any(|(rule, _)| rule == "ALLERGY"),
            "{outcome:?}"
        );

        let ward = &wards[12];
        arrive(&bench, &care, ward, &known, &[0]).await;
        let mild = care.only(&bench, ward.id).await;
        care.resolve(&bench, &care.clinician, mild.id, None, "测试")
            .await
            .unwrap();
        let moved = foreseen(&bench, &care, "ANAEMIA").await;
        assert_eq!(moved, 0, "a preview knows what was decided");
        // Graver, and then taken back: the decision over the first stands again.
        care.push(&bench, ward, "graver", "2026-08-20", haemoglobin(50))
            .await;
        let graver = care.only(&bench, ward.id).await;
        assert_ne!(graver.id, mild.id);
        let wrong = ("graver", 2, CheckUpStatus::EnteredInError);
        care.push_revision(&bench, ward, wrong, day("2026-08-20"), vec![])
            .await;
        assert!(care.standing(&bench, ward.id).await.is_empty());
        // A corrected record is a new finding: the clinician decided over another.
        let record = format!("{}-2026-07-01-HAEMOGLOBIN", ward.id);
        let corrected = (record.as_str(), 2, CheckUpStatus::Corrected);
        care.push_revision(
            &bench,
            ward,
            corrected,
            day("2026-07-01"),
            vec![haemoglobin(83)],
        )
        .await;
        let raised = care.only(&bench, ward.id).await;
        assert_ne!(raised.id, mild.id);
        quiet::check(&bench, &care.county).await;
    })
    .await;
}

/// A repeated finding renews one alert; what was done about the earlier revision is not claimed for
/// the later one.
#[tokio::test]
async fn a_renewed_alert_is_open_again_whatever_was_done_about_it() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 1, Vec::new()).await;
        let ward = care.county.children[0].clone();
        let by: &Claim = &care.clinician;
        care.push(&bench, &ward, "r1", "2026-08-01", haemoglobin(100))
            .await;
        let first = care.only(&bench, ward.id).await;
        for n in 2..6 {
            care.acknowledge(&bench, first.id).await.unwrap();
            care.follow_up(&bench, by, first.id, "测试").await.unwrap();
            let on = format!("2026-08-{n:02}");
            let value = haemoglobin(100 - 10 * n);
            care.push(&bench, &ward, &format!("r{n}"), &on, value).await;
            let renewed = care.only(&bench, ward.id).await;
            assert_eq!(renewed.id, first.id, "one alert, not ten");
            assert_eq!(renewed.state, AlertState::open(renewed.state.since()));
            assert_eq!(renewed.state.since(), first.state.since());
            let seen = care.sees(&bench, by, Part::Standing).await.unwrap();
            assert!(seen[0].follow_up_note.is_none());
        }
        quiet::check(&bench, &care.county).await;
    })
    .await;
}

/// Two institutions know of the asthma, one also of the inhaler: two alerts, each decided. When the first
/// one's record turns out to be an error the other speaks first, and what was decided stays decided.
///
/// Break it: in `service/assessment.rs`, let `settles` compare with the raised alert's own subject only.
#[tokio::test]
async fn a_decision_holds_whoever_speaks_first() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 1, Vec::new()).await;
        let (county, ward) = (&care.county, care.county.children[0].clone());
        let asthma = || coded("ASTHMA", "PRESENT");
        let found = vec![asthma(), coded("INHALER", "Y")];
        let first = ("r", 1, CheckUpStatus::Final);
        care.push_revision(&bench, &ward, first, day("2026-08-10"), found.clone())
            .await;
        let by_mch = async |record: &str| {
            let version = (record, 1, CheckUpStatus::Final);
            let found = vec![asthma()];
            let row = county.check_up(
                &bench.gateway,
                &county.mch,
                &ward.number,
                record,
                version,
                found,
            );
            care.pushes.submit(row).await.unwrap();
        };
        by_mch("m1").await;
        let standing = care.standing(&bench, ward.id).await;
        let rules: BTreeSet<&str> = standing.iter().map(|alert| alert.rule.as_str()).collect();
        assert_eq!(rules, ["ASTHMA", "ASTHMA_WITH_INHALER"].into());
        for alert in standing {
            let decided = care.resolve(&bench, &care.clinician, alert.id, None, "复查排除");
            decided.await.unwrap();
        }
        assert!(care.standing(&bench, ward.id).await.is_empty());

        let error = ("r", 2, CheckUpStatus::EnteredInError);
        care.push_revision(&bench, &ward, error, day("2026-08-10"), found)
            .await;
        assert!(care.standing(&bench, ward.id).await.is_empty());
        // What is stated anew is another matter.
        by_mch("m2").await;
        assert_eq!(care.only(&bench, ward.id).await.rule, "ASTHMA");
    })
    .await;
}
