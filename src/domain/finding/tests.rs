use proptest::prelude::*;

use super::*;
use crate::domain::catalogue::CATALOGUE;

fn quantity(code: &str, value: i64, decimals: u32, unit: &str) -> Result<Finding, FindingError> {
    let raw = RawValue::Quantity {
        value,
        decimals,
        unit,
    };
    Finding::parse(code, raw, FindingStatus::Final, "f1")
}

fn coded(code: &str, value: &str, text: Option<&str>) -> Result<Finding, FindingError> {
    Finding::parse(
        code,
        RawValue::Coded { code: value, text },
        FindingStatus::Final,
        "f1",
    )
}

fn reason(result: Result<Finding, FindingError>) -> (&'static str, &'static str) {
    let error = result.expect_err("must be refused");
    assert!(!error.reason.message_zh().is_empty());
    (error.field, error.reason.as_str())
}

#[test]
fn the_units_trap_is_refused_and_never_converted() {
    // 11.0 g/dL sent as if it were g/L.
    let trap = ("value.quantity.value", "FINDING_PROBABLE_UNIT_ERROR");
    assert_eq!(reason(quantity("HAEMOGLOBIN", 110, 1, "g/L")), trap);
    assert_eq!(reason(quantity("HAEMOGLOBIN", 11, 0, "g/L")), trap);
    assert_eq!(reason(quantity("HAEMOGLOBIN", 299, 1, "g/L")), trap);
    assert_eq!(
        quantity("HAEMOGLOBIN", 30, 0, "g/L").unwrap().quantity(),
        Some(300)
    );
    assert_eq!(
        reason(quantity("HAEMOGLOBIN", 110, 1, "g/dL")),
        ("value.quantity.unit", "FINDING_UNIT_WRONG")
    );
    assert_eq!(
        reason(quantity("HAEMOGLOBIN", 0, 0, "g/L")).1,
        "FINDING_IMPOSSIBLE"
    );
    assert_eq!(
        reason(quantity("HAEMOGLOBIN", -11, 0, "g/L")).1,
        "FINDING_IMPOSSIBLE"
    );
}

#[test]
fn other_units_and_impossible_values_are_refused() {
    for unit in ["kg", "KG", "公斤", "斤", "", "G"] {
        assert_eq!(
            reason(quantity("WEIGHT", 8400, 0, unit)),
            ("value.quantity.unit", "FINDING_UNIT_WRONG")
        );
    }
    // Kilograms and centimetres that wear the wire's unit.
    for (code, value, unit) in [
        ("WEIGHT", 8, "g"),
        ("WEIGHT", 0, "g"),
        ("WEIGHT", -8400, "g"),
        ("WEIGHT", i64::MAX, "g"),
        ("LENGTH_HEIGHT", 69, "mm"),
        ("LENGTH_HEIGHT", 118, "mm"),
        ("LENGTH_HEIGHT", i64::MAX, "mm"),
        ("HEAD_CIRCUMFERENCE", 43, "mm"),
        ("VISION_LEFT", 6, "1"),
        // A decimal acuity of 1.0.
        ("VISION_RIGHT", 1, "1"),
    ] {
        assert_eq!(
            reason(quantity(code, value, 0, unit)),
            ("value.quantity.value", "FINDING_IMPOSSIBLE"),
            "{code} {value}"
        );
    }
}

#[test]
fn kinds_codes_and_texts_are_checked() {
    assert_eq!(
        reason(quantity("SHOE_SIZE", 20, 0, "1")),
        ("code", "FINDING_CODE_UNKNOWN")
    );
    assert_eq!(
        reason(coded("WEIGHT", "8400", None)),
        ("value", "FINDING_KIND_WRONG")
    );
    assert_eq!(
        reason(coded("HEARING", "通过", None)).1,
        "FINDING_VALUE_CODE_UNKNOWN"
    );
    assert_eq!(
        reason(coded("RICKETS_SIGN", "12", None)).1,
        "FINDING_VALUE_CODE_UNKNOWN"
    );
    assert_eq!(
        reason(coded("ALLERGY", "FOOD", Some("  "))),
        ("value.coded.text", "FINDING_TEXT_MISSING")
    );
    assert!(coded("ALLERGY", "NONE", None).is_ok());
    assert_eq!(
        coded("ALLERGY", "FOOD", Some(" 花生 ")).unwrap().text(),
        Some("花生")
    );
    let long = "字".repeat(MAX_TEXT + 1);
    assert_eq!(
        reason(coded("ALLERGY", "FOOD", Some(&long))).1,
        "FINDING_TEXT_TOO_LONG"
    );
    let note = |text| Finding::parse("NOTE", RawValue::Text(text), FindingStatus::Final, "");
    assert_eq!(reason(note(" ")).1, "FINDING_TEXT_MISSING");
    assert!(note("复查").is_ok());
}

#[test]
fn a_date_is_one_civil_day() {
    let day = |text| Finding::parse("ONSET_DATE", RawValue::Date(text), FindingStatus::Final, "");
    assert_eq!(day("2026-03-01").unwrap().date(), "2026-03-01".parse().ok());
    for wrong in [
        "",
        "2026-3-1",
        "2026-02-30",
        "20260301",
        "+2026-03-01",
        "0026-03-01",
    ] {
        assert_eq!(
            reason(day(wrong)),
            ("value.date", "FINDING_DATE_MALFORMED"),
            "{wrong}"
        );
    }
    let text = Finding::parse(
        "ONSET_DATE",
        RawValue::Text("2026-03-01"),
        FindingStatus::Final,
        "",
    );
    assert_eq!(reason(text), ("value", "FINDING_KIND_WRONG"));
}

#[test]
fn decimals_move_without_loss_or_not_at_all() {
    assert_eq!(
        quantity("WEIGHT", 84_000, 1, "g").unwrap().quantity(),
        Some(8_400)
    );
    assert_eq!(
        quantity("LENGTH_HEIGHT", 692, 0, "mm").unwrap().quantity(),
        Some(6_920)
    );
    assert_eq!(
        reason(quantity("WEIGHT", 84_005, 1, "g")),
        ("value.quantity.decimals", "FINDING_TOO_PRECISE")
    );
    assert_eq!(
        reason(quantity("WEIGHT", 0, u32::MAX, "g")).1,
        "FINDING_IMPOSSIBLE"
    );
    assert_eq!(
        (decimal(1157, 1), decimal(1100, 1), decimal(-5, 2)),
        ("115.7".into(), "110".into(), "-0.05".into())
    );
}

#[test]
fn nothing_personal_prints() {
    let finding = coded("ALLERGY", "FOOD", Some("花生")).unwrap();
    let shown = format!("{finding:?} {:?}", finding.value());
    assert!(
        !shown.contains("花生") && !shown.contains("FOOD"),
        "{shown}"
    );
    let error = Finding::decode_all("{\"version\":1,\"findings\":\"花生\"}".as_bytes());
    assert!(!error.unwrap_err().to_string().contains("花生"));
}

#[test]
fn a_blob_of_another_version_or_kind_is_refused() {
    let read = |text: &str| Finding::decode_all(text.as_bytes()).map(|_| ());
    assert_eq!(
        read(r#"{"version":2,"findings":[]}"#),
        Err(DecodeError::Version { found: 2 })
    );
    let one = |code: &str, value: &str| {
        format!(
            r#"{{"version":1,"findings":[{{"code":"{code}","value":{value},"status":"FINAL"}}]}}"#
        )
    };
    assert_eq!(read(&one("WEIGHT", r#"{"quantity":8400}"#)), Ok(()));
    assert_eq!(
        read(&one("WEIGHT", r#"{"text":"8400"}"#)),
        Err(DecodeError::Malformed)
    );
    assert_eq!(
        read(&one("SHOE", r#"{"quantity":8400}"#)),
        Err(DecodeError::Malformed)
    );
}

/// Any finding the catalogue allows.
pub(crate) fn any_finding() -> impl Strategy<Value = Finding> {
    let status = prop_oneof![
        8 => Just(FindingStatus::Final),
        2 => Just(FindingStatus::Corrected),
        1 => Just(FindingStatus::Preliminary),
        1 => Just(FindingStatus::EnteredInError),
    ];
    let texts = prop::sample::select(vec!["花生", "牛奶", "青霉素", "Peanut"]);
    (0..CATALOGUE.len(), any::<u64>(), texts, status, "[a-c]").prop_map(
        |(at, seed, text, status, id)| {
            let entry = &CATALOGUE[at];
            let first = chrono::NaiveDate::from_ymd_opt(2020, 1, 1).unwrap();
            let day = (first + chrono::Days::new(seed % 4_000)).to_string();
            let raw = match entry.kind {
                Kind::Quantity {
                    unit,
                    decimals,
                    low,
                    high,
                } => RawValue::Quantity {
                    value: low + (seed % ((high - low + 1) as u64)) as i64,
                    decimals,
                    unit,
                },
                Kind::Coded { codes, .. } => RawValue::Coded {
                    code: codes[(seed % codes.len() as u64) as usize],
                    text: Some(text),
                },
                Kind::Text => RawValue::Text(text),
                Kind::Date => RawValue::Date(&day),
            };
            Finding::parse(entry.name, raw, status, &id).expect("within the catalogue")
        },
    )
}

proptest! {
    #[test]
    fn findings_survive_their_blob(findings in prop::collection::vec(any_finding(), 0..12)) {
        let blob = Finding::encode_all(&findings).unwrap();
        prop_assert_eq!(Finding::decode_all(&blob).unwrap(), findings);
    }

    #[test]
    fn parsing_never_panics(code in "[A-Z_]{0,12}|HAEMOGLOBIN|WEIGHT|LENGTH_HEIGHT",
                            value in any::<i64>(), decimals in any::<u32>(), unit in "g|mm|g/L|.*") {
        let _ = quantity(&code, value, decimals, &unit);
    }
}
