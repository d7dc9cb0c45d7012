use chrono::TimeDelta;
use tokio::net::TcpListener;

use super::*;
use crate::pki::Request;
use crate::pki::authority::tests::{authority, chance, now};
use crate::rpc::incoming::Limits;
use crate::rpc::tls::tests::{
    believing, certified, check, client, clock, gateway, gateway_showing,
};

#[tokio::test]
async fn an_enrolling_party_believes_its_codes_authority_alone() {
    let (ours, other) = (authority(1), authority(2));
    let mut gateway = gateway(&ours, Limits::default()).await;
    let right = gateway.dial(Trust::Pinned(ours.fingerprint().pin()));
    assert_eq!(gateway.visit(right).await, Ok(None));
    let wrong = gateway.dial(Trust::Pinned(other.fingerprint().pin()));
    assert_eq!(wrong.connect().await.unwrap_err(), DialError::Untrusted);
}

/// An authority's certificate is no secret: showing it must not be enough.
#[tokio::test]
async fn showing_the_right_authority_is_not_being_certified_by_it() {
    let (ours, imposter) = (authority(1), authority(2));
    let pinned = Trust::Pinned(ours.fingerprint().pin());
    let (issued, key) = certified(&imposter);
    let (client, client_key) = client(&ours);
    let (real, real_key) = certified(&ours);
    let leaf_and_real = format!("{}{}", issued.certificate_pem, ours.certificate_pem());
    let both = format!("{}{}", issued.chain_pem, ours.certificate_pem());
    let as_client = format!("{}{}", client.certificate_pem, ours.certificate_pem());
    for (chain, key) in [
        (&leaf_and_real, &key),
        (&both, &key),
        (&as_client, &client_key),
        (&real.certificate_pem, &real_key), // without its authority it can't be checked
    ] {
        let gateway = gateway_showing(chain, key, &ours.trust(), Limits::default()).await;
        let error = gateway.dial(pinned.clone()).connect().await.unwrap_err();
        assert!(
            matches!(error, DialError::Untrusted | DialError::OtherHost),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn host_name_and_dates_are_checked_for_both_kinds_of_trust() {
    let ours = authority(1);
    let request = Request::generate().unwrap();
    let hosts = ["gateway.example"];
    let elsewhere = ours
        .issue_server(
            &request.csr_pem,
            &hosts,
            now(),
            TimeDelta::days(90),
            &mut chance(1),
        )
        .unwrap();
    let trusts = [believing(&ours), Trust::Pinned(ours.fingerprint().pin())];
    for trust in trusts {
        let wrong = gateway_showing(
            &elsewhere.chain_pem,
            &request.key,
            &ours.trust(),
            Limits::default(),
        )
        .await;
        let error = wrong.dial(trust.clone()).connect().await.unwrap_err();
        assert_eq!(error, DialError::OtherHost);

        let right = gateway(&ours, Limits::default()).await;
        let url = format!("https://{}", right.address);
        for days in [91, -1, 3651] {
            let dial = Dial::new(&url, trust.clone(), clock(days)).unwrap();
            assert_eq!(
                dial.connect().await.unwrap_err(),
                DialError::Expired,
                "day {days}"
            );
        }
    }
}

#[tokio::test]
async fn dialling_says_what_is_wrong() {
    let ours = authority(1);
    for endpoint in [
        "",
        "http://h:1",
        "h:1",
        "https://",
        "https://h:1/path",
        "https://a@h:1",
    ] {
        let dial = Dial::new(endpoint, believing(&ours), clock(0));
        assert_eq!(dial.err(), Some(DialError::Endpoint), "{endpoint}");
    }
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let dial =
        |address| Dial::new(&format!("https://{address}"), believing(&ours), clock(0)).unwrap();
    let refused = std::io::ErrorKind::ConnectionRefused;
    assert_eq!(
        dial(closed).connect().await.unwrap_err(),
        DialError::Unreachable(refused)
    );

    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let impatient = dial(mute.local_addr().unwrap()).connect_timeout(Duration::from_millis(100));
    assert_eq!(impatient.connect().await.unwrap_err(), DialError::Timeout);

    let (_, key) = client(&ours);
    let (issued, _) = client(&ours);
    let mixed = dial(closed).identity(&issued.certificate_pem, &key);
    assert_eq!(
        mixed.connect().await.unwrap_err(),
        DialError::Tls(TlsError::OtherKey)
    );
}

#[tokio::test]
async fn a_lazy_channel_connects_at_its_first_call() {
    let ours = authority(1);
    let mut gateway = gateway(&ours, Limits::default()).await;
    let (issued, key) = client(&ours);
    let dial = gateway
        .dial(believing(&ours))
        .identity(&issued.certificate_pem, &key);
    check(&dial.connect_lazily().unwrap()).await.unwrap();
    assert!(gateway.seen.recv().await.unwrap().is_some());
}
