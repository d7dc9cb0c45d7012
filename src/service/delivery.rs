//! Deliveries: what a recipient's inbox holds is brought in line with what its keys let it see.
//!
//! One idempotent function serves every cause: a check-up that arrives, a key that opens or closes,
//! a date that comes, an organization-wide change. It compares what each facility should hold of a
//! child (the standing alerts its keys reach now), and those to whom an alert was passed on, with what
//! they hold, and writes the difference as numbered pointers. Queues hold pointers, never data.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{
    error::Error,
    escalation::{self, PassedOn},
};
use crate::{
    access::{
        self,
        facts::{AskerFacts, ChildFacts, FacilityFacts, Facts},
    },
    domain::{
        alert::Alert,
        child::Child,
        escalation::EscalationHours,
        id::Id,
        inbox::RetractionReason,
        organization::{Organization, OrganizationKind, Standing},
        region::{RegionCode, Settings, Zone},
    },
    store::{
        Tx,
        alerts::{self, AlertRow},
        facts,
        inboxes::{self, NewEntry, Pointer},
    },
};

/// Where and when.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The region.
    pub region: RegionCode,
    /// Its zone.
    pub zone: Zone,
    /// When an urgent alert that nobody takes up is passed on.
    pub escalation: EscalationHours,
    /// The deciding time.
    pub now: DateTime<Utc>,
}

impl Setting {
    /// In a region with these settings, at this time.
    pub fn new(region: RegionCode, settings: &Settings, now: DateTime<Utc>) -> Self {
        Self {
            region,
            zone: settings.zone,
            escalation: settings.escalation,
            now,
        }
    }
}

/// Brings every inbox in line for these children, whose rows the transaction has locked. Gives the
/// recipients to be woken after commit.
pub async fn reconcile(
    tx: &mut Tx,
    setting: &Setting,
    children: &[Id<Child>],
) -> Result<BTreeSet<Id<Organization>>, Error> {
    if children.is_empty() {
        return Ok(BTreeSet::new());
    }
    let Setting {
        region, zone, now, ..
    } = *setting;
    let enrolled = facts::enrolled(tx, region, children, zone.day(now)).await?;
    let held = inboxes::held(tx, region, children).await?;
    if enrolled.is_empty() && held.is_empty() {
        return Ok(BTreeSet::new());
    }
    let standing = alerts::standing(tx, region, children).await?;
    let mut should = if standing.is_empty() {
        BTreeMap::new()
    } else {
        should_hold(tx, setting, children, enrolled, &standing).await?
    };
    let passed_on = escalation::pass_on(tx, setting, children, &standing, &mut should).await?;
    let gone = ends_of(tx, region, &held, &standing).await?;
    let entries = difference(&should, &held, &gone, &passed_on);
    let mut rung: BTreeSet<_> = entries.iter().map(|e| e.recipient).collect();
    if !entries.is_empty() {
        inboxes::write(tx, region, &entries, now).await?;
    }
    rung.extend(escalation::tell_commissions(tx, setting, &passed_on).await?);
    Ok(rung)
}

/// What each recipient should hold of each child: alerts with their revisions.
pub(super) type Should = BTreeMap<(Id<Child>, Id<Organization>), BTreeMap<Id<Alert>, i64>>;

/// What each facility's keys reach now.
async fn should_hold(
    tx: &mut Tx,
    setting: &Setting,
    children: &[Id<Child>],
    enrolled: Vec<(Id<Organization>, ChildFacts)>,
    standing: &[AlertRow],
) -> Result<Should, Error> {
    let Setting {
        region, zone, now, ..
    } = *setting;
    let facilities: BTreeSet<Id<Organization>> = enrolled.iter().map(|(f, _)| *f).collect();
    let facilities: Vec<_> = facilities.into_iter().collect();
    let facilities = facts::facilities(tx, region, &facilities).await?;
    let mut consents = facts::consents(tx, region, children, None).await?;
    let mut should = Should::new();
    for (facility, mut child) in enrolled {
        child.consents = consents
            .remove(&(child.child, facility))
            .unwrap_or_default();
        let Some(facility_facts) = facilities.get(&facility) else {
            continue;
        };
        let asker = recipient(facility_facts);
        let facts = Facts {
            zone,
            asker: &asker,
            facility: Some(facility_facts),
            child: Some(&child),
        };
        let Some(scope) = access::reach(&facts, now) else {
            continue;
        };
        let reached: BTreeMap<Id<Alert>, i64> = standing
            .iter()
            .filter(|a| a.child == child.child && scope.reaches(&a.facts))
            .map(|a| (a.id, a.revision))
            .collect();
        if !reached.is_empty() {
            should.insert((child.child, facility), reached);
        }
    }
    Ok(should)
}

/// The facility as the one who would look. Its standing is part of `parties_active` of each of its
/// agreements, without which no key opens.
fn recipient(facility: &FacilityFacts) -> AskerFacts {
    AskerFacts {
        organization: facility.facility,
        kind: OrganizationKind::PublicFacility,
        standing: Some(Standing::Active),
        actor: None,
    }
}

/// Why alerts that are held but stand no longer have ended.
async fn ends_of(
    tx: &mut Tx,
    region: RegionCode,
    held: &inboxes::Held,
    standing: &[AlertRow],
) -> Result<BTreeMap<Id<Alert>, RetractionReason>, Error> {
    let standing: BTreeSet<Id<Alert>> = standing.iter().map(|a| a.id).collect();
    let gone: BTreeSet<Id<Alert>> = held
        .values()
        .flat_map(BTreeMap::keys)
        .filter(|a| !standing.contains(a))
        .copied()
        .collect();
    if gone.is_empty() {
        return Ok(BTreeMap::new());
    }
    let gone: Vec<_> = gone.into_iter().collect();
    let states = alerts::states(tx, region, &gone).await?;
    let reason = |state: &str| match state {
        "RETRACTED" => RetractionReason::Corrected,
        _ => RetractionReason::Resolved,
    };
    Ok(states
        .into_iter()
        .map(|(id, state)| (id, reason(&state)))
        .collect())
}

/// The entries that turn what is held into what should be held.
fn difference(
    should: &Should,
    held: &inboxes::Held,
    gone: &BTreeMap<Id<Alert>, RetractionReason>,
    passed_on: &PassedOn,
) -> Vec<NewEntry> {
    let mut entries = Vec::new();
    let none = BTreeMap::new();
    let keys: BTreeSet<_> = should.keys().chain(held.keys()).copied().collect();
    for key @ (child, recipient) in keys {
        let (want, have) = (
            should.get(&key).unwrap_or(&none),
            held.get(&key).unwrap_or(&none),
        );
        let mut push = |pointer| {
            entries.push(NewEntry {
                recipient,
                child,
                pointer,
            })
        };
        let closed = |a: &Id<Alert>| !want.contains_key(a) && !gone.contains_key(a);
        for (&alert, &reason) in have.keys().filter_map(|a| gone.get_key_value(a)) {
            push(Pointer::Retracted {
                alert: Some(alert),
                reason,
            });
        }
        // Who was passed an alert on loses it when it is taken up; who had it first, when keys close.
        let why = |alert: &Id<Alert>| match passed_on.taken_back.get(alert) {
            Some((reason, first)) if !first.contains(&recipient) => *reason,
            _ => RetractionReason::KeyClosed,
        };
        let hidden = have.keys().filter(|a| closed(a)).copied();
        let hidden: Vec<_> = hidden.map(|a| (a, why(&a))).collect();
        let dark = |&(_, reason): &(_, _)| reason == RetractionReason::KeyClosed;
        if want.is_empty() && !hidden.is_empty() && hidden.iter().all(dark) {
            // The child went dark: one entry says it for all.
            push(Pointer::Retracted {
                alert: None,
                reason: RetractionReason::KeyClosed,
            });
        } else {
            for (alert, reason) in hidden {
                push(Pointer::Retracted {
                    alert: Some(alert),
                    reason,
                });
            }
        }
        for (&alert, &revision) in want {
            if have.get(&alert) != Some(&revision) {
                push(Pointer::Delivered { alert, revision });
            }
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    fn ids<T>(n: usize, seed: u64) -> Vec<Id<T>> {
        let mut chance = StdRng::seed_from_u64(seed);
        (0..n).map(|_| Id::opaque(&mut chance)).collect()
    }

    /// What a recipient who follows the entries ends up with.
    fn follow(held: &inboxes::Held, entries: &[NewEntry]) -> inboxes::Held {
        let mut held = held.clone();
        for entry in entries {
            let of = held.entry((entry.child, entry.recipient)).or_default();
            match &entry.pointer {
                Pointer::Delivered { alert, revision } => {
                    of.insert(*alert, *revision);
                }
                Pointer::Retracted {
                    alert: Some(alert), ..
                } => {
                    of.remove(alert);
                }
                Pointer::Retracted { alert: None, .. } => of.clear(),
            }
        }
        held.retain(|_, of| !of.is_empty());
        held
    }

    proptest! {
        /// Whoever follows the entries holds exactly what it should; a second run has nothing to say.
        #[test]
        fn following_the_entries_reaches_what_should_be_held(
            should in prop::collection::btree_map((0..3usize, 0..2usize),
                prop::collection::btree_map(0..5usize, 1..3i64, 1..4), 0..5),
            held in prop::collection::btree_map((0..3usize, 0..2usize),
                prop::collection::btree_map(0..5usize, 1..3i64, 1..4), 0..5),
            ended in prop::collection::btree_set(0..5usize, 0..3),
            taken_up in prop::collection::btree_set(0..5usize, 0..3),
        ) {
            let (children, facilities, alerts) = (ids(3, 1), ids(2, 2), ids(5, 3));
            let name = |map: &BTreeMap<(usize, usize), BTreeMap<usize, i64>>, live: bool| -> Should {
                map.iter()
                    .map(|(&(c, f), of)| {
                        let of = of.iter()
                            .filter(|(a, _)| !(live && ended.contains(a)))
                            .map(|(&a, &r)| (alerts[a], r)).collect();
                        ((children[c], facilities[f]), of)
                    })
                    .filter(|(_, of): &(_, BTreeMap<_, _>)| !of.is_empty())
                    .collect()
            };
            let (should, held) = (name(&should, true), name(&held, false));
            let gone = ended.iter().map(|&a| (alerts[a], RetractionReason::Resolved)).collect();
            let passed_on = PassedOn {
                taken_back: taken_up.iter()
                    .map(|&a| {
                        (alerts[a], (RetractionReason::TakenUp, BTreeSet::from([facilities[0]])))
                    })
                    .collect(),
                ..Default::default()
            };
            let entries = difference(&should, &held, &gone, &passed_on);
            let after = follow(&held, &entries);
            prop_assert_eq!(&after, &should);
            prop_assert!(difference(&should, &after, &gone, &passed_on).is_empty());
            let first = entries.iter().filter(|e| e.recipient == facilities[0]);
            for entry in first {
                let taken_up = matches!(
                    entry.pointer,
                    Pointer::Retracted { reason: RetractionReason::TakenUp, .. }
                );
                prop_assert!(!taken_up, "whoever had it first loses it by its keys");
            }
        }
    }
}
