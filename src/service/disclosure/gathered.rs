//! What the looks of one sitting rest on, read once for all of them.
//!
//! Under the head no key changes, so what one look has read holds for the next: many looks of a
//! morning cost few queries. It ends with the sitting; nothing of it outlives the lock.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use super::{Seen, sitting::Sitting};
use crate::{
    access::{
        Permit,
        facts::{AskerFacts, ChildFacts, FacilityFacts},
    },
    domain::{actor::Actor, alert::Category, child::Child, id::Id, organization::Organization},
    service::{
        caller::{self, Caller, Claim},
        error::Error,
        keyring::ChildKey,
        reason::Reason,
    },
    store::{alerts::Disclosed, children, facts},
};

/// A facility and the children in its care, with their consents to it. Cheap to clone.
#[derive(Clone)]
pub(super) struct Care {
    pub(super) facility: Arc<FacilityFacts>,
    pub(super) children: Arc<Vec<ChildFacts>>,
}

type Who = (Id<Organization>, String, Option<Id<Actor>>);

/// What was read in this sitting.
#[derive(Default)]
pub(super) struct Gathered {
    askers: HashMap<Who, Result<AskerFacts, Reason>>,
    care: BTreeMap<Id<Organization>, Care>,
    /// None for a child that is erased or was never there.
    keys: BTreeMap<Id<Child>, Option<Arc<ChildKey>>>,
    /// Children whose key does not open, each told to the operator once a sitting.
    unreadable: BTreeSet<Id<Child>>,
}

impl Sitting {
    /// Reads who calls and admits it: standing active, actor approved.
    pub(super) async fn admit(&mut self, claim: &Claim) -> Result<(AskerFacts, Caller), Error> {
        let who = (claim.organization, claim.fingerprint.clone(), claim.actor);
        let facts = match self.gathered.askers.get(&who) {
            Some(known) => known.clone()?,
            None => {
                let read = match caller::asker(&mut self.tx, self.region, claim, self.now).await {
                    Ok(facts) => Ok(facts),
                    Err(Error::Refused(reason)) => Err(reason),
                    Err(error) => return Err(error),
                };
                self.gathered.askers.insert(who, read.clone());
                read?
            }
        };
        let caller = caller::admitted(&facts, claim)?;
        Ok((facts, caller))
    }

    /// Reads who is in the care of these facilities, unless it was read before.
    pub(super) async fn gather_care(
        &mut self,
        facilities: BTreeSet<Id<Organization>>,
    ) -> Result<(), Error> {
        let unread: Vec<Id<Organization>> = facilities
            .into_iter()
            .filter(|f| !self.gathered.care.contains_key(f))
            .collect();
        if unread.is_empty() {
            return Ok(());
        }
        let region = self.region;
        let read = facts::facilities(&mut self.tx, region, &unread).await?;
        let today = self.settings.zone.day(self.now);
        let mut wards = facts::children_at(&mut self.tx, region, &unread, today).await?;
        let ids: BTreeSet<Id<Child>> = wards.values().flatten().map(|c| c.child).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let mut consents = facts::consents(&mut self.tx, region, &ids, None).await?;
        for (id, facility) in read {
            let mut children = wards.remove(&id).unwrap_or_default();
            for child in &mut children {
                child.consents = consents.remove(&(child.child, id)).unwrap_or_default();
            }
            let care = Care {
                facility: Arc::new(facility),
                children: Arc::new(children),
            };
            self.gathered.care.insert(id, care);
        }
        Ok(())
    }

    /// Who is in the care of this facility.
    pub(super) async fn care(&mut self, facility: Id<Organization>) -> Result<Care, Error> {
        self.gather_care([facility].into()).await?;
        let care = self.gathered.care.get(&facility).cloned();
        care.ok_or(Error::Broken("a facility without facts"))
    }

    /// One child that is or was in the care of this facility, as if there were no other.
    pub(super) async fn care_of(
        &mut self,
        facility: Id<Organization>,
        child: Id<Child>,
    ) -> Result<Care, Error> {
        let region = self.region;
        let mut read = facts::facilities(&mut self.tx, region, &[facility]).await?;
        let broken = Error::Broken("a facility without facts");
        let facts = read.remove(&facility).ok_or(broken)?;
        let mut of = facts::child_at(&mut self.tx, region, facility, child).await?;
        let mut consents = facts::consents(&mut self.tx, region, &[child], Some(facility)).await?;
        if let Some(of) = &mut of {
            of.consents = consents.remove(&(child, facility)).unwrap_or_default();
        }
        Ok(Care {
            facility: Arc::new(facts),
            children: Arc::new(of.into_iter().collect()),
        })
    }

    /// Reads the keys of these children, unless they were read before.
    pub(super) async fn gather_keys(
        &mut self,
        children: impl IntoIterator<Item = Id<Child>>,
    ) -> Result<(), Error> {
        let unread: BTreeSet<Id<Child>> = children
            .into_iter()
            .filter(|c| !self.gathered.keys.contains_key(c))
            .collect();
        if unread.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = unread.iter().copied().collect();
        for row in children::find(&mut self.tx, self.region, &ids).await? {
            let keyring = self.gateway.keyring();
            let key = keyring.child(self.region, row.id, row.wrapped_key.as_deref());
            let key = key.unwrap_or_else(|cause| {
                // What is wrong with one child's row keeps nobody from the others.
                tracing::error!(child = %row.id, %cause, "a child's key does not open: nothing of it is shown");
                self.gathered.unreadable.insert(row.id);
                None
            });
            self.gathered.keys.insert(row.id, key.map(Arc::new));
        }
        for child in unread {
            self.gathered.keys.entry(child).or_insert(None);
        }
        Ok(())
    }

    /// Takes out what could not be opened anyway, and gives it. A child whose key does not open can't
    /// stand in a leaf, and what no leaf tells of must not be shown.
    pub(super) async fn take_unreadable(
        &mut self,
        alerts: &mut Vec<Disclosed>,
    ) -> Result<Vec<Disclosed>, Error> {
        self.gather_keys(alerts.iter().map(|d| d.row.child)).await?;
        let unreadable = &self.gathered.unreadable;
        let taken = alerts.extract_if(.., |d| unreadable.contains(&d.row.child));
        Ok(taken.collect())
    }

    /// The children that were looked at; erased ones are left out. Their keys must have been gathered.
    pub(super) fn seen(&self, permits: &[Permit]) -> Vec<Seen> {
        let today = self.settings.zone.day(self.now);
        let of = |permit: &Permit| {
            let child = permit.child()?;
            let readable = self.key(child).is_some();
            let all = Category::ALL.iter().copied();
            (readable || self.gathered.unreadable.contains(&child)).then(|| Seen {
                child,
                opened: all
                    .filter(|c| permit.scope().opens_today(*c, today))
                    .collect(),
                readable,
            })
        };
        permits.iter().filter_map(of).collect()
    }

    /// A gathered key; none once the child is erased.
    pub(super) fn key(&self, child: Id<Child>) -> Option<Arc<ChildKey>> {
        self.gathered.keys.get(&child).cloned().flatten()
    }
}
