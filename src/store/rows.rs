//! Reading columns back into the field's words. A column that makes no sense is `Corrupt`, with
//! table, column and row, never a default.

use std::{collections::BTreeSet, str::FromStr};

use chrono::{DateTime, NaiveDate, Utc};

use super::{engine::Row, error::StoreError};

/// A row of a known table, for reading with good errors.
pub struct Reader<'r> {
    row: &'r Row,
    table: &'static str,
    key: &'static str,
}

impl<'r> Reader<'r> {
    /// Reads `row` of `table`, whose rows are told apart by the (pseudonymous) column `key`.
    pub fn new(row: &'r Row, table: &'static str, key: &'static str) -> Self {
        Self { row, table, key }
    }

    /// The error for a column that makes no sense.
    pub fn corrupt(&self, column: &'static str) -> StoreError {
        let row = self.row.get::<String>(self.key).unwrap_or_default();
        StoreError::Corrupt {
            table: self.table,
            column,
            row,
        }
    }

    /// Text.
    pub fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.row.get(column)
    }

    /// Text or nothing.
    pub fn maybe_text(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        self.row.get(column)
    }

    /// Integer.
    pub fn int(&self, column: &'static str) -> Result<i64, StoreError> {
        self.row.get(column)
    }

    /// A count or number that fits the type.
    pub fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, StoreError> {
        T::try_from(self.int(column)?).map_err(|_| self.corrupt(column))
    }

    /// A flag, stored as 0 or 1.
    pub fn flag(&self, column: &'static str) -> Result<bool, StoreError> {
        match self.int(column)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.corrupt(column)),
        }
    }

    /// Bytes.
    pub fn bytes(&self, column: &'static str) -> Result<Vec<u8>, StoreError> {
        self.row.get(column)
    }

    /// An id, a region or a civil date.
    pub fn parsed<T: FromStr>(&self, column: &'static str) -> Result<T, StoreError> {
        self.text(column)?.parse().map_err(|_| self.corrupt(column))
    }

    /// The same or nothing.
    pub fn maybe_parsed<T: FromStr>(&self, column: &'static str) -> Result<Option<T>, StoreError> {
        let text = self.maybe_text(column)?;
        text.map(|t| t.parse().map_err(|_| self.corrupt(column)))
            .transpose()
    }

    /// The same in a column that says nothing with empty text.
    pub fn given<T: FromStr>(&self, column: &'static str) -> Result<Option<T>, StoreError> {
        let text = self.text(column)?;
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| self.corrupt(column))
    }

    /// A word of a closed set.
    pub fn word<T>(
        &self,
        column: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        parse(&self.text(column)?).ok_or_else(|| self.corrupt(column))
    }

    /// A set of words, stored separated by spaces.
    pub fn words<T: Ord>(
        &self,
        column: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<BTreeSet<T>, StoreError> {
        let text = self.text(column)?;
        let set: Option<BTreeSet<T>> = text.split_ascii_whitespace().map(parse).collect();
        set.ok_or_else(|| self.corrupt(column))
    }

    /// An instant.
    pub fn time(&self, column: &'static str) -> Result<DateTime<Utc>, StoreError> {
        instant(self.int(column)?).ok_or_else(|| self.corrupt(column))
    }

    /// An instant or nothing.
    pub fn maybe_time(&self, column: &'static str) -> Result<Option<DateTime<Utc>>, StoreError> {
        let micros: Option<i64> = self.row.get(column)?;
        micros
            .map(|m| instant(m).ok_or_else(|| self.corrupt(column)))
            .transpose()
    }

    /// A civil day.
    pub fn day(&self, column: &'static str) -> Result<NaiveDate, StoreError> {
        self.parsed(column)
    }
}

fn instant(micros: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(micros)
}

/// An instant as it is stored.
pub fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

/// A value as a column keeps it that says nothing with empty text.
pub fn or_nothing(value: Option<impl ToString>) -> String {
    value.map(|v| v.to_string()).unwrap_or_default()
}

/// A set of words as it is stored: separated by spaces, in order.
pub fn joined<T>(set: impl IntoIterator<Item = T>, word: impl Fn(&T) -> String) -> String {
    set.into_iter()
        .map(|w| word(&w))
        .collect::<Vec<_>>()
        .join(" ")
}
