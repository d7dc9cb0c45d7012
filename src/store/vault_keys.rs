//! Wrapped keys that belong to no child.

use super::{Tx, error::StoreError};
use crate::domain::region::RegionCode;

/// The wrapped key of that name.
pub async fn find(
    tx: &mut Tx,
    region: RegionCode,
    name: &str,
) -> Result<Option<Vec<u8>>, StoreError> {
    let row = tx
        .query("SELECT wrapped FROM vault_keys WHERE region = $1 AND name = $2")
        .bind(region.to_string())
        .bind(name.to_owned())
        .fetch_optional(tx)
        .await?;
    row.map(|row| row.get("wrapped")).transpose()
}

/// The wrapped key of that name, which nobody wraps anew until the transaction ends.
pub async fn hold(
    tx: &mut Tx,
    region: RegionCode,
    name: &str,
) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT wrapped FROM vault_keys WHERE region = $1 AND name = $2";
    let row = tx
        .query_of_parts(format!("{sql}{}", tx.for_share()))
        .bind(region.to_string())
        .bind(name.to_owned())
        .fetch_optional(tx)
        .await?;
    row.map(|row| row.get("wrapped")).transpose()
}

/// Keeps a wrapped key unless one of that name is there already.
pub async fn insert(
    tx: &mut Tx,
    region: RegionCode,
    name: &str,
    wrapped: Vec<u8>,
) -> Result<(), StoreError> {
    tx.query(
        "INSERT INTO vault_keys (region, name, wrapped) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind(region.to_string())
    .bind(name.to_owned())
    .bind(wrapped)
    .execute(tx)
    .await?;
    Ok(())
}
