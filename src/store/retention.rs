//! What has been kept long enough: used idempotency keys, and the oldest entries of inboxes.

use chrono::{DateTime, Utc};

use super::{
    Tx,
    error::StoreError,
    inboxes::{self, Entry},
    rows::{Reader, micros},
};
use crate::domain::{id::Id, organization::Organization, region::RegionCode};

/// Forgets keys that were used before `horizon`, at most `limit`; gives how many. A retry that comes
/// later still meets its record.
pub async fn forget_keys(
    tx: &mut Tx,
    region: RegionCode,
    horizon: DateTime<Utc>,
    limit: i64,
) -> Result<u64, StoreError> {
    tx.query(
        "DELETE FROM push_keys WHERE region = $1 AND (source, key) IN
             (SELECT source, key FROM push_keys WHERE region = $1 AND created_us < $2
              ORDER BY created_us LIMIT $3)",
    )
    .bind(region.to_string())
    .bind(micros(horizon))
    .bind(limit)
    .execute(tx)
    .await
}

/// Whoever has an inbox.
pub async fn recipients(
    tx: &mut Tx,
    region: RegionCode,
) -> Result<Vec<Id<Organization>>, StoreError> {
    let rows = tx
        .query("SELECT recipient FROM inboxes WHERE region = $1 ORDER BY recipient")
        .bind(region.to_string())
        .fetch_all(tx)
        .await?;
    rows.iter()
        .map(|row| Reader::new(row, "inboxes", "recipient").parsed("recipient"))
        .collect()
}

/// The oldest entries of an inbox up to the first that was written at `horizon` or later, at most
/// `limit`.
pub async fn oldest(
    tx: &mut Tx,
    region: RegionCode,
    recipient: Id<Organization>,
    horizon: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Entry>, StoreError> {
    let mut entries = inboxes::after(tx, region, recipient, 0, limit).await?;
    let old = entries.iter().take_while(|e| e.at < horizon).count();
    entries.truncate(old);
    Ok(entries)
}

/// The same of a commission's notices: the last of the old ones, and how many they are.
pub async fn oldest_notices(
    tx: &mut Tx,
    region: RegionCode,
    recipient: Id<Organization>,
    horizon: DateTime<Utc>,
    limit: i64,
) -> Result<Option<(i64, usize)>, StoreError> {
    let notices = inboxes::notices_after(tx, region, recipient, 0, limit).await?;
    let old = notices.iter().take_while(|n| n.at < horizon);
    Ok(old.enumerate().last().map(|(at, n)| (n.number, at + 1)))
}

/// Lets an inbox begin after `number`, or where it begins later already: another gateway may have
/// gone further since the old entries were read. What stands before is gone, and whoever reads is told.
pub async fn begin_after(
    tx: &mut Tx,
    region: RegionCode,
    recipient: Id<Organization>,
    number: i64,
) -> Result<(), StoreError> {
    tx.query("UPDATE inboxes SET oldest = $3 WHERE region = $1 AND recipient = $2 AND oldest < $3")
        .bind(region.to_string())
        .bind(recipient.to_string())
        .bind(number + 1)
        .execute(tx)
        .await?;
    for sql in [
        "DELETE FROM inbox_entries WHERE region = $1 AND recipient = $2 AND number <= $3",
        "DELETE FROM inbox_notices WHERE region = $1 AND recipient = $2 AND number <= $3",
    ] {
        tx.query(sql)
            .bind(region.to_string())
            .bind(recipient.to_string())
            .bind(number)
            .execute(tx)
            .await?;
    }
    Ok(())
}
