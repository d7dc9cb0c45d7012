//! Practitioners and their assignments to facilities.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{
    Tx,
    engine::Row,
    error::StoreError,
    facts::{duty, stored_shifts},
    rows::{Reader, joined, micros},
};
use crate::domain::{
    actor::{Expertise, LicenceKind, Practitioner},
    agreement::Agreement,
    assignment::{Assignment, Duty},
    id::Id,
    organization::Organization,
    region::RegionCode,
};

/// A practitioner's row; name and licence number are sealed.
#[derive(Debug, Clone)]
pub struct PractitionerRow {
    /// Its id.
    pub id: Id<Practitioner>,
    /// The employing institution.
    pub employer: Id<Organization>,
    /// Which licence.
    pub licence_kind: LicenceKind,
    /// Blind index of the licence number.
    pub licence_index: String,
    /// What the practitioner is versed in.
    pub fields: BTreeSet<Expertise>,
    /// Name and licence number, sealed under the region's staff key.
    pub sealed: Vec<u8>,
}

fn read(row: &Row) -> Result<PractitionerRow, StoreError> {
    let r = Reader::new(row, "practitioners", "id");
    Ok(PractitionerRow {
        id: r.parsed("id")?,
        employer: r.parsed("employer")?,
        licence_kind: r.word("licence_kind", LicenceKind::parse)?,
        licence_index: r.text("licence_index")?,
        fields: r.words("fields", Expertise::parse)?,
        sealed: r.bytes("sealed")?,
    })
}

/// Registers a practitioner; tells whether the licence was new.
pub async fn insert(
    tx: &mut Tx,
    region: RegionCode,
    row: &PractitionerRow,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let inserted = tx
        .query(
            "INSERT INTO practitioners
                 (region, id, employer, licence_kind, licence_index, fields, created_us, sealed)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        )
        .bind(region.to_string())
        .bind(row.id.to_string())
        .bind(row.employer.to_string())
        .bind(row.licence_kind.as_str())
        .bind(row.licence_index.clone())
        .bind(joined(&row.fields, |f| f.as_str().to_owned()))
        .bind(micros(now))
        .bind(row.sealed.clone())
        .execute(tx)
        .await?;
    Ok(inserted == 1)
}

/// One practitioner.
pub async fn find(
    tx: &mut Tx,
    region: RegionCode,
    id: Id<Practitioner>,
) -> Result<Option<PractitionerRow>, StoreError> {
    let row = tx
        .query("SELECT * FROM practitioners WHERE region = $1 AND id = $2")
        .bind(region.to_string())
        .bind(id.to_string())
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(read).transpose()
}

/// Practitioners in order of registration after `cursor`: an employer's, or the region's.
pub async fn list(
    tx: &mut Tx,
    region: RegionCode,
    employer: Option<Id<Organization>>,
    cursor: &str,
    limit: i64,
) -> Result<Vec<PractitionerRow>, StoreError> {
    let query = match employer {
        None => tx
            .query("SELECT * FROM practitioners WHERE region = $1 AND id > $2 ORDER BY id LIMIT $3")
            .bind(region.to_string())
            .bind(cursor.to_owned())
            .bind(limit),
        Some(employer) => tx
            .query(
                "SELECT * FROM practitioners WHERE region = $1 AND id > $2 AND employer = $4
                 ORDER BY id LIMIT $3",
            )
            .bind(region.to_string())
            .bind(cursor.to_owned())
            .bind(limit)
            .bind(employer.to_string()),
    };
    query.fetch_all(tx).await?.iter().map(read).collect()
}

/// An assignment's row.
#[derive(Debug, Clone)]
pub struct AssignmentRow {
    /// Its id.
    pub id: Id<Assignment>,
    /// Who serves.
    pub practitioner: Id<Practitioner>,
    /// Under which agreement.
    pub agreement: Id<Agreement>,
    /// The institution that seconds.
    pub institution: Id<Organization>,
    /// The facility served.
    pub facility: Id<Organization>,
    /// When it holds.
    pub duty: Duty,
}

fn read_assignment(row: &Row) -> Result<AssignmentRow, StoreError> {
    let r = Reader::new(row, "assignments", "id");
    Ok(AssignmentRow {
        id: r.parsed("id")?,
        practitioner: r.parsed("practitioner")?,
        agreement: r.parsed("agreement")?,
        institution: r.parsed("institution")?,
        facility: r.parsed("facility")?,
        duty: duty(&r)?,
    })
}

/// Stores an assignment.
pub async fn assign(
    tx: &mut Tx,
    region: RegionCode,
    row: &AssignmentRow,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.query(
        "INSERT INTO assignments (region, id, practitioner, agreement, institution, facility,
                                  first_day, last_day, shifts, created_us)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(region.to_string())
    .bind(row.id.to_string())
    .bind(row.practitioner.to_string())
    .bind(row.agreement.to_string())
    .bind(row.institution.to_string())
    .bind(row.facility.to_string())
    .bind(row.duty.first_day.to_string())
    .bind(row.duty.last_day.to_string())
    .bind(stored_shifts(&row.duty.shifts))
    .bind(micros(now))
    .execute(tx)
    .await?;
    Ok(())
}

/// One assignment.
pub async fn find_assignment(
    tx: &mut Tx,
    region: RegionCode,
    id: Id<Assignment>,
) -> Result<Option<AssignmentRow>, StoreError> {
    let row = tx
        .query("SELECT * FROM assignments WHERE region = $1 AND id = $2")
        .bind(region.to_string())
        .bind(id.to_string())
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(read_assignment).transpose()
}

/// Ends an assignment; tells whether it had not ended before.
pub async fn end_assignment(
    tx: &mut Tx,
    region: RegionCode,
    id: Id<Assignment>,
    reason: String,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let changed = tx
        .query(
            "UPDATE assignments SET ended_us = $3, ended_reason = $4
             WHERE region = $1 AND id = $2 AND ended_us IS NULL",
        )
        .bind(region.to_string())
        .bind(id.to_string())
        .bind(micros(now))
        .bind(reason)
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

/// Assignments in order of creation after `cursor`: those the organization has a part in, or the
/// region's.
pub async fn list_assignments(
    tx: &mut Tx,
    region: RegionCode,
    party: Option<Id<Organization>>,
    cursor: &str,
    limit: i64,
) -> Result<Vec<AssignmentRow>, StoreError> {
    let query = match party {
        None => tx
            .query("SELECT * FROM assignments WHERE region = $1 AND id > $2 ORDER BY id LIMIT $3")
            .bind(region.to_string())
            .bind(cursor.to_owned())
            .bind(limit),
        Some(party) => tx
            .query(
                "SELECT * FROM assignments
                 WHERE region = $1 AND id > $2 AND (institution = $4 OR facility = $4)
                 ORDER BY id LIMIT $3",
            )
            .bind(region.to_string())
            .bind(cursor.to_owned())
            .bind(limit)
            .bind(party.to_string()),
    };
    query
        .fetch_all(tx)
        .await?
        .iter()
        .map(read_assignment)
        .collect()
}
