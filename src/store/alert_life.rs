//! What becomes of an alert after it was raised: taken note of, followed up, resolved, retracted.
//! The child's row is locked by whoever writes here.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{
    Tx,
    error::StoreError,
    rows::{Reader, micros},
};
use crate::domain::{
    alert::{Acknowledgement, Alert, AlertState, Life},
    child::Child,
    id::Id,
    organization::Organization,
    region::RegionCode,
};

/// The child an alert is about. Discloses nothing of the alert.
pub async fn child_of(
    tx: &mut Tx,
    region: RegionCode,
    alert: Id<Alert>,
) -> Result<Option<Id<Child>>, StoreError> {
    let row = tx
        .query("SELECT id, child FROM alerts WHERE region = $1 AND id = $2")
        .bind(region.to_string())
        .bind(alert.to_string())
        .fetch_optional(tx)
        .await?;
    row.map(|row| Reader::new(&row, "alerts", "id").parsed("child"))
        .transpose()
}

/// Ends standing alerts as `state` (`RESOLVED` or `RETRACTED`), as their assessment says.
pub async fn end(
    tx: &mut Tx,
    region: RegionCode,
    alerts: &[Id<Alert>],
    state: &'static str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if alerts.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "UPDATE alerts SET state = $3, ended_us = $4, revision = revision + 1
         WHERE region = $1 AND {} AND state IN ('OPEN', 'ACKNOWLEDGED')",
        tx.among("id", 2)
    );
    tx.query_of_parts(sql)
        .bind(region.to_string())
        .bind_list(alerts.iter().map(ToString::to_string).collect())
        .bind(state)
        .bind(micros(now))
        .execute(tx)
        .await?;
    Ok(())
}

/// Keeps that a facility took note; in the alert's own row, if none did before.
pub async fn acknowledge(
    tx: &mut Tx,
    region: RegionCode,
    alert: Id<Alert>,
    facility: Id<Organization>,
    own: Acknowledgement,
) -> Result<(), StoreError> {
    tx.query(
        "UPDATE alerts SET state = 'ACKNOWLEDGED', acknowledged_by = $3, acknowledged_us = $4
         WHERE region = $1 AND id = $2 AND acknowledged_us IS NULL",
    )
    .bind(region.to_string())
    .bind(alert.to_string())
    .bind(own.by.to_string())
    .bind(micros(own.at))
    .execute(tx)
    .await?;
    tx.query(
        "INSERT INTO acknowledgements (region, alert, facility, acknowledged_by, acknowledged_us)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (region, alert, facility) DO UPDATE
         SET acknowledged_by = excluded.acknowledged_by, acknowledged_us = excluded.acknowledged_us",
    )
    .bind(region.to_string())
    .bind(alert.to_string())
    .bind(facility.to_string())
    .bind(own.by.to_string())
    .bind(micros(own.at))
    .execute(tx)
    .await?;
    Ok(())
}

/// Which facilities have taken note of these alerts.
pub async fn acknowledged(
    tx: &mut Tx,
    region: RegionCode,
    alerts: &[Id<Alert>],
) -> Result<BTreeSet<(Id<Alert>, Id<Organization>)>, StoreError> {
    if alerts.is_empty() {
        return Ok(BTreeSet::new());
    }
    let sql = format!(
        "SELECT k.alert, k.facility FROM acknowledgements k
         JOIN alerts a ON a.region = k.region AND a.id = k.alert AND {COUNTS}
         WHERE k.region = $1 AND {}
         UNION ALL
         SELECT a.id, t.organization FROM alerts a
         JOIN actors t ON t.region = a.region AND t.id = a.acknowledged_by
         WHERE a.region = $1 AND {}",
        tx.among("k.alert", 2),
        tx.among("a.id", 2)
    );
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind_list(alerts.iter().map(ToString::to_string).collect())
        .fetch_all(tx)
        .await?;
    rows.iter()
        .map(|row| {
            let r = Reader::new(row, "acknowledgements", "alert");
            Ok((r.parsed("alert")?, r.parsed("facility")?))
        })
        .collect()
}

/// Whether an acknowledgement `k` of an alert `a` is of what the alert says now: a gateway of before
/// there were several renews an alert and leaves them. (What such a gateway writes, the alert's own row
/// tells: whoever took note first did so for its own facility.)
pub(super) const COUNTS: &str = "k.acknowledged_us >= a.acknowledged_us";

/// Keeps a follow-up, with what was said of it, sealed.
pub async fn follow_up(
    tx: &mut Tx,
    region: RegionCode,
    alert: Id<Alert>,
    state: &AlertState,
    note: Option<Vec<u8>>,
) -> Result<(), StoreError> {
    write(tx, region, alert, state).await?;
    tx.query("UPDATE alerts SET follow_up_note = $3 WHERE region = $1 AND id = $2")
        .bind(region.to_string())
        .bind(alert.to_string())
        .bind(note)
        .execute(tx)
        .await?;
    Ok(())
}

/// Keeps a clinician's decision, with its reason, sealed. It ends the alert, so the revision rises.
pub async fn decide(
    tx: &mut Tx,
    region: RegionCode,
    alert: Id<Alert>,
    state: &AlertState,
    reason: Vec<u8>,
) -> Result<(), StoreError> {
    write(tx, region, alert, state).await?;
    tx.query(
        "UPDATE alerts SET decision_reason = $3, revision = revision + 1
         WHERE region = $1 AND id = $2",
    )
    .bind(region.to_string())
    .bind(alert.to_string())
    .bind(reason)
    .execute(tx)
    .await?;
    Ok(())
}

/// Raises the revision of alerts that were passed on, so that whoever holds one is told.
pub async fn touch(
    tx: &mut Tx,
    region: RegionCode,
    alerts: impl IntoIterator<Item = Id<Alert>>,
) -> Result<(), StoreError> {
    let ids: Vec<String> = alerts.into_iter().map(|a| a.to_string()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "UPDATE alerts SET revision = revision + 1 WHERE region = $1 AND {}",
        tx.among("id", 2)
    );
    tx.query_of_parts(sql)
        .bind(region.to_string())
        .bind_list(ids)
        .execute(tx)
        .await?;
    Ok(())
}

async fn write(
    tx: &mut Tx,
    region: RegionCode,
    alert: Id<Alert>,
    state: &AlertState,
) -> Result<(), StoreError> {
    let Life {
        acknowledged,
        followed_up,
        ended,
        decided,
        ..
    } = state.life();
    tx.query(
        "UPDATE alerts SET state = $3, acknowledged_by = $4, acknowledged_us = $5,
                followed_up_by = $6, followed_up_us = $7, follow_up = $8,
                ended_us = $9, resolved_by = $10, decision = $11
         WHERE region = $1 AND id = $2",
    )
    .bind(region.to_string())
    .bind(alert.to_string())
    .bind(state.stored())
    .bind(acknowledged.map(|a| a.by.to_string()))
    .bind(acknowledged.map(|a| micros(a.at)))
    .bind(followed_up.map(|f| f.by.to_string()))
    .bind(followed_up.map(|f| micros(f.at)))
    .bind(followed_up.map(|f| f.outcome.as_str()))
    .bind(ended.map(micros))
    .bind(decided.map(|(by, _)| by.to_string()))
    .bind(decided.map(|(_, decision)| decision.as_str()))
    .execute(tx)
    .await?;
    Ok(())
}
