//! Changes of keys that no known caller makes: a region's first organization, and an enrolment by
//! one-time code.
//!
//! The same shape as [`change::Change`](super::change::Change): the ledger's head first, leaves with
//! the commit; but nobody is admitted, because nobody is known yet.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rand::rngs::StdRng;

use super::{error::Error, gateway::Gateway, keyring::RegionKeys, leaves::Leaves};
use crate::{
    domain::region::RegionCode,
    ledger::{self, KeyKind, KeyState, LeafBody},
    store::{Tx, ledger as heads},
};

/// Who stands in a leaf for the operator who lays a region out, before anybody is registered.
const OPERATOR: &str = "OPERATOR";

/// A founding under way.
pub struct Founding {
    /// The transaction, under the region's head.
    pub tx: Tx,
    /// The region.
    pub region: RegionCode,
    /// The deciding time, taken after the lock.
    pub now: DateTime<Utc>,
    /// Chance of its own.
    pub chance: StdRng,
    /// Keys of the region that belong to no child.
    pub keys: Arc<RegionKeys>,
    gateway: Gateway,
    leaves: Leaves,
}

/// A key that opens.
pub struct Opening {
    /// Which kind of key; none that belongs to a child.
    pub kind: KeyKind,
    /// The id of its row.
    pub id: String,
    /// What happened, e.g. `ORGANIZATION_FOUNDED`.
    pub change: &'static str,
    /// The organization and the actor behind it; none for the operator.
    pub by: Option<(String, String)>,
    /// Small further facts, never personal.
    pub facts: Vec<(String, String)>,
}

impl Founding {
    /// Takes the head of the region `tx` has just created, or of one that is there.
    pub async fn begin(gateway: &Gateway, mut tx: Tx, region: RegionCode) -> Result<Self, Error> {
        let head = heads::take_head(&mut tx, region).await?;
        let mut chance = gateway.own_chance();
        let keys = gateway
            .keyring()
            .region(&mut tx, region, &mut chance)
            .await?;
        let (gateway, now) = (gateway.clone(), head.now);
        Ok(Self {
            tx,
            region,
            now,
            chance,
            keys,
            gateway,
            leaves: Leaves::under(head),
        })
    }

    /// Adds a leaf.
    pub fn record(&mut self, opening: Opening) -> Result<(), Error> {
        let from = self.now.timestamp_micros();
        let mut facts = KeyState::Open { from, until: None }.facts();
        facts.extend(opening.facts);
        let (organization, actor) = opening.by.unzip();
        let body = |entries| {
            LeafBody::Change(ledger::Change {
                organization,
                actor: actor.unwrap_or_else(|| OPERATOR.to_owned()),
                subject_kind: opening.kind.subject_kind().to_owned(),
                subject: opening.id,
                change: opening.change.to_owned(),
                facts,
                entries,
            })
        };
        self.leaves
            .write(Vec::new(), |_| None, &mut self.chance, body)
    }

    /// Appends the leaves and commits.
    pub async fn commit(mut self) -> Result<(), Error> {
        self.leaves.append(&mut self.tx).await?;
        self.tx.commit().await?;
        self.gateway.keyring().keep(self.region, self.keys);
        Ok(())
    }
}
