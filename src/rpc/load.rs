//! How many calls may be at work at once, over all connections: one more is told to come back, at
//! once, instead of waiting in a queue nobody sees.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::future::{BoxFuture, ready};
use tokio::sync::Semaphore;
use tonic::body::Body;

use super::status::status;
use crate::service::{error::Error, reason::Reason};

/// Bounds the calls of the handlers below it, until they answer; what a call streams afterwards is
/// bounded by the streams a connection may have.
#[derive(Clone, Debug)]
pub struct BoundCalls(Arc<Semaphore>);

impl BoundCalls {
    /// At most `most` at once.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Semaphore::new(most)))
    }
}

impl<S> tower::Layer<S> for BoundCalls {
    type Service = Bounded<S>;

    fn layer(&self, inner: S) -> Bounded<S> {
        Bounded {
            inner,
            places: self.0.clone(),
        }
    }
}

/// See [`BoundCalls`].
#[derive(Clone, Debug)]
pub struct Bounded<S> {
    inner: S,
    places: Arc<Semaphore>,
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
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            let busy = status("load", &Error::Refused(Reason::TooBusy));
            return Box::pin(ready(Ok(busy.into_http())));
        };
        let call = self.inner.call(request);
        Box::pin(async move {
            let answer = call.await;
            drop(place);
            answer
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
        let mut service = BoundCalls::new(1).layer(Slow);
        let call = || http::Request::new(Body::empty());
        let (first, second) = tokio::join!(service.call(call()), service.call(call()));
        assert!(first.unwrap().headers().get("grpc-status").is_none());
        assert_eq!(second.unwrap().headers()["grpc-status"], "8");
        let after = service.call(call()).await.unwrap();
        assert!(after.headers().get("grpc-status").is_none());
    }
}
