//! The command line: a file a verb.
//!
//! Exit codes: 0 done; 1 failed; 2 wrong arguments.

pub mod assess;
pub mod doctor;
pub mod fault;
pub mod house;
pub mod init;
pub mod serve;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use fault::Fault;

/// Yuqiao 育桥: the gateway between medical institutions, childcare facilities and guardians.
#[derive(Parser, Debug)]
#[command(name = "yuqiao", version, max_term_width = 100)]
pub struct Cli {
    /// What every verb takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every verb takes.
#[derive(Args, Debug)]
pub struct Global {
    /// Answer with one JSON object a line, for scripts
    #[arg(long, global = true)]
    pub json: bool,
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
}

/// Does what the command line says, and tells standard error why not.
pub async fn run(cli: Cli) -> ExitCode {
    let json = cli.global.json;
    let done = match cli.command {
        Command::Init(init) => init.run(json).await,
        Command::Serve(serve) => serve.run(json).await,
        Command::Doctor(doctor) => doctor.run(json).await,
    };
    done.unwrap_or_else(|fault| report(&fault, json))
}

fn report(fault: &Fault, json: bool) -> ExitCode {
    if json {
        eprintln!(
            "{}",
            serde_json::json!({"error": {"message": fault.to_string()}})
        );
    } else {
        eprintln!("yuqiao: {fault}");
    }
    match fault {
        Fault::Usage(_) => ExitCode::from(2),
        _ => ExitCode::FAILURE,
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
