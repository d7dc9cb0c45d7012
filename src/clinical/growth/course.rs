//! One child's weights, lengths or head circumferences over time: which of them can be true, how
//! fast the child grows, and which lines of the standard it crosses.
//!
//! A measurement is in doubt if it is beyond WHO's limits by itself, or if it contradicts the one
//! before it: a length that shrinks, a weight that nearly doubles. A doubtful one is not read by any
//! rule but the one that asks for another measurement. All limits here are `[P]`.

use crate::clinical::growth::age::Age;
use crate::clinical::growth::stature::{LYING_EXCESS_UM, Position};
use crate::clinical::growth::who::{self, FIRST_HEIGHT_DAY, Scored};
use crate::clinical::growth::{Indicator, Tables, slip, stature, wst423};
use crate::domain::growth_standard::GrowthStandard;
use crate::domain::sex::Sex;
use crate::domain::text_code::text_codes;

/// At most so many of the latest measurements are looked at.
pub const WINDOW: usize = 6;
/// Measurements further apart than this don't contradict each other, except by shrinking.
const SOON_DAYS: i64 = 400;
/// Weight beside the median may rise to this many percent, or fall to that, from one to the next.
const WEIGHT_PERCENT: (i64, i64) = (60, 160);
/// Length may seem to shrink by the error of measuring, and gain so much more than the median.
const STATURE_UM: (i64, i64) = (-15_000, 80_000);
const HEAD_UM: (i64, i64) = (-10_000, 30_000);
/// Growth is compared from this age on: what a newborn loses and regains is no course.
const FIRST_DAY: u32 = 28;

text_codes! {
    /// Why a measurement is not believed.
    Doubt {
        /// Beyond WHO's limits of plausibility.
        Implausible = "IMPLAUSIBLE",
        /// Less than before, where nothing can become less.
        Shrunk = "SHRUNK",
        /// Far more than before, beside the median.
        Jumped = "JUMPED",
        /// Far less than before, beside the median.
        Dropped = "DROPPED",
        /// Two later measurements agree with each other and not with it.
        Outweighed = "OUTWEIGHED",
    }
}

/// One measurement as it was taken.
#[derive(Clone, Copy)]
pub struct Taken {
    /// The caller's own mark: where it comes from.
    pub place: usize,
    /// The day it was taken, counted from anywhere.
    pub day: i64,
    /// As [`Age::for_growth`] gives it.
    pub age: Age,
    /// Grams or micrometres.
    pub value: i64,
    /// Of a length or height.
    pub position: Option<Position>,
}

/// One measurement, judged. No `Debug`: it is a finding.
#[derive(Clone, Copy)]
pub struct Point {
    pub taken: Taken,
    /// By WHO, at the age it was taken; `None` where there is no row.
    pub scored: Option<Scored>,
    pub doubt: Option<Doubt>,
    /// Grams, or micrometres as if standing: what can be compared over time.
    comparable: i64,
    /// WHO's median in the same unit.
    median: Option<i64>,
}

/// The latest measurements of one kind, oldest first.
pub struct Course {
    indicator: Indicator,
    sex: Sex,
    points: Vec<Point>,
}

/// How fast a child grew between two measurements.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Velocity {
    /// At least 1.
    pub days: i64,
    /// Grams or micrometres.
    pub change: i64,
}

impl Velocity {
    /// Grams or micrometres in a month of 30.4375 days, rounded, halves away from zero.
    pub fn per_month(self) -> i64 {
        // × 30.4375 / days = × 487 / (16 × days)
        let (over, under) = (self.change * 487, 16 * self.days.max(1));
        (over + over.signum() * under / 2) / under
    }
}

impl Course {
    /// Judges measurements given oldest first; only the latest [`WINDOW`] are kept. `indicator` says
    /// what they are of: weight, length/height or head circumference for age.
    pub fn new(tables: &Tables, sex: Sex, indicator: Indicator, taken: &[Taken]) -> Course {
        let kept = taken.len().saturating_sub(WINDOW);
        Course::whole(tables, sex, indicator, &taken[kept..])
    }

    /// The same of all of them, for a chart.
    pub fn whole(tables: &Tables, sex: Sex, indicator: Indicator, taken: &[Taken]) -> Course {
        let points = taken
            .iter()
            .map(|&taken| point(tables, sex, indicator, taken))
            .collect();
        let mut course = Course {
            indicator,
            sex,
            points,
        };
        course.doubt_contradictions();
        course
    }

    /// Oldest first.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Those that can be read, newest first.
    pub fn believed(&self) -> impl Iterator<Item = &Point> {
        self.points
            .iter()
            .rev()
            .filter(|point| point.doubt.is_none())
    }

    /// Whether the measurement from `place` is in doubt.
    pub fn is_doubted(&self, place: usize) -> bool {
        let mut points = self.points.iter();
        points.any(|point| point.taken.place == place && point.doubt.is_some())
    }

    /// The latest measurement that can be read, and those it can be compared with: `apart` days
    /// before it, newest first, from [`FIRST_DAY`] on, at an age that was corrected alike.
    pub fn pairs(&self, apart: (u16, u16)) -> Option<(&Point, impl Iterator<Item = &Point>)> {
        let mut believed = self.believed();
        let latest = believed.next()?;
        let earlier = believed.filter(move |earlier| {
            (i64::from(apart.0)..=i64::from(apart.1)).contains(&days(earlier, latest))
                && earlier.taken.age.days >= FIRST_DAY
                && earlier.taken.age.corrected == latest.taken.age.corrected
        });
        Some((latest, earlier))
    }

    /// How fast the child grew from one to the other; lengths are compared as if standing.
    pub fn velocity(&self, earlier: &Point, later: &Point) -> Velocity {
        Velocity {
            days: days(earlier, later).max(1),
            change: later.comparable - earlier.comparable,
        }
    }

    /// The gain of the standard's median over the same time, in grams or micrometres.
    pub fn median_gain(
        &self,
        tables: &Tables,
        standard: GrowthStandard,
        earlier: &Point,
        later: &Point,
    ) -> Option<i64> {
        let median = |point: &Point| match standard {
            GrowthStandard::Who => point.median,
            GrowthStandard::Wst423 => {
                let months = point.taken.age.months;
                let by_length = months < wst423::FIRST_HEIGHT_MONTH;
                let median = tables.wst423.median(self.indicator, self.sex, months)?;
                Some(as_standing(self.indicator, by_length, median))
            }
        };
        Some(median(later)? - median(earlier)?)
    }

    /// How many of the lines P3, P10, P25, P50, P75, P90 and P97 of `standard` the measurement
    /// reaches.
    pub fn lines(&self, tables: &Tables, standard: GrowthStandard, point: &Point) -> Option<u8> {
        /// The z-scores of the same lines, in hundredths.
        const WHO_LINES: [i32; 7] = [-188, -128, -67, 0, 67, 128, 188];
        match standard {
            GrowthStandard::Who => {
                let z = point.scored?.z.hundredths();
                Some(WHO_LINES.iter().filter(|&&line| z >= line).count() as u8)
            }
            GrowthStandard::Wst423 => {
                let Taken {
                    age,
                    value,
                    position,
                    ..
                } = point.taken;
                let (sex, wst423) = (self.sex, &tables.wst423);
                let classified = match self.indicator {
                    Indicator::WeightForAge => wst423.weight_for_age(sex, age.months, value),
                    Indicator::LengthHeightForAge => {
                        let by_length = age.months < wst423::FIRST_HEIGHT_MONTH;
                        let um = stature::adjust(value, position, by_length, true).um;
                        wst423.length_height_for_age(sex, age.months, um)
                    }
                    Indicator::HeadCircumferenceForAge => {
                        wst423.head_for_age(sex, age.months, value)
                    }
                    _ => None,
                };
                classified.map(|classified| classified.percentile_lines())
            }
        }
    }

    /// What a doubtful measurement was meant to be, as far as the one before it tells.
    pub fn slip(&self, doubted: &Point) -> Option<slip::Slip> {
        let before = self
            .points
            .iter()
            .rev()
            .find(|point| point.doubt.is_none() && point.taken.day <= doubted.taken.day)?;
        let expected = self.expected(before, doubted)?;
        // Digits as they are written: 0.1 kg, or millimetres.
        let (written, expected) = match self.indicator {
            Indicator::WeightForAge => (doubted.taken.value / 100, expected / 100),
            _ => (doubted.taken.value / 1_000, expected / 1_000),
        };
        slip::guess(self.indicator, written, expected)
    }

    /// What the later one would be if the child had kept its place beside the median.
    fn expected(&self, earlier: &Point, later: &Point) -> Option<i64> {
        let (then, now) = (earlier.median?, later.median?);
        match self.indicator {
            Indicator::WeightForAge => earlier.comparable.checked_mul(now)?.checked_div(then),
            _ => Some(earlier.comparable + now - then),
        }
    }

    /// What is wrong with the later of two, if the earlier is right.
    fn contradiction(&self, earlier: &Point, later: &Point) -> Option<Doubt> {
        let soon = days(earlier, later) <= SOON_DAYS;
        let expected = self.expected(earlier, later).filter(|_| soon);
        if self.indicator == Indicator::WeightForAge {
            let expected = expected?;
            let percent = later.comparable.saturating_mul(100);
            return if percent > expected.saturating_mul(WEIGHT_PERCENT.1) {
                Some(Doubt::Jumped)
            } else if percent < expected.saturating_mul(WEIGHT_PERCENT.0) {
                Some(Doubt::Dropped)
            } else {
                None
            };
        }
        let (least, most) = match self.indicator {
            Indicator::HeadCircumferenceForAge => HEAD_UM,
            _ => STATURE_UM,
        };
        if later.comparable - earlier.comparable < least {
            Some(Doubt::Shrunk)
        } else if later.comparable - expected? > most {
            Some(Doubt::Jumped)
        } else {
            None
        }
    }

    /// Goes through the measurements in time and doubts each that contradicts the last believed one.
    /// The second of two that agree with each other is believed, and so is the first: then the one
    /// before them was wrong, or a repeated measurement has confirmed what nobody believed.
    fn doubt_contradictions(&mut self) {
        let mut believed: Option<usize> = None;
        let mut doubted: Option<usize> = None;
        for at in 0..self.points.len() {
            if self.points[at].doubt.is_some() {
                continue;
            }
            let doubt = believed.and_then(|last| {
                let doubt = self.contradiction(&self.points[last], &self.points[at])?;
                Some((last, doubt))
            });
            let Some((last, doubt)) = doubt else {
                (believed, doubted) = (Some(at), None);
                continue;
            };
            let agrees = doubted.filter(|&other| {
                let (other, this) = (&self.points[other], &self.points[at]);
                self.contradiction(other, this).is_none()
            });
            if let Some(other) = agrees {
                self.points[last].doubt = Some(Doubt::Outweighed);
                self.points[other].doubt = None;
                (believed, doubted) = (Some(at), None);
            } else {
                self.points[at].doubt = Some(doubt);
                doubted = Some(at);
            }
        }
    }
}

fn days(earlier: &Point, later: &Point) -> i64 {
    later.taken.day - earlier.taken.day
}

fn as_standing(indicator: Indicator, by_length: bool, um: i64) -> i64 {
    let lying = by_length && indicator == Indicator::LengthHeightForAge;
    if lying { um - LYING_EXCESS_UM } else { um }
}

fn point(tables: &Tables, sex: Sex, indicator: Indicator, taken: Taken) -> Point {
    let age = taken.age.in_days();
    let by_length = taken.age.days < FIRST_HEIGHT_DAY;
    let adjusted = match (indicator, age) {
        (Indicator::LengthHeightForAge, Some(age)) => {
            who::at_age(taken.value, taken.position, age).um
        }
        _ => taken.value,
    };
    // WHO's tables are in kilograms and centimetres.
    let unit = match indicator {
        Indicator::WeightForAge => 1e3,
        _ => 1e4,
    };
    let row = age.and_then(|age| tables.who.lms_for_age(indicator, sex, age));
    let scored = age.and_then(|age| {
        let y = adjusted as f64 / unit;
        tables.who.for_age(indicator, sex, age, y)
    });
    let median = row.map(|(_, lms)| (lms.m * unit).round() as i64);
    let implausible = scored.is_some_and(|scored| scored.implausible);
    Point {
        taken,
        scored,
        doubt: implausible.then_some(Doubt::Implausible),
        comparable: as_standing(indicator, by_length, adjusted),
        median: median.map(|median| as_standing(indicator, by_length, median)),
    }
}

#[cfg(test)]
mod tests;
