//! What it costs to say what a rule set would do, were it to count: every child of the county is read,
//! opened and judged, and nothing is written. The set that counts is previewed, so that each alert is
//! judged and found the same.

#![allow(
    clippy::disallowed_methods,
    reason = "measuring is what a benchmark takes time for"
)]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use yuqiao::{
    clock::SystemClock,
    domain::{child::Child, id::Id},
    rpc::wire::{self, preview_rule_set_response::Event},
    store::{Store, assessments, check_ups},
};

use crate::{
    measure::Figure,
    support::{clients::Client, engines::Place, parties::REGION, region},
};

/// Children read by one snapshot, as a preview does.
const CHUNK: usize = 256;

/// Children a second of one preview, and how many there are.
pub async fn preview(commission: &Client) -> (Figure, u64) {
    let name = format!("regions/{REGION}");
    let asks = wire::GetActivationRequest { name };
    let counts = commission.rules().get_activation(asks).await.unwrap();
    let name = counts.into_inner().rule_set;
    let began = Instant::now();
    let asks = wire::PreviewRuleSetRequest { name };
    let events = commission.rules().preview_rule_set(asks).await.unwrap();
    let mut events = events.into_inner();
    while let Some(told) = events.message().await.unwrap() {
        if let Some(Event::Summary(summary)) = told.event {
            assert_eq!(
                summary.children_affected, 0,
                "the set that counts changes nothing"
            );
            return (figure(summary.children, began), summary.children);
        }
    }
    panic!("a preview without a summary")
}

/// Its limit: the same children and their histories, read likewise, and nothing else. Gives the
/// check-ups too.
pub async fn raw_reads(place: Place) -> (Figure, u64) {
    let clock = Arc::new(SystemClock);
    let store = match place {
        Place::Sqlite(path) => Store::sqlite(&path, clock).await.unwrap(),
        Place::Postgres(url) => Store::postgres(&url, 1, clock).await.unwrap(),
    };
    let began = Instant::now();
    let (mut children, mut histories) = (0, 0);
    let mut after = String::new();
    loop {
        let mut tx = store.snapshot().await.unwrap();
        let some = assessments::after(&mut tx, region(), &after, CHUNK).await;
        let ids: Vec<Id<Child>> = some.unwrap().iter().map(|child| child.id).collect();
        let Some(last) = ids.last() else {
            break;
        };
        after = last.to_string();
        let read = check_ups::latest_of(&mut tx, region(), &ids).await.unwrap();
        children += ids.len() as u64;
        histories += read.len() as u64;
    }
    let figure = figure(children, began);
    store.close().await;
    (figure, histories)
}

fn figure(children: u64, began: Instant) -> Figure {
    Figure {
        per_second: children as f64 / began.elapsed().as_secs_f64(),
        p50: Duration::ZERO,
        p99: Duration::ZERO,
    }
}
