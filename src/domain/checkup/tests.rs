use super::*;
use crate::domain::finding::RawValue;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn weight(status: FindingStatus) -> Finding {
    let raw = RawValue::Quantity {
        value: 8400,
        decimals: 0,
        unit: "g",
    };
    Finding::parse("WEIGHT", raw, status, "").unwrap()
}

fn parts(findings: Vec<Finding>) -> CheckUpParts {
    CheckUpParts {
        source: "hospital".into(),
        record_id: "r1".into(),
        revision: 1,
        status: CheckUpStatus::Final,
        date: day("2024-02-05"),
        visit: VisitKind::V08,
        findings,
    }
}

#[test]
fn a_check_up_lies_between_birth_and_today() {
    let made = |birth, today| {
        CheckUp::new(parts(vec![]), Some(day(birth)), Some(day(today)))
            .map(|_| ())
            .map_err(|error| (error.field, error.reason))
    };
    assert_eq!(made("2024-02-05", "2024-02-05"), Ok(()));
    assert_eq!(
        made("2024-02-06", "2024-03-01"),
        Err(("date".into(), CheckUpReason::BeforeBirth))
    );
    assert_eq!(
        made("2023-06-01", "2024-02-04"),
        Err(("date".into(), CheckUpReason::InFuture))
    );
    assert!(CheckUp::new(parts(vec![]), None, None).is_ok());
}

#[test]
fn a_day_that_is_a_finding_lies_between_birth_and_the_check_up() {
    let onset = |text| {
        let finding =
            Finding::parse("ONSET_DATE", RawValue::Date(text), FindingStatus::Final, "").unwrap();
        CheckUp::new(parts(vec![finding]), Some(day("2023-06-01")), None)
            .map(|_| ())
            .map_err(|error| (error.field, error.reason.as_str()))
    };
    assert_eq!(onset("2024-02-05"), Ok(()));
    assert_eq!(onset("2023-06-01"), Ok(()));
    let refused = Err((
        "findings[0].date".to_owned(),
        "CHECKUP_FINDING_DATE_IMPOSSIBLE",
    ));
    assert_eq!(onset("2024-02-06"), refused);
    assert_eq!(onset("2023-05-31"), refused);
}

#[test]
fn one_question_has_one_answer() {
    let (good, bad) = (
        weight(FindingStatus::Final),
        weight(FindingStatus::EnteredInError),
    );
    let error = CheckUp::new(parts(vec![good.clone(), good.clone()]), None, None).unwrap_err();
    assert_eq!(error.field, "findings[1].code");
    assert_eq!(error.reason.as_str(), "CHECKUP_FINDING_DUPLICATE");
    assert!(CheckUp::new(parts(vec![bad, good]), None, None).is_ok());
    let many = vec![weight(FindingStatus::EnteredInError); MAX_FINDINGS + 1];
    assert_eq!(
        CheckUp::new(parts(many), None, None).unwrap_err().reason,
        CheckUpReason::TooManyFindings
    );
}

#[test]
fn text_codes_read_back() {
    for &visit in VisitKind::ALL {
        assert_eq!(VisitKind::parse(visit.as_str()), Some(visit));
    }
    for &status in CheckUpStatus::ALL {
        assert_eq!(CheckUpStatus::parse(status.as_str()), Some(status));
    }
    assert_eq!(VisitKind::parse("V99"), None);
}
