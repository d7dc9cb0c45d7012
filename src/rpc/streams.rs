//! What every stream of answers needs: a bug ends it with INTERNAL, and it ends when the gateway
//! stops, so that a watch that never ends holds up no stop.

use std::panic::AssertUnwindSafe;

use futures_util::{FutureExt, Stream, StreamExt, stream::BoxStream};
use tokio::sync::watch;
use tonic::Status;

use super::{panics::internal, status::status};
use crate::service::{error::Error, reason::Reason};

/// Answers until they end, panic, or the gateway stops (`stop` turns true).
pub fn answers<T: Send + 'static>(
    answers: impl Stream<Item = Result<T, Status>> + Send + 'static,
    mut stop: watch::Receiver<bool>,
) -> BoxStream<'static, Result<T, Status>> {
    let stopped = async move {
        let _ = stop.wait_for(|stop| *stop).await;
        Err(status("stream", &Error::Refused(Reason::Stopping)))
    };
    let answers = AssertUnwindSafe(answers)
        .catch_unwind()
        .map(|answer| answer.unwrap_or_else(|_| Err(internal())));
    // Whatever comes first; the marker tells an end of the answers from one of the wait.
    let answers = answers
        .map(Some)
        .chain(futures_util::stream::once(async { None }));
    let stopped = stopped.into_stream().map(Some);
    let first = futures_util::stream::select(stopped, answers).boxed();
    // An error is the last answer: the stream ends there, and does not wait for the other side.
    futures_util::stream::unfold(Some(first), |rest| async {
        let mut rest = rest?;
        let answer = rest.next().await??;
        let rest = answer.is_ok().then_some(rest);
        Some((answer, rest))
    })
    .boxed()
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    async fn codes(of: BoxStream<'static, Result<i32, Status>>) -> Vec<Result<i32, String>> {
        let told = |answer: Result<i32, Status>| answer.map_err(|s| s.message().to_owned());
        of.map(told).collect().await
    }

    #[tokio::test]
    async fn answers_come_as_they_are() {
        let (_keep, stop) = watch::channel(false);
        let all = answers(stream::iter([Ok(1), Ok(2)]), stop);
        assert_eq!(codes(all).await, [Ok(1), Ok(2)]);
    }

    #[tokio::test]
    async fn a_stream_that_panics_ends_with_a_status() {
        let (_keep, stop) = watch::channel(false);
        let buggy = stream::iter(1..=3).map(|n| {
            assert!(n < 2, "a bug");
            Ok(n)
        });
        assert_eq!(
            codes(answers(buggy, stop)).await,
            [Ok(1), Err("INTERNAL".to_owned())]
        );
    }

    #[tokio::test]
    async fn an_endless_stream_ends_when_the_gateway_stops() {
        let (stop, stopped) = watch::channel(false);
        let endless = stream::iter([Ok(1)]).chain(stream::pending());
        let mut all = answers(endless, stopped);
        assert_eq!(all.next().await.unwrap().unwrap(), 1);
        stop.send(true).unwrap();
        assert_eq!(codes(all).await, [Err("STOPPING".to_owned())]);
    }
}
