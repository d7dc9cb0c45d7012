//! Organizations, and their standing in a region.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{
    Tx,
    error::StoreError,
    rows::{Reader, micros},
};
use crate::domain::{
    id::Id,
    identifier::SocialCreditCode,
    organization::{Organization, OrganizationKind, Standing},
    region::RegionCode,
};

/// An organization as it is registered.
#[derive(Debug, Clone)]
pub struct NewOrganization {
    /// Its id.
    pub id: Id<Organization>,
    /// What it is.
    pub kind: OrganizationKind,
    /// Its full name in Chinese; public.
    pub display_name: String,
    /// 统一社会信用代码.
    pub social_credit_code: SocialCreditCode,
    /// Filing or licence number; empty when none.
    pub filing_number: String,
    /// Licensed places of a facility.
    pub licensed_places: u32,
    /// Of those, inclusive places.
    pub inclusive_places: u32,
}

/// An organization with how it stands.
#[derive(Debug, Clone)]
pub struct OrganizationRow {
    /// What was registered.
    pub organization: NewOrganization,
    /// Its standing in the region.
    pub standing: Standing,
    /// Whether it holds a certificate of ours that is neither revoked nor past its end.
    pub enrolled: bool,
}

/// Registers an organization with active standing. `false`: the social credit code is registered in
/// the region already, and nothing was written.
pub async fn insert(
    tx: &mut Tx,
    region: RegionCode,
    new: &NewOrganization,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let inserted = tx
        .query(
            "INSERT INTO organizations (region, id, kind, display_name, social_credit_code,
                 filing_number, licensed_places, inclusive_places, created_us)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (region, social_credit_code) DO NOTHING",
        )
        .bind(region.to_string())
        .bind(new.id.to_string())
        .bind(new.kind.as_str())
        .bind(new.display_name.clone())
        .bind(new.social_credit_code.as_str().to_owned())
        .bind(new.filing_number.clone())
        .bind(i64::from(new.licensed_places))
        .bind(i64::from(new.inclusive_places))
        .bind(micros(now))
        .execute(tx)
        .await?;
    if inserted == 0 {
        return Ok(false);
    }
    tx.query(
        "INSERT INTO standings (region, organization, state, reason, since_us)
         VALUES ($1, $2, $3, '', $4)",
    )
    .bind(region.to_string())
    .bind(new.id.to_string())
    .bind(Standing::Active.as_str())
    .bind(micros(now))
    .execute(tx)
    .await?;
    Ok(true)
}

const SELECT: &str = "SELECT o.*, s.state AS standing, EXISTS (
        SELECT 1 FROM certificates c
        WHERE c.region = o.region AND c.organization = o.id
            AND c.revoked_us IS NULL AND c.expires_us >= $3) AS enrolled
    FROM organizations o
    JOIN standings s ON s.region = o.region AND s.organization = o.id
    WHERE o.region = $1";

/// One organization of the region.
pub async fn find(
    tx: &mut Tx,
    region: RegionCode,
    id: Id<Organization>,
    now: DateTime<Utc>,
) -> Result<Option<OrganizationRow>, StoreError> {
    let row = tx
        .query_of_parts(format!("{SELECT} AND o.id = $2"))
        .bind(region.to_string())
        .bind(id.to_string())
        .bind(micros(now))
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The region's organizations after `after`, in order of registration, at most `limit`.
pub async fn list(
    tx: &mut Tx,
    region: RegionCode,
    after: Option<Id<Organization>>,
    limit: u32,
    now: DateTime<Utc>,
) -> Result<Vec<OrganizationRow>, StoreError> {
    let rows = tx
        .query_of_parts(format!("{SELECT} AND o.id > $2 ORDER BY o.id LIMIT $4"))
        .bind(region.to_string())
        .bind(after.map_or_else(String::new, |id| id.to_string()))
        .bind(micros(now))
        .bind(i64::from(limit))
        .fetch_all(tx)
        .await?;
    rows.iter().map(read).collect()
}

/// The region's facilities after `after` with their public names, in order of registration, at most
/// `limit`.
pub async fn facilities(
    tx: &mut Tx,
    region: RegionCode,
    after: Option<Id<Organization>>,
    limit: u32,
) -> Result<Vec<(Id<Organization>, String)>, StoreError> {
    let kinds = OrganizationKind::ALL.iter().filter(|k| k.is_facility());
    let kinds: Vec<&str> = kinds.map(|kind| kind.as_str()).collect();
    let sql = format!(
        "SELECT id, display_name FROM organizations
         WHERE region = $1 AND id > $2 AND kind IN ('{}') ORDER BY id LIMIT $3",
        kinds.join("', '")
    );
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind(after.map_or_else(String::new, |id| id.to_string()))
        .bind(i64::from(limit))
        .fetch_all(tx)
        .await?;
    let named = rows.iter().map(|row| {
        let r = Reader::new(row, "organizations", "id");
        Ok((r.parsed("id")?, r.text("display_name")?))
    });
    named.collect()
}

/// The public names of organizations, by id.
pub async fn names(
    tx: &mut Tx,
    region: RegionCode,
    ids: &BTreeSet<Id<Organization>>,
) -> Result<BTreeMap<Id<Organization>, String>, StoreError> {
    let sql = format!(
        "SELECT id, display_name FROM organizations WHERE region = $1 AND {}",
        tx.among("id", 2)
    );
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind_list(ids.iter().map(ToString::to_string).collect())
        .fetch_all(tx)
        .await?;
    let named = rows.iter().map(|row| {
        let r = Reader::new(row, "organizations", "id");
        Ok((r.parsed("id")?, r.text("display_name")?))
    });
    named.collect()
}

/// The organizations of a kind that may act in the region.
pub async fn active_of_kind(
    tx: &mut Tx,
    region: RegionCode,
    kind: OrganizationKind,
) -> Result<Vec<Id<Organization>>, StoreError> {
    let since = active_since(tx, region, kind).await?;
    Ok(since.into_keys().collect())
}

/// The same, with since when each may act: its registration, or when it was last restored.
pub async fn active_since(
    tx: &mut Tx,
    region: RegionCode,
    kind: OrganizationKind,
) -> Result<BTreeMap<Id<Organization>, DateTime<Utc>>, StoreError> {
    let rows = tx
        .query(
            "SELECT o.id, s.since_us FROM organizations o
             JOIN standings s ON s.region = o.region AND s.organization = o.id
             WHERE o.region = $1 AND o.kind = $2 AND s.state = $3",
        )
        .bind(region.to_string())
        .bind(kind.as_str())
        .bind(Standing::Active.as_str())
        .fetch_all(tx)
        .await?;
    rows.iter()
        .map(|row| {
            let r = Reader::new(row, "organizations", "id");
            Ok((r.parsed("id")?, r.time("since_us")?))
        })
        .collect()
}

/// Changes an organization's standing; tells whether it stood otherwise before.
pub async fn set_standing(
    tx: &mut Tx,
    region: RegionCode,
    id: Id<Organization>,
    standing: Standing,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let changed = tx
        .query(
            "UPDATE standings SET state = $3, reason = $4, since_us = $5
             WHERE region = $1 AND organization = $2 AND state <> $3",
        )
        .bind(region.to_string())
        .bind(id.to_string())
        .bind(standing.as_str())
        .bind(reason.to_owned())
        .bind(micros(now))
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

/// Facilities whose keys rest on a medical institution's standing: those with an agreement with it.
/// An agreement that only names it as a further source goes on: what it sent while it stood well is
/// true of the child still, and a suspended one sends nothing more.
pub async fn facilities_resting_on(
    tx: &mut Tx,
    region: RegionCode,
    id: Id<Organization>,
) -> Result<Vec<Id<Organization>>, StoreError> {
    let rows = tx
        .query(
            "SELECT DISTINCT facility FROM agreements
             WHERE region = $1 AND institution = $2
             ORDER BY facility",
        )
        .bind(region.to_string())
        .bind(id.to_string())
        .fetch_all(tx)
        .await?;
    rows.iter()
        .map(|row| Reader::new(row, "agreements", "facility").parsed("facility"))
        .collect()
}

fn read(row: &super::engine::Row) -> Result<OrganizationRow, StoreError> {
    let r = Reader::new(row, "organizations", "id");
    let code = SocialCreditCode::parse(&r.text("social_credit_code")?);
    let organization = NewOrganization {
        id: r.parsed("id")?,
        kind: r.word("kind", OrganizationKind::parse)?,
        display_name: r.text("display_name")?,
        social_credit_code: code.map_err(|_| r.corrupt("social_credit_code"))?,
        filing_number: r.text("filing_number")?,
        licensed_places: r.number("licensed_places")?,
        inclusive_places: r.number("inclusive_places")?,
    };
    Ok(OrganizationRow {
        organization,
        standing: r.word("standing", Standing::parse)?,
        enrolled: row.get("enrolled")?,
    })
}
