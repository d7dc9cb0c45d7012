//! A facility looks: its staff each morning, or an instructor assigned to it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Answer, Ask, Audience, Withheld,
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
        alerts::{self, Disclosed, Wanted},
        facts,
    },
};

/// Everything the decisions over one facility's children rest on.
pub(super) struct Ward {
    pub(super) asker: AskerFacts,
    pub(super) capacity: Asker,
    pub(super) facility: FacilityFacts,
    pub(super) children: Vec<ChildFacts>,
}

impl Sitting {
    pub(super) async fn facility(
        &mut self,
        ask: &Ask,
        facility: Id<Organization>,
        purpose: Option<Purpose>,
        child: Option<Id<Child>>,
    ) -> Result<Answer, Error> {
        let (asker, caller) = self.admit(&ask.claim).await?;
        let ward = self.ward(asker, &caller, facility, child).await?;
        let purpose = purpose.unwrap_or(match ward.capacity {
            Asker::Instructor => Purpose::HealthGuidance,
            _ => Purpose::DailyCare,
        });
        let (permits, withheld) = self.decide_all(&ward, purpose);
        if let Some(child) = child {
            // Somebody else's child and no child at all are the same to a stranger.
            let known = permits.iter().any(|p| p.child() == Some(child));
            match withheld.into_iter().next() {
                None if known => {}
                // Nor is it an instructor's to know whom it may not see, or why.
                Some(withheld) if ward.capacity == Asker::FacilityStaff => {
                    return Err(Error::Denied(withheld.denial));
                }
                _ => return Err(Reason::NotFound.into()),
            }
            return self
                .show(ask, &caller, permits, Vec::new(), ward.capacity)
                .await;
        }
        if ward.capacity == Asker::Instructor && permits.is_empty() {
            return Err(not_serving(&ward, withheld));
        }
        // Whom an instructor may not see is not the instructor's to know.
        let withheld = if ward.capacity == Asker::Instructor {
            Vec::new()
        } else {
            withheld
        };
        self.show(ask, &caller, permits, withheld, ward.capacity)
            .await
    }

    /// Reads the facts of a facility's children for this caller.
    pub(super) async fn ward(
        &mut self,
        asker: AskerFacts,
        caller: &Caller,
        facility: Id<Organization>,
        child: Option<Id<Child>>,
    ) -> Result<Ward, Error> {
        let capacity = if caller.organization == facility && caller.kind.is_facility() {
            Asker::FacilityStaff
        } else if caller.kind.is_medical() {
            Asker::Instructor
        } else {
            return Err(Reason::NotFound.into());
        };
        let region = self.region;
        let mut found = facts::facilities(&mut self.tx, region, &[facility]).await?;
        let mut facility_facts = found
            .remove(&facility)
            .ok_or(Error::Broken("a facility without facts"))?;
        if let (Asker::Instructor, Some(practitioner)) = (capacity, caller.actor.practitioner) {
            facts::assignments(&mut self.tx, region, &mut facility_facts, practitioner).await?;
        }
        let today = self.settings.zone.day(self.now);
        let mut children = facts::children_at(&mut self.tx, region, facility, today, child).await?;
        let ids: Vec<Id<Child>> = children.iter().map(|c| c.child).collect();
        let mut consents = facts::consents(&mut self.tx, region, &ids, Some(facility)).await?;
        for child in &mut children {
            child.consents = consents
                .remove(&(child.child, facility))
                .unwrap_or_default();
        }
        Ok(Ward {
            asker,
            capacity,
            facility: facility_facts,
            children,
        })
    }

    /// Decides over every child of the ward.
    pub(super) fn decide_all(&self, ward: &Ward, purpose: Purpose) -> (Vec<Permit>, Vec<Withheld>) {
        let (mut permits, mut withheld) = (Vec::new(), Vec::new());
        for child in &ward.children {
            match self.decide(ward, child, purpose) {
                Ok(permit) => permits.push(permit),
                Err(denial) => withheld.push(Withheld {
                    child: child.child,
                    denial,
                }),
            }
        }
        (permits, withheld)
    }

    /// Decides over one child. Where daily care is closed, urgent safety may go on: while who speaks
    /// for the child is disputed, or where only that was allowed. Deliveries reach as far.
    fn decide(&self, ward: &Ward, child: &ChildFacts, purpose: Purpose) -> Result<Permit, Denial> {
        let facts = Facts {
            zone: self.settings.zone,
            asker: &ward.asker,
            facility: Some(&ward.facility),
            child: Some(child),
        };
        let ask = |purpose| access::Ask {
            asker: ward.capacity,
            purpose,
        };
        access::decide(&facts, ask(purpose), self.now).or_else(|denial| {
            if purpose == Purpose::DailyCare {
                access::decide(&facts, ask(Purpose::UrgentSafety), self.now).map_err(|_| denial)
            } else {
                Err(denial)
            }
        })
    }

    /// Reads what the permits reach and writes the leaf.
    async fn show(
        &mut self,
        ask: &Ask,
        caller: &Caller,
        permits: Vec<Permit>,
        withheld: Vec<Withheld>,
        capacity: Asker,
    ) -> Result<Answer, Error> {
        let found = alerts::under(&mut self.tx, self.region, &permits, &Wanted::default()).await?;
        let shown = shown(&permits, &found);
        self.leaf(ask, &caller.actor_id().to_string(), &shown)
            .await?;
        let audience = match capacity {
            Asker::Instructor => Audience::MedicalSide,
            _ => Audience::Facility {
                may_view: may_view(&permits),
            },
        };
        Ok(Answer::Alerts {
            alerts: found,
            audience,
            withheld,
            next: None,
        })
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
    if ward.facility.assignments.is_empty() {
        return Reason::NotFound.into();
    }
    let Some(mut denial) = withheld.into_iter().map(|w| w.denial).next() else {
        return Reason::NotFound.into();
    };
    // The keys of a child are not told: only those of the instructor.
    denial
        .keys
        .retain(|k| matches!(k.key, Key::Standing | Key::Actor | Key::Assignment));
    Error::Denied(denial)
}
