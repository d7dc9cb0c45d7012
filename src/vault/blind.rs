//! Look-up by a value that is sealed: keyed blind indexes, and keyed digests of requests.
//!
//! A plain hash of a resident ID can be undone by trying all of them; a keyed one can't without
//! the key. Index and digest have a key each, derived by HKDF-SHA-256 (RFC 5869) from one data key:
//! salt `yuqiao.index`, info `blind-index` and `keyed-digest`, 32 bytes. The index is HMAC-SHA-256
//! over the canonical encoding `yuqiao.blind`, version 1, of purpose, kind and normalized value,
//! cut to 128 bits, in lower-case hex.
//!
//! Blind indexes outlive master keys: rotating the master key rewraps the data key and leaves
//! every index as it is.

use super::DataKey;
use crate::domain::canonical::Writer;
use ring::hmac::{HMAC_SHA256, Key, sign};
use std::fmt;
use zeroize::Zeroizing;

/// The keys for blind indexes and keyed digests; wiped when dropped, never printed.
pub struct IndexKey {
    blind: Zeroizing<[u8; 32]>,
    digest: Zeroizing<[u8; 32]>,
}

impl IndexKey {
    /// Derives the keys. The data key is kept wrapped like any other and used for nothing else.
    pub fn derive(from: &DataKey) -> Self {
        let from = from.secret();
        Self {
            blind: hkdf(from, b"blind-index"),
            digest: hkdf(from, b"keyed-digest"),
        }
    }

    /// The index of a value. `purpose` is the column it serves (a child's identifier, a
    /// guardian's telephone), so that equal values in two columns can't be matched; `kind` is the
    /// kind of number; `normalized` is its one spelling.
    pub fn blind_index(&self, purpose: &str, kind: &str, normalized: &str) -> BlindIndex {
        let message = Writer::new("yuqiao.blind", 1)
            .text(purpose)
            .text(kind)
            .text(normalized);
        let tag = hmac(self.blind.as_ref(), &[&Zeroizing::new(message.finish())]);
        BlindIndex(data_encoding::HEXLOWER.encode(&tag[..16]))
    }

    /// The digest of a request's canonical bytes, to tell a retry from other content under the
    /// same key without keeping either.
    pub fn keyed_digest(&self, bytes: &[u8]) -> [u8; 32] {
        *hmac(self.digest.as_ref(), &[bytes])
    }
}

impl fmt::Debug for IndexKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IndexKey(…)")
    }
}

/// 32 lower-case hex digits that stand for a value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlindIndex(String);

impl BlindIndex {
    /// Takes a stored index; `None` when the text is none.
    pub fn from_stored(text: &str) -> Option<Self> {
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        (text.len() == 32 && text.bytes().all(hex)).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for BlindIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlindIndex(…)")
    }
}

/// RFC 5869 for one block of output, which is all that is needed: extract, then T(1).
fn hkdf(secret: &[u8; 32], info: &[u8]) -> Zeroizing<[u8; 32]> {
    let extracted = hmac(b"yuqiao.index", &[secret]);
    hmac(extracted.as_ref(), &[info, &[1]])
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let message = Zeroizing::new(parts.concat());
    let tag = sign(&Key::new(HMAC_SHA256, key), &message);
    let mut bytes = Zeroizing::new([0; 32]);
    bytes.copy_from_slice(tag.as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::StdRng};
    use ring::hkdf::{HKDF_SHA256, Salt};

    fn index_key(seed: u64) -> IndexKey {
        IndexKey::derive(&DataKey::generate(&mut StdRng::seed_from_u64(seed)))
    }

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        // RFC 4231 test case 2.
        let tag = hmac(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(data_encoding::HEXLOWER.encode(tag.as_ref()), expected);
    }

    #[test]
    fn a_known_index_and_digest() {
        // Fixed for ever: made by the description above in another language.
        let key = IndexKey::derive(&DataKey::of([7; 32]));
        let index = key.blind_index("child", "RESIDENT_ID", "150627202306019988");
        assert_eq!(index.as_str(), "f68f56fbe012bffac0e0ad8fe4004af4");
        let digest = data_encoding::HEXLOWER.encode(&key.keyed_digest(b"request"));
        assert_eq!(
            digest,
            "8817fa74fdef6cc9589506b65f7fd7354d28344dea9d479a6932ddfab6d43ef1"
        );
    }

    #[test]
    fn an_index_has_its_form() {
        let index = index_key(1).blind_index("child", "RESIDENT_ID", "150627202306019988");
        assert_eq!(BlindIndex::from_stored(index.as_str()), Some(index.clone()));
        assert_eq!(
            format!("{index:?} {:?}", index_key(1)),
            "BlindIndex(…) IndexKey(…)"
        );
        for wrong in ["", &"0".repeat(31), &"A".repeat(32), &"童".repeat(11)] {
            assert_eq!(BlindIndex::from_stored(wrong), None);
        }
    }

    #[test]
    fn purpose_kind_value_and_key_each_matter() {
        let key = index_key(1);
        let index = key.blind_index("child", "a", "1");
        assert_eq!(index, key.blind_index("child", "a", "1"));
        for other in [
            key.blind_index("guardian", "a", "1"),
            key.blind_index("child", "b", "1"),
            key.blind_index("child", "a", "2"),
            key.blind_index("child", "", "a1"),
            index_key(2).blind_index("child", "a", "1"),
        ] {
            assert_ne!(index, other);
        }
    }

    #[test]
    fn index_and_digest_have_a_key_each() {
        let key = index_key(1);
        let bytes = Writer::new("yuqiao.blind", 1)
            .text("child")
            .text("a")
            .text("1")
            .finish();
        let digest = data_encoding::HEXLOWER.encode(&key.keyed_digest(&bytes));
        assert!(!digest.starts_with(key.blind_index("child", "a", "1").as_str()));
        assert_ne!(key.keyed_digest(b"1"), index_key(2).keyed_digest(b"1"));
    }

    proptest! {
        #[test]
        fn derivation_is_that_of_another_implementation(
            secret in any::<[u8; 32]>(),
            info in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let extracted = Salt::new(HKDF_SHA256, b"yuqiao.index").extract(&secret);
            let mut expected = [0; 32];
            extracted.expand(&[&info], HKDF_SHA256).unwrap().fill(&mut expected).unwrap();
            prop_assert_eq!(*hkdf(&secret, &info), expected);
        }
    }
}
