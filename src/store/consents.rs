//! Consents.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    Tx,
    engine::Row,
    error::StoreError,
    facts::consent_state,
    rows::{Reader, joined, micros},
};
use crate::domain::{
    alert::Category,
    child::Child,
    consent::{Consent, ConsentMode, ConsentState},
    guardianship::Guardianship,
    id::Id,
    organization::Organization,
    purpose::Purpose,
    region::RegionCode,
};

/// What a guardian grants.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The child.
    pub child: Id<Child>,
    /// To whom.
    pub recipient: Id<Organization>,
    /// Named source institutions; none means all that an agreement covers.
    pub sources: BTreeSet<Id<Organization>>,
    /// Purposes.
    pub purposes: BTreeSet<Purpose>,
    /// Categories.
    pub categories: BTreeSet<Category>,
    /// How much the recipient may do.
    pub mode: ConsentMode,
    /// Check-ups from this day on.
    pub data_from: Option<NaiveDate>,
    /// Check-ups up to this day.
    pub data_until: Option<NaiveDate>,
    /// First day of validity.
    pub first_day: NaiveDate,
    /// Last day of validity, included.
    pub last_day: NaiveDate,
    /// Version of the notice the guardian was shown.
    pub notice_version: String,
}

/// A consent's row.
#[derive(Debug, Clone)]
pub struct ConsentRow {
    /// Its id.
    pub id: Id<Consent>,
    /// The guardianship under which it was given.
    pub guardianship: Id<Guardianship>,
    /// What was granted.
    pub grant: Grant,
    /// The organization over whose connection it came.
    pub recorded_by: Id<Organization>,
    /// `CODE`, or the recording institution's document.
    pub evidence: String,
    /// Where it stands.
    pub state: ConsentState,
    /// How a withdrawal was given: `CODE`, or the document that was seen.
    pub end_evidence: Option<String>,
    /// When it was granted.
    pub granted: DateTime<Utc>,
}

fn read(row: &Row) -> Result<ConsentRow, StoreError> {
    let r = Reader::new(row, "consents", "id");
    Ok(ConsentRow {
        id: r.parsed("id")?,
        guardianship: r.parsed("guardianship")?,
        grant: Grant {
            child: r.parsed("child")?,
            recipient: r.parsed("recipient")?,
            sources: r.words("sources", |w| w.parse().ok())?,
            purposes: r.words("purposes", Purpose::parse)?,
            categories: r.words("categories", Category::parse)?,
            mode: r.word("mode", ConsentMode::parse)?,
            data_from: r.maybe_parsed("data_from")?,
            data_until: r.maybe_parsed("data_until")?,
            first_day: r.day("first_day")?,
            last_day: r.day("last_day")?,
            notice_version: r.text("notice_version")?,
        },
        recorded_by: r.parsed("recorded_by")?,
        evidence: r.text("evidence")?,
        state: consent_state(&r)?,
        end_evidence: r.maybe_text("end_evidence")?,
        granted: r.time("granted_us")?,
    })
}

/// Stores a consent.
pub async fn insert(tx: &mut Tx, region: RegionCode, row: &ConsentRow) -> Result<(), StoreError> {
    let grant = &row.grant;
    tx.query(
        "INSERT INTO consents (region, id, child, guardianship, recipient, sources, purposes,
             categories, mode, data_from, data_until, first_day, last_day, notice_version,
             recorded_by, evidence, state, granted_us)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
    )
    .bind(region.to_string())
    .bind(row.id.to_string())
    .bind(grant.child.to_string())
    .bind(row.guardianship.to_string())
    .bind(grant.recipient.to_string())
    .bind(joined(&grant.sources, |s| s.to_string()))
    .bind(joined(&grant.purposes, |p| p.as_str().to_owned()))
    .bind(joined(&grant.categories, |c| c.as_str().to_owned()))
    .bind(grant.mode.as_str())
    .bind(grant.data_from.map(|d| d.to_string()))
    .bind(grant.data_until.map(|d| d.to_string()))
    .bind(grant.first_day.to_string())
    .bind(grant.last_day.to_string())
    .bind(grant.notice_version.clone())
    .bind(row.recorded_by.to_string())
    .bind(row.evidence.clone())
    .bind(row.state.code())
    .bind(micros(row.granted))
    .execute(tx)
    .await?;
    Ok(())
}

/// Keeps the end of a granted consent, with what shows that the guardian ended it; tells whether it was granted until now.
pub async fn end(
    tx: &mut Tx,
    region: RegionCode,
    id: Id<Consent>,
    state: ConsentState,
    evidence: Option<&str>,
) -> Result<bool, StoreError> {
    let changed = tx
        .query(
            "UPDATE consents SET state = $3, ended_us = $4, end_evidence = $5
             WHERE region = $1 AND id = $2 AND state = 'GRANTED'",
        )
        .bind(region.to_string())
        .bind(id.to_string())
        .bind(state.code())
        .bind(state.ended().map(micros))
        .bind(evidence.map(str::to_owned))
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

/// Lets a granted consent end with `last_day`, where that is sooner.
pub async fn shorten(
    tx: &mut Tx,
    region: RegionCode,
    id: Id<Consent>,
    last_day: NaiveDate,
) -> Result<bool, StoreError> {
    let changed = tx
        .query(
            "UPDATE consents SET last_day = $3
             WHERE region = $1 AND id = $2 AND state = 'GRANTED' AND last_day > $3",
        )
        .bind(region.to_string())
        .bind(id.to_string())
        .bind(last_day.to_string())
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

/// One consent.
pub async fn find(
    tx: &mut Tx,
    region: RegionCode,
    id: Id<Consent>,
) -> Result<Option<ConsentRow>, StoreError> {
    let row = tx
        .query("SELECT * FROM consents WHERE region = $1 AND id = $2")
        .bind(region.to_string())
        .bind(id.to_string())
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The child's consent to the recipient that is granted.
pub async fn granted(
    tx: &mut Tx,
    region: RegionCode,
    child: Id<Child>,
    recipient: Id<Organization>,
) -> Result<Option<ConsentRow>, StoreError> {
    let row = tx
        .query(
            "SELECT * FROM consents
             WHERE region = $1 AND child = $2 AND recipient = $3 AND state = 'GRANTED'",
        )
        .bind(region.to_string())
        .bind(child.to_string())
        .bind(recipient.to_string())
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The child's granted consents.
pub async fn granted_of(
    tx: &mut Tx,
    region: RegionCode,
    child: Id<Child>,
) -> Result<Vec<ConsentRow>, StoreError> {
    let rows = tx
        .query(
            "SELECT * FROM consents WHERE region = $1 AND child = $2 AND state = 'GRANTED'
             ORDER BY id",
        )
        .bind(region.to_string())
        .bind(child.to_string())
        .fetch_all(tx)
        .await?;
    rows.iter().map(read).collect()
}

/// Consents the organization received or recorded, in order of granting after `cursor`.
pub async fn list(
    tx: &mut Tx,
    region: RegionCode,
    organization: Id<Organization>,
    cursor: &str,
    limit: i64,
) -> Result<Vec<ConsentRow>, StoreError> {
    let rows = tx
        .query(
            "SELECT * FROM consents
             WHERE region = $1 AND (recipient = $2 OR recorded_by = $2) AND id > $3
             ORDER BY id LIMIT $4",
        )
        .bind(region.to_string())
        .bind(organization.to_string())
        .bind(cursor.to_owned())
        .bind(limit)
        .fetch_all(tx)
        .await?;
    rows.iter().map(read).collect()
}
