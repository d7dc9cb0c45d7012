//! From months and kilograms to millimetres on the page, and which of them get a grid line.

use super::Mark;
use super::lines::Line;
use super::svg::Mm;

/// The two axes over the field of the curves.
pub(super) struct Axes {
    /// Left, top, right, bottom in millimetres.
    field: (f64, f64, f64, f64),
    x: (f64, f64),
    y: (f64, f64),
    /// Between two labelled lines of the y axis.
    y_step: f64,
}

impl Axes {
    /// Axes that hold the lines and every point that is believed; a doubtful one may lie outside.
    pub(super) fn new(
        field: (f64, f64, f64, f64),
        x: (f64, f64),
        lines: &[Line; 7],
        marks: &[Mark],
    ) -> Axes {
        let drawn = lines.iter().flatten().flatten().map(|&(_, y)| y);
        let shown = marks.iter().filter(|mark| x.0 <= mark.x && mark.x <= x.1);
        let believed = shown.filter(|mark| !mark.doubtful).map(|mark| mark.y);
        let (low, high) = drawn
            .chain(believed)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| {
                (low.min(y), high.max(y))
            });
        let (low, high) = if low < high { (low, high) } else { (0.0, 1.0) };
        // Some ten labelled lines, at round numbers.
        let steps = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0];
        let enough = steps.into_iter().find(|step| (high - low) / step <= 14.0);
        let y_step = enough.unwrap_or_else(|| ((high - low) / 10.0).ceil());
        let half = y_step / 2.0;
        let y = ((low / half).floor() * half, (high / half).ceil() * half);
        Axes {
            field,
            x,
            y,
            y_step,
        }
    }

    /// Millimetres from the left.
    pub(super) fn x(&self, x: f64) -> f64 {
        let share = (x - self.x.0) / (self.x.1 - self.x.0);
        self.field.0 + share * (self.field.2 - self.field.0)
    }

    /// Millimetres from the top; what lies outside is put on the edge.
    pub(super) fn y(&self, y: f64) -> f64 {
        let share = ((y - self.y.0) / (self.y.1 - self.y.0)).clamp(0.0, 1.0);
        self.field.3 - share * (self.field.3 - self.field.1)
    }

    pub(super) fn shows_x(&self, x: f64) -> bool {
        (self.x.0..=self.x.1).contains(&x)
    }

    /// The points of a polyline.
    pub(super) fn points<'p>(&self, points: impl Iterator<Item = &'p (f64, f64)>) -> String {
        let points: Vec<String> = points
            .map(|&(x, y)| format!("{},{}", Mm(self.x(x)), Mm(self.y(y))))
            .collect();
        points.join(" ")
    }

    /// Grid lines of the x axis, and whether each is labelled.
    pub(super) fn x_ticks(&self, by_age: bool) -> Vec<(f64, bool)> {
        let span = self.x.1 - self.x.0;
        let (step, every) = match (by_age, span) {
            (true, ..=24.0) => (1.0, 1),
            (true, ..=36.0) => (1.0, 3),
            (true, ..=60.0) => (3.0, 2),
            (true, ..=84.0) => (3.0, 4),
            (true, _) => (6.0, 2),
            (false, _) => (1.0, 5),
        };
        let count = (span / step + 1e-9).floor() as u32;
        (0..=count)
            .map(|at| {
                let x = self.x.0 + f64::from(at) * step;
                let nth = (x / step).round() as i64;
                (x, nth % every == 0)
            })
            .collect()
    }

    /// The same of the y axis.
    pub(super) fn y_ticks(&self) -> Vec<(f64, bool)> {
        let half = self.y_step / 2.0;
        let (first, last) = (
            (self.y.0 / half).round() as i64,
            (self.y.1 / half).round() as i64,
        );
        (first..=last)
            .map(|nth| (nth as f64 * half, nth % 2 == 0))
            .collect()
    }
}
