//! The rows of a file of check-ups: newline-delimited proto3 JSON of `PushRequest`, read one line at
//! a time, each line bounded.
//!
//! What a hospital's export need not repeat is filled in: the region, the idempotency key (record
//! and revision), and the row, which is always the line's number.

use tokio::io::{AsyncBufRead, AsyncBufReadExt};

use super::verdicts::{Problem, Verdict};
use crate::rpc::json::{JsonError, from_json};
use crate::rpc::wire::{Outcome, PushRequest};

/// The longest line that is read, in bytes. A check-up has a few hundred.
pub const LONGEST_LINE: usize = 1 << 20;

/// One line of the file.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// Its text, without the line's end.
    Text(String),
    /// Longer than [`LONGEST_LINE`], or not UTF-8: not kept.
    Unreadable,
}

/// Reads lines; a call that is dropped half-way loses nothing.
pub struct Lines<R> {
    reader: R,
    number: u64,
    held: Vec<u8>,
    too_long: bool,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    /// From the beginning of `reader`.
    pub fn new(reader: R) -> Self {
        Self {
            reader,
            number: 0,
            held: Vec::new(),
            too_long: false,
        }
    }

    /// The next line and its number from 1; none at the end.
    ///
    /// # Errors
    /// Where the file can't be read.
    pub async fn next(&mut self) -> std::io::Result<Option<(u64, Line)>> {
        loop {
            let bytes = self.reader.fill_buf().await?;
            if bytes.is_empty() {
                let nothing = self.held.is_empty() && !self.too_long;
                return Ok(if nothing { None } else { Some(self.finish()) });
            }
            let newline = bytes.iter().position(|&byte| byte == b'\n');
            let part = &bytes[..newline.unwrap_or(bytes.len())];
            if self.held.len() + part.len() > LONGEST_LINE {
                self.too_long = true;
                self.held.clear();
            } else if !self.too_long {
                self.held.extend_from_slice(part);
            }
            let used = newline.map_or(bytes.len(), |at| at + 1);
            self.reader.consume(used);
            if newline.is_some() {
                return Ok(Some(self.finish()));
            }
        }
    }

    fn finish(&mut self) -> (u64, Line) {
        self.number += 1;
        let held = std::mem::take(&mut self.held);
        let too_long = std::mem::take(&mut self.too_long);
        let text = if too_long {
            None
        } else {
            String::from_utf8(held).ok()
        };
        (self.number, text.map_or(Line::Unreadable, Line::Text))
    }
}

/// What a line asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// Nothing: an empty line.
    Blank,
    /// A check-up to push.
    Request(Box<PushRequest>),
    /// Nothing that could be sent: refused here, with the reason.
    Refused(Verdict),
}

/// Reads a line as a request for `parent`.
#[must_use]
pub fn row(number: u64, line: &Line, parent: &str) -> Row {
    let text = match line {
        Line::Text(text) if text.trim().is_empty() => return Row::Blank,
        // Some exporters begin a file with a byte order mark.
        Line::Text(text) => text.trim_start_matches('\u{feff}'),
        Line::Unreadable => {
            let message = format!("该行超过 {LONGEST_LINE} 字节或不是 UTF-8 文本");
            return refused(number, "", "LINE_UNREADABLE", message);
        }
    };
    match from_json::<PushRequest>(text) {
        Ok(request) => Row::Request(Box::new(complete(request, number, parent))),
        Err(JsonError::UnknownField { field, column, .. }) => {
            let message = format!("第 {column} 字节处的字段“{field}”不存在");
            refused(number, &field, "LINE_UNKNOWN_FIELD", message)
        }
        Err(JsonError::Mismatch { column, .. }) => {
            let field = field_at(text, column);
            let message = format!("第 {column} 字节处的值与字段“{field}”的类型不符");
            refused(number, field, "LINE_MISFITS", message)
        }
        Err(JsonError::Syntax { column, .. }) => refused(
            number,
            "",
            "LINE_NOT_JSON",
            format!("第 {column} 字节处不是有效的 JSON"),
        ),
        Err(JsonError::UnknownMessage(_) | JsonError::Disagrees(_)) => refused(
            number,
            "",
            "LINE_MISFITS",
            "该行无法转换为推送请求".to_owned(),
        ),
    }
}

/// The field whose value a fault at a byte lies in: the last name before it. In JSON no string's text
/// looks like one, as its quotes are escaped.
fn field_at(line: &str, column: usize) -> &str {
    let before = line.get(..column).unwrap_or(line);
    let mut parts: Vec<&str> = before.split('"').collect();
    while let Some(after) = parts.pop() {
        let is_name = |part: &&&str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        if after.trim_start().starts_with(':')
            && let Some(name) = parts.last().filter(is_name)
        {
            return name;
        }
    }
    ""
}

fn complete(mut request: PushRequest, number: u64, parent: &str) -> PushRequest {
    request.row = number;
    if request.parent.is_empty() {
        parent.clone_into(&mut request.parent);
    }
    if request.idempotency_key.is_empty()
        && let Some(check_up) = &request.check_up
    {
        request.idempotency_key = format!("{}@{}", check_up.record_id, check_up.revision);
    }
    request
}

fn refused(row: u64, field: &str, reason: &str, message_zh: String) -> Row {
    let problem = Problem {
        field: field.to_owned(),
        reason: reason.to_owned(),
        message_zh,
    };
    Row::Refused(Verdict {
        row,
        key: String::new(),
        outcome: Outcome::Refused.as_str_name().to_owned(),
        check_up: String::new(),
        replayed: false,
        problems: vec![problem],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    async fn lines(bytes: &[u8], capacity: usize) -> Vec<(u64, Line)> {
        let mut lines = Lines::new(tokio::io::BufReader::with_capacity(capacity, bytes));
        let mut found = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            found.push(line);
        }
        found
    }

    fn text(line: &str) -> Line {
        Line::Text(line.to_owned())
    }

    #[tokio::test]
    async fn long_and_foreign_lines_are_passed_over_and_counted() {
        let mut bytes = b"one\r\n".to_vec();
        bytes.extend(vec![b'x'; LONGEST_LINE + 1]);
        bytes.extend(b"\n\xff\xfe\nlast");
        let found = lines(&bytes, 8 * 1024).await;
        assert_eq!(
            found,
            [
                (1, text("one\r")),
                (2, Line::Unreadable),
                (3, Line::Unreadable),
                (4, text("last"))
            ]
        );
        assert!(lines(&vec![b'x'; LONGEST_LINE], 4096).await[0].1 != Line::Unreadable);
    }

    proptest! {
        #[test]
        fn lines_are_those_of_the_text(text in "[a-z育\n]{0,60}", capacity in 1usize..9) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let found = runtime.block_on(lines(text.as_bytes(), capacity));
            let expected: Vec<_> =
                text.lines().zip(1..).map(|(l, n)| (n, Line::Text(l.to_owned()))).collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn what_an_export_leaves_out_is_filled_in() {
        let line = text(r#"{"checkUp":{"recordId":"A-7","revision":2},"row":"99"}"#);
        let Row::Request(request) = row(3, &line, "regions/150627") else {
            panic!()
        };
        assert_eq!(request.parent, "regions/150627");
        assert_eq!(request.idempotency_key, "A-7@2");
        assert_eq!(request.row, 3, "the line's number is what a person finds");

        let line = text(r#"{"parent":"regions/150602","idempotencyKey":"k","checkUp":{}}"#);
        let Row::Request(request) = row(4, &line, "regions/150627") else {
            panic!()
        };
        assert_eq!(
            (&*request.parent, &*request.idempotency_key),
            ("regions/150602", "k")
        );
    }

    #[test]
    fn a_line_that_can_t_be_sent_is_a_refused_row_that_names_its_fault() {
        let reason = |line: Line| match row(1, &line, "regions/150627") {
            Row::Refused(verdict) => verdict.problems[0].reason.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(reason(text("{\"checkUp\":")), "LINE_NOT_JSON");
        assert_eq!(reason(text("{\"chekUp\":{}}")), "LINE_UNKNOWN_FIELD");
        assert_eq!(
            reason(text("{\"checkUp\":{\"revision\":\"x\"}}")),
            "LINE_MISFITS"
        );
        for (line, field) in [
            (r#"{"checkUp":{"revision":"x"}}"#, "revision"),
            (
                r#"{"checkUp":{"recordId":7,"date":"2026-01-01"}}"#,
                "recordId",
            ),
            (
                r#"{"checkUp":{"findings":[{"code":"WEIGHT","codedDetail":"\":a","quantity":9600}]}}"#,
                "quantity",
            ),
            (r#"{"checkUp":[]}"#, "checkUp"),
            ("[]", ""),
        ] {
            let Row::Refused(verdict) = row(1, &text(line), "p") else {
                panic!("{line}")
            };
            assert_eq!(verdict.problems[0].reason, "LINE_MISFITS", "{line}");
            assert_eq!(verdict.problems[0].field, field, "{line}");
        }
        assert_eq!(reason(Line::Unreadable), "LINE_UNREADABLE");
        assert_eq!(row(1, &text("  \r"), "p"), Row::Blank);
        assert!(matches!(row(1, &text("\u{feff}{}"), "p"), Row::Request(_)));
    }
}
