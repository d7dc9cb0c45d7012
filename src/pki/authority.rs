//! A deployment's certificate authority: it says, by certificate, which organization a key speaks
//! for, and which machine is the gateway.
//!
//! It takes from a request the public key and nothing else; subject, names, dates and usages are
//! its own. A client certificate can't stand for a server, nor the other way round, and no
//! certificate outlives the authority that signed it.

use std::fmt;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use rand::RngCore;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType, SerialNumber,
    SubjectPublicKeyInfo,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use thiserror::Error;
use zeroize::Zeroize;

use super::certificate::{CertificateError, Fingerprint, validity, x509};
use super::key::{PrivateKey, pem};
use super::name::CertificateName;
use super::request::{RequestError, proven_key};
use super::trust::{TrustBundle, is_authority};

/// How long a new authority lasts.
pub const CA_VALIDITY: TimeDelta = TimeDelta::days(3650);
/// How long an organization's certificate lasts before it is renewed.
pub const CLIENT_VALIDITY: TimeDelta = TimeDelta::days(90);
/// How long a gateway's certificate lasts before it is renewed.
pub const SERVER_VALIDITY: TimeDelta = TimeDelta::days(90);
/// Certificates begin this much early, for parties whose clock is behind.
pub const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(5);
/// The most names one gateway's certificate holds.
pub const MAX_HOSTS: usize = 32;

/// An authority that can sign. Its key is wiped when dropped; `Debug` shows the fingerprint only.
pub struct Authority {
    certificate: CertificateDer<'static>,
    not_after: DateTime<Utc>,
    key: KeyPair,
}

/// A certificate just signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The certificate alone, PEM.
    pub certificate_pem: String,
    /// The certificate and its authority's, PEM: what a gateway shows, so that a party that knows
    /// only a fingerprint can check it.
    pub chain_pem: String,
    /// SHA-256 of the certificate.
    pub fingerprint: Fingerprint,
    /// 32 lower-case hex digits.
    pub serial: String,
    /// The first instant of its validity: [`CLOCK_SKEW`] before it was asked for.
    pub not_before: DateTime<Utc>,
    /// The last instant of its validity.
    pub not_after: DateTime<Utc>,
}

/// Why an authority can't be made, loaded, or won't sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AuthorityError {
    /// The key generator or the signer failed.
    #[error("signing the certificate failed")]
    Failed,
    /// The certificate can't be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The certificate may not sign others.
    #[error("certificate is not an authority's")]
    NotAuthority,
    /// The private key can't be read, or is of a kind that can't be used.
    #[error("authority's private key can't be used")]
    Key,
    /// The private key belongs to another certificate.
    #[error("private key is not the authority certificate's")]
    OtherKey,
    /// Its subject is written in a way that would not survive being copied into certificates.
    #[error("authority's subject can't be reproduced exactly")]
    Subject,
    /// Not yet valid, or no longer.
    #[error("authority is outside its validity")]
    Expired,
    /// The validity asked for is not positive, or beyond what a date can hold.
    #[error("validity asked for is impossible")]
    Validity,
    /// No host, too many, or one that is neither a DNS name nor an IP address.
    #[error("host is neither a DNS name nor an IP address")]
    Host,
    /// The request is not acceptable.
    #[error(transparent)]
    Request(#[from] RequestError),
}

impl Authority {
    /// A new authority (ECDSA P-256) and the key to keep it by. Its key comes from the operating
    /// system's chance, its serial number from `chance`.
    pub fn create(
        common_name: &str,
        now: DateTime<Utc>,
        validity: TimeDelta,
        chance: &mut dyn RngCore,
    ) -> Result<(Self, PrivateKey), AuthorityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed)?;
        let mut params = dated(now, end(now, validity)?)?;
        params
            .distinguished_name
            .push(DnType::CommonName, common_name);
        params.serial_number = Some(serial(chance));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key).map_err(failed)?.der().clone();
        let private = PrivateKey::from_pkcs8(key.serialized_der());
        Ok((Self::of(certificate, key)?, private))
    }

    /// An authority from its certificate and key, its own or one brought along. The key may be of
    /// any kind the TLS library signs with; it must be the certificate's.
    pub fn load(certificate_pem: &str, private: &PrivateKey) -> Result<Self, AuthorityError> {
        let certificate = CertificateDer::from_pem_slice(certificate_pem.as_bytes())
            .map_err(|_| CertificateError::Unreadable)?;
        let mut der = private.der().map_err(|_| AuthorityError::Key)?;
        let key = KeyPair::try_from(&der);
        der.zeroize();
        Self::of(certificate, key.map_err(|_| AuthorityError::Key)?)
    }

    fn of(certificate: CertificateDer<'static>, key: KeyPair) -> Result<Self, AuthorityError> {
        let not_after = {
            let read = x509(&certificate)?;
            if !is_authority(&read) {
                return Err(AuthorityError::NotAuthority);
            }
            if read.public_key().subject_public_key.data != key.public_key_raw() {
                return Err(AuthorityError::OtherKey);
            }
            // A subject is copied into every certificate as its issuer, and compared byte by byte.
            let issuer = Issuer::from_ca_cert_der(&certificate, &key).map_err(failed)?;
            let trial = CertificateParams::default()
                .signed_by(&key, &issuer)
                .map_err(failed)?;
            if x509(trial.der())?.issuer().as_raw() != read.subject().as_raw() {
                return Err(AuthorityError::Subject);
            }
            validity(&read)?.1
        };
        Ok(Self {
            certificate,
            not_after,
            key,
        })
    }

    /// A client certificate for an organization, over the key of its request. It ends after
    /// `validity`, or with the authority, whichever is first.
    pub fn issue_client(
        &self,
        csr_pem: &str,
        name: &CertificateName,
        now: DateTime<Utc>,
        validity: TimeDelta,
        chance: &mut dyn RngCore,
    ) -> Result<Issued, AuthorityError> {
        let uri = name.to_string().try_into().map_err(failed)?;
        let mut params = self.leaf(now, validity, chance)?;
        params
            .distinguished_name
            .push(DnType::CommonName, name.organization());
        params.subject_alt_names = vec![SanType::URI(uri)];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(csr_pem, params, now)
    }

    /// A gateway's certificate for its DNS names and IP addresses, over the key of its request.
    pub fn issue_server(
        &self,
        csr_pem: &str,
        hosts: &[impl AsRef<str>],
        now: DateTime<Utc>,
        validity: TimeDelta,
        chance: &mut dyn RngCore,
    ) -> Result<Issued, AuthorityError> {
        if hosts.is_empty() || hosts.len() > MAX_HOSTS {
            return Err(AuthorityError::Host);
        }
        let mut params = self.leaf(now, validity, chance)?;
        params
            .distinguished_name
            .push(DnType::CommonName, "yuqiao gateway");
        params.subject_alt_names = hosts
            .iter()
            .map(|host| san(host.as_ref()))
            .collect::<Result<_, _>>()?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.sign(csr_pem, params, now)
    }

    /// The authority's certificate, PEM.
    pub fn certificate_pem(&self) -> String {
        pem("CERTIFICATE", &self.certificate)
    }

    /// SHA-256 of the authority's certificate.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.certificate)
    }

    /// The last instant of its validity.
    pub fn not_after(&self) -> DateTime<Utc> {
        self.not_after
    }

    /// A bundle that believes this authority alone.
    pub fn trust(&self) -> TrustBundle {
        TrustBundle::of_authority(self.certificate.clone())
    }

    fn leaf(
        &self,
        now: DateTime<Utc>,
        validity: TimeDelta,
        chance: &mut dyn RngCore,
    ) -> Result<CertificateParams, AuthorityError> {
        if now > self.not_after {
            return Err(AuthorityError::Expired);
        }
        let mut params = dated(now, end(now, validity)?.min(self.not_after))?;
        params.serial_number = Some(serial(chance));
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        Ok(params)
    }

    fn sign(
        &self,
        csr_pem: &str,
        params: CertificateParams,
        now: DateTime<Utc>,
    ) -> Result<Issued, AuthorityError> {
        let key =
            SubjectPublicKeyInfo::from_der(&proven_key(csr_pem)?.spki_der()).map_err(failed)?;
        let issuer = Issuer::from_ca_cert_der(&self.certificate, &self.key).map_err(failed)?;
        let certificate = params.signed_by(&key, &issuer).map_err(failed)?;
        let read = x509(certificate.der())?;
        let (not_before, not_after) = validity(&read)?;
        debug_assert!(not_before <= now);
        let certificate_pem = pem("CERTIFICATE", certificate.der());
        Ok(Issued {
            chain_pem: format!("{certificate_pem}{}", self.certificate_pem()),
            certificate_pem,
            fingerprint: Fingerprint::of(certificate.der()),
            serial: HEXLOWER.encode(read.raw_serial()),
            not_before,
            not_after,
        })
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authority({})", self.fingerprint())
    }
}

/// Causes inside the library are not told apart: no caller could act on the difference.
fn failed<E>(_: E) -> AuthorityError {
    AuthorityError::Failed
}

fn san(host: &str) -> Result<SanType, AuthorityError> {
    match ServerName::try_from(host).map_err(|_| AuthorityError::Host)? {
        ServerName::IpAddress(ip) => Ok(SanType::IpAddress(std::net::IpAddr::from(ip))),
        _ => Ok(SanType::DnsName(
            host.try_into().map_err(|_| AuthorityError::Host)?,
        )),
    }
}

/// 128 bits of chance: positive and without a leading zero, as RFC 5280 4.1.2.2 wants it.
fn serial(chance: &mut dyn RngCore) -> SerialNumber {
    let mut bytes = [0; 16];
    chance.fill_bytes(&mut bytes);
    bytes[0] = bytes[0] & 0x3f | 0x40;
    SerialNumber::from_slice(&bytes)
}

fn end(now: DateTime<Utc>, validity: TimeDelta) -> Result<DateTime<Utc>, AuthorityError> {
    if validity <= TimeDelta::zero() {
        return Err(AuthorityError::Validity);
    }
    now.checked_add_signed(validity)
        .ok_or(AuthorityError::Validity)
}

fn dated(now: DateTime<Utc>, end: DateTime<Utc>) -> Result<CertificateParams, AuthorityError> {
    let date = |at: DateTime<Utc>| {
        let seconds = u64::try_from(at.trunc_subsecs(0).timestamp()).ok();
        // X.509 ends with the year 9999.
        let seconds = seconds
            .filter(|s| *s < 253_402_300_800)
            .ok_or(AuthorityError::Validity)?;
        Ok::<_, AuthorityError>(
            rcgen::date_time_ymd(1970, 1, 1) + std::time::Duration::from_secs(seconds),
        )
    };
    let begin = now
        .checked_sub_signed(CLOCK_SKEW)
        .ok_or(AuthorityError::Validity)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.not_before = date(begin)?;
    params.not_after = date(end)?;
    Ok(params)
}

#[cfg(test)]
pub(crate) mod tests;
