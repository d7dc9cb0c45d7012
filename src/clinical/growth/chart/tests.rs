use std::sync::LazyLock;

use proptest::prelude::*;
use roxmltree::{Document, Node};

use super::*;
use crate::clinical::growth::age::AgeDays;

static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables::load().unwrap());

fn subject(sex: Sex, indicator: Indicator, standard: GrowthStandard) -> Subject {
    Subject {
        sex,
        indicator,
        standard,
        scale: Scale::Sd,
        by_length: true,
    }
}

fn visit(days: u32, grams: Option<i64>, um: Option<i64>, head_um: Option<i64>) -> Visit {
    let age = AgeDays::new(days.into()).unwrap();
    Visit {
        age: Age::of_days(age, None).unwrap(),
        calendar_days: days,
        seen: Measurements {
            weight_g: grams,
            stature_um: um,
            head_um,
            ..Measurements::default()
        },
    }
}

fn drawn(subject: &Subject, visits: &[Visit]) -> String {
    let marks = marks(&TABLES, subject, visits);
    let range = usual_range(subject, &marks);
    let subject = *subject;
    Chart {
        subject,
        range,
        marks: &marks,
    }
    .svg(&TABLES)
}

fn of_class<'a>(document: &'a Document<'a>, class: &'a str) -> impl Iterator<Item = Node<'a, 'a>> {
    document
        .descendants()
        .filter(move |node| node.attribute("class") == Some(class))
}

fn number(node: Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name).unwrap().parse().unwrap()
}

fn points(node: Node<'_, '_>) -> Vec<(f64, f64)> {
    let pairs = node.attribute("points").unwrap().split(' ');
    pairs
        .map(|pair| {
            let (x, y) = pair.split_once(',').unwrap();
            (x.parse().unwrap(), y.parse().unwrap())
        })
        .collect()
}

/// The circles of the child, without the one that explains them in the foot.
fn circles(document: &Document<'_>) -> Vec<(f64, f64)> {
    of_class(document, "mark")
        .filter(|node| node.has_tag_name("circle"))
        .map(|node| (number(node, "cx"), number(node, "cy")))
        .filter(|&(_, y)| y < FIELD.3)
        .collect()
}

/// Where a line is at `x`, in millimetres on the page.
fn height_of(document: &Document<'_>, class: &str, x: f64) -> Option<f64> {
    of_class(document, class).find_map(|piece| {
        let points = points(piece);
        points.windows(2).find_map(|pair| {
            let ((x1, y1), (x2, y2)) = (pair[0], pair[1]);
            (x1 <= x && x <= x2 && x1 < x2).then(|| y1 + (y2 - y1) * (x - x1) / (x2 - x1))
        })
    })
}

#[test]
fn every_chart_is_well_formed_and_names_its_lines() {
    for sex in Sex::ALL {
        for &indicator in Indicator::ALL {
            for &standard in GrowthStandard::ALL {
                for &scale in Scale::ALL {
                    for by_length in [true, false] {
                        let subject = Subject {
                            scale,
                            by_length,
                            ..subject(sex, indicator, standard)
                        };
                        let svg = drawn(&subject, &[]);
                        let document = Document::parse(&svg).unwrap();
                        let texts: Vec<&str> = document
                            .descendants()
                            .filter_map(|node| node.text())
                            .collect();
                        for line in 0..7 {
                            assert!(texts.contains(&scale.label(line)), "{subject:?} {line}");
                            let class = format!("line-{line}");
                            assert!(of_class(&document, &class).next().is_some(), "{subject:?}");
                        }
                        assert!(svg.len() < 200_000, "{}", svg.len());
                    }
                }
            }
        }
    }
}

/// The whole of WS/T 423 as it is drawn: a child on a cell of the median stands on the middle line.
#[test]
fn the_medians_of_wst423_lie_on_the_line() {
    for sex in Sex::ALL {
        let rows = TABLES.wst423.weight_for_age.rows(sex);
        for row in &rows[1..] {
            let subject = subject(sex, Indicator::WeightForAge, GrowthStandard::Wst423);
            let mark = Mark {
                x: f64::from(row.x),
                y: f64::from(row.sd[3]) / 1e3,
                calendar_x: None,
                doubtful: false,
            };
            let svg = Chart {
                subject,
                range: (0.0, 84.0),
                marks: &[mark],
            }
            .svg(&TABLES);
            let document = Document::parse(&svg).unwrap();
            let (x, y) = circles(&document)[0];
            let line = height_of(&document, "line-3", x).unwrap();
            assert!((line - y).abs() < 0.02, "{sex:?} {}: {line} {y}", row.x);
        }
    }
}

#[test]
fn length_and_height_are_two_pieces() {
    let visits = [
        visit(100, None, Some(600_000), None),
        visit(1_000, None, Some(940_000), None),
    ];
    for &standard in GrowthStandard::ALL {
        let subject = subject(Sex::Female, Indicator::LengthHeightForAge, standard);
        let svg = drawn(&subject, &visits);
        let document = Document::parse(&svg).unwrap();
        assert_eq!(of_class(&document, "line-3").count(), 2);
        assert!(svg.contains("身长（卧位）") && svg.contains("身高（立位）"));
        assert!(!svg.contains("WHO 2007"));
    }
}

#[test]
fn the_two_editions_of_who_are_told_apart() {
    let visits = [
        visit(100, Some(6_000), None, None),
        visit(2_000, Some(20_000), None, None),
    ];
    let subject = subject(Sex::Male, Indicator::WeightForAge, GrowthStandard::Who);
    let svg = drawn(&subject, &visits);
    let document = Document::parse(&svg).unwrap();
    assert_eq!(of_class(&document, "line-3").count(), 2);
    let texts: Vec<&str> = document
        .descendants()
        .filter_map(|node| node.text())
        .collect();
    assert!(texts.contains(&"WHO 2006") && texts.contains(&"WHO 2007"));
}

#[test]
fn a_doubtful_point_is_marked_and_not_joined() {
    let visits = [
        visit(365, Some(9_600), None, None),
        visit(450, Some(20_400), None, None),
        visit(540, Some(10_900), None, None),
    ];
    let subject = subject(Sex::Male, Indicator::WeightForAge, GrowthStandard::Wst423);
    let svg = drawn(&subject, &visits);
    let document = Document::parse(&svg).unwrap();
    let doubtful: Vec<_> = of_class(&document, "mark doubtful").collect();
    // One of the child, one in the explanation.
    assert_eq!(doubtful.len(), 2);
    assert_eq!(circles(&document).len(), 2);
    let path = of_class(&document, "child").next().unwrap();
    assert_eq!(points(path).len(), 2);
    // Beyond the axis it is drawn at the edge.
    let corners = points(doubtful[0]);
    assert!((corners[1].1 - FIELD.1).abs() < 0.01, "{corners:?}");
}

#[test]
fn a_preterm_child_stands_at_both_its_ages() {
    let age = AgeDays::new(200.0).unwrap();
    let early = Visit {
        age: Age::of_days(age, Some(30 * 7)).unwrap(),
        ..visit(200, Some(6_000), None, None)
    };
    assert_eq!((early.age.days, early.age.corrected), (130, true));
    let subject = subject(Sex::Male, Indicator::WeightForAge, GrowthStandard::Wst423);
    let svg = drawn(&subject, &[early]);
    let document = Document::parse(&svg).unwrap();
    let line = of_class(&document, "corrected").next().unwrap();
    let (x, y) = circles(&document)[0];
    assert_eq!((number(line, "x2"), number(line, "y1")), (x, y));
    assert!(number(line, "x1") > x);
    assert!(svg.contains("矫正月龄"));
}

/// Days, grams, micrometres of length and of head: a finding has no `Debug`, a tuple has.
type Seen = (u32, Option<i64>, Option<i64>, Option<i64>);

fn any_visit() -> impl Strategy<Value = Seen> {
    use prop::option::of;
    (
        0..2_600_u32,
        of(0..60_000_i64),
        of(0..1_500_000_i64),
        of(0..700_000_i64),
    )
}

fn any_subject() -> impl Strategy<Value = Subject> {
    let one_of = |count: usize| 0..count;
    (one_of(2), one_of(5), one_of(2), one_of(2), any::<bool>()).prop_map(
        |(sex, indicator, standard, scale, by_length)| Subject {
            sex: Sex::ALL[sex],
            indicator: Indicator::ALL[indicator],
            standard: GrowthStandard::ALL[standard],
            scale: Scale::ALL[scale],
            by_length,
        },
    )
}

proptest! {
    /// A child on WHO's median lies on the median line, whatever its age, sex and indicator.
    #[test]
    fn a_child_on_the_median_lies_on_the_line(day in 1..1_820_u32, girl: bool, which in 0..4_usize) {
        use Indicator::*;
        let indicator = [WeightForAge, LengthHeightForAge, BmiForAge, HeadCircumferenceForAge][which];
        let sex = if girl { Sex::Female } else { Sex::Male };
        let age = AgeDays::new(day.into()).unwrap();
        let (_, lms) = TABLES.who.lms_for_age(indicator, sex, age).unwrap();
        let subject = subject(sex, indicator, GrowthStandard::Who);
        let mark = Mark { x: age.months(), y: lms.m, calendar_x: None, doubtful: false };
        let range = usual_range(&subject, &[mark]);
        let svg = Chart { subject, range, marks: &[mark] }.svg(&TABLES);
        let document = Document::parse(&svg).unwrap();
        let (x, y) = circles(&document)[0];
        // Between the pieces of length and height there is no line.
        if let Some(line) = height_of(&document, "line-3", x) {
            prop_assert!((line - y).abs() < 0.1, "{line} {y}");
        } else {
            prop_assert!(day == 730 || day == 731 || day > 1_820, "{day}");
        }
    }

    #[test]
    fn whatever_is_measured_stays_on_the_page(subject in any_subject(), visits in prop::collection::vec(any_visit(), 0..8)) {
        let mut visits: Vec<Visit> = visits
            .into_iter()
            .map(|(days, grams, um, head)| visit(days, grams, um, head))
            .collect();
        visits.sort_by_key(|visit| visit.calendar_days);
        let svg = drawn(&subject, &visits);
        let document = Document::parse(&svg).unwrap();
        for node in document.descendants().filter(|node| node.is_element()) {
            for (name, most) in [("cx", PAGE.0), ("x", PAGE.0), ("x1", PAGE.0), ("x2", PAGE.0), ("cy", PAGE.1), ("y", PAGE.1), ("y1", PAGE.1), ("y2", PAGE.1)] {
                if node.attribute(name).is_some() {
                    let value = number(node, name);
                    prop_assert!((0.0..=most).contains(&value), "{name} {value}");
                }
            }
            if node.has_attribute("points") {
                for (x, y) in points(node) {
                    prop_assert!((0.0..=PAGE.0).contains(&x) && (0.0..=PAGE.1).contains(&y));
                }
            }
        }
    }
}
