//! The tide serves everybody: what can't be delivered now holds up nobody else's deliveries.

use chrono::TimeDelta;
use yuqiao::{
    domain::{child::Child, id::Id},
    service::{enrolments, organizations, tide},
};

use crate::support::{
    Bench,
    families::{County, placement},
    on_every_engine,
    raw::Raw,
    region,
};

async fn waiting(bench: &Bench) -> Vec<(bool, String)> {
    let mut raw = Raw::connect(&bench.place).await;
    let sql = "SELECT COALESCE(child, ''), cursor FROM backfills ORDER BY id";
    let rows = raw.texts(sql.to_owned()).await;
    let read = |row: &Vec<String>| (row[0].is_empty(), row[0].clone());
    rows.iter().map(read).collect()
}

async fn set_state(bench: &Bench, child: Id<Child>, state: &str) {
    let mut raw = Raw::connect(&bench.place).await;
    raw.execute(format!(
        "UPDATE enrolments SET state = '{state}' WHERE child = '{child}'"
    ))
    .await;
}

async fn tide_out(bench: &Bench) {
    for _ in 0..20 {
        tide::tick(&bench.gateway).await.unwrap();
    }
}

/// Invariant 7. Break it: in `service/tide.rs`, let `tick` return the error of `step` instead of
/// stepping aside.
#[tokio::test]
async fn a_delivery_that_can_not_be_done_steps_aside() {
    on_every_engine(async |bench| {
        let county = County::found(&bench).await;
        county.filed(&bench).await;
        let mut children = Vec::new();
        for number in ["X150000001", "X150000002", "X150000003"] {
            let child = county.child(&bench, number).await;
            let placement = placement(child, "2026-09-01");
            let claim = &county.facility.claim;
            enrolments::enrol(&bench.gateway, claim, region(), placement)
                .await
                .unwrap();
            children.push(child);
        }
        tide_out(&bench).await;
        children.sort_unstable();
        let spoilt = children[1];
        set_state(&bench, spoilt, "NONSENSE").await;

        let (gateway, claim) = (&bench.gateway, &county.commission.claim);
        organizations::suspend(gateway, region(), claim, county.hospital.id, "整改")
            .await
            .unwrap();
        tide_out(&bench).await;
        // The facility is served; only the spoilt child waits, for its time.
        let (facilities, alone): (Vec<_>, Vec<_>) = waiting(&bench)
            .await
            .into_iter()
            .partition(|(whole_facility, _)| *whole_facility);
        let at_the_term_s_end = facilities.len();
        assert_eq!(alone, [(false, spoilt.to_string())]);

        set_state(&bench, spoilt, "ACTIVE").await;
        bench.clock.advance(TimeDelta::minutes(2));
        tide_out(&bench).await;
        assert_eq!(waiting(&bench).await.len(), at_the_term_s_end);
    })
    .await;
}
