//! `yuqiao alerts`: what needs something this morning.

use std::io::{IsTerminal, Read};

use clap::{Args, Subcommand};
use serde_json::json;

use super::Global;
use super::connection::{Connection, Service};
use super::error::CliError;
use super::output::{Output, id, short, table};
use super::whom::Whom;
use super::words;
use crate::rpc::json::to_json;
use crate::rpc::wire::alert_service_client::AlertServiceClient;
use crate::rpc::wire::{
    AcknowledgeAlertRequest, Alert, Decision, FollowUpAlertRequest, FollowUpOutcome,
    ListAlertsRequest, ResolveAlertRequest, WithheldChild,
};

/// What to do with alerts.
#[derive(Subcommand, Debug)]
pub enum Alerts {
    /// List the open alerts the caller may see; the list is itself a look in the ledger
    List(List),
    /// Acknowledge an alert: it was read and will be acted on (已知晓)
    Ack {
        /// The alert: its id or resource name
        alert: String,
    },
    /// Follow an alert up, for the medical side (已跟进). With --note, what is to be said of it is read
    /// from standard input
    FollowUp(FollowUp),
    /// Resolve an alert by a clinician's decision; its reason in words is read from standard input: it
    /// is personal, and stays out of the shell's history (医务人员结案)
    Resolve(Resolve),
}

/// Arguments of `yuqiao alerts follow-up`.
#[derive(Args, Debug)]
pub struct FollowUp {
    /// The alert: its id or resource name
    alert: String,
    /// What it came to: guardian-informed, facility-guided, reexamination-booked, referred or
    /// under-treatment
    #[arg(long, value_parser = words::parse_follow_up)]
    outcome: FollowUpOutcome,
    /// Read what is to be said of it from standard input: it is personal, and stays out of the
    /// shell's history
    #[arg(long)]
    note: bool,
    /// The revision that was read; refused when the alert has changed since
    #[arg(long, default_value_t = 0)]
    revision: u32,
}

/// Arguments of `yuqiao alerts resolve`.
#[derive(Args, Debug)]
pub struct Resolve {
    /// The alert: its id or resource name
    alert: String,
    /// Why: ruled-out, recovered, known-and-managed or not-applicable
    #[arg(long, value_parser = words::parse_decision)]
    decision: Decision,
    /// The revision that was read; refused when the alert has changed since
    #[arg(long, default_value_t = 0)]
    revision: u32,
}

/// Arguments of `yuqiao alerts list`.
#[derive(Args, Debug)]
pub struct List {
    #[command(flatten)]
    whom: Whom,
    /// Instead of the open alerts, those that a clinician resolved
    #[arg(long)]
    resolved: bool,
}

impl Alerts {
    /// Does it.
    ///
    /// # Errors
    /// What the gateway refused.
    pub async fn run(self, global: &Global, out: Output) -> Result<(), CliError> {
        let connection = Connection::open(global).await?;
        let mut alerts = AlertServiceClient::new(connection.service());
        match self {
            Self::Ack { alert } => {
                let name = connection.name("alerts", &alert);
                let answer = alerts
                    .acknowledge_alert(AcknowledgeAlertRequest { name })
                    .await?
                    .into_inner();
                out.answer(&answer, |alert| row(alert).join("  "))
            }
            Self::FollowUp(follow_up) => {
                let request = FollowUpAlertRequest {
                    name: connection.name("alerts", &follow_up.alert),
                    outcome: follow_up.outcome.into(),
                    note: if follow_up.note {
                        said(out)?
                    } else {
                        String::new()
                    },
                    revision: follow_up.revision,
                };
                let answer = alerts.follow_up_alert(request).await?.into_inner();
                out.answer(&answer, recorded)
            }
            Self::Resolve(resolve) => {
                let request = ResolveAlertRequest {
                    name: connection.name("alerts", &resolve.alert),
                    decision: resolve.decision.into(),
                    reason: said(out)?,
                    revision: resolve.revision,
                };
                let answer = alerts.resolve_alert(request).await?.into_inner();
                out.answer(&answer, recorded)
            }
            Self::List(list) => {
                let resolved = list.resolved;
                let (found, withheld) = all(&mut alerts, list.request(&connection)).await?;
                if out.is_json() {
                    // Two kinds of line: each says which it is.
                    for alert in &found {
                        out.value(&json!({"alert": to_json(alert)?}))?;
                    }
                } else if resolved {
                    let header = [
                        "id",
                        "级别",
                        "类别",
                        "儿童",
                        "提示",
                        "结案",
                        "时间",
                        "操作人",
                    ];
                    out.list(&found, &header, decided)?;
                } else {
                    let header = ["id", "级别", "类别", "儿童", "提示", "复查", "状态"];
                    out.list(&found, &header, row)?;
                }
                tell_withheld(out, &withheld)
            }
        }
    }
}

impl List {
    fn request(self, connection: &Connection) -> ListAlertsRequest {
        ListAlertsRequest {
            parent: self.whom.parent(connection),
            purpose: self.whom.purpose(),
            child: self.whom.child(connection),
            guardian_code: self.whom.code(),
            page_size: 500,
            page_token: String::new(),
            resolved: self.resolved,
        }
    }
}

/// What is said of an alert, from standard input.
fn said(out: Output) -> Result<String, CliError> {
    if std::io::stdin().is_terminal() {
        out.remark("in words, then Ctrl-D on a line of its own 请输入文字，另起一行按 Ctrl-D 结束");
    }
    let mut words = String::new();
    let read = std::io::stdin().read_to_string(&mut words);
    read.map_err(|error| CliError::File {
        path: "-".into(),
        error,
    })?;
    Ok(words.trim().to_owned())
}

/// Every page.
///
/// # Errors
/// What the gateway refused.
pub async fn all(
    alerts: &mut AlertServiceClient<Service>,
    mut request: ListAlertsRequest,
) -> Result<(Vec<Alert>, Vec<WithheldChild>), CliError> {
    let (mut found, mut withheld) = (Vec::new(), Vec::new());
    loop {
        let page = alerts.list_alerts(request.clone()).await?.into_inner();
        found.extend(page.alerts);
        withheld.extend(page.withheld);
        if page.next_page_token.is_empty() {
            return Ok((found, withheld));
        }
        request.page_token = page.next_page_token;
    }
}

fn row(alert: &Alert) -> Vec<String> {
    vec![
        id(&alert.name).to_owned(),
        words::level(alert.level()).to_owned(),
        words::category(alert.category()).to_owned(),
        short(&alert.child).to_owned(),
        alert.care_card.clone(),
        alert.due_date.clone(),
        words::alert_state(alert.state()).to_owned(),
    ]
}

/// An alert that a clinician resolved: with the decision, its words, when and by whom.
fn decided(alert: &Alert) -> Vec<String> {
    let mut cells = row(alert);
    cells.truncate(5);
    let resolution = alert.resolution.clone().unwrap_or_default();
    let mut decision = words::decision(resolution.decision()).to_owned();
    if !resolution.reason.is_empty() {
        decision = format!("{decision}：{}", resolution.reason);
    }
    cells.extend([decision, resolution.time, id(&resolution.actor).to_owned()]);
    cells
}

/// An alert with what was just recorded of it.
fn recorded(alert: &Alert) -> String {
    let mut told = row(alert).join("  ");
    let said = match (&alert.resolution, &alert.follow_up) {
        (Some(of), _) => Some((
            words::decision(of.decision()),
            &of.reason,
            &of.time,
            &of.actor,
        )),
        (None, Some(of)) => Some((
            words::follow_up(of.outcome()),
            &of.note,
            &of.time,
            &of.actor,
        )),
        (None, None) => None,
    };
    if let Some((what, words, time, actor)) = said {
        told.push_str(&format!("\n{what}  {words}\n{time}  {}", id(actor)));
    }
    told
}

/// Children of whom nothing may be shown, after a list of the others.
///
/// # Errors
/// Where standard output has ended.
pub fn tell_withheld(out: Output, withheld: &[WithheldChild]) -> Result<(), CliError> {
    if out.is_json() {
        let mut lines = withheld.iter();
        return lines.try_for_each(|child| out.value(&json!({"withheld": to_json(child)?})));
    }
    if withheld.is_empty() {
        return Ok(());
    }
    let rows = withheld
        .iter()
        .map(|child| vec![id(&child.child).to_owned(), missing(child)]);
    out.line(&table(&["儿童", "暂不能查阅的原因"], rows))
}

/// The keys that are not open, as the gateway words them.
#[must_use]
pub fn missing(child: &WithheldChild) -> String {
    let said = |key: &crate::rpc::wire::KeyState| {
        format!("{} {}: {}", key.key, key.reason, key.message_zh)
    };
    let mut why: Vec<String> = child.missing.iter().map(said).collect();
    if !child.reason.is_empty() {
        why.push(format!("{}: {}", child.reason, child.message_zh));
    }
    why.join("; ")
}
