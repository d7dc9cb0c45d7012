//! A check-up arrives: matched or held, never dropped; corrected, taken back, sent again.

use yuqiao::rpc::wire::{self, CheckUpStatus, Outcome, inbox_event::Event};

use crate::support::{
    clients::PARENT,
    server::on_every_server,
    wire_county::{County, haemoglobin, next, number, revised, row},
};

/// Break it: in `service/push/apply.rs`, leave out the call of `assessment::reassess`.
#[tokio::test]
async fn a_check_up_raises_an_alert_and_its_corrections_take_it_back_and_renew_it() {
    on_every_server(async |server| {
        let county = County::at(server).await;
        let family = county.family().await;
        county.agreed().await;
        county.enrols(&family).await;
        county.consents(&family).await;
        let mut inbox = county.watch(0).await;

        let first = row(&family.number, "r1", vec![haemoglobin(1040)]);
        let accepted = county.pushes(&first).await;
        assert_eq!(accepted.outcome(), Outcome::Accepted, "{accepted:?}");
        let event = next(&mut inbox).await;
        let Some(Event::Alert(alert)) = event.event else {
            panic!("{event:?}")
        };
        assert_eq!((event.number, &alert.child), (1, &family.child));
        assert!(alert.rule.starts_with("ANAEMIA") && !alert.care_card.is_empty());
        assert!(alert.rule_version > 0 && !alert.source_document.is_empty());
        assert!(alert.inputs.is_empty(), "alerts only: no results");

        let again = county.pushes(&first).await;
        assert!(again.replayed && again.check_up == accepted.check_up);

        let well = revised(
            first.clone(),
            2,
            CheckUpStatus::Corrected,
            vec![haemoglobin(1250)],
        );
        assert_eq!(county.pushes(&well).await.outcome(), Outcome::Accepted);
        let event = next(&mut inbox).await;
        let Some(Event::Retraction(gone)) = event.event else {
            panic!("{event:?}")
        };
        assert_eq!((event.number, gone.reason.as_str()), (2, "CORRECTED"));
        assert_eq!(gone.alert, alert.name);
        assert!(county.list().await.alerts.is_empty());

        let ill = revised(
            first.clone(),
            3,
            CheckUpStatus::Corrected,
            vec![haemoglobin(1030)],
        );
        assert_eq!(county.pushes(&ill).await.outcome(), Outcome::Accepted);
        let event = next(&mut inbox).await;
        assert!(matches!(event.event, Some(Event::Alert(_))), "{event:?}");

        let never = revised(
            first,
            4,
            CheckUpStatus::EnteredInError,
            vec![haemoglobin(1030)],
        );
        assert_eq!(county.pushes(&never).await.outcome(), Outcome::Accepted);
        let event = next(&mut inbox).await;
        assert!(
            matches!(event.event, Some(Event::Retraction(_))),
            "{event:?}"
        );
        assert_eq!(event.number, 4);
        assert!(county.list().await.alerts.is_empty());
    })
    .await;
}

/// Break it: in `service/children.rs`, leave out the claim of what waits.
#[tokio::test]
async fn what_no_child_is_known_for_waits_and_is_claimed_by_registration() {
    on_every_server(async |server| {
        let county = County::at(server).await;
        let (known, stranger) = (county.family().await, number());
        let rows = vec![
            row(&known.number, "r1", vec![haemoglobin(1200)]),
            wire::PushRequest {
                row: 2,
                ..row(&stranger, "r2", vec![haemoglobin(1040)])
            },
            wire::PushRequest {
                row: 3,
                ..row(&known.number, "r3", vec![haemoglobin(110)])
            },
        ];
        let mut verdicts = county
            .hospital
            .exchange()
            .push(tokio_stream::iter(rows))
            .await
            .unwrap()
            .into_inner();
        let mut told = Vec::new();
        while let Some(verdict) = verdicts.message().await.unwrap() {
            told.push((verdict.row, verdict.outcome()));
        }
        let wanted = [Outcome::Accepted, Outcome::HeldUnmatched, Outcome::Refused];
        assert_eq!(told, [1, 2, 3].map(|n| (n, wanted[n as usize - 1])));

        let waiting = async || {
            let request = wire::ListUnmatchedRequest {
                parent: PARENT.to_owned(),
                ..Default::default()
            };
            let listed = county.hospital.exchange().list_unmatched(request).await;
            listed.unwrap().into_inner().check_ups
        };
        let held = waiting().await;
        assert_eq!(held.len(), 1);
        assert_eq!(
            (held[0].record_id.as_str(), held[0].reason.as_str()),
            ("r2", "UNKNOWN_IDENTIFIER")
        );
        let child = County::registers(&county.mch, &stranger).await;
        assert!(waiting().await.is_empty());
        let request = wire::ListCheckUpsRequest {
            parent: PARENT.to_owned(),
            ..Default::default()
        };
        let own = county.hospital.exchange().list_check_ups(request).await;
        let own = own.unwrap().into_inner().check_ups;
        assert_eq!(own.len(), 2);
        assert!(own.iter().any(|stored| stored.child == child));
    })
    .await;
}
