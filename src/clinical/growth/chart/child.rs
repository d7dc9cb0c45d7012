//! The child's own curve on a chart, and what its signs mean.

use super::axes::Axes;
use super::svg::{Mm, Svg};
use super::{Chart, FAINT, FIELD, INK, Mark, PAGE};

impl Chart<'_> {
    pub(super) fn child(&self, svg: &mut Svg, axes: &Axes) {
        let shown = self.marks.iter().filter(|mark| axes.shows_x(mark.x));
        let shown: Vec<&Mark> = shown.collect();
        for mark in &shown {
            if let Some(calendar) = mark.calendar_x {
                let ends = (axes.x(calendar.min(self.range.1)), axes.x(mark.x));
                corrected(svg, ends, axes.y(mark.y));
            }
        }
        let believed = shown.iter().filter(|mark| !mark.doubtful);
        let path: Vec<(f64, f64)> = believed.map(|mark| (mark.x, mark.y)).collect();
        if path.len() > 1 {
            svg.element(
                "polyline",
                &[
                    ("class", &"child"),
                    ("points", &axes.points(path.iter())),
                    ("fill", &"none"),
                    ("stroke", &INK),
                    ("stroke-width", &Mm(0.5)),
                    ("stroke-linejoin", &"round"),
                ],
            );
        }
        for mark in shown {
            let sign = if mark.doubtful {
                Sign::Doubtful
            } else {
                Sign::Measured
            };
            sign.draw(svg, axes.x(mark.x), axes.y(mark.y));
        }
    }

    /// What the signs mean, and whose lines they are.
    pub(super) fn foot(&self, svg: &mut Svg) {
        let y = PAGE.1 - 12.0;
        let mut x = FIELD.0 + 1.2;
        svg.begin("g", &[("font-size", &Mm(3.2)), ("fill", &INK)]);
        let has_doubtful = self.marks.iter().any(|mark| mark.doubtful);
        let has_corrected = self.marks.iter().any(|mark| mark.calendar_x.is_some());
        for (sign, text, width, shown) in [
            (Sign::Measured, "测量值", 17.0, true),
            (
                Sign::Doubtful,
                "存疑，需复测（超出图外者画在边缘）",
                58.0,
                has_doubtful,
            ),
            (Sign::Corrected, "实足月龄 → 矫正月龄", 40.0, has_corrected),
        ] {
            if !shown {
                continue;
            }
            sign.draw(svg, x, y - 1.1);
            svg.text_in("text", &[("x", &Mm(x + 3.2)), ("y", &Mm(y))], text);
            x += width;
        }
        svg.text_in(
            "text",
            &[
                ("x", &Mm(FIELD.2)),
                ("y", &Mm(y + 5.2)),
                ("text-anchor", &"end"),
                ("fill", &FAINT),
            ],
            self.source(),
        );
        svg.end();
    }
}

/// How a point is drawn.
#[derive(Clone, Copy)]
enum Sign {
    Measured,
    Doubtful,
    Corrected,
}

impl Sign {
    fn draw(self, svg: &mut Svg, x: f64, y: f64) {
        match self {
            Sign::Measured => svg.element(
                "circle",
                &[
                    ("class", &"mark"),
                    ("cx", &Mm(x)),
                    ("cy", &Mm(y)),
                    ("r", &Mm(1.15)),
                    ("fill", &INK),
                    ("stroke", &"#ffffff"),
                    ("stroke-width", &Mm(0.35)),
                ],
            ),
            Sign::Doubtful => {
                let corners = [(0.0, -1.9), (1.9, 0.0), (0.0, 1.9), (-1.9, 0.0)];
                let corners = corners.map(|(dx, dy)| format!("{},{}", Mm(x + dx), Mm(y + dy)));
                svg.element(
                    "polygon",
                    &[
                        ("class", &"mark doubtful"),
                        ("points", &corners.join(" ")),
                        ("fill", &"#ffffff"),
                        ("stroke", &INK),
                        ("stroke-width", &Mm(0.45)),
                    ],
                );
                svg.text_in(
                    "text",
                    &[
                        ("x", &Mm(x)),
                        ("y", &Mm(y + 1.0)),
                        ("font-size", &Mm(2.8)),
                        ("font-weight", &"bold"),
                        ("text-anchor", &"middle"),
                        ("fill", &INK),
                        ("stroke", &"none"),
                    ],
                    "?",
                );
            }
            Sign::Corrected => corrected(svg, (x - 1.8, x + 1.8), y),
        }
    }
}

/// From where the calendar has the child to where its corrected age has it.
fn corrected(svg: &mut Svg, (from, to): (f64, f64), y: f64) {
    let at = Mm(y);
    svg.element(
        "line",
        &[
            ("class", &"corrected"),
            ("x1", &Mm(from)),
            ("x2", &Mm(to)),
            ("y1", &at),
            ("y2", &at),
            ("stroke", &INK),
            ("stroke-width", &Mm(0.3)),
            ("stroke-dasharray", &"0.8 0.8"),
        ],
    );
}
