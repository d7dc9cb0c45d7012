//! The standard's lines on a chart, and where they begin anew.

use super::axes::Axes;
use super::lines::Line;
use super::svg::{Mm, Svg};
use super::{Chart, FAINT, FIELD, Scale};

impl Chart<'_> {
    pub(super) fn curves(&self, svg: &mut Svg, axes: &Axes, lines: &[Line; 7]) {
        let colour = self.colour();
        // All but the outermost children, and among them the middle, shaded.
        let outermost = match self.subject.scale {
            Scale::Sd => (1, 5),
            Scale::Percentile => (0, 6),
        };
        for ((low, high), opacity) in [(outermost, 0.06), ((2, 4), 0.08)] {
            let pieces = lines[low].iter().zip(&lines[high]);
            for (below, above) in pieces.filter(|(below, _)| !below.is_empty()) {
                let outline = below.iter().chain(above.iter().rev());
                let points = axes.points(outline);
                svg.element(
                    "polygon",
                    &[
                        ("points", &points),
                        ("fill", &colour),
                        ("fill-opacity", &opacity),
                    ],
                );
            }
        }
        svg.begin(
            "g",
            &[
                ("fill", &"none"),
                ("stroke", &colour),
                ("stroke-linejoin", &"round"),
            ],
        );
        for (line, pieces) in lines.iter().enumerate() {
            // The lines that decide most, ±2 SD or P3 and P97, are drawn strong.
            let (width, dashes) = match (line, self.subject.scale) {
                (3, _) => (0.7, "none"),
                (1 | 5, Scale::Sd) | (0 | 6, Scale::Percentile) => (0.45, "none"),
                (2 | 4, _) => (0.25, "none"),
                _ => (0.3, "1.6 1.1"),
            };
            for piece in pieces.iter().filter(|piece| piece.len() > 1) {
                let points = axes.points(piece.iter());
                svg.element(
                    "polyline",
                    &[
                        ("class", &format!("line-{line}")),
                        ("points", &points),
                        ("stroke-width", &Mm(width)),
                        ("stroke-dasharray", &dashes),
                    ],
                );
            }
        }
        svg.end();
        self.line_labels(svg, axes, lines);
        for &(at, before, after) in self.subject.breaks() {
            // At the edge of the page there is nothing to tell apart.
            if self.range.0 < at && at < self.range.1 {
                break_between(svg, axes.x(at), before, after);
            }
        }
    }

    /// Each line is named at its right end; labels that would touch are moved apart.
    fn line_labels(&self, svg: &mut Svg, axes: &Axes, lines: &[Line; 7]) {
        const APART: f64 = 3.8;
        let ends: Vec<Option<(f64, f64)>> = lines
            .iter()
            .map(|pieces| pieces.iter().rev().find_map(|piece| piece.last().copied()))
            .collect();
        svg.begin("g", &[("font-size", &Mm(3.2)), ("fill", &self.colour())]);
        let mut above = f64::INFINITY;
        for (line, end) in ends.iter().enumerate() {
            let Some((x, y)) = *end else { continue };
            let at = (axes.y(y) + 1.1).min(above - APART);
            above = at;
            let weight = if line == 3 { "bold" } else { "normal" };
            svg.text_in(
                "text",
                &[
                    ("x", &Mm(axes.x(x) + 1.4)),
                    ("y", &Mm(at)),
                    ("font-weight", &weight),
                ],
                self.subject.scale.label(line),
            );
        }
        svg.end();
    }
}

/// Where the lines begin anew.
fn break_between(svg: &mut Svg, x: f64, before: &str, after: &str) {
    svg.element(
        "line",
        &[
            ("x1", &Mm(x)),
            ("x2", &Mm(x)),
            ("y1", &Mm(FIELD.1)),
            ("y2", &Mm(FIELD.3)),
            ("stroke", &FAINT),
            ("stroke-width", &Mm(0.25)),
            ("stroke-dasharray", &"0.6 0.9"),
        ],
    );
    for (anchor, dx, word) in [("end", -1.2, before), ("start", 1.2, after)] {
        svg.text_in(
            "text",
            &[
                ("x", &Mm(x + dx)),
                ("y", &Mm(FIELD.3 - 1.8)),
                ("font-size", &Mm(3.0)),
                ("text-anchor", &anchor),
                ("fill", &FAINT),
            ],
            word,
        );
    }
}
