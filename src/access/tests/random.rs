//! Random facts. Every part is drawn open with a weight of `open` against one part of anything, so
//! that with a high weight most situations are permitted and with a low one few are.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, Duration, NaiveDate, Utc};
use proptest::prelude::*;

use super::situation::{
    FACILITY, NEIGHBOUR, Situation, agreement, at, consent, day, ending, filing, id,
};
use crate::{
    access::{
        AlertFacts, Ask, Asker,
        bases::BASES,
        facts::{ActorFact, AgreementFact, AssignmentFact, ConsentFact, EnrolmentFact},
    },
    domain::{
        actor::{ActorRole, ActorState},
        agreement::AgreementState,
        alert::{Category, Level},
        assignment::{Duty, Shift},
        consent::{ConsentMode, ConsentState},
        enrolment::EnrolmentState,
        organization::{OrganizationKind, Standing},
        purpose::Purpose,
        region::Zone,
    },
};

fn one_of<T: Copy + std::fmt::Debug + 'static>(
    all: &'static [T],
) -> impl Strategy<Value = T> + Clone {
    prop::sample::select(all)
}

fn biased<T: Clone + std::fmt::Debug + 'static>(
    open: u32,
    value: T,
    any: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<T> {
    prop_oneof![open => Just(value), 1 => any].boxed()
}

/// A day close to 1 September 2026, where everything happens.
fn close_day() -> impl Strategy<Value = NaiveDate> {
    (0..7u64).prop_map(|n| day("2026-08-29").checked_add_days(Days::new(n)).unwrap())
}

fn close_instant() -> impl Strategy<Value = DateTime<Utc>> {
    const MINUTES: &[i64] = &[0, 8 * 60 + 30, 10 * 60, 11 * 60 + 30];
    (close_day(), one_of(MINUTES), -1..=1i64).prop_map(|(day, minutes, micros)| {
        let midnight = at("2000-01-01 00:00") + (day - self::day("2000-01-01"));
        midnight + Duration::minutes(minutes) + Duration::microseconds(micros)
    })
}

fn categories(open: u32) -> BoxedStrategy<BTreeSet<Category>> {
    let all: BTreeSet<Category> = Category::ALL.iter().copied().collect();
    let any = prop::collection::btree_set(one_of(Category::ALL), 0..6);
    biased(open, all, any)
}

fn purposes(open: u32) -> BoxedStrategy<BTreeSet<Purpose>> {
    let all: BTreeSet<Purpose> = Purpose::ALL.iter().copied().collect();
    let any = prop::collection::btree_set(one_of(Purpose::ALL), 0..4);
    biased(open, all, any)
}

fn agreement_state() -> impl Strategy<Value = AgreementState> {
    let end = || ending("2026-08-30 12:00");
    prop::sample::select(vec![
        AgreementState::Draft,
        AgreementState::Proposed,
        AgreementState::Signed,
        AgreementState::Filed(filing()),
        AgreementState::Suspended(filing(), end()),
        AgreementState::Terminated(filing(), end()),
        AgreementState::Declined(end()),
    ])
}

fn agreement_fact(open: u32, n: u8) -> impl Strategy<Value = AgreementFact> {
    let institution = 2 + (n % 2);
    (
        biased(open, AgreementState::Filed(filing()), agreement_state()),
        biased(
            open,
            (day("2026-08-01"), day("2027-07-31")),
            (close_day(), close_day()),
        ),
        biased(open, true, any::<bool>()),
        categories(open),
        purposes(open),
        prop::collection::btree_set(2..6u8, 0..3),
    )
        .prop_map(
            move |(state, term, parties_active, categories, purposes, further)| {
                let mut fact = agreement(n, institution);
                fact.sources.extend(further.into_iter().map(id));
                AgreementFact {
                    state,
                    term,
                    parties_active,
                    categories,
                    purposes,
                    ..fact
                }
            },
        )
}

fn assignment_fact(open: u32, n: u8) -> impl Strategy<Value = AssignmentFact> {
    let shift = |weekday, from, until| Shift::parse(weekday, from, until).unwrap();
    let shifts = vec![
        vec![],
        vec![shift(2, "08:30", "11:30")],
        vec![shift(4, "00:00", "24:00")],
    ];
    (
        biased(
            open,
            id(30),
            prop::sample::select(vec![id(30), id(31), id(39)]),
        ),
        biased(
            open,
            (day("2026-08-01"), day("2026-12-31")),
            (close_day(), close_day()),
        ),
        biased(open, vec![], prop::sample::select(shifts)),
        biased(open, None, Just(Some(at("2026-08-30 12:00")))),
    )
        .prop_map(
            move |(agreement, (first_day, last_day), shifts, ended)| AssignmentFact {
                id: id(n),
                agreement,
                duty: Duty {
                    first_day,
                    last_day,
                    shifts,
                    ended,
                },
            },
        )
}

fn enrolment_fact(open: u32, entry: bool, n: u8) -> impl Strategy<Value = EnrolmentFact> {
    let state = if entry {
        EnrolmentState::Expected {
            first_day: day("2026-09-07"),
        }
    } else {
        EnrolmentState::Active {
            first_day: day("2026-03-02"),
        }
    };
    let any = (close_day(), close_day(), 0..3u8).prop_map(|(first_day, last_day, of)| match of {
        0 => EnrolmentState::Expected { first_day },
        1 => EnrolmentState::Active { first_day },
        _ => EnrolmentState::Left {
            first_day,
            last_day,
        },
    });
    biased(open, state, any).prop_map(move |state| EnrolmentFact { id: id(n), state })
}

fn consent_fact(open: u32, n: u8) -> impl Strategy<Value = ConsentFact> {
    let end = at("2026-08-30 12:00");
    let ended = vec![
        ConsentState::Withdrawn { at: end },
        ConsentState::Superseded { at: end },
    ];
    let bound = || {
        prop::option::weighted(
            0.2,
            (1..28u32).prop_map(|d| day(&format!("2026-06-{d:02}"))),
        )
    };
    let days = (day("2026-08-01"), day("2027-07-31"));
    (
        (1..28u32).prop_map(|d| at(&format!("2026-08-{d:02} 18:00"))),
        biased(open, ConsentState::Granted, prop::sample::select(ended)),
        biased(open, false, any::<bool>()),
        biased(open, days, (close_day(), close_day())),
        purposes(open),
        categories(open),
        biased(
            open,
            BTreeSet::new(),
            prop::collection::btree_set((2..6u8).prop_map(id), 0..3),
        ),
        one_of(ConsentMode::ALL),
        bound(),
        bound(),
    )
        .prop_map(
            move |(
                granted,
                state,
                guardianship_ended,
                days,
                purposes,
                categories,
                sources,
                mode,
                from,
                until,
            )| {
                ConsentFact {
                    granted,
                    state,
                    guardianship_ended,
                    first_day: days.0,
                    last_day: days.1,
                    purposes,
                    categories,
                    sources,
                    mode,
                    data_from: from,
                    data_until: until,
                    ..consent(n, "2026-08-01 18:00")
                }
            },
        )
}

fn ask(open: u32) -> impl Strategy<Value = Ask> {
    const ROWS: usize = BASES.len() - 1;
    let row = (0..ROWS).prop_map(|n| Ask {
        asker: BASES[n].asker,
        purpose: BASES[n].purpose,
    });
    let any = (0..BASES.len(), one_of(Purpose::ALL)).prop_map(|(n, purpose)| Ask {
        asker: BASES[n].asker,
        purpose,
    });
    // The rows over consent are the intricate ones.
    let intricate = (0..4usize).prop_map(|n| Ask {
        asker: BASES[n].asker,
        purpose: BASES[n].purpose,
    });
    prop_oneof![open => row, open => intricate, 1 => any]
}

/// Facts and a question.
pub fn situation(open: u32) -> impl Strategy<Value = Situation> {
    ask(open)
        .prop_flat_map(move |ask| {
            let of = Situation::of(ask.asker, ask.purpose);
            let entry = ask.purpose == Purpose::EntryExamination;
            let actor = of.asker.actor.clone();
            let any_actor = (
                one_of(ActorRole::ALL),
                one_of(ActorState::ALL),
                any::<bool>(),
            )
                .prop_map(|(role, state, practitioner)| {
                    let practitioner = practitioner.then(|| id(21));
                    Some(ActorFact {
                        id: id(20),
                        role,
                        state,
                        practitioner,
                    })
                });
            let standing = prop::option::of(one_of(Standing::ALL));
            let asker = (
                biased(open, of.asker.organization, (1..5u8).prop_map(id)),
                biased(open, of.asker.kind, one_of(OrganizationKind::ALL)),
                biased(open, Some(Standing::Active), standing),
                biased(open, actor, prop_oneof![any_actor, Just(None)]),
            );
            let facility = (
                (
                    agreement_fact(open, 30),
                    agreement_fact(open, 31),
                    0..=2usize,
                ),
                (
                    assignment_fact(open, 40),
                    assignment_fact(open, 41),
                    0..=2usize,
                ),
            );
            let child = (
                biased(
                    open,
                    day("2024-05-04"),
                    close_day().prop_map(|d| d - (day("2026-09-01") - day("2012-09-01"))),
                ),
                biased(
                    open,
                    None,
                    (1..31u32).prop_map(|d| Some(at(&format!("2026-08-{d:02} 18:00")))),
                ),
                (
                    enrolment_fact(open, entry, 51),
                    enrolment_fact(open, entry, 52),
                    0..=2usize,
                ),
                (
                    consent_fact(open, 60),
                    consent_fact(open, 61),
                    consent_fact(open, 62),
                    0..=3usize,
                ),
                biased(
                    open,
                    of.child.clone().and_then(|c| c.own_guardianship),
                    Just(None),
                ),
                prop::option::weighted(0.1, close_day()),
            );
            let zone = biased(open, 480, -720..=840i32).prop_map(|m| Zone::east(m).unwrap());
            let there = (
                biased(open * 2, true, Just(false)),
                biased(open * 2, true, Just(false)),
            );
            (
                Just((of, ask)),
                asker,
                facility,
                child,
                close_instant(),
                zone,
                there,
            )
        })
        .prop_map(
            |((mut of, ask), asker, facility, child, now, zone, there)| {
                (of.ask, of.now, of.zone) = (ask, now, zone);
                (
                    of.asker.organization,
                    of.asker.kind,
                    of.asker.standing,
                    of.asker.actor,
                ) = asker;
                let ((a, b, agreements), (c, d, assignments)) = facility;
                *of.agreements() = first(agreements, [a, b]);
                *of.assignments() = first(assignments, [c, d]);
                let (birth, disputed, (e, f, enrolments), (g, h, i, consents), own, own_from) =
                    child;
                let child = of.child();
                (
                    child.birth_date,
                    child.disputed_since,
                    child.own_guardianship,
                ) = (birth, disputed, own);
                child.enrolments = first(enrolments, [e, f]);
                child.consents = first(consents, [g, h, i]);
                if let (Some(own), Some(from)) = (child.own_guardianship.as_mut(), own_from) {
                    own.first_day = from;
                }
                if !there.0 {
                    of.facility = None;
                }
                if !there.1 {
                    of.child = None;
                }
                of
            },
        )
}

/// None of several is rare: zero counts as one more than there is to draw.
fn first<T, const N: usize>(n: usize, of: [T; N]) -> Vec<T> {
    let take = if n == 0 { N } else { n };
    of.into_iter().take(take).collect()
}

/// An alert over sources that may or may not be covered.
pub fn alert() -> impl Strategy<Value = AlertFacts> {
    let june = || (1..29u32).prop_map(|d| day(&format!("2026-06-{d:02}")));
    (
        (one_of(Category::ALL), one_of(Level::ALL)),
        // Mostly of the child wherever it is, else of this facility or its neighbour.
        prop_oneof![3 => Just(None), 2 => one_of(&[FACILITY, NEIGHBOUR]).prop_map(|n| Some(id(n)))],
        prop::collection::btree_set((2..5u8).prop_map(id), 0..3),
        (june(), june()),
        (any::<bool>(), any::<bool>(), any::<bool>()),
        prop::collection::btree_set(((2..5u8).prop_map(id), june()), 0..3),
    )
        .prop_map(
            |((category, level), facility, sources, days, for_whom, statements)| {
                let (for_facility, for_instructor, for_mch) = for_whom;
                let spoken = statements.iter().map(|(source, _)| *source);
                AlertFacts {
                    category,
                    facility,
                    level,
                    sources: if statements.is_empty() {
                        sources
                    } else {
                        spoken.collect()
                    },
                    statements,
                    evidence_first: days.0.min(days.1),
                    evidence_last: days.0.max(days.1),
                    for_facility,
                    for_instructor,
                    for_mch,
                }
            },
        )
}

/// Whether the question is one over a guardian's consent.
pub fn rests_on_consent(s: &Situation) -> bool {
    matches!(s.ask.asker, Asker::FacilityStaff | Asker::Instructor)
}
