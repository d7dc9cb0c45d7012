//! How many calls may be at work at once, over all connections: one more is told to come back, at
//! once, instead of waiting in a queue nobody sees. Callers without a certificate have a few places
//! of their own, so that they can't take the others', and no call keeps its place for ever: a
//! message that never comes is given up.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::future::{BoxFuture, ready};
use tokio::sync::Semaphore;
use tonic::body::Body;

use super::{incoming::peer, status::status};
use crate::service::{error::Error, reason::Reason};

/// Bounds the calls of the handlers below it, until they answer; what a call streams afterwards is
/// bounded by the streams a connection may have.
#[derive(Clone, Debug)]
pub struct BoundCalls {
    known: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    longest: Duration,
}

impl BoundCalls {
    /// At most `known` at once of callers with a certificate, `strangers` of those without; each
    /// answers within `longest`.
    pub fn new(known: usize, strangers: usize, longest: Duration) -> Self {
        Self {
            known: Arc::new(Semaphore::new(known)),
            strangers: Arc::new(Semaphore::new(strangers)),
            longest,
        }
    }
}

impl<S> tower::Layer<S> for BoundCalls {
    type Service = Bounded<S>;

    fn layer(&self, inner: S) -> Bounded<S> {
        Bounded {
            inner,
            bounds: self.clone(),
        }
    }
}

/// See [`BoundCalls`].
#[derive(Clone, Debug)]
pub struct Bounded<S> {
    inner: S,
    bounds: BoundCalls,
}

impl<S> tower::Service<http::Request<Body>> for Bounded<S>
where
    S: tower::Service<http::Request<Body>, Response = http::Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let places = match peer(request.extensions()) {
            Some(_) => &self.bounds.known,
            None => &self.bounds.strangers,
        };
        let Ok(place) = places.clone().try_acquire_owned() else {
            let busy = status("load", &Error::Refused(Reason::TooBusy));
            return Box::pin(ready(Ok(busy.into_http())));
        };
        let call = tokio::time::timeout(self.bounds.longest, self.inner.call(request));
        Box::pin(async move {
            let answer = call.await;
            drop(place);
            answer.unwrap_or_else(|_| {
                Ok(status("load", &Error::Refused(Reason::TooSlow)).into_http())
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use tower::{Layer, Service};

    use super::*;

    #[derive(Clone)]
    struct Slow;

    impl Service<http::Request<Body>> for Slow {
        type Response = http::Response<Body>;
        type Error = Infallible;
        type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: http::Request<Body>) -> Self::Future {
            Box::pin(async {
                tokio::task::yield_now().await;
                Ok(http::Response::new(Body::empty()))
            })
        }
    }

    #[tokio::test]
    async fn one_call_too_many_is_told_to_come_back() {
        let mut service = BoundCalls::new(0, 1, Duration::from_secs(9)).layer(Slow);
        let call = || http::Request::new(Body::empty());
        let (first, second) = tokio::join!(service.call(call()), service.call(call()));
        assert!(first.unwrap().headers().get("grpc-status").is_none());
        assert_eq!(second.unwrap().headers()["grpc-status"], "8");
        let after = service.call(call()).await.unwrap();
        assert!(after.headers().get("grpc-status").is_none());
    }

    #[derive(Clone)]
    struct Stuck;

    impl Service<http::Request<Body>> for Stuck {
        type Response = http::Response<Body>;
        type Error = Infallible;
        type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: http::Request<Body>) -> Self::Future {
            Box::pin(std::future::pending())
        }
    }

    #[tokio::test]
    async fn a_call_whose_message_never_comes_gives_its_place_back() {
        let mut service = BoundCalls::new(0, 1, Duration::from_millis(5)).layer(Stuck);
        for _ in 0..2 {
            let call = service.call(http::Request::new(Body::empty()));
            assert_eq!(call.await.unwrap().headers()["grpc-status"], "14");
        }
    }
}
