//! What a leaf says of each child: salted entries under one root.
//!
//! An entry's hash is the Merkle leaf hash SHA-256(`00` ‖ bytes) of the canonical encoding (see
//! `domain::canonical`) with tag `yuqiao.entry`, version 1, and then
//!
//! | value | content |
//! |---|---|
//! | bytes | salt, 32 random bytes, a new one for every entry |
//! | text | id of the child |
//! | list of (text, text) | detail: name and value, in order; names may repeat |
//!
//! The salt makes the hash say nothing to those who don't hold it, even when they can guess the
//! rest. Entries are sorted by hash, so their order says nothing either. A leaf commits to the
//! RFC 9162 root over the entry hashes and to their number.
//!
//! An opening (canonical encoding `yuqiao.opening`, version 1: bytes salt, list detail) is sealed
//! under that child's key. The store keeps the entry hashes in clear: with them it makes the
//! proof, and without the opening they mean nothing.

use super::merkle::{self, Hash};
use crate::domain::canonical::{CanonicalError, Reader, Writer};
use rand::RngCore;
use std::collections::HashSet;
use std::fmt;
use thiserror::Error;
use zeroize::Zeroizing;

const VERSION: u8 = 1;

/// One child in one leaf.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    pub child: String,
    /// What was shown or changed, and the keys it rests on: codes and ids.
    pub detail: Vec<(String, String)>,
}

/// What reveals an entry to those who may read it.
#[derive(Clone, PartialEq, Eq)]
pub struct Opening {
    pub salt: [u8; 32],
    pub detail: Vec<(String, String)>,
}

/// What a leaf holds of its entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commitment {
    pub root: Hash,
    pub count: u32,
}

/// The opening of one child, with the place of its entry in the sub-tree.
#[derive(Clone, PartialEq, Eq)]
pub struct ChildOpening {
    pub child: String,
    pub index: u32,
    pub opening: Opening,
}

/// The entries of one leaf, ready to be stored.
#[derive(Clone, PartialEq, Eq)]
pub struct SubTree {
    pub commitment: Commitment,
    /// Entry hashes in the order of the tree.
    pub entries: Vec<Hash>,
    /// One for each entry, in the same order.
    pub openings: Vec<ChildOpening>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EntryError {
    #[error("a child stands twice in one leaf")]
    RepeatedChild,
    #[error("too many entries for one leaf")]
    TooMany,
}

impl Opening {
    /// The hash of the entry that this opens for the child.
    pub fn entry_hash(&self, child: &str) -> Hash {
        let entry = Writer::new("yuqiao.entry", VERSION)
            .bytes(&self.salt)
            .text(child);
        merkle::leaf_hash(&Zeroizing::new(write_pairs(entry, &self.detail).finish()))
    }

    /// The bytes to seal; wiped when dropped.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let opening = Writer::new("yuqiao.opening", VERSION).bytes(&self.salt);
        Zeroizing::new(write_pairs(opening, &self.detail).finish())
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CanonicalError> {
        let mut reader = Reader::new("yuqiao.opening", bytes)?;
        if reader.version() != VERSION {
            return Err(CanonicalError::Version(reader.version()));
        }
        let opening = Self {
            salt: read_hash(&mut reader)?,
            detail: read_pairs(&mut reader)?,
        };
        reader.finish()?;
        Ok(opening)
    }
}

impl SubTree {
    /// Salts the entries and puts them in the order of their hashes. No entry at all is a tree,
    /// too: a look that found nobody is still a look.
    pub fn build(entries: Vec<Entry>, rng: &mut dyn RngCore) -> Result<Self, EntryError> {
        let count = u32::try_from(entries.len()).map_err(|_| EntryError::TooMany)?;
        let mut children = HashSet::with_capacity(entries.len());
        if !entries
            .iter()
            .all(|entry| children.insert(entry.child.as_str()))
        {
            return Err(EntryError::RepeatedChild);
        }
        let mut salted: Vec<(Hash, String, Opening)> = entries
            .into_iter()
            .map(|Entry { child, detail }| {
                let mut salt = [0; 32];
                rng.fill_bytes(&mut salt);
                let opening = Opening { salt, detail };
                (opening.entry_hash(&child), child, opening)
            })
            .collect();
        salted.sort_by_key(|(hash, ..)| *hash);
        let entries: Vec<Hash> = salted.iter().map(|(hash, ..)| *hash).collect();
        let openings = (0..count)
            .zip(salted)
            .map(|(index, (_, child, opening))| ChildOpening {
                child,
                index,
                opening,
            })
            .collect();
        let commitment = Commitment {
            root: merkle::root(&entries),
            count,
        };
        Ok(Self {
            commitment,
            entries,
            openings,
        })
    }
}

/// Whether the opening and the proof (an inclusion proof over the entry hashes) show that the leaf
/// with this commitment says this of this child.
#[must_use]
pub fn verify_opening(
    commitment: &Commitment,
    index: u32,
    proof: &[Hash],
    child: &str,
    opening: &Opening,
) -> bool {
    let Commitment { root, count } = commitment;
    let hash = opening.entry_hash(child);
    merkle::verify_inclusion(&hash, index.into(), (*count).into(), proof, root)
}

impl Commitment {
    pub(super) fn write(&self, writer: Writer) -> Writer {
        writer.bytes(&self.root).u32(self.count)
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, CanonicalError> {
        Ok(Self {
            root: read_hash(reader)?,
            count: reader.u32()?,
        })
    }
}

pub(super) fn write_pairs(writer: Writer, pairs: &[(String, String)]) -> Writer {
    writer.list(pairs, |writer, (name, value)| writer.text(name).text(value))
}

pub(super) fn read_pairs(reader: &mut Reader<'_>) -> Result<Vec<(String, String)>, CanonicalError> {
    reader.list(|reader| Ok((reader.text()?.to_owned(), reader.text()?.to_owned())))
}

fn read_hash(reader: &mut Reader<'_>) -> Result<Hash, CanonicalError> {
    reader
        .bytes()?
        .try_into()
        .map_err(|_| CanonicalError::Value)
}

/// Which child and what of it is exactly what must not be printed.
macro_rules! hidden {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}
hidden!(Entry, Opening, ChildOpening, SubTree);

#[cfg(test)]
pub(super) mod tests;
