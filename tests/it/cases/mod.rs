//! The published case file (`cases/*.csv`): what the sources say of a child on a day, held against
//! the program. `cases/README.md` says how to read a case, and how to test another system with them.

mod alerts;
mod history;
mod schedules;

use std::{collections::BTreeMap, fs, path::PathBuf};

/// The fewest cases that are to stand there: none gets lost unseen.
const FEWEST: usize = 1_000;

/// One case: its columns by name.
type Case = BTreeMap<String, String>;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("cases")
}

fn cases(file: &str) -> Vec<Case> {
    let mut table = csv::Reader::from_path(folder().join(file)).unwrap();
    table.deserialize().map(Result::unwrap).collect()
}

fn files() -> Vec<String> {
    let mut files: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".csv"))
        .collect();
    files.sort();
    files
}

/// Fails with every case that fails, not only the first.
fn hold(file: &str, check: impl Fn(&Case) -> Result<(), String>) {
    let cases = cases(file);
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            check(case)
                .err()
                .map(|why| format!("{}: {why}", case["case"]))
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {} cases of {file} fail:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}

#[test]
fn every_case_is_held_and_names_its_source() {
    let mut held = [schedules::FILES, alerts::FILES].concat();
    held.sort_unstable();
    assert_eq!(files(), held, "every file of cases/ is read by a test");
    let mut seen = std::collections::BTreeSet::new();
    for file in held {
        for case in cases(file) {
            assert!(!case["source"].is_empty(), "{}", case["case"]);
            assert!(seen.insert(case["case"].clone()), "{} twice", case["case"]);
        }
    }
    assert!(seen.len() >= FEWEST, "{} cases", seen.len());
}
