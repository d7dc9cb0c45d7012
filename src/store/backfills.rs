//! Deliveries that follow later: a date that arrives, or an organization-wide change.

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    Tx,
    error::StoreError,
    rows::{Reader, micros},
};
use crate::domain::{child::Child, id::Id, organization::Organization, region::RegionCode};

/// Whose inbox entries must be brought in line with the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breadth {
    /// One child, at every facility.
    Child(Id<Child>),
    /// Every child of a facility, in child order.
    Facility(Id<Organization>),
}

/// Marks ids of backfills.
#[derive(Debug)]
pub enum Backfill {}

/// A backfill that is due.
#[derive(Debug)]
pub struct Due {
    /// Its id.
    pub id: Id<Backfill>,
    /// Whose.
    pub breadth: Breadth,
    /// The last child done; empty at the start.
    pub cursor: String,
}

/// Asks for a backfill at `due`.
pub async fn insert(
    tx: &mut Tx,
    region: RegionCode,
    id: Id<Backfill>,
    due: DateTime<Utc>,
    breadth: Breadth,
) -> Result<(), StoreError> {
    let (facility, child) = match breadth {
        Breadth::Child(child) => (None, Some(child.to_string())),
        Breadth::Facility(facility) => (Some(facility.to_string()), None),
    };
    tx.query(
        "INSERT INTO backfills (region, id, due_us, facility, child, cursor)
         VALUES ($1, $2, $3, $4, $5, '')",
    )
    .bind(region.to_string())
    .bind(id.to_string())
    .bind(micros(due))
    .bind(facility)
    .bind(child)
    .execute(tx)
    .await?;
    Ok(())
}

/// Backfills due at `now`, the oldest first, at most `limit`.
pub async fn due(
    tx: &mut Tx,
    region: RegionCode,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Due>, StoreError> {
    let rows = tx
        .query(
            "SELECT id, facility, child, cursor FROM backfills
             WHERE region = $1 AND due_us <= $2 ORDER BY due_us, id LIMIT $3",
        )
        .bind(region.to_string())
        .bind(micros(now))
        .bind(limit)
        .fetch_all(tx)
        .await?;
    rows.iter()
        .map(|row| {
            let r = Reader::new(row, "backfills", "id");
            let breadth = match (r.maybe_parsed("facility")?, r.maybe_parsed("child")?) {
                (Some(facility), None) => Breadth::Facility(facility),
                (None, Some(child)) => Breadth::Child(child),
                _ => return Err(r.corrupt("facility")),
            };
            Ok(Due {
                id: r.parsed("id")?,
                breadth,
                cursor: r.text("cursor")?,
            })
        })
        .collect()
}

/// Children whose inbox entries at the facility may have to change, in order, after `cursor`: those
/// enrolled there from `today` on, and those of whom it holds something.
pub async fn children_of(
    tx: &mut Tx,
    region: RegionCode,
    facility: Id<Organization>,
    today: NaiveDate,
    cursor: &str,
    limit: i64,
) -> Result<Vec<Id<Child>>, StoreError> {
    // Gathered first: the order of children would else lead through the whole region's enrolments.
    let rows = tx
        .query(
            "WITH concerned AS MATERIALIZED (
                 SELECT child FROM enrolments
                 WHERE region = $1 AND facility = $2 AND COALESCE(last_day, '9999-12-31') >= $3
                 UNION
                 SELECT child FROM inbox_held WHERE region = $1 AND recipient = $2
             )
             SELECT child FROM concerned WHERE child > $4
             ORDER BY child LIMIT $5",
        )
        .bind(region.to_string())
        .bind(facility.to_string())
        .bind(today.to_string())
        .bind(cursor.to_owned())
        .bind(limit)
        .fetch_all(tx)
        .await?;
    rows.iter()
        .map(|row| Reader::new(row, "enrolments", "child").parsed("child"))
        .collect()
}

/// Remembers how far a backfill has come, so that it resumes there.
pub async fn advance(
    tx: &mut Tx,
    region: RegionCode,
    id: Id<Backfill>,
    cursor: String,
) -> Result<(), StoreError> {
    tx.query("UPDATE backfills SET cursor = $3 WHERE region = $1 AND id = $2")
        .bind(region.to_string())
        .bind(id.to_string())
        .bind(cursor)
        .execute(tx)
        .await?;
    Ok(())
}

/// Takes a backfill up again at `later`.
pub async fn defer(
    tx: &mut Tx,
    region: RegionCode,
    id: Id<Backfill>,
    later: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.query("UPDATE backfills SET due_us = $3 WHERE region = $1 AND id = $2")
        .bind(region.to_string())
        .bind(id.to_string())
        .bind(micros(later))
        .execute(tx)
        .await?;
    Ok(())
}

/// Forgets a backfill that is done.
pub async fn delete(tx: &mut Tx, region: RegionCode, id: Id<Backfill>) -> Result<(), StoreError> {
    tx.query("DELETE FROM backfills WHERE region = $1 AND id = $2")
        .bind(region.to_string())
        .bind(id.to_string())
        .execute(tx)
        .await?;
    Ok(())
}
