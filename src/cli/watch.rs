//! `yuqiao watch`: an organization's inbox, event by event, for as long as one looks.
//!
//! After a broken line it goes on from the last number it has shown.

use std::time::Duration;

use clap::Args;
use tonic::{Status, Streaming};

use super::Global;
use super::connection::{Connection, Service};
use super::error::CliError;
use super::output::{Output, short};
use super::refusal::Refusal;
use super::retry::Backoff;
use super::words;
use crate::rpc::status::connection_lost;
use crate::rpc::wire::alert_service_client::AlertServiceClient;
use crate::rpc::wire::inbox_event::Event;
use crate::rpc::wire::{Alert, FacilityNotice, InboxEvent, Retraction, WatchAlertsRequest};

/// Attempts without a single event or connection before giving up: about five minutes.
const ATTEMPTS: u32 = 34;

/// Arguments of `yuqiao watch`.
#[derive(Args, Debug)]
pub struct Watch {
    /// The last number the caller has; from the beginning if left out
    #[arg(long, default_value_t = 0)]
    after: u64,
    /// The organization; the caller's own if left out
    #[arg(long, visible_alias = "facility")]
    organization: Option<String>,
    /// End after this many seconds
    #[arg(long = "for", value_name = "SECONDS")]
    for_seconds: Option<u64>,
    /// End once nothing has come for this many seconds
    #[arg(long, value_name = "SECONDS")]
    until_idle: Option<u64>,
}

impl Watch {
    /// Follows the inbox until told to stop.
    ///
    /// # Errors
    /// What the gateway refused, or where it stayed away too long.
    pub async fn run(self, global: &Global, out: Output) -> Result<(), CliError> {
        let connection = Connection::open(global).await?;
        let name = |given: &String| connection.name("organizations", given);
        let mut follower = Follower {
            alerts: AlertServiceClient::new(connection.service()),
            recipient: self
                .organization
                .as_ref()
                .map_or_else(|| connection.organization.clone(), name),
            last: self.after,
            idle: self.until_idle.map(Duration::from_secs),
            backoff: Backoff::new(&connection.organization, ATTEMPTS),
            out,
        };
        match self.for_seconds {
            None => follower.follow().await,
            Some(seconds) => {
                // Running out of time is what was asked for.
                tokio::time::timeout(Duration::from_secs(seconds), follower.follow())
                    .await
                    .unwrap_or(Ok(()))
            }
        }
    }
}

struct Follower {
    alerts: AlertServiceClient<Service>,
    recipient: String,
    last: u64,
    idle: Option<Duration>,
    backoff: Backoff,
    out: Output,
}

impl Follower {
    async fn follow(&mut self) -> Result<(), CliError> {
        loop {
            let Some(status) = self.stream().await? else {
                return Ok(());
            };
            let refusal = Refusal::of(&status);
            let wait = if refusal.is_transient() {
                self.backoff.next_wait()
            } else {
                None
            };
            let Some(wait) = wait else {
                return Err(CliError::Refused(Box::new(refusal)));
            };
            self.out.remark("the line broke; connecting again");
            tokio::time::sleep(wait).await;
        }
    }

    /// One stream, until nothing comes any more (none) or it breaks (its status).
    async fn stream(&mut self) -> Result<Option<Status>, CliError> {
        let request = WatchAlertsRequest {
            parent: self.recipient.clone(),
            after: self.last,
        };
        let mut events = match self.alerts.watch_alerts(request).await {
            Ok(events) => events.into_inner(),
            Err(status) => return Ok(Some(status)),
        };
        loop {
            match self.next(&mut events).await {
                None => return Ok(None),
                Some(Err(status)) => return Ok(Some(status)),
                Some(Ok(None)) => return Ok(Some(connection_lost())),
                Some(Ok(Some(event))) => self.show(&event)?,
            }
        }
    }

    /// The next message, or none once it has been quiet for long enough.
    async fn next(
        &self,
        events: &mut Streaming<InboxEvent>,
    ) -> Option<Result<Option<InboxEvent>, Status>> {
        match self.idle {
            None => Some(events.message().await),
            Some(idle) => tokio::time::timeout(idle, events.message()).await.ok(),
        }
    }

    fn show(&mut self, event: &InboxEvent) -> Result<(), CliError> {
        self.backoff.reset();
        if event.number <= self.last {
            return Ok(());
        }
        if let Some(lost) = lost(self.last, event) {
            self.out.remark(&lost);
        }
        self.last = event.number;
        self.out.answer(event, line)
    }
}

/// Entries the inbox no longer holds: told, never passed over in silence.
fn lost(last: u64, event: &InboxEvent) -> Option<String> {
    let expected = last + 1;
    (event.number > expected).then(|| {
        format!(
            "entries {expected} to {} are no longer kept 已过保留期",
            event.number - 1
        )
    })
}

/// One event as a person reads it.
#[must_use]
pub fn line(event: &InboxEvent) -> String {
    let number = event.number;
    match &event.event {
        Some(Event::Alert(alert)) => format!("#{number} {}", alert_line(alert)),
        Some(Event::Retraction(retraction)) => format!("#{number} {}", retraction_line(retraction)),
        Some(Event::Notice(notice)) => format!("#{number} {}", notice_line(notice)),
        Some(Event::Tombstone(_)) | None => format!("#{number} [-] 内容不再可查阅"),
    }
}

fn alert_line(alert: &Alert) -> String {
    let due = match alert.due_date.as_str() {
        "" => String::new(),
        due => format!("  复查 {due}"),
    };
    let passed_on = match words::escalation(alert.escalated_to()) {
        "" => String::new(),
        passed_on => format!("，{passed_on}"),
    };
    format!(
        "[{}] {} 儿童 {}  {}  ({}{passed_on}){due}",
        words::level(alert.level()),
        words::category(alert.category()),
        short(&alert.child),
        alert.care_card,
        words::alert_state(alert.state()),
    )
}

fn notice_line(notice: &FacilityNotice) -> String {
    let facility = short(&notice.facility);
    let children = notice.fewer_than;
    let count = match notice.alerts {
        0 => format!("涉及儿童少于 {children} 人，条数从略"),
        alerts => format!("{alerts} 条"),
    };
    format!("[督办] 机构 {facility} 有紧急提示超时无人处理：{count}")
}

fn retraction_line(retraction: &Retraction) -> String {
    let reason = words::retraction(&retraction.reason);
    match (retraction.child.as_str(), retraction.alert.as_str()) {
        ("", _) => format!("[撤回] {reason}"),
        (child, "") => format!("[撤回] 儿童 {}: {reason}", short(child)),
        (child, alert) => {
            format!(
                "[撤回] 儿童 {} 提示 {}: {reason}",
                short(child),
                short(alert)
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::wire::{AlertState, Category, EscalationStep, Level, Tombstone};

    fn event(number: u64, event: Event) -> InboxEvent {
        InboxEvent {
            number,
            oldest: 1,
            event: Some(event),
        }
    }

    #[test]
    fn every_kind_of_event_is_a_readable_line() {
        let alert = Alert {
            name: "regions/150627/alerts/a123456".into(),
            child: "regions/150627/children/c123456".into(),
            category: Category::Allergy.into(),
            level: Level::Urgent.into(),
            state: AlertState::Open.into(),
            care_card: "不得给予牛奶".into(),
            due_date: "2026-10-01".into(),
            ..Alert::default()
        };
        let passed_on = Alert {
            escalated_to: EscalationStep::ToInstructor.into(),
            ..alert.clone()
        };
        assert_eq!(
            line(&event(6, Event::Alert(passed_on))),
            "#6 [紧急] 过敏 儿童 123456  不得给予牛奶  (未处理，已上报健康指导员)  复查 2026-10-01"
        );
        assert_eq!(
            line(&event(7, Event::Alert(alert))),
            "#7 [紧急] 过敏 儿童 123456  不得给予牛奶  (未处理)  复查 2026-10-01"
        );
        let retraction = |alert: &str, child: &str, reason: &str| Retraction {
            alert: alert.into(),
            child: child.into(),
            reason: reason.into(),
        };
        let corrected = retraction(
            "regions/150627/alerts/a1",
            "regions/150627/children/c1",
            "CORRECTED",
        );
        assert_eq!(
            line(&event(8, Event::Retraction(corrected))),
            "#8 [撤回] 儿童 c1 提示 a1: 结果已更正"
        );
        let left = retraction("", "", "");
        assert_eq!(line(&event(9, Event::Retraction(left))), "#9 [撤回] 已离托");
        let notice = |alerts, fewer_than| FacilityNotice {
            facility: "regions/150627/organizations/f123456".into(),
            alerts,
            fewer_than,
        };
        assert_eq!(
            line(&event(11, Event::Notice(notice(7, 0)))),
            "#11 [督办] 机构 123456 有紧急提示超时无人处理：7 条"
        );
        assert_eq!(
            line(&event(12, Event::Notice(notice(0, 5)))),
            "#12 [督办] 机构 123456 有紧急提示超时无人处理：涉及儿童少于 5 人，条数从略"
        );
        assert_eq!(
            line(&event(10, Event::Tombstone(Tombstone {}))),
            "#10 [-] 内容不再可查阅"
        );
    }

    #[test]
    fn a_hole_is_told() {
        let tombstone = |number| event(number, Event::Tombstone(Tombstone {}));
        assert_eq!(lost(4, &tombstone(5)), None);
        assert!(lost(4, &tombstone(9)).unwrap().contains("5 to 8"));
    }
}
