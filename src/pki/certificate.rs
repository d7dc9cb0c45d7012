//! What is read from a certificate, once, when a peer shows it.
//!
//! Reading is not trusting: the signature and the dates are checked in the handshake, by the TLS
//! library, against a [`TrustBundle`](super::TrustBundle). Because a connection may live for days,
//! the dates are kept here so that every call can ask again.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use thiserror::Error;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::key::PrivateKey;
use super::name::{CertificateName, NameError};

/// SHA-256 of a certificate's or a public key's DER bytes; shown as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

/// The first 16 bytes (128 bits) of a [`Fingerprint`]: what a one-time code has room for. Enough,
/// because forging needs a second certificate with the same bits, not any pair with equal bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pin(pub [u8; 16]);

/// A client certificate as calls need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCertificate {
    /// The organization it was issued to.
    pub name: CertificateName,
    /// SHA-256 of the whole certificate: what a revocation list of ours holds.
    pub fingerprint: Fingerprint,
    /// The first instant of its validity.
    pub not_before: DateTime<Utc>,
    /// The last instant of its validity.
    pub not_after: DateTime<Utc>,
}

/// Why a certificate can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CertificateError {
    /// No readable certificate.
    #[error("not an X.509 certificate")]
    Unreadable,
    /// A date outside what can be computed with.
    #[error("certificate has an impossible date")]
    Date,
    /// No subject alternative name with the scheme `yuqiao`.
    #[error("certificate names no organization")]
    Unnamed,
    /// More than one name of ours: nobody can tell who calls.
    #[error("certificate names more than one organization")]
    Ambiguous,
    /// A name of ours, badly formed.
    #[error(transparent)]
    Name(#[from] NameError),
}

impl Fingerprint {
    /// The fingerprint of DER bytes.
    pub fn of(der: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, der).as_ref());
        Self(bytes)
    }

    /// The 32 bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The short form that travels in a one-time code.
    pub fn pin(&self) -> Pin {
        let mut pin = [0; 16];
        pin.copy_from_slice(&self.0[..16]);
        Pin(pin)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// A text is not 64 lower-case hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("fingerprint is not 64 lower-case hex digits")]
pub struct FingerprintError;

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let bytes = HEXLOWER
            .decode(text.as_bytes())
            .map_err(|_| FingerprintError)?;
        Ok(Self(bytes.try_into().map_err(|_| FingerprintError)?))
    }
}

impl PeerCertificate {
    /// Reads a certificate's DER bytes.
    ///
    /// Subject alternative names of other kinds and schemes are passed over: an authority brought
    /// along by a deployment may add its own.
    pub fn parse(der: &[u8]) -> Result<Self, CertificateError> {
        let certificate = x509(der)?;
        let mut names = certificate
            .subject_alternative_name()
            .map_err(|_| CertificateError::Unreadable)?
            .into_iter()
            .flat_map(|extension| &extension.value.general_names)
            .filter_map(|name| match name {
                GeneralName::URI(uri) if CertificateName::claims(uri) => Some(*uri),
                _ => None,
            });
        let name = names.next().ok_or(CertificateError::Unnamed)?.parse()?;
        if names.next().is_some() {
            return Err(CertificateError::Ambiguous);
        }
        let (not_before, not_after) = validity(&certificate)?;
        Ok(Self {
            name,
            fingerprint: Fingerprint::of(der),
            not_before,
            not_after,
        })
    }

    /// Reads the first certificate of a PEM text.
    pub fn parse_pem(pem: &str) -> Result<Self, CertificateError> {
        let der = CertificateDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| CertificateError::Unreadable)?;
        Self::parse(&der)
    }

    /// Whether it is within its dates at `now`. Asked at every call: a connection may outlive the
    /// certificate that opened it.
    pub fn is_valid_at(&self, now: DateTime<Utc>) -> bool {
        self.not_before <= now && now <= self.not_after
    }

    /// From when its owner should ask for the next one: two thirds of its validity have passed.
    pub fn renew_after(&self) -> DateTime<Utc> {
        renew_after(self.not_before, self.not_after)
    }
}

/// What an operator needs to know of a gateway's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dates {
    /// The first instant of its validity.
    pub not_before: DateTime<Utc>,
    /// The last instant of its validity.
    pub not_after: DateTime<Utc>,
    /// From when the next one should be asked for: two thirds of its validity have passed.
    pub renew_after: DateTime<Utc>,
    /// The DNS names and addresses it is for, in its own order.
    pub hosts: Vec<String>,
}

/// Dates and hosts of the first certificate of a PEM text, whoever it was issued to.
pub fn dates_of_pem(pem: &str) -> Result<Dates, CertificateError> {
    let der =
        CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|_| CertificateError::Unreadable)?;
    let certificate = x509(&der)?;
    let (not_before, not_after) = validity(&certificate)?;
    let names = certificate
        .subject_alternative_name()
        .map_err(|_| CertificateError::Unreadable)?;
    let hosts = names
        .into_iter()
        .flat_map(|extension| &extension.value.general_names);
    let hosts = hosts.filter_map(|name| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => address(bytes),
        _ => None,
    });
    Ok(Dates {
        not_before,
        not_after,
        renew_after: renew_after(not_before, not_after),
        hosts: hosts.collect(),
    })
}

fn address(bytes: &[u8]) -> Option<String> {
    let four = <[u8; 4]>::try_from(bytes).map(std::net::IpAddr::from);
    let address = four.or_else(|_| <[u8; 16]>::try_from(bytes).map(std::net::IpAddr::from));
    Some(address.ok()?.to_string())
}

/// Whether the first certificate of a PEM text is this key's.
pub fn is_of_key(pem: &str, key: &PrivateKey) -> bool {
    let read = || {
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
        let mut private = key.der().ok()?;
        let pair = rcgen::KeyPair::try_from(&private);
        zeroize::Zeroize::zeroize(&mut private);
        let mut pair = pair.ok()?;
        let certificate = x509(&der).ok()?;
        let public = rcgen::PublicKeyData::der_bytes(&pair).to_vec();
        zeroize::Zeroize::zeroize(&mut pair);
        Some(certificate.public_key().subject_public_key.data == public)
    };
    read().unwrap_or(false)
}

fn renew_after(not_before: DateTime<Utc>, not_after: DateTime<Utc>) -> DateTime<Utc> {
    not_after - TimeDelta::seconds((not_after - not_before).num_seconds() / 3)
}

pub(super) fn x509(der: &[u8]) -> Result<X509Certificate<'_>, CertificateError> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        _ => Err(CertificateError::Unreadable),
    }
}

pub(super) fn validity(
    certificate: &X509Certificate<'_>,
) -> Result<(DateTime<Utc>, DateTime<Utc>), CertificateError> {
    let at = |seconds| DateTime::from_timestamp(seconds, 0).ok_or(CertificateError::Date);
    let validity = certificate.validity();
    Ok((
        at(validity.not_before.timestamp())?,
        at(validity.not_after.timestamp())?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, SanType};

    fn with_uris(uris: &[&str]) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["other.example".to_owned()]).unwrap();
        for uri in uris {
            params
                .subject_alt_names
                .push(SanType::URI((*uri).try_into().unwrap()));
        }
        params
            .self_signed(&KeyPair::generate().unwrap())
            .unwrap()
            .der()
            .to_vec()
    }

    #[test]
    fn exactly_one_name_of_ours() {
        let (a, b) = (
            "yuqiao://regions/150627/organizations/a1",
            "yuqiao://regions/150627/organizations/b2",
        );
        let read = PeerCertificate::parse(&with_uris(&["https://other.example/", a])).unwrap();
        assert_eq!(
            (read.name.region(), read.name.organization()),
            ("150627", "a1")
        );
        let refused = |uris: &[&str]| PeerCertificate::parse(&with_uris(uris)).unwrap_err();
        assert_eq!(refused(&[]), CertificateError::Unnamed);
        assert_eq!(
            refused(&["https://other.example/"]),
            CertificateError::Unnamed
        );
        assert_eq!(refused(&[a, b]), CertificateError::Ambiguous);
        assert_eq!(refused(&[a, a]), CertificateError::Ambiguous);
        // A name in another spelling is not passed over as a stranger's: it is an error.
        let shouted = "YUQIAO://regions/150627/organizations/a1";
        assert_eq!(refused(&[shouted]), CertificateError::Name(NameError::Form));
        assert_eq!(refused(&[a, shouted]), CertificateError::Ambiguous);
    }

    #[test]
    fn never_panics_on_damaged_bytes() {
        let good = with_uris(&["yuqiao://regions/150627/organizations/a1"]);
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x55;
            let _ = PeerCertificate::parse(&bad);
            assert!(PeerCertificate::parse(&good[..at]).is_err());
        }
        let mut longer = good;
        longer.push(0);
        assert_eq!(
            PeerCertificate::parse(&longer),
            Err(CertificateError::Unreadable)
        );
    }

    #[test]
    fn fingerprints_are_read_as_written() {
        // FIPS 180-4 example: SHA-256 of "abc".
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let fingerprint = Fingerprint::of(b"abc");
        assert_eq!(fingerprint.to_string(), text);
        assert_eq!(text.parse(), Ok(fingerprint));
        assert_eq!(
            text.to_uppercase().parse::<Fingerprint>(),
            Err(FingerprintError)
        );
        assert_eq!(text[2..].parse::<Fingerprint>(), Err(FingerprintError));
        assert_eq!(fingerprint.pin().0, fingerprint.bytes()[..16]);
    }
}
