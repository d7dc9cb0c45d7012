//! `yuqiao rules`: rule sets are checked, compared and tried before they count.
//!
//! `check`, `diff`, `export` and `replay` over files need no gateway: a clinician can edit rules and try
//! them on a table of check-ups at the own desk. The others are for the commission's office.

mod attendance;
mod difference;
mod files;
mod found;
mod histories;
mod offline;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::Global;
use super::connection::{Connection, Service};
use super::error::CliError;
use super::output::{Output, id, table};
use crate::clinical::rules::RuleSet;
use crate::rpc::json::to_json;
use crate::rpc::wire::preview_rule_set_response::Event;
use crate::rpc::wire::rule_service_client::RuleServiceClient;
use crate::rpc::wire::{
    ActivateRuleSetRequest, Activation, AddRuleSetRequest, GetActivationRequest, GetRuleSetRequest,
    ListRuleSetsRequest, PreviewRuleSetRequest, RuleFile, RuleSet as Listed,
};

pub use files::RuleSetError;

const POLL: Duration = Duration::from_secs(1);

/// What to do with rule sets.
#[derive(Subcommand, Debug)]
pub enum Rules {
    /// Whether rule files are sound; without a gateway (检查规则文件)
    Check {
        /// A directory of rule files (schedules in its folder schedules/), or files; the shipped
        /// schedules are added where there are none
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// The rule sets the region may use (规则集)
    List,
    /// Add a rule set; it does not count until it is activated (新增规则集)
    Add {
        /// A directory of rule files, as for check
        dir: PathBuf,
        /// What people call it; the directory's name if left out
        #[arg(long)]
        label: Option<String>,
    },
    /// What one set says that another does not, rule by rule (比较)
    Diff {
        /// The old set: a directory, `shipped` for this program's, or an id
        old: String,
        /// The new set
        new: String,
    },
    /// What a set would raise, change and resolve: over the region's children, or over files of
    /// check-ups without a gateway (预演)
    Replay(offline::Replay),
    /// Make a set count; every child is assessed anew in the background (启用)
    Activate {
        /// The set's id
        id: String,
        /// Stay until every child is assessed
        #[arg(long)]
        wait: bool,
    },
    /// Which set counts, and how far the assessment by it has come (进度)
    Status,
    /// Write a set's files for editing (导出)
    Export(Export),
}

/// Arguments of `yuqiao rules export`.
#[derive(Args, Debug)]
pub struct Export {
    /// The directory to write into; made if it is not there
    dir: PathBuf,
    /// Which set: `shipped` for this program's, or an id
    #[arg(long, default_value = files::SHIPPED)]
    set: String,
}

impl Rules {
    /// Does it.
    ///
    /// # Errors
    /// Where a file is not sound, or the gateway refused.
    pub async fn run(self, global: &Global, out: Output) -> Result<ExitCode, CliError> {
        let done = match self {
            Self::Replay(replay) if !replay.files.is_empty() => {
                return replay.run(global, out).await;
            }
            Self::Check { paths } => check(&files::read(&paths)?, out),
            Self::Diff { old, new } => {
                let (old, new) = (set(global, &old).await?, set(global, &new).await?);
                difference::tell(&old, &new, out)
            }
            Self::Export(export) => {
                let set = set(global, &export.set).await?;
                files::write(&export.dir, &set)?;
                told(&set, out)
            }
            online => {
                let connection = Connection::open(global).await?;
                let rules = RuleServiceClient::new(connection.service());
                online.call(&connection, rules, out).await
            }
        };
        done.map(|()| ExitCode::SUCCESS)
    }

    async fn call(
        self,
        connection: &Connection,
        mut rules: RuleServiceClient<Service>,
        out: Output,
    ) -> Result<(), CliError> {
        let region = connection.region.clone();
        match self {
            Self::List => list(&mut rules, region, out).await,
            Self::Add { dir, label } => {
                let set = files::read(std::slice::from_ref(&dir))?;
                let named = dir.file_name().unwrap_or(dir.as_os_str());
                let label = label.unwrap_or_else(|| named.to_string_lossy().into_owned());
                let messages = messages(region, label, &set);
                let added = rules.add_rule_set(tokio_stream::iter(messages)).await?;
                out.answer(&added.into_inner(), |set| row(set).join("  "))
            }
            Self::Replay(replay) => {
                let name = connection.name("ruleSets", &replay.set);
                preview(&mut rules, name, out).await
            }
            Self::Activate { id, wait } => {
                let name = connection.name("ruleSets", &id);
                let request = ActivateRuleSetRequest {
                    name,
                    etag: String::new(),
                };
                let mut activation = rules.activate_rule_set(request).await?.into_inner();
                if wait {
                    activation = settled(&mut rules, region, activation).await?;
                }
                out.answer(&activation, standing)
            }
            Self::Status => {
                let request = GetActivationRequest { name: region };
                let activation = rules.get_activation(request).await?.into_inner();
                out.answer(&activation, standing)
            }
            Self::Check { .. } | Self::Diff { .. } | Self::Export(_) => Ok(()),
        }
    }
}

/// A set by what a person calls it: this program's, one in files, or one of the region.
async fn set(global: &Global, given: &str) -> Result<RuleSet, CliError> {
    if given == files::SHIPPED {
        return Ok(RuleSet::load().map_err(RuleSetError::from)?);
    }
    let path = PathBuf::from(given);
    if path.exists() {
        return Ok(files::read(&[path])?);
    }
    let connection = Connection::open(global).await?;
    let name = connection.name("ruleSets", given);
    let mut rules = RuleServiceClient::new(connection.service());
    let found = rules.get_rule_set(GetRuleSetRequest { name }).await?;
    Ok(files::received(found.into_inner().files)?)
}

fn check(set: &RuleSet, out: Output) -> Result<(), CliError> {
    told(set, out)
}

/// What set it is.
fn told(set: &RuleSet, out: Output) -> Result<(), CliError> {
    let (id, rules, files) = (
        set.id().to_string(),
        set.rules().len(),
        set.bundle().files().len(),
    );
    if out.is_json() {
        return out.value(&json!({"id": id, "rules": rules, "files": files}));
    }
    out.line(&format!("{id}  {rules} rules in {files} files 条规则"))
}

fn messages(parent: String, label: String, set: &RuleSet) -> Vec<AddRuleSetRequest> {
    let head = AddRuleSetRequest {
        parent,
        label,
        file: None,
    };
    let files = set.bundle().files().iter().map(|file| AddRuleSetRequest {
        file: Some(RuleFile {
            name: file.name.clone(),
            text: file.text.clone(),
        }),
        ..AddRuleSetRequest::default()
    });
    std::iter::once(head).chain(files).collect()
}

async fn list(
    rules: &mut RuleServiceClient<Service>,
    parent: String,
    out: Output,
) -> Result<(), CliError> {
    let mut request = ListRuleSetsRequest {
        parent,
        page_size: 500,
        page_token: String::new(),
    };
    let mut found = Vec::new();
    loop {
        let page = rules.list_rule_sets(request.clone()).await?.into_inner();
        found.extend(page.rule_sets);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    out.list(
        &found,
        &["id", "名称", "来源", "规则", "新增时间", "启用"],
        row,
    )
}

fn row(set: &Listed) -> Vec<String> {
    vec![
        id(&set.name).to_owned(),
        set.label.clone(),
        if set.shipped {
            "程序自带"
        } else {
            "本地"
        }
        .to_owned(),
        set.rule_count.to_string(),
        set.create_time.clone(),
        if set.active { "现行" } else { "" }.to_owned(),
    ]
}

async fn preview(
    rules: &mut RuleServiceClient<Service>,
    name: String,
    out: Output,
) -> Result<(), CliError> {
    let mut events = rules
        .preview_rule_set(PreviewRuleSetRequest { name })
        .await?
        .into_inner();
    let bar = bar("children");
    while let Some(event) = events.message().await? {
        match event.event {
            Some(Event::Progress(progress)) => {
                bar.set_length(progress.children_total);
                bar.set_position(progress.children_done);
            }
            Some(Event::Summary(summary)) => {
                bar.finish_and_clear();
                if out.is_json() {
                    return out.value(&to_json(&summary)?);
                }
                return out.line(&found::of_region(&summary));
            }
            None => {}
        }
    }
    bar.finish_and_clear();
    Err(CliError::Answer("a preview without its summary"))
}

/// Waits until every child is assessed.
async fn settled(
    rules: &mut RuleServiceClient<Service>,
    name: String,
    mut activation: Activation,
) -> Result<Activation, CliError> {
    let bar = bar("children");
    while activation.children_done < activation.children_total {
        bar.set_length(activation.children_total);
        bar.set_position(activation.children_done);
        tokio::time::sleep(POLL).await;
        let request = GetActivationRequest { name: name.clone() };
        activation = rules.get_activation(request).await?.into_inner();
    }
    bar.finish_and_clear();
    Ok(activation)
}

fn standing(activation: &Activation) -> String {
    let since = match &*activation.activate_time {
        "" => String::new(),
        time => format!("  since {time} by {} 启用", id(&activation.activated_by)),
    };
    format!(
        "{}{since}\n{} of {} children assessed 已重新评估",
        id(&activation.rule_set),
        activation.children_done,
        activation.children_total
    )
}

/// Counts at a terminal; nothing elsewhere.
fn bar(of: &str) -> ProgressBar {
    use std::io::IsTerminal;
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let template =
        format!("{{elapsed}} {{bar:40}} {{pos}}/{{len}} {of}, {{per_sec}}, {{eta}} left");
    let bar = ProgressBar::new(0);
    // The template is fixed; without it the bar's own default is shown.
    match ProgressStyle::with_template(&template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// A table, or a word where nothing would stand in it.
fn lines(header: &[&str], rows: Vec<Vec<String>>) -> String {
    if rows.is_empty() {
        "no alert would be raised, changed or resolved 无变化".to_owned()
    } else {
        table(header, rows.into_iter())
    }
}
