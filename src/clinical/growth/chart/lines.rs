//! The lines of a standard as a chart draws them: seven of each, as points in the units of its axes.

use crate::clinical::growth::age::{AgeDays, DAYS_PER_MONTH};
use crate::clinical::growth::lms::LmsTable;
use crate::clinical::growth::wst423::{self, Row, Table};
use crate::clinical::growth::{Indicator, Tables};
use crate::domain::growth_standard::GrowthStandard;
use crate::domain::sex::Sex;
use crate::domain::text_code::text_codes;

text_codes! {
    /// Which seven lines of a standard are drawn.
    Scale {
        /// −3 SD … +3 SD.
        Sd = "SD",
        /// P3, P10, P25, P50, P75, P90, P97.
        Percentile = "PERCENTILE",
    }
}

impl Scale {
    /// The label of a line, from the lowest (0) to the highest (6).
    pub(super) fn label(self, line: usize) -> &'static str {
        const SD: [&str; 7] = [
            "−3 SD",
            "−2 SD",
            "−1 SD",
            "中位数",
            "+1 SD",
            "+2 SD",
            "+3 SD",
        ];
        const PERCENTILE: [&str; 7] = ["P3", "P10", "P25", "P50", "P75", "P90", "P97"];
        let labels = match self {
            Scale::Sd => SD,
            Scale::Percentile => PERCENTILE,
        };
        labels.get(line).copied().unwrap_or_default()
    }

    fn z(self, line: usize) -> f64 {
        /// The z-scores of the percentiles, to five decimals.
        const PERCENTILE: [f64; 7] = [
            -1.880_79, -1.281_55, -0.674_49, 0.0, 0.674_49, 1.281_55, 1.880_79,
        ];
        match self {
            Scale::Sd => line as f64 - 3.0,
            Scale::Percentile => PERCENTILE.get(line).copied().unwrap_or_default(),
        }
    }
}

/// What a chart is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    pub sex: Sex,
    pub indicator: Indicator,
    pub standard: GrowthStandard,
    pub scale: Scale,
    /// Of weight-for-length/height: by length, the table for children under two years.
    pub by_length: bool,
}

/// WHO's head circumferences end with day 1826.
const LAST_HEAD_MONTH: f64 = 1_826.0 / DAYS_PER_MONTH;

/// One line, from left to right, in as many pieces as the standard has: it breaks between length and
/// height, and WHO's between 2006 and 2007.
pub(super) type Line = Vec<Vec<(f64, f64)>>;

impl Subject {
    /// The seven lines over a range of x (months, or cm for weight-for-length/height), lowest first.
    pub(super) fn lines(&self, tables: &Tables, range: (f64, f64)) -> [Line; 7] {
        std::array::from_fn(|line| match self.standard {
            GrowthStandard::Who => self.who(tables, range, line),
            GrowthStandard::Wst423 => self.wst423(tables, range, line),
        })
    }

    fn who(&self, tables: &Tables, range: (f64, f64), line: usize) -> Line {
        let z = self.scale.z(line);
        if self.indicator == Indicator::WeightForLengthHeight {
            let table = match self.by_length {
                true => &tables.who.weight_for_length,
                false => &tables.who.weight_for_height,
            };
            return vec![by_length(table, self.sex, range, z)];
        }
        // Every day of the first weeks, then every fifth at most, and no more than some three hundred points.
        let last = match self.indicator {
            Indicator::HeadCircumferenceForAge => range.1.min(LAST_HEAD_MONTH),
            _ => range.1,
        };
        let (first, last) = (range.0 * DAYS_PER_MONTH, last * DAYS_PER_MONTH);
        let step = ((last - first) / 200.0).ceil().max(5.0);
        let breaks: Vec<f64> = self
            .breaks()
            .iter()
            .map(|(months, ..)| months * DAYS_PER_MONTH)
            .collect();
        let mut pieces: Line = vec![Vec::new()];
        let mut day = first;
        while day <= last {
            self.who_point(tables, day, z, &mut pieces);
            // The first weeks bend fast.
            let step = if day < 91.0 { 1.0 } else { step };
            if let Some(at) = breaks.iter().find(|&&at| day < at && at <= day + step) {
                // The last day before and the first day after lie side by side.
                let before = at.ceil() - 1.0;
                self.who_point(tables, before, z, &mut pieces);
                pieces.push(Vec::new());
                day = before + 1.0;
                continue;
            }
            day += step;
        }
        self.who_point(tables, last, z, &mut pieces);
        pieces
    }

    fn who_point(&self, tables: &Tables, day: f64, z: f64, pieces: &mut Line) {
        let row =
            AgeDays::new(day).and_then(|age| tables.who.lms_for_age(self.indicator, self.sex, age));
        if let (Some((_, lms)), Some(piece)) = (row, pieces.last_mut()) {
            piece.push((day / DAYS_PER_MONTH, lms.at(z)));
        }
    }

    fn wst423(&self, tables: &Tables, range: (f64, f64), line: usize) -> Line {
        let table = self.wst423_table(&tables.wst423);
        let unit = match self.indicator {
            Indicator::WeightForAge | Indicator::WeightForLengthHeight => 1e3,
            _ => 10.0,
        };
        let value = |row: &Row| {
            let cells = match self.scale {
                Scale::Sd => &row.sd,
                Scale::Percentile => &row.percentile,
            };
            f64::from(cells[line.min(6)]) / unit
        };
        let rows = table.rows(self.sex).iter();
        let rows = rows.map(|row| (f64::from(row.x), value(row)));
        // 82 and 83 months are judged by the row of 81.
        let held = table.rows(self.sex).last();
        let held = held.filter(|last| self.by_age() && last.x == wst423::LAST_ROW);
        let held = held.map(|last| (f64::from(wst423::END_MONTHS), value(last)));
        let rows = rows.chain(held);
        let rows = rows.filter(|(x, _)| (range.0..=range.1).contains(x));
        let Some(&(at, ..)) = self.breaks().first() else {
            return vec![rows.collect()];
        };
        // The row of 24 months is a height; lengths end with the row of 23.
        let (lengths, heights) = rows.partition(|(x, _)| *x < at);
        vec![lengths, heights]
    }

    fn wst423_table<'t>(&self, standard: &'t wst423::Standard) -> &'t Table {
        match self.indicator {
            Indicator::WeightForAge => &standard.weight_for_age,
            Indicator::LengthHeightForAge => &standard.length_height_for_age,
            Indicator::BmiForAge => &standard.bmi_for_age,
            Indicator::HeadCircumferenceForAge => &standard.head_for_age,
            Indicator::WeightForLengthHeight if self.by_length => &standard.weight_for_length,
            Indicator::WeightForLengthHeight => &standard.weight_for_height,
        }
    }

    pub(super) fn by_age(&self) -> bool {
        self.indicator != Indicator::WeightForLengthHeight
    }

    /// The ages in months at which the lines begin anew, and what lies before and after.
    pub(super) fn breaks(&self) -> &'static [(f64, &'static str, &'static str)] {
        const STATURE: (f64, &str, &str) = (24.0, "身长（卧位）", "身高（立位）");
        const EDITION: (f64, &str, &str) = (60.0, "WHO 2006", "WHO 2007");
        use Indicator::*;
        match (self.indicator, self.standard) {
            (LengthHeightForAge | BmiForAge, GrowthStandard::Who) => &[STATURE, EDITION],
            (LengthHeightForAge | BmiForAge, GrowthStandard::Wst423) => &[STATURE],
            (WeightForAge, GrowthStandard::Who) => &[EDITION],
            _ => &[],
        }
    }
}

/// Weight by length or height in cm, every half centimetre.
fn by_length(table: &LmsTable, sex: Sex, range: (f64, f64), z: f64) -> Vec<(f64, f64)> {
    let (first, last) = ((range.0 * 10.0) as u32, (range.1 * 10.0) as u32);
    (first..=last)
        .step_by(5)
        .filter_map(|mm| Some((f64::from(mm) / 10.0, table.row(sex, mm)?.at(z))))
        .collect()
}
