use super::*;
use read::child;

const TABLE: &str = "\
id,姓名,sex,age_months,weight_kg,lenhei_cm,measure,headc_cm
7,测试甲,M,3,6.6,61.5,L,40.9
7,测试甲,M,6,8.2,68.0,L,43.6
8,测试乙,F,6,7.5,66.0,L,42.5
7,测试甲,M,0,3.4,50.2,L,34.5
";

fn refused(table: &str, only: Option<(&str, &str)>) -> String {
    match child(table.as_bytes(), only, None) {
        Ok(_) => panic!("must be refused"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_rows_of_one_child_are_put_in_order_of_age() {
    let child = child(TABLE.as_bytes(), Some(("id", "7")), None).unwrap();
    let days: Vec<u32> = child
        .visits
        .iter()
        .map(|visit| visit.calendar_days)
        .collect();
    assert_eq!(days, [0, 91, 183]);
    assert_eq!(child.visits[1].seen.weight_g, Some(6_600));
}

#[test]
fn a_chart_is_of_one_child_whose_sex_and_ages_are_known() {
    assert_eq!(
        refused(TABLE, None),
        "line 4: another sex than before; a chart is of one child, see --only"
    );
    assert_eq!(refused(TABLE, Some(("id", "9"))), "no row is left to draw");
    assert_eq!(
        refused(TABLE, Some(("name", "9"))),
        "column name of --only is missing"
    );
    assert_eq!(
        refused("sex,weight_kg\nM,9\n", None),
        "line 2: age is not known, and a chart needs it"
    );
    assert_eq!(
        refused("sex,age_days,weight_kg\n,300,9\n", None),
        "line 2: sex is not known, and a chart needs it"
    );
    assert_eq!(
        refused("sex,age_days,weight_kg\nM,300,nine\n", None),
        "line 2, column weight_kg: expected a number of kilograms"
    );
}

#[test]
fn a_preterm_child_is_drawn_at_its_corrected_age() {
    let table = "sex,age_days,weight_kg\nM,30,2.4\nM,100,4.0\nM,800,11.0\n";
    let child = child(table.as_bytes(), None, Some(30 * 7)).unwrap();
    let ages: Vec<(u32, u32, bool)> = child
        .visits
        .iter()
        .map(|visit| (visit.calendar_days, visit.age.days, visit.age.corrected))
        .collect();
    // At 30 days it should not have been born yet; from 24 months on nothing is corrected.
    assert_eq!(ages, [(100, 30, true), (800, 800, false)]);
}

#[test]
fn ranges_and_filters_are_read() {
    assert_eq!(span("0-24"), Ok((0, 24)));
    for wrong in ["24", "24-0", "0-301", "a-b", "0-24-36", "-3-9"] {
        assert!(span(wrong).is_err(), "{wrong}");
    }
    assert_eq!(column_and_value("id=7=8"), Ok(("id".into(), "7=8".into())));
    assert!(column_and_value("=7").is_err() && column_and_value("id").is_err());
}
