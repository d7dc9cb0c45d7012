//! The auditor: reads a region's leaves from the first, with what has been opened of their
//! entries, and says where the ledger breaks its own rules.
//!
//! - Sequences are contiguous and times never go back.
//! - Entry hashes give the root and the number in the leaf; each opening gives its entry's hash.
//! - No look without its keys: every key that the table of lawful looks demands is named, was
//!   opened by an earlier leaf, is open, holds at the look's time, and belongs to that child.
//!
//! An entry that can't be opened (the child has been erased, or the auditor was not given it) is
//! counted, not judged. What is shown under which category is beyond the auditor: it has no data.

mod violation;

pub use violation::{Fault, Violation};

use super::entry::Opening;
use super::key::{KeyKind, KeyState};
use super::leaf::{Change, Leaf, LeafBody, Look};
use super::merkle::{self, Frontier, Hash};
use std::collections::HashMap;

/// One leaf as the auditor is given it.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    pub leaf: &'a Leaf,
    /// The entry hashes that the store kept, in order.
    pub entries: &'a [Hash],
    pub openings: &'a [Disclosed<'a>],
}

/// An opening that has been unsealed for the auditor.
#[derive(Debug, Clone, Copy)]
pub struct Disclosed<'a> {
    pub index: u32,
    pub child: &'a str,
    pub opening: &'a Opening,
}

/// What has been read so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    pub looks: u64,
    pub changes: u64,
    pub entries: u64,
    /// Entries that were not opened, and so not judged.
    pub unopened: u64,
    /// The root of the region's tree over all leaves, to hold against a signed checkpoint.
    pub root: Hash,
}

struct Known {
    state: KeyState,
    changed_by: u64,
    child: Option<String>,
}

/// The keys that a look with this asker and purpose rests on; `None` when no look may have them.
type Demands<'a> = dyn Fn(&str, &str) -> Option<&'static [KeyKind]> + 'a;

/// Reads leaves in order, from sequence 0.
pub struct Auditor<'a> {
    region: String,
    demands: Box<Demands<'a>>,
    next: u64,
    time: i64,
    keys: HashMap<(KeyKind, String), Known>,
    frontier: Frontier,
    looks: u64,
    changes: u64,
    entries: u64,
    unopened: u64,
}

impl<'a> Auditor<'a> {
    /// `demands(asker, purpose)` is the table of lawful looks: without it a look could escape by
    /// naming no key.
    pub fn new(
        region: &str,
        demands: impl Fn(&str, &str) -> Option<&'static [KeyKind]> + 'a,
    ) -> Self {
        Self {
            region: region.to_owned(),
            demands: Box::new(demands),
            next: 0,
            time: i64::MIN,
            keys: HashMap::new(),
            frontier: Frontier::default(),
            looks: 0,
            changes: 0,
            entries: 0,
            unopened: 0,
        }
    }

    /// Reads the next leaf and gives the rules it breaks.
    pub fn read(&mut self, evidence: &Evidence<'_>) -> Vec<Violation> {
        let leaf = evidence.leaf;
        let mut found = Found {
            sequence: leaf.sequence,
            violations: Vec::new(),
        };
        self.check_order(leaf, &mut found);
        let opened = self.check_entries(evidence, &mut found);
        match &leaf.body {
            LeafBody::Look(look) => {
                self.looks += 1;
                self.check_look(leaf, look, &opened, &mut found);
            }
            LeafBody::Change(change) => {
                self.changes += 1;
                self.apply(leaf, change, &opened, &mut found);
            }
        }
        found.violations
    }

    pub fn summary(&self) -> Summary {
        let Self {
            looks,
            changes,
            entries,
            unopened,
            ..
        } = *self;
        Summary {
            looks,
            changes,
            entries,
            unopened,
            root: self.frontier.root(),
        }
    }

    fn check_order(&mut self, leaf: &Leaf, found: &mut Found) {
        if leaf.region != self.region {
            found.add(None, Fault::Region);
        }
        if leaf.sequence != self.next {
            found.add(
                None,
                Fault::Sequence {
                    expected: self.next,
                },
            );
        }
        if leaf.at < self.time {
            found.add(None, Fault::Time { before: self.time });
        }
        self.next = leaf.sequence.saturating_add(1);
        self.time = self.time.max(leaf.at);
        self.frontier.push(leaf.hash());
    }

    /// The openings that are what they claim to be.
    fn check_entries<'e>(
        &mut self,
        evidence: &Evidence<'e>,
        found: &mut Found,
    ) -> Vec<Disclosed<'e>> {
        let Evidence {
            leaf,
            entries,
            openings,
        } = *evidence;
        let commitment = leaf.entries();
        if entries.len() as u64 != u64::from(commitment.count)
            || merkle::root(entries) != commitment.root
        {
            found.add(None, Fault::Entries);
        }
        let genuine = |disclosed: &&Disclosed<'_>| {
            let entry = entries.get(disclosed.index as usize);
            entry == Some(&disclosed.opening.entry_hash(disclosed.child))
        };
        for forged in openings.iter().filter(|disclosed| !genuine(disclosed)) {
            found.add(Some(forged.index), Fault::Opening);
        }
        let mut opened: Vec<Disclosed<'e>> = openings.iter().filter(genuine).copied().collect();
        opened.sort_by_key(|disclosed| disclosed.index);
        opened.dedup_by_key(|disclosed| disclosed.index);
        self.entries += entries.len() as u64;
        self.unopened += (entries.len() - opened.len()) as u64;
        opened
    }

    fn check_look(&self, leaf: &Leaf, look: &Look, opened: &[Disclosed<'_>], found: &mut Found) {
        let Some(demanded) = (self.demands)(&look.asker, &look.purpose) else {
            found.add(None, Fault::LookUnlisted);
            return;
        };
        for Disclosed {
            index,
            child,
            opening,
        } in opened
        {
            let names = |kind: &KeyKind| {
                opening
                    .detail
                    .iter()
                    .any(|(name, _)| name == kind.detail_name())
            };
            for &kind in demanded.iter().filter(|kind| !names(kind)) {
                found.add(Some(*index), Fault::KeyUnnamed { kind });
            }
            for (name, id) in opening
                .detail
                .iter()
                .filter(|(name, _)| name.starts_with("key."))
            {
                let fault = match KeyKind::from_detail_name(name) {
                    None => Some(Fault::KeyUnknown),
                    Some(kind) => self.check_key(leaf.at, kind, id, child),
                };
                fault
                    .into_iter()
                    .for_each(|fault| found.add(Some(*index), fault));
            }
        }
    }

    /// What is wrong with a look at this time, at this child, under this key.
    fn check_key(&self, at: i64, kind: KeyKind, id: &str, child: &str) -> Option<Fault> {
        let id = id.to_owned();
        let Some(known) = self.keys.get(&(kind, id.clone())) else {
            return Some(Fault::KeyNeverOpened { kind, id });
        };
        if known.child.as_deref().is_some_and(|owner| owner != child) {
            return Some(Fault::KeyOfAnotherChild { kind, id });
        }
        match known.state {
            KeyState::Closed => Some(Fault::KeyEnded {
                kind,
                id,
                by: known.changed_by,
            }),
            state if !state.holds_at(at) => Some(Fault::KeyOutsideItsTime { kind, id }),
            KeyState::Open { .. } => None,
        }
    }

    fn apply(&mut self, leaf: &Leaf, change: &Change, opened: &[Disclosed<'_>], found: &mut Found) {
        let Some(kind) = KeyKind::from_subject_kind(&change.subject_kind) else {
            return;
        };
        let key = (kind, change.subject.clone());
        let before = self.keys.get(&key).and_then(|known| known.child.clone());
        let named = opened.first().map(|disclosed| disclosed.child.to_owned());
        let child = if kind.belongs_to_a_child() {
            named.or(before)
        } else {
            None
        };
        let state = KeyState::read(&change.facts).unwrap_or_else(|| {
            found.add(None, Fault::StateUnclear);
            // Unclear is not open: looks that rest on it are reported, too.
            KeyState::Closed
        });
        self.keys.insert(
            key,
            Known {
                state,
                changed_by: leaf.sequence,
                child,
            },
        );
    }
}

struct Found {
    sequence: u64,
    violations: Vec<Violation>,
}

impl Found {
    fn add(&mut self, entry: Option<u32>, fault: Fault) {
        self.violations.push(Violation {
            sequence: self.sequence,
            entry,
            fault,
        });
    }
}

#[cfg(test)]
mod tests;
