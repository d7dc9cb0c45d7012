//! The region's ledger: its head is the lock and the clock, its leaves are never changed.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Tx,
    engine::{Column, Conflict},
    error::StoreError,
    rows::{Reader, micros},
};
use crate::{
    domain::{child::Child, id::Id, region::RegionCode},
    ledger::{Hash, Leaf},
};

/// How far the deciding clock may run ahead of the last leaf before it is refused. A quiet year is
/// ordinary; a clock that jumps decades is broken, and one leaf of it would stop the ledger.
const FARTHEST_JUMP: TimeDelta = TimeDelta::days(3 * 366);

/// The ledger's head, taken: until the transaction ends nobody else looks or changes a key here.
#[derive(Debug)]
pub struct Head {
    /// The region.
    pub region: RegionCode,
    /// Number of the next leaf.
    pub next: u64,
    /// The deciding time, taken after the lock.
    pub now: DateTime<Utc>,
}

/// Takes the region's head. Must be the transaction's first statement: the facts are read by later
/// statements, under the lock.
pub async fn take_head(tx: &mut Tx, region: RegionCode) -> Result<Head, StoreError> {
    let row = tx
        .query("UPDATE ledger_heads SET size = size WHERE region = $1 RETURNING *")
        .bind(region.to_string())
        .fetch_optional(tx)
        .await?;
    let row = row.ok_or(StoreError::UnknownRegion)?;
    let r = Reader::new(&row, "ledger_heads", "region");
    let (next, last) = (r.number("size")?, r.time("time_us")?);
    let now = tx.now().await?;
    if last.timestamp_micros() != 0 && now - last > FARTHEST_JUMP {
        return Err(StoreError::ClockJump);
    }
    Ok(Head {
        region,
        next,
        now: now.max(last),
    })
}

/// One entry of a leaf's sub-tree as it is stored.
pub struct StoredEntry {
    /// The entry's hash.
    pub hash: Hash,
    /// Whose, pseudonymous.
    pub child: Id<Child>,
    /// The opening, sealed under that child's key.
    pub opening: Vec<u8>,
}

/// Appends leaves, in order, and moves the head. The leaves' numbers follow the head's.
pub async fn append(
    tx: &mut Tx,
    head: Head,
    leaves: Vec<(Leaf, Vec<StoredEntry>)>,
) -> Result<(), StoreError> {
    let region = head.region.to_string();
    let count = leaves.len();
    let (mut sequences, mut at, mut bytes, mut hashes) = (vec![], vec![], vec![], vec![]);
    let (mut of, mut positions, mut entry_hashes) = (vec![], vec![], vec![]);
    let (mut children, mut openings) = (vec![], vec![]);
    for (leaf, entries) in leaves {
        let sequence = i64::try_from(leaf.sequence).unwrap_or(i64::MAX);
        sequences.push(sequence);
        at.push(leaf.at);
        hashes.push(leaf.hash().to_vec());
        bytes.push(leaf.to_bytes());
        for (position, entry) in (0_i64..).zip(entries) {
            of.push(sequence);
            positions.push(position);
            entry_hashes.push(entry.hash.to_vec());
            children.push(entry.child.to_string());
            openings.push(entry.opening);
        }
    }
    tx.insert(
        "ledger_leaves",
        &[
            ("region", Column::Text(vec![region.clone(); count])),
            ("sequence", Column::Int(sequences)),
            ("at_us", Column::Int(at)),
            ("bytes", Column::Bytes(bytes)),
            ("hash", Column::Bytes(hashes)),
        ],
        Conflict::Fail,
    )
    .await?;
    tx.insert(
        "ledger_entries",
        &[
            ("region", Column::Text(vec![region.clone(); of.len()])),
            ("sequence", Column::Int(of)),
            ("position", Column::Int(positions)),
            ("hash", Column::Bytes(entry_hashes)),
            ("child", Column::Text(children)),
            ("opening", Column::Bytes(openings)),
        ],
        Conflict::Fail,
    )
    .await?;
    tx.query("UPDATE ledger_heads SET size = size + $2, time_us = $3 WHERE region = $1")
        .bind(region)
        .bind(i64::try_from(count).unwrap_or(i64::MAX))
        .bind(micros(head.now))
        .execute(tx)
        .await?;
    Ok(())
}
