//! The decision itself: each key is looked at, all are reported, and all must be open.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{
    bases::{self, Asker, Basis, Sees},
    facts::{AgreementFact, AssignmentFact, ConsentFact, EnrolmentFact, FacilityFacts, Facts},
    keys::{Closed, Key, KeyState},
    permit::{Denial, Grant, Ground, Permit, Scope},
};
use crate::domain::{
    actor::{ActorRole, ActorState},
    alert::Category,
    assignment::OffDuty,
    child::fourteenth_birthday,
    consent::{ConsentMode, ConsentState},
    enrolment::Phase,
    organization::{OrganizationKind, Standing},
    purpose::Purpose,
};

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// In what capacity.
    pub asker: Asker,
    /// Why.
    pub purpose: Purpose,
}

/// Decides over one look at `now`, the time taken after the region's ledger head was locked.
///
/// Pure: the same facts, question and time always give the same answer. Every key of the basis is
/// evaluated, so that a [`Denial`] tells the state of all of them.
pub fn decide(facts: &Facts<'_>, ask: Ask, now: DateTime<Utc>) -> Result<Permit, Denial> {
    let Some(basis) = bases::find(ask.asker, ask.purpose) else {
        return Err(Denial {
            basis: None,
            keys: Vec::new(),
        });
    };
    let look = Look { facts, basis, now };
    let (keys, grounds) = look.turn_all();
    if keys.iter().all(|k| k.state.is_ok())
        && let Some(scope) = look.scope()
    {
        return Ok(Permit {
            basis,
            organization: facts.asker.organization,
            actor: facts.asker.actor.as_ref().map(|a| a.id),
            child: facts.child.map(|c| c.child),
            scope,
            grounds,
            decided: now,
        });
    }
    Err(Denial {
        basis: Some(basis),
        keys: look.nothing_covered(keys),
    })
}

/// Every key of a basis and how it stands, and how far the look would reach whatever its keys. For
/// explaining: it makes no permit.
pub fn explain(
    facts: &Facts<'_>,
    basis: &'static Basis,
    now: DateTime<Utc>,
) -> (Vec<KeyState>, Option<Scope>) {
    let look = Look { facts, basis, now };
    let (keys, _) = look.turn_all();
    (look.nothing_covered(keys), look.scope())
}

/// One question, being answered.
pub(super) struct Look<'a> {
    pub(super) facts: &'a Facts<'a>,
    pub(super) basis: &'static Basis,
    pub(super) now: DateTime<Utc>,
}

/// A key's answer: ids of the rows that hold it open, or why it is closed.
type Turn = Result<Vec<String>, Closed>;

impl Look<'_> {
    /// Turns every key of the basis.
    fn turn_all(&self) -> (Vec<KeyState>, Vec<Ground>) {
        let mut grounds = Vec::new();
        let keys = self.basis.keys.iter().map(|&key| {
            let state = self.turn(key).map(|ids| {
                grounds.extend(ids.into_iter().map(|id| Ground { key, id }));
            });
            KeyState { key, state }
        });
        (keys.collect(), grounds)
    }

    /// Every key may be open and yet consent and data clause have nothing in common: then it is the
    /// agreement that does not reach.
    fn nothing_covered(&self, mut keys: Vec<KeyState>) -> Vec<KeyState> {
        if keys.iter().all(|k| k.state.is_ok()) && self.scope().is_none() {
            for key in keys.iter_mut().filter(|k| k.key == Key::Agreement) {
                key.state = Err(Closed::NothingCovered);
            }
        }
        keys
    }

    pub(super) fn turn(&self, key: Key) -> Turn {
        match key {
            Key::Standing => self.standing(),
            Key::Actor => self.actor(),
            Key::Enrolment => self.enrolment(Phase::InCare),
            Key::ExpectedEnrolment => self.enrolment(Phase::Expected),
            Key::Agreement => self.agreement(),
            Key::Assignment => self.assignment(),
            Key::Guardianship => self.undisputed(),
            Key::Consent | Key::UndisputedConsent => self.consent().map(|c| vec![c.id.to_string()]),
            Key::Authorship => self.office_of(OrganizationKind::is_medical),
            Key::Area => self.office_of(|k| k == OrganizationKind::MchCentre),
            Key::Office => self.office_of(|k| k == OrganizationKind::HealthCommission),
            Key::OwnGuardianship => self.own_guardianship(),
            // No door declares an emergency yet, so there is never a fact to open this key.
            Key::BrokenGlass => Err(Closed::Absent),
        }
    }

    fn standing(&self) -> Turn {
        match self.facts.asker.standing {
            Some(Standing::Active) => Ok(vec![self.facts.asker.organization.to_string()]),
            Some(Standing::Suspended) => Err(Closed::Suspended),
            None => Err(Closed::Absent),
        }
    }

    fn actor(&self) -> Turn {
        let actor = self.facts.asker.actor.as_ref().ok_or(Closed::Absent)?;
        match actor.state {
            ActorState::Pending => return Err(Closed::NotApproved),
            ActorState::Revoked => return Err(Closed::Revoked),
            ActorState::Approved => {}
        }
        let fits = match self.basis.asker {
            Asker::FacilityStaff => matches!(
                actor.role,
                ActorRole::ResponsiblePerson | ActorRole::HealthWorker | ActorRole::Carer
            ),
            Asker::Instructor => actor.practitioner.is_some(),
            Asker::SourceInstitution => true,
            Asker::MchCentre | Asker::EmergencyInstitution => {
                matches!(
                    actor.role,
                    ActorRole::ResponsiblePerson | ActorRole::Clinician
                )
            }
            Asker::Commission => {
                matches!(
                    actor.role,
                    ActorRole::ResponsiblePerson | ActorRole::Official
                )
            }
            Asker::Guardian => false,
        };
        if fits {
            Ok(vec![actor.id.to_string()])
        } else {
            Err(Closed::WrongRole)
        }
    }

    fn enrolment(&self, wanted: Phase) -> Turn {
        let child = self.facts.child.ok_or(Closed::Absent)?;
        let phase = |e: &EnrolmentFact| e.state.phase(self.facts.zone, self.now);
        if let Some(open) = child.enrolments.iter().find(|e| phase(e) == wanted) {
            return Ok(vec![open.id.to_string()]);
        }
        Err(nearest(child.enrolments.iter().map(|e| match phase(e) {
            Phase::Expected => Closed::NotYetBegun,
            Phase::InCare | Phase::Ended => Closed::Ended,
        })))
    }

    /// The facility in question. Staff are asked about their own and no other.
    fn facility(&self) -> Result<&FacilityFacts, Closed> {
        let facility = self.facts.facility.ok_or(Closed::Absent)?;
        let own = facility.facility == self.facts.asker.organization;
        if own || self.basis.asker != Asker::FacilityStaff {
            Ok(facility)
        } else {
            Err(Closed::Absent)
        }
    }

    fn in_force(&self, agreement: &AgreementFact) -> Result<(), Closed> {
        agreement.holds(self.facts.zone, self.now)?;
        if !self.covers_purpose(&agreement.purposes) {
            return Err(Closed::OtherPurpose);
        }
        Ok(())
    }

    /// The facility's agreements that speak for this asker. An instructor serves under those of the
    /// own institution: what another's opens is not the instructor's to see.
    fn agreements(&self) -> impl Iterator<Item = &AgreementFact> {
        let instructor = self.basis.asker == Asker::Instructor;
        self.facility()
            .into_iter()
            .flat_map(|f| &f.agreements)
            .filter(move |a| !instructor || a.institution == self.facts.asker.organization)
    }

    fn open_agreements(&self) -> impl Iterator<Item = &AgreementFact> {
        self.agreements().filter(|a| self.in_force(a).is_ok())
    }

    fn agreement(&self) -> Turn {
        let open: Vec<String> = self.open_agreements().map(|a| a.id.to_string()).collect();
        if !open.is_empty() {
            return Ok(open);
        }
        self.facility()?;
        Err(nearest(
            self.agreements().filter_map(|a| self.in_force(a).err()),
        ))
    }

    fn assignment(&self) -> Turn {
        let facility = self.facility()?;
        let holds = |a: &AssignmentFact| -> Result<(), Closed> {
            let agreement = self.agreement_of(facility, a)?;
            a.duty.holds(self.facts.zone, self.now)?;
            self.in_force(agreement)
        };
        if let Some(open) = facility.assignments.iter().find(|a| holds(a).is_ok()) {
            return Ok(vec![open.id.to_string()]);
        }
        Err(nearest(
            facility.assignments.iter().filter_map(|a| holds(a).err()),
        ))
    }

    /// The agreement an assignment rests on, if the asking institution assigned it: whoever changes
    /// employers leaves assignments behind.
    fn agreement_of<'f>(
        &self,
        facility: &'f FacilityFacts,
        assignment: &AssignmentFact,
    ) -> Result<&'f AgreementFact, Closed> {
        let of = |g: &&AgreementFact| {
            g.id == assignment.agreement && g.institution == self.facts.asker.organization
        };
        facility.agreements.iter().find(of).ok_or(Closed::Absent)
    }

    /// Whether the asking institution has anybody assigned to the facility today, on shift or off.
    pub(super) fn has_a_post(&self) -> bool {
        let holds = |facility: &FacilityFacts, a: &AssignmentFact| {
            let duty = a.duty.holds(self.facts.zone, self.now);
            matches!(duty, Ok(()) | Err(OffDuty::OutsideShift))
                && self
                    .agreement_of(facility, a)
                    .is_ok_and(|g| self.in_force(g).is_ok())
        };
        self.facility()
            .is_ok_and(|f| f.assignments.iter().any(|a| holds(f, a)))
    }

    fn undisputed(&self) -> Turn {
        match self.facts.child.ok_or(Closed::Absent)?.disputed_since {
            Some(_) => Err(Closed::Disputed),
            None => Ok(Vec::new()),
        }
    }

    /// The consent that holds. Of several the latest counts.
    fn consent(&self) -> Result<&ConsentFact, Closed> {
        let child = self.facts.child.ok_or(Closed::Absent)?;
        if self.facts.zone.day(self.now) >= fourteenth_birthday(child.birth_date) {
            return Err(Closed::Ended);
        }
        let holds = |c: &ConsentFact| -> Result<(), Closed> {
            match c.state {
                ConsentState::Withdrawn { .. } => return Err(Closed::Withdrawn),
                ConsentState::Superseded { .. } => return Err(Closed::Ended),
                ConsentState::Granted => {}
            }
            if c.guardianship_ended || self.now >= self.facts.zone.end(c.last_day) {
                return Err(Closed::Ended);
            }
            if self.now < self.facts.zone.start(c.first_day) {
                return Err(Closed::NotYetBegun);
            }
            // While guardianship is disputed, only what was given before the dispute still speaks.
            if child.disputed_since.is_some_and(|since| c.granted >= since) {
                return Err(Closed::Disputed);
            }
            if !self.covers_purpose(&c.purposes) {
                return Err(Closed::OtherPurpose);
            }
            Ok(())
        };
        let open = child.consents.iter().filter(|c| holds(c).is_ok());
        let latest = open.max_by_key(|c| (c.granted, c.id));
        latest.ok_or_else(|| nearest(child.consents.iter().filter_map(|c| holds(c).err())))
    }

    /// Urgent safety is the part of daily care that outlives a dispute: what covers daily care
    /// covers it too.
    fn covers_purpose(&self, purposes: &BTreeSet<Purpose>) -> bool {
        let asked = self.basis.purpose;
        purposes.contains(&asked)
            || (asked == Purpose::UrgentSafety && purposes.contains(&Purpose::DailyCare))
    }

    fn own_guardianship(&self) -> Turn {
        let child = self.facts.child.ok_or(Closed::Absent)?;
        let own = child.own_guardianship.as_ref().ok_or(Closed::Absent)?;
        if own.ended.is_some() {
            Err(Closed::Ended)
        } else if own.disputed_since.is_some() {
            Err(Closed::Disputed)
        } else if self.now < self.facts.zone.start(own.first_day) {
            Err(Closed::NotYetBegun)
        } else {
            Ok(vec![own.id.to_string()])
        }
    }

    fn office_of(&self, fits: impl Fn(OrganizationKind) -> bool) -> Turn {
        if fits(self.facts.asker.kind) {
            Ok(Vec::new())
        } else {
            Err(Closed::Absent)
        }
    }

    /// How far the look reaches once every key is open; `None` when that is nowhere.
    pub(super) fn scope(&self) -> Option<Scope> {
        let (urgent_only, instructor, only) = match self.basis.sees {
            Sees::ConsentedCategories => (false, false, None),
            Sees::EntryCheckOnly => (false, false, Some(Category::EntryCheck)),
            Sees::UrgentOnly => (true, false, None),
            Sees::ConsentedCategoriesForInstructor => (false, true, None),
            Sees::OwnRecords => return Some(Scope::OwnRecords(self.facts.asker.organization)),
            Sees::AbnormalFindings => return Some(Scope::AbnormalFindings),
            Sees::Everything => return Some(Scope::Everything),
            Sees::Counts => return Some(Scope::Counts),
            Sees::NamedCategories => return None,
        };
        let facility = self.facts.facility?.facility;
        let consent = self.consent().ok()?;
        // What a facility has no need to know never reaches it, consent or not.
        let reachable =
            |c: Category| only.is_none_or(|o| o == c) && (instructor || c.may_reach_facility());
        let grants: BTreeSet<Grant> = self
            .open_agreements()
            .flat_map(|a| {
                let sources = a
                    .sources
                    .iter()
                    .filter(|s| consent.sources.is_empty() || consent.sources.contains(s));
                sources.flat_map(|&source| {
                    a.categories
                        .intersection(&consent.categories)
                        .filter(|&&c| reachable(c))
                        .map(move |&category| Grant { category, source })
                })
            })
            .collect();
        (!grants.is_empty()).then_some(Scope::Consented {
            facility,
            grants,
            urgent_only,
            instructor,
            // Urgent safety is care cards and nothing else, whatever more the consent allows.
            mode: if urgent_only {
                ConsentMode::AlertsOnly
            } else {
                consent.mode
            },
            data_from: consent.data_from,
            data_until: consent.data_until,
        })
    }
}

/// Of several closed keys, the one nearest to being open is told: there is one, but…
fn nearest(reasons: impl Iterator<Item = Closed>) -> Closed {
    let rank = |c: &Closed| match c {
        Closed::Disputed => 0,
        Closed::OtherPurpose => 1,
        Closed::OutsideShift => 2,
        Closed::Suspended | Closed::PartySuspended => 3,
        Closed::NotYetBegun => 4,
        Closed::NotFiled => 5,
        Closed::Withdrawn => 6,
        Closed::Ended => 7,
        _ => 8,
    };
    reasons.min_by_key(rank).unwrap_or(Closed::Absent)
}
