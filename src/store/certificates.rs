//! Certificates that were issued, and the one-time codes they are traded for.

use chrono::{DateTime, Utc};

use super::{
    Tx,
    error::StoreError,
    rows::{Reader, micros},
};
use crate::domain::{id::Id, organization::Organization, region::RegionCode};

/// Keeps a fresh one-time code (its digest) for an organization. Earlier unused codes of it end.
pub async fn put_code(
    tx: &mut Tx,
    region: RegionCode,
    organization: Id<Organization>,
    digest: &str,
    expires: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.query(
        "DELETE FROM enrolment_codes
         WHERE region = $1 AND organization = $2 AND used_us IS NULL",
    )
    .bind(region.to_string())
    .bind(organization.to_string())
    .execute(tx)
    .await?;
    tx.query(
        "INSERT INTO enrolment_codes (region, digest, organization, expires_us, used_us)
         VALUES ($1, $2, $3, $4, NULL)",
    )
    .bind(region.to_string())
    .bind(digest.to_owned())
    .bind(organization.to_string())
    .bind(micros(expires))
    .execute(tx)
    .await?;
    Ok(())
}

/// Whether a code could be used at `now`. Only [`use_code`] decides.
pub async fn is_usable(
    tx: &mut Tx,
    region: RegionCode,
    digest: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let row = tx
        .query(
            "SELECT organization FROM enrolment_codes
             WHERE region = $1 AND digest = $2 AND used_us IS NULL AND expires_us > $3",
        )
        .bind(region.to_string())
        .bind(digest.to_owned())
        .bind(micros(now))
        .fetch_optional(tx)
        .await?;
    Ok(row.is_some())
}

/// Uses a code up. `None`: unknown, used or expired. Of two that try at once one succeeds.
pub async fn use_code(
    tx: &mut Tx,
    region: RegionCode,
    digest: &str,
    now: DateTime<Utc>,
) -> Result<Option<Id<Organization>>, StoreError> {
    let row = tx
        .query(
            "UPDATE enrolment_codes SET used_us = $3
             WHERE region = $1 AND digest = $2 AND used_us IS NULL AND expires_us > $3
             RETURNING organization",
        )
        .bind(region.to_string())
        .bind(digest.to_owned())
        .bind(micros(now))
        .fetch_optional(tx)
        .await?;
    let read = |row| Reader::new(row, "enrolment_codes", "organization").parsed("organization");
    row.as_ref().map(read).transpose()
}

/// A certificate that was issued.
#[derive(Debug, Clone)]
pub struct NewCertificate {
    /// SHA-256 of the certificate, hex.
    pub fingerprint: String,
    /// To whom.
    pub organization: Id<Organization>,
    /// The last instant of its validity.
    pub expires: DateTime<Utc>,
}

/// Keeps a certificate.
pub async fn insert(
    tx: &mut Tx,
    region: RegionCode,
    new: &NewCertificate,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.query(
        "INSERT INTO certificates
             (region, fingerprint, organization, issued_us, expires_us, revoked_us)
         VALUES ($1, $2, $3, $4, $5, NULL)",
    )
    .bind(region.to_string())
    .bind(new.fingerprint.clone())
    .bind(new.organization.to_string())
    .bind(micros(now))
    .bind(micros(new.expires))
    .execute(tx)
    .await?;
    Ok(())
}

/// Revokes every certificate of an organization.
pub async fn revoke_all(
    tx: &mut Tx,
    region: RegionCode,
    organization: Id<Organization>,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    tx.query(
        "UPDATE certificates SET revoked_us = $3
         WHERE region = $1 AND organization = $2 AND revoked_us IS NULL",
    )
    .bind(region.to_string())
    .bind(organization.to_string())
    .bind(micros(now))
    .execute(tx)
    .await
}

/// Revokes one certificate of an organization; one that is not kept yet, because an outside authority
/// issued it, is kept as revoked. `false`: it is another organization's, and nothing was written.
pub async fn revoke(
    tx: &mut Tx,
    region: RegionCode,
    organization: Id<Organization>,
    fingerprint: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let kept = tx
        .query(
            "INSERT INTO certificates
                 (region, fingerprint, organization, issued_us, expires_us, revoked_us)
             VALUES ($1, $2, $3, $4, $4, $4)
             ON CONFLICT (region, fingerprint) DO UPDATE
                 SET revoked_us = COALESCE(certificates.revoked_us, excluded.revoked_us)
                 WHERE certificates.organization = excluded.organization",
        )
        .bind(region.to_string())
        .bind(fingerprint.to_owned())
        .bind(organization.to_string())
        .bind(micros(now))
        .execute(tx)
        .await?;
    Ok(kept == 1)
}
