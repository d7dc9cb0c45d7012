//! What every stream of answers needs: a bug ends it with INTERNAL, and it ends when the gateway
//! stops, so that a watch that never ends holds up no stop.

use std::panic::AssertUnwindSafe;

use futures_util::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};
use tokio::sync::watch;
use tonic::Status;

use super::{panics::internal, status::status};
use crate::service::{error::Error, reason::Reason};

/// Answers until they end, fail, panic, or the gateway stops (`stop` turns true). An error is the
/// last answer.
pub fn answers<T: Send + 'static>(
    answers: impl Stream<Item = Result<T, Status>> + Send + 'static,
    stop: watch::Receiver<bool>,
) -> BoxStream<'static, Result<T, Status>> {
    let answers = AssertUnwindSafe(answers)
        .catch_unwind()
        .map(|answer| answer.unwrap_or_else(|_| Err(internal())))
        .boxed();
    stream::unfold(Some((answers, stop)), |under_way| async {
        let (mut answers, mut stop) = under_way?;
        let next = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => {
                Some(Err(status("stream", &Error::Refused(Reason::Stopping))))
            }
            next = answers.next() => next,
        };
        match next? {
            Ok(answer) => Some((Ok(answer), Some((answers, stop)))),
            Err(last) => Some((Err(last), None)),
        }
    })
    .boxed()
}

#[cfg(test)]
mod tests {
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
