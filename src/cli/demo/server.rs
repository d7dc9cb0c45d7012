//! How the demonstration starts the real server: the verbs an operator uses, in their own processes.

use std::fs::File;
use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tokio::process::{Child, Command};

use super::county::DIVISION;
use super::stage::{failed, lines};
use crate::cli::error::CliError;

/// Where the server's log goes, in the demonstration's directory.
pub const LOG: &str = "server.log";
const DATA: &str = "data";

/// An address on this machine that nobody listens on now.
///
/// # Errors
/// Where there is none.
pub fn free_address() -> io::Result<String> {
    // Another process may take it before the server does; the server then says so and ends.
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

/// Makes the data directory; gives the commission's first code.
///
/// # Errors
/// Where `yuqiao init` fails.
pub async fn init(exe: &Path, dir: &Path, address: &str) -> Result<String, CliError> {
    let data = dir.join(DATA);
    let made = Command::new(exe)
        .args([
            "--json", "init", "--region", DIVISION, "--listen", address, "--dir",
        ])
        .arg(&data)
        .stdin(Stdio::null())
        .output()
        .await
        .map_err(CliError::file(exe))?;
    if !made.status.success() {
        return Err(failed("yuqiao init", String::from_utf8_lossy(&made.stderr)));
    }
    let code = |line: &Value| line["enrolmentCode"].as_str().map(str::to_owned);
    let said = lines(&made.stdout)?;
    said.iter()
        .find_map(code)
        .ok_or_else(|| failed("yuqiao init", "it gave no first code"))
}

/// Starts the server; it outlives this process only if told to.
///
/// # Errors
/// Where it can't be started.
pub fn serve(exe: &Path, dir: &Path, _address: &str) -> Result<Child, CliError> {
    let log = dir.join(LOG);
    let file = File::create(&log).map_err(CliError::file(&log))?;
    let same = file.try_clone().map_err(CliError::file(&log))?;
    Command::new(exe)
        .args(["serve", "--dir"])
        .arg(dir.join(DATA))
        .stdin(Stdio::null())
        .stdout(file)
        .stderr(same)
        // Ctrl-C at a demonstration that was left running must not reach it.
        .process_group(0)
        .spawn()
        .map_err(CliError::file(exe))
}
