//! What several institutions say of one matter: one alert where they say the same, one for each where
//! they don't.
//!
//! A facility may know what one hospital found and not what another did. So an isolation is judged
//! by each hospital's word alone: the second one's record, with another day or none, changes nothing
//! for whoever may read only the first. Who may read both is told both.

use super::{Held, Matter};
use crate::clinical::matching::{Match, OF_THE_CHECK_UP};
use crate::clinical::rules::Rule;

/// A match that becomes an alert.
pub(super) struct Told<'r> {
    pub rule: &'r Rule,
    pub found: Match,
    /// See [`Raised::apart`](super::Raised::apart).
    pub apart: Option<String>,
}

/// Ordered by family, subject and facility; of each, those who spoke first before the others.
pub(super) fn united(mut standing: Vec<Held<'_>>) -> Vec<Told<'_>> {
    standing.sort_unstable_by(|a, b| a.of().cmp(&b.of()));
    let mut one_of_each: Vec<Held<'_>> = Vec::with_capacity(standing.len());
    let needless: Vec<bool> = standing
        .iter()
        .map(|held| standing.iter().any(|other| needs_fewer(other, held)))
        .collect();
    let needed = standing.into_iter().zip(needless);
    for (held, _) in needed.filter(|(_, needless)| !needless) {
        let like = one_of_each
            .iter_mut()
            .rev()
            .take_while(|other| other.matter() == held.matter())
            .find(|other| say_the_same(other, &held));
        match like {
            Some(other) => unite(&mut other.found, held.found),
            None => one_of_each.push(held),
        }
    }
    // What rests on nobody's word alone comes first, then the earliest check-up.
    one_of_each.sort_by(|a, b| order(a).cmp(&order(b)));
    let first_of_each: Vec<bool> = (0..one_of_each.len())
        .map(|at| at == 0 || one_of_each[at - 1].matter() != one_of_each[at].matter())
        .collect();
    let told = one_of_each.into_iter().zip(first_of_each);
    told.map(|(Held { rule, found, .. }, first)| Told {
        rule,
        apart: (!first).then(|| found.told_by.join("+")),
        found,
    })
    .collect()
}

fn order<'h>(held: &'h Held<'_>) -> (Matter<'h>, bool, Option<usize>) {
    let found = &held.found;
    let by_word = !found.told_by.is_empty();
    (held.matter(), by_word, found.exams.first().copied())
}

/// Whether it tells by fewer institutions' words what the other tells by more: whoever may read all of
/// them is told by the fewer.
fn needs_fewer(fewer: &Held<'_>, more: &Held<'_>) -> bool {
    let (by, all) = (&fewer.found.told_by, &more.found.told_by);
    fewer.place == more.place
        && fewer.matter() == more.matter()
        && by.len() < all.len()
        && !by.is_empty()
        && by.iter().all(|one| all.contains(one))
}

/// Whether two institutions' words make the same alert, which each of their check-ups bears alone.
fn say_the_same(a: &Held<'_>, b: &Held<'_>) -> bool {
    let (x, y) = (&a.found, &b.found);
    let said = |found: &Match| {
        let inputs = found.inputs.iter();
        let inputs = inputs.filter(|(name, _)| !OF_THE_CHECK_UP.contains(name));
        inputs.cloned().collect::<Vec<_>>()
    };
    a.place == b.place
        && x.each_alone
        && y.each_alone
        && (&x.until, &x.until_zh, &x.value) == (&y.until, &y.until_zh, &y.value)
        && said(x) == said(y)
}

/// Adds the statements of `more`; the inputs then tell the day of none of them.
fn unite(found: &mut Match, more: Match) {
    found.exams.extend(more.exams);
    found.exams.sort_unstable();
    let inputs = &mut found.inputs;
    inputs.retain(|(name, _)| !OF_THE_CHECK_UP.contains(name));
}
