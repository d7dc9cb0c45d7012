//! Standard output: one JSON object a line for scripts, lines and tables for people.

use std::io::{self, IsTerminal, Write};

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
use prost::{Message, Name};
use serde_json::Value;

use super::error::CliError;
use crate::rpc::json;

/// Columns where nothing says how many there are, and the fewest that hold a table.
const USUAL_WIDTH: u16 = 116;
const LEAST_WIDTH: u16 = 60;

/// Where a verb's answer goes. Progress and remarks go to standard error instead.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
}

impl Output {
    /// For scripts (`json`) or for people.
    #[must_use]
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether scripts read it.
    #[must_use]
    pub fn is_json(self) -> bool {
        self.json
    }

    /// A message as one JSON object, or whatever `human` says of it.
    ///
    /// # Errors
    /// Where standard output has ended.
    pub fn answer<M: Message + Name>(
        self,
        message: &M,
        human: impl FnOnce(&M) -> String,
    ) -> Result<(), CliError> {
        if self.json {
            self.value(&json::to_json(message)?)
        } else {
            self.line(&human(message))
        }
    }

    /// A list: one JSON object a line, or a table with one row each.
    ///
    /// # Errors
    /// Where standard output has ended.
    pub fn list<M: Message + Name>(
        self,
        messages: &[M],
        header: &[&str],
        row: impl Fn(&M) -> Vec<String>,
    ) -> Result<(), CliError> {
        if self.json {
            return messages
                .iter()
                .try_for_each(|message| self.value(&json::to_json(message)?));
        }
        self.line(&table(header, messages.iter().map(row)))
    }

    /// One JSON object on a line.
    ///
    /// # Errors
    /// Where standard output has ended.
    pub fn value(self, value: &Value) -> Result<(), CliError> {
        self.line(&value.to_string())
    }

    /// One line, out at once: a reader of a pipe sees it as it happens.
    ///
    /// # Errors
    /// Where standard output has ended.
    pub fn line(self, text: &str) -> Result<(), CliError> {
        let mut out = io::stdout().lock();
        writeln!(out, "{text}")
            .and_then(|()| out.flush())
            .map_err(CliError::Output)
    }

    /// A remark for a person at a terminal; scripts and logs don't see it.
    pub fn remark(self, text: &str) {
        if io::stderr().is_terminal() {
            eprintln!("{text}");
        }
    }
}

/// A table as wide as the terminal says it is (`COLUMNS`), or a word where it would have no rows.
/// The first column is what a person copies: it is never broken.
pub fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    let columns = std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok());
    table.set_width(columns.unwrap_or(USUAL_WIDTH).max(LEAST_WIDTH));
    table.set_header(header.iter().copied());
    table.add_rows(rows);
    if let Some(first) = table.column_mut(0) {
        first.set_constraint(ColumnConstraint::ContentWidth);
    }
    if table.is_empty() {
        "(none)".to_owned()
    } else {
        table.to_string()
    }
}

/// The last segment of a resource name.
#[must_use]
pub fn id(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The last six characters of an id: enough for a person to follow one child through a screen.
#[must_use]
pub fn short(name: &str) -> &str {
    let id = id(name);
    let start = id.char_indices().rev().nth(5).map_or(0, |(at, _)| at);
    id.get(start..).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shortened_from_the_end() {
        assert_eq!(id("regions/150627/children/01J8ZC"), "01J8ZC");
        assert_eq!(short("regions/150627/children/01J8ZCQ4ABCDEF"), "ABCDEF");
        assert_eq!(short("ab"), "ab");
        assert_eq!(short(""), "");
    }

    #[test]
    fn a_table_holds_its_rows() {
        let rows = [vec!["示例旗人民医院".to_owned(), "有效".to_owned()]];
        let shown = table(&["机构", "状态"], rows.into_iter());
        assert!(shown.contains("示例旗人民医院") && shown.contains("状态"));
        assert_eq!(table(&["a"], std::iter::empty()), "(none)");
    }
}
