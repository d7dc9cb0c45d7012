//! The command line: a file a verb. It is a client like any other and knows no rule of its own.
//!
//! Every verb answers scripts with `--json`, one object a line on standard output; errors and
//! progress go to standard error. Exit codes: [`error`].

pub mod absent;
pub mod actor;
pub mod agreement;
pub mod alerts;
pub mod assess;
pub mod call;
pub mod connection;
pub mod county;
pub mod day_sheet;
pub mod demo;
pub mod doctor;
pub mod due;
pub mod dynamic;
pub mod enroll;
pub mod error;
pub mod explain;
pub mod fault;
pub mod fitness;
pub mod growth_chart;
pub mod house;
pub mod init;
pub mod looks;
pub mod org;
pub mod output;
pub mod profile;
pub mod push;
pub mod refusal;
pub mod renew;
pub mod retry;
pub mod rules;
pub mod serve;
pub mod vault;
pub mod watch;
pub mod whom;
pub mod words;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

pub use error::CliError;
use output::Output;

/// Yuqiao 育桥: the gateway between medical institutions, childcare facilities and guardians.
#[derive(Parser, Debug)]
#[command(name = "yuqiao", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    /// What every verb takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 failed; 2 wrong arguments; 3 done, but some rows or requests were refused.";

/// What every verb takes.
#[derive(Args, Debug)]
pub struct Global {
    /// Answer with one JSON object a line, for scripts
    #[arg(long, global = true)]
    pub json: bool,
    /// The client directory that `enroll` made
    #[arg(long, global = true, value_name = "DIR", env = "YUQIAO_PROFILE")]
    pub profile: Option<PathBuf>,
    /// Who calls (操作人), if not the profile's own actor
    #[arg(long, global = true, value_name = "ID", env = "YUQIAO_ACTOR")]
    pub actor: Option<String>,
}

/// The verbs.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Lay out a data directory, its database and a region with its commission (初始化)
    Init(init::Init),
    /// Run the gateway (启动服务)
    Serve(serve::Serve),
    /// Look whether everything is in place for serving (自检)
    Doctor(doctor::Doctor),
    /// The operator's care for the keys: rotate the master key, replay erasures (密钥)
    #[command(subcommand)]
    Vault(vault::Vault),
    /// Trade a one-time code for a client directory (机构注册)
    Enroll(enroll::Enroll),
    /// A fresh certificate for this client, before the present one ends (更新证书)
    Renew,
    /// The commission's register of organizations (机构)
    #[command(subcommand)]
    Org(org::Org),
    /// The people of the own organization (操作人)
    #[command(subcommand)]
    Actor(actor::Actor),
    /// Read and sign agreements (签约服务协议)
    #[command(subcommand)]
    Agreement(agreement::Agreement),
    /// Push a file of check-ups (推送健康检查): newline-delimited JSON of PushRequest
    Push(push::Push),
    /// Follow the organization's inbox (收件箱)
    Watch(watch::Watch),
    /// What needs something this morning (健康提示)
    #[command(subcommand)]
    Alerts(alerts::Alerts),
    /// Who may be in care today, on which conditions, until when (在托适宜性)
    Fitness(fitness::Fitness),
    /// What is still to be done: check-ups, vaccinations, entry checks (待办)
    Due(due::Due),
    /// A facility's morning as a sheet to print: fitness, care cards, what is due (每日照护单)
    DaySheet(day_sheet::DaySheet),
    /// A guardian's list of every look at the own child (查阅记录)
    Looks(looks::Looks),
    /// Every key a look at a child would need, and how it stands (授权说明)
    Explain(explain::Explain),
    /// The rules children are assessed by: check, compare, try, activate (规则集)
    #[command(subcommand)]
    Rules(rules::Rules),
    /// Call any method of the API with JSON
    Call(call::Call),
    /// z-scores, centiles and growth classes for a CSV of children, without a server (生长评价)
    Assess(assess::Assess),
    /// A child's growth curve over a standard's lines as SVG, without a server (生长曲线图)
    GrowthChart(growth_chart::GrowthChart),
    /// Play the whole journey on a synthetic county, with a real server (演示)
    Demo(demo::Demo),
    /// Write the files of a synthetic example county (示例数据)
    County(county::County),
}

/// Does what the command line says, and tells standard error why not.
pub async fn run(cli: Cli) -> ExitCode {
    let json = cli.global.json;
    verb(cli).await.unwrap_or_else(|error| error.report(json))
}

async fn verb(Cli { global, command }: Cli) -> Result<ExitCode, CliError> {
    let out = Output::new(global.json);
    let done = |()| ExitCode::SUCCESS;
    match command {
        Command::Init(init) => Ok(init.run(global.json).await?),
        Command::Serve(serve) => Ok(serve.run(global.json).await?),
        Command::Doctor(doctor) => Ok(doctor.run(global.json).await?),
        Command::Vault(vault) => Ok(vault.run(global.json).await?),
        Command::Enroll(enroll) => enroll.run(out).await.map(done),
        Command::Renew => renew::run(&global, out).await.map(done),
        Command::Org(org) => org.run(&global, out).await.map(done),
        Command::Actor(actor) => actor.run(&global, out).await.map(done),
        Command::Agreement(agreement) => agreement.run(&global, out).await.map(done),
        Command::Push(push) => push.run(&global, out).await,
        Command::Watch(watch) => watch.run(&global, out).await.map(done),
        Command::Alerts(alerts) => alerts.run(&global, out).await.map(done),
        Command::Fitness(fitness) => fitness.run(&global, out).await.map(done),
        Command::Due(due) => due.run(&global, out).await.map(done),
        Command::DaySheet(sheet) => sheet.run(&global, out).await.map(done),
        Command::Looks(looks) => looks.run(&global, out).await.map(done),
        Command::Explain(explain) => explain.run(&global, out).await.map(done),
        Command::Rules(rules) => rules.run(&global, out).await,
        Command::Call(call) => call.run(&global, out).await,
        Command::Assess(assess) => assess.run(out).map(done),
        Command::GrowthChart(chart) => chart.run(&global, out).await.map(done),
        Command::Demo(demo) => demo.run(out).await.map(done),
        Command::County(county) => county.run(out).map(done),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
