//! Typed identifiers: a child's id can't be handed in where a consent's is wanted.

use std::{fmt, hash::Hash, marker::PhantomData, str::FromStr};

use chrono::{DateTime, Utc};
use rand::RngCore;
use uuid::{Builder, Uuid};

/// The id of a `T`: a UUID, written lower-case with hyphens. Pseudonymous: safe in logs.
pub struct Id<T> {
    uuid: Uuid,
    of: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// An id that sorts by time (UUID version 7): new rows land at the end of their index.
    pub fn timed(now: DateTime<Utc>, chance: &mut dyn RngCore) -> Self {
        let mut random = [0; 10];
        chance.fill_bytes(&mut random);
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        Self::from(Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// An id that tells nothing, not even when it was made (UUID version 4). For children: whoever
    /// registers one must not learn from its id whether it was known before.
    pub fn opaque(chance: &mut dyn RngCore) -> Self {
        let mut random = [0; 16];
        chance.fill_bytes(&mut random);
        Self::from(Builder::from_random_bytes(random).into_uuid())
    }

    fn from(uuid: Uuid) -> Self {
        Self {
            uuid,
            of: PhantomData,
        }
    }
}

/// The text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a lower-case hyphenated uuid")]
pub struct NotAnId;

impl<T> FromStr for Id<T> {
    type Err = NotAnId;

    /// Accepts exactly what [`fmt::Display`] writes, so that one id has one spelling.
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let uuid = Uuid::try_parse(text).map_err(|_| NotAnId)?;
        let id = Self::from(uuid);
        if text.len() == 36 && !text.bytes().any(|b| b.is_ascii_uppercase()) {
            Ok(id)
        } else {
            Err(NotAnId)
        }
    }
}

impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid.hyphenated().fmt(f)
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<T> Hash for Id<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}
