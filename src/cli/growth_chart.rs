//! `yuqiao growth-chart`: one child's curve over a standard's lines, from a CSV, without a server.

mod read;

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::error::CliError;
use super::output::Output;
use super::words;
use crate::clinical::growth::chart::{Chart, Scale, Subject, marks, usual_range};
use crate::clinical::growth::{Indicator, Tables};
use crate::domain::growth_standard::GrowthStandard;

pub use read::ChartError;

const EXAMPLE: &str = "\
The CSV has a row a visit of one child and the columns of `yuqiao assess`: sex, age_days or age_months,
weight_kg, lenhei_cm, measure, headc_cm, oedema. --only id=7 takes the rows whose column id says 7.
  yuqiao growth-chart child.csv --chart weight -o weight.svg
A measurement that can't be believed is drawn as a diamond: beyond WHO's limits, or against the one before.
The drawing holds no name and no other column of the table.";

/// Arguments of `yuqiao growth-chart`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct GrowthChart {
    /// CSV of one child's visits; - for standard input
    #[arg(default_value = "-")]
    input: PathBuf,
    /// What is drawn
    #[arg(long, value_enum, default_value = "weight")]
    chart: Kind,
    /// Whose lines: wst423 or who
    #[arg(long, value_name = "STANDARD", default_value = "wst423", value_parser = words::parse_growth_standard)]
    standard: GrowthStandard,
    /// Which lines: standard deviations, or percentiles
    #[arg(long, value_enum, default_value = "sd")]
    lines: Lines,
    /// The x axis, in months (or cm), e.g. 0-24; as the points need it if left out
    #[arg(long, value_name = "FROM-UNTIL", value_parser = span)]
    range: Option<(f64, f64)>,
    /// Completed weeks of gestation at birth: under 37 the age is corrected until 24 months
    #[arg(long, value_name = "WEEKS", value_parser = clap::value_parser!(u32).range(22..=44))]
    gestation_weeks: Option<u32>,
    /// Only the rows whose column says so
    #[arg(long, value_name = "COLUMN=VALUE", value_parser = column_and_value)]
    only: Option<(String, String)>,
    /// Where the SVG goes; - for standard output
    #[arg(long, short, default_value = "-", value_name = "FILE")]
    output: PathBuf,
}

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Weight for age (年龄别体重)
    Weight,
    /// Length or height for age (年龄别身长/身高)
    Stature,
    /// Weight for length, under two years (身长别体重)
    WeightForLength,
    /// Weight for height, from two years on (身高别体重)
    WeightForHeight,
    /// BMI for age (年龄别体重指数)
    Bmi,
    /// Head circumference for age (年龄别头围)
    Head,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Lines {
    /// −3 SD to +3 SD
    Sd,
    /// P3 to P97
    Percentile,
}

impl GrowthChart {
    /// Draws the chart.
    ///
    /// # Errors
    /// Where a file can't be read or written, a cell can't be understood, or the rows are not of one
    /// child.
    pub fn run(&self, out: Output) -> Result<(), CliError> {
        let dash = |path: &Path| path == Path::new("-");
        let input: Box<dyn Read> = if dash(&self.input) {
            Box::new(io::stdin().lock())
        } else {
            let file = File::open(&self.input).map_err(CliError::file(&self.input))?;
            Box::new(BufReader::new(file))
        };
        let only = self.only.as_ref();
        let only = only.map(|(column, value)| (column.as_str(), value.as_str()));
        let child = read::child(input, only, self.gestation_weeks.map(|weeks| weeks * 7))?;

        let tables = Tables::load().map_err(ChartError::from)?;
        let (indicator, by_length) = self.chart.indicator();
        let subject = Subject {
            sex: child.sex,
            indicator,
            standard: self.standard,
            scale: match self.lines {
                Lines::Sd => Scale::Sd,
                Lines::Percentile => Scale::Percentile,
            },
            by_length,
        };
        let marks = marks(&tables, &subject, &child.visits);
        let range = self.range.unwrap_or_else(|| usual_range(&subject, &marks));
        let chart = Chart {
            subject,
            range,
            marks: &marks,
        };
        let svg = chart.svg(&tables);
        let doubtful = marks.iter().filter(|mark| mark.doubtful).count();
        if dash(&self.output) && !out.is_json() {
            return out.line(svg.trim_end());
        }
        let told = json!({"points": marks.len(), "doubtful": doubtful});
        if dash(&self.output) {
            return out.value(&json!({"points": marks.len(), "doubtful": doubtful, "svg": svg}));
        }
        fs::write(&self.output, svg).map_err(CliError::file(&self.output))?;
        if out.is_json() {
            out.value(&told)
        } else {
            out.line(&format!("{} points, {doubtful} in doubt", marks.len()))
        }
    }
}

impl Kind {
    /// The indicator, and whether its table goes by length.
    fn indicator(self) -> (Indicator, bool) {
        match self {
            Kind::Weight => (Indicator::WeightForAge, false),
            Kind::Stature => (Indicator::LengthHeightForAge, false),
            Kind::WeightForLength => (Indicator::WeightForLengthHeight, true),
            Kind::WeightForHeight => (Indicator::WeightForLengthHeight, false),
            Kind::Bmi => (Indicator::BmiForAge, false),
            Kind::Head => (Indicator::HeadCircumferenceForAge, false),
        }
    }
}

fn span(text: &str) -> Result<(f64, f64), String> {
    let ends = text.split_once('-').and_then(|(from, until)| {
        let end = |text: &str| text.trim().parse::<u16>().ok().map(f64::from);
        Some((end(from)?, end(until)?))
    });
    ends.filter(|(from, until)| from < until && *until <= 300.0)
        .ok_or_else(|| "two whole numbers up to 300, e.g. 0-24".to_owned())
}

fn column_and_value(text: &str) -> Result<(String, String), String> {
    let found = text
        .split_once('=')
        .filter(|(column, _)| !column.is_empty());
    found
        .map(|(column, value)| (column.to_owned(), value.to_owned()))
        .ok_or_else(|| "a column, =, and a value".to_owned())
}

#[cfg(test)]
mod tests;
