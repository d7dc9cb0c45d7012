//! Believing one authority by its fingerprint: how an enrolling party knows the gateway.
//!
//! The gateway shows its own certificate and its authority's. The authority's must have the
//! fingerprint of the one-time code; then everything else (signature, host name, dates, usage) is
//! checked as usual, with that authority as the only one believed.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::pki::{Fingerprint, Pin, TrustBundle};

#[derive(Debug)]
pub(super) struct PinnedAuthority {
    pin: Pin,
    provider: Arc<CryptoProvider>,
}

impl PinnedAuthority {
    pub(super) fn new(pin: Pin, provider: Arc<CryptoProvider>) -> Self {
        Self { pin, provider }
    }

    /// The shown certificate that has the fingerprint, if it is an authority's and not past its end.
    fn authority(
        &self,
        shown: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<RootCertStore, rustls::Error> {
        let found = shown
            .iter()
            .find(|der| Fingerprint::of(der).pin() == self.pin);
        let found = found
            .ok_or(CertificateError::UnknownIssuer)?
            .clone()
            .into_owned();
        let bundle = TrustBundle::from_der(found.clone()).map_err(|_| bad())?;
        // The library takes an anchor's dates on trust; ours came over the wire.
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        if bundle
            .earliest_end()
            .is_none_or(|end| end.timestamp() < now)
        {
            return Err(CertificateError::Expired.into());
        }
        let mut roots = RootCertStore::empty();
        roots.add(found)?;
        Ok(roots)
    }
}

fn bad() -> rustls::Error {
    CertificateError::BadEncoding.into()
}

impl ServerCertVerifier for PinnedAuthority {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let roots = Arc::new(self.authority(intermediates, now)?);
        WebPkiServerVerifier::builder_with_provider(roots, self.provider.clone())
            .build()
            .map_err(|_| bad())?
            .verify_server_cert(end_entity, intermediates, server_name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
