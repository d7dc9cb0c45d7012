//! The LMS method: a z-score from Box-Cox power L, median M and coefficient of variation S.
//!
//! WHO Child Growth Standards: Methods and development (2006), chapter 7.

use std::fmt;

use crate::clinical::growth::table::{Lines, TableError};
use crate::domain::sex::Sex;

/// The three parameters at one age or length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lms {
    pub l: f64,
    pub m: f64,
    pub s: f64,
}

impl Lms {
    /// The measurement that lies `z` standard deviations from the median.
    pub fn at(&self, z: f64) -> f64 {
        if self.l == 0.0 {
            return self.m * (self.s * z).exp();
        }
        self.m * (1.0 + self.l * self.s * z).powf(1.0 / self.l)
    }

    /// `((y / M)^L − 1) / (L · S)`, or `ln(y / M) / S` where L is 0. `y` must be above 0.
    pub fn z(&self, y: f64) -> f64 {
        if self.l == 0.0 {
            return (y / self.m).ln() / self.s;
        }
        ((y / self.m).powf(self.l) - 1.0) / (self.s * self.l)
    }

    /// The same, but beyond ±3 in steps of the distance between 2 and 3 standard deviations: the
    /// form for the skewed, weight-based indicators.
    pub fn z_restricted(&self, y: f64) -> f64 {
        let z = self.z(y);
        if z > 3.0 {
            let sd3 = self.at(3.0);
            3.0 + (y - sd3) / (sd3 - self.at(2.0))
        } else if z < -3.0 {
            let sd3 = self.at(-3.0);
            -3.0 + (y - sd3) / (self.at(-2.0) - sd3)
        } else {
            z
        }
    }

    /// A share `t` (0 to 1) of the way to the next row.
    pub fn towards(&self, next: &Lms, t: f64) -> Lms {
        let mix = |a: f64, b: f64| a + t * (b - a);
        Lms {
            l: mix(self.l, next.l),
            m: mix(self.m, next.m),
            s: mix(self.s, next.s),
        }
    }
}

/// A z-score in hundredths: rounded once, at the end, so that there is no −0.00 and no dust.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score(i32);

impl Score {
    /// Rounds to two decimals, halves to even (IEC 60559, as WHO's program does).
    /// `None` if `z` is not finite.
    pub fn round(z: f64) -> Option<Score> {
        // `as` saturates, which is where a z-score of twenty million belongs.
        z.is_finite()
            .then(|| Score((z * 100.0).round_ties_even() as i32))
    }

    /// −2.55 is −255.
    pub fn hundredths(self) -> i32 {
        self.0
    }
}

impl fmt::Display for Score {
    /// Always two decimals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let hundredths = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", hundredths / 100, hundredths % 100)
    }
}

impl fmt::Debug for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Score(…)")
    }
}

/// A place among a hundred children of the standard, in tenths: 3.0 says that three are lower.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Centile(u16);

impl Centile {
    /// The share of the normal distribution below `z`, rounded to 0.1; the share itself is exact to
    /// 7.5 × 10⁻⁸ (Abramowitz and Stegun 26.2.17). Beyond about ±3.3 it reads 0.0 and 100.0.
    pub fn of(z: f64) -> Centile {
        const P: f64 = 0.231_641_9;
        const B: [f64; 5] = [
            0.319_381_53,
            -0.356_563_782,
            1.781_477_937,
            -1.821_255_978,
            1.330_274_429,
        ];
        let t = 1.0 / (1.0 + P * z.abs());
        let density = (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt();
        let polynomial = B.iter().rev().fold(0.0, |sum, b| (sum + b) * t);
        let above = density * polynomial;
        let below = if z < 0.0 { above } else { 1.0 - above };
        Centile((below * 1_000.0).round() as u16)
    }

    /// 3.0 is 30.
    pub fn tenths(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Centile {
    /// Always one decimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0 / 10, self.0 % 10)
    }
}

impl fmt::Debug for Centile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Centile(…)")
    }
}

/// One LMS table: both sexes, a row for every whole `x` (day, or millimetre) of one range.
#[derive(Debug)]
pub struct LmsTable {
    first: u32,
    rows: [Vec<Lms>; 2],
}

impl LmsTable {
    /// Reads `sex,<x>,l,m,s` with L and M × 10^4 and S × 10^5.
    pub(super) fn read(file: &'static str, text: &str, x: &str) -> Result<LmsTable, TableError> {
        let mut first = None;
        let mut rows: [Vec<Lms>; 2] = [Vec::new(), Vec::new()];
        for mut line in Lines::open(file, text, &format!("sex,{x},l,m,s"))? {
            let sex = line.sex()?;
            let x = u32::try_from(line.integer()?).map_err(|_| line.refuse("x is negative"))?;
            let column = &mut rows[sex.index()];
            if x as usize != *first.get_or_insert(x) as usize + column.len() {
                return Err(line.refuse("rows are not in sequence"));
            }
            let l = f64::from(line.integer()?) / 1e4;
            let m = f64::from(line.integer()?) / 1e4;
            let s = f64::from(line.integer()?) / 1e5;
            if m <= 0.0 || s <= 0.0 {
                return Err(line.refuse("M and S must be above 0"));
            }
            column.push(Lms { l, m, s });
        }
        let whole_file = |reason| TableError {
            file,
            line: 0,
            reason,
        };
        let first = first.ok_or_else(|| whole_file("no rows"))?;
        if rows[0].len() != rows[1].len() {
            return Err(whole_file("the sexes differ in length"));
        }
        Ok(LmsTable { first, rows })
    }

    /// The row at a whole `x`, if the table has it.
    pub fn row(&self, sex: Sex, x: u32) -> Option<&Lms> {
        self.rows[sex.index()].get(x.checked_sub(self.first)? as usize)
    }

    /// First and last `x`.
    pub fn range(&self) -> std::ops::RangeInclusive<u32> {
        self.first..=self.first + (self.rows[0].len() as u32).saturating_sub(1)
    }
}
