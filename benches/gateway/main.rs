//! What the gateway costs, each figure beside its limit measured in the same run: lines `name value`.
//!
//! The gateway is the real program in a process of its own, with mTLS, durability, sealing and ledger
//! on. Its limits: a bare tonic echo of the same messages over the same mTLS, and raw inserts of the
//! same rows into the same engine; a list of alerts writes an entry for each child it looks at. A preview
//! of a rule set stands beside the bare reading of what it reads. Figures of these machines move by ±15%
//! between runs: read the ratios.
//!
//! ARGS chooses parts by name: `make bench ARGS=sqlite`, or `postgres`, or `assessment`, which judges one
//! child without a store.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a benchmark fails loudly, and takes the time it measures"
)]

#[path = "../../tests/it/support/mod.rs"]
mod support;

mod assessment;
mod county;
mod echo;
mod measure;
mod preview;

use std::time::Duration;

use county::County;
use echo::Echo;
use measure::{Figure, calls, raw_looks, raw_rows, stream};

/// How long each figure is measured.
const FOR: Duration = Duration::from_secs(3);
/// How long the county's histories are made longer before a rule set is previewed over them.
const FILLING: Duration = Duration::from_secs(20);
/// Calls under way at once, over this many connections.
const AT_ONCE: usize = 64;
const CONNECTIONS: usize = 4;
/// Readers of alert lists at once.
const READERS: usize = 16;
const STREAMS: usize = 4;

#[tokio::main]
async fn main() {
    // Cargo adds `--bench`.
    let named: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let wanted = |part: &str| named.is_empty() || named.iter().any(|name| name == part);
    if wanted("assessment") {
        assessment::measure();
    }
    if wanted("sqlite") {
        on_engine("sqlite", None).await;
    }
    if !wanted("postgres") {
        return;
    }
    match support::engines::fresh_database().await {
        Some(url) => {
            on_engine("postgres", Some(url.clone())).await;
            support::engines::drop_database(&url).await;
        }
        None => eprintln!("postgres: no YUQIAO_TEST_POSTGRES; `make bench` provides one"),
    }
}

async fn on_engine(engine: &str, database: Option<String>) {
    let mut county = County::open(database.clone()).await;
    let echo = Echo::start(&county).await;

    let echoed = calls(
        AT_ONCE,
        FOR,
        &echo.pushers(CONNECTIONS).await,
        county.echoed_rows(),
    )
    .await;
    let pushed = calls(
        AT_ONCE,
        FOR,
        &county.pushers(CONNECTIONS).await,
        county.rows(),
    )
    .await;
    print(engine, "unary_push", "bare_echo", pushed, echoed);

    let raw = raw_rows(database.as_deref(), FOR).await;
    let streamed = stream(STREAMS, FOR, &county.pushers(STREAMS).await, county.rows()).await;
    print(engine, "streamed_push", "raw_inserts", streamed, raw);

    let list = county.list().await;
    println!("{engine}_alert_list_alerts {}", list.alerts.len());
    let echoed = echo.lists(READERS, FOR, list).await;
    let raw = raw_looks(database.as_deref(), (READERS, county::IN_CARE), FOR).await;
    let listed = county.lists(READERS, FOR).await;
    compare(engine, "alert_list", "raw_looks", &listed, &raw);
    print(engine, "alert_list", "bare_echo", listed, echoed);

    // Histories as long as those of children in life, as far as that is done in time.
    stream(
        STREAMS,
        FILLING,
        &county.pushers(STREAMS).await,
        county.rows(),
    )
    .await;
    let (read, check_ups) = preview::raw_reads(county.place()).await;
    let (previewed, children) = preview::preview(county.commission()).await;
    let each = check_ups as f64 / children as f64;
    println!("{engine}_preview_children {children}");
    println!(
        "{engine}_preview_children_per_second {:.0}",
        previewed.per_second
    );
    println!(
        "{engine}_preview_check_ups_per_second {:.0}",
        previewed.per_second * each
    );
    compare(engine, "preview_children", "raw_reads", &previewed, &read);
    county.close().await;
}

fn compare(engine: &str, what: &str, limit: &str, figure: &Figure, bound: &Figure) {
    println!("{engine}_{what}_{limit}_per_second {:.0}", bound.per_second);
    println!(
        "{engine}_{what}_of_{limit} {:.3}",
        figure.per_second / bound.per_second
    );
}

fn print(engine: &str, what: &str, limit: &str, figure: Figure, bound: Figure) {
    println!("{engine}_{what}_per_second {:.0}", figure.per_second);
    compare(engine, what, limit, &figure, &bound);
    println!(
        "{engine}_{what}_p50_ms {:.2}",
        figure.p50.as_secs_f64() * 1e3
    );
    println!(
        "{engine}_{what}_p99_ms {:.2}",
        figure.p99.as_secs_f64() * 1e3
    );
}
