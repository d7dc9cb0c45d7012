//! What is in the repository would read the same on any machine: no text names a folder of the
//! machine it was written on, and every dependency comes from where everyone's comes from.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Where machines keep what is theirs. Written in halves, or this file would break its own rule.
const PLACES: [&str; 5] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/t", "mp/"),
];

/// The lines of `text` that name a machine's own folder.
fn machine_paths(text: &str) -> Vec<(usize, &str)> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| PLACES.iter().any(|place| begins_a_path(line, place)))
        .map(|(at, line)| (at + 1, line.trim()))
        .collect()
}

/// Whether `place` stands in `line` as the start of a path, not in the middle of an address.
fn begins_a_path(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_ascii_alphanumeric() || "._-~})".contains(c))
    })
}

/// Every file that is part of the repository: all but what `.gitignore` names.
fn files() -> Vec<PathBuf> {
    fn walk(folder: &Path, ignored: &[String], found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if name == ".git" || ignored.iter().any(|ignored| ignored == name) {
                continue;
            }
            if path.is_dir() {
                walk(&path, ignored, found);
            } else {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ignored: Vec<String> = fs::read_to_string(root.join(".gitignore"))
        .unwrap()
        .lines()
        .map(|line| line.trim_matches('/').to_owned())
        .collect();
    let mut found = Vec::new();
    walk(root, &ignored, &mut found);
    found
}

#[test]
fn nothing_names_a_machine() {
    let files = files();
    assert!(
        files.len() > 10,
        "the repository was not found: {} files",
        files.len()
    );
    let mut report = Vec::new();
    for file in &files {
        // What is not text names nothing.
        let Ok(text) = fs::read_to_string(file) else {
            continue;
        };
        for (line, text) in machine_paths(&text) {
            report.push(format!("{}:{line}: {text}", file.display()));
        }
    }
    assert!(
        report.is_empty(),
        "paths of a machine:\n{}",
        report.join("\n")
    );
}

#[test]
fn dependencies_come_from_the_public_registry() {
    let lock = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock")).unwrap();
    let public = r#"source = "registry+https://github.com/rust-lang/crates.io-index""#;
    let strange: Vec<&str> = lock
        .lines()
        .filter(|line| line.starts_with("source = ") && *line != public)
        .collect();
    assert!(lock.contains(public));
    assert!(strange.is_empty(), "{strange:?}");
}

#[test]
fn a_machine_path_is_told_from_an_address() {
    let [work, root, home, users, temporary] = PLACES;
    for bad in [
        format!("see {work}main"),
        format!("\"{root}.cargo\""),
        format!("{home}li/x"),
        format!("file://{users}li"),
        format!("cd {temporary}x"),
    ] {
        assert_eq!(machine_paths(&bad).len(), 1, "{bad}");
    }
    for good in [
        format!("https://example.org{work}day"),
        format!("regions/{{region}}{root}x"),
        "${TMPDIR:-/tmp}/yuqiao".to_owned(),
        "/workspace".to_owned(),
    ] {
        assert!(machine_paths(&good).is_empty(), "{good}");
    }
}
