//! Enrolments.

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    Tx,
    engine::Row,
    error::StoreError,
    facts::enrolment_state,
    rows::{Reader, micros},
};
use crate::domain::{
    child::Child,
    enrolment::{CareKind, Enrolment, EnrolmentState},
    id::Id,
    organization::Organization,
    region::RegionCode,
};

/// An enrolment's row.
#[derive(Debug, Clone)]
pub struct EnrolmentRow {
    /// Its id.
    pub id: Id<Enrolment>,
    /// The child.
    pub child: Id<Child>,
    /// The facility.
    pub facility: Id<Organization>,
    /// How much.
    pub care: CareKind,
    /// Where it stands.
    pub state: EnrolmentState,
}

fn read(row: &Row) -> Result<EnrolmentRow, StoreError> {
    let r = Reader::new(row, "enrolments", "id");
    Ok(EnrolmentRow {
        id: r.parsed("id")?,
        child: r.parsed("child")?,
        facility: r.parsed("facility")?,
        care: r.word("care", CareKind::parse)?,
        state: enrolment_state(&r)?,
    })
}

/// Stores an enrolment.
pub async fn insert(
    tx: &mut Tx,
    region: RegionCode,
    row: &EnrolmentRow,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.query(
        "INSERT INTO enrolments
             (region, id, child, facility, care, state, first_day, last_day, created_us)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(region.to_string())
    .bind(row.id.to_string())
    .bind(row.child.to_string())
    .bind(row.facility.to_string())
    .bind(row.care.as_str())
    .bind(row.state.code())
    .bind(row.state.first_day().to_string())
    .bind(row.state.last_day().map(|d| d.to_string()))
    .bind(micros(now))
    .execute(tx)
    .await?;
    Ok(())
}

/// Keeps a new state.
pub async fn update(tx: &mut Tx, region: RegionCode, row: &EnrolmentRow) -> Result<(), StoreError> {
    tx.query(
        "UPDATE enrolments SET care = $3, state = $4, first_day = $5, last_day = $6
         WHERE region = $1 AND id = $2",
    )
    .bind(region.to_string())
    .bind(row.id.to_string())
    .bind(row.care.as_str())
    .bind(row.state.code())
    .bind(row.state.first_day().to_string())
    .bind(row.state.last_day().map(|d| d.to_string()))
    .execute(tx)
    .await?;
    Ok(())
}

/// One enrolment.
pub async fn find(
    tx: &mut Tx,
    region: RegionCode,
    id: Id<Enrolment>,
) -> Result<Option<EnrolmentRow>, StoreError> {
    let row = tx
        .query("SELECT * FROM enrolments WHERE region = $1 AND id = $2")
        .bind(region.to_string())
        .bind(id.to_string())
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(read).transpose()
}

/// A child's enrolment at a facility that is open, or else the last that it leaves on `day` or later.
pub async fn standing(
    tx: &mut Tx,
    region: RegionCode,
    child: Id<Child>,
    facility: Id<Organization>,
    day: NaiveDate,
) -> Result<Option<EnrolmentRow>, StoreError> {
    let row = tx
        .query(
            "SELECT * FROM enrolments
             WHERE region = $1 AND child = $2 AND facility = $3
               AND (state IN ('EXPECTED', 'ACTIVE')
                    OR (last_day >= $4 AND last_day >= first_day))
             ORDER BY CASE state WHEN 'LEFT' THEN 1 ELSE 0 END, last_day DESC LIMIT 1",
        )
        .bind(region.to_string())
        .bind(child.to_string())
        .bind(facility.to_string())
        .bind(day.to_string())
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The days of an enrolment.
#[derive(Debug, Clone, Copy)]
pub struct Stay {
    /// The enrolment.
    pub enrolment: Id<Enrolment>,
    /// The child.
    pub child: Id<Child>,
    /// Whose care.
    pub facility: Id<Organization>,
    /// First day in care, or expected in care.
    pub first_day: NaiveDate,
    /// Last day, once known.
    pub last_day: Option<NaiveDate>,
}

/// First and last days in care, or expected in care, of children at any facility.
pub async fn stays(
    tx: &mut Tx,
    region: RegionCode,
    children: &[Id<Child>],
) -> Result<Vec<Stay>, StoreError> {
    let sql = format!(
        "SELECT id, child, facility, first_day, last_day FROM enrolments WHERE region = $1 AND {}",
        tx.among("child", 2)
    );
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind_list(children.iter().map(ToString::to_string).collect())
        .fetch_all(tx)
        .await?;
    rows.iter()
        .map(|row| {
            let r = Reader::new(row, "enrolments", "id");
            Ok(Stay {
                enrolment: r.parsed("id")?,
                child: r.parsed("child")?,
                facility: r.parsed("facility")?,
                first_day: r.day("first_day")?,
                last_day: r.maybe_parsed("last_day")?,
            })
        })
        .collect()
}

/// A facility's enrolments in order of creation after `cursor`.
pub async fn list(
    tx: &mut Tx,
    region: RegionCode,
    facility: Id<Organization>,
    cursor: &str,
    limit: i64,
) -> Result<Vec<EnrolmentRow>, StoreError> {
    let rows = tx
        .query(
            "SELECT * FROM enrolments WHERE region = $1 AND facility = $2 AND id > $3
             ORDER BY id LIMIT $4",
        )
        .bind(region.to_string())
        .bind(facility.to_string())
        .bind(cursor.to_owned())
        .bind(limit)
        .fetch_all(tx)
        .await?;
    rows.iter().map(read).collect()
}
