//! Sealing of one column of one row under a data key.
//!
//! Payload: version `01`, nonce (12 bytes), ciphertext and tag (plaintext + 16). The associated
//! data is the canonical encoding `yuqiao.sealed`, the payload's version, then table, region, row
//! and column as text.

use super::{DataKey, VaultError};
use crate::domain::canonical::Writer;
use rand::RngCore;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

const VERSION: u8 = 1;

/// Where a sealed value lives. `row` is the row's key within the region, in one spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    pub table: &'a str,
    pub region: &'a str,
    pub row: &'a str,
    pub column: &'a str,
}

impl Place<'_> {
    pub(super) fn write(&self, writer: Writer) -> Writer {
        writer
            .text(self.table)
            .text(self.region)
            .text(self.row)
            .text(self.column)
    }

    fn associated_data(&self) -> Vec<u8> {
        self.write(Writer::new("yuqiao.sealed", VERSION)).finish()
    }
}

/// Seals a value for one place; 29 bytes longer than the plaintext.
pub fn seal(
    key: &DataKey,
    place: &Place<'_>,
    plaintext: &[u8],
    rng: &mut dyn RngCore,
) -> Result<Vec<u8>, VaultError> {
    let mut payload = vec![VERSION];
    encrypt(
        key.secret(),
        &place.associated_data(),
        plaintext,
        rng,
        &mut payload,
    )?;
    Ok(payload)
}

/// Opens a value that was sealed for this place under this key. The plaintext is wiped when
/// dropped.
pub fn open(
    key: &DataKey,
    place: &Place<'_>,
    payload: &[u8],
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    match payload.split_first() {
        Some((&VERSION, rest)) => decrypt(key.secret(), &place.associated_data(), rest),
        Some((&version, _)) => Err(VaultError::UnknownVersion(version)),
        None => Err(VaultError::Malformed),
    }
}

/// Appends nonce, ciphertext and tag to `payload`.
pub(super) fn encrypt(
    secret: &[u8; 32],
    associated_data: &[u8],
    plaintext: &[u8],
    rng: &mut dyn RngCore,
    payload: &mut Vec<u8>,
) -> Result<(), VaultError> {
    let mut nonce = [0; NONCE_LEN];
    rng.fill_bytes(&mut nonce);
    payload.extend_from_slice(&nonce);
    let body = payload.len();
    payload.reserve_exact(plaintext.len() + AES_256_GCM.tag_len());
    payload.extend_from_slice(plaintext);
    let tag = cipher(secret)?
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(associated_data),
            payload.get_mut(body..).unwrap_or_default(),
        )
        .map_err(|_| VaultError::TooLong)?;
    payload.extend_from_slice(tag.as_ref());
    Ok(())
}

/// Opens nonce, ciphertext and tag.
pub(super) fn decrypt(
    secret: &[u8; 32],
    associated_data: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let (nonce, body) = sealed.split_first_chunk().ok_or(VaultError::Malformed)?;
    if body.len() < AES_256_GCM.tag_len() {
        return Err(VaultError::Malformed);
    }
    let mut plaintext = Zeroizing::new(body.to_vec());
    let opened = cipher(secret)?
        .open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(associated_data),
            plaintext.as_mut_slice(),
        )
        .map_err(|_| VaultError::Closed)?
        .len();
    plaintext.truncate(opened);
    Ok(plaintext)
}

fn cipher(secret: &[u8; 32]) -> Result<LessSafeKey, VaultError> {
    // 32 bytes are always a key; the error can't happen and costs a caller nothing.
    let key = UnboundKey::new(&AES_256_GCM, secret).map_err(|_| VaultError::Malformed)?;
    Ok(LessSafeKey::new(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;
    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::StdRng};

    const PLACE: Place<'static> = Place {
        table: "check_ups",
        region: "150627",
        row: "c1",
        column: "findings",
    };

    #[test]
    fn the_cipher_is_aes_256_gcm() {
        // McGrew and Viega, The Galois/Counter Mode of Operation, test case 16.
        let hex = |text: &str| HEXLOWER.decode(text.as_bytes()).unwrap();
        let key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
        let sealed = "cafebabefacedbaddecaf888\
            522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
            8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662\
            76fc6ece0f4e1768cddf8853bb2d551b";
        let plain = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
            1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
        let aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let key: [u8; 32] = hex(key).try_into().unwrap();
        let opened = decrypt(&key, &aad, &hex(&sealed.replace(' ', ""))).unwrap();
        assert_eq!(*opened, hex(&plain.replace(' ', "")));
    }

    #[test]
    fn a_known_payload_opens() {
        // Fixed for ever: made by the description above in another language.
        let known = "01000102030405060708090a0bfe346298b29c3ee2d24edb2bc2d70d06fb30b0fb746cd92599";
        let payload = HEXLOWER.decode(known.as_bytes()).unwrap();
        let opened = open(&DataKey::of([7; 32]), &PLACE, &payload).unwrap();
        assert_eq!(*opened, "测试童".as_bytes());
    }

    #[test]
    fn a_value_opens_only_in_its_place_and_under_its_key() {
        let mut rng = StdRng::seed_from_u64(1);
        let key = DataKey::generate(&mut rng);
        let payload = seal(&key, &PLACE, "测试童".as_bytes(), &mut rng).unwrap();
        assert_eq!(*open(&key, &PLACE, &payload).unwrap(), "测试童".as_bytes());
        for elsewhere in [
            Place {
                table: "children",
                ..PLACE
            },
            Place {
                region: "150626",
                ..PLACE
            },
            Place { row: "c2", ..PLACE },
            Place {
                column: "name",
                ..PLACE
            },
            // the same text, cut at another point
            Place {
                row: "c1findings",
                column: "",
                ..PLACE
            },
        ] {
            assert_eq!(open(&key, &elsewhere, &payload), Err(VaultError::Closed));
        }
        let other = DataKey::generate(&mut rng);
        assert_eq!(open(&other, &PLACE, &payload), Err(VaultError::Closed));
    }

    #[test]
    fn malformed_and_unknown_payloads_are_refused() {
        let mut rng = StdRng::seed_from_u64(1);
        let key = DataKey::generate(&mut rng);
        assert_eq!(open(&key, &PLACE, &[]), Err(VaultError::Malformed));
        assert_eq!(open(&key, &PLACE, &[1; 28]), Err(VaultError::Malformed));
        assert_eq!(
            open(&key, &PLACE, &[2; 40]),
            Err(VaultError::UnknownVersion(2))
        );
    }

    proptest! {
        #[test]
        fn any_value_survives_and_any_change_is_caught(
            plaintext in prop::collection::vec(any::<u8>(), 0..200),
            seed in any::<u64>(),
            at in any::<prop::sample::Index>(),
            flip in 1..=255u8,
        ) {
            let mut rng = StdRng::seed_from_u64(seed);
            let key = DataKey::generate(&mut rng);
            let mut payload = seal(&key, &PLACE, &plaintext, &mut rng).unwrap();
            prop_assert_eq!(payload.len(), plaintext.len() + 29);
            prop_assert_eq!(&*open(&key, &PLACE, &payload).unwrap(), &plaintext);
            // Chance makes two sealings of one value differ: equal values don't show.
            prop_assert_ne!(&seal(&key, &PLACE, &plaintext, &mut rng).unwrap(), &payload);
            let at = at.index(payload.len());
            payload[at] ^= flip;
            prop_assert!(open(&key, &PLACE, &payload).is_err());
        }
    }
}
