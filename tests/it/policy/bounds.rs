//! Everything is bounded, and beyond a bound there is a clear word, never silence.

use chrono::{Days, TimeDelta};
use yuqiao::{
    domain::{alert::Category, checkup::CheckUpStatus, id::Id},
    service::{
        Error, Reason,
        disclosure::{Answer, Event, Looks},
        push::{Pushes, Verdict},
        retention::{Retention, sweep},
    },
};

use crate::{
    support::{
        Bench, Raw,
        county::{County, allergy, coded, day, haemoglobin},
        on_every_engine,
    },
    survival::quiet::{in_line, settle},
};

const KEPT: Retention = Retention {
    inbox: TimeDelta::days(30),
    idempotency: TimeDelta::days(30),
};

async fn swept(bench: &Bench) {
    while sweep(&bench.gateway, &KEPT).await.unwrap() {}
}

/// What the facility reads after a number: each event's number, and the alert if it is shown.
async fn read(
    looks: &Looks,
    county: &County,
    after: i64,
) -> Result<(Vec<(i64, Option<String>)>, i64), Error> {
    let Answer::Inbox { events, oldest } = looks.ask(county.following(0, after, 1000)).await?
    else {
        panic!("another answer than was asked for");
    };
    let shown = |event| match event {
        Event::Alert(alert, _) => Some(alert.row.id.to_string()),
        _ => None,
    };
    Ok((
        events.into_iter().map(|(n, e)| (n, shown(e))).collect(),
        oldest,
    ))
}

/// Old entries go, and the inbox says where it begins. Nobody who reads from the beginning misses
/// what it should hold; whoever stood before is told to begin anew.
///
/// Invariant 12 (and 7). Break it: in `service/retention.rs`, let `still_held` give nothing; or in
/// `service/disclosure/inbox.rs`, leave out either refusal.
#[tokio::test]
async fn an_inbox_is_kept_for_its_time_and_tells_where_it_begins() {
    on_every_engine(async |bench| {
        let county = County::lay_out(&bench, 1).await;
        let (gateway, ward) = (&bench.gateway, &county.children[0]);
        let pushes = Pushes::start(gateway.clone());
        let looks = Looks::start(gateway.clone());
        let push = async |n: u32, found| {
            let version = ("r", n, CheckUpStatus::Corrected);
            let key = format!("k{n}");
            let from = &county.hospital;
            let row = county.check_up(gateway, from, &ward.number, &key, version, found);
            pushes.submit(row).await.unwrap();
        };
        let today = day("2026-09-01");
        county.enrol(gateway, 0, ward.id, today).await.unwrap();
        let days = (today, today + Days::new(300));
        county
            .consent(gateway, 0, ward, Category::ALL, days)
            .await
            .unwrap();
        push(1, vec![allergy("花生酱"), haemoglobin(67)]).await;
        push(2, vec![allergy("花生酱"), coded("HEARING", "FAIL")]).await;
        let (before, oldest) = read(&looks, &county, 0).await.unwrap();
        assert!(before.len() >= 3 && oldest == 1, "{before:?}");
        let last = before.last().unwrap().0;
        swept(&bench).await;
        assert_eq!(
            read(&looks, &county, 0).await.unwrap(),
            (before.clone(), 1),
            "in its time"
        );

        bench.clock.advance(TimeDelta::days(31));
        settle(&bench).await;
        swept(&bench).await;
        let (after, oldest) = read(&looks, &county, 0).await.unwrap();
        assert_eq!(oldest, last + 1, "it begins after what went");
        let numbers: Vec<i64> = after.iter().map(|(n, _)| *n).collect();
        let expected: Vec<i64> = (last + 1..).take(after.len()).collect();
        assert_eq!(numbers, expected, "and has no hole");
        let shown = |of: &[(i64, Option<String>)]| {
            let mut shown: Vec<String> = of.iter().filter_map(|(_, a)| a.clone()).collect();
            shown.sort();
            shown
        };
        assert_eq!(shown(&before).len(), 2);
        // A month on, something else may be due besides.
        let anew = shown(&after);
        assert!(
            shown(&before).iter().all(|alert| anew.contains(alert)),
            "whatever is held was delivered anew"
        );
        in_line(&bench, &county).await;

        // Who has read to the end goes on; who has not is told.
        assert_eq!(read(&looks, &county, last).await.unwrap().0, after);
        let hole = read(&looks, &county, last - 1).await;
        assert_eq!(hole.unwrap_err().reason(), Reason::InboxTruncated);
        let beyond = read(&looks, &county, last + 1000).await;
        assert!(matches!(beyond, Err(Error::Invalid(p)) if p[0].field == "after"));
        swept(&bench).await;
        assert_eq!(
            read(&looks, &county, 0).await.unwrap().0,
            after,
            "once is enough"
        );
    })
    .await;
}

/// Invariant 12 (and 2). Break it: in `store/retention.rs`, let `forget_keys` pass over the age.
#[tokio::test]
async fn a_used_key_is_kept_for_its_time_and_a_later_retry_is_harmless_still() {
    on_every_engine(async |bench| {
        let county = County::lay_out(&bench, 1).await;
        let (gateway, ward) = (&bench.gateway, &county.children[0]);
        let pushes = Pushes::start(gateway.clone());
        let push = async |key: &str, record: &str, found| {
            let version = (record, 1, CheckUpStatus::Final);
            let from = &county.hospital;
            let row = county.check_up(gateway, from, &ward.number, key, version, vec![found]);
            pushes.submit(row).await.unwrap()
        };
        let keys = async || {
            let sql = "SELECT key FROM push_keys ORDER BY key".to_owned();
            Raw::connect(&bench.place).await.texts(sql).await.concat()
        };
        let first: Id<_> = match push("k1", "r1", haemoglobin(67)).await {
            Verdict::Accepted { check_up, .. } => check_up,
            other => panic!("{other:?}"),
        };
        bench.clock.advance(TimeDelta::days(20));
        push("k2", "r2", haemoglobin(110)).await;
        bench.clock.advance(TimeDelta::days(11));
        swept(&bench).await;
        assert_eq!(keys().await, ["k2"]);
        let again = push("k1", "r1", haemoglobin(67)).await;
        let replayed = Verdict::Accepted {
            check_up: first,
            replayed: true,
        };
        assert_eq!(again, replayed, "its record and revision are known");
        assert_eq!(keys().await, ["k1", "k2"]);
    })
    .await;
}
