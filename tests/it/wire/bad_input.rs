//! Bad input is met with grace: a stable reason, the field, words for a clerk, and nothing stored.

use std::time::Duration;

use tonic::Code;
use yuqiao::rpc::wire::{
    self, CheckUpStatus, IdentifierKind, OrganizationKind, Outcome, Problem, PushRequest,
};

use crate::support::{
    clients::{Client, PARENT, is_chinese, refused_with},
    cut::Cut,
    server::on_every_server,
    wire_county::{County, ago, birth, coded, haemoglobin, number, quantity, row, today},
};

/// A resident ID whose check character should be `X`, and a social credit code whose last should be
/// another.
const WRONG_RESIDENT_ID: &str = "150627202404089981";
const WRONG_CREDIT_CODE: &str = "91110000600037341M";

/// The problems of a refused row, each with words for a clerk.
#[track_caller]
fn problems(told: &wire::PushResponse) -> Vec<(&str, &str)> {
    assert_eq!(told.outcome(), Outcome::Refused, "{told:?}");
    assert!(told.check_up.is_empty() && !told.replayed, "{told:?}");
    assert!(told.problems.iter().all(|p| is_chinese(&p.message_zh)));
    let told = told.problems.iter();
    told.map(|Problem { field, reason, .. }| (field.as_str(), reason.as_str()))
        .collect()
}

/// How many check-ups of the hospital are there, matched or waiting.
async fn stored(hospital: &Client) -> usize {
    let request = wire::ListCheckUpsRequest {
        parent: PARENT.to_owned(),
        page_size: 500,
        ..Default::default()
    };
    let matched = hospital.exchange().list_check_ups(request).await.unwrap();
    let request = wire::ListUnmatchedRequest {
        parent: PARENT.to_owned(),
        page_size: 500,
        ..Default::default()
    };
    let waiting = hospital.exchange().list_unmatched(request).await.unwrap();
    matched.into_inner().check_ups.len() + waiting.into_inner().check_ups.len()
}

fn weight(grams: i64) -> wire::Finding {
    quantity("WEIGHT", grams, 0, "g")
}

fn began(day: &str) -> wire::Finding {
    wire::Finding {
        code: "ONSET_DATE".to_owned(),
        value: Some(wire::finding::Value::Date(day.to_owned())),
        ..Default::default()
    }
}

fn dated(mut row: PushRequest, date: String) -> PushRequest {
    row.check_up.as_mut().unwrap().date = date;
    row
}

fn named(mut row: PushRequest, value: &str) -> PushRequest {
    let check_up = row.check_up.as_mut().unwrap();
    let identifiers = &mut check_up.subject.as_mut().unwrap().identifiers;
    identifiers[0].kind = IdentifierKind::ResidentId.into();
    value.clone_into(&mut identifiers[0].value);
    row
}

/// Break it: in `domain/finding.rs`, let the units trap pass; in `domain/identifier/resident_id.rs`,
/// ignore the check character.
#[tokio::test]
async fn a_bad_row_says_what_is_wrong_with_which_field_and_leaves_nothing() {
    on_every_server(async |server| {
        let county = County::at(server).await;
        let family = county.family().await;
        let known = |findings| row(&family.number, "r", findings);
        let stranger = |findings| row(&number(), "r", findings);
        let at = |n: usize, part: &str| format!("check_up.findings[{n}].{part}");
        // Not tomorrow, which may have come meanwhile.
        let ahead = (today() + chrono::Days::new(2)).to_string();
        let before =
            (birth().parse::<chrono::NaiveDate>().unwrap() - chrono::Days::new(1)).to_string();
        let well = || vec![haemoglobin(1200)];
        let date = "check_up.date".to_owned();
        let id = "check_up.subject.identifiers[0].value".to_owned();
        let cases: Vec<(PushRequest, String, &str)> = vec![
            (
                named(known(well()), WRONG_RESIDENT_ID),
                id,
                "RESIDENT_ID_CHECK_DIGIT",
            ),
            (
                dated(known(well()), before.clone()),
                date.clone(),
                "CHECKUP_BEFORE_BIRTH",
            ),
            (
                dated(stranger(well()), before.clone()),
                date.clone(),
                "CHECKUP_BEFORE_BIRTH",
            ),
            (
                dated(known(well()), ahead.clone()),
                date.clone(),
                "CHECKUP_IN_FUTURE",
            ),
            (
                dated(stranger(well()), ahead),
                date.clone(),
                "CHECKUP_IN_FUTURE",
            ),
            (
                dated(known(well()), "2026-02-30".to_owned()),
                date,
                "DATE_MALFORMED",
            ),
            // 9.8 as if kilograms were grams; and a child of a ton.
            (
                known(vec![weight(10)]),
                at(0, "quantity.value"),
                "FINDING_IMPOSSIBLE",
            ),
            (
                known(vec![weight(-9_800)]),
                at(0, "quantity.value"),
                "FINDING_IMPOSSIBLE",
            ),
            (
                known(vec![weight(1_000_000)]),
                at(0, "quantity.value"),
                "FINDING_IMPOSSIBLE",
            ),
            (
                known(vec![quantity("WEIGHT", 98, 1, "kg")]),
                at(0, "quantity.unit"),
                "FINDING_UNIT_WRONG",
            ),
            // 10.4 g/dL is 104 g/L.
            (
                known(vec![haemoglobin(104)]),
                at(0, "quantity.value"),
                "FINDING_PROBABLE_UNIT_ERROR",
            ),
            (
                known(vec![haemoglobin(299)]),
                at(0, "quantity.value"),
                "FINDING_PROBABLE_UNIT_ERROR",
            ),
            (
                known(vec![haemoglobin(1200), coded("HEARING", "MAYBE", "")]),
                at(1, "coded"),
                "FINDING_VALUE_CODE_UNKNOWN",
            ),
            // It began before the child, after the check-up, or on no day.
            (
                known(vec![haemoglobin(1200), began(&before)]),
                at(1, "date"),
                "CHECKUP_FINDING_DATE_IMPOSSIBLE",
            ),
            (
                known(vec![began(&ago(9))]),
                at(0, "date"),
                "CHECKUP_FINDING_DATE_IMPOSSIBLE",
            ),
            (
                known(vec![began("2026-02-30")]),
                at(0, "date"),
                "FINDING_DATE_MALFORMED",
            ),
        ];
        for (bad, field, reason) in cases {
            let told = county.pushes(&bad).await;
            assert_eq!(problems(&told), [(field.as_str(), reason)], "{bad:?}");
        }
        // 30 g/L itself is severe, and possible.
        let severe = county.pushes(&known(vec![haemoglobin(300)])).await;
        assert_eq!(severe.outcome(), Outcome::Accepted, "{severe:?}");

        // Everything wrong with a row is told at once.
        let mut all = named(known(vec![weight(1), haemoglobin(104)]), WRONG_RESIDENT_ID);
        all.idempotency_key.clear();
        all.check_up.as_mut().unwrap().visit = "V99".to_owned();
        let told = county.pushes(&all).await;
        let told: Vec<&str> = problems(&told)
            .into_iter()
            .map(|(_, reason)| reason)
            .collect();
        for reason in [
            "FIELD_REQUIRED",
            "RESIDENT_ID_CHECK_DIGIT",
            "FIELD_MALFORMED",
            "FINDING_IMPOSSIBLE",
            "FINDING_PROBABLE_UNIT_ERROR",
        ] {
            assert!(told.contains(&reason), "{reason}: {told:?}");
        }
        assert_eq!(
            stored(&county.hospital).await,
            1,
            "what was refused left nothing"
        );
    })
    .await;
}

#[tokio::test]
async fn a_wrong_check_character_is_told_wherever_a_number_is_given() {
    on_every_server(async |server| {
        let county = County::at(server).await;
        let family = county.family().await;
        let invalid = |reason| (Code::InvalidArgument, reason);
        let bad = invalid("RESIDENT_ID_CHECK_DIGIT");
        let resident_id = || wire::Identifier {
            kind: IdentifierKind::ResidentId.into(),
            value: WRONG_RESIDENT_ID.to_owned(),
        };
        let request = wire::RegisterChildRequest {
            parent: PARENT.to_owned(),
            child: Some(wire::Child {
                display_name: "测试童".to_owned(),
                sex: wire::Sex::Female.into(),
                birth_date: "2024-04-08".to_owned(),
                identifiers: vec![resident_id()],
                ..Default::default()
            }),
        };
        let answer = county.mch.roster().register_child(request).await;
        refused_with(answer, bad, &[("child.identifiers[0].value", bad.1)]);
        let request = wire::AddIdentifierRequest {
            child: family.child.clone(),
            known: Some(wire::Identifier {
                kind: IdentifierKind::BirthCertificate.into(),
                value: family.number.clone(),
            }),
            identifier: Some(resident_id()),
        };
        let answer = county.mch.roster().add_identifier(request).await;
        refused_with(answer, bad, &[("identifier.value", bad.1)]);
        let request = wire::RecordGuardianshipRequest {
            parent: PARENT.to_owned(),
            guardianship: Some(wire::Guardianship {
                child: family.child.clone(),
                display_name: "测试父".to_owned(),
                relation: wire::Relation::Father.into(),
                resident_id: WRONG_RESIDENT_ID.to_owned(),
                evidence: "BIRTH_CERTIFICATE".to_owned(),
                first_day: birth(),
                phone: "13800000000".to_owned(),
                ..Default::default()
            }),
        };
        let answer = county.mch.roster().record_guardianship(request).await;
        refused_with(answer, bad, &[("guardianship.resident_id", bad.1)]);

        let bad = invalid("SOCIAL_CREDIT_CODE_CHECK_DIGIT");
        let request = wire::InviteOrganizationRequest {
            parent: PARENT.to_owned(),
            organization: Some(wire::Organization {
                kind: OrganizationKind::Hospital.into(),
                display_name: "测试医院".to_owned(),
                social_credit_code: WRONG_CREDIT_CODE.to_owned(),
                ..Default::default()
            }),
            code_hours: 0,
        };
        let answer = county
            .commission
            .directory()
            .invite_organization(request)
            .await;
        refused_with(answer, bad, &[("organization.social_credit_code", bad.1)]);
    })
    .await;
}

#[tokio::test]
async fn a_key_that_was_used_for_other_content_is_refused_and_the_first_answer_stands() {
    on_every_server(async |server| {
        let county = County::at(server).await;
        let family = county.family().await;
        let first = row(&family.number, "r1", vec![haemoglobin(1040)]);
        let accepted = county.pushes(&first).await;
        let mut other = row(&family.number, "r2", vec![haemoglobin(1040)]);
        other.idempotency_key.clone_from(&first.idempotency_key);
        let mut changed = first.clone();
        changed.check_up.as_mut().unwrap().findings = vec![haemoglobin(1050)];
        for bad in [other, changed.clone()] {
            let told = county.pushes(&bad).await;
            let reused = ("idempotency_key", "IDEMPOTENCY_KEY_REUSED");
            assert_eq!(problems(&told), [reused]);
        }
        "another key".clone_into(&mut changed.idempotency_key);
        let told = county.pushes(&changed).await;
        assert_eq!(
            problems(&told),
            [("check_up.revision", "REVISION_CONFLICT")]
        );
        let again = county.pushes(&first).await;
        assert!(
            again.replayed && again.check_up == accepted.check_up,
            "{again:?}"
        );
        assert_eq!(stored(&county.hospital).await, 1);
    })
    .await;
}

/// A valid row too large for one record of TLS, so that half of it arrives.
fn long_row(number: &str) -> PushRequest {
    let allergens = (0..190).map(|n| format!("{}{n}", "测".repeat(190)));
    let found = allergens.map(|text| coded("ALLERGY", "FOOD", &text));
    row(number, "long", found.collect())
}

/// Rows are answered only when they are durable, so those before the cut are there; of the row that
/// was cut there is nothing; and the whole file may be sent again.
#[tokio::test]
async fn a_stream_cut_in_the_middle_of_a_row_leaves_the_rows_before_and_nothing_of_it() {
    on_every_server(async |server| {
        let county = County::at(server).await;
        let family = county.family().await;
        let cut = Cut::before(&server.endpoint()).await;
        let hospital = county.hospital.at(&cut.endpoint).await;
        let mut file: Vec<PushRequest> = (1..=5)
            .map(|n| {
                row(
                    &family.number,
                    &format!("r{n}"),
                    vec![haemoglobin(1000 + n)],
                )
            })
            .collect();
        file.push(long_row(&family.number));
        for (n, row) in (1..).zip(&mut file) {
            row.row = n;
        }

        let (send, rows) = tokio::sync::mpsc::channel(1);
        let rows = tokio_stream::wrappers::ReceiverStream::new(rows);
        let mut verdicts = hospital.exchange().push(rows).await.unwrap().into_inner();
        let mut told = Vec::new();
        for row in &file[..5] {
            send.send(row.clone()).await.unwrap();
            let verdict = verdicts.message().await.unwrap().unwrap();
            assert_eq!(verdict.outcome(), Outcome::Accepted, "{verdict:?}");
            told.push((verdict.row, verdict.check_up));
        }
        cut.after(48 << 10);
        send.send(file[5].clone()).await.unwrap();
        let broken = tokio::time::timeout(Duration::from_secs(20), verdicts.message()).await;
        broken.expect("an end in time").unwrap_err();
        assert!(cut.is_cut());

        // What was answered is there, even when the gateway dies now.
        server.kill();
        server.start().await;
        let hospital = county.hospital.at(&server.endpoint()).await;
        assert_eq!(
            stored(&hospital).await,
            5,
            "nothing of the row that was cut"
        );
        let again = tokio_stream::iter(file.clone());
        let mut verdicts = hospital.exchange().push(again).await.unwrap().into_inner();
        for n in 1..=6 {
            let verdict = verdicts.message().await.unwrap().unwrap();
            assert_eq!(
                (verdict.row, verdict.outcome()),
                (n, Outcome::Accepted),
                "{verdict:?}"
            );
            assert_eq!(verdict.replayed, n <= 5);
            if let Some((_, known)) = told.iter().find(|(row, _)| *row == n) {
                assert_eq!(&verdict.check_up, known);
            }
        }
        assert!(verdicts.message().await.unwrap().is_none());
        assert_eq!(stored(&hospital).await, 6);
    })
    .await;
}

/// Break it: in `rpc/server.rs`, leave out the layer that tells of messages that can't be read.
#[tokio::test]
async fn forty_megabytes_are_refused_in_words_and_the_rows_before_keep_their_verdicts() {
    on_every_server(async |server| {
        let county = County::at(server).await;
        let family = county.family().await;
        let too_large = (Code::ResourceExhausted, "MESSAGE_TOO_LARGE");
        let huge = wire::RenewCertificateRequest {
            certificate_request_pem: "x".repeat(40 << 20),
        };
        let answer = county.commission.directory().renew_certificate(huge).await;
        refused_with(answer, too_large, &[]);

        let small = row(&family.number, "r1", vec![haemoglobin(1040)]);
        let mut huge = row(&family.number, "r2", vec![haemoglobin(1040)]);
        huge.check_up.as_mut().unwrap().record_id = "x".repeat(40 << 20);
        assert_eq!(
            huge.check_up.as_ref().unwrap().status(),
            CheckUpStatus::Final
        );
        let rows = tokio_stream::iter([small, huge]);
        let mut verdicts = county
            .hospital
            .exchange()
            .push(rows)
            .await
            .unwrap()
            .into_inner();
        let first = verdicts.message().await.unwrap().unwrap();
        assert_eq!(first.outcome(), Outcome::Accepted);
        refused_with(verdicts.message().await, too_large, &[]);

        assert_eq!(stored(&county.hospital).await, 1);
        assert_eq!(ago(10), small_date(&county.hospital).await);
    })
    .await;
}

/// The day of the only check-up that is there: the gateway lives and answers.
async fn small_date(hospital: &Client) -> String {
    let request = wire::ListCheckUpsRequest {
        parent: PARENT.to_owned(),
        ..Default::default()
    };
    let listed = hospital.exchange().list_check_ups(request).await.unwrap();
    let mut check_ups = listed.into_inner().check_ups;
    check_ups.remove(0).check_up.unwrap().date
}

/// Bytes that are no message of the method.
#[tokio::test]
async fn bytes_that_are_no_message_are_refused_in_words() {
    on_every_server(async |server| {
        let commission = server.commission().await;
        let mut line = tonic::client::Grpc::new(commission.channel());
        line.ready().await.unwrap();
        // Its first field is a number; a push's is text.
        let nonsense = wire::Quantity {
            value: 1,
            ..Default::default()
        };
        let path = "/yuqiao.v1.ExchangeService/PushOne".parse().unwrap();
        let codec = tonic_prost::ProstCodec::<wire::Quantity, wire::PushResponse>::default();
        let answer = line.unary(tonic::Request::new(nonsense), path, codec).await;
        refused_with(answer, (Code::InvalidArgument, "MESSAGE_MALFORMED"), &[]);
    })
    .await;
}
