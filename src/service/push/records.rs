//! Retries and revisions: what was answered before, and which revision of a record counts.

use std::collections::BTreeMap;

use crate::{
    domain::{checkup::CheckUp, id::Id, organization::Organization},
    service::reason::Reason,
    store::check_ups::{CheckUpRow, PushKey},
};

/// The revisions of one record: id and digest of each, and whether it waits for its child.
type Revisions = BTreeMap<u32, Revision>;

#[derive(Debug, Clone)]
struct Revision {
    id: Id<CheckUp>,
    digest: Vec<u8>,
    held: bool,
}

/// What is known of keys and records, as of the batch so far.
#[derive(Debug, Default)]
pub struct Records {
    keys: BTreeMap<(Id<Organization>, String), PushKey>,
    records: BTreeMap<(Id<Organization>, String), Revisions>,
}

/// What to do with a row.
#[derive(Debug)]
pub enum Step {
    /// The same row was answered before.
    Replay {
        /// The check-up it made.
        check_up: Id<CheckUp>,
        /// Whether it was held.
        held: bool,
        /// Whether the key is new, and must be kept.
        new_key: bool,
    },
    /// Store it.
    Store {
        /// Whether a later revision is there already.
        superseded: bool,
        /// Earlier revisions it replaces.
        replaces: Vec<Id<CheckUp>>,
    },
    /// Refuse it.
    Refuse(Reason),
}

impl Records {
    /// From what the store knows.
    pub fn new(keys: Vec<PushKey>, rows: &[CheckUpRow]) -> Self {
        let mut records = Self::default();
        for key in keys {
            records.keys.insert((key.source, key.key.clone()), key);
        }
        for row in rows {
            let held = row.child.is_none();
            let revision = Revision {
                id: row.id,
                digest: row.digest.clone(),
                held,
            };
            let of = records
                .records
                .entry((row.source, row.record_id.clone()))
                .or_default();
            of.insert(row.revision, revision);
        }
        records
    }

    /// Decides over a row of `source`.
    pub fn step(
        &self,
        source: Id<Organization>,
        key: &str,
        (record_id, revision): (&str, u32),
        digest: &[u8],
    ) -> Step {
        if let Some(known) = self.keys.get(&(source, key.to_owned())) {
            return if known.digest == digest {
                Step::Replay {
                    check_up: known.check_up,
                    held: known.held,
                    new_key: false,
                }
            } else {
                Step::Refuse(Reason::IdempotencyKeyReused)
            };
        }
        let none = Revisions::new();
        let revisions = self
            .records
            .get(&(source, record_id.to_owned()))
            .unwrap_or(&none);
        match revisions.get(&revision) {
            Some(same) if same.digest == digest => Step::Replay {
                check_up: same.id,
                held: same.held,
                new_key: true,
            },
            Some(_) => Step::Refuse(Reason::RevisionConflict),
            None => Step::Store {
                superseded: revisions.keys().any(|r| *r > revision),
                replaces: revisions.range(..revision).map(|(_, r)| r.id).collect(),
            },
        }
    }

    /// Remembers a row stored in this batch.
    pub fn stored(&mut self, key: &PushKey, record_id: &str, revision: u32) {
        let entry = Revision {
            id: key.check_up,
            digest: key.digest.clone(),
            held: key.held,
        };
        self.records
            .entry((key.source, record_id.to_owned()))
            .or_default()
            .insert(revision, entry);
        self.answered(key);
    }

    /// Remembers a key answered in this batch.
    pub fn answered(&mut self, key: &PushKey) {
        self.keys.insert((key.source, key.key.clone()), key.clone());
    }
}
