//! A page token leads on where its page ended: for whoever it was given to, in the list it is of.

use tonic::Code;
use yuqiao::rpc::wire;

use crate::support::{
    clients::{PARENT, refused_with},
    server::on_every_server,
    wire_county::{County, haemoglobin, number, row},
};

/// Break it: in `rpc/page.rs`, leave the caller, the method or the filter out of `tag`.
#[tokio::test]
async fn a_token_of_another_caller_list_or_filter_is_refused() {
    on_every_server(async |server| {
        let county = County::at(server).await;
        for n in 0..3 {
            let held = row(&number(), &format!("r{n}"), vec![haemoglobin(1200)]);
            county.pushes(&held).await;
        }
        let invalid = (Code::InvalidArgument, "PAGE_TOKEN_INVALID");
        let field = &[("page_token", "PAGE_TOKEN_INVALID")];
        let page = |page_token: &str| wire::ListUnmatchedRequest {
            parent: PARENT.to_owned(),
            page_size: 2,
            page_token: page_token.to_owned(),
        };
        let first = county.hospital.exchange().list_unmatched(page("")).await;
        let first = first.unwrap().into_inner();
        let token = first.next_page_token;
        let rest = county
            .hospital
            .exchange()
            .list_unmatched(page(&token))
            .await;
        let rest = rest.unwrap().into_inner();
        assert_eq!((first.check_ups.len(), rest.check_ups.len()), (2, 1));
        assert!(rest.next_page_token.is_empty());

        let stolen = county.mch.exchange().list_unmatched(page(&token)).await;
        refused_with(stolen, invalid, field);
        let other_list = wire::ListCheckUpsRequest {
            parent: PARENT.to_owned(),
            page_size: 2,
            page_token: token.clone(),
        };
        let answer = county.hospital.exchange().list_check_ups(other_list).await;
        refused_with(answer, invalid, field);
        let last = token.len() - 1;
        let swapped = if token.ends_with('A') { "B" } else { "A" };
        let altered = format!("{}{swapped}", &token[..last]);
        for nonsense in [altered.as_str(), "nonsense", &"x".repeat(10_000)] {
            let answer = county
                .hospital
                .exchange()
                .list_unmatched(page(nonsense))
                .await;
            refused_with(answer, invalid, field);
        }

        // The same list under another filter.
        let family = county.family().await;
        county.agreed().await;
        county.enrols(&family).await;
        county.consents(&family).await;
        for (record, value) in [("a1", 1040), ("a2", 500)] {
            let found = vec![
                haemoglobin(value),
                crate::support::wire_county::coded("ALLERGY", "FOOD", record),
            ];
            county.pushes(&row(&family.number, record, found)).await;
        }
        let alerts =
            |child: &str, purpose: wire::Purpose, page_token: &str| wire::ListAlertsRequest {
                parent: county.facility.organization.clone(),
                child: child.to_owned(),
                purpose: purpose.into(),
                page_size: 1,
                page_token: page_token.to_owned(),
                ..Default::default()
            };
        let any = wire::Purpose::Unspecified;
        let first = county
            .worker
            .alerts()
            .list_alerts(alerts("", any, ""))
            .await;
        let token = first.unwrap().into_inner().next_page_token;
        assert!(!token.is_empty());
        let mine = county
            .worker
            .alerts()
            .list_alerts(alerts("", any, &token))
            .await;
        assert_eq!(mine.unwrap().into_inner().alerts.len(), 1);
        let other_child = alerts(&family.child, any, &token);
        let answer = county.worker.alerts().list_alerts(other_child).await;
        refused_with(answer, invalid, field);
        let other_purpose = alerts("", wire::Purpose::UrgentSafety, &token);
        let answer = county.worker.alerts().list_alerts(other_purpose).await;
        refused_with(answer, invalid, field);
    })
    .await;
}
