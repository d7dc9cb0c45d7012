//! One sitting of looks: one lock, one deciding time, one commit.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use rand::rngs::StdRng;

use super::{Answer, Ask, Question};
use crate::{
    access::{Asker, Basis, Permit, facts::AskerFacts},
    domain::{
        alert::Category,
        child::Child,
        id::Id,
        region::{RegionCode, Settings},
    },
    ledger::{Entry, Leaf, LeafBody, SubTree},
    service::{
        caller::{self, Caller, Claim},
        change::seal_opening,
        error::Error,
        gateway::Gateway,
        grounds,
        keyring::{ChildKey, RegionKeys},
        reason::Reason,
    },
    store::{
        Tx, children,
        ledger::{self as leaves, Head, StoredEntry},
        regions,
    },
};

/// A sitting under way.
pub(super) struct Sitting {
    pub(super) tx: Tx,
    pub(super) gateway: Gateway,
    pub(super) region: RegionCode,
    pub(super) settings: Settings,
    pub(super) now: DateTime<Utc>,
    keys: Arc<RegionKeys>,
    chance: StdRng,
    head: Head,
    leaves: Vec<(Leaf, Vec<StoredEntry>)>,
    /// Whether anything but leaves was written.
    wrote: bool,
}

/// What a leaf says of one child: the permit it was shown under, and which categories.
pub(super) struct Shown<'a> {
    pub(super) permit: &'a Permit,
    pub(super) categories: BTreeSet<Category>,
}

impl Sitting {
    /// Takes the region's head; facts are read by later statements, under it.
    pub(super) async fn begin(gateway: &Gateway, region: RegionCode) -> Result<Self, Error> {
        let mut tx = gateway.store().begin().await?;
        let head = match leaves::take_head(&mut tx, region).await {
            Err(crate::store::StoreError::UnknownRegion) => {
                return Err(Reason::RegionForeign.into());
            }
            head => head?,
        };
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
            gateway,
            region,
            settings,
            now,
            keys,
            chance,
            head,
            leaves: Vec::new(),
            wrote: false,
        })
    }

    /// The transaction, for a look that writes more than its leaf.
    pub(super) fn writes(&mut self) -> &mut Tx {
        self.wrote = true;
        &mut self.tx
    }

    /// Answers one look.
    pub(super) async fn answer(&mut self, ask: &Ask) -> Result<Answer, Error> {
        match &ask.question {
            Question::Facility {
                facility,
                purpose,
                child,
            } => self.facility(ask, *facility, *purpose, *child).await,
            Question::FollowUp { cursor, children } => self.follow_up(ask, cursor, *children).await,
            Question::Inbox {
                facility,
                after,
                limit,
            } => self.inbox(ask, *facility, *after, *limit).await,
            Question::OwnRecords { cursor, limit } => self.own_records(ask, cursor, *limit).await,
            Question::Guardian { child, code, about } => {
                self.guardian(ask, *child, code, about).await
            }
        }
    }

    /// Reads who calls and admits it: standing active, actor approved.
    pub(super) async fn admit(&mut self, claim: &Claim) -> Result<(AskerFacts, Caller), Error> {
        let facts = caller::asker(&mut self.tx, self.region, claim).await?;
        let caller = caller::admitted(&facts, claim)?;
        Ok((facts, caller))
    }

    /// Writes the leaves of one look: one a basis, with an entry for each child.
    pub(super) async fn leaf(
        &mut self,
        ask: &Ask,
        actor: &str,
        shown: &[Shown<'_>],
    ) -> Result<(), Error> {
        let ids: Vec<Id<Child>> = shown.iter().filter_map(|s| s.permit.child()).collect();
        let keys = self.child_keys(&ids).await?;
        let mut by_basis: BTreeMap<&'static str, Vec<&Shown<'_>>> = BTreeMap::new();
        for one in shown {
            by_basis
                .entry(one.permit.basis().code)
                .or_default()
                .push(one);
        }
        for of_basis in by_basis.into_values() {
            if let Some(basis) = of_basis.first().map(|s| s.permit.basis()) {
                self.leaf_of_basis(ask, actor, basis, &of_basis, &keys)?;
            }
        }
        Ok(())
    }

    fn leaf_of_basis(
        &mut self,
        ask: &Ask,
        actor: &str,
        basis: &'static Basis,
        shown: &[&Shown<'_>],
        keys: &BTreeMap<String, ChildKey>,
    ) -> Result<(), Error> {
        let mut categories: BTreeSet<Category> = BTreeSet::new();
        let mut entries = Vec::with_capacity(shown.len());
        for one in shown {
            let Some(child) = one.permit.child().map(|c| c.to_string()) else {
                continue;
            };
            // An erased child has no key: its data can't be shown, so there is nothing to tell.
            if !keys.contains_key(&child) {
                continue;
            }
            categories.extend(&one.categories);
            let mut detail = grounds::detail(one.permit);
            detail.extend(
                one.categories
                    .iter()
                    .map(|c| (grounds::CATEGORY.to_owned(), c.as_str().to_owned())),
            );
            entries.push(Entry { child, detail });
        }
        let tree = SubTree::build(entries, &mut self.chance)
            .map_err(|_| Error::Broken("a leaf's entries"))?;
        let sequence = self.head.next + self.leaves.len() as u64;
        let mut stored = Vec::with_capacity(tree.openings.len());
        for (hash, opening) in tree.entries.iter().zip(&tree.openings) {
            let key = keys
                .get(&opening.child)
                .ok_or(Error::Broken("an entry without its key"))?;
            stored.push(seal_opening(
                key,
                sequence,
                *hash,
                opening,
                &mut self.chance,
            )?);
        }
        let body = LeafBody::Look(crate::ledger::Look {
            // A guardian acts for no organization, whoever carried the call.
            organization: (basis.asker != Asker::Guardian)
                .then(|| ask.claim.organization.to_string()),
            actor: actor.to_owned(),
            asker: basis.asker.code().to_owned(),
            basis: basis.code.to_owned(),
            purpose: basis.purpose.as_str().to_owned(),
            method: ask.method.to_owned(),
            categories: categories.iter().map(|c| c.as_str().to_owned()).collect(),
            entries: tree.commitment,
        });
        let region = self.region.to_string();
        let at = self.now.timestamp_micros();
        self.leaves.push((
            Leaf {
                region,
                sequence,
                at,
                body,
            },
            stored,
        ));
        Ok(())
    }

    /// The children's keys, by child.
    pub(super) async fn child_keys(
        &mut self,
        ids: &[Id<Child>],
    ) -> Result<BTreeMap<String, ChildKey>, Error> {
        let mut keys = BTreeMap::new();
        for row in children::find(&mut self.tx, self.region, ids).await? {
            if let Some(key) =
                self.gateway
                    .keyring()
                    .child(self.region, row.id, row.wrapped_key.as_deref())?
            {
                keys.insert(row.id.to_string(), key);
            }
        }
        Ok(keys)
    }

    /// Appends the leaves and commits. A sitting that showed nothing of any child leaves no leaf; it
    /// rolls back, so that idle readers cost no flush.
    pub(super) async fn rise(mut self) -> Result<(), Error> {
        if self.leaves.is_empty() && !self.wrote {
            return Ok(self.tx.rollback().await?);
        }
        if !self.leaves.is_empty() {
            leaves::append(&mut self.tx, self.head, self.leaves).await?;
        }
        self.tx.commit().await?;
        self.gateway.keyring().keep(self.region, self.keys);
        Ok(())
    }
}
