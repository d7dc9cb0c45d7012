//! Pushes: retries are harmless, nothing is lost, a bad row fails alone.

use chrono::NaiveDate;
use yuqiao::{
    domain::{
        checkup::{CheckUp, CheckUpParts, CheckUpStatus, VisitKind},
        finding::{Finding, FindingStatus, RawValue},
        identifier::ChildIdentifier,
        organization::OrganizationKind,
        sex::Sex,
    },
    service::{
        Error, Reason,
        push::{Pushes, Row, RowParts, Verdict},
        unmatched,
    },
};

use crate::support::{
    Bench, Party, Raw,
    county::{BORN, County},
    on_every_engine, region,
};

fn haemoglobin(tenths: i64) -> Finding {
    let raw = RawValue::Quantity {
        value: tenths,
        decimals: 1,
        unit: "g/L",
    };
    Finding::parse("HAEMOGLOBIN", raw, FindingStatus::Final, "").unwrap()
}

fn row(bench: &Bench, from: &Party, key: &str, record: (&str, u32), tenths: i64) -> Row {
    let date: NaiveDate = "2026-08-01".parse().unwrap();
    let check_up = CheckUp::new(
        CheckUpParts {
            source: from.id.to_string(),
            record_id: record.0.to_owned(),
            revision: record.1,
            status: CheckUpStatus::Final,
            date,
            visit: VisitKind::V08,
            findings: vec![haemoglobin(tenths)],
        },
        None,
        None,
    )
    .unwrap();
    Row::new(
        &bench.gateway,
        RowParts {
            claim: from.claim.clone(),
            region: region(),
            key: key.to_owned(),
            identifiers: vec![
                ChildIdentifier::parse(ChildIdentifier::BIRTH_CERTIFICATE, "X150000001").unwrap(),
            ],
            birth_date: Some("2025-12-01".parse().unwrap()),
            sex: None,
            check_up,
        },
    )
}

/// Invariant 2. Break it: in `service/push/records.rs`, let `step` ignore the digest of a known key.
#[tokio::test]
async fn the_same_key_gives_the_same_answer_and_other_content_is_refused() {
    on_every_engine(async |bench| {
        let commission = bench.commission().await;
        let hospital = bench
            .party(&commission, OrganizationKind::Hospital, "示例医院")
            .await;
        let pushes = Pushes::start(bench.gateway.clone());
        let first = pushes
            .submit(row(&bench, &hospital, "k1", ("r1", 1), 1040))
            .await
            .unwrap();
        let Verdict::Held {
            check_up,
            replayed: false,
        } = first
        else {
            panic!("{first:?}")
        };
        let again = pushes
            .submit(row(&bench, &hospital, "k1", ("r1", 1), 1040))
            .await
            .unwrap();
        assert_eq!(
            again,
            Verdict::Held {
                check_up,
                replayed: true
            }
        );
        let other_key = pushes
            .submit(row(&bench, &hospital, "k2", ("r1", 1), 1040))
            .await
            .unwrap();
        assert_eq!(
            other_key,
            Verdict::Held {
                check_up,
                replayed: true
            }
        );
        let refused = |v: Verdict, reason: Reason| match v {
            Verdict::Refused(problems) => assert_eq!(problems[0].reason, reason.code()),
            other => panic!("{other:?}"),
        };
        let v = pushes
            .submit(row(&bench, &hospital, "k1", ("r1", 1), 1050))
            .await
            .unwrap();
        refused(v, Reason::IdempotencyKeyReused);
        let v = pushes
            .submit(row(&bench, &hospital, "k3", ("r1", 1), 1050))
            .await
            .unwrap();
        refused(v, Reason::RevisionConflict);
    })
    .await;
}

#[tokio::test]
async fn many_rows_at_once_each_have_their_own_verdict() {
    on_every_engine(async |bench| {
        let commission = bench.commission().await;
        let hospital = bench
            .party(&commission, OrganizationKind::Hospital, "示例医院")
            .await;
        let pushes = Pushes::start(bench.gateway.clone());
        let mut waiting = Vec::new();
        for n in 0..300 {
            let (key, record) = (format!("k{}", n % 200), format!("r{}", n % 200));
            // Rows 200 to 299 repeat rows 0 to 99; every tenth of those with other content.
            let value = if n >= 200 && n % 10 == 0 { 999 } else { 1040 };
            let row = row(&bench, &hospital, &key, (&record, 1), value);
            waiting.push(pushes.queue(row).await.unwrap());
        }
        let (mut fresh, mut replayed, mut refused) = (0, 0, 0);
        for verdict in waiting {
            match verdict.await.unwrap().unwrap() {
                Verdict::Held {
                    replayed: false, ..
                } => fresh += 1,
                Verdict::Held { replayed: true, .. } => replayed += 1,
                Verdict::Refused(_) => refused += 1,
                Verdict::Accepted { .. } => panic!("no child is registered"),
            }
        }
        assert_eq!((fresh, replayed, refused), (200, 90, 10));
    })
    .await;
}

#[tokio::test]
async fn a_facility_may_not_push_and_a_stranger_is_told_nothing_else() {
    on_every_engine(async |bench| {
        let commission = bench.commission().await;
        let facility = bench
            .party(
                &commission,
                OrganizationKind::HomeFacility,
                "示例家庭托育点",
            )
            .await;
        let pushes = Pushes::start(bench.gateway.clone());
        let refused = pushes
            .submit(row(&bench, &facility, "k", ("r", 1), 1040))
            .await;
        assert!(matches!(
            refused,
            Err(Error::Refused(Reason::NotForThisOrganization))
        ));
    })
    .await;
}

/// A row about a number, with what is stated besides.
fn stated(
    county: &County,
    bench: &Bench,
    key: &str,
    numbers: &[&ChildIdentifier],
    (birth_date, sex): (&str, Option<Sex>),
) -> Row {
    let parts = CheckUpParts {
        source: county.hospital.id.to_string(),
        record_id: key.to_owned(),
        revision: 1,
        status: CheckUpStatus::Final,
        date: "2026-08-20".parse().unwrap(),
        visit: VisitKind::Other,
        findings: vec![haemoglobin(670)],
    };
    let parts = RowParts {
        claim: county.hospital.claim.clone(),
        region: region(),
        key: key.to_owned(),
        identifiers: numbers.iter().map(|n| (*n).clone()).collect(),
        birth_date: Some(birth_date.parse().unwrap()),
        sex,
        check_up: CheckUp::new(parts, None, None).unwrap(),
    };
    Row::new(&bench.gateway, parts)
}

/// Whoever was born on the same day with the same sex is somebody else. (There is no merging of
/// children at all, so there is none to reverse.)
///
/// Invariant 8. Break it: in `service/push/matching.rs`, let `agrees` pass over the day of birth or
/// the sex, or let `child_of` take the first of two children.
#[tokio::test]
async fn whose_a_check_up_is_is_never_guessed() {
    on_every_engine(async |bench| {
        let county = County::lay_out(&bench, 2).await;
        let pushes = Pushes::start(bench.gateway.clone());
        let [one, two] = [0, 1].map(|n| &county.children[n].number);
        let nobody = ChildIdentifier::BIRTH_CERTIFICATE;
        let nobody = &ChildIdentifier::parse(nobody, "X159999999").unwrap();
        let girl = Some(Sex::Female);
        let cases: [(&str, &[&ChildIdentifier], _, _); 6] = [
            ("k1", &[one], (BORN, girl), None),
            ("k2", &[one, nobody], (BORN, None), None),
            ("k3", &[nobody], (BORN, girl), Some("UNKNOWN_IDENTIFIER")),
            (
                "k4",
                &[one, two],
                (BORN, girl),
                Some("IDENTIFIERS_DISAGREE"),
            ),
            (
                "k5",
                &[one],
                ("2024-03-06", girl),
                Some("BIRTH_DATE_DISAGREES"),
            ),
            ("k6", &[one], (BORN, Some(Sex::Male)), Some("SEX_DISAGREES")),
        ];
        let mut held = Vec::new();
        for (key, numbers, besides, waits) in cases {
            let row = stated(&county, &bench, key, numbers, besides);
            match (pushes.submit(row).await.unwrap(), waits) {
                (Verdict::Accepted { .. }, None) => {}
                (Verdict::Held { .. }, Some(why)) => held.push((key.to_owned(), why.to_owned())),
                (verdict, _) => panic!("{key}: {verdict:?}"),
            }
        }
        let claim = &county.hospital.claim;
        let waiting = unmatched::list(&bench.gateway, claim, region(), "", 10).await;
        let waiting = waiting.unwrap().into_iter();
        // Stored in one instant: their ids stand in no order.
        let mut told: Vec<(String, String)> = waiting
            .map(|row| (row.record_id, row.unmatched_reason.unwrap()))
            .collect();
        told.sort();
        assert_eq!(told, held, "each waits, and says why");
        let mut raw = Raw::connect(&bench.place).await;
        let of = raw
            .texts("SELECT DISTINCT child FROM alerts".to_owned())
            .await;
        assert_eq!(of, [[county.children[0].id.to_string()]]);
    })
    .await;
}
