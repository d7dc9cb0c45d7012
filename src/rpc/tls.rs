//! The gateway's side of mutual TLS: what it shows, whom it believes, and how both change while it
//! serves.
//!
//! A client certificate is *asked for*, not demanded, because a party that enrols has none yet. One
//! that is shown must be of a trusted authority, in date, and name an organization, or the handshake
//! fails: a bad certificate never turns into "no certificate". What a caller without one may call is
//! decided behind this door.
//!
//! Sessions are not resumed: a resumed session would carry a client certificate that nobody checked
//! again, and a gRPC connection is opened so rarely that nothing is saved.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::time_provider::TimeProvider;
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig,
    SignatureScheme,
};
use thiserror::Error;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::pki::{PeerCertificate, PrivateKey, TrustBundle};

/// HTTP/2, the only protocol spoken.
pub(super) const ALPN: &[u8] = b"h2";

/// What the gateway shows and whom it believes, for the next handshake. TLS 1.3 and 1.2.
pub struct ServerTls {
    current: watch::Sender<Arc<ServerConfig>>,
    time: Arc<dyn TimeProvider>,
}

/// Why a TLS configuration can't be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TlsError {
    /// No readable certificate in the chain.
    #[error("no certificate in the chain")]
    Chain,
    /// The private key can't be read, or is of a kind that can't be used.
    #[error("private key can't be used for tls")]
    Key,
    /// The private key belongs to another certificate.
    #[error("private key is not the certificate's")]
    OtherKey,
    /// An authority of the trust bundle can't be used.
    #[error("trust bundle can't be used for tls")]
    Trust,
}

impl ServerTls {
    /// From a certificate chain (the gateway's certificate first, then its authority's, so that an
    /// enrolling party that knows only a fingerprint can check it), its key, and the authorities
    /// whose clients are believed. `clock` is what certificates' dates are compared with.
    pub fn new(
        chain_pem: &str,
        key: &PrivateKey,
        trust: &TrustBundle,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, TlsError> {
        let time: Arc<dyn TimeProvider> = Arc::new(ClockTime(clock));
        let config = server_config(chain_pem, key, trust, time.clone())?;
        Ok(Self {
            current: watch::Sender::new(Arc::new(config)),
            time,
        })
    }

    /// From the next handshake on, shows another certificate and believes other authorities.
    /// Connections that stand are not cut. After an error the former stay in use.
    pub fn reload(
        &self,
        chain_pem: &str,
        key: &PrivateKey,
        trust: &TrustBundle,
    ) -> Result<(), TlsError> {
        let config = server_config(chain_pem, key, trust, self.time.clone())?;
        self.current.send_replace(Arc::new(config));
        Ok(())
    }

    pub(super) fn current(&self) -> Arc<ServerConfig> {
        self.current.borrow().clone()
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerTls(…)")
    }
}

/// The given clock, as the TLS library asks for the time.
pub(super) struct ClockTime(pub(super) Arc<dyn Clock>);

impl TimeProvider for ClockTime {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.now().timestamp()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

impl fmt::Debug for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClockTime")
    }
}

/// The algorithms of both sides, named here and never taken from a process-wide default.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

pub(super) fn roots(trust: &TrustBundle) -> Result<Arc<RootCertStore>, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in trust.certificates() {
        roots
            .add(certificate.clone())
            .map_err(|_| TlsError::Trust)?;
    }
    Ok(Arc::new(roots))
}

pub(super) fn chain(pem: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|_| TlsError::Chain)?;
    if chain.is_empty() {
        Err(TlsError::Chain)
    } else {
        Ok(chain)
    }
}

pub(super) fn key_error(error: rustls::Error) -> TlsError {
    match error {
        rustls::Error::InconsistentKeys(_) => TlsError::OtherKey,
        rustls::Error::InvalidCertificate(_) => TlsError::Chain,
        _ => TlsError::Key,
    }
}

fn server_config(
    chain_pem: &str,
    key: &PrivateKey,
    trust: &TrustBundle,
    time: Arc<dyn TimeProvider>,
) -> Result<ServerConfig, TlsError> {
    let of_trust = WebPkiClientVerifier::builder_with_provider(roots(trust)?, provider())
        .allow_unauthenticated()
        .build()
        .map_err(|_| TlsError::Trust)?;
    let mut config = ServerConfig::builder_with_details(provider(), time)
        .with_safe_default_protocol_versions()
        .map_err(|_| TlsError::Trust)?
        .with_client_cert_verifier(Arc::new(NamedClients(of_trust)))
        .with_single_cert(chain(chain_pem)?, key.der().map_err(|_| TlsError::Key)?)
        .map_err(key_error)?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// The library's check of signature, dates and usage, and then ours: it names an organization.
#[derive(Debug)]
struct NamedClients(Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for NamedClients {
    fn offer_client_auth(&self) -> bool {
        self.0.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.0.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let verified = self.0.verify_client_cert(end_entity, intermediates, now)?;
        match PeerCertificate::parse(end_entity) {
            Ok(_) => Ok(verified),
            Err(_) => Err(CertificateError::ApplicationVerificationFailure.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

#[cfg(test)]
pub(crate) mod tests;
