//! `yuqiao county`: writes the example county's files.

use std::fs;
use std::path::PathBuf;

use chrono::{NaiveDate, TimeDelta};
use clap::Args;
use serde_json::json;

use super::demo::county::{County as Example, FileError};
use super::error::CliError;
use super::output::Output;
use crate::clock::{Clock, SystemClock};

/// Arguments of `yuqiao county`.
#[derive(Args, Debug)]
pub struct County {
    /// The same seed and day give the same files
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The day everything is seen from, e.g. 2026-09-01; today in China if left out
    #[arg(long, value_name = "DATE")]
    today: Option<NaiveDate>,
    /// The directory to write into; made if it is not there
    #[arg(long)]
    out: PathBuf,
}

impl County {
    /// Writes the files.
    ///
    /// # Errors
    /// Where the directory can't be written.
    pub fn run(&self, out: Output) -> Result<(), CliError> {
        fs::create_dir_all(&self.out).map_err(CliError::file(&self.out))?;
        let county = Example::generate(self.seed, self.today.unwrap_or_else(today_in_china));
        let files = county.write(&self.out).map_err(|error| match error {
            FileError::Io(error) => CliError::file(&self.out)(error),
            FileError::Json(error) => error.into(),
        })?;
        if out.is_json() {
            return out.value(&json!({
                "children": county.children.len(),
                "checkUps": county.check_ups(),
                "exports": files.exports,
                "correction": files.correction,
            }));
        }
        for (path, rows) in files.exports.iter().zip(&county.exports) {
            out.line(&format!("{} check-ups  {}", rows.len(), path.display()))?;
        }
        out.line(&format!("1 correction   {}", files.correction.display()))?;
        out.line(&format!(
            "{} children    {}",
            county.children.len(),
            files.children.display()
        ))
    }
}

/// The civil day in the example county: eight hours ahead of UTC.
#[must_use]
pub fn today_in_china() -> NaiveDate {
    (SystemClock.now() + TimeDelta::hours(8)).date_naive()
}
