//! `yuqiao demo`: the whole journey on an example county, with the real server and separate client
//! processes over mTLS. Each step is checked; the first that does not hold ends it.

mod agreements;
mod arrival;
mod changes;
pub mod county;
mod families;
mod morning;
mod opening;
mod parties;
mod report;
mod server;
mod stage;
mod story;
mod watcher;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::county::today_in_china;
use super::error::CliError;
use super::output::Output;
use county::{County, FileError};
use stage::Stage;
use story::Story;

/// Arguments of `yuqiao demo`.
#[derive(Args, Debug)]
pub struct Demo {
    /// Leave the server running at the end, and say what to try by hand
    #[arg(long)]
    keep: bool,
    /// A directory that is not there yet; one under the system's temporary directory if left out
    #[arg(long)]
    dir: Option<PathBuf>,
    /// The example county's seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Demo {
    /// Plays the journey.
    ///
    /// # Errors
    /// The first step that does not come out as it must; the directory then stays, with the log.
    pub async fn run(self, out: Output) -> Result<(), CliError> {
        let dir = self.dir.clone().unwrap_or_else(|| {
            std::env::temp_dir().join(format!("yuqiao-demo-{}", std::process::id()))
        });
        // Never over somebody's directory: the last part must be new.
        if let Some(parent) = dir.parent() {
            fs::create_dir_all(parent).map_err(CliError::file(parent))?;
        }
        fs::create_dir(&dir).map_err(CliError::file(&dir))?;
        let today = today_in_china();
        let county = County::generate(self.seed, today);
        let exports = dir.join("exports");
        fs::create_dir(&exports).map_err(CliError::file(&exports))?;
        let files = county.write(&exports).map_err(|error| match error {
            FileError::Io(error) => CliError::file(&exports)(error),
            FileError::Json(error) => error.into(),
        })?;
        let (stage, code) = Stage::open(&dir, &county.organizations[0]).await?;
        let played = Story::new(&stage, &county, &files, out).play(&code).await;
        let checks = match played {
            Ok(checks) => checks,
            Err(error) => {
                stage.close().await?;
                out.remark(&format!("the directory stays: {}", dir.display()));
                return Err(error);
            }
        };
        if !out.is_json() {
            out.line(&format!("\n{checks} checks held."))?;
        }
        if self.keep {
            let endpoint = stage.endpoint().to_owned();
            let exe = stage.exe().to_owned();
            let server = stage.leave();
            if out.is_json() {
                return out.value(&json!({"endpoint": endpoint, "process": server, "dir": dir}));
            }
            return out.line(&by_hand(&exe, &dir, &endpoint, server));
        }
        stage.close().await?;
        fs::remove_dir_all(&dir).map_err(CliError::file(&dir))
    }
}

fn by_hand(exe: &Path, dir: &Path, endpoint: &str, server: Option<u32>) -> String {
    let clients = dir.join("clients");
    let clients = clients.display();
    let exports = dir.join("exports");
    let server = server.map(|id| id.to_string()).unwrap_or_default();
    format!(
        "
The server goes on at {endpoint} (process {server}). Try by hand:

  alias yuqiao={exe}
  export YUQIAO_PROFILE={clients}/public
  yuqiao actor list
  yuqiao alerts list
  yuqiao fitness; yuqiao due --within 7
  yuqiao day-sheet --out {dir}/sheet.html
  yuqiao watch --after 0 --until-idle 2
  yuqiao --profile {clients}/commission org list
  yuqiao --profile {clients}/commission agreement list
  yuqiao --profile {clients}/commission rules list
  yuqiao --profile {clients}/hospital-a push {exports}/hospital-a.ndjson
  child=$(yuqiao --json fitness | jq -r 'select(.fitness).fitness.child' | head -1)
  yuqiao --profile {clients}/hospital-a growth-chart --child $child --chart weight -o {dir}/weight.svg
  yuqiao rules export {dir}/my-rules; yuqiao rules replay {dir}/my-rules {exports}/hospital-a.ndjson
  yuqiao call
  kill {server}; rm -r {dir}",
        exe = exe.display(),
        exports = exports.display(),
        dir = dir.display(),
    )
}
