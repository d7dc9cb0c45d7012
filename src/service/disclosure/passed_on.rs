//! Inboxes of those to whom alerts are passed on: an institution's instructors and the MCH centre, each
//! under its own keys, and the commission, which is told counts and no child.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Ask, Audience, Event,
    facility::shown,
    inbox::{delivered, retraction, unreadable},
    medical_side::audience,
    sitting::{Shown, Sitting},
};
use crate::{
    access::{
        self, Asker, Permit,
        facts::{AskerFacts, Facts},
    },
    domain::{alert::Alert, child::Child, escalation::SMALL_CELL, id::Id, purpose::Purpose},
    service::{caller::Caller, error::Error},
    store::{
        alerts::{Disclosed, Part},
        escalations,
        inboxes::{self, Pointer},
    },
};

impl Sitting {
    /// An institution's inbox, as the keys of whoever reads it let it be shown today. What they don't
    /// reach is a bare number: another of the institution's people may reach it.
    pub(super) async fn medical_inbox(
        &mut self,
        ask: &Ask,
        (asker, caller): (&AskerFacts, &Caller),
        after: i64,
        limit: i64,
    ) -> Result<Vec<(i64, Event)>, Error> {
        let (region, own) = (self.region, caller.organization);
        let entries = inboxes::after(&mut self.tx, region, own, after, limit).await?;
        let children: BTreeSet<Id<Child>> = entries.iter().map(|e| e.child).collect();
        let children: Vec<Id<Child>> = children.into_iter().collect();
        if children.is_empty() {
            return Ok(Vec::new());
        }
        let side = self.medical_side(asker, caller, &children).await?;
        let only: Vec<Id<Alert>> = entries.iter().filter_map(delivered).collect();
        let mut found = self.read_by_group(&side, only, Part::Standing).await?;
        let mut hidden = BTreeSet::new();
        for of_group in &mut found {
            let unreadable = self.take_unreadable(of_group).await?;
            hidden.extend(unreadable.into_iter().map(|d| d.row.id));
        }
        let told: Vec<Shown<'_>> = side
            .groups
            .iter()
            .zip(&found)
            .flat_map(|(permits, found)| shown(permits, found))
            .filter(|s| !s.categories.is_empty())
            .collect();
        self.leaf(ask, &caller.actor_id().to_string(), &told)
            .await?;
        let open: BTreeSet<Id<Child>> = side
            .groups
            .iter()
            .flatten()
            .filter_map(Permit::child)
            .collect();
        let found: BTreeMap<Id<Alert>, (Disclosed, Audience)> = side
            .groups
            .iter()
            .zip(found)
            .flat_map(|(permits, found)| {
                let audience = audience(permits);
                let of = found.into_iter();
                of.map(move |d| (d.row.id, (d, audience.clone())))
            })
            .collect();
        let events = entries.into_iter().map(|entry| {
            let event = match entry.pointer {
                // An entry of an earlier revision is spoken for by a later one; one that delivers the
                // same again, after a retraction, shows it again.
                Pointer::Delivered { alert, revision } => match found.get(&alert) {
                    Some((d, audience)) if d.row.revision == revision => {
                        Event::Alert(Box::new(d.clone()), audience.clone())
                    }
                    _ if hidden.contains(&alert) => unreadable(alert, entry.child),
                    _ => Event::Tombstone,
                },
                Pointer::Retracted { alert, reason } => {
                    retraction(&open, alert, entry.child, reason)
                }
            };
            (entry.number, event)
        });
        Ok(events.collect())
    }

    /// A commission's inbox: facilities that leave urgent alerts alone, each with its count of today.
    /// A count about fewer children than [`SMALL_CELL`] is not told.
    pub(super) async fn commission_inbox(
        &mut self,
        ask: &Ask,
        (asker, caller): (&AskerFacts, &Caller),
        after: i64,
        limit: i64,
    ) -> Result<Vec<(i64, Event)>, Error> {
        let (region, own) = (self.region, caller.organization);
        let facts = Facts {
            zone: self.settings.zone,
            asker,
            facility: None,
            child: None,
        };
        let asked = access::Ask {
            asker: Asker::Commission,
            purpose: Purpose::Supervision,
        };
        let permit = access::decide(&facts, asked, self.now).map_err(Error::Denied)?;
        let notices = inboxes::notices_after(&mut self.tx, region, own, after, limit).await?;
        if notices.is_empty() {
            return Ok(Vec::new());
        }
        let facilities = notices.iter().map(|n| n.facility.to_string()).collect();
        let counts = escalations::at_commission(&mut self.tx, region, &permit, facilities).await?;
        let told = Shown {
            permit: &permit,
            categories: BTreeSet::new(),
            further: Vec::new(),
        };
        self.leaf(ask, &caller.actor_id().to_string(), &[told])
            .await?;
        let events = notices.into_iter().map(|notice| {
            let facility = notice.facility;
            let event = match counts.get(&facility) {
                // Somebody has taken them up since.
                None => Event::Tombstone,
                Some(count) => Event::Notice {
                    facility,
                    alerts: (count.children >= u64::from(SMALL_CELL)).then_some(count.alerts),
                },
            };
            (notice.number, event)
        });
        Ok(events.collect())
    }
}
