//! The commission files an agreement: signed by both, in force from its first day, dark while
//! suspended.

use chrono::Days;
use yuqiao::rpc::wire::{self, inbox_event::Event};

use crate::support::{
    clients::refused,
    server::on_every_server,
    wire_county::{County, haemoglobin, next, row, today},
};

/// Break it: in `service/agreements.rs`, let `sign` keep a signature it did not verify.
#[tokio::test]
async fn only_both_signatures_and_the_commission_make_it_binding() {
    on_every_server(async |server| {
        let county = County::at(server).await;
        let name = county.proposes(today() + Days::new(7)).await;
        let forged = County::signs(&county.facility, &county.hospital, &name).await;
        assert_eq!(refused(forged), "SIGNATURE_INVALID");
        County::signs(&county.hospital, &county.hospital, &name)
            .await
            .unwrap();
        assert_eq!(
            refused(county.files(&name).await),
            "WRONG_STATE",
            "signed by one"
        );
        County::signs(&county.facility, &county.facility, &name)
            .await
            .unwrap();
        let request = wire::FileAgreementRequest {
            name: name.clone(),
            filing_number: "测试备-1".to_owned(),
            etag: String::new(),
        };
        let own = county.facility.agreements().file_agreement(request).await;
        assert_eq!(refused(own), "NOT_FOR_THIS_ORGANIZATION");
        let filed = county.files(&name).await.unwrap();
        assert_eq!(filed.state(), wire::AgreementState::Filed);
        assert_eq!(filed.signatures.len(), 2);
        assert!(!filed.in_force, "not before its first day");

        let family = county.family().await;
        county.enrols(&family).await;
        county.consents(&family).await;
        let missing = county.missing(&family).await;
        let early = ("AGREEMENT".to_owned(), "NOT_YET_BEGUN".to_owned());
        assert_eq!(missing, [early]);
    })
    .await;
}

/// Break it: in `domain/agreement.rs`, let a suspended agreement be in force.
#[tokio::test]
async fn suspended_is_dark_at_once_and_resumed_is_delivered_again() {
    on_every_server(async |server| {
        let county = County::at(server).await;
        let name = county.agreed().await;
        let family = county.family().await;
        county.enrols(&family).await;
        county.consents(&family).await;
        let mut inbox = county.watch(0).await;
        county
            .pushes(&row(&family.number, "r1", vec![haemoglobin(1040)]))
            .await;
        let first = next(&mut inbox).await;
        assert!(matches!(first.event, Some(Event::Alert(_))), "{first:?}");

        let mut office = county.commission.agreements();
        let request = wire::SuspendAgreementRequest {
            name: name.clone(),
            reason: "整改".to_owned(),
            etag: String::new(),
        };
        let suspended = office
            .suspend_agreement(request)
            .await
            .unwrap()
            .into_inner();
        assert!(!suspended.in_force);
        assert!(county.list().await.alerts.is_empty(), "dark at once");
        let missing = county.missing(&family).await;
        assert_eq!(missing, [("AGREEMENT".to_owned(), "SUSPENDED".to_owned())]);
        let event = next(&mut inbox).await;
        assert!(
            matches!(event.event, Some(Event::Retraction(_))),
            "{event:?}"
        );

        let request = wire::ResumeAgreementRequest {
            name,
            etag: String::new(),
        };
        assert!(
            office
                .resume_agreement(request)
                .await
                .unwrap()
                .into_inner()
                .in_force
        );
        assert_eq!(county.list().await.alerts.len(), 1);
        let event = next(&mut inbox).await;
        assert!(matches!(event.event, Some(Event::Alert(_))), "{event:?}");
        assert_eq!(event.number, 3);
    })
    .await;
}
