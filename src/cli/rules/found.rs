//! What a replay found, for a person: rules that change something first, by how much.

use super::lines;
use crate::cli::words;
use crate::clinical::tally::{Counts, Tally};
use crate::domain::alert::Level;
use crate::rpc::wire::{self, Count, PreviewSummary};

const HEADER: [&str; 6] = ["规则", "级别", "新增", "变更", "解除", "不变"];

/// Over a region: small counts are withheld.
pub fn of_region(summary: &PreviewSummary) -> String {
    let few = summary.few;
    let count = |count: &Option<Count>| match count {
        Some(count) if count.withheld => format!("<{few}"),
        Some(count) => count.value.to_string(),
        None => "0".to_owned(),
    };
    let changes = |row: &&wire::PreviewRow| {
        let told = [&row.raised, &row.changed, &row.resolved];
        told.iter()
            .any(|c| c.is_some_and(|c| c.withheld || c.value > 0))
    };
    let rows = summary.rows.iter().filter(changes).map(|row| {
        vec![
            row.rule.clone(),
            words::level(row.level()).to_owned(),
            count(&row.raised),
            count(&row.changed),
            count(&row.resolved),
            count(&row.unchanged),
        ]
    });
    let unreadable = match summary.children_unreadable {
        0 => String::new(),
        count => format!(", {count} could not be read 无法读取"),
    };
    format!(
        "{}\n{} children 儿童, about {} affected 受影响{unreadable}",
        lines(&HEADER, rows.collect()),
        summary.children,
        summary.children_affected
    )
}

/// Over files of one's own: exact.
pub fn of_files(tally: &Tally) -> String {
    let changes = |counts: &Counts| counts.raised + counts.changed + counts.resolved > 0;
    let rows = tally.cells.iter().filter(|(_, counts)| changes(counts));
    let rows = rows.map(|((rule, level), counts)| {
        vec![
            rule.clone(),
            level_zh(*level).to_owned(),
            counts.raised.to_string(),
            counts.changed.to_string(),
            counts.resolved.to_string(),
            counts.unchanged.to_string(),
        ]
    });
    format!(
        "{}\n{} children 儿童, {} affected 受影响",
        lines(&HEADER, rows.collect()),
        tally.children,
        tally.affected
    )
}

fn level_zh(level: Level) -> &'static str {
    words::level(match level {
        Level::Low => wire::Level::Low,
        Level::Medium => wire::Level::Medium,
        Level::High => wire::Level::High,
        Level::Urgent => wire::Level::Urgent,
    })
}
