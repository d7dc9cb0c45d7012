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
use crate::rpc::wire::{
    Category, ChildDueItems, DueItem, ListDueItemsRequest, ListDueItemsResponse,
};

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
            let silent: Vec<_> = found.children.iter().filter_map(of_what_nothing).collect();
            if !silent.is_empty() {
                let header = [
                    "儿童",
                    "未获授权、不在上表内的类别",
                    "本平台没有记录，请查验纸质凭证",
                ];
                out.line(&table(&header, silent.into_iter()))?;
            }
        }
        tell_withheld(out, &found.withheld)
    }
}

/// The categories that what is due falls under.
pub const CATEGORIES: [Category; 3] = [
    Category::CheckUpDue,
    Category::Immunisation,
    Category::EntryCheck,
];

/// Of them, those whose items a child's reader was not told.
#[must_use]
pub fn not_open(child: &ChildDueItems) -> Vec<Category> {
    let closed = |category: &Category| !child.considered().any(|open| open == *category);
    CATEGORIES.into_iter().filter(closed).collect()
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
        found.withheld.extend(page.withheld);
        found.next_page_token = page.next_page_token;
    }
    Ok(found)
}

/// Of what a child's list says nothing, if it does so of anything: a short list is no proof that
/// nothing is due.
fn of_what_nothing(child: &ChildDueItems) -> Option<Vec<String>> {
    let closed = not_open(child);
    if closed.is_empty() && child.without_record.is_empty() {
        return None;
    }
    let tracks = child.without_record.iter();
    let tracks: Vec<&str> = tracks.map(|track| words::track(track)).collect();
    Some(vec![
        short(&child.child).to_owned(),
        words::categories(closed.into_iter()),
        tracks.join("、"),
    ])
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clinical::schedule::Reader;

    /// Break it: leave a category out of `CATEGORIES`.
    #[test]
    fn what_is_not_open_is_told_of_every_track() {
        let mut all: Vec<String> = Vec::new();
        for category in Reader::Guardian.categories() {
            all.push(category.as_str().to_owned());
        }
        let mut told: Vec<String> = Vec::new();
        for category in not_open(&ChildDueItems::default()) {
            told.push(category.as_str_name().to_owned());
        }
        all.sort();
        told.sort();
        assert_eq!(told, all);
        let child = ChildDueItems {
            considered: vec![Category::EntryCheck.into()],
            ..Default::default()
        };
        let closed = [Category::CheckUpDue, Category::Immunisation];
        assert_eq!(not_open(&child), closed);
    }
}
