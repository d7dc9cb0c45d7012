//! Reading the reference tables that ship with the program.

/// A shipped table is damaged; the program must not start with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file} line {line}: {reason}")]
pub struct TableError {
    pub file: &'static str,
    /// 1-based; 0 for the file as a whole.
    pub line: usize,
    pub reason: &'static str,
}

/// The data lines of a table: comments (`#`) and the header checked and skipped.
pub(super) struct Lines<'a> {
    file: &'static str,
    lines: std::iter::Enumerate<std::str::Lines<'a>>,
}

/// One data line and where it stands.
pub(super) struct Line<'a> {
    file: &'static str,
    number: usize,
    cells: std::str::Split<'a, char>,
}

impl<'a> Lines<'a> {
    /// `header` is what the first line after the comments must say.
    pub(super) fn open(
        file: &'static str,
        text: &'a str,
        header: &str,
    ) -> Result<Lines<'a>, TableError> {
        let mut lines = text.lines().enumerate();
        match lines.find(|(_, line)| !line.starts_with('#')) {
            Some((_, found)) if found == header => Ok(Lines { file, lines }),
            found => Err(TableError {
                file,
                line: found.map_or(0, |(at, _)| at + 1),
                reason: "header line is missing",
            }),
        }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let (at, line) = self.lines.next()?;
        Some(Line {
            file: self.file,
            number: at + 1,
            cells: line.split(','),
        })
    }
}

impl<'a> Line<'a> {
    pub(super) fn refuse(&self, reason: &'static str) -> TableError {
        TableError {
            file: self.file,
            line: self.number,
            reason,
        }
    }

    pub(super) fn text(&mut self) -> Result<&'a str, TableError> {
        self.cells
            .next()
            .ok_or_else(|| self.refuse("a column is missing"))
    }

    pub(super) fn integer(&mut self) -> Result<i32, TableError> {
        let cell = self.text()?;
        cell.parse().map_err(|_| self.refuse("not an integer"))
    }

    pub(super) fn sex(&mut self) -> Result<crate::domain::sex::Sex, TableError> {
        let cell = self.text()?;
        crate::domain::sex::Sex::parse(cell).ok_or_else(|| self.refuse("sex is not M or F"))
    }
}
