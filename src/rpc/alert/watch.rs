//! An organization's inbox as a stream. It holds a number, not data: a few events are decided when the
//! reader is ready for them, and what was not handed on within a second is dropped and decided anew.

use std::{collections::VecDeque, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{Stream, stream};
use tokio::{sync::watch, time};
use tonic::Status;

use super::message::message;
use crate::{
    domain::{
        escalation::SMALL_CELL, id::Id, inbox::RetractionReason, organization::Organization,
        region::RegionCode,
    },
    rpc::{convert::name, status::status, wire},
    service::{
        Error, Gateway,
        caller::Claim,
        disclosure::{Answer, Ask, Event, Looks, Question, is_unreadable, open_alert},
    },
};

/// The method as the ledger names it.
pub(super) const METHOD: &str = "AlertService.WatchAlerts";

/// Events decided at a time.
const AT_A_TIME: i64 = 64;
/// How long a decided event may wait for its reader (design invariant 5).
const FRESH: TimeDelta = TimeDelta::seconds(1);
/// A bell that was not heard, or a standing that ended while nothing came, costs this wait.
const SLOW_TICK: Duration = Duration::from_secs(2);

/// A watch under way.
pub(super) struct Watch {
    gateway: Gateway,
    looks: Looks,
    claim: Claim,
    region: RegionCode,
    recipient: Id<Organization>,
    /// The last number handed on.
    after: i64,
    bell: watch::Receiver<u64>,
    ready: VecDeque<wire::InboxEvent>,
    decided: DateTime<Utc>,
}

impl Watch {
    pub(super) fn new(
        gateway: Gateway,
        looks: Looks,
        (claim, region, recipient): (Claim, RegionCode, Id<Organization>),
        after: i64,
    ) -> Self {
        let bell = gateway.bell().listen((region, recipient));
        let decided = DateTime::UNIX_EPOCH;
        let ready = VecDeque::new();
        Self {
            gateway,
            looks,
            claim,
            region,
            recipient,
            after,
            bell,
            ready,
            decided,
        }
    }

    /// The events, without end; an error is the last.
    pub(super) fn events(self) -> impl Stream<Item = Result<wire::InboxEvent, Status>> + Send {
        stream::unfold(Some(self), async |watch| {
            let mut watch = watch?;
            match watch.next().await {
                Ok(event) => Some((Ok(event), Some(watch))),
                Err(error) => Some((Err(status(METHOD, &error)), None)),
            }
        })
    }

    async fn next(&mut self) -> Result<wire::InboxEvent, Error> {
        loop {
            let now = self.gateway.store().clock().now();
            if now - self.decided > FRESH {
                self.ready.clear();
            }
            if let Some(event) = self.ready.pop_front() {
                self.after = i64::try_from(event.number).unwrap_or(i64::MAX);
                return Ok(event);
            }
            // Heard before reading, so that what comes while reading wakes us again.
            self.bell.borrow_and_update();
            self.decide().await?;
            if self.ready.is_empty() {
                // Either way the inbox is read again; a bell that is gone leaves the slow tick.
                if let Ok(Err(_)) = time::timeout(SLOW_TICK, self.bell.changed()).await {
                    time::sleep(SLOW_TICK).await;
                }
            }
        }
    }

    async fn decide(&mut self) -> Result<(), Error> {
        let (recipient, after) = (self.recipient, self.after);
        let question = Question::Inbox {
            recipient,
            after,
            limit: AT_A_TIME,
        };
        let (claim, region) = (self.claim.clone(), self.region);
        let answer = self
            .looks
            .ask(Ask {
                claim,
                region,
                method: METHOD,
                question,
            })
            .await?;
        let Answer::Inbox { events, oldest } = answer else {
            return Err(Error::Broken("another question's answer"));
        };
        self.decided = self.gateway.store().clock().now();
        for (number, event) in events {
            let event = self.opened(event)?;
            self.ready.push_back(wire::InboxEvent {
                number: u64::try_from(number).unwrap_or(0),
                oldest: u64::try_from(oldest).unwrap_or(0),
                event: Some(event),
            });
        }
        Ok(())
    }

    fn opened(&self, event: Event) -> Result<wire::inbox_event::Event, Error> {
        let region = self.region;
        Ok(match event {
            Event::Alert(alert, audience) => {
                let (id, child) = (alert.row.id, alert.row.child);
                match open_alert(&self.gateway, region, *alert, &audience) {
                    Ok(Some(alert)) => wire::inbox_event::Event::Alert(message(region, alert)),
                    Ok(None) => wire::inbox_event::Event::Tombstone(wire::Tombstone {}),
                    Err(error) if is_unreadable(&error) => {
                        return self.opened(Event::Retraction {
                            alert: Some(id),
                            child,
                            reason: RetractionReason::Unreadable,
                        });
                    }
                    Err(error) => return Err(error),
                }
            }
            Event::Retraction {
                alert,
                child,
                reason,
            } => wire::inbox_event::Event::Retraction(wire::Retraction {
                alert: alert.map(|alert| name(region, alert)).unwrap_or_default(),
                child: name(region, child),
                reason: reason.as_str().to_owned(),
            }),
            Event::Tombstone => wire::inbox_event::Event::Tombstone(wire::Tombstone {}),
            Event::Notice { facility, alerts } => {
                wire::inbox_event::Event::Notice(wire::FacilityNotice {
                    facility: name(region, facility),
                    alerts: alerts.map_or(0, |n| u32::try_from(n).unwrap_or(u32::MAX)),
                    fewer_than: alerts.map_or(SMALL_CELL, |_| 0),
                })
            }
        })
    }
}
