//! The frame of a chart: title, grid and axes.

use super::axes::Axes;
use super::svg::{Mm, Svg};
use super::{Chart, FAINT, FIELD, GRID, INK, Scale};

impl Chart<'_> {
    pub(super) fn head(&self, svg: &mut Svg, title: &str) {
        svg.element(
            "rect",
            &[
                ("x", &Mm(FIELD.0)),
                ("y", &Mm(11.2)),
                ("width", &Mm(1.4)),
                ("height", &Mm(8.2)),
                ("fill", &self.colour()),
            ],
        );
        svg.text_in(
            "text",
            &[
                ("x", &Mm(FIELD.0 + 3.6)),
                ("y", &Mm(17.6)),
                ("font-size", &Mm(6.4)),
                ("font-weight", &"bold"),
                ("fill", &INK),
            ],
            title,
        );
        let scale = match self.subject.scale {
            Scale::Sd => "标准差",
            Scale::Percentile => "百分位数",
        };
        svg.text_in(
            "text",
            &[
                ("x", &Mm(FIELD.2)),
                ("y", &Mm(17.4)),
                ("font-size", &Mm(3.8)),
                ("text-anchor", &"end"),
                ("fill", &FAINT),
            ],
            &format!("{}  {scale}", self.subject.standard.label()),
        );
    }

    pub(super) fn grid(&self, svg: &mut Svg, axes: &Axes) {
        svg.begin("g", &[("stroke", &GRID), ("stroke-width", &Mm(0.15))]);
        for (x, strong) in axes.x_ticks(self.subject.by_age()) {
            let width = Mm(if strong { 0.3 } else { 0.12 });
            let at = Mm(axes.x(x));
            let ends = (Mm(FIELD.1), Mm(FIELD.3));
            svg.element(
                "line",
                &[
                    ("x1", &at),
                    ("x2", &at),
                    ("y1", &ends.0),
                    ("y2", &ends.1),
                    ("stroke-width", &width),
                ],
            );
        }
        for (y, strong) in axes.y_ticks() {
            let width = Mm(if strong { 0.3 } else { 0.12 });
            let at = Mm(axes.y(y));
            let ends = (Mm(FIELD.0), Mm(FIELD.2));
            svg.element(
                "line",
                &[
                    ("x1", &ends.0),
                    ("x2", &ends.1),
                    ("y1", &at),
                    ("y2", &at),
                    ("stroke-width", &width),
                ],
            );
        }
        svg.end();
        self.tick_labels(svg, axes);
    }

    fn tick_labels(&self, svg: &mut Svg, axes: &Axes) {
        svg.begin("g", &[("font-size", &Mm(3.4)), ("fill", &INK)]);
        let ticks = axes.x_ticks(self.subject.by_age());
        for (x, _) in ticks.into_iter().filter(|&(_, strong)| strong) {
            let whole_years = self.subject.by_age() && x > 0.0 && x % 12.0 == 0.0;
            let label = if whole_years {
                format!("{}岁", x / 12.0)
            } else {
                Mm(x).to_string()
            };
            let weight = if whole_years { "bold" } else { "normal" };
            let at = (Mm(axes.x(x)), Mm(FIELD.3 + 4.6));
            svg.text_in(
                "text",
                &[
                    ("x", &at.0),
                    ("y", &at.1),
                    ("text-anchor", &"middle"),
                    ("font-weight", &weight),
                ],
                &label,
            );
        }
        for (y, _) in axes.y_ticks().into_iter().filter(|&(_, strong)| strong) {
            let at = (Mm(FIELD.0 - 1.8), Mm(axes.y(y) + 1.2));
            svg.text_in(
                "text",
                &[("x", &at.0), ("y", &at.1), ("text-anchor", &"end")],
                &Mm(y).to_string(),
            );
        }
        let x_axis = match (self.subject.by_age(), self.subject.by_length) {
            (true, _) => "年龄（月）",
            (false, true) => "身长 (cm)",
            (false, false) => "身高 (cm)",
        };
        svg.text_in(
            "text",
            &[
                ("x", &Mm((FIELD.0 + FIELD.2) / 2.0)),
                ("y", &Mm(FIELD.3 + 10.0)),
                ("text-anchor", &"middle"),
            ],
            x_axis,
        );
        let (_, y_axis) = self.quantity();
        svg.text_in(
            "text",
            &[
                ("x", &Mm(FIELD.0 - 1.8)),
                ("y", &Mm(FIELD.1 - 2.6)),
                ("text-anchor", &"start"),
            ],
            y_axis,
        );
        svg.end();
    }
}
