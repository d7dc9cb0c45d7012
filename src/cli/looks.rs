//! `yuqiao looks`: a guardian's list of every look at the own child.

use clap::Args;

use super::Global;
use super::connection::Connection;
use super::error::CliError;
use super::output::{Output, short};
use super::words;
use crate::rpc::wire::ledger_service_client::LedgerServiceClient;
use crate::rpc::wire::{ListLooksRequest, Look, LookParty};

/// Arguments of `yuqiao looks`.
#[derive(Args, Debug)]
pub struct Looks {
    /// The child: its id or resource name
    #[arg(long)]
    child: String,
    /// The guardian's one-time code for reading (监护人查阅码)
    #[arg(long, env = "YUQIAO_GUARDIAN_CODE", hide_env_values = true)]
    code: String,
}

impl Looks {
    /// Lists every look, newest first.
    ///
    /// # Errors
    /// What the gateway refused.
    pub async fn run(self, global: &Global, out: Output) -> Result<(), CliError> {
        let connection = Connection::open(global).await?;
        let mut ledger = LedgerServiceClient::new(connection.service());
        let mut request = ListLooksRequest {
            child: connection.name("children", &self.child),
            guardian_code: self.code,
            page_size: 500,
            page_token: String::new(),
        };
        let mut found = Vec::new();
        loop {
            let page = ledger.list_looks(request.clone()).await?.into_inner();
            found.extend(page.looks);
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
        let header = [
            "序号",
            "时间",
            "机构",
            "目的",
            "依据",
            "内容",
            "方法",
            "经办（监护人查阅）",
        ];
        out.list(&found, &header, row)
    }
}

fn row(look: &Look) -> Vec<String> {
    vec![
        look.sequence.to_string(),
        look.time.clone(),
        look.organization_display_name.clone(),
        words::purpose(look.purpose()).to_owned(),
        look.basis_zh.clone(),
        words::categories(look.categories()),
        look.method.clone(),
        hands(look),
    ]
}

/// Through whose hands a guardian's look went: who carried it, and who had handed over the code.
fn hands(look: &Look) -> String {
    let of = |what: &str, party: &Option<LookParty>| {
        party.as_ref().map(|party| {
            let actor = short(&party.actor);
            format!("{what}：{} {actor}", party.organization_display_name)
        })
    };
    let told = [
        of("经由", &look.carried_by),
        of("发码", &look.code_issued_by),
    ];
    let told: Vec<String> = told.into_iter().flatten().collect();
    told.join("；")
}
