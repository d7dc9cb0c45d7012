//! A region's ledger is read back from its tables, unsealed, and laid before the auditor.

use yuqiao::{
    domain::region::RegionCode,
    ledger::{Auditor, Disclosed, Evidence, Leaf, Opening, Summary, Violation},
    service::audit::demands,
    store::children,
};

use crate::support::{Bench, Raw, region};

/// An entry's hash, its place in its leaf, the child, and what was opened.
type Entry = ([u8; 32], u32, String, Option<Opening>);

/// The auditor's findings over the whole ledger of the example region.
pub async fn audit(bench: &Bench) -> (Summary, Vec<Violation>) {
    audit_of(bench, region()).await
}

/// The same of another region.
pub async fn audit_of(bench: &Bench, region: RegionCode) -> (Summary, Vec<Violation>) {
    let mut raw = Raw::connect(&bench.place).await;
    let bytes = raw.blobs(format!(
        "SELECT bytes FROM ledger_leaves WHERE region = '{region}' ORDER BY sequence"
    ));
    let leaves: Vec<Leaf> = bytes
        .await
        .iter()
        .map(|b| Leaf::from_bytes(b).unwrap())
        .collect();
    let from = format!("FROM ledger_entries WHERE region = '{region}' ORDER BY sequence, position");
    let places = raw.texts(format!(
        "SELECT CAST(sequence AS TEXT) AS s, CAST(position AS TEXT) AS p, child {from}"
    ));
    let places = places.await;
    let hashes = raw.blobs(format!("SELECT hash {from}")).await;
    let openings = raw.blobs(format!("SELECT opening {from}")).await;
    let mut tx = bench.gateway.store().snapshot().await.unwrap();
    let mut entries: Vec<Vec<Entry>> = Vec::new();
    entries.resize_with(leaves.len(), Vec::new);
    for ((place, hash), opening) in places.iter().zip(hashes).zip(openings) {
        let (sequence, position): (usize, u32) =
            (place[0].parse().unwrap(), place[1].parse().unwrap());
        let child = place[2].parse().unwrap();
        let rows = children::find(&mut tx, region, &[child]).await.unwrap();
        let wrapped = rows[0].wrapped_key.as_deref();
        let key = bench.gateway.keyring().child(region, child, wrapped);
        // Of an erased child nothing is opened: the hash alone is there.
        let opening = key.unwrap().map(|key| {
            let row = format!("{sequence}/{position}");
            let bytes = key.open("ledger_entries", &row, "opening", &opening);
            Opening::from_bytes(&bytes.unwrap()).unwrap()
        });
        entries[sequence].push((
            hash.try_into().unwrap(),
            position,
            place[2].clone(),
            opening,
        ));
    }
    tx.rollback().await.unwrap();
    let mut auditor = Auditor::new(&region.to_string(), demands);
    let mut violations = Vec::new();
    for (leaf, entries) in leaves.iter().zip(&entries) {
        let hashes: Vec<_> = entries.iter().map(|e| e.0).collect();
        let openings: Vec<_> = entries
            .iter()
            .filter_map(|(_, index, child, opening)| {
                Some(Disclosed {
                    index: *index,
                    child,
                    opening: opening.as_ref()?,
                })
            })
            .collect();
        violations.extend(auditor.read(&Evidence {
            leaf,
            entries: &hashes,
            openings: &openings,
        }));
    }
    (auditor.summary(), violations)
}
