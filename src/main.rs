//! `yuqiao`: reads the command line, does what it says, tells how it went.

use std::process::ExitCode;

use clap::Parser;
use yuqiao::cli::{self, Cli};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime.block_on(cli::run(cli)),
        Err(error) => {
            eprintln!("yuqiao: no runtime: {error}");
            ExitCode::FAILURE
        }
    }
}
