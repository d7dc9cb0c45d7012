//! The asking side: a key that never leaves its owner, and the request that carries its public half.
//!
//! A request names nobody. Who the certificate is for is decided by the authority, from the
//! one-time code or the certificate being renewed.

use rcgen::{CertificateParams, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rustls::pki_types::CertificateSigningRequestDer;
use rustls::pki_types::pem::PemObject;
use thiserror::Error;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::oid_registry::OID_SIG_ECDSA_WITH_SHA256;
use x509_parser::prelude::FromDer;
use zeroize::Zeroize;

use super::key::PrivateKey;
use super::signature::PublicKey;

/// The largest request that is read, in bytes of PEM; a real one has about 400.
pub const MAX_REQUEST: usize = 16 * 1024;

/// A fresh ECDSA P-256 key and the certificate signing request made with it.
#[derive(Debug)]
pub struct Request {
    /// To be kept by its owner.
    pub key: PrivateKey,
    /// To be sent to the authority (PKCS#10, PEM).
    pub csr_pem: String,
}

/// Why a request can't be made or is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RequestError {
    /// The key generator failed.
    #[error("key could not be generated")]
    Generate,
    /// Not a PKCS#10 request in PEM, or longer than [`MAX_REQUEST`].
    #[error("not a certificate signing request in PEM")]
    Unreadable,
    /// A key or a signature other than ECDSA P-256 with SHA-256.
    #[error("certificate signing request is not ECDSA P-256 with SHA-256")]
    Algorithm,
    /// The sender does not hold the private key.
    #[error("certificate signing request is not signed by its own key")]
    Signature,
}

impl Request {
    /// A new key from the operating system's chance, and its request.
    pub fn generate() -> Result<Self, RequestError> {
        let mut pair =
            KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(|_| RequestError::Generate)?;
        let request = Self::of(&pair);
        pair.zeroize();
        request
    }

    fn of(pair: &KeyPair) -> Result<Self, RequestError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        let csr = params
            .serialize_request(pair)
            .map_err(|_| RequestError::Generate)?;
        let csr_pem = csr.pem().map_err(|_| RequestError::Generate)?;
        Ok(Self {
            key: PrivateKey::from_pkcs8(pair.serialized_der()),
            csr_pem,
        })
    }
}

/// The public key of a request whose sender has proved to hold the private one. Every wish in the
/// request (subject, names, usages) is left unread.
pub fn proven_key(csr_pem: &str) -> Result<PublicKey, RequestError> {
    if csr_pem.len() > MAX_REQUEST {
        return Err(RequestError::Unreadable);
    }
    let der = CertificateSigningRequestDer::from_pem_slice(csr_pem.as_bytes())
        .map_err(|_| RequestError::Unreadable)?;
    let Ok(([], csr)) = X509CertificationRequest::from_der(&der) else {
        return Err(RequestError::Unreadable);
    };
    let info = &csr.certification_request_info;
    let key =
        PublicKey::from_spki_der(info.subject_pki.raw).map_err(|_| RequestError::Algorithm)?;
    if csr.signature_algorithm.algorithm != OID_SIG_ECDSA_WITH_SHA256 {
        return Err(RequestError::Algorithm);
    }
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.point())
        .verify(info.raw, &csr.signature_value.data)
        .map_err(|_| RequestError::Signature)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::key::pem;
    use rcgen::{PKCS_ECDSA_P384_SHA384, PKCS_ED25519};

    #[test]
    fn a_request_proves_its_key_and_hides_it() {
        let request = Request::generate().unwrap();
        assert!(proven_key(&request.csr_pem).is_ok());
        assert!(!format!("{request:?}").contains("PRIVATE"));
    }

    #[test]
    fn only_p256_is_accepted() {
        for algorithm in [&PKCS_ECDSA_P384_SHA384, &PKCS_ED25519] {
            let pair = KeyPair::generate_for(algorithm).unwrap();
            let csr = CertificateParams::default()
                .serialize_request(&pair)
                .unwrap();
            assert_eq!(
                proven_key(&csr.pem().unwrap()),
                Err(RequestError::Algorithm)
            );
        }
    }

    /// Bytes around the signed part may have several spellings; the key that comes out never has.
    #[test]
    fn damage_never_yields_another_key() {
        let request = Request::generate().unwrap();
        let key = proven_key(&request.csr_pem).unwrap();
        let der = CertificateSigningRequestDer::from_pem_slice(request.csr_pem.as_bytes()).unwrap();
        let (_, csr) = X509CertificationRequest::from_der(&der).unwrap();
        let begin = csr.certification_request_info.raw.as_ptr() as usize - der.as_ptr() as usize;
        let signed = begin..begin + csr.certification_request_info.raw.len();
        for at in 0..der.len() {
            for flip in [1, 0x80] {
                let mut bad = der.to_vec();
                bad[at] ^= flip;
                match proven_key(&pem("CERTIFICATE REQUEST", &bad)) {
                    Ok(read) => assert!(read == key && !signed.contains(&at), "byte {at}"),
                    Err(error) => assert_ne!(error, RequestError::Generate),
                }
            }
        }
        assert_eq!(proven_key(""), Err(RequestError::Unreadable));
        let long = "-".repeat(MAX_REQUEST + 1);
        assert_eq!(proven_key(&long), Err(RequestError::Unreadable));
    }
}
