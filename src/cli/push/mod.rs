//! `yuqiao push FILE`: yesterday's check-ups, with one clear verdict a row.
//!
//! Safe to run again after any interruption: rows carry an idempotency key, so a row sent twice is
//! answered as before. A second run sends every row again, which also shows a row whose content was
//! changed under its old key; `--resume` skips the rows whose verdict says that they are stored.

pub(super) mod rows;
mod session;
mod verdicts;
mod window;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tokio::fs::File;
use tokio::io::{AsyncBufRead, BufReader, stdin};

use super::Global;
use super::connection::Connection;
use super::error::{CliError, SOME_REFUSED};
use super::output::Output;
use session::Pusher;
use verdicts::{Stored, Tally, VerdictFile};

const READ_AHEAD: usize = 1 << 18;

/// Arguments of `yuqiao push`.
#[derive(Args, Debug)]
pub struct Push {
    /// Newline-delimited JSON of PushRequest; region, idempotency key and row may be left out.
    /// - for standard input
    file: PathBuf,
    /// The verdict file; FILE.verdicts.ndjson if left out
    #[arg(long, value_name = "FILE", required_if_eq("file", "-"))]
    verdicts: Option<PathBuf>,
    /// Skip the rows that an earlier, interrupted run has stored
    #[arg(long)]
    resume: bool,
}

impl Push {
    /// Pushes every row.
    ///
    /// # Errors
    /// Where a file can't be read or written, or the gateway refuses the stream or stays away.
    pub async fn run(self, global: &Global, out: Output) -> Result<ExitCode, CliError> {
        let connection = Connection::open(global).await?;
        let (reader, size) = open(&self.file).await?;
        let path = self.verdicts.unwrap_or_else(|| beside(&self.file));
        let (file, stored) = if self.resume {
            VerdictFile::resume(&path).map_err(CliError::file(&path))?
        } else {
            (
                VerdictFile::create(&path).map_err(CliError::file(&path))?,
                Stored::default(),
            )
        };
        let bar = progress(size);
        let pusher = Pusher::new(&connection, reader, file, stored, bar.clone());
        let pushed = pusher.run().await;
        bar.finish_and_clear();
        let tally = pushed.map_err(|failure| failure.into_error(&self.file, &path))?;
        summary(tally, &path, out)?;
        Ok(if tally.refused > 0 {
            ExitCode::from(SOME_REFUSED)
        } else {
            ExitCode::SUCCESS
        })
    }
}

async fn open(path: &Path) -> Result<(Box<dyn AsyncBufRead + Unpin + Send>, u64), CliError> {
    if path == Path::new("-") {
        return Ok((Box::new(BufReader::new(stdin())), 0));
    }
    let file = File::open(path).await.map_err(CliError::file(path))?;
    let size = file.metadata().await.map_err(CliError::file(path))?.len();
    Ok((Box::new(BufReader::with_capacity(READ_AHEAD, file)), size))
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".verdicts.ndjson");
    PathBuf::from(name)
}

/// Counts rows at a terminal; nothing elsewhere.
fn progress(size: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(
        "{elapsed} {bar:40} {binary_bytes}/{binary_total_bytes} {msg}",
    );
    let bar = ProgressBar::new(size);
    // The template is fixed; without it the bar's own default is shown.
    if let Ok(style) = style {
        bar.with_style(style)
    } else {
        bar
    }
}

fn summary(tally: Tally, verdicts: &Path, out: Output) -> Result<(), CliError> {
    if out.is_json() {
        return out.value(&json!({
            "accepted": tally.accepted,
            "held": tally.held,
            "refused": tally.refused,
            "replayed": tally.replayed,
            "skipped": tally.skipped,
            "verdicts": verdicts,
        }));
    }
    let rows = tally.accepted + tally.held + tally.refused + tally.skipped;
    out.line(&format!(
        "{rows} rows: {} accepted 已接收, {} held 待匹配, {} refused 未接收; {} sent before, {} skipped\nverdicts: {}",
        tally.accepted,
        tally.held,
        tally.refused,
        tally.replayed,
        tally.skipped,
        verdicts.display()
    ))
}
