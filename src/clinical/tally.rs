//! What a change of rules does to many children, in counts: per rule and level, never per child.
//!
//! Tallies of parts add up to the tally of the whole, so that they may be made on every core. A count
//! that leaves the house is told only from a bound on: few children of a small county are no secret
//! otherwise.

use std::collections::BTreeMap;

use crate::domain::alert::Level;

/// What becomes of one alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Stands only by the new rules; counted under them.
    Raised,
    /// Stands by both and says something else; counted under the new rules.
    Changed,
    /// Stands only by the old rules; counted under them.
    Resolved,
    /// Stands by both and says the same.
    Unchanged,
}

/// How many alerts of one rule and level have each fate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub raised: u64,
    pub changed: u64,
    pub resolved: u64,
    pub unchanged: u64,
}

/// Counts over children.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Children assessed.
    pub children: u64,
    /// Of them those with an alert that is raised, changed or resolved.
    pub affected: u64,
    /// Children whose records could not be read; not among `children`.
    pub unreadable: u64,
    /// By rule, then level.
    pub cells: BTreeMap<(String, Level), Counts>,
}

impl Tally {
    /// Counts a child with the fates of its alerts.
    pub fn child(&mut self, alerts: impl IntoIterator<Item = (Fate, String, Level)>) {
        self.children += 1;
        let mut affected = false;
        for (fate, rule, level) in alerts {
            let counts = self.cells.entry((rule, level)).or_default();
            let count = match fate {
                Fate::Raised => &mut counts.raised,
                Fate::Changed => &mut counts.changed,
                Fate::Resolved => &mut counts.resolved,
                Fate::Unchanged => &mut counts.unchanged,
            };
            *count += 1;
            affected |= fate != Fate::Unchanged;
        }
        self.affected += u64::from(affected);
    }

    /// Adds the tally of other children.
    pub fn add(&mut self, other: Tally) {
        self.children += other.children;
        self.affected += other.affected;
        self.unreadable += other.unreadable;
        for (cell, more) in other.cells {
            let counts = self.cells.entry(cell).or_default();
            counts.raised += more.raised;
            counts.changed += more.changed;
            counts.resolved += more.resolved;
            counts.unchanged += more.unchanged;
        }
    }
}

/// A count as it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// The count: none, or at least the bound.
    Exactly(u64),
    /// Some, but fewer than the bound.
    Few,
}

impl Told {
    /// How `count` is told with the bound `few`.
    pub fn of(count: u64, few: u64) -> Self {
        if count > 0 && count < few {
            Self::Few
        } else {
            Self::Exactly(count)
        }
    }

    /// The same for a sum that would betray a count that was not told: rounded down to a multiple of
    /// the bound.
    pub fn rounded(count: u64, few: u64) -> Self {
        if few <= 1 {
            return Self::Exactly(count);
        }
        Self::of(count - count % few, few)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn few_are_not_told_and_none_is() {
        assert_eq!(Told::of(0, 5), Told::Exactly(0));
        for count in 1..5 {
            assert_eq!(Told::of(count, 5), Told::Few);
            assert_eq!(Told::rounded(count, 5), Told::Exactly(0));
        }
        assert_eq!(Told::of(5, 5), Told::Exactly(5));
        assert_eq!(Told::rounded(14, 5), Told::Exactly(10));
    }

    fn child() -> impl Strategy<Value = Vec<(Fate, String, Level)>> {
        let fate = prop::sample::select(vec![
            Fate::Raised,
            Fate::Changed,
            Fate::Resolved,
            Fate::Unchanged,
        ]);
        let level = prop::sample::select(Level::ALL.to_vec());
        prop::collection::vec((fate, "[AB]", level), 0..4)
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_whole(
            children in prop::collection::vec(child(), 0..20),
            cut in 0usize..20,
        ) {
            let tally = |of: &[Vec<_>]| {
                let mut tally = Tally::default();
                of.iter().for_each(|alerts| tally.child(alerts.clone()));
                tally
            };
            let cut = cut.min(children.len());
            let mut sum = tally(&children[..cut]);
            sum.add(tally(&children[cut..]));
            prop_assert_eq!(&sum, &tally(&children));
            prop_assert!(sum.affected <= sum.children);
        }
    }
}
