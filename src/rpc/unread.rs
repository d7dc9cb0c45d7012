//! A message that can't be read (too large, broken off, of another type) is refused by the transport
//! before a handler sees it. Here the refusal gets our words: a stable reason, in Chinese.

use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use tonic::{Status, body::Body};

use super::status::unread;

/// Gives every such refusal of the services below it our words.
#[derive(Clone, Copy, Debug)]
pub struct TellUnread;

impl<S> tower::Layer<S> for TellUnread {
    type Service = Told<S>;

    fn layer(&self, inner: S) -> Told<S> {
        Told(inner)
    }
}

/// See [`TellUnread`].
#[derive(Clone, Debug)]
pub struct Told<S>(S);

impl<S> tower::Service<http::Request<Body>> for Told<S>
where
    S: tower::Service<http::Request<Body>, Response = http::Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let call = self.0.call(request);
        Box::pin(async move {
            let answer = call.await?;
            // A refusal without an answer stands in the headers.
            Ok(match Status::from_header_map(answer.headers()) {
                Some(refusal) if refusal.details().is_empty() => unread(refusal).into_http(),
                _ => answer,
            })
        })
    }
}
