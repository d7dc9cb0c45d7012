//! `yuqiao explain`: every key a facility's look at a child would need now, and how it stands.

use clap::Args;

use super::Global;
use super::connection::Connection;
use super::error::CliError;
use super::output::{Output, table};
use super::words;
use crate::rpc::wire::consent_service_client::ConsentServiceClient;
use crate::rpc::wire::{ExplainRequest, ExplainResponse, Purpose};

/// Arguments of `yuqiao explain`.
#[derive(Args, Debug)]
pub struct Explain {
    /// The child: its id or resource name
    #[arg(long)]
    child: String,
    /// The facility: its id or resource name; the caller if left out
    #[arg(long)]
    facility: Option<String>,
    /// For which purpose; daily-care if left out
    #[arg(long, value_parser = words::parse_purpose)]
    purpose: Option<Purpose>,
}

impl Explain {
    /// Asks and shows.
    ///
    /// # Errors
    /// What the gateway refused.
    pub async fn run(self, global: &Global, out: Output) -> Result<(), CliError> {
        let connection = Connection::open(global).await?;
        let facility = |given: &String| connection.name("organizations", given);
        let request = ExplainRequest {
            child: connection.name("children", &self.child),
            facility: self.facility.as_ref().map(facility).unwrap_or_default(),
            purpose: self.purpose.unwrap_or_default().into(),
        };
        let answer = ConsentServiceClient::new(connection.service())
            .explain(request)
            .await?;
        out.answer(&answer.into_inner(), shown)
    }
}

/// The verdict and every key, for a person.
#[must_use]
pub fn shown(answer: &ExplainResponse) -> String {
    let keys = answer.keys.iter().map(|key| {
        let state = if key.open { "已具备" } else { "未具备" };
        vec![
            key.key.clone(),
            state.to_owned(),
            key.reason.clone(),
            key.message_zh.clone(),
        ]
    });
    let verdict = if answer.permitted {
        format!("可以查阅: {}", words::categories(answer.categories()))
    } else {
        "不能查阅".to_owned()
    };
    format!(
        "{verdict}\n依据: {}\n{}",
        answer.basis_zh,
        table(&["条件", "状态", "代码", "说明"], keys)
    )
}
