//! How long to wait before the next attempt, and when to give up.

use std::time::Duration;

/// Waits that double from a fifth of a second to ten seconds, spread a little by the caller's name
/// so that a county's clients don't all come back in the same instant after a restart.
#[derive(Clone, Debug)]
pub struct Backoff {
    attempt: u32,
    most: u32,
    spread: u32,
}

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(10);

impl Backoff {
    /// Gives up after `most` attempts without progress. `name` spreads callers.
    #[must_use]
    pub fn new(name: &str, most: u32) -> Self {
        let mix = |sum: u32, byte: u8| sum.wrapping_mul(31).wrapping_add(u32::from(byte));
        Self {
            attempt: 0,
            most,
            spread: name.bytes().fold(7, mix) % 25,
        }
    }

    /// There was progress: the next failure starts over.
    pub fn reset(&mut self) {
        self.attempt = 0;
    }

    /// The next wait, or none once it is time to give up.
    pub fn next_wait(&mut self) -> Option<Duration> {
        if self.attempt >= self.most {
            return None;
        }
        let doubled = FIRST.saturating_mul(1 << self.attempt.min(16)).min(LONGEST);
        self.attempt += 1;
        Some(doubled + doubled * self.spread / 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_are_bounded_and_end() {
        let mut backoff = Backoff::new("regions/150627/organizations/o1", 12);
        let waits: Vec<_> = std::iter::from_fn(|| backoff.next_wait()).collect();
        assert_eq!(waits.len(), 12);
        assert!(waits.windows(2).all(|pair| pair[0] <= pair[1]));
        assert!(waits[0] >= FIRST && waits[11] <= LONGEST * 5 / 4);
        backoff.reset();
        assert_eq!(backoff.next_wait(), Some(waits[0]));
    }
}
