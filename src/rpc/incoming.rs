//! Connections as they come in: accepted, shaken hands with, and told apart, before gRPC sees them.
//!
//! Handshakes run beside each other, each with a time limit, so a silent peer holds up nobody. A
//! handshake that fails ends that connection alone and is logged by kind, without address or name.
//! The peer's certificate is read once, here; a call only clones an `Arc`.

use std::convert::Infallible;
use std::future::ready;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt};
use rustls::CertificateError;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;

use super::tls::ServerTls;
use crate::pki::PeerCertificate;

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// How much of the machine strangers may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once, handshakes included; one more is closed as soon as it is accepted.
    pub connections: usize,
    /// Handshakes at once; further peers wait in the listener's backlog.
    pub handshakes: usize,
    /// After this a handshake has failed.
    pub handshake_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 8192,
            handshakes: 512,
            handshake_timeout: Duration::from_secs(10),
        }
    }
}

/// A connection whose handshake succeeded. Its place among [`Limits::connections`] is free again
/// when it is dropped.
#[derive(Debug)]
pub struct Connection {
    stream: TlsStream<TcpStream>,
    peer: Peer,
    _place: OwnedSemaphorePermit,
}

/// Who is at the other end: found in the extensions of every request of a [`Connection`].
#[derive(Clone, Debug)]
pub struct Peer {
    /// The address the connection came from; a proxy's, if there is one.
    pub address: SocketAddr,
    /// The verified client certificate, if one was shown.
    pub certificate: Option<Arc<PeerCertificate>>,
}

/// The client certificate of the connection a request came by. Verified in the handshake; its dates
/// are to be checked again at each call, because a connection may outlive it.
pub fn peer(extensions: &http::Extensions) -> Option<Arc<PeerCertificate>> {
    extensions.get::<Peer>()?.certificate.clone()
}

/// Connections for `serve_with_incoming_shutdown`. Never ends and never fails: what goes wrong with
/// one connection is that connection's, and what goes wrong with accepting is tried again.
pub fn incoming(
    listener: TcpListener,
    tls: Arc<ServerTls>,
    limits: Limits,
) -> impl Stream<Item = Result<Connection, Infallible>> + Send {
    let places = Arc::new(Semaphore::new(
        limits.connections.min(Semaphore::MAX_PERMITS),
    ));
    accepted(listener)
        .filter_map(move |(tcp, address)| {
            let place = places.clone().try_acquire_owned().ok();
            if place.is_none() {
                tracing::warn!(kind = "full", "connection refused");
            }
            ready(place.map(|place| (tcp, address, place)))
        })
        .map(move |(tcp, address, place)| {
            let config = tls.current();
            // A task of its own, so that handshakes use all cores and not only the accepting task's.
            tokio::spawn(async move {
                let handshake = open(tcp, address, place, TlsAcceptor::from(config));
                match tokio::time::timeout(limits.handshake_timeout, handshake).await {
                    Ok(Ok(connection)) => return Some(connection),
                    Ok(Err(error)) => log(&error),
                    Err(_) => tracing::debug!(kind = "timeout", "handshake failed"),
                }
                None
            })
        })
        .buffer_unordered(limits.handshakes.max(1))
        .filter_map(|opened| ready(opened.ok().flatten().map(Ok)))
}

async fn open(
    tcp: TcpStream,
    address: SocketAddr,
    place: OwnedSemaphorePermit,
    acceptor: TlsAcceptor,
) -> io::Result<Connection> {
    tcp.set_nodelay(true)?;
    let stream = acceptor.accept(tcp).await?;
    let shown = stream
        .get_ref()
        .1
        .peer_certificates()
        .and_then(<[_]>::first);
    let certificate = shown.map(|der| PeerCertificate::parse(der)).transpose();
    let certificate = certificate.map_err(io::Error::other)?.map(Arc::new);
    Ok(Connection {
        stream,
        peer: Peer {
            address,
            certificate,
        },
        _place: place,
    })
}

fn accepted(listener: TcpListener) -> impl Stream<Item = (TcpStream, SocketAddr)> + Send {
    stream::unfold(listener, |listener| async move {
        let mut pause = FIRST_PAUSE;
        loop {
            match listener.accept().await {
                Ok(accepted) => return Some((accepted, listener)),
                Err(error) if is_one_peers(&error) => {}
                // Out of file handles or memory: waiting is all that helps.
                Err(error) => {
                    tracing::warn!(kind = %error.kind(), "accepting connections failed");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LAST_PAUSE);
                }
            }
        }
    })
}

/// The peer was gone before it was accepted: no reason to wait.
fn is_one_peers(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}

/// A certificate that is refused is somebody's trouble; noise on an open port is nobody's.
fn log(error: &io::Error) {
    let cause = error
        .get_ref()
        .and_then(|cause| cause.downcast_ref::<rustls::Error>());
    let kind = match cause {
        Some(rustls::Error::InvalidCertificate(cause)) => match cause {
            CertificateError::UnknownIssuer => "unknown authority",
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "expired certificate"
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "certificate of the future"
            }
            CertificateError::ApplicationVerificationFailure => "certificate names nobody",
            _ => "bad certificate",
        },
        // The peer refused us: it may believe another authority.
        Some(rustls::Error::AlertReceived(_)) => "refused by peer",
        Some(_) => return tracing::debug!(kind = "not our protocol", "handshake failed"),
        None => return tracing::debug!(kind = %error.kind(), "handshake failed"),
    };
    tracing::warn!(kind, "handshake failed");
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
