//! The published reference vectors, the definition word for word, and proofs that must fail.

use super::*;
use data_encoding::HEXLOWER;
use proptest::prelude::*;

fn hash(hex: &str) -> Hash {
    HEXLOWER.decode(hex.as_bytes()).unwrap().try_into().unwrap()
}

/// The eight leaves of the Certificate Transparency reference tests.
fn reference_leaves() -> Vec<Hash> {
    let inputs = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    inputs
        .iter()
        .map(|hex| leaf_hash(&HEXLOWER.decode(hex.as_bytes()).unwrap()))
        .collect()
}

const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

const N01: &str = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125";
const N03: &str = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7";
const N23: &str = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
const N45: &str = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
const N47: &str = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
const N67: &str = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
const L0: &str = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
const L1: &str = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
const L4: &str = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";

#[test]
fn roots_are_those_of_the_reference_tests() {
    for (size, expected) in ROOTS.into_iter().enumerate() {
        assert_eq!(
            HEXLOWER.encode(&root(&reference_leaves()[..size])),
            expected,
            "{size}"
        );
    }
}

#[test]
fn inclusion_proofs_are_those_of_the_reference_tests() {
    let cases: [(usize, usize, &[&str]); 5] = [
        (0, 1, &[]),
        (0, 8, &[L1, N23, N47]),
        (5, 8, &[L4, N67, N03]),
        (2, 3, &[N01]),
        (1, 5, &[L0, N23, L4]),
    ];
    for (index, size, expected) in cases {
        let proof = inclusion_proof(&reference_leaves()[..size], index).unwrap();
        let expected: Vec<Hash> = expected.iter().map(|hex| hash(hex)).collect();
        assert_eq!(proof, expected, "{index} of {size}");
    }
}

#[test]
fn consistency_proofs_are_those_of_the_reference_tests() {
    let cases: [(usize, usize, &[&str]); 4] = [
        (1, 1, &[]),
        (1, 8, &[L1, N23, N47]),
        (6, 8, &[N45, N67, N03]),
        (2, 5, &[N23, L4]),
    ];
    for (first, second, expected) in cases {
        let proof = consistency_proof(&reference_leaves()[..second], first).unwrap();
        let expected: Vec<Hash> = expected.iter().map(|hex| hash(hex)).collect();
        assert_eq!(proof, expected, "{first} to {second}");
    }
}

#[test]
fn what_does_not_exist_is_not_proved() {
    let leaves = reference_leaves();
    assert_eq!(inclusion_proof(&leaves, 8), None);
    assert_eq!(inclusion_proof(&[], 0), None);
    assert_eq!(consistency_proof(&leaves, 0), None);
    assert_eq!(consistency_proof(&leaves, 9), None);
    assert!(!verify_inclusion(&leaves[0], 0, 0, &[], &root(&[])));
    let (empty, all) = (root(&[]), root(&leaves));
    assert!(!verify_consistency((0, &empty), (8, &all), &[]));
    assert_eq!(Frontier::from_parts(3, vec![[0; 32]]), None);
}

/// The definition in RFC 9162, 2.1.1, word for word.
fn by_definition(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => sha256(&[]),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&by_definition(left), &by_definition(right))
        }
    }
}

fn leaves() -> impl Strategy<Value = Vec<Hash>> {
    prop::collection::vec(any::<Hash>(), 1..70)
}

proptest! {
    #[test]
    fn the_frontier_grows_the_tree_of_the_definition(leaves in leaves()) {
        let mut frontier = Frontier::default();
        for (size, leaf) in leaves.iter().enumerate() {
            prop_assert_eq!(frontier.root(), by_definition(&leaves[..size]));
            frontier.push(*leaf);
            let stored = Frontier::from_parts(frontier.size(), frontier.peaks().to_vec());
            prop_assert_eq!(stored.as_ref(), Some(&frontier));
        }
    }

    #[test]
    fn inclusion_is_proved_for_this_leaf_here_and_nothing_else(
        leaves in leaves(), at in any::<prop::sample::Index>(), flip in 1..=255u8,
    ) {
        let (size, index) = (leaves.len() as u64, at.index(leaves.len()));
        let (root, leaf) = (root(&leaves), leaves[index]);
        let mut proof = inclusion_proof(&leaves, index).unwrap();
        let index = index as u64;
        prop_assert!(verify_inclusion(&leaf, index, size, &proof, &root));
        for other in (0..size).filter(|&other| other != index) {
            prop_assert!(!verify_inclusion(&leaf, other, size, &proof, &root));
        }
        let mut wrong = leaf;
        wrong[0] ^= flip;
        prop_assert!(!verify_inclusion(&wrong, index, size, &proof, &root));
        proof.push(wrong);
        prop_assert!(!verify_inclusion(&leaf, index, size, &proof, &root));
        proof.pop();
        if proof.pop().is_some() {
            prop_assert!(!verify_inclusion(&leaf, index, size, &proof, &root));
        }
    }

    #[test]
    fn consistency_is_proved_for_a_beginning_and_nothing_else(
        leaves in leaves(), at in any::<prop::sample::Index>(), flip in 1..=255u8,
    ) {
        let first = at.index(leaves.len()) + 1;
        let (old, new) = (root(&leaves[..first]), root(&leaves));
        let (first_size, size) = (first as u64, leaves.len() as u64);
        let proof = consistency_proof(&leaves, first).unwrap();
        prop_assert!(verify_consistency((first_size, &old), (size, &new), &proof));
        // A leaf of the past rewritten: no honest proof joins the two.
        let mut rewritten = leaves.clone();
        rewritten[at.index(first)][0] ^= flip;
        let other = root(&rewritten);
        let forged = consistency_proof(&rewritten, first).unwrap();
        prop_assert!(!verify_consistency((first_size, &old), (size, &other), &forged));
        prop_assert!(!verify_consistency((first_size, &old), (size, &other), &proof));
    }
}
