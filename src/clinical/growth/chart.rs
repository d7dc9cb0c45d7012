//! A child's growth over a standard's lines, as an SVG page of A4 in landscape.
//!
//! It holds sex, ages and measurements and nothing that names the child. Colours differ in
//! lightness and lines in their dashes, so that a grey print says the same. The gateway, for medical
//! institutions and guardians, and the command line draw with the same function; a facility has no
//! measured value.

mod axes;
mod child;
mod curves;
mod frame;
mod lines;
mod svg;

use chrono::NaiveDate;

use crate::clinical::growth::age::{Age, DAYS_PER_MONTH};
use crate::clinical::growth::course::{Course, Taken};
use crate::clinical::growth::individual::Measurements;
use crate::clinical::growth::wst423::FIRST_HEIGHT_MONTH;
use crate::clinical::growth::{Indicator, Tables, stature};
use crate::domain::checkup::CheckUp;
use crate::domain::growth_standard::GrowthStandard;
use crate::domain::sex::Sex;
use crate::domain::text_code::text_codes;
use axes::Axes;
use svg::{Mm, Svg};

pub use lines::{Scale, Subject};

/// The page, in millimetres.
const PAGE: (f64, f64) = (297.0, 210.0);
/// The field of the curves: left, top, right, bottom.
const FIELD: (f64, f64, f64, f64) = (20.0, 27.0, 275.0, 180.0);
const INK: &str = "#1b1f24";
const FAINT: &str = "#5d6670";
const GRID: &str = "#d9dde1";

text_codes! {
    /// What a chart draws.
    ChartKind {
        /// 年龄别体重
        Weight = "WEIGHT",
        /// 年龄别身长（身高）
        Stature = "STATURE",
        /// 身长别体重, under two years
        WeightForLength = "WEIGHT_FOR_LENGTH",
        /// 身高别体重, from two years on
        WeightForHeight = "WEIGHT_FOR_HEIGHT",
        /// 年龄别体重指数
        Bmi = "BMI",
        /// 年龄别头围
        Head = "HEAD",
    }
}

impl ChartKind {
    /// The indicator, and whether its table goes by length.
    pub fn indicator(self) -> (Indicator, bool) {
        match self {
            ChartKind::Weight => (Indicator::WeightForAge, false),
            ChartKind::Stature => (Indicator::LengthHeightForAge, false),
            ChartKind::WeightForLength => (Indicator::WeightForLengthHeight, true),
            ChartKind::WeightForHeight => (Indicator::WeightForLengthHeight, false),
            ChartKind::Bmi => (Indicator::BmiForAge, false),
            ChartKind::Head => (Indicator::HeadCircumferenceForAge, false),
        }
    }
}

/// One visit of the child, for a chart.
#[derive(Clone, Copy)]
pub struct Visit {
    /// As [`Age::for_growth`] gives it.
    pub age: Age,
    /// The calendar age in days.
    pub calendar_days: u32,
    pub seen: Measurements,
}

/// The visits of a child's check-ups, oldest first; of each record the caller gives the latest
/// revision. Preliminary check-ups and those entered in error are left out, and so is what lies before
/// the (corrected) day of birth.
pub fn visits(birth: NaiveDate, gestation_days: Option<u32>, check_ups: &[CheckUp]) -> Vec<Visit> {
    let effective = check_ups.iter().filter(|c| c.status().is_effective());
    let mut visits: Vec<Visit> = effective
        .filter_map(|check_up| {
            let date = check_up.date();
            Some(Visit {
                age: Age::for_growth(birth, gestation_days, date)?,
                calendar_days: Age::calendar(birth, date)?.days,
                seen: Measurements::of(|code| {
                    let mut findings = check_up.findings().iter();
                    findings.find(|f| f.code() == code && f.status().is_effective())
                }),
            })
        })
        .collect();
    visits.sort_by_key(|visit| visit.calendar_days);
    visits
}

/// One point of the child's curve. No `Debug`: it is a finding.
#[derive(Clone, Copy, PartialEq)]
pub struct Mark {
    /// Age in months of 30.4375 days, or cm for weight-for-length/height.
    pub x: f64,
    /// kg, cm or kg/m².
    pub y: f64,
    /// The calendar age, where `x` is corrected for preterm birth.
    pub calendar_x: Option<f64>,
    /// Not to be believed before it is measured again.
    pub doubtful: bool,
}

/// The child's points on one kind of chart, oldest first. A visit that did not measure what the
/// chart shows has none.
pub fn marks(tables: &Tables, subject: &Subject, visits: &[Visit]) -> Vec<Mark> {
    let doubts = doubts(tables, subject, visits);
    let marks = visits.iter().enumerate().filter_map(|(place, visit)| {
        let seen = &visit.seen;
        let kg = seen
            .weight_g
            .filter(|_| !seen.oedema)
            .map(|grams| grams as f64 / 1e3);
        let by_length = visit.age.months < FIRST_HEIGHT_MONTH;
        let cm = seen.stature_um.map(|um| {
            let um = stature::adjust(um, seen.position, by_length, true).um;
            um as f64 / 1e4
        });
        let months = |days: u32| f64::from(days) / DAYS_PER_MONTH;
        let age = months(visit.age.days);
        let corrected = visit.age.corrected.then(|| months(visit.calendar_days));
        let (x, y, calendar_x) = match subject.indicator {
            Indicator::WeightForAge => (age, kg?, corrected),
            Indicator::LengthHeightForAge => (age, cm?, corrected),
            Indicator::HeadCircumferenceForAge => (age, seen.head_um? as f64 / 1e4, corrected),
            Indicator::BmiForAge => (age, kg? / (cm? / 100.0).powi(2), corrected),
            // The two tables are two charts.
            Indicator::WeightForLengthHeight if by_length != subject.by_length => return None,
            Indicator::WeightForLengthHeight => (cm?, kg?, None),
        };
        (x.is_finite() && y.is_finite() && y > 0.0).then_some(Mark {
            x,
            y,
            calendar_x,
            doubtful: doubts.contains(&place),
        })
    });
    marks.collect()
}

/// The places of the visits whose measurements can't be believed.
fn doubts(tables: &Tables, subject: &Subject, visits: &[Visit]) -> Vec<usize> {
    use Indicator::*;
    let measures: &[Indicator] = match subject.indicator {
        WeightForLengthHeight | BmiForAge => &[WeightForAge, LengthHeightForAge],
        HeadCircumferenceForAge => &[HeadCircumferenceForAge],
        WeightForAge => &[WeightForAge],
        LengthHeightForAge => &[LengthHeightForAge],
    };
    let mut found = Vec::new();
    for &measure in measures {
        let taken: Vec<Taken> = visits
            .iter()
            .enumerate()
            .filter_map(|(place, visit)| {
                let seen = &visit.seen;
                let value = match measure {
                    WeightForAge => seen.weight_g.filter(|_| !seen.oedema),
                    LengthHeightForAge => seen.stature_um,
                    _ => seen.head_um,
                };
                Some(Taken {
                    place,
                    day: i64::from(visit.calendar_days),
                    age: visit.age,
                    value: value?,
                    position: seen.position,
                })
            })
            .collect();
        let course = Course::whole(tables, subject.sex, measure, &taken);
        let doubted = course.points().iter().filter(|point| point.doubt.is_some());
        found.extend(doubted.map(|point| point.taken.place));
    }
    found
}

/// A chart to be drawn.
#[derive(Clone, Copy)]
pub struct Chart<'a> {
    pub subject: Subject,
    /// The x axis: months, or cm for weight-for-length/height; see [`usual_range`].
    pub range: (f64, f64),
    /// Oldest first.
    pub marks: &'a [Mark],
}

/// The part of the x axis that holds the points with as little around them as is usual on paper.
pub fn usual_range(subject: &Subject, marks: &[Mark]) -> (f64, f64) {
    let by_who = subject.standard == GrowthStandard::Who;
    let last = marks.iter().map(|mark| mark.x).fold(0.0, f64::max);
    let first = marks.iter().map(|mark| mark.x).fold(last, f64::min);
    match subject.indicator {
        Indicator::WeightForLengthHeight => match (by_who, subject.by_length) {
            (true, true) => (45.0, 110.0),
            (true, false) => (65.0, 120.0),
            (false, true) => (45.0, 100.0),
            (false, false) => (75.0, 130.0),
        },
        Indicator::HeadCircumferenceForAge if by_who && last > 36.0 => (0.0, 60.0),
        Indicator::HeadCircumferenceForAge => (0.0, 36.0),
        _ if by_who && last > 84.0 => (60.0, 228.0),
        _ if last < 24.0 => (0.0, 24.0),
        _ if last <= 36.0 => (0.0, 36.0),
        _ if first >= 24.0 => (24.0, 84.0),
        _ => (0.0, 84.0),
    }
}

impl Chart<'_> {
    /// The page.
    pub fn svg(&self, tables: &Tables) -> String {
        let lines = self.subject.lines(tables, self.range);
        let axes = Axes::new(FIELD, self.range, &lines, self.marks);
        let title = self.title();
        let mut svg = Svg::new(PAGE.0, PAGE.1, &title, &self.description());
        svg.element(
            "rect",
            &[
                ("width", &Mm(PAGE.0)),
                ("height", &Mm(PAGE.1)),
                ("fill", &"#ffffff"),
            ],
        );
        self.head(&mut svg, &title);
        self.grid(&mut svg, &axes);
        self.curves(&mut svg, &axes, &lines);
        self.child(&mut svg, &axes);
        self.foot(&mut svg);
        svg.finish()
    }

    /// Dark enough for a grey print, and told apart by the title too.
    fn colour(&self) -> &'static str {
        match self.subject.sex {
            Sex::Male => "#1d5a8c",
            Sex::Female => "#93305f",
        }
    }

    fn title(&self) -> String {
        let sex = match self.subject.sex {
            Sex::Male => "男童",
            Sex::Female => "女童",
        };
        let (what, _) = self.quantity();
        let (from, until) = self.range;
        if self.subject.by_age() {
            format!("{sex}{what}  {}～{}月龄", Mm(from), Mm(until))
        } else {
            format!("{sex}{what}  {}～{} cm", Mm(from), Mm(until))
        }
    }

    /// What the chart is called, and the y axis.
    fn quantity(&self) -> (&'static str, &'static str) {
        match self.subject.indicator {
            Indicator::WeightForAge => ("年龄别体重", "体重 (kg)"),
            Indicator::LengthHeightForAge => ("年龄别身长（身高）", "身长 / 身高 (cm)"),
            Indicator::WeightForLengthHeight if self.subject.by_length => {
                ("身长别体重", "体重 (kg)")
            }
            Indicator::WeightForLengthHeight => ("身高别体重", "体重 (kg)"),
            Indicator::BmiForAge => ("年龄别体重指数（BMI）", "BMI (kg/m²)"),
            Indicator::HeadCircumferenceForAge => ("年龄别头围", "头围 (cm)"),
        }
    }

    fn source(&self) -> &'static str {
        match self.subject.standard {
            GrowthStandard::Wst423 => {
                "标准：WS/T 423-2022《7岁以下儿童生长标准》（附录A 百分位数，附录B 标准差）"
            }
            GrowthStandard::Who => {
                "标准：WHO Child Growth Standards 2006；60月龄起 WHO Reference 2007"
            }
        }
    }

    fn description(&self) -> String {
        let believed = self.marks.iter().filter(|mark| !mark.doubtful).count();
        format!(
            "{}。{}个测量值，其中{}个存疑。",
            self.source(),
            self.marks.len(),
            self.marks.len() - believed
        )
    }
}

#[cfg(test)]
mod tests;
