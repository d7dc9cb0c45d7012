use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::pki::authority::tests::authority;
use crate::rpc::tls::tests::{believing, check, gateway};

#[expect(
    clippy::disallowed_methods,
    reason = "real peers are slow in real time"
)]
#[tokio::test]
async fn silent_and_noisy_peers_hold_up_nobody() {
    let ours = authority(1);
    let mut gateway = gateway(&ours, Limits::default()).await;
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.push(TcpStream::connect(gateway.address).await.unwrap());
        let mut noisy = TcpStream::connect(gateway.address).await.unwrap();
        noisy.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    }
    let begin = Instant::now();
    let dial = gateway.dial(believing(&ours));
    assert_eq!(gateway.visit(dial).await, Ok(None));
    assert!(
        begin.elapsed() < Duration::from_secs(5),
        "not the silent peers' ten seconds"
    );
}

#[tokio::test]
async fn a_silent_peer_is_let_go_after_the_time_limit() {
    let ours = authority(1);
    let handshake_timeout = Duration::from_millis(200);
    let limits = Limits {
        handshakes: 1,
        handshake_timeout,
        ..Limits::default()
    };
    let mut gateway = gateway(&ours, limits).await;
    let mut silent = TcpStream::connect(gateway.address).await.unwrap();
    // The only place for a handshake is taken; the next caller gets it when the limit is over.
    let dial = gateway.dial(believing(&ours));
    assert_eq!(gateway.visit(dial).await, Ok(None));
    let mut rest = Vec::new();
    assert!(
        matches!(silent.read_to_end(&mut rest).await, Ok(0) | Err(_)),
        "closed"
    );
}

#[tokio::test]
async fn connections_are_bounded_and_their_places_come_back() {
    let ours = authority(1);
    let limits = Limits {
        connections: 1,
        ..Limits::default()
    };
    let mut gateway = gateway(&ours, limits).await;
    let first = gateway.dial(believing(&ours)).connect().await.unwrap();
    check(&first).await.unwrap();
    gateway.seen.recv().await.unwrap();
    let dial = gateway.dial(believing(&ours));
    assert!(dial.connect().await.is_err(), "full");
    drop(first);
    let mut tries = 0;
    while gateway.visit(dial.clone()).await.is_err() {
        tries += 1;
        assert!(tries < 100, "the place never came back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
