//! The rule sets at hand, read once. A set is named by its content, so what is kept here can't become
//! stale: which set counts is read with the region's settings in every transaction.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, Utc};

use super::error::Error;
use crate::{
    clinical::rules::{Bundle, RuleSet, SetFault},
    domain::{
        region::{RegionCode, Settings},
        rule_set::RuleSetId,
    },
    store::{
        StoreError, Tx, regions,
        rule_sets::{self, RuleSetRow},
    },
};

/// The most sets kept; beyond, all are read anew as they are needed.
const MOST_KEPT: usize = 32;

/// The rule sets at hand.
pub struct RuleBook {
    shipped: Arc<RuleSet>,
    /// None: this program can't read the set.
    known: Mutex<HashMap<RuleSetId, Option<Arc<RuleSet>>>>,
}

/// A set that counts somewhere and can't be read by this program.
#[derive(Debug, thiserror::Error)]
#[error("rule set {id} of region {region}: {fault}")]
pub struct Unreadable {
    /// Where it counts.
    pub region: RegionCode,
    /// The set.
    pub id: RuleSetId,
    /// File, line, rule or item, and fault.
    pub fault: SetFault,
}

impl RuleBook {
    /// With the set that ships with this program.
    pub fn new(shipped: RuleSet) -> Self {
        Self {
            shipped: Arc::new(shipped),
            known: Mutex::default(),
        }
    }

    /// Enters the shipped set for every region to choose, and gives it to regions that have none.
    /// A region that has one keeps it: a new program brings no new rules unasked.
    pub async fn settle(&self, tx: &mut Tx, now: DateTime<Utc>) -> Result<(), Error> {
        let set = RuleSetRow {
            owner: RegionCode::DEPLOYMENT,
            id: self.shipped.id(),
            label: concat!("yuqiao ", env!("CARGO_PKG_VERSION")).to_owned(),
            rules: u32::try_from(self.shipped.rules().len()).unwrap_or(u32::MAX),
            added: now,
            by: None,
        };
        rule_sets::insert(tx, &set, self.shipped.bundle()).await?;
        Ok(regions::settle(tx, set.id).await?)
    }

    /// Every set that counts somewhere, read.
    ///
    /// # Errors
    /// [`Unreadable`] for the first that this program can't read.
    pub async fn check(&self, tx: &mut Tx) -> Result<Result<(), Unreadable>, Error> {
        for region in regions::codes(tx).await? {
            let found = regions::find(tx, region).await?;
            let Some((settings, _)) = found else { continue };
            let Some(id) = settings.rule_set else {
                continue;
            };
            if id != self.shipped.id() {
                let shipped = self.shipped.id();
                tracing::info!(%region, rule_set = %id, %shipped, "not the shipped rules count here");
            }
            if self.read(tx, region, id).await?.is_none()
                && let Err(fault) =
                    RuleSet::of(stored(tx, region, id).await?, self.shipped.tables().clone())
            {
                return Ok(Err(Unreadable { region, id, fault }));
            }
        }
        Ok(Ok(()))
    }

    /// The set that ships with this program.
    pub fn shipped(&self) -> &Arc<RuleSet> {
        &self.shipped
    }

    /// The rules that count in the region. Where an older program can't read them it goes on by its
    /// own, so that no check-up is turned away: a gateway that can read them assesses the child again.
    pub async fn of(
        &self,
        tx: &mut Tx,
        region: RegionCode,
        settings: &Settings,
    ) -> Result<Arc<RuleSet>, Error> {
        let id = settings.rule_set.unwrap_or(self.shipped.id());
        let read = self.read(tx, region, id).await?;
        Ok(read.unwrap_or_else(|| self.shipped.clone()))
    }

    /// The set of this name that the region may use; `None` where this program can't read it.
    pub async fn read(
        &self,
        tx: &mut Tx,
        region: RegionCode,
        id: RuleSetId,
    ) -> Result<Option<Arc<RuleSet>>, Error> {
        if id == self.shipped.id() {
            return Ok(Some(self.shipped.clone()));
        }
        if let Some(known) = self.known().get(&id) {
            return Ok(known.clone());
        }
        let bundle = stored(tx, region, id).await?;
        let read = RuleSet::of(bundle, self.shipped.tables().clone());
        if let Err(fault) = &read {
            tracing::error!(%region, rule_set = %id, %fault, "a rule set can't be read by this program");
        }
        let read = read.ok().map(Arc::new);
        let mut known = self.known();
        if known.len() >= MOST_KEPT {
            known.clear();
        }
        known.insert(id, read.clone());
        Ok(read)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<RuleSetId, Option<Arc<RuleSet>>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stored set, which must still be what its name says.
async fn stored(tx: &mut Tx, region: RegionCode, id: RuleSetId) -> Result<Bundle, Error> {
    let corrupt = || StoreError::Corrupt {
        table: "rule_set_files",
        column: "content",
        row: id.to_string(),
    };
    let files = rule_sets::files(tx, region, id).await?;
    let bundle = files.and_then(|files| Bundle::new(files).ok());
    let bundle = bundle.filter(|bundle| bundle.id() == id);
    Ok(bundle.ok_or_else(corrupt)?)
}
