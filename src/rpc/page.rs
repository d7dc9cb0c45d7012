//! Pages: how many rows, and the token that leads to the next.
//!
//! A token says after which row to go on. It is authenticated under the deployment's digest key and
//! bound to the caller, the method and the filter: one that was altered, or belongs to somebody
//! else or to another question, is refused, never read.

use data_encoding::BASE64URL_NOPAD;

use crate::{
    domain::{canonical::Writer, id::Id, organization::Organization},
    service::{error::Error, reason::Reason},
    vault::IndexKey,
};

/// The most rows a page has.
pub const MOST: u32 = 500;
const TAG: usize = 16;
const VERSION: u8 = 1;
/// A token is as long as an id or two; longer ones are not ours.
const LONGEST: usize = 512;

/// One caller's walk through one list.
pub struct Walk<'a> {
    key: &'a IndexKey,
    caller: Id<Organization>,
    method: &'static str,
    filter: String,
}

impl<'a> Walk<'a> {
    /// A walk of `caller` through what `method` lists under `filter`: every field of the request
    /// that chooses rows, in one spelling (the region, a child, a state).
    pub fn new(
        key: &'a IndexKey,
        caller: Id<Organization>,
        method: &'static str,
        filter: impl Into<String>,
    ) -> Self {
        Self {
            key,
            caller,
            method,
            filter: filter.into(),
        }
    }

    /// The cursor in a token; `None` for the first page.
    ///
    /// # Errors
    /// `PAGE_TOKEN_INVALID` on field `page_token`, whatever is wrong with it.
    pub fn after(&self, token: &str) -> Result<Option<String>, Error> {
        if token.is_empty() {
            return Ok(None);
        }
        self.open(token)
            .map(Some)
            .ok_or_else(|| Error::field("page_token", Reason::PageTokenInvalid))
    }

    /// The same, read as an id (or whatever the cursor of this list is).
    ///
    /// # Errors
    /// As [`Walk::after`].
    pub fn after_parsed<C: std::str::FromStr>(&self, token: &str) -> Result<Option<C>, Error> {
        let cursor = self.after(token)?;
        let parse = |text: String| {
            text.parse()
                .map_err(|_| Error::field("page_token", Reason::PageTokenInvalid))
        };
        cursor.map(parse).transpose()
    }

    /// Cuts a page of at most `size` rows from rows read with a limit of `size + 1`, and gives the
    /// token of the next page, empty on the last.
    pub fn cut<T>(
        &self,
        mut rows: Vec<T>,
        size: u32,
        cursor: impl Fn(&T) -> String,
    ) -> (Vec<T>, String) {
        let size = size as usize;
        if rows.len() <= size {
            return (rows, String::new());
        }
        rows.truncate(size);
        let token = rows.last().map(|row| self.seal(&cursor(row)));
        (rows, token.unwrap_or_default())
    }

    /// The token of a cursor.
    pub fn seal(&self, cursor: &str) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&self.tag(cursor));
        bytes.extend_from_slice(cursor.as_bytes());
        BASE64URL_NOPAD.encode(&bytes)
    }

    fn open(&self, token: &str) -> Option<String> {
        if token.len() > LONGEST {
            return None;
        }
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
        let (tag, cursor) = bytes.strip_prefix(&[VERSION])?.split_at_checked(TAG)?;
        let cursor = std::str::from_utf8(cursor).ok()?;
        // Every byte is looked at, so that time tells nothing about how many are right.
        let difference = tag
            .iter()
            .zip(self.tag(cursor))
            .fold(0, |found, (a, b)| found | (a ^ b));
        (difference == 0).then(|| cursor.to_owned())
    }

    fn tag(&self, cursor: &str) -> [u8; TAG] {
        let bytes = Writer::new("yuqiao.page", VERSION)
            .text(&self.caller.to_string())
            .text(self.method)
            .text(&self.filter)
            .text(cursor)
            .finish();
        let digest = self.key.keyed_digest(&bytes);
        std::array::from_fn(|at| digest[at])
    }
}

/// How many rows a page has when `asked` for: 0 means `usual`, more than [`MOST`] means [`MOST`].
pub fn size(asked: u32, usual: u32) -> u32 {
    match asked {
        0 => usual,
        more => more.min(MOST),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;
    use crate::vault::DataKey;

    fn key(seed: u64) -> IndexKey {
        IndexKey::derive(&DataKey::generate(&mut StdRng::seed_from_u64(seed)))
    }

    fn organization(seed: u64) -> Id<Organization> {
        Id::opaque(&mut StdRng::seed_from_u64(seed))
    }

    #[test]
    fn a_token_is_of_one_caller_method_filter_and_deployment() {
        let (ours, theirs) = (key(1), key(2));
        let walk = Walk::new(&ours, organization(1), "ListActors", "150627");
        let token = walk.seal("cursor");
        assert_eq!(walk.after(&token).unwrap().as_deref(), Some("cursor"));
        for other in [
            Walk::new(&ours, organization(2), "ListActors", "150627"),
            Walk::new(&ours, organization(1), "ListAgreements", "150627"),
            Walk::new(&ours, organization(1), "ListActors", "150626"),
            Walk::new(&theirs, organization(1), "ListActors", "150627"),
        ] {
            let refused = other.after(&token).unwrap_err();
            let Error::Invalid(problems) = refused else {
                panic!("{refused:?}")
            };
            assert_eq!(problems[0].field, "page_token");
            assert_eq!(problems[0].reason, "PAGE_TOKEN_INVALID");
        }
    }

    #[test]
    fn a_page_is_cut_and_the_next_begins_after_it() {
        let key = key(1);
        let walk = Walk::new(&key, organization(1), "ListActors", "");
        let (rows, token) = walk.cut(vec![1, 2, 3], 2, i32::to_string);
        assert_eq!(
            (rows, walk.after_parsed(&token).unwrap()),
            (vec![1, 2], Some(2))
        );
        assert_eq!(
            walk.cut(vec![1, 2], 2, i32::to_string),
            (vec![1, 2], String::new())
        );
        assert_eq!(walk.after_parsed::<i32>("").unwrap(), None);
        assert!(walk.after_parsed::<i32>(&walk.seal("x")).is_err());
        assert_eq!((size(0, 50), size(7, 50), size(9_999, 50)), (50, 7, MOST));
    }

    proptest! {
        #[test]
        fn an_altered_token_is_refused(cursor in "\\PC{0,40}", at in any::<prop::sample::Index>(), flip in 1..=255u8) {
            let key = key(1);
            let walk = Walk::new(&key, organization(1), "ListActors", "");
            let mut bytes = BASE64URL_NOPAD.decode(walk.seal(&cursor).as_bytes()).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            prop_assert!(walk.after(&BASE64URL_NOPAD.encode(&bytes)).is_err());
        }

        #[test]
        fn any_text_is_met_with_grace(text in "\\PC{1,80}") {
            let key = key(1);
            prop_assert!(Walk::new(&key, organization(1), "ListActors", "").after(&text).is_err());
        }
    }
}
