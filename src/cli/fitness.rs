//! `yuqiao fitness`: who may be in care today; and for a facility's staff, who is recorded absent.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::json;

use super::Global;
use super::absent;
use super::alerts::tell_withheld;
use super::connection::{Connection, Service};
use super::error::CliError;
use super::output::{Output, short, table};
use super::whom::Whom;
use super::words;
use crate::rpc::json::to_json;
use crate::rpc::wire::alert_service_client::AlertServiceClient;
use crate::rpc::wire::{ChildFitness, ListFitnessRequest, ListFitnessResponse};

/// Arguments of `yuqiao fitness`.
#[derive(Args, Debug)]
pub struct Fitness {
    #[command(flatten)]
    whom: Whom,
}

impl Fitness {
    /// Lists each child's fitness for care today, the least fit first.
    ///
    /// # Errors
    /// What the gateway refused.
    pub async fn run(self, global: &Global, out: Output) -> Result<(), CliError> {
        let connection = Connection::open(global).await?;
        let mut alerts = AlertServiceClient::new(connection.service());
        let request = ListFitnessRequest {
            parent: self.whom.parent(&connection),
            purpose: self.whom.purpose(),
            child: self.whom.child(&connection),
            guardian_code: self.whom.code(),
            page_size: 500,
            page_token: String::new(),
        };
        let found = all(&mut alerts, request).await?;
        let away = if self.whom.is_own(&connection) {
            absent::on(&connection, &found.day).await?
        } else {
            BTreeMap::new()
        };
        if out.is_json() {
            for child in &found.children {
                let mut line = json!({"day": found.day, "fitness": to_json(child)?});
                if let Some(since) = away.get(&child.child) {
                    line["absentSince"] = json!(since);
                }
                out.value(&line)?;
            }
        } else {
            let header = ["儿童", "今日", "缺勤", "至", "说明", "未获授权的类别"];
            let rows = found.children.iter().map(|child| row(child, &away));
            out.line(&table(&header, rows))?;
        }
        tell_withheld(out, &found.withheld)
    }
}

/// Every page, as one.
///
/// # Errors
/// What the gateway refused.
pub async fn all(
    alerts: &mut AlertServiceClient<Service>,
    mut request: ListFitnessRequest,
) -> Result<ListFitnessResponse, CliError> {
    let mut found = alerts.list_fitness(request.clone()).await?.into_inner();
    while !found.next_page_token.is_empty() {
        request.page_token = std::mem::take(&mut found.next_page_token);
        let page = alerts.list_fitness(request.clone()).await?.into_inner();
        found.children.extend(page.children);
        found.withheld.extend(page.withheld);
        found.next_page_token = page.next_page_token;
    }
    Ok(found)
}

fn row(child: &ChildFitness, away: &BTreeMap<String, String>) -> Vec<String> {
    let since = away.get(&child.child);
    vec![
        short(&child.child).to_owned(),
        words::grade(child.grade()).to_owned(),
        since.map_or_else(String::new, |since| format!("自 {since}")),
        child.until.clone(),
        child.headline_zh.clone(),
        words::categories(child.not_considered()),
    ]
}
