//! `yuqiao growth-chart` as people call it: a table of a child in, a picture without its name out; and
//! the chart of a child the gateway knows, for whoever measured it and for its guardian.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use yuqiao::rpc::wire::{self, Category, Outcome};

use crate::support::{
    clients::{Client, refused},
    desk::Desk,
    server::on_every_server,
    wire_county::{County, Family, ago, coded, quantity, row},
};

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

async fn weighs(by: &Client, family: &Family, record: &str, days_ago: u64, grams: i64) {
    let found = vec![
        quantity("WEIGHT", grams, 0, "g"),
        coded("HEARING", "PASS", ""),
    ];
    let mut row = row(&family.number, record, found);
    row.check_up.as_mut().unwrap().date = ago(days_ago);
    let told = by.exchange().push_one(row).await.unwrap().into_inner();
    assert_eq!(told.outcome(), Outcome::Accepted, "{told:?}");
}

async fn points(by: &Client, request: wire::GetGrowthChartRequest) -> (u32, u32) {
    let chart = by.exchange().get_growth_chart(request).await;
    let chart = chart.unwrap().into_inner();
    assert_eq!(
        chart.standard(),
        wire::GrowthStandard::Wst423,
        "the region's"
    );
    let document = roxmltree::Document::parse(&chart.svg).unwrap();
    let circles = document
        .descendants()
        .filter(|node| node.attribute("class") == Some("mark"));
    // One more explains the sign.
    assert_eq!(circles.count() as u32, chart.points - chart.doubtful + 1);
    (chart.points, chart.doubtful)
}

/// Break it: in `store/check_ups.rs`, let `under` leave out the source; or in
/// `service/disclosure/growth.rs`, leave out the leaf.
#[tokio::test]
async fn an_institution_sees_what_it_measured_and_a_guardian_everything() {
    on_every_server(async |server| {
        let county = County::at(server).await;
        let family = county.family().await;
        weighs(&county.hospital, &family, "r1", 200, 7_500).await;
        weighs(&county.hospital, &family, "r2", 10, 18_900).await;
        weighs(&county.mch, &family, "r1", 100, 8_600).await;

        let own = wire::GetGrowthChartRequest {
            child: family.child.clone(),
            ..Default::default()
        };
        assert_eq!(points(&county.hospital, own.clone()).await, (2, 1));
        assert_eq!(points(&county.mch, own.clone()).await, (1, 0));
        let facility = county.worker.exchange().get_growth_chart(own.clone()).await;
        assert_eq!(refused(facility), "KEY_MISSING");
        let backwards = wire::GetGrowthChartRequest {
            from: 24,
            until: 12,
            ..own.clone()
        };
        let told = county.hospital.exchange().get_growth_chart(backwards).await;
        assert_eq!(refused(told), "FIELD_OUT_OF_RANGE");

        // The facility carries the guardian's call, and the guardian sees every look.
        let as_guardian = wire::GetGrowthChartRequest {
            guardian_code: county.code(&family, wire::GuardianCodeUse::Read).await,
            ..own
        };
        assert_eq!(points(&county.worker, as_guardian.clone()).await, (3, 1));
        let request = wire::ListLooksRequest {
            child: family.child.clone(),
            guardian_code: county.code(&family, wire::GuardianCodeUse::Read).await,
            ..Default::default()
        };
        let looks = county.mch.ledger().list_looks(request).await;
        let looks = looks.unwrap().into_inner().looks;
        let charts: Vec<_> = looks
            .iter()
            .filter(|look| look.method == "ExchangeService.GetGrowthChart")
            .collect();
        let by: Vec<&str> = charts
            .iter()
            .map(|look| look.organization.as_str())
            .collect();
        assert_eq!(
            by,
            [
                "",
                &*county.mch.organization,
                &*county.hospital.organization
            ],
            "newest first"
        );
        for look in charts {
            assert_eq!(look.categories().collect::<Vec<_>>(), [Category::Growth]);
        }

        // At the command line: one that measured nothing needs the guardian's code.
        let desk = Desk::of_the_mch_centre(server, &county).await;
        let file = server.home().join("chart.svg");
        let ask = [
            "growth-chart",
            "--child",
            &family.child,
            "--lines",
            "percentile",
        ];
        let output = ["-o", file.to_str().unwrap()];
        let nothing = desk.run(&[&ask[..], &output].concat(), "");
        assert_eq!(nothing.status.code(), Some(1));
        let told = String::from_utf8(nothing.stderr).unwrap();
        assert!(told.contains("NOT_FOUND"), "{told}");
        assert!(!file.exists());
        let code = county.code(&family, wire::GuardianCodeUse::Read).await;
        let arguments = [&ask[..], &["--code", &code], &output].concat();
        let told = desk.told(&arguments, "");
        assert_eq!(told, [serde_json::json!({"points": 3, "doubtful": 1})]);
        let svg = std::fs::read_to_string(&file).unwrap();
        assert!(svg.contains("P97") && !svg.contains(&family.number));
    })
    .await;
}
