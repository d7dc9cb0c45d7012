//! `yuqiao due`: what is still to be done, and by when.

use clap::Args;
use serde_json::json;

use super::Global;
use super::alerts::tell_withheld;
use super::connection::{Connection, Service};
use super::error::CliError;
use super::output::{Output, short, table};
use super::whom::Whom;
use super::words;
use crate::rpc::json::to_json;
use crate::rpc::wire::alert_service_client::AlertServiceClient;
use crate::rpc::wire::{ChildDueItems, DueItem, ListDueItemsRequest, ListDueItemsResponse};

/// Arguments of `yuqiao due`.
#[derive(Args, Debug)]
pub struct Due {
    #[command(flatten)]
    whom: Whom,
    /// Also what becomes due within so many days
    #[arg(long, value_name = "DAYS", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=366))]
    within: u32,
}

impl Due {
    /// Lists what is due of each child.
    ///
    /// # Errors
    /// What the gateway refused.
    pub async fn run(self, global: &Global, out: Output) -> Result<(), CliError> {
        let connection = Connection::open(global).await?;
        let mut alerts = AlertServiceClient::new(connection.service());
        let request = ListDueItemsRequest {
            parent: self.whom.parent(&connection),
            purpose: self.whom.purpose(),
            child: self.whom.child(&connection),
            guardian_code: self.whom.code(),
            page_size: 100,
            page_token: String::new(),
            within_days: self.within,
        };
        let found = all(&mut alerts, request).await?;
        if out.is_json() {
            for child in &found.children {
                out.value(&json!({"day": found.day, "due": to_json(child)?}))?;
            }
        } else {
            let header = ["儿童", "状态", "项目", "应做", "逾期", "查验机构", "说明"];
            let rows = found.children.iter();
            let rows = rows.flat_map(|c| c.items.iter().map(move |item| row(c, item)));
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
    mut request: ListDueItemsRequest,
) -> Result<ListDueItemsResponse, CliError> {
    let mut found = alerts.list_due_items(request.clone()).await?.into_inner();
    while !found.next_page_token.is_empty() {
        request.page_token = std::mem::take(&mut found.next_page_token);
        let page = alerts.list_due_items(request.clone()).await?.into_inner();
        found.children.extend(page.children);
        found.next_page_token = page.next_page_token;
    }
    Ok(found)
}

fn row(child: &ChildDueItems, item: &DueItem) -> Vec<String> {
    vec![
        short(&child.child).to_owned(),
        words::item_status(&item.status).to_owned(),
        item.label_zh.clone(),
        item.due.clone(),
        item.overdue.clone(),
        short(&item.facility).to_owned(),
        item.reason_zh.clone(),
    ]
}
