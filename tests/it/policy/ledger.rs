//! The ledger is the clock: leaves stand in the order in which things happened, each with a time
//! that was taken while nobody else could decide.

use std::time::Duration;

use chrono::{DateTime, Days, TimeDelta, Utc};
use tokio::time::{sleep, timeout};
use yuqiao::{
    clock::Clock,
    domain::{alert::Category, checkup::CheckUpStatus},
    ledger::{Leaf, LeafBody, Opening},
    service::{
        Error,
        disclosure::{Answer, Ask, Looks, Question},
        push::Pushes,
    },
    store::{StoreError, children},
};

use crate::support::{
    Bench, REGION, Raw,
    county::{County, day, haemoglobin, shown},
    engines::Place,
    on_every_engine,
};

async fn leaves(bench: &Bench) -> Vec<Leaf> {
    let sql =
        format!("SELECT bytes FROM ledger_leaves WHERE region = '{REGION}' ORDER BY sequence");
    let bytes = Raw::connect(&bench.place).await.blobs(sql).await;
    bytes.iter().map(|b| Leaf::from_bytes(b).unwrap()).collect()
}

/// What a leaf tells of, in short.
fn word(leaf: &Leaf) -> String {
    match &leaf.body {
        LeafBody::Change(change) => change.change.clone(),
        LeafBody::Look(look) => look.purpose.clone(),
    }
}

fn at(leaf: &Leaf) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(leaf.at).unwrap()
}

/// A child in care and entrusted to the first facility; gives the county.
async fn entrusted(bench: &Bench) -> County {
    let county = County::lay_out(bench, 1).await;
    let (ward, today) = (&county.children[0], day("2026-09-01"));
    let gateway = &bench.gateway;
    county.enrol(gateway, 0, ward.id, today).await.unwrap();
    let days = (today, today + Days::new(30));
    let granted = county.consent(gateway, 0, ward, Category::ALL, days).await;
    granted.unwrap();
    county
}

/// A change of keys and a look wait for the head that somebody holds, and time passes: what they are
/// dated with is the time after they got it.
///
/// Invariant 6. Break it: in `store/ledger.rs`, let `take_head` ask `tx.now()` before its `UPDATE`
/// (PostgreSQL shows it: on SQLite the lock is taken when the transaction begins).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waited_for_the_head_is_dated_after_it() {
    on_every_engine(async |bench| {
        let county = entrusted(&bench).await;
        let looks = Looks::start(bench.gateway.clone());
        let ward = &county.children[0];
        for turn in ["look", "leave"] {
            let known = leaves(&bench).await.len();
            let mut holder = Raw::connect(&bench.place).await;
            holder
                .execute(match &bench.place {
                    Place::Sqlite(_) => "BEGIN IMMEDIATE".to_owned(),
                    Place::Postgres(_) => "BEGIN".to_owned(),
                })
                .await;
            let take = "UPDATE ledger_heads SET size = size";
            holder.execute(take.to_owned()).await;
            let early = bench.clock.now();
            let deciding = async {
                if turn == "look" {
                    shown(&looks, county.morning(0, None)).await.map(drop)
                } else {
                    let days = (day("2026-09-01"), day("2026-09-20"));
                    let gateway = &bench.gateway;
                    let granted = county.consent(gateway, 0, ward, Category::ALL, days).await;
                    granted.map(drop)
                }
            };
            let releasing = async {
                // Long enough to have come as far as the lock.
                sleep(Duration::from_millis(300)).await;
                bench.clock.advance(TimeDelta::minutes(20));
                holder.execute("COMMIT".to_owned()).await;
            };
            let (decided, ()) = tokio::join!(deciding, releasing);
            decided.unwrap();
            let leaves = leaves(&bench).await;
            assert!(leaves.len() > known, "{turn} left its leaf");
            for leaf in &leaves[known..] {
                assert_eq!(at(leaf), early + TimeDelta::minutes(20), "{}", word(leaf));
            }
        }
    })
    .await;
}

/// Invariant 6. Break it: in `store/ledger.rs`, let `take_head` give `now` instead of
/// `now.max(last)`; or leave out the refusal of a jump.
#[tokio::test]
async fn time_in_the_ledger_never_goes_back_and_never_jumps_out_of_reach() {
    on_every_engine(async |bench| {
        let county = entrusted(&bench).await;
        let looks = Looks::start(bench.gateway.clone());
        let morning = bench.clock.now();
        shown(&looks, county.morning(0, None)).await.unwrap();
        bench.clock.advance(TimeDelta::minutes(-30));
        shown(&looks, county.morning(0, None)).await.unwrap();
        let all = leaves(&bench).await;
        assert!(all.is_sorted_by_key(|leaf| leaf.at));
        assert_eq!(
            at(all.last().unwrap()),
            morning,
            "the later of clock and last leaf"
        );

        bench.clock.set(morning + TimeDelta::days(3 * 366 + 1));
        let jumped = shown(&looks, county.morning(0, None)).await;
        let refused = matches!(jumped, Err(Error::Store(StoreError::ClockJump)));
        assert!(refused, "a clock that jumps decades stops nothing for ever");
        assert_eq!(leaves(&bench).await.len(), all.len());
        bench.clock.set(morning + TimeDelta::days(1));
        shown(&looks, county.morning(0, None)).await.unwrap();
    })
    .await;
}

/// Two gateways, each doing one thing after the other has done one: the ledger tells it in this
/// order, without a gap.
///
/// Invariant 6. Break it: in `service/disclosure.rs`, leave out `sitting.rise()`.
#[tokio::test]
async fn leaves_stand_in_the_order_of_events() {
    on_every_engine(async |bench| {
        let county = entrusted(&bench).await;
        let other = bench.second().await;
        let ward = &county.children[0];
        let known = leaves(&bench).await.len();
        let days = (day("2026-09-01"), day("2026-09-30"));
        let looks = Looks::start(other.gateway.clone());
        for _ in 0..3 {
            shown(&looks, county.morning(0, None)).await.unwrap();
            let gateway = &bench.gateway;
            let granted = county.consent(gateway, 0, ward, Category::ALL, days).await;
            let consent = granted.unwrap().id;
            shown(&looks, county.morning(0, None)).await.unwrap();
            county.withdraw(&other.gateway, consent).await.unwrap();
            let granted = county.consent(gateway, 0, ward, Category::ALL, days).await;
            granted.unwrap();
        }
        let all = leaves(&bench).await;
        let sequences: Vec<u64> = all.iter().map(|leaf| leaf.sequence).collect();
        let expected: Vec<u64> = (0..all.len() as u64).collect();
        assert_eq!(sequences, expected);
        let told: Vec<String> = all[known..].iter().map(word).collect();
        let once = [
            "DAILY_CARE",
            "CONSENT_SUPERSEDED",
            "CONSENT_GRANTED",
            "DAILY_CARE",
            "CONSENT_WITHDRAWN",
            "CONSENT_GRANTED",
        ];
        assert_eq!(told, [once, once, once].concat());
        let closing = timeout(Duration::from_secs(10), other.gateway.store().close());
        closing.await.unwrap();
    })
    .await;
}

/// A source reads its own records: each child's entry names the check-ups that were shown. Break it:
/// in `disclosure/own.rs`, leave `further` empty.
#[tokio::test]
async fn a_look_at_own_records_names_each_check_up_shown() {
    on_every_engine(async |bench| {
        let county = County::lay_out(&bench, 2).await;
        let gateway = &bench.gateway;
        let pushes = Pushes::start(gateway.clone());
        for (ward, record) in [(0, "a"), (0, "b"), (1, "c")] {
            let number = &county.children[ward].number;
            let version = (record, 1, CheckUpStatus::Final);
            let found = vec![haemoglobin(120)];
            let row = county.check_up(gateway, &county.hospital, number, record, version, found);
            pushes.submit(row).await.unwrap();
        }
        let ask = Ask {
            claim: county.hospital.claim.clone(),
            region: county.region(),
            method: "ExchangeService.ListCheckUps",
            question: Question::OwnRecords {
                cursor: String::new(),
                limit: 10,
            },
        };
        let answer = Looks::start(gateway.clone()).ask(ask).await.unwrap();
        let Answer::CheckUps(shown) = answer else {
            panic!("another answer than was asked for")
        };
        let mut expected: Vec<(String, String)> = shown
            .iter()
            .map(|(c, _)| (c.row.child.unwrap().to_string(), c.row.id.to_string()))
            .collect();
        assert_eq!(expected.len(), 3);
        let mut told = Vec::new();
        for (child, detail) in last_entries(&bench).await {
            let named = detail.into_iter().filter(|(name, _)| name == "check_up");
            told.extend(named.map(|(_, id)| (child.clone(), id)));
        }
        expected.sort_unstable();
        told.sort_unstable();
        assert_eq!(told, expected);
    })
    .await;
}

/// The children of the last leaf, each with its entry's detail, unsealed.
async fn last_entries(bench: &Bench) -> Vec<(String, Vec<(String, String)>)> {
    let mut tx = bench.gateway.store().snapshot().await.unwrap();
    let sql = "SELECT sequence, position, child, opening FROM ledger_entries
               WHERE region = $1 AND sequence = (SELECT MAX(sequence) FROM ledger_entries)";
    let rows = tx.query(sql).bind(REGION.to_owned()).fetch_all(&mut tx);
    let rows = rows.await.unwrap();
    let mut entries = Vec::new();
    for row in &rows {
        let place: (i64, i64) = (row.get("sequence").unwrap(), row.get("position").unwrap());
        let child: String = row.get("child").unwrap();
        let id = child.parse().unwrap();
        let region = REGION.parse().unwrap();
        let of = children::find(&mut tx, region, &[id])
            .await
            .unwrap()
            .remove(0);
        let keyring = bench.gateway.keyring();
        let key = keyring
            .child(region, id, of.wrapped_key.as_deref())
            .unwrap();
        let row_name = format!("{}/{}", place.0, place.1);
        let sealed: Vec<u8> = row.get("opening").unwrap();
        let opened = key
            .unwrap()
            .open("ledger_entries", &row_name, "opening", &sealed);
        let opening = Opening::from_bytes(&opened.unwrap()).unwrap();
        entries.push((child, opening.detail));
    }
    entries
}
