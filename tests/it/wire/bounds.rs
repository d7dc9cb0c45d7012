//! Bounds as a client meets them: a page, a rate.

use std::time::Instant;

use tonic::Code;
use tonic_types::StatusExt;
use yuqiao::rpc::wire;

use crate::support::{
    clients::{PARENT, refused_with},
    server::on_every_server,
    wire_county::{County, haemoglobin, number, row},
};

/// Invariant 12. Break it: in `rpc/exchange.rs`, let `list_unmatched` pass over `MOST_A_PAGE`. (The bound
/// of every list is a unit test of `rpc/page.rs`.)
#[tokio::test]
async fn a_page_is_bounded_whatever_is_asked_for() {
    on_every_server(async |server| {
        let county = County::at(server).await;
        let rows: Vec<wire::PushRequest> = (0..110)
            .map(|n| row(&number(), &format!("r{n}"), vec![haemoglobin(1200)]))
            .collect();
        let rows = tokio_stream::iter(rows);
        let mut verdicts = county
            .hospital
            .exchange()
            .push(rows)
            .await
            .unwrap()
            .into_inner();
        while let Some(verdict) = verdicts.message().await.unwrap() {
            assert_eq!(verdict.outcome(), wire::Outcome::HeldUnmatched);
        }
        let page = |page_token: String| wire::ListUnmatchedRequest {
            parent: PARENT.to_owned(),
            page_size: u32::MAX,
            page_token,
        };
        let first = county
            .hospital
            .exchange()
            .list_unmatched(page(String::new()))
            .await;
        let first = first.unwrap().into_inner();
        assert_eq!(first.check_ups.len(), 100);
        let rest = county
            .hospital
            .exchange()
            .list_unmatched(page(first.next_page_token))
            .await;
        assert_eq!(rest.unwrap().into_inner().check_ups.len(), 10);
    })
    .await;
}

/// One organization's loop is told to come back, and the others don't feel it.
///
/// Invariant 12. Break it: in `rpc/server.rs`, leave out `.layer(rate)`.
#[tokio::test]
async fn who_calls_too_often_is_told_so_and_others_are_heard() {
    on_every_server(async |server| {
        let county = County::at(server).await;
        server.stop().await;
        server.configure(|text| text.replace("calls_per_second = 200", "calls_per_second = 2"));
        server.start().await;
        let endpoint = server.endpoint();
        let loud = county.hospital.at(&endpoint).await;
        let get = || wire::GetRegionRequest {
            name: PARENT.to_owned(),
        };
        let mut heard = 0;
        let begun = Instant::now();
        let status = loop {
            match loud.directory().get_region(get()).await {
                Ok(_) => heard += 1,
                Err(status) => break status,
            }
            // Ten seconds' worth at once, and two a second since, however slow the machine is.
            let most = 22 + 2 * begun.elapsed().as_secs();
            assert!(heard <= most, "{heard} calls were heard");
        };
        assert!(heard >= 20, "ten seconds' worth: {heard}");
        let details = status.get_error_details();
        assert!(details.retry_info().is_some(), "it may come back");
        refused_with::<()>(Err(status), (Code::ResourceExhausted, "TOO_OFTEN"), &[]);
        let quiet = county.mch.at(&endpoint).await;
        quiet.directory().get_region(get()).await.unwrap();
    })
    .await;
}
