//! The house rules that a compiler does not know: which room may use which, what the pure rooms
//! never name, where SQL and status codes live, how long a file grows and what it is called.
//!
//! A rule that must give way gives way in `EXCEPTIONS`, with a reason; an exception that is no
//! longer needed fails as well.

mod samples;
mod source;

use std::{fs, path::Path};

use source::{Named, Source};

/// A room of `src/`: a file or a folder directly below it.
struct Room {
    name: &'static str,
    may_use: &'static [&'static str],
    /// No I/O, no waiting, no wire, no database.
    pure: bool,
}

const fn pure(name: &'static str, may_use: &'static [&'static str]) -> Room {
    Room {
        name,
        may_use,
        pure: true,
    }
}

const fn room(name: &'static str, may_use: &'static [&'static str]) -> Room {
    Room {
        name,
        may_use,
        pure: false,
    }
}

const BELOW_STORE: &[&str] = &[
    "clock",
    "domain",
    "access",
    "clinical",
    "ledger",
    "vault",
    "pki",
    "telemetry",
];
const BELOW_SERVICE: &[&str] = &[
    "clock",
    "domain",
    "access",
    "clinical",
    "ledger",
    "vault",
    "pki",
    "telemetry",
    "store",
];
const BELOW_DOORS: &[&str] = &[
    "clock",
    "domain",
    "access",
    "clinical",
    "ledger",
    "vault",
    "pki",
    "telemetry",
    "store",
    "service",
    "config",
    "wire",
];

/// The direction of dependencies, from the ground up. A room may always use itself.
const ROOMS: &[Room] = &[
    room("clock", &[]),
    pure("domain", &["clock"]),
    // A decision knows the facts and the time it was given, nothing else.
    pure("access", &["domain"]),
    pure("clinical", &["clock", "domain"]),
    pure("ledger", &["clock", "domain"]),
    pure("vault", &["clock", "domain"]),
    pure("pki", &["clock", "domain"]),
    room("telemetry", &["clock"]),
    room("store", BELOW_STORE),
    room("service", BELOW_SERVICE),
    room("config", BELOW_SERVICE),
    room("wire", &[]),
    room("rpc", BELOW_DOORS),
    room("interop", BELOW_DOORS),
    room("console", BELOW_DOORS),
];

/// `cli` and `main` stand above every room; `lib` is the map and names them all.
const ABOVE_ALL: &[&str] = &["cli", "main", "lib"];

const DOORS: &[&str] = &["wire", "rpc", "interop", "console", "cli", "main"];
const WIRE_CRATES: &[&str] = &[
    "tonic",
    "tonic_prost",
    "tonic_types",
    "prost",
    "prost_reflect",
];
const IMPURE_CRATES: &[&str] = &[
    "sqlx",
    "tonic",
    "tonic_prost",
    "tonic_types",
    "tonic_health",
    "tonic_reflection",
    "prost",
    "prost_reflect",
    "tokio",
    "tokio_stream",
    "tokio_rustls",
    "futures_util",
    "hyper_util",
    "tower",
    "http",
    "clap",
];
const IMPURE_STD: &[&str] = &["fs", "net", "process", "env", "thread"];

/// Constructors of `tonic::Status`, and the variants of `tonic::Code`: domain types may well be
/// called `Status` and `Code` too.
const STATUS_MAKERS: &[&str] = &[
    "ok",
    "cancelled",
    "unknown",
    "invalid_argument",
    "deadline_exceeded",
    "not_found",
    "already_exists",
    "permission_denied",
    "resource_exhausted",
    "failed_precondition",
    "aborted",
    "out_of_range",
    "unimplemented",
    "internal",
    "unavailable",
    "data_loss",
    "unauthenticated",
    "with_details",
    "with_metadata",
    "with_details_and_metadata",
    "with_error_details",
    "with_error_details_vec",
    "from_error",
];
const CODES: &[&str] = &[
    "Ok",
    "Cancelled",
    "Unknown",
    "InvalidArgument",
    "DeadlineExceeded",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "ResourceExhausted",
    "FailedPrecondition",
    "Aborted",
    "OutOfRange",
    "Unimplemented",
    "Internal",
    "Unavailable",
    "DataLoss",
    "Unauthenticated",
];
const SQL_WORDS: &[&str] = &[
    "SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "CREATE", "ALTER", "DROP", "PRAGMA",
];

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
            if outside == "std" && named && IMPURE_STD.contains(&path.segments[1].as_str()) {
                let module = &path.segments[1];
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
