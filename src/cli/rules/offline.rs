//! `yuqiao rules replay SET FILES`: a rule set is tried on files of check-ups, without a gateway.
//!
//! Every child is assessed by both sets and what differs is counted, on every core, a child at a time.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use chrono::NaiveDate;
use clap::Args;
use indicatif::ProgressBar;
use serde_json::{Value, json};

use super::attendance::{COLUMNS, Days};
use super::files::SHIPPED;
use super::histories::{Histories, Row};
use super::{bar, found, set};
use crate::cli::Global;
use crate::cli::county::today_in_china;
use crate::cli::error::{CliError, SOME_REFUSED};
use crate::cli::output::Output;
use crate::clinical::assess::{Examined, Raised, Setting, assess};
use crate::clinical::rules::RuleSet;
use crate::clinical::schedule::{Life, Track};
use crate::clinical::tally::{Fate, Tally};
use crate::clock::{Clock, SystemClock};
use crate::domain::alert::Level;
use crate::domain::growth_standard::GrowthStandard;
use crate::rpc::exchange::{Alone, alone};
use crate::rpc::json::from_json;
use crate::rpc::wire::PushRequest;
use crate::service::assessment::offered;

/// Rows that were passed over and are told by file and line; of more only the count.
const MOST_TOLD: usize = 20;
/// Children taken by a core at a time.
const AT_A_TIME: usize = 64;

/// Arguments of `yuqiao rules replay`.
#[derive(Args, Debug)]
#[command(after_help = COLUMNS)]
pub struct Replay {
    /// The set to try: an id; over files also a directory, or `shipped` for this program's
    pub set: String,
    /// Files of check-ups as for push; without them the region's children are assessed
    pub files: Vec<PathBuf>,
    /// Over files: the set to compare with
    #[arg(long, default_value = SHIPPED, requires = "files")]
    against: String,
    /// Over files: the day to assess as of, e.g. 2026-09-01; today in China if left out
    #[arg(long, value_name = "DATE", requires = "files")]
    today: Option<NaiveDate>,
    /// Over files: metres above sea level to raise haemoglobin limits by; none if left out
    #[arg(long, value_name = "METRES", requires = "files")]
    altitude_m: Option<i32>,
    /// Over files: whose growth classes raise alerts, WST423 or WHO
    #[arg(long, default_value = "WST423", value_parser = standard, requires = "files")]
    standard: GrowthStandard,
    /// Over files: CSV of the children's days in care and away from it, see below; without it nobody is
    /// in care, and no check before entry or return is asked for
    #[arg(long, value_name = "FILE", requires = "files")]
    attendance: Option<PathBuf>,
    /// Over files: ask for Mongolian-medicine guidance, as where a region offers it
    #[arg(long, requires = "files")]
    mongolian_medicine: bool,
}

fn standard(text: &str) -> Result<GrowthStandard, String> {
    GrowthStandard::parse(&text.to_ascii_uppercase()).ok_or_else(|| "WST423 or WHO".to_owned())
}

/// What every child is assessed by.
struct Question<'a> {
    histories: &'a Histories,
    old: &'a RuleSet,
    new: &'a RuleSet,
    setting: Setting,
    days: Days,
    optional: &'static [Track],
    today: NaiveDate,
}

/// What one core counted.
#[derive(Default)]
struct Counted {
    tally: Tally,
    check_ups: u64,
    /// Rows that are no check-up, or say no birth date: file and line.
    refused: Vec<(u32, u32)>,
}

/// What was counted, over all files.
struct Replayed {
    counted: Counted,
    /// The first rows that were passed over, as `FILE:LINE`.
    told: Vec<String>,
    /// Rows of attendance about children without a check-up.
    unmatched: u64,
    seconds: f64,
}

impl Replay {
    /// Assesses every child of the files by both sets. Rows that are passed over are named on standard
    /// error, and in the exit code.
    ///
    /// # Errors
    /// Where a set is not sound, or a file can't be read.
    pub async fn run(self, global: &Global, out: Output) -> Result<ExitCode, CliError> {
        let new = set(global, &self.set).await?;
        let old = set(global, &self.against).await?;
        let counted = tokio::task::spawn_blocking(move || self.replay(&old, &new));
        let replayed = counted
            .await
            .map_err(|_| CliError::Answer("a replay that broke off"))??;
        for place in &replayed.told {
            eprintln!("{place}: passed over 未计入");
        }
        if replayed.unmatched > 0 {
            let count = replayed.unmatched;
            eprintln!(
                "{count} rows of attendance are about children without a check-up 无检查记录"
            );
        }
        tell(&replayed, out)?;
        Ok(if replayed.counted.refused.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(SOME_REFUSED)
        })
    }

    fn replay(&self, old: &RuleSet, new: &RuleSet) -> Result<Replayed, CliError> {
        let begun = SystemClock.now();
        let reading = bar("bytes read");
        reading.set_length(
            self.files
                .iter()
                .filter_map(|f| f.metadata().ok())
                .map(|m| m.len())
                .sum(),
        );
        let histories = Histories::of(&self.files, |bytes| reading.inc(bytes))?;
        reading.finish_and_clear();
        let today = self.today.unwrap_or_else(today_in_china);
        let days = match &self.attendance {
            Some(path) => Days::read(path, &histories, today)?,
            None => Days::default(),
        };
        let unmatched = days.unmatched;
        let bar = bar("check-ups");
        bar.set_length(histories.rows() as u64);
        let question = Question {
            histories: &histories,
            old,
            new,
            setting: Setting {
                altitude_m: self.altitude_m.unwrap_or(0),
                correct_for_altitude: self.altitude_m.is_some(),
                growth_standard: self.standard,
            },
            days,
            optional: offered(self.mongolian_medicine),
            today,
        };
        let mut counted = question.on_every_core(&bar)?;
        bar.finish_and_clear();
        counted.refused.extend(&histories.unreadable);
        counted.refused.sort_unstable();
        let told = counted.refused.iter().take(MOST_TOLD);
        let told = told.filter_map(|&(file, line)| {
            let path = histories.path(file)?;
            Some(format!("{}:{line}", path.display()))
        });
        Ok(Replayed {
            told: told.collect(),
            unmatched,
            counted,
            seconds: (SystemClock.now() - begun).as_seconds_f64(),
        })
    }
}

impl Question<'_> {
    fn on_every_core(&self, bar: &ProgressBar) -> Result<Counted, CliError> {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let next = AtomicUsize::new(0);
        let parts: Vec<Result<Counted, CliError>> = thread::scope(|scope| {
            let workers: Vec<_> = (0..cores)
                .map(|_| scope.spawn(|| self.work(&next, bar)))
                .collect();
            let broken = || Err(CliError::Answer("a replay that broke off"));
            let parts = workers
                .into_iter()
                .map(|w| w.join().unwrap_or_else(|_| broken()));
            parts.collect()
        });
        let mut whole = Counted::default();
        for part in parts {
            let part = part?;
            whole.tally.add(part.tally);
            whole.check_ups += part.check_ups;
            whole.refused.extend(part.refused);
        }
        Ok(whole)
    }

    /// Takes children until there are none.
    fn work(&self, next: &AtomicUsize, bar: &ProgressBar) -> Result<Counted, CliError> {
        let mut counted = Counted::default();
        loop {
            let from = next.fetch_add(AT_A_TIME, Ordering::Relaxed);
            if from >= self.histories.children() {
                return Ok(counted);
            }
            let rows = |counted: &Counted| counted.check_ups + counted.refused.len() as u64;
            let before = rows(&counted);
            for child in from..(from + AT_A_TIME).min(self.histories.children()) {
                self.child(child, &mut counted)?;
            }
            bar.inc(rows(&counted) - before);
        }
    }

    fn child(&self, child: usize, counted: &mut Counted) -> Result<(), CliError> {
        let rows = self.histories.of_child(child)?;
        let mut read: Vec<Alone> = Vec::with_capacity(rows.len());
        for row in &rows {
            match check_up(row) {
                Some(check_up) => read.push(check_up),
                None => counted.refused.push((row.file, row.line)),
            }
        }
        counted.check_ups += read.len() as u64;
        let Some(birth_date) = read.iter().find_map(|row| row.birth_date) else {
            return Ok(());
        };
        let days = self.days.of(child);
        let life = Life {
            sex: read.iter().find_map(|row| row.sex),
            birth_date,
            gestation_days: None,
            known_since: None,
            died: None,
            care: &days.care,
            absences: &days.absences,
            optional: self.optional,
        };
        let ids: Vec<String> = (0..read.len()).map(|n| format!("{n:04}")).collect();
        let examined: Vec<Examined<'_>> = read
            .iter()
            .zip(&ids)
            .map(|(row, id)| Examined {
                id,
                source: row.check_up.source(),
                check_up: &row.check_up,
            })
            .collect();
        let raised = [self.old, self.new].map(|rules| {
            let (schedules, setting) = (rules.schedules(), &self.setting);
            assess(rules, schedules, &life, setting, &examined, self.today).raised
        });
        let [old, new] = raised;
        counted.tally.child(fates(old, new));
        Ok(())
    }
}

/// A row's check-up; none where it is not one, or says no birth date: rules need the age.
fn check_up(row: &Row) -> Option<Alone> {
    let text = row.text.trim_start_matches('\u{feff}').trim();
    let request: PushRequest = from_json(text).ok()?;
    let row = alone(&row.file.to_string(), request.check_up?).ok()?;
    row.birth_date.is_some().then_some(row)
}

/// What becomes of the alerts the old set raises. Both lists are in order of family and subject.
fn fates(old: Vec<Raised<'_>>, new: Vec<Raised<'_>>) -> Vec<(Fate, String, Level)> {
    let mut fates = Vec::with_capacity(old.len().max(new.len()));
    let mut old = old;
    for raised in new {
        let same = |o: &Raised<'_>| {
            let places = (o.family, o.facility) == (raised.family, raised.facility);
            places && (&o.subject, &o.apart) == (&raised.subject, &raised.apart)
        };
        let fate = match old.iter().position(same).map(|at| old.swap_remove(at)) {
            None => Fate::Raised,
            Some(was) if was == raised => Fate::Unchanged,
            Some(_) => Fate::Changed,
        };
        fates.push((fate, raised.rule.to_owned(), raised.level));
    }
    let gone = old.into_iter();
    fates.extend(gone.map(|o| (Fate::Resolved, o.rule.to_owned(), o.level)));
    fates
}

fn tell(replayed: &Replayed, out: Output) -> Result<(), CliError> {
    let Counted {
        tally,
        check_ups,
        refused,
    } = &replayed.counted;
    let (refused, seconds) = (refused.len(), replayed.seconds);
    let rate = *check_ups as f64 / seconds.max(1e-9);
    if out.is_json() {
        let rows: Vec<Value> = tally
            .cells
            .iter()
            .map(|((rule, level), counts)| {
                json!({
                    "rule": rule,
                    "level": level.as_str(),
                    "raised": counts.raised,
                    "changed": counts.changed,
                    "resolved": counts.resolved,
                    "unchanged": counts.unchanged,
                })
            })
            .collect();
        return out.value(&json!({
            "children": tally.children,
            "childrenAffected": tally.affected,
            "checkUps": check_ups,
            "refused": refused,
            "seconds": seconds,
            "rows": rows,
        }));
    }
    let refused = match refused {
        0 => String::new(),
        count => format!("; {count} rows passed over 未计入"),
    };
    out.line(&found::of_files(tally))?;
    out.line(&format!(
        "{check_ups} check-ups in {seconds:.1} s, {rate:.0} a second{refused}"
    ))
}
