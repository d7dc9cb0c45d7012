//! `docs/errors.md` lists every reason the program can give, and none it can't.

use std::collections::BTreeMap;

use yuqiao::{
    access::{Closed, Key, KeyState},
    domain::{
        catalogue::FindingCode, checkup::CheckUpReason, finding::FindingReason,
        identifier::IdentifierError,
    },
    rpc::status,
    service::Reason,
};

/// Every value of an enum without a list of its own: a new variant does not compile until it is
/// named here.
macro_rules! all_of {
    ($of:ident: $($variant:ident $({ $($field:ident: $value:expr),+ })?),+ $(,)?) => {{
        fn listed(one: &$of) {
            match one { $($of::$variant $({ $($field: _),+ })? => {})+ }
        }
        let all = vec![$($of::$variant $({ $($field: $value),+ })?),+];
        all.iter().for_each(listed);
        all
    }};
}

fn page() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/errors.md")).unwrap()
}

/// The cells of each row of a table under a heading, by the row's code.
fn rows(page: &str, heading: &str) -> BTreeMap<String, Vec<String>> {
    let part = page
        .split(heading)
        .nth(1)
        .unwrap_or_else(|| panic!("no {heading:?}"));
    let part = part
        .split("\n## ")
        .next()
        .unwrap()
        .split("\n### ")
        .next()
        .unwrap();
    let cells = |line: &str| -> Vec<String> {
        let cells = line.trim_matches('|').split('|');
        cells
            .map(|cell| cell.trim().trim_matches('`').to_owned())
            .collect()
    };
    let mut rows = BTreeMap::new();
    for line in part.lines().filter(|line| line.starts_with("| `")) {
        let mut cells = cells(line);
        let code = cells.remove(0);
        assert!(
            rows.insert(code.clone(), cells).is_none(),
            "{code} stands twice"
        );
    }
    rows
}

#[test]
fn every_reason_stands_with_its_code_and_its_chinese() {
    let page = page();
    let told: BTreeMap<_, _> = rows(&page, "\n## Reasons\n")
        .into_iter()
        .map(|(reason, cells)| {
            assert!(!cells[2].is_empty(), "{reason} does not say when");
            (reason, (cells[0].clone(), cells[1].clone()))
        })
        .collect();
    let given: BTreeMap<_, _> = Reason::ALL
        .iter()
        .map(|reason| {
            let code = snake(&format!("{:?}", status::code(reason.kind())));
            (reason.code().to_owned(), (code, reason.zh().to_owned()))
        })
        .collect();
    assert_eq!(told, given);
}

#[test]
fn every_reason_of_a_field_stands() {
    let page = page();
    let told: BTreeMap<_, _> = rows(&page, "\n### Numbers that name")
        .into_iter()
        .map(|(reason, cells)| (reason, cells[0].clone()))
        .collect();
    let given: BTreeMap<_, _> = IdentifierError::ALL
        .iter()
        .map(|broken| (broken.reason().to_owned(), broken.message_zh().to_owned()))
        .collect();
    assert_eq!(told, given);

    let findings = all_of!(FindingReason:
        UnknownCode, WrongKind { expected: "" }, WrongUnit { expected: "" },
        TooPrecise { decimals: 0, unit: "" },
        Impossible { low: 0, high: 0, decimals: 0, unit: "" },
        ProbableUnitError, UnknownValueCode, TextMissing, TextTooLong, DateMalformed);
    let code = FindingCode::parse("WEIGHT").unwrap();
    let check_ups = all_of!(CheckUpReason:
        SourceMissing, RecordIdMissing, BeforeBirth, InFuture, DuplicateFinding { code: code },
        TooManyFindings, FindingDate { code: code });
    let findings = findings.into_iter().map(FindingReason::as_str);
    let given = findings.chain(check_ups.into_iter().map(CheckUpReason::as_str));
    let told = rows(&page, "\n### Findings and check-ups");
    assert_eq!(told.into_keys().collect::<Vec<_>>(), sorted(given));
}

#[test]
fn every_key_and_its_states_stand() {
    let page = page();
    let keys = all_of!(Key:
        Standing, Actor, Enrolment, ExpectedEnrolment, Agreement, Assignment, Guardianship,
        Consent, UndisputedConsent, Authorship, Area, OwnGuardianship, Office, BrokenGlass);
    let states = all_of!(Closed:
        Absent, Suspended, NotApproved, Revoked, WrongRole, NotYetBegun, Ended, Withdrawn,
        NotFiled, OutsideShift, Disputed, OtherPurpose, NothingCovered, PartySuspended);
    let told = rows(&page, "\n## Keys");
    for (code, cells) in &told {
        let known = |zh: &str| zh.contains(cells[0].as_str());
        let key = keys.iter().any(|key| key.code() == code && known(key.zh()));
        let state = states
            .iter()
            .any(|state| state.code() == code && known(state.zh()));
        let open = KeyState {
            key: Key::Standing,
            state: Ok(()),
        }
        .zh();
        assert!(key || state || (code == "OPEN" && known(&open)), "{code}");
    }
    let given = keys
        .into_iter()
        .map(Key::code)
        .chain(states.into_iter().map(Closed::code));
    assert_eq!(
        told.into_keys().collect::<Vec<_>>(),
        sorted(given.chain(["OPEN"]))
    );
}

fn sorted(codes: impl Iterator<Item = &'static str>) -> Vec<String> {
    let all: std::collections::BTreeSet<_> = codes.map(str::to_owned).collect();
    all.into_iter().collect()
}

/// `InvalidArgument` as the wire spells it: `INVALID_ARGUMENT`.
fn snake(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(c.to_ascii_uppercase());
    }
    text
}
