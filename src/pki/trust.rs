//! The authorities a deployment believes: its own, the one that follows it, or one brought along.
//!
//! While one authority replaces another, both stand in the bundle, on both sides; certificates of
//! either are accepted, and nobody has to change at the same hour as anybody else.

use chrono::{DateTime, Utc};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use thiserror::Error;

use super::certificate::{CertificateError, Fingerprint, Pin, validity, x509};
use super::key::pem;

/// The most authorities one bundle holds.
pub const MAX_AUTHORITIES: usize = 16;

/// One or more authority certificates, each believed equally. Never empty, no doubles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustBundle {
    certificates: Vec<CertificateDer<'static>>,
}

/// Why a bundle can't be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TrustError {
    /// No certificate in the text: believing nobody is never what was meant.
    #[error("no certificate in the trust bundle")]
    Empty,
    /// More than [`MAX_AUTHORITIES`].
    #[error("more than 16 certificates in the trust bundle")]
    TooMany,
    /// A certificate that may not sign others.
    #[error("a certificate in the trust bundle is not an authority's")]
    NotAuthority,
    /// A section that can't be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

impl TrustBundle {
    /// All certificates of a PEM text (other kinds of section are passed over). A certificate that
    /// stands twice counts once.
    pub fn from_pem(text: &str) -> Result<Self, TrustError> {
        let mut certificates = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
            let certificate = certificate.map_err(|_| CertificateError::Unreadable)?;
            push(&mut certificates, certificate)?;
        }
        if certificates.is_empty() {
            return Err(TrustError::Empty);
        }
        Ok(Self { certificates })
    }

    pub(super) fn of_authority(certificate: CertificateDer<'static>) -> Self {
        Self {
            certificates: vec![certificate],
        }
    }

    /// The bundle of one authority's certificate.
    pub fn from_der(certificate: CertificateDer<'static>) -> Result<Self, TrustError> {
        let mut certificates = Vec::new();
        push(&mut certificates, certificate)?;
        Ok(Self { certificates })
    }

    /// The same bundle with the other's authorities believed too.
    pub fn with(mut self, other: &TrustBundle) -> Result<Self, TrustError> {
        for certificate in &other.certificates {
            push(&mut self.certificates, certificate.clone())?;
        }
        Ok(self)
    }

    /// The certificates, in the order they were added.
    pub fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.certificates
    }

    /// All of them as one PEM text.
    pub fn to_pem(&self) -> String {
        self.certificates
            .iter()
            .map(|certificate| pem("CERTIFICATE", certificate))
            .collect()
    }

    /// Their fingerprints, in the same order.
    pub fn fingerprints(&self) -> impl Iterator<Item = Fingerprint> + '_ {
        self.certificates
            .iter()
            .map(|certificate| Fingerprint::of(certificate))
    }

    /// The bundle of only the authority a one-time code speaks of, if it is in here.
    pub fn pinned(&self, pin: Pin) -> Option<TrustBundle> {
        let found = self
            .certificates
            .iter()
            .find(|der| Fingerprint::of(der).pin() == pin)?;
        Some(Self {
            certificates: vec![found.clone()],
        })
    }

    /// When the first of them runs out: what `doctor` warns of.
    pub fn earliest_end(&self) -> Option<DateTime<Utc>> {
        let end = |der| x509(der).and_then(|certificate| validity(&certificate));
        self.certificates
            .iter()
            .filter_map(|der| end(der).ok())
            .map(|(_, end)| end)
            .min()
    }
}

fn push(
    into: &mut Vec<CertificateDer<'static>>,
    certificate: CertificateDer<'static>,
) -> Result<(), TrustError> {
    {
        let read = x509(&certificate)?;
        validity(&read)?;
        if !is_authority(&read) {
            return Err(TrustError::NotAuthority);
        }
    }
    if !into.contains(&certificate) {
        if into.len() == MAX_AUTHORITIES {
            return Err(TrustError::TooMany);
        }
        into.push(certificate);
    }
    Ok(())
}

/// Basic constraints say CA, and key usage, where stated, allows signing certificates
/// (RFC 5280 4.2.1.3, 4.2.1.9).
pub(super) fn is_authority(certificate: &x509_parser::certificate::X509Certificate<'_>) -> bool {
    let signs = match certificate.key_usage() {
        Ok(Some(usage)) => usage.value.key_cert_sign(),
        Ok(None) => true,
        Err(_) => false,
    };
    signs && certificate.is_ca()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::authority::tests::{authority, now, organization};
    use crate::pki::authority::{CA_VALIDITY, CLIENT_VALIDITY};
    use crate::pki::request::Request;

    #[test]
    fn old_and_new_stand_together_once_each() {
        let (old, new) = (authority(1), authority(2));
        let both = format!("{}{}", old.certificate_pem(), new.certificate_pem());
        let bundle = TrustBundle::from_pem(&both).unwrap();
        assert_eq!(
            bundle.fingerprints().collect::<Vec<_>>(),
            [old.fingerprint(), new.fingerprint()]
        );
        let again = bundle.clone().with(&old.trust()).unwrap();
        assert_eq!(again, bundle);
        assert_eq!(TrustBundle::from_pem(&bundle.to_pem()), Ok(bundle.clone()));
        assert_eq!(bundle.pinned(new.fingerprint().pin()), Some(new.trust()));
        assert_eq!(bundle.pinned(authority(3).fingerprint().pin()), None);
        assert_eq!(bundle.earliest_end(), Some(now() + CA_VALIDITY));
    }

    #[test]
    fn what_is_no_authority_is_refused() {
        let authority = authority(1);
        let request = Request::generate().unwrap();
        let mut chance = crate::pki::authority::tests::chance(5);
        let leaf = authority
            .issue_client(
                &request.csr_pem,
                &organization(),
                now(),
                CLIENT_VALIDITY,
                &mut chance,
            )
            .unwrap();
        assert_eq!(
            TrustBundle::from_pem(&leaf.certificate_pem),
            Err(TrustError::NotAuthority)
        );
        assert_eq!(TrustBundle::from_pem(""), Err(TrustError::Empty));
        assert_eq!(
            TrustBundle::from_pem(request.key.reveal_pem()),
            Err(TrustError::Empty)
        );
        let broken = pem("CERTIFICATE", b"x");
        assert_eq!(
            TrustBundle::from_pem(&broken),
            Err(TrustError::Certificate(CertificateError::Unreadable))
        );
    }

    #[test]
    fn a_bundle_is_bounded() {
        let many: String = (0..=16)
            .map(|seed| authority(seed).certificate_pem())
            .collect();
        assert_eq!(TrustBundle::from_pem(&many), Err(TrustError::TooMany));
    }
}
