//! A family proves its own child, and no other.

use super::*;
use data_encoding::HEXLOWER;
use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};

pub fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec((".{0,8}", ".{0,8}"), 0..4)
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    prop::collection::btree_map("[a-z0-9]{1,6}", pairs(), 0..40).prop_map(|children| {
        children
            .into_iter()
            .map(|(child, detail)| Entry { child, detail })
            .collect()
    })
}

#[test]
fn the_hash_of_a_known_entry() {
    // Fixed for ever: made by the page above in another language.
    let detail = vec![("key.consent".to_owned(), "k1".to_owned())];
    let opening = Opening {
        salt: [7; 32],
        detail,
    };
    assert_eq!(
        HEXLOWER.encode(&opening.entry_hash("child-1")),
        "ce624257fe4542b67afab7504c919be33f85188a707c6bed45e4c6a8eb432232"
    );
}

#[test]
fn a_child_stands_once_and_nobody_is_a_tree() {
    let mut rng = StdRng::seed_from_u64(1);
    let entry = Entry {
        child: "c1".to_owned(),
        detail: Vec::new(),
    };
    let repeated = SubTree::build(vec![entry.clone(), entry], &mut rng);
    assert_eq!(repeated.err(), Some(EntryError::RepeatedChild));
    let empty = SubTree::build(Vec::new(), &mut rng).unwrap();
    assert_eq!(
        empty.commitment,
        Commitment {
            root: merkle::root(&[]),
            count: 0
        }
    );
}

#[test]
fn equal_details_don_t_show() {
    let mut rng = StdRng::seed_from_u64(1);
    let entry = || {
        vec![Entry {
            child: "c1".to_owned(),
            detail: Vec::new(),
        }]
    };
    let (one, two) = (
        SubTree::build(entry(), &mut rng),
        SubTree::build(entry(), &mut rng),
    );
    assert_ne!(one.unwrap().entries, two.unwrap().entries);
}

proptest! {
    #[test]
    fn each_family_proves_its_own_child_and_no_other(
        entries in entries(), seed: u64,
    ) {
        let given = entries.clone();
        let tree = SubTree::build(entries, &mut StdRng::seed_from_u64(seed)).unwrap();
        prop_assert_eq!(tree.commitment.count as usize, given.len());
        prop_assert_eq!(tree.openings.len(), given.len());
        prop_assert!(tree.entries.is_sorted());
        for ChildOpening { child, index, opening } in &tree.openings {
            let entry = given.iter().find(|entry| entry.child == *child).unwrap();
            prop_assert_eq!(&entry.detail, &opening.detail);
            let proof = merkle::inclusion_proof(&tree.entries, *index as usize).unwrap();
            let holds = |child: &str, opening: &Opening| {
                verify_opening(&tree.commitment, *index, &proof, child, opening)
            };
            prop_assert!(holds(child, opening));
            prop_assert!(!holds("another", opening));
            let mut other = opening.clone();
            other.detail.push((String::new(), String::new()));
            prop_assert!(!holds(child, &other));
            let mut other = opening.clone();
            other.salt[0] ^= 1;
            prop_assert!(!holds(child, &other));
            let mut fewer = tree.commitment;
            fewer.count = 0;
            prop_assert!(!verify_opening(&fewer, *index, &proof, child, opening));
        }
    }

    #[test]
    fn an_opening_survives_and_nothing_else_is_read(
        salt: [u8; 32], detail in pairs(), tail in any::<u8>(),
    ) {
        let opening = Opening { salt, detail };
        let mut bytes = opening.to_bytes().to_vec();
        prop_assert_eq!(Opening::from_bytes(&bytes), Ok(opening));
        for end in 0..bytes.len() {
            prop_assert!(Opening::from_bytes(&bytes[..end]).is_err());
        }
        bytes.push(tail);
        prop_assert_eq!(Opening::from_bytes(&bytes), Err(CanonicalError::Trailing));
    }
}

#[test]
fn nothing_is_printed() {
    let entry = Entry {
        child: "c1".to_owned(),
        detail: Vec::new(),
    };
    assert_eq!(format!("{entry:?}"), "Entry(…)");
}
