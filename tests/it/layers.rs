//! The house rules that a compiler does not know: which room may use which, what the pure rooms
//! never name, where SQL and status codes live, how long a file grows and what it is called.
//!
//! A rule that must give way gives way in `EXCEPTIONS`, with a reason; an exception that is no
//! longer needed fails as well.

mod rooms;
mod samples;
mod source;

use std::{fs, path::Path};

use rooms::{
    ABOVE_ALL, CODES, DOORS, IMPURE_CRATES, IMPURE_STD, ROOMS, SQL_WORDS, STATUS_MAKERS,
    WIRE_CRATES,
};
use source::{Named, Source};

/// Lines, tests included, beyond which a file has more than one subject.
const LONGEST: usize = 600;
const NAMES_THAT_SAY_NOTHING: &[&str] = &[
    "util", "utils", "helper", "helpers", "manager", "misc", "common",
];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Rule {
    Direction,
    Purity,
    Sql,
    Wire,
    Status,
    Length,
    Name,
    ModuleDoc,
    Time,
}

/// A rule that gives way: for a file, or for a folder where the path ends with `/`.
struct Exception {
    rule: Rule,
    path: &'static str,
    reason: &'static str,
}

const EXCEPTIONS: &[Exception] = &[Exception {
    rule: Rule::Time,
    path: "clock.rs",
    reason: "the one place where time and chance are taken",
}];

#[derive(Debug)]
struct Breach {
    rule: Rule,
    path: String,
    text: String,
}

fn room_of(path: &str) -> &str {
    let first = path.split('/').next().unwrap_or(path);
    first.strip_suffix(".rs").unwrap_or(first)
}

/// Every rule over one file of `src/`.
fn check(source: &Source) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut breach = |rule, line: usize, text: String| {
        let path = source.path.clone();
        let text = format!("src/{path}:{line}: {text}");
        breaches.push(Breach { rule, path, text });
    };
    let name = room_of(&source.path);
    let room = ROOMS.iter().find(|room| room.name == name);
    if room.is_none() && !ABOVE_ALL.contains(&name) {
        breach(
            Rule::Direction,
            1,
            format!("no room `{name}`: give it a place in ROOMS"),
        );
    }
    for path in &source.paths {
        if let Some((room, used)) = room.zip(room_used(&source.path, path))
            && used != room.name
            && !room.may_use.contains(&used)
        {
            breach(
                Rule::Direction,
                path.line,
                format!("`{name}` may not use `{used}`"),
            );
        }
        let outside = path.segments[0].as_str();
        let named = path.segments.len() > 1;
        if room.is_some_and(|room| room.pure) {
            if named && IMPURE_CRATES.contains(&outside) {
                breach(
                    Rule::Purity,
                    path.line,
                    format!("`{outside}` in a pure room"),
                );
            }
            if let Some(module) = impure_std(path) {
                breach(
                    Rule::Purity,
                    path.line,
                    format!("`std::{module}` in a pure room"),
                );
            }
            if ["async", "await"].contains(&outside) {
                breach(Rule::Purity, path.line, "waiting in a pure room".to_owned());
            }
        }
        if named && outside == "sqlx" && name != "store" {
            breach(Rule::Sql, path.line, "`sqlx` outside `store`".to_owned());
        }
        if named && WIRE_CRATES.contains(&outside) && !DOORS.contains(&name) {
            breach(
                Rule::Wire,
                path.line,
                format!("`{outside}` below the doors"),
            );
        }
        if DOORS.contains(&name) && source.path != "rpc/status.rs" && speaks_of_codes(name, path) {
            let path_text = path.segments.join("::");
            breach(
                Rule::Status,
                path.line,
                format!("`{path_text}` belongs in `rpc/status.rs`"),
            );
        }
        if path
            .segments
            .iter()
            .any(|segment| segment == "disallowed_methods")
        {
            let text = "time and chance are given, not taken: no way round clippy.toml";
            breach(Rule::Time, path.line, text.to_owned());
        }
    }
    for (line, text) in &source.strings {
        let mut words = text.split_whitespace();
        let first = words.next().unwrap_or_default();
        if SQL_WORDS.contains(&first) && words.next().is_some() && name != "store" {
            breach(Rule::Sql, *line, format!("SQL outside `store`: {first} …"));
        }
    }
    if source.lines > LONGEST {
        let lines = source.lines;
        breach(
            Rule::Length,
            lines,
            format!("{lines} lines, {LONGEST} are the most"),
        );
    }
    if let Some(word) = name_that_says_nothing(&source.path) {
        breach(
            Rule::Name,
            1,
            format!("`{word}` does not say what is inside"),
        );
    }
    if !source.has_module_doc {
        breach(
            Rule::ModuleDoc,
            1,
            "begins without `//!` saying why it exists".to_owned(),
        );
    }
    breaches
}

/// The room a path leads to, where it begins at the crate's root: `crate::`, or enough `super::`.
fn room_used<'a>(file: &str, path: &'a Named) -> Option<&'a str> {
    let depth = match file.strip_suffix("/mod.rs") {
        Some(folder) => folder.split('/').count(),
        None => file.split('/').count(),
    };
    let climbs = path
        .segments
        .iter()
        .take_while(|segment| *segment == "super")
        .count();
    match climbs {
        0 if path.starts_with(&["crate"]) => path.segments.get(1).map(String::as_str),
        climbs if climbs >= depth => path.segments.get(climbs).map(String::as_str),
        _ => None,
    }
}

/// The module of `std` that reaches outside the process. An address is only a number: `std::net`'s
/// sockets reach out, its addresses do not.
fn impure_std(path: &Named) -> Option<&str> {
    let mut segments = path.segments.iter().map(String::as_str);
    let (Some("std"), Some(module)) = (segments.next(), segments.next()) else {
        return None;
    };
    let address = segments.next().is_some_and(|name| name.starts_with("Ip"));
    (IMPURE_STD.contains(&module) && !(module == "net" && address)).then_some(module)
}

/// A maker of `tonic::Status` or a code of `tonic::Code`. A client (`cli`) reads codes: that is
/// what servers send them for.
fn speaks_of_codes(room: &str, path: &Named) -> bool {
    let makes_status = path
        .pairs()
        .any(|(kind, maker)| kind == "Status" && STATUS_MAKERS.contains(&maker))
        || path.starts_with(&["tonic", "Status", "new"]);
    let names_code = path.starts_with(&["tonic", "Code"])
        || path
            .pairs()
            .any(|(kind, code)| kind == "Code" && CODES.contains(&code));
    makes_status || (names_code && room != "cli")
}

fn name_that_says_nothing(path: &str) -> Option<&str> {
    let stem = path.strip_suffix(".rs").unwrap_or(path);
    stem.split('/')
        .find(|part| NAMES_THAT_SAY_NOTHING.contains(part))
}

fn rust_files(folder: &Path) -> Vec<(String, String)> {
    fn walk(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path
                    .strip_prefix(root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                files.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut files = Vec::new();
    walk(folder, folder, &mut files);
    files.sort();
    files
}

/// A module of tests in a file of its own (`#[cfg(test)] mod tests;`).
fn is_tests(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

fn covers(exception: &Exception, rule: Rule, path: &str) -> bool {
    let place = exception.path;
    exception.rule == rule && (path == place || (place.ends_with('/') && path.starts_with(place)))
}

#[test]
fn the_house_rules_hold() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = rust_files(&root);
    assert!(!files.is_empty(), "nothing in src/");
    let breaches: Vec<Breach> = files
        .iter()
        .filter(|(path, _)| !is_tests(path))
        .flat_map(|(path, text)| check(&Source::read(path, text)))
        .collect();
    let mut report: Vec<String> = breaches
        .iter()
        .filter(|breach| {
            !EXCEPTIONS
                .iter()
                .any(|e| covers(e, breach.rule, &breach.path))
        })
        .map(|breach| breach.text.clone())
        .collect();
    for exception in EXCEPTIONS {
        assert!(!exception.reason.is_empty());
        // The clock's own exception waits for a clock that needs it.
        let needed = breaches
            .iter()
            .any(|breach| covers(exception, breach.rule, &breach.path));
        if !needed && root.join(exception.path).exists() {
            report.push(format!(
                "{}: {:?} needs no exception",
                exception.path, exception.rule
            ));
        }
    }
    assert!(
        report.is_empty(),
        "{} breaches\n{}",
        report.len(),
        report.join("\n")
    );
}

#[test]
fn tests_and_benchmarks_have_telling_names_and_lengths_too() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut report = Vec::new();
    for folder in ["tests", "benches", "examples"].map(|name| root.join(name)) {
        for (path, text) in if folder.exists() {
            rust_files(&folder)
        } else {
            Vec::new()
        } {
            let lines = text.lines().count();
            if name_that_says_nothing(&path).is_some() || lines > LONGEST {
                report.push(format!("{}: {lines} lines", folder.join(path).display()));
            }
        }
    }
    assert!(report.is_empty(), "{}", report.join("\n"));
}
