//! How many calls an organization may make a second: one too many is told to come back, so that one
//! organization's endless loop costs the others nothing.
//!
//! Callers without a certificate, who enrol or ask for health, are counted by their address. A stream
//! is one call: its rows are slowed down to what the gateway can write.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::{BoxFuture, ready};
use tonic::body::Body;

use super::{incoming::Peer, status::status};
use crate::{
    clock::Clock,
    service::{error::Error, reason::Reason},
};

/// A burst may take what this time allows.
const BURST: TimeDelta = TimeDelta::seconds(10);
/// Callers remembered before those that have been quiet are forgotten.
const MOST_CALLERS: usize = 4096;

/// Whom a call is counted for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Whom {
    Organization { region: String, id: String },
    Address(IpAddr),
}

/// Bounds the calls of each caller.
#[derive(Clone)]
pub struct BoundRate(Option<Arc<Rate>>);

struct Rate {
    /// Time one call takes up.
    interval: TimeDelta,
    clock: Arc<dyn Clock>,
    /// Until when each caller's calls so far take up its time.
    taken: Mutex<HashMap<Whom, DateTime<Utc>>>,
}

impl BoundRate {
    /// At most `a_second` calls of one caller in the long run, and ten seconds' worth at once; 0 is
    /// without bound.
    pub fn new(a_second: u32, clock: Arc<dyn Clock>) -> Self {
        let rate = |interval| Rate {
            interval,
            clock,
            taken: Mutex::default(),
        };
        let interval =
            TimeDelta::seconds(1).checked_div(i32::try_from(a_second).unwrap_or(i32::MAX));
        Self(interval.map(|interval| Arc::new(rate(interval))))
    }

    fn admits(&self, request: &http::Request<Body>) -> bool {
        let (Some(rate), Some(peer)) = (&self.0, request.extensions().get::<Peer>()) else {
            return true;
        };
        let whom = match &peer.certificate {
            Some(shown) => Whom::Organization {
                region: shown.name.region().to_owned(),
                id: shown.name.organization().to_owned(),
            },
            None => Whom::Address(peer.address.ip()),
        };
        rate.take(whom)
    }
}

impl Rate {
    fn take(&self, whom: Whom) -> bool {
        let now = self.clock.now();
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.len() >= MOST_CALLERS {
            taken.retain(|_, until| *until > now);
        }
        let until = taken.entry(whom).or_insert(now);
        // Never more than a burst ahead, so that a clock that was set back keeps nobody out for longer.
        *until = (*until).clamp(now, now + BURST);
        let admitted = *until < now + BURST;
        if admitted {
            *until += self.interval;
        }
        admitted
    }
}

impl<S> tower::Layer<S> for BoundRate {
    type Service = Rated<S>;

    fn layer(&self, inner: S) -> Rated<S> {
        Rated {
            inner,
            rate: self.clone(),
        }
    }
}

/// See [`BoundRate`].
#[derive(Clone)]
pub struct Rated<S> {
    inner: S,
    rate: BoundRate,
}

impl<S> tower::Service<http::Request<Body>> for Rated<S>
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
        if self.rate.admits(&request) {
            return Box::pin(self.inner.call(request));
        }
        let often = status("rate", &Error::Refused(Reason::TooOften));
        Box::pin(ready(Ok(often.into_http())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::HandClock;

    fn organization(id: &str) -> Whom {
        Whom::Organization {
            region: "150627".to_owned(),
            id: id.to_owned(),
        }
    }

    fn rate(a_second: u32) -> (Arc<HandClock>, Arc<Rate>) {
        let clock = Arc::new(HandClock::at(DateTime::UNIX_EPOCH));
        let rate = BoundRate::new(a_second, clock.clone()).0.unwrap();
        (clock, rate)
    }

    fn admitted(rate: &Rate, whom: &Whom) -> usize {
        (0..1000).filter(|_| rate.take(whom.clone())).count()
    }

    #[test]
    fn a_burst_then_a_steady_rate_and_each_caller_by_itself() {
        let (clock, rate) = rate(5);
        let (one, other) = (organization("1"), organization("2"));
        assert_eq!(admitted(&rate, &one), 50, "ten seconds' worth");
        assert_eq!(
            admitted(&rate, &other),
            50,
            "another's calls are not its own"
        );
        clock.advance(TimeDelta::seconds(2));
        assert_eq!(admitted(&rate, &one), 10);
        clock.advance(TimeDelta::hours(1));
        assert_eq!(admitted(&rate, &one), 50, "quiet time is not saved up");
        let stranger = Whom::Address("127.0.0.1".parse().unwrap());
        assert_eq!(admitted(&rate, &stranger), 50);
    }

    #[test]
    fn a_clock_set_back_keeps_nobody_out_for_longer_than_a_burst() {
        let (clock, rate) = rate(5);
        let (one, other) = (organization("1"), organization("2"));
        assert!(rate.take(one.clone()) && admitted(&rate, &other) == 50);
        clock.advance(-TimeDelta::hours(1));
        for whom in [&one, &other] {
            admitted(&rate, whom);
        }
        clock.advance(BURST);
        for whom in [&one, &other] {
            assert_eq!(admitted(&rate, whom), 50);
        }
    }

    #[test]
    fn the_quiet_are_forgotten() {
        let (clock, rate) = rate(1);
        for n in 0..2 * MOST_CALLERS {
            assert!(rate.take(organization(&n.to_string())));
            clock.advance(TimeDelta::milliseconds(10));
        }
        assert!(rate.taken.lock().unwrap().len() <= MOST_CALLERS);
    }

    #[test]
    fn none_is_without_bound() {
        let clock = Arc::new(HandClock::at(DateTime::UNIX_EPOCH));
        assert!(BoundRate::new(0, clock).0.is_none());
    }
}
