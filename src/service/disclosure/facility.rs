//! A facility looks: its staff each morning, or an instructor assigned to it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Answer, Ask, Audience, Question, Why, Withheld,
    gathered::Care,
    sitting::{Shown, Sitting},
};
use crate::{
    access::{
        self, Asker, Denial, Key, Permit,
        facts::{AskerFacts, ChildFacts, FacilityFacts, Facts},
    },
    domain::{alert::Category, child::Child, id::Id, organization::Organization, purpose::Purpose},
    service::{caller::Caller, error::Error, reason::Reason},
    store::{
        alerts::{self, Disclosed, Part},
        facts,
    },
};

/// Everything the decisions over one facility's children rest on.
pub(super) struct Ward {
    pub(super) asker: AskerFacts,
    pub(super) capacity: Asker,
    pub(super) care: Care,
}

/// A look that is decided: what its permits reach is still to be read.
pub(super) struct Decided {
    pub(super) caller: Caller,
    pub(super) capacity: Asker,
    pub(super) permits: Vec<Permit>,
    pub(super) withheld: Vec<Withheld>,
    part: Part,
}

impl Sitting {
    /// Reads together who is in care where the looks go, for those that are admitted.
    pub(super) async fn gather_wards(&mut self, asks: &[&Ask]) -> Result<(), Error> {
        let mut facilities = BTreeSet::new();
        for ask in asks {
            let (Question::Facility {
                facility,
                child: None,
                ..
            }
            | Question::DueAt {
                facility,
                child: None,
                ..
            }) = ask.question
            else {
                continue;
            };
            match self.admit(&ask.claim).await {
                Ok((_, caller)) if capacity(&caller, facility).is_some() => {
                    facilities.insert(facility);
                }
                // Each look is refused by itself.
                Ok(_) | Err(Error::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        self.gather_care(facilities).await
    }

    /// Decides over a facility's children, or over one of them.
    pub(super) async fn facility(
        &mut self,
        ask: &Ask,
        (facility, child): (Id<Organization>, Option<Id<Child>>),
        purpose: Option<Purpose>,
        part: Part,
    ) -> Result<Decided, Error> {
        let (asker, caller) = self.admit(&ask.claim).await?;
        let ward = self.ward(asker, &caller, facility, child).await?;
        let capacity = ward.capacity;
        // What a clinician decided, and why, is for the medical side and the family: a facility is told
        // by the retraction that an alert ended, and needs no more for its care.
        if capacity == Asker::FacilityStaff && part != Part::Standing {
            return Err(Reason::NotForThisOrganization.into());
        }
        let purpose = purpose.unwrap_or(match capacity {
            Asker::Instructor => Purpose::HealthGuidance,
            _ => Purpose::DailyCare,
        });
        let (permits, withheld) = match ask.question {
            // What is due is never urgent: where daily care is closed there is nothing to fall back to.
            Question::DueAt { .. } => decide_each(&ward, |child| self.keys(&ward, child, purpose)),
            _ => self.decide_all(&ward, purpose),
        };
        let decided = |withheld| Decided {
            caller,
            capacity,
            permits,
            withheld,
            part,
        };
        if let Some(child) = child {
            // Somebody else's child and no child at all are the same to a stranger.
            let known = decided(Vec::new());
            if known.permits.iter().any(|p| p.child() == Some(child)) {
                return Ok(known);
            }
            return Err(match withheld.into_iter().next() {
                // Nor is it an instructor's to know whom it may not see, or why.
                Some(Withheld {
                    why: Why::Denied(denial),
                    ..
                }) if capacity == Asker::FacilityStaff => Error::Denied(denial),
                _ => Reason::NotFound.into(),
            });
        }
        if capacity == Asker::Instructor {
            // Whom an instructor may not see is not the instructor's to know.
            let seen = decided(Vec::new());
            if seen.permits.is_empty() {
                return Err(not_serving(&ward, withheld));
            }
            return Ok(seen);
        }
        Ok(decided(withheld))
    }

    /// Reads the facts of a facility's children for this caller.
    pub(super) async fn ward(
        &mut self,
        asker: AskerFacts,
        caller: &Caller,
        facility: Id<Organization>,
        child: Option<Id<Child>>,
    ) -> Result<Ward, Error> {
        let capacity = capacity(caller, facility).ok_or(Reason::NotFound)?;
        let mut care = match child {
            None => self.care(facility).await?,
            Some(child) => self.care_of(facility, child).await?,
        };
        let practitioner = caller.actor.practitioner;
        if capacity == Asker::Instructor && practitioner.is_some() {
            // The assignments are this caller's: the facts that others share stay without.
            let mut own = FacilityFacts::clone(&care.facility);
            facts::assignments(&mut self.tx, self.region, &mut own, practitioner).await?;
            care.facility = Arc::new(own);
        }
        Ok(Ward {
            asker,
            capacity,
            care,
        })
    }

    /// Decides over every child of the ward. Where daily care is closed, urgent safety may go on: while
    /// who speaks for the child is disputed, or where only that was allowed. Deliveries reach as far.
    pub(super) fn decide_all(&self, ward: &Ward, purpose: Purpose) -> (Vec<Permit>, Vec<Withheld>) {
        decide_each(ward, |child| {
            self.keys(ward, child, purpose).or_else(|denial| {
                if purpose == Purpose::DailyCare {
                    self.keys(ward, child, Purpose::UrgentSafety)
                        .map_err(|_| denial)
                } else {
                    Err(denial)
                }
            })
        })
    }

    /// Decides over one child for one purpose.
    fn keys(&self, ward: &Ward, child: &ChildFacts, purpose: Purpose) -> Result<Permit, Denial> {
        let facts = Facts {
            zone: self.settings.zone,
            asker: &ward.asker,
            facility: Some(&ward.care.facility),
            child: Some(child),
        };
        let asker = ward.capacity;
        access::decide(&facts, access::Ask { asker, purpose }, self.now)
    }

    /// Reads what the permits of these looks reach, together, and writes a leaf for each.
    pub(super) async fn show(
        &mut self,
        looks: Vec<(usize, &Ask, Decided)>,
    ) -> Result<Vec<(usize, Answer)>, Error> {
        let standing = |look: &(usize, &Ask, Decided)| look.2.part == Part::Standing;
        let (standing, others): (Vec<_>, Vec<_>) = looks.into_iter().partition(standing);
        let mut answers = self.show_part(Part::Standing, standing).await?;
        answers.extend(self.show_part(Part::Decided, others).await?);
        Ok(answers)
    }

    async fn show_part(
        &mut self,
        part: Part,
        looks: Vec<(usize, &Ask, Decided)>,
    ) -> Result<Vec<(usize, Answer)>, Error> {
        let permits: Vec<&[Permit]> = looks.iter().map(|(_, _, l)| &*l.permits).collect();
        let found = alerts::under_each(&mut self.tx, self.region, part, &permits).await?;
        let children = permits.iter().copied().flatten().filter_map(Permit::child);
        let children: Vec<Id<Child>> = children.collect();
        self.gather_keys(children).await?;
        let mut answers = Vec::with_capacity(looks.len());
        for ((place, ask, mut look), mut alerts) in looks.into_iter().zip(found) {
            let unreadable = self.take_unreadable(&mut alerts).await?;
            look.withheld
                .extend(Withheld::unreadable(unreadable.iter().map(|d| d.row.child)));
            let shown = shown(&look.permits, &alerts);
            let actor = look.caller.actor_id().to_string();
            self.leaf(ask, &actor, &shown).await?;
            let audience = match look.capacity {
                Asker::Instructor => Audience::Instructor {
                    may_view: may_view(&look.permits),
                },
                _ => Audience::Facility {
                    may_view: may_view(&look.permits),
                },
            };
            let answer = Answer::Alerts {
                alerts,
                audience,
                withheld: look.withheld,
                seen: self.seen(&look.permits),
                next: None,
            };
            answers.push((place, answer));
        }
        Ok(answers)
    }
}

fn decide_each(
    ward: &Ward,
    decide: impl Fn(&ChildFacts) -> Result<Permit, Denial>,
) -> (Vec<Permit>, Vec<Withheld>) {
    let (mut permits, mut withheld) = (Vec::new(), Vec::new());
    for child in ward.care.children.iter() {
        match decide(child) {
            Ok(permit) => permits.push(permit),
            Err(denial) => withheld.push(Withheld {
                child: child.child,
                why: Why::Denied(denial),
            }),
        }
    }
    (permits, withheld)
}

/// In which capacity a caller may ask about a facility; none for a stranger.
fn capacity(caller: &Caller, facility: Id<Organization>) -> Option<Asker> {
    if caller.organization == facility && caller.kind.is_facility() {
        Some(Asker::FacilityStaff)
    } else {
        caller.kind.is_medical().then_some(Asker::Instructor)
    }
}

/// What each permit showed: for every child that was looked at, shown or not.
pub(super) fn shown<'a>(permits: &'a [Permit], found: &[Disclosed]) -> Vec<Shown<'a>> {
    let mut categories: BTreeMap<Id<Child>, BTreeSet<Category>> = BTreeMap::new();
    for alert in found {
        categories
            .entry(alert.row.child)
            .or_default()
            .insert(alert.row.facts.category);
    }
    permits
        .iter()
        .map(|permit| Shown {
            permit,
            categories: permit
                .child()
                .and_then(|c| categories.remove(&c))
                .unwrap_or_default(),
            further: Vec::new(),
        })
        .collect()
}

/// The children whose consent lets results be viewed, not alerts only.
pub(super) fn may_view(permits: &[Permit]) -> BTreeSet<Id<Child>> {
    use crate::{access::Scope, domain::consent::ConsentMode};
    permits
        .iter()
        .filter(|p| match p.scope() {
            Scope::Consented { mode, .. } => *mode != ConsentMode::AlertsOnly,
            _ => true,
        })
        .filter_map(Permit::child)
        .collect()
}

/// What an instructor hears who may see no child: which key is missing if there is an assignment,
/// else nothing at all.
fn not_serving(ward: &Ward, withheld: Vec<Withheld>) -> Error {
    let denial = withheld.into_iter().find_map(Withheld::denial);
    let told = denial.and_then(|denial| instructor_denial(ward, denial));
    told.map_or_else(|| Reason::NotFound.into(), Error::Denied)
}

/// What of a denial an instructor is told: nothing without an assignment, and of the keys only those
/// of the instructor, not those of a child.
pub(super) fn instructor_denial(ward: &Ward, mut denial: Denial) -> Option<Denial> {
    denial
        .keys
        .retain(|k| matches!(k.key, Key::Standing | Key::Actor | Key::Assignment));
    (!ward.care.facility.assignments.is_empty()).then_some(denial)
}
