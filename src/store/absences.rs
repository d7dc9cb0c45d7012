//! Absences.

use chrono::{DateTime, Utc};

use super::{
    Tx,
    engine::Row,
    error::StoreError,
    rows::{Reader, micros},
};
use crate::domain::{
    absence::{Absence, AbsenceDays},
    actor::Actor,
    child::Child,
    enrolment::Enrolment,
    id::Id,
    organization::Organization,
    region::RegionCode,
};

/// An absence's row.
#[derive(Debug, Clone)]
pub struct AbsenceRow {
    /// Its id.
    pub id: Id<Absence>,
    /// The enrolment it interrupts.
    pub enrolment: Id<Enrolment>,
    /// The child.
    pub child: Id<Child>,
    /// The facility.
    pub facility: Id<Organization>,
    /// The days.
    pub days: AbsenceDays,
}

fn read(row: &Row) -> Result<AbsenceRow, StoreError> {
    let r = Reader::new(row, "absences", "id");
    Ok(AbsenceRow {
        id: r.parsed("id")?,
        enrolment: r.parsed("enrolment")?,
        child: r.parsed("child")?,
        facility: r.parsed("facility")?,
        days: AbsenceDays {
            first_day: r.parsed("first_day")?,
            last_day: r.maybe_parsed("last_day")?,
        },
    })
}

/// Keeps an absence, new or with other days than before, and who said so.
pub async fn keep(
    tx: &mut Tx,
    region: RegionCode,
    row: &AbsenceRow,
    by: Id<Actor>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.query(
        "INSERT INTO absences (region, id, enrolment, child, facility, first_day, last_day,
                               recorded_by, recorded_us)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (region, id) DO UPDATE
         SET first_day = $6, last_day = $7, recorded_by = $8, recorded_us = $9",
    )
    .bind(region.to_string())
    .bind(row.id.to_string())
    .bind(row.enrolment.to_string())
    .bind(row.child.to_string())
    .bind(row.facility.to_string())
    .bind(row.days.first_day.to_string())
    .bind(row.days.last_day.map(|day| day.to_string()))
    .bind(by.to_string())
    .bind(micros(now))
    .execute(tx)
    .await?;
    Ok(())
}

/// Forgets one that never was.
pub async fn delete(tx: &mut Tx, region: RegionCode, id: Id<Absence>) -> Result<(), StoreError> {
    tx.query("DELETE FROM absences WHERE region = $1 AND id = $2")
        .bind(region.to_string())
        .bind(id.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

/// One absence.
pub async fn find(
    tx: &mut Tx,
    region: RegionCode,
    id: Id<Absence>,
) -> Result<Option<AbsenceRow>, StoreError> {
    let row = tx
        .query("SELECT * FROM absences WHERE region = $1 AND id = $2")
        .bind(region.to_string())
        .bind(id.to_string())
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(read).transpose()
}

/// All absences of children, at any facility.
pub async fn of_children(
    tx: &mut Tx,
    region: RegionCode,
    children: &[Id<Child>],
) -> Result<Vec<AbsenceRow>, StoreError> {
    let sql = format!(
        "SELECT * FROM absences WHERE region = $1 AND {}",
        tx.among("child", 2)
    );
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind_list(children.iter().map(ToString::to_string).collect())
        .fetch_all(tx)
        .await?;
    rows.iter().map(read).collect()
}

/// Absences from a facility in order of recording after `cursor`.
pub async fn list(
    tx: &mut Tx,
    region: RegionCode,
    facility: Id<Organization>,
    cursor: &str,
    limit: i64,
) -> Result<Vec<AbsenceRow>, StoreError> {
    page(
        tx,
        region,
        ("facility", facility.to_string()),
        cursor,
        limit,
    )
    .await
}

/// Absences of one enrolment in order of recording after `cursor`.
pub async fn of_enrolment(
    tx: &mut Tx,
    region: RegionCode,
    enrolment: Id<Enrolment>,
    cursor: &str,
    limit: i64,
) -> Result<Vec<AbsenceRow>, StoreError> {
    page(
        tx,
        region,
        ("enrolment", enrolment.to_string()),
        cursor,
        limit,
    )
    .await
}

async fn page(
    tx: &mut Tx,
    region: RegionCode,
    (column, of): (&str, String),
    cursor: &str,
    limit: i64,
) -> Result<Vec<AbsenceRow>, StoreError> {
    let sql = format!(
        "SELECT * FROM absences WHERE region = $1 AND {column} = $2 AND id > $3
         ORDER BY id LIMIT $4"
    );
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind(of)
        .bind(cursor.to_owned())
        .bind(limit)
        .fetch_all(tx)
        .await?;
    rows.iter().map(read).collect()
}
