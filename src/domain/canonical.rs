//! One deterministic encoding for every byte string that is hashed, keyed or bound.
//!
//! Idempotency digests, ledger leaves and the associated data of sealed columns must give the
//! same bytes on every machine and in every later version, so they are not protobuf (whose field
//! order and defaults may move) and not JSON. This encoding is small enough to write again from
//! this page in any language.
//!
//! An encoding is a sequence of values. Each value is one kind byte and its body; all integers
//! are big-endian, lengths and counts are unsigned 32-bit.
//!
//! | kind | value | body |
//! |---|---|---|
//! | `01` | u8 | 1 byte |
//! | `02` | u32 | 4 bytes |
//! | `03` | u64 | 8 bytes |
//! | `04` | i64 | 8 bytes, two's complement |
//! | `05` | text | length in bytes (4), then UTF-8 exactly as given: no normalisation, no terminator |
//! | `06` | bytes | length (4), then the bytes |
//! | `07` | absent | nothing |
//! | `08` | present | nothing; the value follows |
//! | `09` | list | number of items (4); the items follow, each one or more values |
//!
//! Every encoding starts with its head: the *tag* as text and the *version* as u8. The tag says
//! what the bytes are for, so that bytes made for one use can't be passed off for another; tag and
//! version together fix which values follow. A sequence of values can be read in one way only, so
//! different sequences give different bytes, and every accepted byte string is the encoding of
//! exactly one sequence.
//!
//! Example: tag `a`, version 1, text `童` is `05 00000001 61 | 01 01 | 05 00000003 e7aba5`.
//!
//! It refuses to be a general serialisation: no maps (sort into a list), no floats (scale to an
//! integer), no optional defaults.

use thiserror::Error;

const U8: u8 = 0x01;
const U32: u8 = 0x02;
const U64: u8 = 0x03;
const I64: u8 = 0x04;
const TEXT: u8 = 0x05;
const BYTES: u8 = 0x06;
const ABSENT: u8 = 0x07;
const PRESENT: u8 = 0x08;
const LIST: u8 = 0x09;

/// Why bytes are not an encoding that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CanonicalError {
    #[error("bytes end too early")]
    Truncated,
    #[error("bytes follow the end")]
    Trailing,
    #[error("another kind of value stands here")]
    Kind,
    #[error("text is not UTF-8")]
    Text,
    #[error("bytes were made for another use")]
    Tag,
    #[error("version {0} is unknown")]
    Version(u8),
    #[error("value has no meaning here")]
    Value,
}

/// Writes an encoding value by value.
#[derive(Clone)]
#[must_use]
pub struct Writer(Vec<u8>);

impl Writer {
    /// Starts an encoding for the use named by `tag`, in the given version of its layout.
    pub fn new(tag: &str, version: u8) -> Self {
        Self(Vec::with_capacity(128)).text(tag).u8(version)
    }

    pub fn u8(self, value: u8) -> Self {
        self.put(U8, &[value])
    }

    pub fn u32(self, value: u32) -> Self {
        self.put(U32, &value.to_be_bytes())
    }

    pub fn u64(self, value: u64) -> Self {
        self.put(U64, &value.to_be_bytes())
    }

    pub fn i64(self, value: i64) -> Self {
        self.put(I64, &value.to_be_bytes())
    }

    pub fn text(self, value: &str) -> Self {
        self.put_measured(TEXT, value.as_bytes())
    }

    pub fn bytes(self, value: &[u8]) -> Self {
        self.put_measured(BYTES, value)
    }

    /// An absent value, or a present one written by `write`.
    pub fn option<T>(self, value: Option<T>, write: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            None => self.put(ABSENT, &[]),
            Some(value) => write(self.put(PRESENT, &[]), value),
        }
    }

    /// The number of items, then each item written by `write`, in the order given.
    pub fn list<I>(self, items: I, write: impl FnMut(Self, I::Item) -> Self) -> Self
    where
        I: IntoIterator<IntoIter: ExactSizeIterator>,
    {
        let items = items.into_iter();
        let count = measure(items.len());
        items.fold(self.put(LIST, &count), write)
    }

    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0
    }

    fn put(mut self, kind: u8, body: &[u8]) -> Self {
        self.0.push(kind);
        self.0.extend_from_slice(body);
        self
    }

    fn put_measured(self, kind: u8, body: &[u8]) -> Self {
        let mut writer = self.put(kind, &measure(body.len()));
        writer.0.extend_from_slice(body);
        writer
    }
}

/// A length as it is written. Messages are bounded far below 4 GiB before they get here; cutting
/// a longer one short would let two values share bytes, so that alone is not allowed to pass.
fn measure(length: usize) -> [u8; 4] {
    assert!(
        length <= u32::MAX as usize,
        "a value of 4 GiB has no canonical encoding"
    );
    (length as u32).to_be_bytes()
}

/// Reads an encoding back, value by value, refusing what [`Writer`] would not have written.
pub struct Reader<'a> {
    rest: &'a [u8],
    version: u8,
}

impl<'a> Reader<'a> {
    /// Reads the head. The caller chooses the layout by [`Reader::version`].
    pub fn new(tag: &str, bytes: &'a [u8]) -> Result<Self, CanonicalError> {
        let mut reader = Self {
            rest: bytes,
            version: 0,
        };
        if reader.text()? != tag {
            return Err(CanonicalError::Tag);
        }
        reader.version = reader.u8()?;
        Ok(reader)
    }

    pub fn version(&self) -> u8 {
        self.version
    }

    pub fn u8(&mut self) -> Result<u8, CanonicalError> {
        self.kind(U8)?;
        self.fixed().map(u8::from_be_bytes)
    }

    pub fn u32(&mut self) -> Result<u32, CanonicalError> {
        self.kind(U32)?;
        self.fixed().map(u32::from_be_bytes)
    }

    pub fn u64(&mut self) -> Result<u64, CanonicalError> {
        self.kind(U64)?;
        self.fixed().map(u64::from_be_bytes)
    }

    pub fn i64(&mut self) -> Result<i64, CanonicalError> {
        self.kind(I64)?;
        self.fixed().map(i64::from_be_bytes)
    }

    pub fn text(&mut self) -> Result<&'a str, CanonicalError> {
        self.kind(TEXT)?;
        std::str::from_utf8(self.measured()?).map_err(|_| CanonicalError::Text)
    }

    pub fn bytes(&mut self) -> Result<&'a [u8], CanonicalError> {
        self.kind(BYTES)?;
        self.measured()
    }

    pub fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, CanonicalError>,
    ) -> Result<Option<T>, CanonicalError> {
        match self.fixed::<1>()? {
            [ABSENT] => Ok(None),
            [PRESENT] => read(self).map(Some),
            _ => Err(CanonicalError::Kind),
        }
    }

    pub fn list<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, CanonicalError>,
    ) -> Result<Vec<T>, CanonicalError> {
        self.kind(LIST)?;
        let count = self.length()?;
        // The count is a claim: nothing is reserved for it before the items are there.
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(read(self)?);
        }
        Ok(items)
    }

    /// Says that everything has been read.
    pub fn finish(self) -> Result<(), CanonicalError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(CanonicalError::Trailing)
        }
    }

    fn kind(&mut self, expected: u8) -> Result<(), CanonicalError> {
        let [found] = self.fixed()?;
        if found == expected {
            Ok(())
        } else {
            Err(CanonicalError::Kind)
        }
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], CanonicalError> {
        let (head, rest) = self
            .rest
            .split_first_chunk()
            .ok_or(CanonicalError::Truncated)?;
        self.rest = rest;
        Ok(*head)
    }

    fn length(&mut self) -> Result<usize, CanonicalError> {
        let length = u32::from_be_bytes(self.fixed()?);
        usize::try_from(length).map_err(|_| CanonicalError::Truncated)
    }

    fn measured(&mut self) -> Result<&'a [u8], CanonicalError> {
        let length = self.length()?;
        let (head, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(CanonicalError::Truncated)?;
        self.rest = rest;
        Ok(head)
    }
}

#[cfg(test)]
mod tests;
