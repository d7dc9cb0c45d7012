//! Tables of published cases, faults of files, and what holds of every child.

mod care;
mod child_health;
mod due_list;
mod editions;
mod faults;
mod immunisation;
mod other_visits;
mod properties;
mod samples;
mod told;

use std::collections::BTreeSet;

use super::*;

#[test]
fn every_row_names_its_source() {
    let schedules = Schedules::load().unwrap();
    let mut tracks = BTreeSet::new();
    for row in schedules.rows() {
        let name = format!("{} {}", row.schedule_version, row.item);
        assert!(!row.source.document.trim().is_empty(), "{name}");
        assert!(!row.source.section.trim().is_empty(), "{name}");
        // What is marked says what the mark is about.
        assert!(
            row.source.marks.is_empty() || !row.source.note.is_empty(),
            "{name}"
        );
        tracks.insert(row.track);
    }
    assert_eq!(tracks.into_iter().collect::<Vec<_>>(), Track::ALL);
}

/// `docs/clinical.md` lists every document with the marks of its rows.
#[test]
fn the_page_lists_every_schedule_with_its_marks() {
    let pages = [
        concat!(env!("CARGO_MANIFEST_DIR"), "/docs/clinical.md"),
        concat!(env!("CARGO_MANIFEST_DIR"), "/docs/clinical.zh-CN.md"),
    ];
    let pages = pages.map(|page| (page, std::fs::read_to_string(page).unwrap()));
    let schedules = Schedules::load().unwrap();
    let mut listed: Vec<(Row<'_>, BTreeSet<&str>)> = Vec::new();
    for row in schedules.rows() {
        let same = |(other, _): &&mut (Row<'_>, _)| {
            (other.track, other.schedule_version) == (row.track, row.schedule_version)
                && other.source.document == row.source.document
        };
        let marks = row.source.marks.iter().map(|mark| mark.as_str());
        match listed.iter_mut().find(same) {
            Some((_, known)) => known.extend(marks),
            None => listed.push((row, marks.collect())),
        }
    }
    for (row, marks) in listed {
        let marks = marks.into_iter().collect::<Vec<_>>().join(", ");
        let (track, version) = (row.track.as_str(), row.schedule_version);
        let (from, document) = (row.valid_from, &row.source.document);
        let line = format!("| `{track}` | {version} | {from} | {document} | {marks} |");
        let line = line.replace("|  |", "| |");
        for (page, text) in &pages {
            assert!(text.contains(&line), "{page} lacks:\n{line}");
        }
    }
}
