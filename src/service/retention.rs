//! Nothing is kept for ever that nobody needs: used idempotency keys, and the oldest entries of
//! inboxes. An inbox says where it begins, and whatever its recipient still holds is delivered anew
//! before its old entry goes, so that reading from the beginning never misses an alert.

use std::{collections::BTreeSet, panic::AssertUnwindSafe, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use tokio::time;

use super::{error::Error, gateway::Gateway};
use crate::{
    domain::{child::Child, id::Id, organization::Organization, region::RegionCode},
    store::{
        children,
        inboxes::{self, Entry, NewEntry, Pointer},
        regions, retention,
    },
};

/// How often it is looked for what may go.
const TICK: Duration = Duration::from_secs(600);
/// Rows that go in one transaction.
const AT_A_TIME: i64 = 1000;

/// How long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Entries of an inbox.
    pub inbox: TimeDelta,
    /// Used idempotency keys. A retry after that still meets its record and revision.
    pub idempotency: TimeDelta,
}

/// Sweeps again and again, without end.
pub async fn keep(gateway: Gateway, retention: Retention) {
    loop {
        let swept = AssertUnwindSafe(sweep(&gateway, &retention)).catch_unwind();
        let swept = swept.await;
        match swept.unwrap_or(Err(Error::Broken("retention panicked"))) {
            Ok(true) => {}
            Ok(false) => time::sleep(TICK).await,
            Err(error) => {
                tracing::warn!(reason = error.reason().code(), cause = %error, "old rows stay");
                time::sleep(TICK).await;
            }
        }
    }
}

/// Lets a bounded part of what is old go, in every region; tells whether there may be more. May stop
/// at any instant and run on several gateways at once.
pub async fn sweep(gateway: &Gateway, retention: &Retention) -> Result<bool, Error> {
    let mut tx = gateway.store().snapshot().await?;
    let now = tx.now().await?;
    let regions = regions::codes(&mut tx).await?;
    tx.rollback().await?;
    let mut more = false;
    for region in regions {
        more |= match sweep_region(gateway, region, retention, now).await {
            Err(error) if error.common().is_none() => {
                tracing::error!(%region, reason = error.reason().code(), cause = %error, "a region's old rows stay");
                false
            }
            swept => swept?,
        };
    }
    Ok(more)
}

async fn sweep_region(
    gateway: &Gateway,
    region: RegionCode,
    retention: &Retention,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let mut tx = gateway.store().begin().await?;
    let horizon = now - retention.idempotency;
    let gone = retention::forget_keys(&mut tx, region, horizon, AT_A_TIME).await?;
    tx.commit().await?;
    let mut more = i64::try_from(gone).is_ok_and(|gone| gone == AT_A_TIME);
    let mut tx = gateway.store().snapshot().await?;
    let recipients = retention::recipients(&mut tx, region).await?;
    tx.rollback().await?;
    for recipient in recipients {
        more |= shorten(gateway, region, recipient, now, now - retention.inbox).await?;
    }
    Ok(more)
}

/// Lets the oldest entries of one inbox go; tells whether there may be more.
async fn shorten(
    gateway: &Gateway,
    region: RegionCode,
    recipient: Id<Organization>,
    now: DateTime<Utc>,
    horizon: DateTime<Utc>,
) -> Result<bool, Error> {
    let mut tx = gateway.store().begin().await?;
    let old = retention::oldest(&mut tx, region, recipient, horizon, AT_A_TIME).await?;
    let Some(last) = old.last().map(|entry| entry.number) else {
        // A commission's inbox holds notices, of which nobody holds anything.
        let old = retention::oldest_notices(&mut tx, region, recipient, horizon, AT_A_TIME).await?;
        let Some((last, count)) = old else {
            tx.rollback().await?;
            return Ok(false);
        };
        retention::begin_after(&mut tx, region, recipient, last).await?;
        tx.commit().await?;
        return Ok(i64::try_from(count).is_ok_and(|n| n == AT_A_TIME));
    };
    let of: BTreeSet<Id<Child>> = old.iter().map(|entry| entry.child).collect();
    let of: Vec<Id<Child>> = of.into_iter().collect();
    // Under the children's rows nobody changes what is held of them.
    children::lock(&mut tx, region, &of).await?;
    let held = inboxes::held(&mut tx, region, &of).await?;
    let anew = still_held(&old, &held, recipient);
    if !anew.is_empty() {
        inboxes::write(&mut tx, region, &anew, now).await?;
    }
    retention::begin_after(&mut tx, region, recipient, last).await?;
    tx.commit().await?;
    if !anew.is_empty() {
        gateway.announce(region, [recipient]).await;
    }
    Ok(i64::try_from(old.len()).is_ok_and(|n| n == AT_A_TIME))
}

/// What of the old entries the recipient still holds, to be delivered anew.
fn still_held(old: &[Entry], held: &inboxes::Held, recipient: Id<Organization>) -> Vec<NewEntry> {
    let mut told = BTreeSet::new();
    old.iter()
        .filter_map(|entry| {
            let Pointer::Delivered { alert, revision } = entry.pointer else {
                return None;
            };
            let holds = held.get(&(entry.child, recipient))?.get(&alert) == Some(&revision);
            (holds && told.insert(alert)).then_some(NewEntry {
                recipient,
                child: entry.child,
                pointer: Pointer::Delivered { alert, revision },
            })
        })
        .collect()
}
