//! Keys at hand: the master keys, and the keys of the deployment and its regions unwrapped once.
//!
//! A child's key is never kept: it is read with the child's row and unwrapped for one use, so that
//! destroying it acts at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use rand::RngCore;
use zeroize::Zeroizing;

use super::error::Error;
use crate::{
    domain::{child::Child, id::Id, region::RegionCode},
    store::{Tx, vault_keys},
    vault::{DataKey, IndexKey, MasterKeys, Place, VaultError, WrappedKey},
};

/// Keys of a region that belong to no child.
pub struct RegionKeys {
    /// Seals names of staff and practitioners.
    pub staff: DataKey,
    /// Seals check-ups that wait for their child.
    pub unmatched: DataKey,
}

/// The keyring.
pub struct Keyring {
    masters: MasterKeys,
    index: IndexKey,
    regions: Mutex<HashMap<RegionCode, Arc<RegionKeys>>>,
}

const INDEX: &str = "index";
const STAFF: &str = "staff";
const UNMATCHED: &str = "unmatched";

impl Keyring {
    /// Opens the deployment's index key, making it on the first start.
    pub async fn open(
        masters: MasterKeys,
        tx: &mut Tx,
        chance: &mut (dyn RngCore + Send),
    ) -> Result<Self, Error> {
        let index = one(&masters, tx, RegionCode::DEPLOYMENT, INDEX, chance).await?;
        Ok(Self {
            masters,
            index: IndexKey::derive(&index),
            regions: Mutex::default(),
        })
    }

    /// Whether the master keys open the deployment's index key. `false`: it is not made yet.
    /// Changes nothing.
    ///
    /// # Errors
    /// Where the key is there and does not open.
    pub async fn look(masters: &MasterKeys, tx: &mut Tx) -> Result<bool, Error> {
        let region = RegionCode::DEPLOYMENT;
        let Some(wrapped) = vault_keys::find(tx, region, INDEX).await? else {
            return Ok(false);
        };
        let text = region.to_string();
        let place = vault_key_place(&text, INDEX);
        WrappedKey::from_bytes(wrapped)?.unwrap_key(masters, &place)?;
        Ok(true)
    }

    /// Blind indexes and keyed digests.
    pub fn index(&self) -> &IndexKey {
        &self.index
    }

    /// The newest version of the master key.
    pub fn newest(&self) -> u32 {
        self.masters.current().version()
    }

    /// A key wrapped under the newest version; `None` when it is already.
    pub fn rewrap(
        &self,
        old: &WrappedKey,
        place: &Place<'_>,
        chance: &mut dyn RngCore,
    ) -> Result<Option<WrappedKey>, VaultError> {
        old.rewrap(&self.masters, place, chance)
    }

    /// The region's keys, made in `tx` when the region is new.
    pub async fn region(
        &self,
        tx: &mut Tx,
        region: RegionCode,
        chance: &mut (dyn RngCore + Send),
    ) -> Result<Arc<RegionKeys>, Error> {
        if let Some(keys) = self.known(region) {
            return Ok(keys);
        }
        let keys = Arc::new(RegionKeys {
            staff: one(&self.masters, tx, region, STAFF, chance).await?,
            unmatched: one(&self.masters, tx, region, UNMATCHED, chance).await?,
        });
        // Kept only once they are committed: see `keep`.
        Ok(keys)
    }

    /// Keeps a region's keys after the transaction that read (or made) them has committed.
    pub fn keep(&self, region: RegionCode, keys: Arc<RegionKeys>) {
        self.regions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(region, keys);
    }

    /// The region's keys, if they were kept.
    pub fn known(&self, region: RegionCode) -> Option<Arc<RegionKeys>> {
        self.regions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&region)
            .cloned()
    }

    /// A new child's key, and the same wrapped for its row, which is written in `tx`.
    pub async fn new_child(
        &self,
        tx: &mut Tx,
        region: RegionCode,
        child: Id<Child>,
        chance: &mut (dyn RngCore + Send),
    ) -> Result<(ChildKey, Vec<u8>), Error> {
        must_not_be_rotated_away(&self.masters, tx).await?;
        let key = DataKey::generate(chance);
        let (region, row) = (region.to_string(), child.to_string());
        let wrapped = key.wrap(&self.masters, &child_key_place(&region, &row), chance)?;
        Ok((ChildKey { key, region, row }, wrapped.as_bytes().to_vec()))
    }

    /// The child's key; `None` once the child is erased.
    pub fn child(
        &self,
        region: RegionCode,
        child: Id<Child>,
        wrapped: Option<&[u8]>,
    ) -> Result<Option<ChildKey>, VaultError> {
        let Some(wrapped) = wrapped else {
            return Ok(None);
        };
        let (region, id) = (region.to_string(), child.to_string());
        let wrapped = WrappedKey::from_bytes(wrapped.to_vec())?;
        let key = wrapped.unwrap_key(&self.masters, &child_key_place(&region, &id))?;
        Ok(Some(ChildKey {
            key,
            region,
            row: id,
        }))
    }
}

/// Where a child's key is wrapped.
pub(super) fn child_key_place<'a>(region: &'a str, row: &'a str) -> Place<'a> {
    Place {
        table: "children",
        region,
        row,
        column: "wrapped_key",
    }
}

/// Where a key that belongs to no child is wrapped.
pub(super) fn vault_key_place<'a>(region: &'a str, row: &'a str) -> Place<'a> {
    Place {
        table: "vault_keys",
        region,
        row,
        column: "wrapped",
    }
}

/// A process wraps under the newest version that it read at its start. Once the keys were rotated to one
/// that it does not know, its own may be retired at any time, and what it wrapped would be lost: so it
/// may wrap none. A rotation begins with the deployment's index key, and waits here for whoever is about
/// to write a key; it then finds that key.
async fn must_not_be_rotated_away(masters: &MasterKeys, tx: &mut Tx) -> Result<(), Error> {
    // None: the deployment begins.
    let Some(index) = vault_keys::hold(tx, RegionCode::DEPLOYMENT, INDEX).await? else {
        return Ok(());
    };
    let version = WrappedKey::from_bytes(index)?.master_version();
    if masters.version(version).is_none() {
        return Err(VaultError::UnknownMaster(version).into());
    }
    Ok(())
}

async fn one(
    masters: &MasterKeys,
    tx: &mut Tx,
    region: RegionCode,
    name: &str,
    chance: &mut (dyn RngCore + Send),
) -> Result<DataKey, Error> {
    let text = region.to_string();
    let place = vault_key_place(&text, name);
    if vault_keys::find(tx, region, name).await?.is_none() {
        must_not_be_rotated_away(masters, tx).await?;
        let wrapped = DataKey::generate(chance).wrap(masters, &place, chance)?;
        vault_keys::insert(tx, region, name, wrapped.as_bytes().to_vec()).await?;
    }
    // Read again: another gateway may have been first.
    let wrapped = vault_keys::find(tx, region, name).await?;
    let wrapped = wrapped.ok_or(Error::Broken("a vault key vanished"))?;
    Ok(WrappedKey::from_bytes(wrapped)?.unwrap_key(masters, &place)?)
}

/// One child's data key, for one use.
pub struct ChildKey {
    key: DataKey,
    region: String,
    row: String,
}

impl ChildKey {
    /// Seals a value for a column of a row that belongs to the child.
    pub fn seal(
        &self,
        table: &str,
        row: &str,
        column: &str,
        plain: &[u8],
        chance: &mut dyn RngCore,
    ) -> Result<Vec<u8>, VaultError> {
        let place = Place {
            table,
            region: &self.region,
            row,
            column,
        };
        crate::vault::seal(&self.key, &place, plain, chance)
    }

    /// Opens what [`ChildKey::seal`] sealed for the same place.
    pub fn open(
        &self,
        table: &str,
        row: &str,
        column: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let place = Place {
            table,
            region: &self.region,
            row,
            column,
        };
        crate::vault::open(&self.key, &place, sealed)
    }

    /// The child's id as text.
    pub fn child(&self) -> &str {
        &self.row
    }
}
