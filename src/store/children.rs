//! Children: the row that is locked before anything about a child changes, and its wrapped key.

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    Tx,
    engine::{Column, Conflict, Row},
    error::StoreError,
    rows::{Reader, micros},
};
use crate::domain::{
    child::Child, id::Id, organization::Organization, region::RegionCode, rule_set::Basis, sex::Sex,
};

/// A child's row.
#[derive(Debug, Clone)]
pub struct ChildRow {
    /// The child.
    pub id: Id<Child>,
    /// Sex.
    pub sex: Sex,
    /// Day of birth.
    pub birth_date: NaiveDate,
    /// Gestation at birth in days, if known.
    pub gestation_days: Option<u32>,
    /// When it was registered: from then on it is known here.
    pub registered: DateTime<Utc>,
    /// The child's data key, wrapped; none once the child is erased.
    pub wrapped_key: Option<Vec<u8>>,
    /// How its alerts stand.
    pub assessed: Assessed,
}

/// What a child's alerts rest on, and until when they surely do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Assessed {
    /// The rules and settings; none before the first assessment.
    pub by: Option<Basis>,
    /// The first day on which assessing again could change anything without a new record.
    pub next_day: Option<NaiveDate>,
}

pub(super) const COLUMNS: &str =
    "id, sex, birth_date, gestation_days, wrapped_key, created_us, assessed_by, next_day";

/// Locks the children's rows in key order and reads them. Children that are not there are left out.
pub async fn lock(
    tx: &mut Tx,
    region: RegionCode,
    children: &[Id<Child>],
) -> Result<Vec<ChildRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM children WHERE region = $1 AND {} ORDER BY id{}",
        tx.among("id", 2),
        tx.for_update()
    );
    read(tx, sql, region, children).await
}

/// Reads the children's rows without locking them.
pub async fn find(
    tx: &mut Tx,
    region: RegionCode,
    children: &[Id<Child>],
) -> Result<Vec<ChildRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM children WHERE region = $1 AND {}",
        tx.among("id", 2)
    );
    read(tx, sql, region, children).await
}

async fn read(
    tx: &mut Tx,
    sql: String,
    region: RegionCode,
    children: &[Id<Child>],
) -> Result<Vec<ChildRow>, StoreError> {
    let mut ids: Vec<String> = children.iter().map(ToString::to_string).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind_list(ids)
        .fetch_all(tx)
        .await?;
    rows.iter().map(read_row).collect()
}

pub(super) fn read_row(row: &Row) -> Result<ChildRow, StoreError> {
    let r = Reader::new(row, "children", "id");
    let gestation: Option<i64> = row.get("gestation_days")?;
    let gestation = gestation.map(u32::try_from).transpose();
    Ok(ChildRow {
        id: r.parsed("id")?,
        sex: r.word("sex", Sex::parse)?,
        birth_date: r.day("birth_date")?,
        gestation_days: gestation.map_err(|_| r.corrupt("gestation_days"))?,
        wrapped_key: row.get("wrapped_key")?,
        registered: r.time("created_us")?,
        assessed: Assessed {
            by: r.given("assessed_by")?,
            next_day: r.given("next_day")?,
        },
    })
}

/// A child to be registered.
pub struct NewChild {
    /// Its row.
    pub row: ChildRow,
    /// Who registers it.
    pub registered_by: Id<Organization>,
    /// Its name, sealed under its key.
    pub sealed: Vec<u8>,
}

/// Registers a child.
pub async fn insert(tx: &mut Tx, region: RegionCode, child: NewChild) -> Result<(), StoreError> {
    tx.query(
        "INSERT INTO children (region, id, sex, birth_date, gestation_days, wrapped_key,
                               registered_by, created_us, sealed)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(region.to_string())
    .bind(child.row.id.to_string())
    .bind(child.row.sex.as_str())
    .bind(child.row.birth_date.to_string())
    .bind(child.row.gestation_days.map(i64::from))
    .bind(child.row.wrapped_key)
    .bind(child.registered_by.to_string())
    .bind(micros(child.row.registered))
    .bind(child.sealed)
    .execute(tx)
    .await?;
    Ok(())
}

/// Keeps a child's gestation at birth, in days. The child's row must be locked.
pub async fn set_gestation(
    tx: &mut Tx,
    region: RegionCode,
    child: Id<Child>,
    gestation_days: Option<u32>,
) -> Result<(), StoreError> {
    tx.query("UPDATE children SET gestation_days = $3 WHERE region = $1 AND id = $2")
        .bind(region.to_string())
        .bind(child.to_string())
        .bind(gestation_days.map(i64::from))
        .execute(tx)
        .await?;
    Ok(())
}

/// Takes (creating them where needed) the slots of identifiers in key order, so that whoever brings
/// the same number later waits; gives the child each belongs to, if any.
pub async fn take_slots(
    tx: &mut Tx,
    region: RegionCode,
    identifiers: &[String],
) -> Result<Vec<(String, Option<Id<Child>>)>, StoreError> {
    let mut sorted = identifiers.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.is_empty() {
        return Ok(Vec::new());
    }
    // Rows are inserted in the order given, so new slots are locked in key order too.
    let columns = [
        (
            "region",
            Column::Text(vec![region.to_string(); sorted.len()]),
        ),
        ("identifier", Column::Text(sorted.clone())),
    ];
    tx.insert("identifier_slots", &columns, Conflict::Skip)
        .await?;
    let sql = format!(
        "SELECT identifier, child FROM identifier_slots WHERE region = $1 AND {}
         ORDER BY identifier{}",
        tx.among("identifier", 2),
        tx.for_update()
    );
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind_list(sorted)
        .fetch_all(tx)
        .await?;
    rows.iter()
        .map(|row| {
            let r = Reader::new(row, "identifier_slots", "identifier");
            Ok((r.text("identifier")?, r.maybe_parsed("child")?))
        })
        .collect()
}

/// The children that identifiers belong to; unknown ones are left out.
pub async fn by_identifiers(
    tx: &mut Tx,
    region: RegionCode,
    identifiers: Vec<String>,
) -> Result<Vec<(String, Id<Child>)>, StoreError> {
    let sql = format!(
        "SELECT identifier, child FROM identifier_slots
         WHERE region = $1 AND {} AND child IS NOT NULL",
        tx.among("identifier", 2)
    );
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind_list(identifiers)
        .fetch_all(tx)
        .await?;
    rows.iter()
        .map(|row| {
            let r = Reader::new(row, "identifier_slots", "identifier");
            Ok((r.text("identifier")?, r.parsed("child")?))
        })
        .collect()
}

/// An identifier to be added to a child. Its slot must have been taken.
pub struct NewIdentifier {
    /// The blind index.
    pub identifier: String,
    /// Text code of the kind.
    pub kind: &'static str,
    /// The number, sealed under the child's key.
    pub sealed: Vec<u8>,
}

/// Gives the slot to the child and keeps the sealed number, from `now` on.
pub async fn add_identifier(
    tx: &mut Tx,
    region: RegionCode,
    child: Id<Child>,
    new: NewIdentifier,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), StoreError> {
    tx.query("UPDATE identifier_slots SET child = $3 WHERE region = $1 AND identifier = $2")
        .bind(region.to_string())
        .bind(new.identifier.clone())
        .bind(child.to_string())
        .execute(tx)
        .await?;
    tx.query(
        "INSERT INTO child_identifiers (region, child, identifier, kind, from_us, sealed)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    )
    .bind(region.to_string())
    .bind(child.to_string())
    .bind(new.identifier)
    .bind(new.kind)
    .bind(micros(now))
    .bind(new.sealed)
    .execute(tx)
    .await?;
    Ok(())
}
