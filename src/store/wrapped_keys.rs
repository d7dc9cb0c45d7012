//! Every wrapped key there is, in order, for whoever wraps them anew.

use super::{Tx, error::StoreError};
use crate::domain::region::RegionCode;

/// A wrapped key where it stands.
#[derive(Debug)]
pub struct Stored {
    /// Whether it is a child's.
    pub of_child: bool,
    /// The child, or the key's name.
    pub id: String,
    /// The key, wrapped.
    pub wrapped: Vec<u8>,
}

/// The keys after `cursor`, locked: those of children, or those of the region itself.
pub async fn after(
    tx: &mut Tx,
    region: RegionCode,
    of_child: bool,
    cursor: &str,
    limit: i64,
) -> Result<Vec<Stored>, StoreError> {
    let sql = if of_child {
        "SELECT id, wrapped_key AS wrapped FROM children
         WHERE region = $1 AND id > $2 AND wrapped_key IS NOT NULL ORDER BY id LIMIT $3"
    } else {
        "SELECT name AS id, wrapped FROM vault_keys
         WHERE region = $1 AND name > $2 ORDER BY name LIMIT $3"
    };
    let rows = tx
        .query_of_parts(format!("{sql}{}", tx.for_update()))
        .bind(region.to_string())
        .bind(cursor.to_owned())
        .bind(limit)
        .fetch_all(tx)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Stored {
                of_child,
                id: row.get("id")?,
                wrapped: row.get("wrapped")?,
            })
        })
        .collect()
}

/// Keeps a key wrapped anew in the place of the same key.
pub async fn replace(
    tx: &mut Tx,
    region: RegionCode,
    stored: &Stored,
    wrapped: Vec<u8>,
) -> Result<(), StoreError> {
    let query = tx.query(if stored.of_child {
        "UPDATE children SET wrapped_key = $3 WHERE region = $1 AND id = $2 AND wrapped_key = $4"
    } else {
        "UPDATE vault_keys SET wrapped = $3 WHERE region = $1 AND name = $2 AND wrapped = $4"
    });
    query
        .bind(region.to_string())
        .bind(stored.id.clone())
        .bind(wrapped)
        .bind(stored.wrapped.clone())
        .execute(tx)
        .await?;
    Ok(())
}
