//! The arguments of `yuqiao assess`, and the files behind them.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::assess;
use crate::cli::error::CliError;
use crate::cli::output::Output;

/// Arguments of `yuqiao assess`.
#[derive(Args, Debug)]
pub struct Assess {
    /// CSV with the columns sex, age_days, weight_kg, lenhei_cm, measure, headc_cm, oedema, any of
    /// them missing where not measured; - for standard input
    #[arg(default_value = "-")]
    input: PathBuf,
    /// Where the CSV with z-scores and flags goes; - for standard output
    #[arg(long, short, default_value = "-", value_name = "FILE")]
    output: PathBuf,
}

impl Assess {
    /// Scores every row.
    ///
    /// # Errors
    /// Where a file can't be read or written, or a cell can't be understood.
    pub fn run(&self, out: Output) -> Result<(), CliError> {
        let dash = |path: &Path| path == Path::new("-");
        let input: Box<dyn Read> = if dash(&self.input) {
            Box::new(io::stdin().lock())
        } else {
            let file = File::open(&self.input).map_err(CliError::file(&self.input))?;
            Box::new(BufReader::new(file))
        };
        let output: Box<dyn Write> = if dash(&self.output) {
            Box::new(BufWriter::new(io::stdout().lock()))
        } else {
            let file = File::create(&self.output).map_err(CliError::file(&self.output))?;
            Box::new(BufWriter::new(file))
        };
        let summary = assess(input, output)?;
        out.remark(&format!(
            "{} rows: {} scored, {} flagged, {} positions ignored",
            summary.rows, summary.scored, summary.flagged, summary.positions_ignored
        ));
        Ok(())
    }
}
