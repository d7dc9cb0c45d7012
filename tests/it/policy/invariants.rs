//! Invariants of the design that a rule's own test does not show, each with the line whose breaking
//! it would tell of.

use std::collections::BTreeSet;

use chrono::Days;
use yuqiao::{
    domain::{alert::Category, checkup::CheckUpStatus},
    service::{Error, disclosure::Looks, organizations, push::Pushes},
};

use crate::support::{
    Bench, Raw,
    county::{
        CHILD_NAME, County, GUARDIAN_NAME, PHONE, allergy, day, haemoglobin, resident_id, shown,
    },
    engines::Place,
    on_every_engine,
    shape::Shape,
};

/// A county whose first child is in care, entrusted and known to be allergic.
async fn entrusted(bench: &Bench) -> County {
    let county = County::lay_out(bench, 2).await;
    let gateway = &bench.gateway;
    let (ward, today) = (&county.children[0], day("2026-09-01"));
    let days = (today, today + Days::new(30));
    county.enrol(gateway, 0, ward.id, today).await.unwrap();
    let granted = county.consent(gateway, 0, ward, Category::ALL, days).await;
    granted.unwrap();
    let row = county.check_up(
        gateway,
        &county.hospital,
        &ward.number,
        "k",
        ("r", 1, CheckUpStatus::Final),
        vec![allergy("花生酱"), haemoglobin(67)],
    );
    Pushes::start(gateway.clone()).submit(row).await.unwrap();
    county
}

async fn leaves(bench: &Bench) -> usize {
    let mut raw = Raw::connect(&bench.place).await;
    let hashes = raw.blobs("SELECT hash FROM ledger_leaves".to_owned());
    hashes.await.len()
}

/// The connections that write: what is committed is on the disk before it is acknowledged. That no
/// acknowledged row is lost when the program is killed is shown by `survival/kill.rs`.
///
/// Invariant 1. Break it: in `store/engine.rs`, open SQLite with `SqliteSynchronous::Normal`.
#[tokio::test]
async fn a_commit_is_on_the_disk() {
    on_every_engine(async |bench| {
        let (ask, column, expected) = match &bench.place {
            Place::Sqlite(_) => (
                "SELECT CAST(synchronous AS TEXT) AS told FROM pragma_synchronous",
                "told",
                "2",
            ),
            Place::Postgres(_) => ("SHOW synchronous_commit", "synchronous_commit", "on"),
        };
        let mut tx = bench.gateway.store().begin().await.unwrap();
        let row = tx.query(ask).fetch_one(&mut tx).await.unwrap();
        let told: String = row.get(column).unwrap();
        tx.rollback().await.unwrap();
        // A throw-away cluster may be told to be fast instead of durable.
        let fast = bench.engine() == "postgres" && std::env::var_os("YUQIAO_PG_FAST").is_some();
        assert_eq!(told, if fast { "off" } else { expected });
        if let Place::Sqlite(_) = bench.place {
            let mut tx = bench.gateway.store().begin().await.unwrap();
            let ask = "SELECT journal_mode AS told FROM pragma_journal_mode";
            let row = tx.query(ask).fetch_one(&mut tx).await.unwrap();
            let told: String = row.get("told").unwrap();
            tx.rollback().await.unwrap();
            assert_eq!(told, "wal");
        }
    })
    .await;
}

/// Invariant 3. Break it: in `service/disclosure.rs`, leave out `sitting.rise()`.
#[tokio::test]
async fn a_look_is_in_the_ledger_when_its_answer_arrives_and_without_it_there_is_none() {
    on_every_engine(async |bench| {
        let county = entrusted(&bench).await;
        let looks = Looks::start(bench.gateway.clone());
        let before = leaves(&bench).await;
        let (alerts, _) = shown(&looks, county.morning(0, None)).await.unwrap();
        assert_eq!((alerts.len(), leaves(&bench).await), (2, before + 1));
        // The next leaf finds its place taken: nothing may leave.
        let mut raw = Raw::connect(&bench.place).await;
        raw.execute(
            "INSERT INTO ledger_leaves SELECT region, sequence + 1, at_us, bytes, hash
             FROM ledger_leaves ORDER BY sequence DESC LIMIT 1"
                .to_owned(),
        )
        .await;
        let failed = shown(&looks, county.morning(0, None)).await;
        assert!(matches!(failed, Err(Error::Store(_))));
    })
    .await;
}

/// Invariant 5. Break it: in `service/consents.rs`, let `withdraw` leave out `consents::end`.
#[tokio::test]
async fn an_end_is_an_end_on_every_gateway() {
    on_every_engine(async |bench| {
        let county = entrusted(&bench).await;
        let other = bench.second().await;
        let looks = [&bench, &other].map(|b| Looks::start(b.gateway.clone()));
        let ward = &county.children[0];
        let days = (day("2026-09-01"), day("2026-09-30"));
        let renewed = county
            .consent(&bench.gateway, 0, ward, Category::ALL, days)
            .await;
        let consent = renewed.unwrap().id;
        for looks in &looks {
            let seen = shown(looks, county.morning(0, None)).await.unwrap();
            assert_eq!((seen.0.len(), seen.1.len()), (2, 0));
        }
        county.withdraw(&bench.gateway, consent).await.unwrap();
        for looks in &looks {
            let seen = shown(looks, county.morning(0, None)).await.unwrap();
            assert_eq!((seen.0.len(), seen.1.len()), (0, 1));
            let refused = shown(looks, county.morning(0, Some(ward.id))).await;
            assert!(matches!(refused, Err(Error::Denied(_))));
        }
        other.gateway.store().close().await;
    })
    .await;
}

/// What a further source sent in good standing stays true of the child when it is suspended. Break it:
/// in `store/facts.rs`, let `parties_active` ask for the standing of further sources too.
#[tokio::test]
async fn what_a_suspended_further_source_sent_is_still_shown() {
    on_every_engine(async |bench| {
        let county = entrusted(&bench).await;
        let gateway = &bench.gateway;
        let number = &county.children[0].number;
        let version = ("m", 1, CheckUpStatus::Final);
        let found = vec![allergy("牛奶")];
        let row = county.check_up(gateway, &county.mch, number, "m", version, found);
        Pushes::start(gateway.clone()).submit(row).await.unwrap();
        let looks = Looks::start(gateway.clone());
        let count = async || {
            let seen = shown(&looks, county.morning(0, None)).await.unwrap();
            seen.0.len()
        };
        let (before, office) = (count().await, &county.commission.claim);
        assert_eq!(before, 3);
        let suspend = async |of| {
            let suspended = organizations::suspend(gateway, county.region(), office, of, "整改");
            suspended.await.unwrap();
        };
        suspend(county.mch.id).await;
        assert_eq!(count().await, before);
        suspend(county.hospital.id).await;
        assert_eq!(count().await, 0, "a party is another matter");
    })
    .await;
}

/// Invariant 10. Break it: in `service/assessment.rs`, keep an alert's body unsealed.
#[tokio::test]
async fn nothing_personal_lies_in_any_table_in_clear() {
    on_every_engine(async |bench| {
        let county = entrusted(&bench).await;
        let number = county.children[0].number.normalized().to_owned();
        let guardian = resident_id(0).as_str().to_owned();
        let secrets = [
            CHILD_NAME,
            GUARDIAN_NAME,
            PHONE,
            &number,
            &guardian,
            "花生酱",
        ];
        let secrets = secrets
            .into_iter()
            .chain(["过敏。餐食", "中度贫血", "测试职员"]);
        let secrets: BTreeSet<&str> = secrets.collect();
        let mut raw = Raw::connect(&bench.place).await;
        let shape = Shape::read(&mut raw).await;
        let mut scanned = 0;
        // Rules are nobody's: they are read by whoever cares to.
        let tables = shape
            .tables
            .iter()
            .filter(|(table, _)| *table != "rule_set_files");
        for (table, of) in tables {
            for column in of.columns.keys() {
                let bytes = match &bench.place {
                    Place::Sqlite(_) => format!("CAST(\"{column}\" AS BLOB)"),
                    Place::Postgres(_) if of.columns[column].kind == "bytes" => column.clone(),
                    Place::Postgres(_) => format!("convert_to({column}::text, 'UTF8')"),
                };
                let sql = format!("SELECT {bytes} FROM {table} WHERE {column} IS NOT NULL");
                for value in raw.blobs(sql).await {
                    scanned += 1;
                    let text = String::from_utf8_lossy(&value).into_owned();
                    let found = secrets.iter().find(|s| text.contains(**s));
                    assert!(found.is_none(), "{table}.{column} tells {found:?}");
                }
            }
        }
        assert!(scanned > 300, "{scanned}");
    })
    .await;
}
