//! The leaf: one look or one change of a key, in bytes that never change.
//!
//! A leaf is the canonical encoding (see `domain::canonical`) with tag `yuqiao.leaf`, version 1:
//!
//! | value | content |
//! |---|---|
//! | text | region, the division code of six digits |
//! | u64 | sequence within the region; the first leaf is 0, without gaps |
//! | i64 | at: the deciding time, UTC microseconds since 1970, taken under the ledger's lock |
//! | u8 | body: 1 look, 2 change; any other number is refused |
//!
//! | look | | change | |
//! |---|---|---|---|
//! | option text | organization of the asker; absent for a guardian | option text | organization of the changer; absent for a guardian |
//! | text | actor: who asked | text | actor: who changed |
//! | text | asker: in which capacity (code) | text | subject kind (`consent`, …) |
//! | text | basis: lawful basis (code with the article, `PIPL_29_CONSENT`) | text | subject id |
//! | text | purpose (code) | text | change (code, `CONSENT_GRANTED`) |
//! | text | method: by which door and call | list of (text, text) | facts: validity and state, nothing personal |
//! | list of text | categories asked for; what each child showed is in its entry | | |
//! | bytes | root over the entries, 32 bytes | bytes | the same |
//! | u32 | number of entries | u32 | the same |
//!
//! The leaf's hash is SHA-256(`00` ‖ bytes), RFC 9162.
//!
//! One leaf has one asker, purpose and basis: children seen for another purpose or on another
//! basis go into a leaf of their own. No child and no guardian who is not the actor stands in a
//! leaf in clear, only ids and codes; children are in the entries (see `entry`). A change that
//! opens or closes a key states the key's new state (see `key`).

use super::entry::{Commitment, read_pairs, write_pairs};
use super::merkle::{self, Hash};
use crate::domain::canonical::{CanonicalError, Reader, Writer};

const TAG: &str = "yuqiao.leaf";
const VERSION: u8 = 1;
const LOOK: u8 = 1;
const CHANGE: u8 = 2;

/// One leaf of a region's ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    pub region: String,
    /// Zero-based, contiguous within the region.
    pub sequence: u64,
    /// UTC microseconds.
    pub at: i64,
    pub body: LeafBody,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeafBody {
    Look(Look),
    Change(Change),
}

/// One reading of children's data by one asker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// `None` for a guardian, who acts for no organization.
    pub organization: Option<String>,
    pub actor: String,
    pub asker: String,
    pub basis: String,
    pub purpose: String,
    pub method: String,
    pub categories: Vec<String>,
    pub entries: Commitment,
}

/// One change of something that looks rest on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// `None` for a guardian, who acts for no organization.
    pub organization: Option<String>,
    pub actor: String,
    pub subject_kind: String,
    pub subject: String,
    pub change: String,
    pub facts: Vec<(String, String)>,
    /// The child whose key it is; empty for keys that belong to no child.
    pub entries: Commitment,
}

impl Leaf {
    pub fn to_bytes(&self) -> Vec<u8> {
        let head = Writer::new(TAG, VERSION)
            .text(&self.region)
            .u64(self.sequence)
            .i64(self.at);
        match &self.body {
            LeafBody::Look(look) => look.write(head.u8(LOOK)),
            LeafBody::Change(change) => change.write(head.u8(CHANGE)),
        }
        .finish()
    }

    /// Reads a leaf back. A later version, an unknown body and bytes after the end are refused.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CanonicalError> {
        let mut reader = Reader::new(TAG, bytes)?;
        if reader.version() != VERSION {
            return Err(CanonicalError::Version(reader.version()));
        }
        let leaf = Self {
            region: reader.text()?.to_owned(),
            sequence: reader.u64()?,
            at: reader.i64()?,
            body: match reader.u8()? {
                LOOK => LeafBody::Look(Look::read(&mut reader)?),
                CHANGE => LeafBody::Change(Change::read(&mut reader)?),
                _ => return Err(CanonicalError::Value),
            },
        };
        reader.finish()?;
        Ok(leaf)
    }

    /// The hash under which the leaf stands in the region's tree.
    pub fn hash(&self) -> Hash {
        merkle::leaf_hash(&self.to_bytes())
    }

    pub fn entries(&self) -> &Commitment {
        match &self.body {
            LeafBody::Look(look) => &look.entries,
            LeafBody::Change(change) => &change.entries,
        }
    }
}

impl Look {
    fn write(&self, writer: Writer) -> Writer {
        let writer = writer
            .option(self.organization.as_deref(), Writer::text)
            .text(&self.actor)
            .text(&self.asker)
            .text(&self.basis)
            .text(&self.purpose)
            .text(&self.method)
            .list(&self.categories, |writer, category| writer.text(category));
        self.entries.write(writer)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CanonicalError> {
        Ok(Self {
            organization: reader.option(read_text)?,
            actor: read_text(reader)?,
            asker: read_text(reader)?,
            basis: read_text(reader)?,
            purpose: read_text(reader)?,
            method: read_text(reader)?,
            categories: reader.list(read_text)?,
            entries: Commitment::read(reader)?,
        })
    }
}

impl Change {
    fn write(&self, writer: Writer) -> Writer {
        let writer = writer
            .option(self.organization.as_deref(), Writer::text)
            .text(&self.actor)
            .text(&self.subject_kind)
            .text(&self.subject)
            .text(&self.change);
        self.entries.write(write_pairs(writer, &self.facts))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CanonicalError> {
        Ok(Self {
            organization: reader.option(read_text)?,
            actor: read_text(reader)?,
            subject_kind: read_text(reader)?,
            subject: read_text(reader)?,
            change: read_text(reader)?,
            facts: read_pairs(reader)?,
            entries: Commitment::read(reader)?,
        })
    }
}

fn read_text(reader: &mut Reader<'_>) -> Result<String, CanonicalError> {
    reader.text().map(str::to_owned)
}

#[cfg(test)]
mod tests;
