//! Data keys: one a child, one for the unmatched, one to derive the index keys from.
//!
//! Wrapped form: version `01`, master key version (4 bytes, big-endian, in clear so that it is
//! known which master key to fetch), nonce (12), ciphertext and tag (48): 65 bytes. The associated
//! data is the canonical encoding `yuqiao.data-key` of the same version: master key version (u32),
//! then the place as in a sealed column.

use super::{MasterKey, MasterKeys, Place, VaultError, seal};
use crate::domain::canonical::Writer;
use rand::RngCore;
use std::fmt;
use zeroize::Zeroizing;

const VERSION: u8 = 1;

/// A 256-bit key that seals columns; wiped when dropped, never printed.
pub struct DataKey(Zeroizing<[u8; 32]>);

impl DataKey {
    pub fn generate(rng: &mut dyn RngCore) -> Self {
        let mut secret = Zeroizing::new([0; 32]);
        rng.fill_bytes(secret.as_mut());
        Self(secret)
    }

    /// Wraps the key under the current master key, for the place where the wrapped key is kept.
    pub fn wrap(
        &self,
        masters: &MasterKeys,
        place: &Place<'_>,
        rng: &mut dyn RngCore,
    ) -> Result<WrappedKey, VaultError> {
        let master = masters.current();
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&master.version().to_be_bytes());
        let bound = associated_data(master, place);
        seal::encrypt(master.secret(), &bound, self.secret(), rng, &mut bytes)?;
        Ok(WrappedKey {
            master: master.version(),
            bytes,
        })
    }

    #[cfg(test)]
    pub(super) fn of(secret: [u8; 32]) -> Self {
        Self(Zeroizing::new(secret))
    }

    pub(super) fn secret(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(…)")
    }
}

/// A data key as the store keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedKey {
    master: u32,
    bytes: Vec<u8>,
}

impl WrappedKey {
    /// Takes stored bytes. Whether they open is known only when they are unwrapped.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, VaultError> {
        match *bytes.as_slice() {
            [VERSION, a, b, c, d, ..] => Ok(Self {
                master: u32::from_be_bytes([a, b, c, d]),
                bytes,
            }),
            [version, ..] if version != VERSION => Err(VaultError::UnknownVersion(version)),
            _ => Err(VaultError::Malformed),
        }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The version of the master key that wrapped it.
    pub fn master_version(&self) -> u32 {
        self.master
    }

    /// Unwraps the key with the master key of its version.
    pub fn unwrap_key(
        &self,
        masters: &MasterKeys,
        place: &Place<'_>,
    ) -> Result<DataKey, VaultError> {
        let master = masters
            .version(self.master)
            .ok_or(VaultError::UnknownMaster(self.master))?;
        let sealed = self.bytes.get(5..).unwrap_or_default();
        let opened = seal::decrypt(master.secret(), &associated_data(master, place), sealed)?;
        let mut secret = Zeroizing::new([0; 32]);
        if opened.len() != secret.len() {
            return Err(VaultError::Malformed);
        }
        secret.copy_from_slice(&opened);
        Ok(DataKey(secret))
    }

    /// The same key wrapped under the current master key; `None` when it already is.
    pub fn rewrap(
        &self,
        masters: &MasterKeys,
        place: &Place<'_>,
        rng: &mut dyn RngCore,
    ) -> Result<Option<Self>, VaultError> {
        if self.master == masters.current().version() {
            return Ok(None);
        }
        self.unwrap_key(masters, place)?
            .wrap(masters, place, rng)
            .map(Some)
    }
}

impl fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrappedKey(master version {})", self.master)
    }
}

fn associated_data(master: &MasterKey, place: &Place<'_>) -> Vec<u8> {
    place
        .write(Writer::new("yuqiao.data-key", VERSION).u32(master.version()))
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    const PLACE: Place<'static> = Place {
        table: "child_keys",
        region: "150627",
        row: "c1",
        column: "wrapped",
    };

    fn masters(versions: &[u32]) -> MasterKeys {
        let line = |version: &u32| {
            let key = MasterKey::generate(*version, &mut StdRng::seed_from_u64((*version).into()));
            key.to_hex_line().to_string()
        };
        let lines: Vec<String> = versions.iter().map(line).collect();
        MasterKeys::from_hex_lines(&lines.join("\n")).unwrap()
    }

    #[test]
    fn a_known_wrapped_key_opens() {
        // Fixed for ever: made by the description above in another language.
        let known = "0100000003000102030405060708090a0bed569cc53b482de298512b98d7c4c233\
            d47288a59a173ba3780937f141cef8dc43451a2482b376a23c5d12deba0bbdc1";
        let bytes = data_encoding::HEXLOWER.decode(known.as_bytes()).unwrap();
        let masters = MasterKeys::from_hex_lines(&format!("3:{}", "09".repeat(32))).unwrap();
        let key = WrappedKey::from_bytes(bytes)
            .unwrap()
            .unwrap_key(&masters, &PLACE)
            .unwrap();
        assert_eq!(key.secret(), &[7; 32]);
    }

    #[test]
    fn a_wrapped_key_opens_in_its_place_under_its_master() {
        let mut rng = StdRng::seed_from_u64(9);
        let key = DataKey::generate(&mut rng);
        let wrapped = key.wrap(&masters(&[1]), &PLACE, &mut rng).unwrap();
        assert_eq!(
            (wrapped.as_bytes().len(), wrapped.master_version()),
            (65, 1)
        );
        let stored = WrappedKey::from_bytes(wrapped.as_bytes().to_vec()).unwrap();
        let opened = stored.unwrap_key(&masters(&[1, 2]), &PLACE).unwrap();
        assert_eq!(opened.secret(), key.secret());

        let elsewhere = Place { row: "c2", ..PLACE };
        let refused = stored.unwrap_key(&masters(&[1]), &elsewhere).err();
        assert_eq!(refused, Some(VaultError::Closed));
        let refused = stored.unwrap_key(&masters(&[2]), &PLACE).err();
        assert_eq!(refused, Some(VaultError::UnknownMaster(1)));
    }

    #[test]
    fn rewrapping_moves_to_the_current_master_and_lets_the_old_one_go() {
        let mut rng = StdRng::seed_from_u64(9);
        let key = DataKey::generate(&mut rng);
        let old = key.wrap(&masters(&[1]), &PLACE, &mut rng).unwrap();
        let new = old
            .rewrap(&masters(&[1, 2]), &PLACE, &mut rng)
            .unwrap()
            .unwrap();
        assert_eq!(new.master_version(), 2);
        assert_eq!(
            new.unwrap_key(&masters(&[2]), &PLACE).unwrap().secret(),
            key.secret()
        );
        assert_eq!(new.rewrap(&masters(&[1, 2]), &PLACE, &mut rng), Ok(None));
    }

    #[test]
    fn the_master_version_in_clear_is_bound() {
        // Two master keys of the same bits: only the associated data tells them apart.
        let bits = "11".repeat(32);
        let both = MasterKeys::from_hex_lines(&format!("1:{bits}\n2:{bits}")).unwrap();
        let mut rng = StdRng::seed_from_u64(9);
        let wrapped = DataKey::generate(&mut rng)
            .wrap(&both, &PLACE, &mut rng)
            .unwrap();
        let mut bytes = wrapped.as_bytes().to_vec();
        bytes[4] = 1;
        let forged = WrappedKey::from_bytes(bytes).unwrap();
        assert_eq!(
            forged.unwrap_key(&both, &PLACE).err(),
            Some(VaultError::Closed)
        );
    }

    #[test]
    fn malformed_bytes_are_refused_and_nothing_is_printed() {
        let refused = |bytes: &[u8]| WrappedKey::from_bytes(bytes.to_vec()).err();
        assert_eq!(refused(&[]), Some(VaultError::Malformed));
        assert_eq!(refused(&[1, 0, 0]), Some(VaultError::Malformed));
        assert_eq!(refused(&[9; 65]), Some(VaultError::UnknownVersion(9)));
        let short = WrappedKey::from_bytes(vec![1, 0, 0, 0, 1, 7]).unwrap();
        assert_eq!(
            short.unwrap_key(&masters(&[1]), &PLACE).err(),
            Some(VaultError::Malformed)
        );
        let key = DataKey::generate(&mut StdRng::seed_from_u64(9));
        assert_eq!(
            format!("{key:?} {short:?}"),
            "DataKey(…) WrappedKey(master version 1)"
        );
    }
}
