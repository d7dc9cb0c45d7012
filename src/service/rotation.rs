//! The master key is rotated: a new version is added where the keys come from, every wrapped key is
//! wrapped anew under it, and the old version is retired. Then what was erased is erased in every
//! backup too.
//!
//! Rotating goes in small steps beside the running gateways, which must have been started with both
//! versions. It may stop at any instant: keys that are wrapped under the newest version already are
//! passed over, and one that is destroyed meanwhile stays destroyed. A gateway that was not started anew
//! wraps no further key once it has begun.

use std::collections::BTreeMap;

use super::{
    error::Error,
    gateway::Gateway,
    keyring::{child_key_place, vault_key_place},
};
use crate::{
    domain::region::RegionCode,
    store::{
        regions,
        wrapped_keys::{self, Stored},
    },
    vault::{Place, WrappedKey},
};

/// Keys wrapped anew in one transaction.
const AT_A_TIME: i64 = 256;

/// How many keys are wrapped under each version of the master key.
pub async fn census(gateway: &Gateway) -> Result<BTreeMap<u32, u64>, Error> {
    let mut counts = BTreeMap::new();
    each(gateway, async |_, stored| {
        let version = WrappedKey::from_bytes(stored.wrapped.clone())?.master_version();
        *counts.entry(version).or_default() += 1;
        Ok(None)
    })
    .await?;
    Ok(counts)
}

/// Wraps every key anew that is not wrapped under the newest version; gives how many.
pub async fn rotate(gateway: &Gateway) -> Result<u64, Error> {
    let keyring = gateway.keyring();
    let mut chance = gateway.own_chance();
    let mut wrapped = 0;
    each(gateway, async |region, stored| {
        let region = region.to_string();
        let place = place(&region, stored);
        let old = WrappedKey::from_bytes(stored.wrapped.clone())?;
        let new = keyring.rewrap(&old, &place, &mut chance)?;
        wrapped += u64::from(new.is_some());
        Ok(new.map(|new| new.as_bytes().to_vec()))
    })
    .await?;
    Ok(wrapped)
}

fn place<'a>(region: &'a str, stored: &'a Stored) -> Place<'a> {
    if stored.of_child {
        child_key_place(region, &stored.id)
    } else {
        vault_key_place(region, &stored.id)
    }
}

/// Goes through every wrapped key in small transactions; keeps what `step` gives in its place. The
/// deployment's own come first: see `keyring::must_not_be_rotated_away`.
async fn each(
    gateway: &Gateway,
    mut step: impl AsyncFnMut(RegionCode, &Stored) -> Result<Option<Vec<u8>>, Error>,
) -> Result<(), Error> {
    each_of(gateway, RegionCode::DEPLOYMENT, &mut step).await?;
    let mut tx = gateway.store().snapshot().await?;
    let regions = regions::codes(&mut tx).await?;
    tx.rollback().await?;
    for region in regions {
        each_of(gateway, region, &mut step).await?;
    }
    Ok(())
}

async fn each_of(
    gateway: &Gateway,
    region: RegionCode,
    step: &mut impl AsyncFnMut(RegionCode, &Stored) -> Result<Option<Vec<u8>>, Error>,
) -> Result<(), Error> {
    for of_child in [false, true] {
        let mut cursor = String::new();
        loop {
            let mut tx = gateway.store().begin().await?;
            let found = wrapped_keys::after(&mut tx, region, of_child, &cursor, AT_A_TIME).await?;
            for stored in &found {
                if let Some(new) = step(region, stored).await? {
                    wrapped_keys::replace(&mut tx, region, stored, new).await?;
                }
            }
            tx.commit().await?;
            match found.last() {
                Some(last) => cursor.clone_from(&last.id),
                None => break,
            }
        }
    }
    Ok(())
}
