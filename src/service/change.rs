//! A change of keys: the one shape of every use case that opens or closes a key.
//!
//! Begin takes the region's ledger head (the lock and the clock), then admits the caller under it.
//! Whatever the change touches is told with [`Change::record`], [`Change::touch`],
//! [`Change::at`] and [`Change::backfill`]; [`Change::commit`] brings inboxes in line, appends the
//! leaves and rings the bells. Dropped without commit, nothing happened.

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, Utc};
use rand::rngs::StdRng;

use super::{
    caller::{self, Caller, Claim},
    delivery,
    error::Error,
    gateway::Gateway,
    keyring::{ChildKey, RegionKeys},
    leaves::Leaves,
    reason::Reason,
};
use crate::{
    domain::{
        child::Child,
        id::Id,
        organization::Organization,
        region::{RegionCode, Settings},
    },
    ledger::{Entry, KeyKind, KeyState, LeafBody},
    store::{
        Tx,
        backfills::{self, Breadth},
        children::{self, ChildRow},
        ledger, regions,
    },
};

/// A change under way.
pub struct Change {
    /// The transaction, under the region's head.
    pub tx: Tx,
    /// The region.
    pub region: RegionCode,
    /// The region's settings.
    pub settings: Settings,
    /// The deciding time, taken after the lock.
    pub now: DateTime<Utc>,
    /// Who changes.
    pub caller: Caller,
    /// Chance of this change's own.
    pub chance: StdRng,
    /// Keys of the region that belong to no child.
    pub keys: Arc<RegionKeys>,
    gateway: Gateway,
    leaves: Leaves,
    touched: BTreeSet<Id<Child>>,
}

/// What a leaf says about a changed key.
pub struct KeyChange<'a> {
    /// Which kind of key.
    pub kind: KeyKind,
    /// The id of its row.
    pub id: String,
    /// What happened, e.g. `CONSENT_GRANTED`.
    pub change: &'static str,
    /// Its whole new state.
    pub state: KeyState,
    /// Small further facts, never personal.
    pub facts: Vec<(String, String)>,
    /// The child it belongs to, with its key.
    pub child: Option<&'a ChildKey>,
}

/// A child whose row is locked.
pub struct LockedChild {
    /// Its row.
    pub row: ChildRow,
    /// Its key.
    pub key: ChildKey,
}

impl Change {
    /// Takes the head, then admits the caller under it.
    pub async fn begin(
        gateway: &Gateway,
        region: RegionCode,
        claim: &Claim,
    ) -> Result<Self, Error> {
        let mut tx = gateway.store().begin().await?;
        let head = ledger::take_head(&mut tx, region).await?;
        let caller = caller::admit_at(&mut tx, region, claim, head.now).await?;
        let (settings, _) = regions::find(&mut tx, region)
            .await?
            .ok_or(Reason::RegionForeign)?;
        let mut chance = gateway.own_chance();
        let keys = gateway
            .keyring()
            .region(&mut tx, region, &mut chance)
            .await?;
        let (gateway, now) = (gateway.clone(), head.now);
        Ok(Self {
            tx,
            region,
            settings,
            now,
            caller,
            chance,
            keys,
            gateway,
            leaves: Leaves::under(head),
            touched: BTreeSet::new(),
        })
    }

    /// The gateway.
    pub fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// Locks the child's row, before anything about the child is read. `None`: no such child, or none
    /// any more.
    pub async fn lock_child(&mut self, child: Id<Child>) -> Result<Option<LockedChild>, Error> {
        let rows = children::lock(&mut self.tx, self.region, &[child]).await?;
        let Some(row) = rows.into_iter().next() else {
            return Ok(None);
        };
        let key = self
            .gateway
            .keyring()
            .child(self.region, row.id, row.wrapped_key.as_deref())?;
        Ok(key.map(|key| LockedChild { row, key }))
    }

    /// Adds a leaf.
    pub fn record(&mut self, change: KeyChange<'_>) -> Result<(), Error> {
        let mut facts = change.state.facts();
        facts.extend(change.facts);
        let named = (change.kind.detail_name().to_owned(), change.id.clone());
        let entry = change.child.map(|key| Entry {
            child: key.child().to_owned(),
            detail: vec![named],
        });
        let entries = entry.into_iter().collect();
        let (child, caller) = (change.child, &self.caller);
        let body = |entries| {
            LeafBody::Change(crate::ledger::Change {
                organization: Some(caller.organization.to_string()),
                actor: caller.actor_id().to_string(),
                subject_kind: change.kind.subject_kind().to_owned(),
                subject: change.id,
                change: change.change.to_owned(),
                facts,
                entries,
            })
        };
        self.leaves
            .write(entries, |_| child, &mut self.chance, body)
    }

    /// The child's inbox entries must be brought in line when this commits. The child's row must be
    /// locked.
    pub fn touch(&mut self, child: Id<Child>) {
        self.touched.insert(child);
    }

    /// The child's inbox entries must be brought in line again at a later instant (a first day that
    /// comes, a last day that passes).
    pub async fn at(&mut self, child: Id<Child>, due: DateTime<Utc>) -> Result<(), Error> {
        if due > self.now {
            self.later(due, Breadth::Child(child)).await?;
        }
        Ok(())
    }

    /// Every child of the facility must be brought in line, at `due` or right after this commits.
    pub async fn backfill(
        &mut self,
        facility: Id<Organization>,
        due: DateTime<Utc>,
    ) -> Result<(), Error> {
        self.later(due, Breadth::Facility(facility)).await
    }

    async fn later(&mut self, due: DateTime<Utc>, breadth: Breadth) -> Result<(), Error> {
        let id = Id::timed(self.now, &mut self.chance);
        Ok(backfills::insert(&mut self.tx, self.region, id, due, breadth).await?)
    }

    /// Brings the touched children's inbox entries in line, appends the leaves, commits, and wakes
    /// whoever listens.
    pub async fn commit(mut self) -> Result<(), Error> {
        let touched: Vec<Id<Child>> = self.touched.iter().copied().collect();
        let rung = delivery::reconcile(
            &mut self.tx,
            &delivery::Setting::new(self.region, &self.settings, self.now),
            &touched,
        )
        .await?;
        self.leaves.append(&mut self.tx).await?;
        self.tx.commit().await?;
        self.gateway.keyring().keep(self.region, self.keys);
        self.gateway.announce(self.region, rung).await;
        Ok(())
    }
}
