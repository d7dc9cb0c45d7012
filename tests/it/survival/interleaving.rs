//! Pushes racing enrolments, grants, withdrawals and leaves of the same children, with looks going on
//! and days passing: afterwards no open alert is missing from an inbox that should hold it, none is
//! held that should not be, and no look in the ledger follows the end of its key.
//!
//! `YUQIAO_TEST_SEED` chooses another seed.

use std::time::Duration;

use chrono::{Days, TimeDelta};
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use yuqiao::{
    clock::Clock,
    domain::{alert::Category, checkup::CheckUpStatus, region::Zone},
    service::push::{Pushes, Verdict},
};

use super::{
    quiet,
    storm::{Storm, Tally},
};
use crate::support::{
    Bench, Raw,
    county::{County, allergy, day},
    on_every_engine, on_postgres_only,
};

/// More than any of it takes: what is not done by then is stuck.
const PATIENCE: Duration = Duration::from_secs(60);

fn seed() -> u64 {
    let given = std::env::var("YUQIAO_TEST_SEED").ok();
    given.map_or(20_260_901, |seed| seed.parse().unwrap())
}

/// Deadlocks that PostgreSQL had to break. A retry hides them from callers, so they are counted.
async fn deadlocks(bench: &Bench) -> u64 {
    // A connection tells its counts when it has been idle for a second, or ends.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let count = "SELECT deadlocks::text FROM pg_stat_database WHERE datname = current_database()";
    let mut raw = Raw::connect(&bench.place).await;
    raw.texts(count.to_owned()).await[0][0].parse().unwrap()
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

/// After the storm the ordinary goes on: whom a guardian entrusts is seen.
async fn calm(bench: &Bench, county: &County) {
    let ward = &county.children[0];
    let today = Zone::china().day(bench.clock.now());
    let row = county.check_up(
        &bench.gateway,
        &county.hospital,
        &ward.number,
        "calm",
        ("calm", 1, CheckUpStatus::Final),
        vec![allergy("花生")],
    );
    Pushes::start(bench.gateway.clone())
        .submit(row)
        .await
        .unwrap();
    // It may be enrolled already.
    let _ = county.enrol(&bench.gateway, 0, ward.id, today).await;
    let days = (today, today + Days::new(30));
    county
        .consent(&bench.gateway, 0, ward, Category::ALL, days)
        .await
        .unwrap();
    bench.clock.advance(TimeDelta::hours(24));
    quiet::settle(bench).await;
    let (held, _) = quiet::check(bench, county).await;
    assert!(held > 0);
}

/// Break it: in `service/change.rs`, let `commit` leave out `delivery::reconcile`; or in
/// `service/disclosure/facility.rs`, let `decide` decide an hour late.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_gateways_at_once_lose_nothing_and_show_nothing_too_much() {
    on_postgres_only("two gateways on one database", async |bench| {
        let other = bench.second().await;
        let county = County::lay_out(&bench, 6).await;
        let total = rage(&[&bench, &other], &county, 8, 80).await;
        // The last midnight passes, and with it whatever ends then.
        bench.clock.advance(TimeDelta::hours(30));
        quiet::settle(&bench).await;
        let (held, looks) = quiet::check(&other, &county).await;
        println!("seed {}: {total:?}; {held} held, {looks} looks", seed());
        assert!(
            total.accepted > 100 && total.opened > 30 && total.closed > 10,
            "{total:?}"
        );
        // Whether any key is open in the end is the storm's to say; that some were, the looks tell.
        assert!(total.shown > 0 && looks > 10, "{total:?} {held} {looks}");
        other.gateway.store().close().await;
        assert_eq!(deadlocks(&bench).await, 0, "locks are taken in order");
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
        calm(&bench, &county).await;
    })
    .await;
}

/// Each child's check-up arrives at one gateway in the instant in which its key turns at the other.
///
/// Break it: in `store/children.rs`, leave `for_update` out of `lock`.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_and_a_check_up_can_not_pass_each_other_unseen() {
    on_postgres_only("two gateways on one database", async |bench| {
        let other = bench.second().await;
        let county = County::lay_out(&bench, 5).await;
        let today = day("2026-09-01");
        let days = (today, today + Days::new(30));
        let pushes = Pushes::start(bench.gateway.clone());
        for ward in &county.children {
            county
                .enrol(&bench.gateway, 0, ward.id, today)
                .await
                .unwrap();
        }
        let mut seen = 0;
        for round in 0..24 {
            let arriving = county.children.iter().enumerate().map(|(n, ward)| {
                let findings = vec![allergy(&format!("食物{round}"))];
                let key = format!("{round}-{n}");
                let version = (key.as_str(), 1, CheckUpStatus::Final);
                let from = &county.hospital;
                let number = &ward.number;
                pushes.submit(county.check_up(
                    &bench.gateway,
                    from,
                    number,
                    &key,
                    version,
                    findings,
                ))
            });
            let turning = async {
                let mut turned = Vec::new();
                for ward in &county.children {
                    let gateway = &other.gateway;
                    let granted = county.consent(gateway, 0, ward, Category::ALL, days).await;
                    turned.push(granted.unwrap().id);
                }
                turned
            };
            let arriving = futures_util::future::join_all(arriving);
            let (verdicts, consents) = tokio::join!(arriving, turning);
            assert!(verdicts.iter().all(Result::is_ok), "{verdicts:?}");
            seen += quiet::in_line(&bench, &county).await.len();
            for consent in consents {
                county.withdraw(&bench.gateway, consent).await.unwrap();
            }
        }
        assert!(seen > 0);
        other.gateway.store().close().await;
        assert_eq!(deadlocks(&bench).await, 0, "locks are taken in order");
    })
    .await;
}

/// A record whose revisions name one child after another, from both gateways at once: only the last
/// counts, and nothing of it stays with the others.
///
/// Break it: leave the index `check_ups_counting` out of the migrations.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_record_that_wanders_between_children_stays_with_the_last() {
    on_postgres_only("two gateways on one database", async |bench| {
        let other = bench.second().await;
        let county = County::lay_out(&bench, 6).await;
        let pushes = [&bench, &other].map(|b| Pushes::start(b.gateway.clone()));
        let mut chance = StdRng::seed_from_u64(seed());
        for round in 0..40 {
            let record = format!("wanderer-{round}");
            let mut revisions: Vec<u32> = (1..=6).collect();
            revisions.shuffle(&mut chance);
            let rows = revisions
                .into_iter()
                .zip(&county.children)
                .map(|(revision, ward)| {
                    let row = county.check_up(
                        &bench.gateway,
                        &county.hospital,
                        &ward.number,
                        &format!("{round}-{revision}"),
                        (&record, revision, CheckUpStatus::Corrected),
                        vec![allergy(&format!("食物{round}"))],
                    );
                    pushes[revision as usize % 2].submit(row)
                });
            for verdict in futures_util::future::join_all(rows).await {
                assert!(
                    matches!(verdict, Ok(Verdict::Accepted { .. })),
                    "{verdict:?}"
                );
            }
        }
        quiet::check(&bench, &county).await;
        other.gateway.store().close().await;
        assert_eq!(deadlocks(&bench).await, 0, "locks are taken in order");
    })
    .await;
}
