//! Erasures: what makes a child's data unreadable for ever, and the list of whom, which outlives it.

use chrono::{DateTime, Utc};

use super::{
    Tx,
    error::StoreError,
    rows::{Reader, micros},
};
use crate::domain::{child::Child, id::Id, organization::Organization, region::RegionCode};

/// Marks ids of erasures.
#[derive(Debug)]
pub enum Erasing {}

/// One erasure.
#[derive(Debug, Clone)]
pub struct Erasure {
    /// Its id; no child's.
    pub id: Id<Erasing>,
    /// Whom, pseudonymous.
    pub child: Id<Child>,
    /// When.
    pub at: DateTime<Utc>,
    /// Over whose connection it came; none where it was replayed after a restore.
    pub recorded_by: Option<Id<Organization>>,
    /// `CODE`, or the document it rests on.
    pub evidence: String,
}

/// The blind indexes of a child's numbers, whose slots are taken before its row.
pub async fn identifiers_of(
    tx: &mut Tx,
    region: RegionCode,
    child: Id<Child>,
) -> Result<Vec<String>, StoreError> {
    let rows = tx
        .query("SELECT identifier FROM child_identifiers WHERE region = $1 AND child = $2")
        .bind(region.to_string())
        .bind(child.to_string())
        .fetch_all(tx)
        .await?;
    rows.iter().map(|row| row.get("identifier")).collect()
}

/// Destroys the child's key, and what could be found without it: its name's and guardians' sealed
/// bytes, its days away from care, check-ups that wait under one of its numbers (sealed under the
/// region's key), and the blind indexes of its numbers, which whoever registers them anew may have. The
/// slots and the child's row are locked. Tells whether there was a key.
pub async fn erase(tx: &mut Tx, region: RegionCode, erasure: &Erasure) -> Result<bool, StoreError> {
    let (text, child) = (region.to_string(), erasure.child.to_string());
    let statements = [
        // What waits under its numbers alone was never shown to anybody, and would come back to whoever
        // registers a number anew. What also names another child goes on waiting for that one.
        "DELETE FROM check_ups WHERE region = $1 AND child IS NULL AND id IN
             (SELECT w.check_up FROM unmatched_identifiers w
              JOIN child_identifiers n ON n.region = w.region AND n.identifier = w.identifier
              WHERE n.region = $1 AND n.child = $2)
           AND NOT EXISTS
             (SELECT 1 FROM unmatched_identifiers w
              JOIN child_identifiers n ON n.region = w.region AND n.identifier = w.identifier
              WHERE w.region = $1 AND w.check_up = check_ups.id AND n.child <> $2)",
        "DELETE FROM unmatched_identifiers WHERE region = $1 AND check_up IN
             (SELECT w.check_up FROM unmatched_identifiers w
              JOIN child_identifiers n ON n.region = w.region AND n.identifier = w.identifier
              WHERE n.region = $1 AND n.child = $2)
           AND NOT EXISTS
             (SELECT 1 FROM check_ups c
              WHERE c.region = $1 AND c.id = unmatched_identifiers.check_up)",
        "DELETE FROM unmatched_identifiers WHERE region = $1 AND identifier IN
             (SELECT identifier FROM child_identifiers WHERE region = $1 AND child = $2)",
        "UPDATE identifier_slots SET child = NULL WHERE region = $1 AND identifier IN
             (SELECT identifier FROM child_identifiers WHERE region = $1 AND child = $2)",
        "DELETE FROM child_identifiers WHERE region = $1 AND child = $2",
        "DELETE FROM guardian_codes WHERE region = $1 AND child = $2",
        "DELETE FROM absences WHERE region = $1 AND child = $2",
        "DELETE FROM guardianship_turns WHERE region = $1 AND guardianship IN
             (SELECT id FROM guardianships WHERE region = $1 AND child = $2)",
    ];
    for sql in statements {
        let query = tx.query(sql).bind(text.clone()).bind(child.clone());
        query.execute(tx).await?;
    }
    tx.query(
        "UPDATE guardianships SET guardian = '', sealed = $3 WHERE region = $1 AND child = $2",
    )
    .bind(text.clone())
    .bind(child.clone())
    .bind(Vec::<u8>::new())
    .execute(tx)
    .await?;
    let erased = tx
        .query(
            "UPDATE children SET wrapped_key = NULL, sealed = $3
             WHERE region = $1 AND id = $2 AND wrapped_key IS NOT NULL",
        )
        .bind(text.clone())
        .bind(child.clone())
        .bind(Vec::<u8>::new())
        .execute(tx)
        .await?;
    tx.query(
        "INSERT INTO erasures (region, child, id, at_us, recorded_by, evidence)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    )
    .bind(text)
    .bind(child)
    .bind(erasure.id.to_string())
    .bind(micros(erasure.at))
    .bind(erasure.recorded_by.map(|o| o.to_string()))
    .bind(erasure.evidence.clone())
    .execute(tx)
    .await?;
    Ok(erased == 1)
}

/// Every erasure of a region, oldest first.
pub async fn all(tx: &mut Tx, region: RegionCode) -> Result<Vec<Erasure>, StoreError> {
    let rows = tx
        .query("SELECT * FROM erasures WHERE region = $1 ORDER BY at_us, child")
        .bind(region.to_string())
        .fetch_all(tx)
        .await?;
    rows.iter()
        .map(|row| {
            let r = Reader::new(row, "erasures", "id");
            Ok(Erasure {
                id: r.parsed("id")?,
                child: r.parsed("child")?,
                at: r.time("at_us")?,
                recorded_by: r.maybe_parsed("recorded_by")?,
                evidence: r.text("evidence")?,
            })
        })
        .collect()
}
