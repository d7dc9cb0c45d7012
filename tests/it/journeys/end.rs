//! A guardian ends it: that child goes dark at once, the others go on, no number is missing.

use yuqiao::rpc::wire::{self, inbox_event::Event};

use crate::support::{
    server::on_every_server,
    wire_county::{County, ago, by_code, coded, haemoglobin, next, row},
};

/// Break it: in `service/consents.rs`, let `withdraw` leave out the delivery that follows.
#[tokio::test]
async fn a_withdrawal_darkens_one_child_in_an_open_stream_and_replay_keeps_every_number() {
    on_every_server(async |server| {
        let county = County::at(server).await;
        county.agreed().await;
        let (gone, stays) = (county.family().await, county.family().await);
        let enrolment = county.enrols(&gone).await;
        county.enrols(&stays).await;
        let consent = county.consents(&gone).await;
        county.consents(&stays).await;
        for (family, record) in [(&gone, "r1"), (&stays, "r2")] {
            let found = vec![haemoglobin(1040)];
            county.pushes(&row(&family.number, record, found)).await;
        }
        let mut inbox = county.watch(0).await;
        for number in 1..=2 {
            let event = next(&mut inbox).await;
            assert_eq!(event.number, number);
            assert!(matches!(event.event, Some(Event::Alert(_))), "{event:?}");
        }

        let code = county.code(&gone, wire::GuardianCodeUse::Decide).await;
        let request = wire::WithdrawConsentRequest {
            name: consent.name,
            evidence: by_code(code),
        };
        let withdrawn = county.worker.consents().withdraw_consent(request).await;
        let withdrawn = withdrawn.unwrap().into_inner();
        assert_eq!(withdrawn.state(), wire::ConsentState::Withdrawn);
        let seen = county.list().await;
        assert!(seen.alerts.iter().all(|a| a.child == stays.child));
        assert_eq!(seen.alerts.len(), 1);
        let missing = county.missing(&gone).await;
        assert_eq!(missing, [("CONSENT".to_owned(), "WITHDRAWN".to_owned())]);

        let event = next(&mut inbox).await;
        let Some(Event::Retraction(retraction)) = event.event else {
            panic!("{event:?}")
        };
        assert_eq!((event.number, &retraction.child), (3, &gone.child));
        assert_eq!(retraction.reason, "KEY_CLOSED");
        let allergy = vec![coded("ALLERGY", "FOOD", "鸡蛋")];
        county.pushes(&row(&stays.number, "r3", allergy)).await;
        let event = next(&mut inbox).await;
        let Some(Event::Alert(alert)) = &event.event else {
            panic!("{event:?}")
        };
        assert_eq!((event.number, &alert.child), (4, &stays.child));

        // Replay applies today's keys: typed while the child is here.
        let replayed = replay(&county, 4).await;
        for at in [0, 2] {
            let Some(Event::Retraction(typed)) = &replayed[at] else {
                panic!("{replayed:?}")
            };
            assert_eq!(typed.child, gone.child);
        }
        for at in [1, 3] {
            assert!(matches!(&replayed[at], Some(Event::Alert(a)) if a.child == stays.child));
        }
        // A bare number once it has left.
        let request = wire::LeaveChildRequest {
            name: enrolment.name,
            last_day: ago(1),
        };
        county.worker.roster().leave_child(request).await.unwrap();
        let replayed = replay(&county, 4).await;
        for at in [0, 2] {
            assert!(
                matches!(replayed[at], Some(Event::Tombstone(_))),
                "{replayed:?}"
            );
        }
        assert!(matches!(&replayed[1], Some(Event::Alert(a)) if a.child == stays.child));
    })
    .await;
}

/// The first `count` events from the beginning, whose numbers must follow each other.
async fn replay(county: &County, count: u64) -> Vec<Option<Event>> {
    let mut inbox = county.watch(0).await;
    let mut events = Vec::new();
    for number in 1..=count {
        let event = next(&mut inbox).await;
        assert_eq!(event.number, number);
        events.push(event.event);
    }
    events
}
