//! Files that are not sound are refused, with file, line, item and fault.

use crate::clinical::schedule::{ScheduleFault, ScheduleFileError, Schedules};

const VISITS: &str = r#"track = "CHILD_HEALTH"
version = "2017"
valid_from = "2017-01-01"

[[visit]]
item = "V06"
label = "六月"
due = "6m"
until = "8m"
late_days = 30
visit = "V06"
source = { document = "文件", section = "节", marks = ["P"] }

[[visit]]
item = "V08"
label = "八月"
due = "8m"
until = "12m"
late_days = 30
visit = "V08"
source = { document = "文件", section = "节" }
"#;

const DOSES: &str = r#"track = "IMMUNISATION"
version = "1"
valid_from = "2017-01-01"

[[dose]]
item = "JE-L-1"
label = "一"
vaccine = "JE-L"
series = "JE-L"
place = 1
min_age = "8m"
complete_before = "12m"
alternatives = "JE"
source = { document = "文件", section = "节" }

[[dose]]
item = "JE-I-1"
label = "一"
vaccine = "JE-I"
series = "JE-I"
place = 1
min_age = "8m"
alternatives = "JE"
source = { document = "文件", section = "节" }
"#;

const CHECKS: &str = r#"track = "PERIODIC"
version = "1"
valid_from = "2017-01-01"

[[check]]
item = "PERIODIC"
label = "定期"
from = "12m"
periods = [{ every = "6m", until = "36m" }, { every = "12m", until = "84m" }]
late_days = 30
kinds = ["PERIODIC"]
source = { document = "文件", section = "节" }
"#;

const ENTRY: &str = r#"track = "ENTRY_CHECK"
version = "1"
valid_from = "2017-01-01"

[[entry]]
item = "ENTRY"
label = "入园"
validity = "3m"
transfer_validity = "3m"
away = "3m"
source = { document = "文件", section = "节" }
back = { item = "ENTRY_RETURN", label = "返园", source = { document = "文件", section = "本节" } }
"#;

fn read(text: &str) -> Result<Schedules, ScheduleFileError> {
    Schedules::read(&[("county.toml", text)])
}

/// The last place where it stands is replaced.
fn broken(sound: &str, replace: &str, by: &str) -> ScheduleFileError {
    let at = sound
        .rfind(replace)
        .unwrap_or_else(|| panic!("nothing to replace: {replace}"));
    let (before, after) = sound.split_at(at);
    let text = format!("{before}{by}{}", after.strip_prefix(replace).unwrap());
    match read(&text) {
        Err(error) => error,
        Ok(_) => panic!("taken: {by}"),
    }
}

#[test]
fn a_fault_is_named_with_file_line_and_item() {
    for sound in [VISITS, DOSES, CHECKS, ENTRY] {
        read(sound).unwrap();
    }
    let error = broken(VISITS, r#"document = "文件""#, r#"document = " ""#);
    assert_eq!(
        error.to_string(),
        "county.toml line 14 item V08: source document or section is missing"
    );
    let error = broken(VISITS, "late_days = 30", "late_day = 30");
    assert_eq!((error.line, error.item), (19, None));
    assert!(matches!(error.fault, ScheduleFault::Syntax(_)));
}

#[test]
fn what_is_wrong_is_said() {
    use ScheduleFault::*;
    let syntax = |text: &str| Syntax(text.to_owned());
    for (sound, replace, by, want) in [
        (
            VISITS,
            r#"section = "节""#,
            r#"section = """#,
            SourceMissing,
        ),
        (VISITS, r#"item = "V08""#, r#"item = "V06""#, DuplicateItem),
        (VISITS, r#"item = "V08""#, r#"item = """#, Name),
        (VISITS, r#"until = "12m""#, r#"until = "8m""#, Window),
        // Eight months may be 243 days.
        (VISITS, r#"until = "12m""#, r#"until = "243d""#, Window),
        (
            VISITS,
            r#"due = "8m""#,
            r#"due = "8 months""#,
            syntax("a length of time is written \"28d\" or \"6m\""),
        ),
        (
            VISITS,
            r#"visit = "V08""#,
            "visit_with = [\"HEARING\"]\nkind = \"EYE\"",
            NotDoable,
        ),
        (VISITS, r#"visit = "V08""#, "", NotDoable),
        (
            VISITS,
            r#"visit = "V08""#,
            "visit = \"V08\"\nvisit_with = [\"VISON_LEFT\"]",
            UnknownFinding("VISON_LEFT".into()),
        ),
        (
            VISITS,
            r#"visit = "V08""#,
            "visit = \"V08\"\nvisit_with = [\"VISON_*\"]",
            UnknownFinding("VISON_*".into()),
        ),
        (
            VISITS,
            r#"visit = "V08""#,
            r#"visit = "V07""#,
            syntax("unknown VisitKind"),
        ),
        (VISITS, r#"version = "2017""#, r#"version = """#, Version),
        (
            VISITS,
            r#"valid_from = "2017-01-01""#,
            "valid_from = \"2017-01-01\"\nvalid_until = \"2017-01-01\"",
            Validity,
        ),
        (
            VISITS,
            r#"track = "CHILD_HEALTH""#,
            r#"track = "PERIODIC""#,
            Rows,
        ),
        (VISITS, "[[visit]]", "[[dose]]", syntax("unknown field")),
        (
            DOSES,
            r#"item = "JE-I-1""#,
            r#"item = "JE-X-1""#,
            UnknownVaccine("JE-X-1".into()),
        ),
        (
            DOSES,
            r#"vaccine = "JE-I""#,
            r#"vaccine = "JE""#,
            UnknownVaccine("JE".into()),
        ),
        (DOSES, "place = 1", "place = 2", Places),
        (DOSES, "place = 1", "place = 0", Places),
        (
            DOSES,
            r#"complete_before = "12m""#,
            r#"complete_before = "8m""#,
            Window,
        ),
        (
            DOSES,
            r#"complete_before = "12m""#,
            "complete_before = \"12m\"\nlatest = \"11m\"",
            Window,
        ),
        (
            DOSES,
            r#"alternatives = "JE""#,
            r#"alternatives = "HepA""#,
            NoAlternative,
        ),
        (DOSES, r#"series = "JE-I""#, r#"series = "JE-L""#, Places),
        (CHECKS, r#"every = "12m""#, r#"every = "6m""#, Periods),
        (CHECKS, r#"until = "84m""#, r#"until = "24m""#, Periods),
        (CHECKS, r#"kinds = ["PERIODIC"]"#, "kinds = []", NotDoable),
        (
            ENTRY,
            r#"section = "本节""#,
            r#"section = """#,
            SourceMissing,
        ),
        (
            ENTRY,
            r#"item = "ENTRY_RETURN""#,
            r#"item = "ENTRY""#,
            DuplicateItem,
        ),
    ] {
        let found = broken(sound, replace, by).fault;
        match (&found, &want) {
            (Syntax(found), Syntax(want)) => assert!(found.contains(want.as_str()), "{found}"),
            _ => assert_eq!(found, want, "{by}"),
        }
    }
}

#[test]
fn editions_of_a_track_differ_in_version_and_first_day() {
    let files =
        |second: &str| Schedules::read(&[("a.toml", VISITS), ("b.toml", second)]).map(|_| ());
    let fault = |second: &str| files(second).unwrap_err().fault;
    assert_eq!(fault(VISITS), ScheduleFault::Version);
    let renamed = VISITS.replacen("\"2017\"", "\"2027\"", 1);
    assert_eq!(fault(&renamed), ScheduleFault::Validity);
    let later = renamed.replacen("2017-01-01", "2027-01-01", 1);
    files(&later).unwrap();
    // A dose means the same in every edition.
    let other = DOSES
        .replacen("version = \"1\"", "version = \"2\"", 1)
        .replacen("2017-01-01", "2027-01-01", 1)
        .replacen("place = 1", "place = 1\nlive_injected = true", 1);
    let error = Schedules::read(&[("a.toml", DOSES), ("b.toml", &other)]).unwrap_err();
    assert_eq!(
        (error.fault, error.file.as_str()),
        (ScheduleFault::Contradiction, "b.toml")
    );
}
