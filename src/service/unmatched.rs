//! The queue of check-ups that wait for their child: told to their sender, without findings.

use super::{caller, caller::Claim, error::Error, gateway::Gateway};
use crate::{
    domain::region::RegionCode,
    store::check_ups::{self, CheckUpRow},
};

/// What the calling institution sent and no child is matched to yet, oldest first, after a cursor.
pub async fn list(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    cursor: &str,
    limit: i64,
) -> Result<Vec<CheckUpRow>, Error> {
    let mut tx = gateway.store().snapshot().await?;
    let caller = caller::admit(&mut tx, region, claim).await?;
    caller.must_be_medical()?;
    let rows = check_ups::unmatched(&mut tx, region, caller.organization, cursor, limit).await?;
    tx.rollback().await?;
    Ok(rows)
}
