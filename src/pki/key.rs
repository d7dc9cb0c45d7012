//! A private key on its way between a generator, a signer and a file: wiped after use, never shown.

use std::fmt;

use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

/// A private key as PKCS#8 PEM. Wiped from memory when dropped; `Debug` shows nothing of it.
#[derive(Clone)]
pub struct PrivateKey(Zeroizing<String>);

/// Why a text is not a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// No readable `PRIVATE KEY` section.
    #[error("not a private key in PKCS#8 PEM")]
    Pem,
}

impl PrivateKey {
    /// A key from PEM text with a PKCS#8 section (`BEGIN PRIVATE KEY`, unencrypted). The text
    /// itself is taken over and wiped when dropped.
    pub fn from_pem(pem: String) -> Result<Self, KeyError> {
        let key = Self(Zeroizing::new(pem));
        let mut der = key.der()?;
        der.zeroize();
        Ok(key)
    }

    pub(super) fn from_pkcs8(der: &[u8]) -> Self {
        Self(Zeroizing::new(pem("PRIVATE KEY", der)))
    }

    /// The PEM text, to be written to a file only its owner may read (mode 0600), and nowhere else.
    pub fn reveal_pem(&self) -> &str {
        &self.0
    }

    /// The key as PKCS#8 DER, for a TLS library.
    pub fn der(&self) -> Result<PrivateKeyDer<'static>, KeyError> {
        match PrivateKeyDer::from_pem_slice(self.0.as_bytes()) {
            Ok(key @ PrivateKeyDer::Pkcs8(_)) => Ok(key),
            Ok(mut other) => {
                other.zeroize();
                Err(KeyError::Pem)
            }
            Err(_) => Err(KeyError::Pem),
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(…)")
    }
}

/// `der` as one PEM section (RFC 7468: lines of 64 characters).
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let body = Zeroizing::new(data_encoding::BASE64.encode(der));
    // Room for all at once, so that growing leaves no copy of a key behind.
    let mut text = String::with_capacity(body.len() + body.len() / 64 + 2 * label.len() + 40);
    text.push_str("-----BEGIN ");
    text.push_str(label);
    text.push_str("-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str("-----END ");
    text.push_str(label);
    text.push_str("-----\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pem_keeps_the_bytes(der in prop::collection::vec(any::<u8>(), 1..300)) {
            let key = PrivateKey::from_pkcs8(&der);
            let read = PrivateKey::from_pem(key.reveal_pem().to_owned()).unwrap().der().unwrap();
            prop_assert_eq!(read.secret_der(), &der[..]);
            prop_assert!(key.reveal_pem().lines().all(|line| line.len() <= 64));
        }
    }

    #[test]
    fn shows_nothing_and_refuses_the_rest() {
        let key = PrivateKey::from_pkcs8(b"synthetic");
        assert_eq!(format!("{key:?}"), "PrivateKey(…)");
        for text in [
            "",
            "hello",
            &pem("CERTIFICATE", b"x"),
            &pem("EC PRIVATE KEY", b"x"),
        ] {
            assert_eq!(
                PrivateKey::from_pem(text.to_owned()).err(),
                Some(KeyError::Pem)
            );
        }
    }
}
