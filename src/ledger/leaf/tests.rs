//! Round trips, refusals, and hashes fixed for ever.

use super::*;
use crate::ledger::entry::tests::pairs;
use data_encoding::HEXLOWER;
use proptest::prelude::*;

fn commitment() -> impl Strategy<Value = Commitment> {
    (any::<Hash>(), any::<u32>()).prop_map(|(root, count)| Commitment { root, count })
}

fn look() -> impl Strategy<Value = LeafBody> {
    let texts = prop::array::uniform5(".{0,6}");
    let categories = prop::collection::vec(".{0,6}", 0..4);
    let organization = prop::option::of(".{0,6}");
    (organization, texts, categories, commitment()).prop_map(
        |(organization, [actor, asker, basis, purpose, method], categories, entries)| {
            LeafBody::Look(Look {
                organization,
                actor,
                asker,
                basis,
                purpose,
                method,
                categories,
                entries,
            })
        },
    )
}

fn change() -> impl Strategy<Value = LeafBody> {
    let texts = prop::array::uniform4(".{0,6}");
    (prop::option::of(".{0,6}"), texts, pairs(), commitment()).prop_map(
        |(organization, [actor, subject_kind, subject, change], facts, entries)| {
            LeafBody::Change(Change {
                organization,
                actor,
                subject_kind,
                subject,
                change,
                facts,
                entries,
            })
        },
    )
}

fn leaf() -> impl Strategy<Value = Leaf> {
    let body = prop_oneof![look(), change()];
    ("[0-9]{6}", any::<u64>(), any::<i64>(), body).prop_map(|(region, sequence, at, body)| Leaf {
        region,
        sequence,
        at,
        body,
    })
}

proptest! {
    #[test]
    fn a_leaf_survives(leaf in leaf()) {
        let bytes = leaf.to_bytes();
        let read = Leaf::from_bytes(&bytes);
        prop_assert_eq!(read.as_ref(), Ok(&leaf));
        prop_assert_eq!(leaf.hash(), merkle::leaf_hash(&bytes));
    }

    #[test]
    fn nothing_shorter_or_longer_is_read(leaf in leaf(), tail: u8) {
        let mut bytes = leaf.to_bytes();
        for end in 0..bytes.len() {
            prop_assert!(Leaf::from_bytes(&bytes[..end]).is_err());
        }
        bytes.push(tail);
        prop_assert_eq!(Leaf::from_bytes(&bytes), Err(CanonicalError::Trailing));
    }

    #[test]
    fn other_bytes_are_another_leaf_or_none(
        leaf in leaf(), at in any::<prop::sample::Index>(), flip in 1..=255u8,
    ) {
        let mut bytes = leaf.to_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(other) = Leaf::from_bytes(&bytes) {
            prop_assert_ne!(&other, &leaf);
            prop_assert_eq!(other.to_bytes(), bytes);
        }
    }
}

fn example_look() -> Leaf {
    Leaf {
        region: "150627".to_owned(),
        sequence: 41,
        at: 1_718_000_000_000_000,
        body: LeafBody::Look(Look {
            organization: Some("org-1".to_owned()),
            actor: "act-1".to_owned(),
            asker: "FACILITY_STAFF".to_owned(),
            basis: "PIPL_29_CONSENT".to_owned(),
            purpose: "DAILY_CARE".to_owned(),
            method: "AlertService.List".to_owned(),
            categories: vec!["ALLERGY".to_owned(), "GROWTH".to_owned()],
            entries: Commitment {
                root: [0xab; 32],
                count: 60,
            },
        }),
    }
}

fn example_change() -> Leaf {
    Leaf {
        region: "150627".to_owned(),
        sequence: 42,
        at: -1,
        body: LeafBody::Change(Change {
            organization: None,
            actor: "gua-1".to_owned(),
            subject_kind: "consent".to_owned(),
            subject: "con-1".to_owned(),
            change: "CONSENT_WITHDRAWN".to_owned(),
            facts: vec![("key.state".to_owned(), "CLOSED".to_owned())],
            entries: Commitment {
                root: [0xcd; 32],
                count: 1,
            },
        }),
    }
}

#[test]
fn the_hashes_of_known_leaves() {
    // Fixed for ever: made by the page above in another language.
    assert_eq!(
        HEXLOWER.encode(&example_look().hash()),
        "f8ff4acb34c6f4e270f844f8ae802ffe8eb83911cee540925c05daae8b38d010"
    );
    assert_eq!(
        HEXLOWER.encode(&example_change().hash()),
        "988bc6e57628a5f15b8694b072e1caf8273ea127a78cda78b0b4ea1dad89fa99"
    );
}

#[test]
fn later_versions_and_unknown_bodies_are_refused() {
    let later = Writer::new(TAG, 2).finish();
    assert_eq!(Leaf::from_bytes(&later), Err(CanonicalError::Version(2)));
    let unknown = Writer::new(TAG, VERSION)
        .text("150627")
        .u64(0)
        .i64(0)
        .u8(3)
        .finish();
    assert_eq!(Leaf::from_bytes(&unknown), Err(CanonicalError::Value));
    assert_eq!(Leaf::from_bytes(b"{}"), Err(CanonicalError::Kind));
}
