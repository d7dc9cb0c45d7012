//! The arguments of `yuqiao assess`, and the files behind them.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read};
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Asked, Standard, assess};
use crate::cli::error::CliError;
use crate::cli::output::Output;

const COLUMNS: &str = "\
Added columns, empty where there is no result (len length or height for age, wei weight for age,
wfl weight for length or height, bmi BMI for age, hc head circumference for age):
  clenhei_cm cbmi    length or height after the 0.7 cm between lying and standing, and BMI
  z* f*              z-score, and 1 where it is beyond WHO's limits of plausibility: measure again
  p* who_edition     centile of the z-score, 0.0 to 100.0, and WHO2006 or WHO2007
  wst_level_*        LOWER 下, LOWER_MIDDLE 中下, MIDDLE 中, UPPER_MIDDLE 中上, UPPER 上: by standard
                     deviations (WS/T 423-2022 table 2)
  wst_plevel_*       the same by percentiles (table 1)
  wst_class_*        UNDERWEIGHT 低体重, STUNTING 生长迟缓, WASTING 消瘦, each also SEVERE_ 重度;
                     OVERWEIGHT 超重, OBESITY 肥胖, SEVERE_OBESITY 重度肥胖 (table 3)
  wst_row_*          EXACT, INTERPOLATED between two rows, or LAST_ROW (82 and 83 months)
  wst_clenhei_cm     as clenhei_cm; WS/T 423 changes from length to height at 24 completed months
Without --standard: clenhei_cm, cbmi, z* and f* by WHO 2006 alone, nothing from 60 months on.
Ages: age_months is used where age_days is empty (1 month is 30.4375 days).
A flagged value has no class.";

/// Arguments of `yuqiao assess`.
#[derive(Args, Debug)]
#[command(after_help = COLUMNS)]
pub struct Assess {
    /// CSV with the columns sex, age_days or age_months, weight_kg, lenhei_cm, measure, headc_cm,
    /// oedema, any of them missing where not measured; - for standard input
    #[arg(default_value = "-")]
    input: PathBuf,
    /// Whose results to add
    #[arg(long, value_enum, value_name = "STANDARD")]
    standard: Option<Standard>,
    /// Where the children with their results go; - for standard output
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
        let asked = Asked {
            standard: self.standard,
            json: out.is_json(),
        };
        let summary = if dash(&self.output) {
            assess(asked, input, BufWriter::new(io::stdout().lock()))?
        } else {
            let fresh = Fresh::beside(&self.output).map_err(CliError::file(&self.output))?;
            let summary = assess(asked, input, BufWriter::new(&fresh.file))?;
            fresh.keep().map_err(CliError::file(&self.output))?;
            summary
        };
        out.remark(&format!(
            "{} rows: {} scored, {} flagged, {} positions ignored",
            summary.rows, summary.scored, summary.flagged, summary.positions_ignored
        ));
        Ok(())
    }
}

/// A file of results that takes its place when it is whole: the place may be the input's own.
struct Fresh {
    file: File,
    /// Where it is until then; none where results go straight to what is no regular file.
    until: Option<PathBuf>,
    place: PathBuf,
}

impl Fresh {
    fn beside(path: &Path) -> io::Result<Self> {
        // A link stays one: what it leads to is replaced.
        let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let there = fs::metadata(&place).ok();
        if there.as_ref().is_some_and(|there| !there.is_file()) {
            let file = File::create(&place)?;
            let until = None;
            return Ok(Self { file, until, place });
        }
        let mut until = place.clone().into_os_string();
        until.push(".new");
        let file = File::create(&until)?;
        if let Some(there) = there {
            file.set_permissions(there.permissions())?;
        }
        let until = Some(until.into());
        Ok(Self { file, until, place })
    }

    fn keep(mut self) -> io::Result<()> {
        if let Some(until) = &self.until {
            self.file.sync_all()?;
            fs::rename(until, &self.place)?;
            self.until = None;
        }
        Ok(())
    }
}

impl Drop for Fresh {
    /// What was not kept is not left behind.
    fn drop(&mut self) {
        if let Some(until) = &self.until {
            let _ = fs::remove_file(until);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHILD: &str = "sex,age_days,weight_kg\nM,400,8.0\n";

    fn onto_itself(dir: &Path, text: &str) -> (Result<(), CliError>, String) {
        let file = dir.join("kids.csv");
        fs::write(&file, text).unwrap();
        let assess = Assess {
            input: file.clone(),
            standard: None,
            output: file.clone(),
        };
        let done = assess.run(Output::new(false));
        (done, fs::read_to_string(file).unwrap())
    }

    #[test]
    fn a_file_may_be_assessed_onto_itself() {
        let dir = tempfile::tempdir().unwrap();
        let (done, text) = onto_itself(dir.path(), CHILD);
        done.unwrap();
        assert!(
            text.starts_with("sex,age_days,weight_kg,clenhei_cm"),
            "{text}"
        );
        assert_eq!(text.lines().count(), 2);
    }

    #[test]
    fn results_that_were_not_finished_take_nobody_s_place() {
        let dir = tempfile::tempdir().unwrap();
        let damaged = format!("{CHILD}M,400,heavy\n");
        let (done, text) = onto_itself(dir.path(), &damaged);
        assert!(done.is_err());
        assert_eq!(text, damaged);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
