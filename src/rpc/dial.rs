//! The calling side: a channel to one gateway, over TLS, for the command line and for tests.
//!
//! The gateway must prove to be the one meant: by an authority the caller believes, or, while it
//! enrols and believes none yet, by the one authority whose fingerprint its one-time code carries.
//! There is no way to skip that proof.

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::time_provider::TimeProvider;
use rustls::{CertificateError, ClientConfig};
use thiserror::Error;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint};

use super::pinned::PinnedAuthority;
use super::tls::{ALPN, ClockTime, TlsError, chain, key_error, provider, roots};
use crate::clock::Clock;
use crate::pki::{Pin, PrivateKey, TrustBundle};

const HTTPS: u16 = 443;

/// Whom a caller believes.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Any authority of the bundle.
    Bundle(TrustBundle),
    /// The authority of a one-time code, and no other.
    Pinned(Pin),
}

/// How to reach a gateway. Nothing is opened before [`Dial::connect`].
#[derive(Clone, Debug)]
pub struct Dial {
    target: Target,
    trust: Trust,
    identity: Option<(String, PrivateKey)>,
    time: Arc<dyn TimeProvider>,
    connect_timeout: Duration,
    keepalive: Duration,
}

#[derive(Clone, Debug)]
struct Target {
    host: String,
    port: u16,
    name: ServerName<'static>,
    authority: String,
}

/// Why there is no channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DialError {
    /// Not of the form `https://host[:port]`.
    #[error("endpoint is not of the form https://host:port")]
    Endpoint,
    /// The caller's own certificate, key or bundle can't be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Nobody answers there.
    #[error("gateway can't be reached: {0}")]
    Unreachable(io::ErrorKind),
    /// No connection within the time limit.
    #[error("gateway did not answer in time")]
    Timeout,
    /// The gateway's certificate is of no authority the caller believes.
    #[error("gateway is not certified by a trusted authority")]
    Untrusted,
    /// The gateway's certificate is for another name.
    #[error("gateway is certified for another host name")]
    OtherHost,
    /// The gateway's certificate is not valid yet, or no longer.
    #[error("gateway's certificate is outside its validity")]
    Expired,
    /// The gateway refused the caller, most often for its certificate.
    #[error("gateway refused the connection")]
    Refused,
    /// Something else answers there.
    #[error("what answers there is not a gateway")]
    Protocol,
}

impl Dial {
    /// To `https://host[:port]` (443 if none is named), with `trust`. `clock` is what the gateway's
    /// certificate's dates are compared with.
    pub fn new(endpoint: &str, trust: Trust, clock: Arc<dyn Clock>) -> Result<Self, DialError> {
        let uri: Uri = endpoint.parse().map_err(|_| DialError::Endpoint)?;
        let authority = uri.authority().ok_or(DialError::Endpoint)?;
        let plain = uri.path() == "/" && uri.query().is_none() && !authority.as_str().contains('@');
        if uri.scheme_str() != Some("https") || !plain {
            return Err(DialError::Endpoint);
        }
        let host = authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let name = ServerName::try_from(host.clone()).map_err(|_| DialError::Endpoint)?;
        let port = authority.port_u16().unwrap_or(HTTPS);
        let target = Target {
            host,
            port,
            name,
            authority: authority.to_string(),
        };
        Ok(Self {
            target,
            trust,
            identity: None,
            time: Arc::new(ClockTime(clock)),
            connect_timeout: Duration::from_secs(10),
            keepalive: Duration::from_secs(20),
        })
    }

    /// Shows this certificate (PEM, with intermediates if any) to the gateway.
    pub fn identity(mut self, certificate_pem: &str, key: &PrivateKey) -> Self {
        self.identity = Some((certificate_pem.to_owned(), key.clone()));
        self
    }

    /// The time limit for connection and handshake together (10 s if not set).
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// How often a silent connection is probed (20 s if not set); a probe unanswered for as long
    /// again ends it, so that a watch does not hang on a dead line.
    pub fn keepalive(mut self, every: Duration) -> Self {
        self.keepalive = every;
        self
    }

    /// Connects now. The channel connects again by itself, under the same conditions. Message sizes
    /// are bounded by the generated client, not by the channel.
    pub async fn connect(&self) -> Result<Channel, DialError> {
        let (endpoint, connector) = self.prepare()?;
        endpoint
            .connect_with_connector(connector)
            .await
            .map_err(|error| cause(&error))
    }

    /// A channel that connects at its first call.
    pub fn connect_lazily(&self) -> Result<Channel, DialError> {
        let (endpoint, connector) = self.prepare()?;
        Ok(endpoint.connect_with_connector_lazy(connector))
    }

    fn prepare(&self) -> Result<(Endpoint, Connector), DialError> {
        // TLS is the connector's; a scheme of https here would make the channel ask for its own.
        let address = format!("http://{}", self.target.authority);
        let origin = format!("https://{}", self.target.authority);
        let endpoint = Endpoint::from_shared(address)
            .map_err(|_| DialError::Endpoint)?
            .origin(origin.parse().map_err(|_| DialError::Endpoint)?)
            .http2_keep_alive_interval(self.keepalive)
            .keep_alive_timeout(self.keepalive)
            .keep_alive_while_idle(true);
        let tls = TlsConnector::from(Arc::new(self.config()?));
        let limit = self.connect_timeout;
        Ok((
            endpoint,
            Connector {
                target: Arc::new(self.target.clone()),
                tls,
                limit,
            },
        ))
    }

    fn config(&self) -> Result<ClientConfig, DialError> {
        let builder = ClientConfig::builder_with_details(provider(), self.time.clone())
            .with_safe_default_protocol_versions()
            .map_err(|_| TlsError::Trust)?;
        let builder = match &self.trust {
            Trust::Bundle(bundle) => builder.with_root_certificates(roots(bundle)?),
            Trust::Pinned(pin) => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(PinnedAuthority::new(*pin, provider()))),
        };
        let mut config = match &self.identity {
            Some((certificate, key)) => builder
                .with_client_auth_cert(chain(certificate)?, key.der().map_err(|_| TlsError::Key)?)
                .map_err(key_error)?,
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.resumption = Resumption::disabled();
        Ok(config)
    }
}

#[derive(Clone)]
struct Connector {
    target: Arc<Target>,
    tls: TlsConnector,
    limit: Duration,
}

impl Connector {
    async fn open(self) -> Result<TokioIo<TlsStream<TcpStream>>, DialError> {
        let target = &self.target;
        let tcp = TcpStream::connect((target.host.as_str(), target.port)).await;
        let tcp = tcp.map_err(|error| DialError::Unreachable(error.kind()))?;
        tcp.set_nodelay(true)
            .map_err(|error| DialError::Unreachable(error.kind()))?;
        let stream = self
            .tls
            .connect(target.name.clone(), tcp)
            .await
            .map_err(|e| refusal(&e))?;
        if stream.get_ref().1.alpn_protocol() != Some(ALPN) {
            return Err(DialError::Protocol);
        }
        Ok(TokioIo::new(stream))
    }
}

impl tower::Service<Uri> for Connector {
    type Response = TokioIo<TlsStream<TcpStream>>;
    type Error = DialError;
    type Future = BoxFuture<'static, Result<Self::Response, DialError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), DialError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let open = tokio::time::timeout(self.limit, self.clone().open());
        Box::pin(async { open.await.unwrap_or(Err(DialError::Timeout)) })
    }
}

fn refusal(error: &io::Error) -> DialError {
    match error
        .get_ref()
        .and_then(|cause| cause.downcast_ref::<rustls::Error>())
    {
        Some(rustls::Error::InvalidCertificate(cause)) => match cause {
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                DialError::OtherHost
            }
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => DialError::Expired,
            _ => DialError::Untrusted,
        },
        Some(rustls::Error::AlertReceived(_)) => DialError::Refused,
        Some(_) => DialError::Protocol,
        None => DialError::Unreachable(error.kind()),
    }
}

/// The connector's own error, from under the layers the channel puts around it.
fn cause(error: &tonic::transport::Error) -> DialError {
    let mut next = error.source();
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<DialError>() {
            return *found;
        }
        next = error.source();
    }
    // TLS was well and HTTP/2 was not: a refusal after a TLS 1.3 handshake arrives here.
    DialError::Refused
}

#[cfg(test)]
mod tests;
