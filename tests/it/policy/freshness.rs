//! What was decided waits for its reader no longer than a second: then it is dropped and decided anew.

use std::sync::Arc;

use chrono::{Days, TimeDelta};
use futures_util::StreamExt;
use tonic::Request;
use yuqiao::{
    clock::Clock,
    domain::{alert::Category, checkup::CheckUpStatus},
    pki::{CertificateName, Fingerprint, PeerCertificate},
    rpc::{
        alert::Alerts,
        caller::ACTOR,
        incoming::Peer,
        wire::{
            WatchAlertsRequest, alert_service_server::AlertService, inbox_event::Event as Told,
        },
    },
    service::{disclosure::Looks, push::Pushes},
};

use crate::support::{
    Bench, Party, REGION,
    county::{County, allergy, coded, day, haemoglobin},
    on_every_engine,
};

/// A facility's request for its inbox, as the door hands it on.
fn watching(bench: &Bench, party: &Party) -> Request<WatchAlertsRequest> {
    let organization = party.id.to_string();
    let now = bench.clock.now();
    let certificate = PeerCertificate {
        name: CertificateName::new(REGION, &organization).unwrap(),
        fingerprint: Fingerprint::of(b"certificate"),
        not_before: now - TimeDelta::days(1),
        not_after: now + TimeDelta::days(1),
    };
    let mut request = Request::new(WatchAlertsRequest {
        parent: format!("regions/{REGION}/organizations/{organization}"),
        after: 0,
    });
    request.extensions_mut().insert(Peer {
        address: "127.0.0.1:1".parse().unwrap(),
        certificate: Some(Arc::new(certificate)),
    });
    let actor = party.claim.actor.unwrap().to_string();
    request.metadata_mut().insert(ACTOR, actor.parse().unwrap());
    request
}

/// Three alerts are decided at once; the reader takes one, and is slow to take the next.
///
/// Invariant 5. Break it: in `rpc/alert/watch.rs`, leave out `self.ready.clear()`.
#[tokio::test]
async fn what_was_decided_a_second_ago_is_decided_anew() {
    on_every_engine(async |bench| {
        let county = County::lay_out(&bench, 1).await;
        let (gateway, ward) = (&bench.gateway, &county.children[0]);
        let today = day("2026-09-01");
        county.enrol(gateway, 0, ward.id, today).await.unwrap();
        let days = (today, today + Days::new(30));
        let granted = county.consent(gateway, 0, ward, Category::ALL, days).await;
        let found = vec![allergy("花生酱"), haemoglobin(67), coded("HEARING", "FAIL")];
        let version = ("r", 1, CheckUpStatus::Final);
        let from = &county.hospital;
        let row = county.check_up(gateway, from, &ward.number, "k", version, found);
        Pushes::start(gateway.clone()).submit(row).await.unwrap();

        let (_keep, stop) = tokio::sync::watch::channel(false);
        let alerts = Alerts {
            gateway: gateway.clone(),
            looks: Looks::start(gateway.clone()),
            stop,
        };
        let request = watching(&bench, &county.facilities[0]);
        let mut events = alerts.watch_alerts(request).await.unwrap().into_inner();
        let first = events.next().await.unwrap().unwrap();
        assert!(matches!(first.event, Some(Told::Alert(_))), "{first:?}");
        county.withdraw(gateway, granted.unwrap().id).await.unwrap();
        bench.clock.advance(TimeDelta::milliseconds(1001));
        for number in 2..=3 {
            let late = events.next().await.unwrap().unwrap();
            assert_eq!(late.number, number);
            assert!(matches!(late.event, Some(Told::Retraction(_))), "{late:?}");
        }
    })
    .await;
}
