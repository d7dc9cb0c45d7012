//! Signing keys of organizations, with their history: a signature must be checkable after years.

use chrono::{DateTime, Utc};

use super::{
    Tx,
    error::StoreError,
    rows::{Reader, micros},
};
use crate::domain::{id::Id, organization::Organization, region::RegionCode};

/// A signing key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKeyRow {
    /// SHA-256 of the SPKI, hex.
    pub key_id: String,
    /// SPKI in PEM.
    pub spki_pem: String,
    /// When it was registered.
    pub created: DateTime<Utc>,
    /// When another took its place.
    pub ended: Option<DateTime<Utc>>,
}

/// A key of an organization, present or past.
pub async fn find(
    tx: &mut Tx,
    region: RegionCode,
    organization: Id<Organization>,
    key_id: &str,
) -> Result<Option<SigningKeyRow>, StoreError> {
    let row = tx
        .query(
            "SELECT key_id, spki_pem, created_us, ended_us FROM signing_keys
             WHERE region = $1 AND organization = $2 AND key_id = $3",
        )
        .bind(region.to_string())
        .bind(organization.to_string())
        .bind(key_id.to_owned())
        .fetch_optional(tx)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let r = Reader::new(&row, "signing_keys", "key_id");
    Ok(Some(SigningKeyRow {
        key_id: r.text("key_id")?,
        spki_pem: r.text("spki_pem")?,
        created: r.time("created_us")?,
        ended: r.maybe_time("ended_us")?,
    }))
}

/// Makes a key the organization's present one: the former ends. The key must be new to it.
pub async fn replace(
    tx: &mut Tx,
    region: RegionCode,
    organization: Id<Organization>,
    key_id: &str,
    spki_pem: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.query(
        "UPDATE signing_keys SET ended_us = $3
         WHERE region = $1 AND organization = $2 AND ended_us IS NULL",
    )
    .bind(region.to_string())
    .bind(organization.to_string())
    .bind(micros(now))
    .execute(tx)
    .await?;
    tx.query(
        "INSERT INTO signing_keys (region, organization, key_id, spki_pem, created_us, ended_us)
         VALUES ($1, $2, $3, $4, $5, NULL)",
    )
    .bind(region.to_string())
    .bind(organization.to_string())
    .bind(key_id.to_owned())
    .bind(spki_pem.to_owned())
    .bind(micros(now))
    .execute(tx)
    .await?;
    Ok(())
}
