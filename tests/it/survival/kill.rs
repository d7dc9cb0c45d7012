//! Invariant 1: acknowledged means durable. The real server is killed at random instants while a
//! hospital pushes; every row that it ever acknowledged is there exactly once, under the name it
//! was acknowledged with.
//!
//! Break it: in `service/push/apply.rs`, let `once` answer before `tx.commit()` (drop the
//! transaction); or in `service/push/records.rs`, let `step` forget known keys.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use futures_util::StreamExt;
use rand::{Rng, SeedableRng, rngs::StdRng};
use yuqiao::rpc::wire::{self, OrganizationKind, Outcome, finding::Value};

use crate::support::{
    clients::{Client, PARENT},
    engines::{drop_database, fresh_database, tally},
    server::Server,
};

/// Rows a sender has on the wire before each kill.
const ROWS: usize = 800;
const CHILDREN: u32 = 24;

fn number(of: u32) -> wire::Identifier {
    wire::Identifier {
        kind: wire::IdentifierKind::BirthCertificate.into(),
        value: format!("X{:09}", 150_000_001 + of),
    }
}

fn row(n: u32) -> wire::PushRequest {
    // Every other row is of a child that nobody has registered.
    let child = if n.is_multiple_of(2) {
        100 + n
    } else {
        n / 2 % CHILDREN
    };
    let value = wire::Quantity {
        value: i64::from(70 + n % 60),
        decimals: 0,
        unit: "g/L".to_owned(),
    };
    wire::PushRequest {
        parent: PARENT.to_owned(),
        idempotency_key: format!("key-{n}"),
        check_up: Some(wire::CheckUp {
            record_id: format!("record-{n}"),
            revision: 1,
            status: wire::CheckUpStatus::Final.into(),
            date: "2026-01-15".to_owned(),
            visit: "OTHER".to_owned(),
            subject: Some(wire::Subject {
                identifiers: vec![number(child)],
                birth_date: "2024-03-05".to_owned(),
                ..Default::default()
            }),
            findings: vec![wire::Finding {
                code: "HAEMOGLOBIN".to_owned(),
                value: Some(Value::Quantity(value)),
                ..Default::default()
            }],
        }),
        row: u64::from(n),
    }
}

async fn register(hospital: &Client) {
    for n in 0..CHILDREN {
        let request = wire::RegisterChildRequest {
            parent: PARENT.to_owned(),
            child: Some(wire::Child {
                display_name: "测试童甲".to_owned(),
                sex: wire::Sex::Female.into(),
                birth_date: "2024-03-05".to_owned(),
                identifiers: vec![number(n)],
                ..Default::default()
            }),
        };
        hospital.roster().register_child(request).await.unwrap();
    }
}

/// What a hospital has sent, and the names it was given for it.
#[derive(Default)]
struct Sender {
    sent: BTreeSet<u32>,
    acknowledged: BTreeMap<u32, String>,
}

impl Sender {
    /// Pushes rows until they are all answered or the line breaks, and notes what was acknowledged.
    async fn push(&mut self, hospital: &Client, rows: Vec<u32>) {
        self.sent.extend(&rows);
        let stream = futures_util::stream::iter(rows.into_iter().map(row));
        let Ok(answers) = hospital.exchange().push(stream).await else {
            return;
        };
        let mut answers = answers.into_inner();
        while let Some(Ok(answer)) = answers.next().await {
            assert_ne!(
                answer.outcome,
                Outcome::Refused as i32,
                "{:?}",
                answer.problems
            );
            let n = u32::try_from(answer.row).unwrap();
            let before = self.acknowledged.insert(n, answer.check_up.clone());
            assert!(
                before.is_none_or(|name| name == answer.check_up),
                "the same answer"
            );
        }
    }

    fn unacknowledged(&self) -> Vec<u32> {
        let open = |n: &&u32| !self.acknowledged.contains_key(n);
        self.sent.iter().filter(open).copied().collect()
    }
}

/// Everything the gateway says it holds of a hospital: the name of each record, as often as it is told.
async fn stored(hospital: &Client) -> Vec<(String, String)> {
    let mut stored = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = wire::ListCheckUpsRequest {
            parent: PARENT.to_owned(),
            page_size: 500,
            page_token,
        };
        let page = hospital.exchange().list_check_ups(request).await.unwrap();
        let page = page.into_inner();
        let of = |c: wire::StoredCheckUp| (c.check_up.unwrap().record_id, c.name);
        stored.extend(page.check_ups.into_iter().map(of));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    loop {
        let request = wire::ListUnmatchedRequest {
            parent: PARENT.to_owned(),
            page_size: 500,
            page_token,
        };
        let page = hospital.exchange().list_unmatched(request).await.unwrap();
        let page = page.into_inner();
        stored.extend(page.check_ups.into_iter().map(|c| (c.record_id, c.name)));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return stored;
        }
    }
}

async fn survives(database: Option<String>, kills: u32, seed: u64) {
    let mut chance = StdRng::seed_from_u64(seed);
    let mut server = Server::laid_out(database);
    server.start().await;
    let commission = server.commission().await;
    let endpoint = server.endpoint();
    let hospital = commission
        .brings_in(&endpoint, OrganizationKind::Hospital, "示例医院")
        .await;
    register(&hospital).await;
    let mut sender = Sender::default();
    let (mut next, mut cut, mut killed) = (0, 0, 0);
    let began = Instant::now();
    // On a slow machine the first rows are acknowledged later than most kills come.
    while killed < kills || (cut == 0 && killed < 3 * kills) {
        let latest = if killed < kills { 300_000 } else { 1_500_000 };
        killed += 1;
        let hospital = hospital.at(&server.endpoint()).await;
        let mut rows = sender.unacknowledged();
        while rows.len() < ROWS {
            rows.push(next);
            next += 1;
        }
        let before = sender.acknowledged.len();
        let instant = Duration::from_micros(chance.random_range(1_000..latest));
        let killing = async {
            tokio::time::sleep(instant).await;
            server.kill();
        };
        tokio::join!(sender.push(&hospital, rows), killing);
        cut += u32::from(sender.acknowledged.len() > before && !sender.unacknowledged().is_empty());
        server.start().await;
    }
    let hospital = hospital.at(&server.endpoint()).await;
    let by_kills = sender.acknowledged.clone();
    // Whatever was not acknowledged is sent again; and what was, gets the same answer again.
    sender.push(&hospital, sender.unacknowledged()).await;
    sender
        .push(&hospital, sender.sent.iter().copied().collect())
        .await;
    assert_eq!(sender.acknowledged.len(), sender.sent.len());
    let stored = stored(&hospital).await;
    let names: BTreeMap<String, String> = stored.iter().cloned().collect();
    assert_eq!(stored.len(), names.len(), "nothing is there twice");
    assert_eq!(names.len(), sender.sent.len());
    for (n, name) in &sender.acknowledged {
        assert_eq!(names.get(&format!("record-{n}")), Some(name));
    }
    println!(
        "{killed} kills, {cut} with a row acknowledged and a row lost, {} of {} rows acknowledged \
         before the last; {:?}",
        by_kills.len(),
        sender.sent.len(),
        began.elapsed()
    );
    assert!(
        cut > 0 && !by_kills.is_empty(),
        "no kill hit a push under way"
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_outlives_the_server() {
    survives(None, 30, 1).await;
    tally("sqlite", "");
    if let Some(url) = fresh_database().await {
        survives(Some(url.clone()), 20, 2).await;
        drop_database(&url).await;
        tally("postgres", "");
    }
}
