//! The rules of the ledger, by the ways of breaking them. Ids are pseudonymous; no child is named.

use super::super::key::KeyKind;

/// A broken rule, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub sequence: u64,
    /// The entry, when one child's is concerned.
    pub entry: Option<u32>,
    pub fault: Fault,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A leaf of another region.
    Region,
    /// This sequence should have come.
    Sequence { expected: u64 },
    /// The leaf before was later.
    Time { before: i64 },
    /// Entry hashes don't give the root or the number in the leaf.
    Entries,
    /// The opening is not that of this entry.
    Opening,
    /// A change of a key that does not state the key's new state.
    StateUnclear,
    /// No row of the table allows this asker this purpose.
    LookUnlisted,
    /// A `key.` name that is none.
    KeyUnknown,
    /// A key that such a look demands is not named.
    KeyUnnamed { kind: KeyKind },
    /// No earlier leaf opened the key.
    KeyNeverOpened { kind: KeyKind, id: String },
    /// The look follows the end of its key, which this leaf brought.
    KeyEnded { kind: KeyKind, id: String, by: u64 },
    /// The key is open, but not at the time of the look.
    KeyOutsideItsTime { kind: KeyKind, id: String },
    /// The key belongs to another child.
    KeyOfAnotherChild { kind: KeyKind, id: String },
}
