//! WS/T 423-2022 7岁以下儿童生长标准: level and nutrition class, birth to under 84 months.
//!
//! The standard publishes cut-offs, so it classifies and yields no z-score. Everything is compared
//! as exact fractions of integers: 8.2 kg in a boy of 12 months is exactly −2 SD and therefore not
//! 低体重, which binary floating point can't promise.

use crate::clinical::growth::Indicator;
use crate::clinical::growth::class::{GrowthLevel, NutritionClass};
use crate::clinical::growth::stature::Micrometres;
use crate::clinical::growth::table::{Lines, TableError};
use crate::domain::sex::Sex;
use crate::domain::text_code::text_codes;

/// The standard's name as alerts cite it.
pub const DOCUMENT: &str = "WS/T 423-2022";
/// From so many completed months height tables apply, before it length tables.
pub const FIRST_HEIGHT_MONTH: u32 = 24;
/// The last row of the tables that go beyond 36 months.
pub const LAST_ROW: u32 = 81;
/// The standard ends before so many completed months.
pub const END_MONTHS: u32 = 84;

text_codes! {
    /// Which row the cut-offs came from; the standard has no rule between rows, so a result says it.
    RowUse {
        /// A row of the standard.
        Exact = "EXACT",
        /// `[P]` linear between the neighbouring rows.
        Interpolated = "INTERPOLATED",
        /// `[P]` 82 and 83 months: the row of 81.
        LastRow = "LAST_ROW",
    }
}

/// Where a measurement lies among the cut-offs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Classified {
    pub indicator: Indicator,
    /// How many of the cut-offs −3 SD … +3 SD the measurement has reached (0 to 7).
    sd: u8,
    /// The same of P3 … P97.
    percentile: u8,
    pub row: RowUse,
}

impl Classified {
    /// The level by standard deviations (table 2).
    pub fn level(&self) -> GrowthLevel {
        match self.sd {
            0 | 1 => GrowthLevel::Lower,
            2 => GrowthLevel::LowerMiddle,
            3 | 4 => GrowthLevel::Middle,
            5 => GrowthLevel::UpperMiddle,
            _ => GrowthLevel::Upper,
        }
    }

    /// The level by percentiles (table 1). It may differ from [`Classified::level`]: P25 and P75
    /// lie inside ±1 SD.
    pub fn level_by_percentile(&self) -> GrowthLevel {
        match self.percentile {
            0 => GrowthLevel::Lower,
            1 | 2 => GrowthLevel::LowerMiddle,
            3 | 4 => GrowthLevel::Middle,
            5 | 6 => GrowthLevel::UpperMiddle,
            _ => GrowthLevel::Upper,
        }
    }

    /// How many of the lines P3, P10, P25, P50, P75, P90, P97 the measurement has reached.
    pub fn percentile_lines(&self) -> u8 {
        self.percentile
    }

    /// The nutrition class (table 3), if the measurement falls into one.
    pub fn nutrition(&self) -> Option<NutritionClass> {
        use NutritionClass::*;
        match (self.indicator, self.sd) {
            (Indicator::WeightForAge, 0) => Some(SevereUnderweight),
            (Indicator::WeightForAge, 1) => Some(Underweight),
            (Indicator::LengthHeightForAge, 0) => Some(SevereStunting),
            (Indicator::LengthHeightForAge, 1) => Some(Stunting),
            (Indicator::WeightForLengthHeight | Indicator::BmiForAge, reached) => match reached {
                0 => Some(SevereWasting),
                1 => Some(Wasting),
                5 => Some(Overweight),
                6 => Some(Obesity),
                7.. => Some(SevereObesity),
                _ => None,
            },
            _ => None,
        }
    }
}

/// A non-negative fraction.
#[derive(Clone, Copy)]
struct Fraction {
    over: i128,
    under: i128,
}

/// Seven rising cut-offs: grams, millimetres or tenths of kg/m².
pub type Cutoffs = [i32; 7];

/// One row of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Completed months, or whole centimetres.
    pub x: u32,
    /// −3 SD … +3 SD (annex B).
    pub sd: Cutoffs,
    /// P3, P10, P25, P50, P75, P90, P97 (annex A).
    pub percentile: Cutoffs,
}

/// One table: for each sex rows in rising order of `x`.
#[derive(Debug, Default)]
pub struct Table([Vec<Row>; 2]);

impl Table {
    /// The rows of one sex.
    pub fn rows(&self, sex: Sex) -> &[Row] {
        &self.0[sex.index()]
    }
}

/// The cut-offs of annexes A and B.
#[derive(Debug, Default)]
pub struct Standard {
    pub weight_for_age: Table,
    pub length_height_for_age: Table,
    pub weight_for_length: Table,
    pub weight_for_height: Table,
    pub bmi_for_age: Table,
    pub head_for_age: Table,
}

impl Standard {
    pub(super) fn load() -> Result<Standard, TableError> {
        let mut standard = Standard::default();
        let header = "indicator,sex,x,sd_neg3,sd_neg2,sd_neg1,median,sd_pos1,sd_pos2,sd_pos3";
        let text = include_str!("../data/wst423_2022_sd.csv");
        standard.read("wst423_2022_sd.csv", text, header, |rows, x, sd| {
            if rows.last().is_some_and(|last| x <= last.x) {
                return Err("rows are not in rising order");
            }
            let percentile = Cutoffs::default();
            rows.push(Row { x, sd, percentile });
            Ok(())
        })?;
        let header = "indicator,sex,x,p3,p10,p25,p50,p75,p90,p97";
        let text = include_str!("../data/wst423_2022_percentile.csv");
        let file = "wst423_2022_percentile.csv";
        standard.read(file, text, header, |rows, x, percentile| {
            let row = rows.iter_mut().find(|row| row.x == x);
            let row = row.ok_or("no such row in the SD table")?;
            // The median stands in both annexes, and must be the same.
            if row.sd[3] != percentile[3] {
                return Err("P50 is not the median");
            }
            row.percentile = percentile;
            Ok(())
        })?;
        let whole = standard.tables().iter().all(|table| {
            let mut rows = table.0.iter().flatten();
            rows.all(|row| row.percentile[0] > 0)
        });
        if !whole {
            return Err(TableError {
                file,
                line: 0,
                reason: "a row of the SD table is missing",
            });
        }
        Ok(standard)
    }

    fn tables(&self) -> [&Table; 6] {
        [
            &self.weight_for_age,
            &self.length_height_for_age,
            &self.weight_for_length,
            &self.weight_for_height,
            &self.bmi_for_age,
            &self.head_for_age,
        ]
    }

    /// Reads one annex; `put` takes each line's column, x and cut-offs.
    fn read(
        &mut self,
        file: &'static str,
        text: &str,
        header: &str,
        put: impl Fn(&mut Vec<Row>, u32, Cutoffs) -> Result<(), &'static str>,
    ) -> Result<(), TableError> {
        for mut line in Lines::open(file, text, header)? {
            let table = match line.text()? {
                "wfa" => &mut self.weight_for_age,
                "lhfa" => &mut self.length_height_for_age,
                "wfl" => &mut self.weight_for_length,
                "wfh" => &mut self.weight_for_height,
                "bfa" => &mut self.bmi_for_age,
                "hcfa" => &mut self.head_for_age,
                _ => return Err(line.refuse("unknown indicator")),
            };
            let rows = &mut table.0[line.sex()?.index()];
            let x = u32::try_from(line.integer()?).map_err(|_| line.refuse("x is negative"))?;
            let mut cutoffs = Cutoffs::default();
            for cutoff in &mut cutoffs {
                *cutoff = line.integer()?;
            }
            if cutoffs[0] <= 0 || !cutoffs.is_sorted_by(|a, b| a < b) {
                return Err(line.refuse("cut-offs do not rise from above 0"));
            }
            put(rows, x, cutoffs).map_err(|reason| line.refuse(reason))?;
        }
        Ok(())
    }

    /// The median of an indicator for age at so many completed months, in grams or micrometres,
    /// between two rows interpolated and rounded. `None` for BMI and weight-for-length/height.
    pub fn median(&self, indicator: Indicator, sex: Sex, months: u32) -> Option<i64> {
        let (table, scale) = match indicator {
            Indicator::WeightForAge => (&self.weight_for_age, 1),
            Indicator::LengthHeightForAge => (&self.length_height_for_age, 1_000),
            Indicator::HeadCircumferenceForAge => (&self.head_for_age, 1_000),
            Indicator::WeightForLengthHeight | Indicator::BmiForAge => return None,
        };
        if months >= END_MONTHS {
            return None;
        }
        let rows = table.rows(sex);
        let next = rows.partition_point(|row| row.x <= months);
        let low = rows.get(next.checked_sub(1)?)?;
        let at = |row: &Row| i64::from(row.sd[3]) * scale;
        match rows.get(next) {
            Some(high) => {
                let share = i64::from(months - low.x);
                let whole = i64::from(high.x - low.x);
                Some(at(low) + (at(high) - at(low)) * share / whole)
            }
            // 82 and 83 months: the row of 81, where the table goes that far.
            None if low.x == months || low.x == LAST_ROW => Some(at(low)),
            None => None,
        }
    }

    /// Weight for age; `months` completed.
    pub fn weight_for_age(&self, sex: Sex, months: u32, grams: i64) -> Option<Classified> {
        let value = Fraction {
            over: grams.into(),
            under: 1,
        };
        at_age(
            Indicator::WeightForAge,
            &self.weight_for_age,
            sex,
            months,
            value,
        )
    }

    /// Length (under 24 completed months) or height for age; `um` is already adjusted.
    pub fn length_height_for_age(
        &self,
        sex: Sex,
        months: u32,
        um: Micrometres,
    ) -> Option<Classified> {
        let value = Fraction {
            over: um.into(),
            under: 1_000,
        };
        let table = &self.length_height_for_age;
        at_age(Indicator::LengthHeightForAge, table, sex, months, value)
    }

    /// BMI for age; `um` is already adjusted.
    pub fn bmi_for_age(
        &self,
        sex: Sex,
        months: u32,
        grams: i64,
        um: Micrometres,
    ) -> Option<Classified> {
        // kg / m² in tenths: (g / 10^3) / (µm / 10^6)² × 10 = g × 10^10 / µm².
        let um = i128::from(um);
        let value = Fraction {
            over: i128::from(grams) * 10_000_000_000,
            under: um * um,
        };
        at_age(Indicator::BmiForAge, &self.bmi_for_age, sex, months, value)
    }

    /// Head circumference for age; the standard's table ends at 36 months.
    pub fn head_for_age(&self, sex: Sex, months: u32, um: Micrometres) -> Option<Classified> {
        let value = Fraction {
            over: um.into(),
            under: 1_000,
        };
        at_age(
            Indicator::HeadCircumferenceForAge,
            &self.head_for_age,
            sex,
            months,
            value,
        )
    }

    /// Weight for length (under 24 completed months, 45-100 cm) or for height (75-130 cm).
    pub fn weight_for_length_height(
        &self,
        sex: Sex,
        months: u32,
        grams: i64,
        um: Micrometres,
    ) -> Option<Classified> {
        const UM_PER_CM: Micrometres = 10_000;
        let table = match months {
            ..FIRST_HEIGHT_MONTH => &self.weight_for_length,
            FIRST_HEIGHT_MONTH..END_MONTHS => &self.weight_for_height,
            _ => return None,
        };
        let value = Fraction {
            over: grams.into(),
            under: 1,
        };
        place(
            Indicator::WeightForLengthHeight,
            table.rows(sex),
            um,
            UM_PER_CM,
            value,
        )
    }
}

fn at_age(
    indicator: Indicator,
    table: &Table,
    sex: Sex,
    months: u32,
    value: Fraction,
) -> Option<Classified> {
    if months >= END_MONTHS {
        return None;
    }
    let rows = table.rows(sex);
    let held = months > LAST_ROW && rows.last().is_some_and(|last| last.x == LAST_ROW);
    let x = if held { LAST_ROW } else { months };
    let classified = place(indicator, rows, x.into(), 1, value)?;
    Some(Classified {
        row: if held {
            RowUse::LastRow
        } else {
            classified.row
        },
        ..classified
    })
}

/// Which cut-offs `value` reaches at `x / per_row`, and how the row was found.
fn place(
    indicator: Indicator,
    rows: &[Row],
    x: i64,
    per_row: i64,
    value: Fraction,
) -> Option<Classified> {
    if value.over <= 0 || value.under <= 0 || x < 0 {
        return None;
    }
    let scaled = |row: &Row| i64::from(row.x) * per_row;
    let next = rows.partition_point(|row| scaled(row) <= x);
    let low = rows.get(next.checked_sub(1)?)?;
    let (high, share, whole, row) = if scaled(low) == x {
        (low, 0, 1, RowUse::Exact)
    } else {
        let high = rows.get(next)?;
        let (share, whole) = (x - scaled(low), scaled(high) - scaled(low));
        (high, share, whole, RowUse::Interpolated)
    };
    let (share, whole) = (i128::from(share), i128::from(whole));
    let reached = |low: &Cutoffs, high: &Cutoffs| {
        let cutoffs = low.iter().zip(high);
        let reached = cutoffs.take_while(|&(&a, &b)| {
            // cut-off = (low × (whole − share) + high × share) / whole, compared without dividing.
            let (a, b) = (i128::from(a), i128::from(b));
            value.over * whole >= (a * (whole - share) + b * share) * value.under
        });
        reached.count() as u8
    };
    Some(Classified {
        indicator,
        sd: reached(&low.sd, &high.sd),
        percentile: reached(&low.percentile, &high.percentile),
        row,
    })
}

#[cfg(test)]
mod tests;
