//! Small ledgers, lawful and broken, read by the auditor.

use super::super::entry::{Entry, SubTree};
use super::*;
use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};

const DEMANDED: &[KeyKind] = &[KeyKind::Enrolment, KeyKind::Consent];

fn table(asker: &str, purpose: &str) -> Option<&'static [KeyKind]> {
    match (asker, purpose) {
        ("FACILITY_STAFF", "DAILY_CARE") => Some(DEMANDED),
        ("COMMISSION", "SUPERVISION") => Some(&[]),
        _ => None,
    }
}

/// A ledger being written.
struct Book {
    leaves: Vec<(Leaf, SubTree)>,
    rng: StdRng,
}

const OPEN: KeyState = KeyState::Open {
    from: 0,
    until: None,
};

impl Book {
    fn new() -> Self {
        Self {
            leaves: Vec::new(),
            rng: StdRng::seed_from_u64(1),
        }
    }

    fn append(&mut self, at: i64, entries: Vec<Entry>, body: impl FnOnce(&SubTree) -> LeafBody) {
        let tree = SubTree::build(entries, &mut self.rng).unwrap();
        let sequence = self.leaves.len() as u64;
        let leaf = Leaf {
            region: "150627".to_owned(),
            sequence,
            at,
            body: body(&tree),
        };
        self.leaves.push((leaf, tree));
    }

    fn change(&mut self, at: i64, kind: &str, id: &str, child: Option<&str>, state: KeyState) {
        let child = child.map(|child| Entry {
            child: child.to_owned(),
            detail: Vec::new(),
        });
        self.append(at, child.into_iter().collect(), |tree| {
            LeafBody::Change(Change {
                organization: Some("org".to_owned()),
                actor: "act".to_owned(),
                subject_kind: kind.to_owned(),
                subject: id.to_owned(),
                change: "CHANGED".to_owned(),
                facts: state.facts(),
                entries: tree.commitment,
            })
        });
    }

    fn look(&mut self, at: i64, children: &[(&str, &[(&str, &str)])]) {
        let entry = |(child, keys): &(&str, &[(&str, &str)])| Entry {
            child: (*child).to_owned(),
            detail: keys
                .iter()
                .map(|&(name, id)| (name.to_owned(), id.to_owned()))
                .collect(),
        };
        self.append(at, children.iter().map(entry).collect(), |tree| {
            LeafBody::Look(Look {
                organization: Some("org".to_owned()),
                actor: "act".to_owned(),
                asker: "FACILITY_STAFF".to_owned(),
                basis: "PIPL_29_CONSENT".to_owned(),
                purpose: "DAILY_CARE".to_owned(),
                method: "AlertService.List".to_owned(),
                categories: Vec::new(),
                entries: tree.commitment,
            })
        });
    }

    fn faults(&self) -> Vec<(u64, Fault)> {
        let (violations, _) = self.audit(|_| true);
        violations
            .into_iter()
            .map(|violation| (violation.sequence, violation.fault))
            .collect()
    }

    fn audit(&self, opened: impl Fn(&str) -> bool) -> (Vec<Violation>, Summary) {
        let mut auditor = Auditor::new("150627", table);
        let mut violations = Vec::new();
        for (leaf, tree) in &self.leaves {
            let openings: Vec<Disclosed<'_>> = tree
                .openings
                .iter()
                .filter(|known| opened(&known.child))
                .map(|known| Disclosed {
                    index: known.index,
                    child: &known.child,
                    opening: &known.opening,
                })
                .collect();
            let evidence = Evidence {
                leaf,
                entries: &tree.entries,
                openings: &openings,
            };
            violations.extend(auditor.read(&evidence));
        }
        (violations, auditor.summary())
    }
}

const KEYS: &[(&str, &str)] = &[("key.enrolment", "e1"), ("key.consent", "k1")];

/// Child c1 enrolled by leaf 0, consented for by leaf 1, seen by leaf 2.
fn lawful() -> Book {
    let mut book = Book::new();
    book.change(10, "enrolment", "e1", Some("c1"), OPEN);
    book.change(
        20,
        "consent",
        "k1",
        Some("c1"),
        KeyState::Open {
            from: 20,
            until: Some(90),
        },
    );
    book.look(30, &[("c1", KEYS)]);
    book
}

fn consent(fault: impl FnOnce(KeyKind, String) -> Fault) -> Fault {
    fault(KeyKind::Consent, "k1".to_owned())
}

#[test]
fn a_lawful_ledger_passes_and_gives_its_root() {
    let book = lawful();
    let (violations, summary) = book.audit(|_| true);
    assert_eq!(violations, []);
    let hashes: Vec<Hash> = book.leaves.iter().map(|(leaf, _)| leaf.hash()).collect();
    let root = merkle::root(&hashes);
    assert_eq!(
        summary,
        Summary {
            looks: 1,
            changes: 2,
            entries: 3,
            unopened: 0,
            root
        }
    );
}

#[test]
fn a_look_after_the_end_is_found_and_one_after_a_new_beginning_is_not() {
    let mut book = lawful();
    book.change(40, "consent", "k1", Some("c1"), KeyState::Closed);
    book.look(40, &[("c1", KEYS)]);
    book.change(50, "consent", "k1", Some("c1"), OPEN);
    book.look(50, &[("c1", KEYS)]);
    let ended = consent(|kind, id| Fault::KeyEnded { kind, id, by: 3 });
    assert_eq!(book.faults(), [(4, ended)]);
}

#[test]
fn a_look_outside_the_time_of_its_key_is_found() {
    let mut book = lawful();
    book.look(89, &[("c1", KEYS)]);
    book.look(90, &[("c1", KEYS)]);
    let outside = consent(|kind, id| Fault::KeyOutsideItsTime { kind, id });
    assert_eq!(book.faults(), [(4, outside)]);
}

#[test]
fn a_key_must_be_named_opened_known_and_the_child_s_own() {
    let mut book = lawful();
    book.look(31, &[("c1", &[("key.enrolment", "e1"), ("alert", "a1")])]);
    book.look(
        32,
        &[("c1", &[("key.enrolment", "e1"), ("key.consent", "k2")])],
    );
    book.look(33, &[("c1", &[("key.passport", "p1"), KEYS[0], KEYS[1]])]);
    book.change(34, "enrolment", "e2", Some("c2"), OPEN);
    book.look(
        35,
        &[("c2", &[("key.enrolment", "e2"), ("key.consent", "k1")])],
    );
    let id = "k2".to_owned();
    let expected = [
        (
            3,
            Fault::KeyUnnamed {
                kind: KeyKind::Consent,
            },
        ),
        (
            4,
            Fault::KeyNeverOpened {
                kind: KeyKind::Consent,
                id,
            },
        ),
        (5, Fault::KeyUnknown),
        (7, consent(|kind, id| Fault::KeyOfAnotherChild { kind, id })),
    ];
    assert_eq!(book.faults(), expected);
}

#[test]
fn a_repeated_name_is_judged_each_time() {
    let mut book = lawful();
    book.change(31, "agreement", "g1", None, OPEN);
    book.change(32, "agreement", "g2", None, KeyState::Closed);
    let keys = [
        KEYS[0],
        KEYS[1],
        ("key.agreement", "g1"),
        ("key.agreement", "g2"),
    ];
    book.look(33, &[("c1", &keys)]);
    let id = "g2".to_owned();
    let ended = Fault::KeyEnded {
        kind: KeyKind::Agreement,
        id,
        by: 4,
    };
    assert_eq!(book.faults(), [(5, ended)]);
}

#[test]
fn a_look_that_no_row_allows_is_found() {
    let mut book = lawful();
    if let LeafBody::Look(look) = &mut book.leaves[2].0.body {
        look.purpose = "CURIOSITY".to_owned();
    }
    assert_eq!(book.faults(), [(2, Fault::LookUnlisted)]);
}

#[test]
fn an_unclear_change_closes() {
    let mut book = lawful();
    if let LeafBody::Change(change) = &mut book.leaves[1].0.body {
        change.facts.clear();
    }
    let ended = consent(|kind, id| Fault::KeyEnded { kind, id, by: 1 });
    assert_eq!(book.faults(), [(1, Fault::StateUnclear), (2, ended)]);
}

#[test]
fn a_missing_a_repeated_and_an_early_leaf_are_found() {
    let mut book = lawful();
    book.look(29, &[]);
    assert_eq!(book.faults(), [(3, Fault::Time { before: 30 })]);
    book.leaves.swap_remove(2);
    assert_eq!(book.faults(), [(3, Fault::Sequence { expected: 2 })]);
    let again = book.leaves[2].clone();
    book.leaves.push(again);
    let expected = [
        (3, Fault::Sequence { expected: 2 }),
        (3, Fault::Sequence { expected: 4 }),
    ];
    assert_eq!(book.faults(), expected);
    book.leaves.truncate(2);
    book.leaves[0].0.region = "150626".to_owned();
    assert_eq!(book.faults(), [(0, Fault::Region)]);
}

#[test]
fn changed_entries_and_openings_are_found() {
    let mut book = lawful();
    book.leaves[2].1.openings[0].opening.detail.clear();
    assert_eq!(book.faults(), [(2, Fault::Opening)]);
    let mut book = lawful();
    book.leaves[2].1.openings[0].index = 7;
    assert_eq!(book.faults(), [(2, Fault::Opening)]);
    let mut book = lawful();
    book.leaves[2].1.entries.clear();
    assert_eq!(book.faults(), [(2, Fault::Entries), (2, Fault::Opening)]);
    // An entry exchanged where nobody can open it: only the root tells.
    let mut book = lawful();
    book.leaves[2].1.entries[0][0] ^= 1;
    let (violations, _) = book.audit(|_| false);
    assert_eq!(
        violations,
        [Violation {
            sequence: 2,
            entry: None,
            fault: Fault::Entries
        }]
    );
}

#[test]
fn an_erased_child_is_counted_and_the_others_are_judged() {
    let mut book = lawful();
    book.look(31, &[("c1", KEYS), ("c2", &[])]);
    let (violations, summary) = book.audit(|child| child != "c1");
    let faults: Vec<Fault> = violations
        .into_iter()
        .map(|violation| violation.fault)
        .collect();
    let unnamed = DEMANDED.iter().map(|&kind| Fault::KeyUnnamed { kind });
    assert_eq!(faults, unnamed.collect::<Vec<_>>());
    assert_eq!((summary.entries, summary.unopened), (5, 4));
}

proptest! {
    /// Random openings, closings and looks: the auditor reports exactly the looks that a plain
    /// replay finds without an open key.
    #[test]
    fn exactly_the_looks_after_an_end_are_found(
        steps in prop::collection::vec((0..3u8, 0..3usize, 0..4i64), 1..40),
    ) {
        let mut book = Book::new();
        book.change(0, "enrolment", "e1", Some("c1"), OPEN);
        let consents = ["k0", "k1", "k2"];
        let mut open = [false; 3];
        let mut expected = Vec::new();
        let mut at = 0;
        for (step, which, pause) in steps {
            at += pause;
            let id = consents[which];
            match step {
                0 => { book.change(at, "consent", id, Some("c1"), OPEN); open[which] = true; }
                1 => {
                    book.change(at, "consent", id, Some("c1"), KeyState::Closed);
                    open[which] = false;
                }
                _ => {
                    if !open[which] {
                        expected.push(book.leaves.len() as u64);
                    }
                    book.look(at, &[("c1", &[("key.enrolment", "e1"), ("key.consent", id)])]);
                }
            }
        }
        let found: Vec<u64> = book.faults().into_iter().map(|(sequence, _)| sequence).collect();
        prop_assert_eq!(found, expected);
    }
}
