//! Panics are bugs: a call that panics fails alone, with INTERNAL, is counted, and the process lives.
//!
//! The layer covers a handler until it answers; [`streams`](super::streams) covers a stream of answers.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use futures_util::{FutureExt, future::BoxFuture};
use tonic::{Status, body::Body};

use super::status::status;
use crate::service::{error::Error, reason::Reason};

/// How many calls panicked since the start.
#[derive(Clone, Default, Debug)]
pub struct Panics(Arc<AtomicU64>);

impl Panics {
    /// The count so far.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// One more. What was panicked with is not logged: it may hold anything.
    fn told(&self, method: &str) -> Status {
        self.0.fetch_add(1, Ordering::Relaxed);
        tracing::error!(method, panics = self.count(), "a call panicked");
        internal()
    }
}

pub(super) fn internal() -> Status {
    status("panic", &Error::Refused(Reason::Internal))
}

/// Catches panics of the handlers below it.
#[derive(Clone, Debug)]
pub struct CatchPanics(pub Panics);

impl<S> tower::Layer<S> for CatchPanics {
    type Service = Caught<S>;

    fn layer(&self, inner: S) -> Caught<S> {
        Caught {
            inner,
            panics: self.0.clone(),
        }
    }
}

/// See [`CatchPanics`].
#[derive(Clone, Debug)]
pub struct Caught<S> {
    inner: S,
    panics: Panics,
}

impl<S> tower::Service<http::Request<Body>> for Caught<S>
where
    S: tower::Service<http::Request<Body>, Response = http::Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let (panics, method) = (self.panics.clone(), request.uri().path().to_owned());
        let call = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
        Box::pin(async move {
            match call.await {
                Ok(answer) => answer,
                Err(_) => Ok(panics.told(&method).into_http()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tower::{Layer, Service};

    #[derive(Clone)]
    struct Bug;

    impl Service<http::Request<Body>> for Bug {
        type Response = http::Response<Body>;
        type Error = std::convert::Infallible;
        type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: http::Request<Body>) -> Self::Future {
            Box::pin(async { panic!("a bug") })
        }
    }

    #[tokio::test]
    async fn a_panic_fails_its_call_alone_and_is_counted() {
        let panics = Panics::default();
        let mut service = CatchPanics(panics.clone()).layer(Bug);
        for count in 1..=2 {
            let answer = service
                .call(http::Request::new(Body::empty()))
                .await
                .unwrap();
            assert_eq!(answer.headers()["grpc-status"], "13");
            assert_eq!(panics.count(), count);
        }
    }
}
