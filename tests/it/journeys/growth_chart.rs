//! `yuqiao growth-chart` as people call it: a table of a child in, a picture without its name out.

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// Synthetic: a name and a number that must not come through.
const TABLE: &str = "\
id,姓名,sex,age_months,weight_kg,lenhei_cm,measure,headc_cm
150627202306019988,测试童甲,F,1,4.1,53.4,L,36.3
150627202306019988,测试童甲,F,6,7.4,66.0,L,42.1
150627202306019988,测试童甲,F,12,18.2,74.1,L,44.8
150627202306019988,测试童甲,F,18,10.3,80.9,L,46.1
150627202306019988,测试童甲,F,30,12.9,91.2,H,47.5
150627202306019996,测试童乙,M,12,9.8,75.9,L,46.0
";

fn chart(arguments: &[&str]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_yuqiao"))
        .arg("growth-chart")
        .args(arguments)
        .args(["--only", "姓名=测试童甲"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(TABLE.as_bytes()).unwrap();
    drop(input);
    child.wait_with_output().unwrap()
}

/// Break it: draw a cell of the table as text.
#[test]
fn a_chart_of_each_kind_shows_the_child_and_not_who_it_is() {
    for standard in ["wst423", "who"] {
        for lines in ["sd", "percentile"] {
            for kind in [
                "weight",
                "stature",
                "weight-for-length",
                "weight-for-height",
                "bmi",
                "head",
            ] {
                let drawn = chart(&["--chart", kind, "--standard", standard, "--lines", lines]);
                assert!(drawn.status.success(), "{drawn:?}");
                let svg = String::from_utf8(drawn.stdout).unwrap();
                assert!(svg.contains("女童") && svg.trim_end().ends_with("</svg>"));
                for secret in ["测试童", "150627", "姓名"] {
                    assert!(!svg.contains(secret), "{kind} {standard}: {secret}");
                }
                let document = roxmltree::Document::parse(&svg).unwrap();
                let of_class = |class: &str| {
                    document
                        .descendants()
                        .filter(|node| node.attribute("class") == Some(class))
                        .count()
                };
                // One more sign each in the explanation; the weight of 18.2 kg is not believed.
                let (points, doubtful) = match kind {
                    "weight" | "bmi" => (4, 1),
                    "weight-for-length" => (3, 1),
                    "weight-for-height" => (1, 0),
                    _ => (5, 0),
                };
                assert_eq!(of_class("mark"), points + 1, "{kind}");
                let signs = if doubtful > 0 { doubtful + 1 } else { 0 };
                assert_eq!(of_class("mark doubtful"), signs, "{kind}");
            }
        }
    }
}

#[test]
fn scripts_get_the_drawing_as_json_and_mistakes_are_told() {
    let told = chart(&["--json", "--gestation-weeks", "30"]);
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!((&told["points"], &told["doubtful"]), (&4.into(), &1.into()));
    assert!(told["svg"].as_str().unwrap().contains("矫正月龄"));

    let wrong = chart(&["--range", "24-0"]);
    assert_eq!(wrong.status.code(), Some(2));
    let nobody = chart(&["/nowhere/children.csv"]);
    assert_eq!(nobody.status.code(), Some(1));
}
