//! `yuqiao growth-chart`: one child's curve over a standard's lines, from a CSV without a server, or of
//! a child the gateway knows.

mod ask;
mod read;

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::Global;
use super::error::CliError;
use super::output::Output;
use super::words;
use crate::clinical::growth::Tables;
use crate::clinical::growth::chart::{Chart, ChartKind, Scale, Subject, marks, usual_range};
use crate::domain::growth_standard::GrowthStandard;

pub use read::ChartError;

const EXAMPLE: &str = "\
The CSV has a row a visit of one child and the columns of `yuqiao assess`: sex, age_days or age_months,
weight_kg, lenhei_cm, measure, headc_cm, oedema. --only id=7 takes the rows whose column id says 7.
  yuqiao growth-chart child.csv --chart weight -o weight.svg
With --child the gateway draws a child it knows: an institution of what it measured itself, a guardian's
code of everything.
  yuqiao growth-chart --child CHILD --chart stature -o stature.svg
A measurement that can't be believed is drawn as a diamond: beyond WHO's limits, or against the one before.
The drawing holds no name and no other column of the table.";

/// Arguments of `yuqiao growth-chart`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct GrowthChart {
    /// CSV of one child's visits; - for standard input
    #[arg(default_value = "-")]
    input: PathBuf,
    /// Instead of a CSV, a child the gateway knows: its id or resource name
    #[arg(long, conflicts_with_all = ["input", "only", "gestation_weeks"])]
    child: Option<String>,
    /// With --child: the guardian's one-time code for reading (监护人查阅码)
    #[arg(long, env = "YUQIAO_GUARDIAN_CODE", hide_env_values = true)]
    code: Option<String>,
    /// What is drawn
    #[arg(long, value_enum, default_value = "weight")]
    chart: Kind,
    /// Whose lines: wst423 or who; if left out the region's, of a CSV wst423
    #[arg(long, value_name = "STANDARD", value_parser = words::parse_growth_standard)]
    standard: Option<GrowthStandard>,
    /// Which lines: standard deviations, or percentiles
    #[arg(long, value_enum, default_value = "sd")]
    lines: Lines,
    /// The x axis, in months (or cm), e.g. 0-24; as the points need it if left out
    #[arg(long, value_name = "FROM-UNTIL", value_parser = span)]
    range: Option<(u16, u16)>,
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
    /// Draws the chart, or asks the gateway for it.
    ///
    /// # Errors
    /// Where a file can't be read or written, a cell can't be understood, or the rows are not of one
    /// child; what the gateway refused.
    pub async fn run(&self, global: &Global, out: Output) -> Result<(), CliError> {
        match &self.child {
            Some(child) => self.tell(out, self.ask(global, child).await?),
            None => self.tell(out, self.draw()?),
        }
    }

    fn draw(&self) -> Result<Drawn, CliError> {
        let input: Box<dyn Read> = if is_dash(&self.input) {
            Box::new(io::stdin().lock())
        } else {
            let file = File::open(&self.input).map_err(CliError::file(&self.input))?;
            Box::new(BufReader::new(file))
        };
        let only = self.only.as_ref();
        let only = only.map(|(column, value)| (column.as_str(), value.as_str()));
        let child = read::child(input, only, self.gestation_weeks.map(|weeks| weeks * 7))?;

        let tables = Tables::load().map_err(ChartError::from)?;
        let (indicator, by_length) = self.chart.kind().indicator();
        let subject = Subject {
            sex: child.sex,
            indicator,
            standard: self.standard.unwrap_or(GrowthStandard::Wst423),
            scale: self.lines.scale(),
            by_length,
        };
        let marks = marks(&tables, &subject, &child.visits);
        let range = self.range.map(|(from, until)| (from.into(), until.into()));
        let range = range.unwrap_or_else(|| usual_range(&subject, &marks));
        let chart = Chart {
            subject,
            range,
            marks: &marks,
        };
        Ok(Drawn {
            svg: chart.svg(&tables),
            points: marks.len(),
            doubtful: marks.iter().filter(|mark| mark.doubtful).count(),
        })
    }

    fn tell(&self, out: Output, drawn: Drawn) -> Result<(), CliError> {
        let Drawn {
            svg,
            points,
            doubtful,
        } = drawn;
        if is_dash(&self.output) && !out.is_json() {
            return out.line(svg.trim_end());
        }
        if is_dash(&self.output) {
            return out.value(&json!({"points": points, "doubtful": doubtful, "svg": svg}));
        }
        fs::write(&self.output, svg).map_err(CliError::file(&self.output))?;
        if out.is_json() {
            out.value(&json!({"points": points, "doubtful": doubtful}))
        } else {
            out.line(&format!("{points} points, {doubtful} in doubt"))
        }
    }
}

/// A chart, and what it shows.
struct Drawn {
    svg: String,
    points: usize,
    doubtful: usize,
}

fn is_dash(path: &Path) -> bool {
    path == Path::new("-")
}

impl Kind {
    fn kind(self) -> ChartKind {
        match self {
            Kind::Weight => ChartKind::Weight,
            Kind::Stature => ChartKind::Stature,
            Kind::WeightForLength => ChartKind::WeightForLength,
            Kind::WeightForHeight => ChartKind::WeightForHeight,
            Kind::Bmi => ChartKind::Bmi,
            Kind::Head => ChartKind::Head,
        }
    }
}

impl Lines {
    fn scale(self) -> Scale {
        match self {
            Lines::Sd => Scale::Sd,
            Lines::Percentile => Scale::Percentile,
        }
    }
}

fn span(text: &str) -> Result<(u16, u16), String> {
    let ends = text.split_once('-').and_then(|(from, until)| {
        let end = |text: &str| text.trim().parse::<u16>().ok();
        Some((end(from)?, end(until)?))
    });
    ends.filter(|(from, until)| from < until && *until <= 300)
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
