//! What is stored of one child does not open: that child is withheld and its readers are told so, and
//! every other child is shown.

use yuqiao::{
    domain::{alert::Alert, id::Id, inbox::RetractionReason},
    service::{
        Reason,
        disclosure::{Answer, Event, Why, Withheld, open_alerts},
    },
    store::{alerts::Disclosed, escalations},
};

use crate::{
    support::{
        Bench, Raw, care::Care, county::allergy, county::shown, on_every_engine, region,
        replay::replay,
    },
    survival::{audit::audit, quiet::settle},
};

fn ids(alerts: &[Disclosed]) -> Vec<Id<Alert>> {
    alerts.iter().map(|d| d.row.id).collect()
}

fn unreadable(withheld: &[Withheld]) -> Vec<String> {
    let of = withheld.iter().filter(|w| matches!(w.why, Why::Unreadable));
    of.map(|w| w.child.to_string()).collect()
}

async fn spoil(bench: &Bench, table: &str, column: &str, id: &str) {
    let mut raw = Raw::connect(&bench.place).await;
    raw.spoil(table, column, id).await;
}

/// Break it: in `disclosure/gathered.rs`, let a key that does not open fail the look; in
/// `disclosure/inbox.rs` or `passed_on.rs`, give a bare number for it.
#[tokio::test]
async fn one_childs_key_that_does_not_open_hides_no_other_child() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 2, Vec::new()).await;
        let county = &care.county;
        let [good, bad] = &county.children[..] else {
            panic!()
        };
        for (n, ward) in county.children.iter().enumerate() {
            let record = format!("r{n}");
            care.push(&bench, ward, &record, "2026-08-20", allergy("鸡蛋"))
                .await;
        }
        bench.clock.advance(chrono::TimeDelta::hours(25));
        settle(&bench).await;
        let seen = care.only(&bench, good.id).await.id;
        let hidden = care.only(&bench, bad.id).await.id;
        spoil(&bench, "children", "wrapped_key", &bad.id.to_string()).await;

        let (alerts, withheld) = shown(&care.looks, county.morning(0, None)).await.unwrap();
        assert_eq!(ids(&alerts), [seen]);
        assert_eq!(unreadable(&withheld), [bad.id.to_string()]);
        let one = shown(&care.looks, county.morning(0, Some(bad.id))).await;
        let (alerts, withheld) = one.unwrap();
        assert!(alerts.is_empty());
        assert_eq!(unreadable(&withheld), [bad.id.to_string()]);
        for by in [
            &county.facilities[0].claim,
            &care.instructor,
            &care.clinician,
        ] {
            let events = care.inbox(by, 0).await.unwrap();
            let told = events.iter().any(|(_, event)| {
                matches!(event, Event::Retraction { alert: Some(alert), reason, .. }
                    if (*alert, *reason) == (hidden, RetractionReason::Unreadable))
            });
            assert!(told, "a reader is told, and gets no bare number");
            let known = replay(&care.looks, by, 64).await;
            assert_eq!(known.keys().collect::<Vec<_>>(), [&good.id]);
        }
        let acknowledged = care.acknowledge(&bench, hidden).await;
        let refused = acknowledged.err().map(|error| error.reason());
        assert_eq!(refused, Some(Reason::RecordUnreadable));
        let mut tx = bench.gateway.store().snapshot().await.unwrap();
        let clocks = escalations::of_children(&mut tx, region(), &[bad.id]).await;
        tx.rollback().await.unwrap();
        assert_eq!(clocks.unwrap().len(), 1, "nobody has taken it up");
        spoil(&bench, "children", "wrapped_key", &bad.id.to_string()).await;
        let (_, violations) = audit(&bench).await;
        assert!(violations.is_empty(), "{violations:?}");
    })
    .await;
}

/// Break it: in `open_alerts`, let what does not open fail them all.
#[tokio::test]
async fn one_alert_that_does_not_open_hides_no_other() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 2, Vec::new()).await;
        let county = &care.county;
        for (n, ward) in county.children.iter().enumerate() {
            let record = format!("r{n}");
            care.push(&bench, ward, &record, "2026-08-20", allergy("鸡蛋"))
                .await;
        }
        let bad = county.children[1].id;
        let hidden = care.only(&bench, bad).await.id;
        spoil(&bench, "alerts", "sealed", &hidden.to_string()).await;
        let answer = care.looks.ask(county.morning(0, None)).await.unwrap();
        let Answer::Alerts {
            alerts, audience, ..
        } = answer
        else {
            panic!("another answer than was asked for")
        };
        let (opened, withheld) = open_alerts(&bench.gateway, region(), alerts, &audience).unwrap();
        assert_eq!(opened.len(), 1);
        assert_eq!(opened[0].row.child, county.children[0].id);
        assert_eq!(unreadable(&withheld), [bad.to_string()]);
    })
    .await;
}
