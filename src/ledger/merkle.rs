//! Merkle trees by RFC 9162, section 2.1 (the same hashes as RFC 6962), with SHA-256.
//!
//! A leaf's hash is SHA-256(`00` ‖ bytes), a node's SHA-256(`01` ‖ left ‖ right), the empty tree's
//! SHA-256 of nothing. A tree of n > 1 leaves splits at the largest power of two below n.

use ring::digest::{Context, SHA256};

pub type Hash = [u8; 32];

pub fn leaf_hash(bytes: &[u8]) -> Hash {
    sha256(&[&[0x00], bytes])
}

pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[0x01], left, right])
}

fn sha256(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    parts.iter().for_each(|part| context.update(part));
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// The root over leaf hashes, in order.
pub fn root(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::default();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    frontier.root()
}

/// All that is needed of a tree to append to it: the roots of its complete sub-trees, largest
/// first. At most 64 hashes, however many leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// Takes a stored frontier; `None` when that many leaves don't have that many peaks.
    pub fn from_parts(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (peaks.len() == size.count_ones() as usize).then_some(Self { size, peaks })
    }

    /// Appends a leaf by its hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    pub fn root(&self) -> Hash {
        let from_the_right = self.peaks.iter().rev().copied();
        from_the_right
            .reduce(|right, left| node_hash(&left, &right))
            .unwrap_or_else(|| sha256(&[]))
    }
}

/// The largest power of two below `n`, which is above one.
fn split(n: usize) -> usize {
    1 << (n - 1).ilog2()
}

/// Inclusion proof of the leaf at `index` (RFC 9162, 2.1.3.1); `None` when there is none.
pub fn inclusion_proof(leaves: &[Hash], index: usize) -> Option<Vec<Hash>> {
    fn path(leaves: &[Hash], index: usize, proof: &mut Vec<Hash>) {
        if leaves.len() < 2 {
            return;
        }
        let k = split(leaves.len());
        let (left, right) = leaves.split_at(k);
        if index < k {
            path(left, index, proof);
            proof.push(root(right));
        } else {
            path(right, index - k, proof);
            proof.push(root(left));
        }
    }
    let mut proof = Vec::new();
    path(leaves, index, &mut proof);
    (index < leaves.len()).then_some(proof)
}

/// Whether the proof shows `leaf` at `index` of the tree of `size` leaves (RFC 9162, 2.1.3.2).
#[must_use]
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    last == 0 && hash == *root
}

/// Proof that the tree of the first `first` leaves is a beginning of this one (RFC 9162, 2.1.4.1);
/// `None` for the empty tree, which begins everything and proves nothing, and beyond the end.
pub fn consistency_proof(leaves: &[Hash], first: usize) -> Option<Vec<Hash>> {
    fn subproof(leaves: &[Hash], first: usize, known: bool, proof: &mut Vec<Hash>) {
        if first == leaves.len() {
            if !known {
                proof.push(root(leaves));
            }
            return;
        }
        let k = split(leaves.len());
        let (left, right) = leaves.split_at(k);
        if first <= k {
            subproof(left, first, known, proof);
            proof.push(root(right));
        } else {
            subproof(right, first - k, false, proof);
            proof.push(root(left));
        }
    }
    if first == 0 || first > leaves.len() {
        return None;
    }
    let mut proof = Vec::new();
    subproof(leaves, first, true, &mut proof);
    Some(proof)
}

/// Whether the proof shows that the second tree continues the first (RFC 9162, 2.1.4.2). Sizes are
/// in leaves; false for an empty first tree.
#[must_use]
pub fn verify_consistency(
    (first, first_root): (u64, &Hash),
    (second, second_root): (u64, &Hash),
    proof: &[Hash],
) -> bool {
    if first == 0 || first > second {
        return false;
    }
    if first == second {
        return proof.is_empty() && first_root == second_root;
    }
    let mut path = proof.iter();
    let seed = if first.is_power_of_two() {
        Some(first_root)
    } else {
        path.next()
    };
    let Some(seed) = seed else { return false };
    let shift = (first - 1).trailing_ones();
    let (mut node, mut last) = ((first - 1) >> shift, (second - 1) >> shift);
    let (mut old, mut new) = (*seed, *seed);
    for hash in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            old = node_hash(hash, &old);
            new = node_hash(hash, &new);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            new = node_hash(&new, hash);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    last == 0 && old == *first_root && new == *second_root
}

#[cfg(test)]
mod tests;
