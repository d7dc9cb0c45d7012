//! The leaves of one transaction: numbered after the head that was taken, each entry sealed under its
//! child's key, appended in order. The one writer behind looks, changes of keys and foundings.

use rand::rngs::StdRng;

use super::{error::Error, keyring::ChildKey};
use crate::{
    ledger::{ChildOpening, Commitment, Entry, Hash, Leaf, LeafBody, SubTree},
    store::{
        Tx,
        ledger::{self, Head, StoredEntry},
    },
};

/// Leaves to be appended under a head.
pub(super) struct Leaves {
    head: Head,
    written: Vec<(Leaf, Vec<StoredEntry>)>,
}

impl Leaves {
    /// None yet, under this head.
    pub(super) fn under(head: Head) -> Self {
        Self {
            head,
            written: Vec::new(),
        }
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.written.is_empty()
    }

    /// Writes one leaf: `body` is given what commits it to its entries, `key` finds a child's key.
    pub(super) fn write<'k>(
        &mut self,
        entries: Vec<Entry>,
        key: impl Fn(&str) -> Option<&'k ChildKey>,
        chance: &mut StdRng,
        body: impl FnOnce(Commitment) -> LeafBody,
    ) -> Result<(), Error> {
        let tree =
            SubTree::build(entries, chance).map_err(|_| Error::Broken("a leaf's entries"))?;
        let sequence = self.head.next + self.written.len() as u64;
        let mut stored = Vec::with_capacity(tree.openings.len());
        for (hash, opening) in tree.entries.iter().zip(&tree.openings) {
            let key = key(&opening.child).ok_or(Error::Broken("an entry without its key"))?;
            stored.push(sealed(key, sequence, *hash, opening, chance)?);
        }
        let leaf = Leaf {
            region: self.head.region.to_string(),
            sequence,
            at: self.head.now.timestamp_micros(),
            body: body(tree.commitment),
        };
        self.written.push((leaf, stored));
        Ok(())
    }

    /// Appends them and moves the head.
    pub(super) async fn append(self, tx: &mut Tx) -> Result<(), Error> {
        Ok(ledger::append(tx, self.head, self.written).await?)
    }
}

/// An entry as it is stored: its opening sealed under the child's key.
fn sealed(
    key: &ChildKey,
    sequence: u64,
    hash: Hash,
    opening: &ChildOpening,
    chance: &mut StdRng,
) -> Result<StoredEntry, Error> {
    let row = format!("{sequence}/{}", opening.index);
    let bytes = opening.opening.to_bytes();
    let child = opening.child.parse();
    let child = child.map_err(|_| Error::Broken("an entry's child"))?;
    let opening = key.seal("ledger_entries", &row, "opening", &bytes, chance)?;
    Ok(StoredEntry {
        hash,
        child,
        opening,
    })
}
