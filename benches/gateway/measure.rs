//! Measuring: so many at once, for so long, what each took.

#![allow(
    clippy::disallowed_methods,
    reason = "measuring is what a benchmark takes time for"
)]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rand::{SeedableRng, rngs::StdRng};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use yuqiao::{
    clock::{Clock, SystemClock},
    domain::{
        checkup::{CheckUpStatus, VisitKind},
        child::Child,
        escalation::EscalationHours,
        growth_standard::GrowthStandard,
        id::Id,
        region::{Settings, Zone},
    },
    ledger::{Commitment, Leaf, LeafBody, Look},
    store::{
        Store, Tx,
        check_ups::{self, CheckUpRow, SealedCheckUp},
        ledger::{self, StoredEntry},
        regions,
    },
};

use crate::{
    county::Rows,
    support::{clients::Client, region},
};

/// One figure.
pub struct Figure {
    /// How many a second.
    pub per_second: f64,
    /// Half took no longer than this.
    pub p50: Duration,
    /// All but one in a hundred.
    pub p99: Duration,
}

impl Figure {
    fn of(mut took: Vec<Duration>, count: usize, elapsed: Duration) -> Self {
        took.sort_unstable();
        let at = |part: f64| {
            let place = (took.len() as f64 * part) as usize;
            took.get(place.min(took.len().saturating_sub(1)))
                .copied()
                .unwrap_or_default()
        };
        let per_second = count as f64 / elapsed.as_secs_f64();
        Self {
            per_second,
            p50: at(0.5),
            p99: at(0.99),
        }
    }
}

/// Does `work` over and over, `at_once` at a time, until the time is over or there is none left.
pub async fn every<F: Future<Output = Option<()>>>(
    at_once: usize,
    during: Duration,
    work: impl Fn(usize) -> F,
) -> Figure {
    let began = Instant::now();
    let lanes = (0..at_once).map(|lane| {
        let work = &work;
        async move {
            let mut took = Vec::new();
            while began.elapsed() < during {
                let start = Instant::now();
                if work(lane).await.is_none() {
                    break;
                }
                took.push(start.elapsed());
            }
            took
        }
    });
    let took: Vec<Duration> = futures_util::future::join_all(lanes)
        .await
        .into_iter()
        .flatten()
        .collect();
    let count = took.len();
    Figure::of(took, count, began.elapsed())
}

/// Unary pushes.
pub async fn calls(
    at_once: usize,
    during: Duration,
    clients: &[Client],
    rows: &'static Rows,
) -> Figure {
    every(at_once, during, |lane| {
        let client = clients[lane % clients.len()].clone();
        async move {
            client.exchange().push_one(rows.next()?).await.unwrap();
            Some(())
        }
    })
    .await
}

/// Streamed pushes; a verdict's time is not told, because many rows are under way.
pub async fn stream(
    streams: usize,
    during: Duration,
    clients: &[Client],
    rows: &'static Rows,
) -> Figure {
    let began = Instant::now();
    let lanes = (0..streams).map(|lane| {
        let client = clients[lane % clients.len()].clone();
        tokio::spawn(async move {
            let (send, receive) = mpsc::channel(512);
            tokio::spawn(async move {
                while began.elapsed() < during
                    && let Some(row) = rows.next()
                    && send.send(row).await.is_ok()
                {}
            });
            let answers = client
                .exchange()
                .push(ReceiverStream::new(receive))
                .await
                .unwrap();
            let mut answers = answers.into_inner();
            let mut count = 0;
            while let Some(verdict) = answers.message().await.unwrap() {
                assert!(verdict.problems.is_empty(), "{:?}", verdict.problems);
                count += 1;
            }
            count
        })
    });
    let counts: Vec<usize> = futures_util::future::join_all(lanes)
        .await
        .into_iter()
        .map(|count| count.unwrap())
        .collect();
    Figure::of(Vec::new(), counts.iter().sum(), began.elapsed())
}

/// Raw writes into a fresh database of the same engine: `write` fills one transaction, over and over.
/// On PostgreSQL `lanes` of them at once; SQLite has one writer.
async fn raw<F: Future<Output = ()>>(
    database: Option<&str>,
    lanes: usize,
    during: Duration,
    begin: impl AsyncFn(&mut Tx),
    write: impl Fn(Store) -> F,
) -> Figure {
    let home = tempfile::tempdir().unwrap();
    let clock = Arc::new(SystemClock);
    let (store, lanes, database) = match database {
        None => {
            let path = home.path().join("raw.db");
            (Store::sqlite(&path, clock).await.unwrap(), 1, None)
        }
        Some(_) => {
            let url = crate::support::engines::fresh_database().await.unwrap();
            let store = Store::postgres(&url, 4, clock).await.unwrap();
            (store, lanes, Some(url))
        }
    };
    let mut tx = store.begin().await.unwrap();
    begin(&mut tx).await;
    tx.commit().await.unwrap();
    let figure = every(lanes, during, |_| {
        let writing = write(store.clone());
        async move {
            writing.await;
            Some(())
        }
    })
    .await;
    store.close().await;
    if let Some(url) = database {
        crate::support::engines::drop_database(&url).await;
    }
    figure
}

/// The limit of a durable push: the same rows into the same table of the same engine, 256 a commit,
/// and nothing else.
pub async fn raw_rows(database: Option<&str>, during: Duration) -> Figure {
    let write = |store: Store| async move {
        let mut tx = store.begin().await.unwrap();
        check_ups::insert(&mut tx, region(), rows()).await.unwrap();
        tx.commit().await.unwrap();
    };
    let figure = raw(database, 4, during, async |_| (), write).await;
    Figure {
        per_second: figure.per_second * 256.0,
        ..figure
    }
}

/// The limit of a look: its leaf and an entry for each of so many children into the same ledger, so
/// many looks a commit, under the region's one head.
pub async fn raw_looks(
    database: Option<&str>,
    (looks, children): (usize, usize),
    during: Duration,
) -> Figure {
    let settings = Settings {
        zone: Zone::china(),
        altitude_m: 0,
        correct_for_altitude: false,
        growth_standard: GrowthStandard::Wst423,
        mongolian_medicine: false,
        rule_set: None,
        escalation: EscalationHours::USUAL,
    };
    let begin = async |tx: &mut Tx| regions::create(tx, region(), &settings).await.unwrap();
    let mut chance = StdRng::from_os_rng();
    let children: Vec<Id<Child>> = (0..children).map(|_| Id::opaque(&mut chance)).collect();
    let write = |store: Store| {
        let children = children.clone();
        async move {
            let mut tx = store.begin().await.unwrap();
            let head = ledger::take_head(&mut tx, region()).await.unwrap();
            let leaves = (0..looks as u64).map(|n| leaf(head.next + n, &children));
            let leaves = leaves.collect();
            ledger::append(&mut tx, head, leaves).await.unwrap();
            tx.commit().await.unwrap();
        }
    };
    let figure = raw(database, 1, during, begin, write).await;
    Figure {
        per_second: figure.per_second * looks as f64,
        ..figure
    }
}

fn leaf(sequence: u64, children: &[Id<Child>]) -> (Leaf, Vec<StoredEntry>) {
    let entries = children.iter().map(|&child| StoredEntry {
        hash: [7; 32],
        child,
        opening: vec![7; 420],
    });
    let look = Look {
        organization: Some("o".repeat(36)),
        actor: "a".repeat(36),
        asker: "FACILITY_STAFF".to_owned(),
        basis: "PIPL_29_CONSENT".to_owned(),
        purpose: "DAILY_CARE".to_owned(),
        method: "AlertService.ListAlerts".to_owned(),
        categories: vec!["NUTRITION".to_owned()],
        entries: Commitment {
            root: [7; 32],
            count: u32::try_from(children.len()).unwrap(),
        },
    };
    let leaf = Leaf {
        region: region().to_string(),
        sequence,
        at: 0,
        body: LeafBody::Look(look),
    };
    (leaf, entries.collect())
}

fn rows() -> Vec<SealedCheckUp> {
    let mut chance = StdRng::from_os_rng();
    let now = SystemClock.now();
    let source = Id::timed(now, &mut chance);
    (0..256)
        .map(|n| {
            let id = Id::timed(now, &mut chance);
            SealedCheckUp {
                row: CheckUpRow {
                    id,
                    child: Some(Id::opaque(&mut chance)),
                    source,
                    record_id: format!("r{n}"),
                    revision: 1,
                    status: CheckUpStatus::Final,
                    date: "2026-08-01".parse().unwrap(),
                    visit: VisitKind::V12,
                    superseded: false,
                    digest: vec![7; 32],
                    unmatched_reason: None,
                    created: now,
                },
                sealed: vec![7; 420],
            }
        })
        .collect()
}
