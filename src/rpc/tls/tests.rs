//! Both sides against each other, over real TLS on the loopback, with the standard health service.

use std::future::pending;
use std::net::SocketAddr;

use chrono::TimeDelta;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Server};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::*;
use crate::clock::HandClock;
use crate::pki::authority::tests::{authority, chance, now, organization};
use crate::pki::{Authority, Issued, Request};
use crate::rpc::dial::{Dial, DialError, Trust};
use crate::rpc::incoming::{Limits, incoming, peer};

pub(crate) fn clock(days: i64) -> Arc<HandClock> {
    Arc::new(HandClock::at(now() + TimeDelta::days(days)))
}

pub(crate) struct Gateway {
    pub(crate) address: SocketAddr,
    tls: Arc<ServerTls>,
    clock: Arc<HandClock>,
    pub(crate) seen: mpsc::UnboundedReceiver<Option<Arc<PeerCertificate>>>,
}

pub(crate) fn certified(authority: &Authority) -> (Issued, PrivateKey) {
    let request = Request::generate().unwrap();
    let hosts = ["127.0.0.1", "localhost"];
    let days = TimeDelta::days(90);
    let chance = &mut chance(9);
    let issued = authority
        .issue_server(&request.csr_pem, &hosts, now(), days, chance)
        .unwrap();
    (issued, request.key)
}

pub(crate) fn client(authority: &Authority) -> (Issued, PrivateKey) {
    let request = Request::generate().unwrap();
    let days = TimeDelta::days(90);
    let chance = &mut chance(9);
    let issued = authority
        .issue_client(&request.csr_pem, &organization(), now(), days, chance)
        .unwrap();
    (issued, request.key)
}

pub(crate) async fn gateway(authority: &Authority, limits: Limits) -> Gateway {
    let (issued, key) = certified(authority);
    gateway_showing(&issued.chain_pem, &key, &authority.trust(), limits).await
}

pub(crate) async fn gateway_showing(
    chain: &str,
    key: &PrivateKey,
    trust: &TrustBundle,
    limits: Limits,
) -> Gateway {
    let clock = clock(0);
    let tls = Arc::new(ServerTls::new(chain, key, trust, clock.clone()).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (send, seen) = mpsc::unbounded_channel();
    let (_, health) = tonic_health::server::health_reporter();
    let watched = InterceptedService::new(health, move |request: tonic::Request<()>| {
        send.send(peer(request.extensions())).ok();
        Ok(request)
    });
    let connections = incoming(listener, tls.clone(), limits);
    tokio::spawn(Server::builder().serve_with_incoming_shutdown(watched, connections, pending()));
    Gateway {
        address,
        tls,
        clock,
        seen,
    }
}

impl Gateway {
    pub(crate) fn dial(&self, trust: Trust) -> Dial {
        Dial::new(&format!("https://{}", self.address), trust, clock(0)).unwrap()
    }

    /// Connects and calls once: what the gateway saw, or why there was no answer.
    pub(crate) async fn visit(
        &mut self,
        dial: Dial,
    ) -> Result<Option<Arc<PeerCertificate>>, String> {
        let channel = dial.connect().await.map_err(|error| error.to_string())?;
        check(&channel).await?;
        Ok(self.seen.recv().await.unwrap())
    }
}

pub(crate) async fn check(channel: &Channel) -> Result<(), String> {
    let call = HealthClient::new(channel.clone())
        .check(HealthCheckRequest::default())
        .await;
    call.map(|_| ())
        .map_err(|status| format!("{:?}", status.code()))
}

pub(crate) fn believing(authority: &Authority) -> Trust {
    Trust::Bundle(authority.trust())
}

#[tokio::test]
async fn a_known_client_is_seen_by_name_and_a_stranger_as_nobody() {
    let ours = authority(1);
    let mut gateway = gateway(&ours, Limits::default()).await;
    let (issued, key) = client(&ours);
    let dial = gateway.dial(believing(&ours));
    let seen = gateway
        .visit(dial.clone().identity(&issued.certificate_pem, &key))
        .await;
    let seen = seen.unwrap().unwrap();
    assert_eq!(seen.name, organization());
    assert_eq!(seen.fingerprint, issued.fingerprint);
    assert_eq!(seen.not_after, issued.not_after);
    assert_eq!(gateway.visit(dial).await, Ok(None));
}

/// Refused, and not taken for a caller without a certificate: the service never hears of them.
#[tokio::test]
async fn a_bad_client_certificate_is_refused() {
    let ours = authority(1);
    let mut gateway = gateway(&ours, Limits::default()).await;
    let dial = gateway.dial(believing(&ours));

    let (foreign, key) = client(&authority(2));
    let unknown = dial.clone().identity(&foreign.certificate_pem, &key);
    assert!(gateway.visit(unknown).await.is_err());

    let (server, key) = certified(&ours);
    let other_usage = dial.clone().identity(&server.certificate_pem, &key);
    assert!(gateway.visit(other_usage).await.is_err());

    let (unnamed, key) = unnamed_client();
    let (issued, server_key) = certified(&ours);
    let trust = ours
        .trust()
        .with(&TrustBundle::from_pem(&unnamed.1).unwrap())
        .unwrap();
    gateway
        .tls
        .reload(&issued.chain_pem, &server_key, &trust)
        .unwrap();
    assert!(
        gateway
            .visit(dial.clone().identity(&unnamed.0, &key))
            .await
            .is_err()
    );

    let (known, key) = client(&ours);
    let known = dial.identity(&known.certificate_pem, &key);
    assert!(gateway.visit(known.clone()).await.unwrap().is_some());
    gateway.clock.advance(TimeDelta::days(91));
    assert!(gateway.visit(known).await.is_err(), "expired");
    assert!(
        gateway.seen.try_recv().is_err(),
        "no refused call reached the service"
    );
}

/// From an authority brought along: trusted, for clients, but without a name of ours.
fn unnamed_client() -> ((String, String), PrivateKey) {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut leaf = CertificateParams::new(vec!["somebody.example".to_owned()]).unwrap();
    leaf.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    let leaf = leaf.signed_by(&key, &issuer).unwrap();
    let key = PrivateKey::from_pem(key.serialize_pem()).unwrap();
    ((leaf.pem(), issuer.pem()), key)
}

#[tokio::test]
async fn certificates_and_authorities_change_while_it_serves() {
    let (old, new) = (authority(1), authority(2));
    let mut gateway = gateway(&old, Limits::default()).await;
    let (old_client, old_key) = client(&old);
    let (new_client, new_key) = client(&new);
    let as_old = |dial: Dial| dial.identity(&old_client.certificate_pem, &old_key);
    let as_new = |dial: Dial| dial.identity(&new_client.certificate_pem, &new_key);
    let standing = as_old(gateway.dial(believing(&old)))
        .connect()
        .await
        .unwrap();
    check(&standing).await.unwrap();
    gateway.seen.recv().await.unwrap();
    assert!(
        gateway
            .visit(as_new(gateway.dial(believing(&old))))
            .await
            .is_err()
    );

    // A mistake changes nothing.
    let (issued, key) = certified(&new);
    let reload = |chain: &str, key| gateway.tls.reload(chain, key, &old.trust());
    assert_eq!(reload(&issued.chain_pem, &old_key), Err(TlsError::OtherKey));
    assert_eq!(reload("", &key), Err(TlsError::Chain));
    assert!(
        gateway
            .visit(as_old(gateway.dial(believing(&old))))
            .await
            .unwrap()
            .is_some()
    );

    // The gateway goes over to the new authority; clients of both are known meanwhile.
    let both = old.trust().with(&new.trust()).unwrap();
    gateway.tls.reload(&issued.chain_pem, &key, &both).unwrap();
    check(&standing)
        .await
        .expect("a connection that stands is not cut");
    gateway.seen.recv().await.unwrap();
    let overlap = Trust::Bundle(both);
    for dial in [
        as_old(gateway.dial(overlap.clone())),
        as_new(gateway.dial(believing(&new))),
    ] {
        assert!(gateway.visit(dial).await.unwrap().is_some());
    }
    let late = gateway.dial(believing(&old)).connect().await;
    assert_eq!(late.unwrap_err(), DialError::Untrusted);

    // The old authority leaves.
    gateway
        .tls
        .reload(&issued.chain_pem, &key, &new.trust())
        .unwrap();
    assert!(
        gateway
            .visit(as_old(gateway.dial(overlap.clone())))
            .await
            .is_err()
    );
    assert!(
        gateway
            .visit(as_new(gateway.dial(overlap)))
            .await
            .unwrap()
            .is_some()
    );
}
