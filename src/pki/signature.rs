//! An organization's own signature: what it signs agreements and consents with.
//!
//! Not the TLS key. That one is renewed every few weeks and lies in a server's reach; a signature
//! must be checkable after many years, so its key has its own life, its own history, and a name
//! (the key id) that is written beside each signature. ECDSA P-256 with SHA-256, DER-encoded, as
//! `openssl dgst -sha256 -sign` makes it.

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _,
    UnparsedPublicKey,
};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject;
use std::fmt;
use thiserror::Error;

use super::certificate::Fingerprint;
use super::key::{PrivateKey, pem};

/// The DER of a P-256 `SubjectPublicKeyInfo` up to its point (RFC 5480): always the same bytes.
const SPKI_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
const POINT: usize = 65;
const UNCOMPRESSED: u8 = 4;

/// A key that signs in an organization's name. `Debug` shows the key id only.
pub struct SigningKey {
    pair: EcdsaKeyPair,
    public: PublicKey,
}

/// The half that everybody may know: an uncompressed P-256 point.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; POINT]);

/// Why a key or a signature is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// The generator or the signer failed.
    #[error("signing failed")]
    Failed,
    /// Not a P-256 private key in PKCS#8.
    #[error("not a P-256 signing key in PKCS#8 PEM")]
    PrivateKey,
    /// Not a P-256 public key with an uncompressed point.
    #[error("not a P-256 public key in PEM")]
    PublicKey,
    /// The signature is not this key's over these bytes.
    #[error("signature does not match")]
    Mismatch,
}

impl SigningKey {
    /// A new key from the operating system's chance, with the text to keep it by.
    pub fn generate() -> Result<(Self, PrivateKey), SignatureError> {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random)
            .map_err(|_| SignatureError::Failed)?;
        let private = PrivateKey::from_pkcs8(pkcs8.as_ref());
        Ok((Self::from_private(&private)?, private))
    }

    /// The key kept in `private`.
    pub fn from_private(private: &PrivateKey) -> Result<Self, SignatureError> {
        use zeroize::Zeroize;
        let mut der = private.der().map_err(|_| SignatureError::PrivateKey)?;
        let pair = EcdsaKeyPair::from_pkcs8(
            &ECDSA_P256_SHA256_ASN1_SIGNING,
            der.secret_der(),
            &SystemRandom::new(),
        );
        der.zeroize();
        let pair = pair.map_err(|_| SignatureError::PrivateKey)?;
        let point = pair.public_key().as_ref().try_into();
        let public = PublicKey(point.map_err(|_| SignatureError::PrivateKey)?);
        Ok(Self { pair, public })
    }

    /// A DER-encoded signature over `bytes` (70-72 bytes; differs each time).
    pub fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, SignatureError> {
        let signature = self.pair.sign(&SystemRandom::new(), bytes);
        Ok(signature
            .map_err(|_| SignatureError::Failed)?
            .as_ref()
            .to_vec())
    }

    /// The half to register with the commission.
    pub fn public_key(&self) -> PublicKey {
        self.public
    }
}

impl PublicKey {
    /// Reads a `PUBLIC KEY` section (SubjectPublicKeyInfo, named curve, uncompressed point).
    pub fn from_spki_pem(text: &str) -> Result<Self, SignatureError> {
        let der = SubjectPublicKeyInfoDer::from_pem_slice(text.as_bytes())
            .map_err(|_| SignatureError::PublicKey)?;
        Self::from_spki_der(&der)
    }

    /// The same from DER bytes. One key has one accepted encoding, so that it has one key id.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, SignatureError> {
        let point = der
            .strip_prefix(&SPKI_PREFIX)
            .ok_or(SignatureError::PublicKey)?;
        let point: [u8; POINT] = point.try_into().map_err(|_| SignatureError::PublicKey)?;
        if point[0] != UNCOMPRESSED {
            return Err(SignatureError::PublicKey);
        }
        Ok(Self(point))
    }

    /// SubjectPublicKeyInfo as DER (91 bytes).
    pub fn spki_der(&self) -> Vec<u8> {
        [&SPKI_PREFIX[..], &self.0].concat()
    }

    /// SubjectPublicKeyInfo as PEM.
    pub fn spki_pem(&self) -> String {
        pem("PUBLIC KEY", &self.spki_der())
    }

    /// The key id: SHA-256 of the SubjectPublicKeyInfo.
    pub fn id(&self) -> Fingerprint {
        Fingerprint::of(&self.spki_der())
    }

    /// Whether `signature` (DER) is this key's over exactly these bytes. A point that is not on
    /// the curve verifies nothing.
    pub fn verify(&self, bytes: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.0)
            .verify(bytes, signature)
            .map_err(|_| SignatureError::Mismatch)
    }

    pub(super) fn point(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public.id())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;
    use proptest::prelude::*;

    /// Made with OpenSSL 3.0: `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`,
    /// `openssl pkey -pubout`, `openssl dgst -sha256 -sign` over the text below.
    const OPENSSL_KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEgxav/rpIY4QACG3bRDrijHhY72yc
OTxbJRhjsYsw2ZdipsTUfwxWvUxUEqATbDGYFN3nzudiwOOCPWGT8FMpYQ==
-----END PUBLIC KEY-----
";
    const OPENSSL_KEY_ID: &str = "c94e5674a3c7ddb2cd55709769a4be0d97883caebd269c08db5c6ed021bd47ca";
    const OPENSSL_SIGNATURE: &[u8] = b"304502200be69c1b990e5780e8008433c7e73f3a48b3aba1b6ac5148b8\
        a72a825d1873ba022100eb53c2d2a65d62b730391a25598f0fc64c7ac79de8a9ba2b57f66fc0f996480e";
    const OPENSSL_TEXT: &str = "测试协议 v1";

    #[test]
    fn openssl_signatures_verify() {
        let key = PublicKey::from_spki_pem(OPENSSL_KEY).unwrap();
        let signature = HEXLOWER.decode(OPENSSL_SIGNATURE).unwrap();
        assert_eq!(key.verify(OPENSSL_TEXT.as_bytes(), &signature), Ok(()));
        assert_eq!(
            key.verify(b"other", &signature),
            Err(SignatureError::Mismatch)
        );
        assert_eq!(key.id().to_string(), OPENSSL_KEY_ID);
        assert_eq!(key.spki_pem(), OPENSSL_KEY);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn only_the_key_over_the_bytes_verifies(
            bytes in prop::collection::vec(any::<u8>(), 1..200),
            at in any::<prop::sample::Index>(),
            flip in 1u8..=255,
        ) {
            let (key, private) = SigningKey::generate().unwrap();
            let again = SigningKey::from_private(&private).unwrap();
            prop_assert_eq!(again.public_key(), key.public_key());
            let signature = again.sign(&bytes).unwrap();
            prop_assert_eq!(key.public_key().verify(&bytes, &signature), Ok(()));

            let mut other = bytes.clone();
            other[at.index(bytes.len())] ^= flip;
            prop_assert!(key.public_key().verify(&other, &signature).is_err());
            let mut bent = signature.clone();
            bent[at.index(signature.len())] ^= flip;
            prop_assert!(key.public_key().verify(&bytes, &bent).is_err());
            let (stranger, _) = SigningKey::generate().unwrap();
            prop_assert!(stranger.public_key().verify(&bytes, &signature).is_err());
        }
    }

    #[test]
    fn other_keys_are_refused_and_none_is_shown() {
        let (key, private) = SigningKey::generate().unwrap();
        let public = key.public_key();
        assert_eq!(PublicKey::from_spki_pem(&public.spki_pem()), Ok(public));
        let mut compressed = public.spki_der();
        compressed[SPKI_PREFIX.len()] = 2;
        for der in [&b""[..], &public.spki_der()[..90], &compressed] {
            assert_eq!(
                PublicKey::from_spki_der(der),
                Err(SignatureError::PublicKey)
            );
        }
        let pem = private.reveal_pem();
        assert_eq!(
            PublicKey::from_spki_pem(pem),
            Err(SignatureError::PublicKey)
        );
        let p384 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
        let p384 = PrivateKey::from_pem(p384.serialize_pem()).unwrap();
        assert_eq!(
            SigningKey::from_private(&p384).err(),
            Some(SignatureError::PrivateKey)
        );
        assert_eq!(format!("{key:?}"), format!("SigningKey({})", public.id()));
    }
}
