//! An organization follows its inbox. Every entry is decided anew when it is read: replay applies
//! today's keys, and what may no longer be shown is a tombstone.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Answer, Ask, Audience,
    facility::{Ward, may_view, shown},
    sitting::{Shown, Sitting},
};
use crate::{
    access::{Asker, Permit, facts::AskerFacts},
    domain::{
        alert::Alert, child::Child, enrolment::Phase, id::Id, inbox::RetractionReason,
        organization::Organization, purpose::Purpose,
    },
    service::{caller::Caller, error::Error, reason::Reason},
    store::{
        alerts::{self, Disclosed, Wanted},
        inboxes::{self, Entry, Pointer},
    },
};

/// An entry as it may be shown today.
pub enum Event {
    /// An alert to know.
    Alert(Box<Disclosed>, Audience),
    /// An alert (or every alert of a child) to forget.
    Retraction {
        /// The alert; none means every alert of the child.
        alert: Option<Id<Alert>>,
        /// The child.
        child: Id<Child>,
        /// Why.
        reason: RetractionReason,
    },
    /// A bare number.
    Tombstone,
    /// A facility leaves urgent alerts alone: for a commission.
    Notice {
        /// The facility.
        facility: Id<Organization>,
        /// How many alerts; none when they are about too few children to tell.
        alerts: Option<u64>,
    },
}

/// What today's keys reach of the alerts of a page.
struct Found {
    alerts: BTreeMap<Id<Alert>, Disclosed>,
    /// Those that can't be opened.
    unreadable: BTreeSet<Id<Alert>>,
}

impl Sitting {
    pub(super) async fn inbox(
        &mut self,
        ask: &Ask,
        recipient: Id<Organization>,
        after: i64,
        limit: i64,
    ) -> Result<Answer, Error> {
        let (asker, caller) = self.admit(&ask.claim).await?;
        if caller.organization != recipient {
            return Err(Reason::NotFound.into());
        }
        let (oldest, last) = inboxes::extent(&mut self.tx, self.region, recipient).await?;
        // A hole is told, never passed over; from the beginning there is none, because what is still
        // held was delivered anew before its old entry went.
        if after > 0 && after + 1 < oldest {
            return Err(Reason::InboxTruncated.into());
        }
        if after > last {
            return Err(Error::field("after", Reason::FieldOutOfRange));
        }
        let events = if caller.kind.is_facility() {
            self.facility_inbox(ask, asker, &caller, after, limit).await
        } else if caller.kind.is_medical() {
            self.medical_inbox(ask, (&asker, &caller), after, limit)
                .await
        } else {
            self.commission_inbox(ask, (&asker, &caller), after, limit)
                .await
        };
        let events = events?;
        // On PostgreSQL old entries may go between the two readings.
        let begins = events.first().map(|(number, _)| *number);
        if after > 0 && begins.is_some_and(|number| number != after + 1) {
            return Err(Reason::InboxTruncated.into());
        }
        Ok(Answer::Inbox { events, oldest })
    }

    async fn facility_inbox(
        &mut self,
        ask: &Ask,
        asker: AskerFacts,
        caller: &Caller,
        after: i64,
        limit: i64,
    ) -> Result<Vec<(i64, Event)>, Error> {
        let (region, facility) = (self.region, caller.organization);
        let entries = inboxes::after(&mut self.tx, region, facility, after, limit).await?;
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let ward = self.ward(asker, caller, facility, None).await?;
        let (permits, _) = self.decide_all(&ward, Purpose::DailyCare);
        let of: BTreeSet<Id<Child>> = entries.iter().map(|e| e.child).collect();
        let permits: Vec<Permit> = permits
            .into_iter()
            .filter(|p| p.child().is_some_and(|c| of.contains(&c)))
            .collect();
        let only = entries.iter().filter_map(delivered).collect();
        let wanted = Wanted {
            only: Some(only),
            ..Wanted::default()
        };
        let mut found = alerts::under(&mut self.tx, region, &permits, &wanted).await?;
        let unreadable = self.take_unreadable(&mut found).await?;
        let told: Vec<Shown<'_>> = shown(&permits, &found)
            .into_iter()
            .filter(|s| !s.categories.is_empty())
            .collect();
        self.leaf(ask, &caller.actor_id().to_string(), &told)
            .await?;
        let audience = Audience::Facility {
            may_view: may_view(&permits),
        };
        let open: BTreeSet<Id<Child>> = permits.iter().filter_map(Permit::child).collect();
        let found = Found {
            alerts: found.into_iter().map(|d| (d.row.id, d)).collect(),
            unreadable: unreadable.into_iter().map(|d| d.row.id).collect(),
        };
        Ok(self.events(&ward, &open, entries, &found, &audience))
    }

    fn events(
        &self,
        ward: &Ward,
        open: &BTreeSet<Id<Child>>,
        entries: Vec<Entry>,
        found: &Found,
        audience: &Audience,
    ) -> Vec<(i64, Event)> {
        debug_assert_eq!(ward.capacity, Asker::FacilityStaff);
        let here: BTreeSet<Id<Child>> = ward
            .care
            .children
            .iter()
            .filter(|c| {
                let phase = |s: &crate::access::facts::EnrolmentFact| {
                    s.state.phase(self.settings.zone, self.now)
                };
                c.enrolments.iter().any(|e| phase(e) != Phase::Ended)
            })
            .map(|c| c.child)
            .collect();
        entries
            .into_iter()
            .map(|entry| {
                let child = entry.child;
                let event = match entry.pointer {
                    // An entry of an earlier revision is spoken for by a later one. Keys that closed
                    // and opened deliver the same revision again, maybe within a page: each entry
                    // shows it, because a retraction between them takes the one before away.
                    Pointer::Delivered { alert, revision } => match found.alerts.get(&alert) {
                        Some(d) if d.row.revision == revision => {
                            Event::Alert(Box::new(d.clone()), audience.clone())
                        }
                        _ if found.unreadable.contains(&alert) => unreadable(alert, child),
                        // With its keys open, an alert that is not shown was renewed or ended,
                        // and a later entry says so.
                        _ if open.contains(&child) => Event::Tombstone,
                        _ => retraction(&here, Some(alert), child, RetractionReason::KeyClosed),
                    },
                    Pointer::Retracted { alert, reason } => retraction(&here, alert, child, reason),
                };
                (entry.number, event)
            })
            .collect()
    }
}

/// What an alert says does not open: its reader is told so, and no bare number that would pass for
/// an alert that ended.
pub(super) fn unreadable(alert: Id<Alert>, child: Id<Child>) -> Event {
    Event::Retraction {
        alert: Some(alert),
        child,
        reason: RetractionReason::Unreadable,
    }
}

/// Typed while the child is enrolled, a bare number once it has left.
pub(super) fn retraction(
    here: &BTreeSet<Id<Child>>,
    alert: Option<Id<Alert>>,
    child: Id<Child>,
    reason: RetractionReason,
) -> Event {
    if here.contains(&child) {
        Event::Retraction {
            alert,
            child,
            reason,
        }
    } else {
        Event::Tombstone
    }
}

pub(super) fn delivered(entry: &Entry) -> Option<Id<Alert>> {
    match entry.pointer {
        Pointer::Delivered { alert, .. } => Some(alert),
        Pointer::Retracted { .. } => None,
    }
}
