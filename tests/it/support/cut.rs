//! A line that breaks: a proxy before the gateway that lets so many more bytes through, and then
//! drops the connection where it stands.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// The proxy.
pub struct Cut {
    /// `https://127.0.0.1:port`.
    pub endpoint: String,
    left: Arc<AtomicI64>,
}

impl Cut {
    /// Before the gateway at this endpoint; nothing is cut yet.
    pub async fn before(endpoint: &str) -> Self {
        let gateway = endpoint.strip_prefix("https://").unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("https://{}", listener.local_addr().unwrap());
        let left = Arc::new(AtomicI64::new(i64::MAX));
        let budget = left.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(&gateway).await.unwrap();
                tokio::spawn(pass(near, far, budget.clone()));
            }
        });
        Self { endpoint, left }
    }

    /// Lets so many more bytes through to the gateway.
    pub fn after(&self, bytes: i64) {
        self.left.store(bytes, Ordering::SeqCst);
    }

    /// Whether it was cut.
    pub fn is_cut(&self) -> bool {
        self.left.load(Ordering::SeqCst) <= 0
    }
}

async fn pass(near: TcpStream, far: TcpStream, left: Arc<AtomicI64>) {
    let (mut from_client, mut to_client) = near.into_split();
    let (mut from_gateway, mut to_gateway) = far.into_split();
    let back = async move {
        let _ = tokio::io::copy(&mut from_gateway, &mut to_client).await;
    };
    let forth = async move {
        let mut bytes = vec![0; 4096];
        while let Ok(read @ 1..) = from_client.read(&mut bytes).await {
            let allowed = left.fetch_sub(read as i64, Ordering::SeqCst).max(0);
            let allowed = usize::try_from(allowed).unwrap().min(read);
            if to_gateway.write_all(&bytes[..allowed]).await.is_err() || allowed < read {
                return;
            }
        }
    };
    // Whichever side ends first, both go.
    tokio::select! { () = back => {}, () = forth => {} }
}
