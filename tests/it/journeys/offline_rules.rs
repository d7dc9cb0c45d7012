//! Rules are tried on files with what a gateway would know beside the check-ups: days in care and away
//! from it, and the optional track.

use std::{fs, path::Path, process::Output};

use serde_json::{Value, json};

use crate::support::server::program;

/// The day of the trial.
const TODAY: &str = "2026-11-01";

const HEADER: &str = "identifier_kind,identifier,姓名,facility,enrolled_first_day,\
                      enrolled_last_day,away_first_day,away_last_day";

fn number(n: u32) -> String {
    format!("X15000000{n}")
}

/// A check-up of the child with this number.
fn check_up(n: u32, birth: &str, visit: &str, date: &str) -> String {
    let row = json!({"checkUp": {
        "recordId": format!("r{n}"),
        "revision": 1,
        "status": "FINAL",
        "date": date,
        "visit": visit,
        "subject": {
            "identifiers": [{"kind": "BIRTH_CERTIFICATE", "value": number(n)}],
            "birthDate": birth,
            "sex": "FEMALE",
        },
        "findings": [{"code": "HEARING", "coded": "PASS"}],
    }});
    row.to_string()
}

/// Compares the shipped rules with themselves: whatever they raise stands unchanged.
fn replay(home: &Path, further: &[&str]) -> Output {
    let mut replay = program();
    replay.args(["--json", "rules", "replay", "shipped"]);
    replay.arg(home.join("check-ups.ndjson"));
    replay.args(["--today", TODAY]).args(further);
    replay.output().unwrap()
}

/// How often a rule stands; nothing may be raised, changed or resolved.
fn stands(found: &Value, rule: &str) -> u64 {
    let rows = found["rows"].as_array().unwrap();
    for row in rows {
        for other in ["raised", "changed", "resolved"] {
            assert_eq!(row[other], 0, "{other}: {row}");
        }
    }
    let row = rows.iter().find(|row| row["rule"] == rule);
    row.map_or(0, |row| row["unchanged"].as_u64().unwrap())
}

fn told(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Break it: in `cli/rules/offline.rs`, leave the absences out of `Life`, or compare alerts without their
/// facility; in `service/attendance.rs`, don't join what goes on.
#[test]
fn days_in_care_and_away_from_it_are_tried_too() {
    let home = tempfile::tempdir().unwrap();
    let table = home.path().join("days.csv");
    let attendance = ["--attendance", table.to_str().unwrap()];
    let rows = [
        check_up(1, "2023-08-01", "ENTRY", "2025-08-25"),
        check_up(2, "2023-08-01", "ENTRY", "2025-08-25"),
        check_up(3, "2024-08-01", "OUTPATIENT", "2026-08-25"),
    ];
    fs::write(home.path().join("check-ups.ndjson"), rows.join("\n")).unwrap();
    let (ours, theirs) = (
        "00000000-0000-4000-8000-00000000000a",
        "00000000-0000-4000-8000-00000000000b",
    );
    let days = [
        HEADER.to_owned(),
        // Away for five months, told in two pieces that are short of three.
        format!(
            "BIRTH_CERTIFICATE,{},测试童,{ours},2025-09-01,,2026-08-16,",
            number(1)
        ),
        format!(
            "BIRTH_CERTIFICATE,{},测试童,{ours},2025-09-01,,2026-06-01,2026-08-15",
            number(1)
        ),
        // For two months.
        format!(
            "BIRTH_CERTIFICATE,{},测试童,{ours},2025-09-01,NA,2026-06-01,2026-07-31",
            number(2)
        ),
        // In two facilities, and no check before either.
        format!(
            "BIRTH_CERTIFICATE,{},测试童,{ours},2026-10-01,,,",
            number(3)
        ),
        format!(
            "BIRTH_CERTIFICATE,{},测试童,{theirs},2026-10-05,2027-01-31,,",
            number(3)
        ),
        // Of whom nothing else is known.
        format!(
            "BIRTH_CERTIFICATE,{},测试童,{ours},2026-10-01,,,",
            number(9)
        ),
    ];
    fs::write(&table, days.join("\n")).unwrap();

    let without = told(&replay(home.path(), &[]));
    assert_eq!(without["children"], 3);
    let rules = ["ENTRY_CHECK_BEFORE_RETURN", "ENTRY_CHECK_MISSING"];
    assert_eq!(rules.map(|rule| stands(&without, rule)), [0, 0]);
    let output = replay(home.path(), &attendance);
    let with = told(&output);
    assert_eq!(rules.map(|rule| stands(&with, rule)), [1, 2]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.starts_with("1 rows of attendance"), "{said}");

    // What a gateway would refuse is refused, by line and column, without what the cell said.
    let good = "BIRTH_CERTIFICATE,X150000001,测试童,,2025-09-01,,";
    for (row, column) in [
        (format!("{good}2026-06-01,2026-05-31"), "away_last_day"),
        (format!("{good}2025-08-31,2026-05-31"), "away_first_day"),
        (format!("{good},2026-05-31"), "away_first_day"),
        (format!("{good}2026-06-01,soon"), "away_last_day"),
        (format!("{good}2026-06-01,2126-06-01"), "away_last_day"),
        (
            format!("{good}2026-01-01,2026-02-01\n{good}2026-02-01,"),
            "away_first_day",
        ),
        (
            "BIRTH_CERTIFICATE,X150000001,测试童,,,,,".to_owned(),
            "enrolled_first_day",
        ),
        (
            "BIRTH_CERTIFICATE,,测试童,,2025-09-01,,,".to_owned(),
            "identifier",
        ),
        (
            "BIRTH_CERTIFICATE,X150000001,测试童,ours,2025-09-01,,,".to_owned(),
            "facility",
        ),
    ] {
        let line = 1 + row.lines().count();
        fs::write(&table, format!("{HEADER}\n{row}\n")).unwrap();
        let refused = replay(home.path(), &attendance);
        assert_eq!(refused.status.code(), Some(1), "{row}");
        let said = String::from_utf8_lossy(&refused.stderr);
        let place = format!("line {line}, column {column}: expected ");
        assert!(said.contains(&place), "{said}");
        assert!(!said.contains("X15") && !said.contains("测试童"), "{said}");
    }
    fs::write(&table, "identifier_kind,identifier\n").unwrap();
    let refused = replay(home.path(), &attendance);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        said.contains("column enrolled_first_day is missing"),
        "{said}"
    );
}

/// Break it: in `cli/rules/offline.rs`, ask for no optional track.
#[test]
fn the_optional_track_is_tried_where_it_is_asked_for() {
    let home = tempfile::tempdir().unwrap();
    let row = check_up(1, "2025-09-01", "MONGOLIAN", "2026-03-05");
    fs::write(home.path().join("check-ups.ndjson"), row).unwrap();
    let rule = "MONGOLIAN_OVERDUE";
    assert_eq!(stands(&told(&replay(home.path(), &[])), rule), 0);
    let with = replay(home.path(), &["--mongolian-medicine"]);
    assert_eq!(stands(&told(&with), rule), 1);
}
