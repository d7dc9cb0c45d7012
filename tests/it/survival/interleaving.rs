//! Pushes racing enrolments, grants, withdrawals and leaves of the same children, with looks going on
//! and days passing: afterwards no open alert is missing from an inbox that should hold it, none is
//! held that should not be, and no look in the ledger follows the end of its key.
//!
//! `YUQIAO_TEST_SEED` chooses another seed.

use std::time::Duration;

use super::{
    quiet,
    storm::{Storm, Tally},
};
use crate::support::{Bench, county::County, on_every_engine, on_postgres_only};

/// More than any of it takes: what is not done by then is stuck.
const PATIENCE: Duration = Duration::from_secs(60);

fn seed() -> u64 {
    let given = std::env::var("YUQIAO_TEST_SEED").ok();
    given.map_or(20_260_901, |seed| seed.parse().unwrap())
}

async fn rage(benches: &[&Bench], county: &County, participants: u64, count: u32) -> Tally {
    let mut total = Tally::default();
    let all = (0..participants).map(|n| {
        let bench = benches[n as usize % benches.len()];
        Storm::new(bench, county, seed() + n).rage(count)
    });
    let done = tokio::time::timeout(PATIENCE, futures_util::future::join_all(all)).await;
    for tally in done.expect("nobody waits for ever") {
        total += tally;
    }
    total
}

/// Break it: in `store/children.rs`, leave the lock out of `lock`; or in `service/change.rs`, let
/// `begin` read the facts before it takes the head.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_gateways_at_once_lose_nothing_and_show_nothing_too_much() {
    on_postgres_only("two gateways on one database", async |bench| {
        let other = bench.second().await;
        let county = County::lay_out(&bench, 6).await;
        let total = rage(&[&bench, &other], &county, 8, 60).await;
        // The last midnight passes, and with it whatever ends then.
        bench.clock.advance(chrono::TimeDelta::hours(30));
        quiet::settle(&bench).await;
        let (held, looks) = quiet::check(&other, &county).await;
        println!("seed {}: {total:?}; {held} held, {looks} looks", seed());
        assert!(
            total.accepted > 100 && total.opened > 30 && total.closed > 10,
            "{total:?}"
        );
        assert!(
            held > 0 && total.shown > 0 && looks > 10,
            "{total:?} {held} {looks}"
        );
        other.gateway.store().close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_gateway_at_once_too() {
    on_every_engine(async |bench| {
        let county = County::lay_out(&bench, 4).await;
        let total = rage(&[&bench], &county, 4, 40).await;
        quiet::settle(&bench).await;
        let (held, looks) = quiet::check(&bench, &county).await;
        println!("seed {}: {total:?}; {held} held, {looks} looks", seed());
        assert!(held > 0 && looks > 0, "{total:?} {held} {looks}");
    })
    .await;
}
