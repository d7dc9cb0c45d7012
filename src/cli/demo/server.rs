//! How the demonstration starts the real server: the verbs an operator uses, in their own processes.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::time::sleep;

use super::county::{DIVISION, Organization};
use super::stage::{failed, lines};
use crate::cli::error::CliError;

/// Where the server's log goes, in the demonstration's directory.
pub const LOG: &str = "server.log";
const DATA: &str = "data";
const READY: &str = "server.address";
const READY_POLLS: u32 = 200;
const READY_POLL: Duration = Duration::from_millis(100);

/// 伊金霍洛旗 lies at about 1300 m, and corrects haemoglobin limits for it.
const ALTITUDE_M: &str = "1300";

/// Makes the data directory; gives the commission's first code.
///
/// # Errors
/// Where `yuqiao init` fails.
pub async fn init(exe: &Path, dir: &Path, commission: &Organization) -> Result<String, CliError> {
    let registration = &commission.registration;
    let made = Command::new(exe)
        .args([
            "--json",
            "init",
            "--region",
            DIVISION,
            "--listen",
            "127.0.0.1:0",
        ])
        .args(["--altitude-m", ALTITUDE_M, "--correct-for-altitude"])
        .args(["--name", &registration.display_name])
        .args(["--credit-code", &registration.social_credit_code])
        .arg(dir.join(DATA))
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

/// Starts the server; it goes on when this process ends, unless it is ended.
///
/// # Errors
/// Where it can't be started.
pub fn serve(exe: &Path, dir: &Path) -> Result<Child, CliError> {
    let log = dir.join(LOG);
    let file = File::create(&log).map_err(CliError::file(&log))?;
    let same = file.try_clone().map_err(CliError::file(&log))?;
    Command::new(exe)
        .arg("serve")
        .arg(dir.join(DATA))
        .arg("--ready-file")
        .arg(dir.join(READY))
        .stdin(Stdio::null())
        .stdout(file)
        .stderr(same)
        // Ctrl-C at a demonstration that was left running must not reach it.
        .process_group(0)
        .spawn()
        .map_err(CliError::file(exe))
}

/// Waits until the server can be reached; gives its address.
///
/// # Errors
/// Where it ends first, or is not there within some seconds.
pub async fn ready(server: &mut Child, dir: &Path) -> Result<String, CliError> {
    for _ in 0..READY_POLLS {
        if let Ok(address) = fs::read_to_string(dir.join(READY))
            && !address.trim().is_empty()
        {
            return Ok(address.trim().to_owned());
        }
        let exited = server.try_wait().map_err(CliError::file("yuqiao serve"))?;
        if exited.is_some() {
            break;
        }
        sleep(READY_POLL).await;
    }
    let log = dir.join(LOG);
    Err(failed(
        "the server starts",
        format!("it did not; see {}", log.display()),
    ))
}
