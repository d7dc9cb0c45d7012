//! Time and chance, given and never taken: everything below asks a [`Clock`], or a source of chance,
//! that it was handed.
//!
//! `clippy.toml` forbids the shortcuts everywhere else, so that a test can move time by hand and a
//! decision can be replayed at the instant it was made.

use std::sync::Mutex;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

/// A source of the present instant, in UTC with microseconds.
pub trait Clock: Send + Sync {
    /// The present instant, never finer than a microsecond (the store's resolution).
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(
        clippy::disallowed_methods,
        reason = "the one place where time is taken"
    )]
    fn now(&self) -> DateTime<Utc> {
        whole_micros(Utc::now())
    }
}

/// A cryptographically strong source of chance, seeded by the operating system.
#[allow(
    clippy::disallowed_methods,
    reason = "the one place where chance is taken"
)]
pub fn system_chance() -> rand::rngs::StdRng {
    rand::SeedableRng::from_os_rng()
}

/// A clock that is moved by hand.
pub struct HandClock(Mutex<DateTime<Utc>>);

impl HandClock {
    /// Starts at `at`.
    pub fn at(at: DateTime<Utc>) -> Self {
        Self(Mutex::new(whole_micros(at)))
    }

    /// Moves the clock by `by`, backwards if negative.
    pub fn advance(&self, by: TimeDelta) {
        let mut now = self.lock();
        *now += by;
    }

    /// Sets the clock to `at`.
    pub fn set(&self, at: DateTime<Utc>) {
        *self.lock() = whole_micros(at);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, DateTime<Utc>> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Clock for HandClock {
    fn now(&self) -> DateTime<Utc> {
        *self.lock()
    }
}

fn whole_micros(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(at)
}
