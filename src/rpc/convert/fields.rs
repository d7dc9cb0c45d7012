//! Reading a request field by field: each reader gives the value, or remembers the problem and
//! gives nothing; [`Fields::finish`] gives the whole or every problem.
//!
//! ```ignore
//! let mut f = Fields::default();
//! let region = f.parent("parent", &message.parent);
//! let kind = f.word("organization.kind", organization.kind);
//! f.finish((|| Some(Invitation { region: region?, kind: kind? }))())
//! ```

use std::{collections::BTreeSet, ops::RangeInclusive};

use chrono::NaiveDate;
use zeroize::Zeroizing;

use super::{
    names::{self, Resource},
    parse_day, parse_etag,
    words::WireWord,
};
use crate::{
    domain::{id::Id, identifier::IdentifierError, region::RegionCode, rule_set::RuleSetId},
    pki::GuardianCode,
    service::{
        error::{Error, Problem},
        reason::Reason,
    },
};

/// The problems of one request so far.
#[derive(Debug, Default)]
pub struct Fields(Vec<Problem>);

impl Fields {
    /// The whole, or every problem that was found.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the problems, in the order they were found.
    pub fn finish<T>(self, whole: Option<T>) -> Result<T, Error> {
        match whole {
            Some(whole) if self.0.is_empty() => Ok(whole),
            None if self.0.is_empty() => Err(Error::Broken("a field was lost without a problem")),
            _ => Err(Error::Invalid(self.0)),
        }
    }

    /// Remembers a problem.
    pub fn refuse(&mut self, field: impl Into<String>, reason: Reason) {
        self.0.push(Problem::new(field, reason));
    }

    /// Remembers a problem that has its own stable reason and Chinese text.
    pub fn refuse_as(
        &mut self,
        field: impl Into<String>,
        reason: &'static str,
        message_zh: impl Into<String>,
    ) {
        let (field, message_zh) = (field.into(), message_zh.into());
        self.0.push(Problem {
            field,
            reason,
            message_zh,
        });
    }

    fn or_refuse<T>(&mut self, field: &str, reason: Reason, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.refuse(field, reason);
        }
        value
    }

    /// A message that must be given.
    pub fn message<T>(&mut self, field: &str, value: Option<T>) -> Option<T> {
        self.or_refuse(field, Reason::FieldRequired, value)
    }

    /// Text of 1 to `longest` characters without control characters; blanks around it don't count.
    pub fn text(&mut self, field: &str, value: &str, longest: usize) -> Option<String> {
        if value.trim().is_empty() {
            self.refuse(field, Reason::FieldRequired);
            return None;
        }
        self.optional_text(field, value, longest)
    }

    /// The same; may be empty.
    pub fn optional_text(&mut self, field: &str, value: &str, longest: usize) -> Option<String> {
        self.characters(field, value, longest, |c| !c.is_control())
    }

    /// Text as [`Fields::text`], of one or more lines: a line ends with one character, and tabs stay.
    pub fn lines(&mut self, field: &str, value: &str, longest: usize) -> Option<String> {
        if value.trim().is_empty() {
            self.refuse(field, Reason::FieldRequired);
            return None;
        }
        self.optional_lines(field, value, longest)
    }

    /// The same; may be empty.
    pub fn optional_lines(&mut self, field: &str, value: &str, longest: usize) -> Option<String> {
        let value = Zeroizing::new(value.replace("\r\n", "\n"));
        let fit = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
        self.characters(field, &value, longest, fit)
    }

    fn characters(
        &mut self,
        field: &str,
        value: &str,
        longest: usize,
        fit: impl Fn(char) -> bool,
    ) -> Option<String> {
        let value = value.trim();
        let problem = if value.chars().count() > longest {
            Reason::FieldTooLong
        } else if value.chars().all(fit) {
            return Some(value.to_owned());
        } else {
            Reason::FieldMalformed
        };
        self.refuse(field, problem);
        None
    }

    /// A number within its range.
    pub fn number<N: PartialOrd>(
        &mut self,
        field: &str,
        value: N,
        range: RangeInclusive<N>,
    ) -> Option<N> {
        let within = range.contains(&value).then_some(value);
        self.or_refuse(field, Reason::FieldOutOfRange, within)
    }

    /// A civil day.
    pub fn day(&mut self, field: &str, value: &str) -> Option<NaiveDate> {
        if value.is_empty() {
            self.refuse(field, Reason::FieldRequired);
            return None;
        }
        self.or_refuse(field, Reason::DateMalformed, parse_day(value))
    }

    /// A civil day that may be left out: `Some(None)` when it is.
    pub fn optional_day(&mut self, field: &str, value: &str) -> Option<Option<NaiveDate>> {
        if value.is_empty() {
            Some(None)
        } else {
            self.day(field, value).map(Some)
        }
    }

    /// First and last day of a period, the last not before the first.
    pub fn period(
        &mut self,
        (first_field, first): (&str, &str),
        (last_field, last): (&str, &str),
    ) -> Option<(NaiveDate, NaiveDate)> {
        let (first, last) = (self.day(first_field, first), self.day(last_field, last));
        let (first, last) = (first?, last?);
        let period = (first <= last).then_some((first, last));
        self.or_refuse(last_field, Reason::PeriodInverted, period)
    }

    /// An etag that may be left out: `Some(None)` when it is.
    pub fn etag(&mut self, field: &str, value: &str) -> Option<Option<i64>> {
        if value.is_empty() {
            return Some(None);
        }
        self.or_refuse(field, Reason::FieldMalformed, parse_etag(value))
            .map(Some)
    }

    /// `regions/{region}`.
    pub fn parent(&mut self, field: &str, value: &str) -> Option<RegionCode> {
        self.given(field, value, names::parse_region)
    }

    /// The resource name of a rule set; the region it names is the request's.
    pub fn rule_set(&mut self, field: &str, value: &str) -> Option<(RegionCode, RuleSetId)> {
        self.given(field, value, names::parse_rule_set)
    }

    /// A resource name; the region it names is the request's.
    pub fn name<T: Resource>(&mut self, field: &str, value: &str) -> Option<(RegionCode, Id<T>)> {
        self.given(field, value, names::parse)
    }

    /// A resource name within the request's region (if that could be read at all).
    pub fn name_in<T: Resource>(
        &mut self,
        field: &str,
        value: &str,
        region: Option<RegionCode>,
    ) -> Option<Id<T>> {
        let (of, id) = self.name(field, value)?;
        let here = region.is_none_or(|region| region == of).then_some(id);
        self.or_refuse(field, Reason::RegionMismatch, here)
    }

    /// The same; may be left out: `Some(None)` when it is.
    pub fn optional_name_in<T: Resource>(
        &mut self,
        field: &str,
        value: &str,
        region: Option<RegionCode>,
    ) -> Option<Option<Id<T>>> {
        if value.is_empty() {
            Some(None)
        } else {
            self.name_in(field, value, region).map(Some)
        }
    }

    /// At most `most` resource names within the request's region, as a set.
    pub fn names_in<T: Resource>(
        &mut self,
        field: &str,
        values: &[String],
        region: Option<RegionCode>,
        most: usize,
    ) -> Option<BTreeSet<Id<T>>> {
        self.bounded(field, values, most)?;
        let read = values.iter().enumerate();
        let read: Vec<_> = read
            .map(|(at, v)| self.name_in(&format!("{field}[{at}]"), v, region))
            .collect();
        read.into_iter().collect()
    }

    /// A word of a closed set that must be given.
    pub fn word<W: WireWord>(&mut self, field: &str, value: i32) -> Option<W> {
        let word = self.optional_word(field, value)?;
        self.or_refuse(field, Reason::FieldRequired, word)
    }

    /// The same; may be left out: `Some(None)` when it is.
    pub fn optional_word<W: WireWord>(&mut self, field: &str, value: i32) -> Option<Option<W>> {
        let known = W::Wire::try_from(value).ok().map(W::from_wire);
        self.or_refuse(field, Reason::FieldMalformed, known)
    }

    /// Words of a closed set, as a set; may be empty.
    pub fn words<W: WireWord + Ord>(&mut self, field: &str, values: &[i32]) -> Option<BTreeSet<W>> {
        self.bounded(field, values, 64)?;
        let read = values.iter().enumerate();
        let read: Vec<_> = read
            .map(|(at, v)| self.word(&format!("{field}[{at}]"), *v))
            .collect();
        read.into_iter().collect()
    }

    /// A guardian's one-time code that must be given.
    pub fn guardian_code(&mut self, field: &str, value: &str) -> Option<GuardianCode> {
        let code = GuardianCode::parse(value).ok();
        self.or_refuse(field, Reason::FieldMalformed, code)
    }

    /// The same; may be left out: `Some(None)` when it is.
    pub fn optional_guardian_code(
        &mut self,
        field: &str,
        value: &str,
    ) -> Option<Option<GuardianCode>> {
        if value.is_empty() {
            Some(None)
        } else {
            self.guardian_code(field, value).map(Some)
        }
    }

    /// A list of at most `most` members.
    pub fn bounded<'v, V>(&mut self, field: &str, values: &'v [V], most: usize) -> Option<&'v [V]> {
        let bounded = (values.len() <= most).then_some(values);
        self.or_refuse(field, Reason::FieldTooLong, bounded)
    }

    /// A number that names a person or an organization, as its parser read it.
    pub fn identifier<T>(
        &mut self,
        field: &str,
        value: &str,
        parse: impl FnOnce(&str) -> Result<T, IdentifierError>,
    ) -> Option<T> {
        let value = value.trim();
        if value.is_empty() {
            self.refuse(field, Reason::FieldRequired);
            return None;
        }
        match parse(value) {
            Ok(read) => Some(read),
            Err(broken) => {
                self.refuse_as(field, broken.reason(), broken.message_zh());
                None
            }
        }
    }

    fn given<T>(
        &mut self,
        field: &str,
        value: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        if value.is_empty() {
            self.refuse(field, Reason::FieldRequired);
            return None;
        }
        self.or_refuse(field, Reason::FieldMalformed, parse(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        identifier::SocialCreditCode, organization::Organization, purpose::Purpose,
    };

    fn problems(fields: Fields) -> Vec<(String, &'static str)> {
        match fields.finish(None::<()>) {
            Err(Error::Invalid(problems)) => {
                assert!(problems.iter().all(|p| !p.message_zh.is_empty()));
                problems.into_iter().map(|p| (p.field, p.reason)).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_problem_is_found_at_once() {
        let mut f = Fields::default();
        let region = f.parent("parent", "regions/150627");
        f.text("display_name", " \t", 9);
        f.text("note", "一二三四", 3);
        f.text("line", "a\u{7}b", 9);
        f.text("one line", "a\nb", 9);
        f.lines("lines", "a\rb", 9);
        f.number("places", 7, 0..=6);
        f.day("first_day", "2026-9-1");
        f.period(("from", "2026-09-02"), ("until", "2026-09-01"));
        f.word::<Purpose>("purpose", 0);
        f.words::<Purpose>("purposes", &[1, 99]);
        f.identifier("code", "91110000600037341M", SocialCreditCode::parse);
        let other = "regions/150626/organizations/0197a4b0-0000-7000-8000-000000000001";
        f.name_in::<Organization>("facility", other, region);
        f.name::<Organization>("name", "regions/150627/children/x");
        f.etag("etag", "7");
        let expected = [
            ("display_name", "FIELD_REQUIRED"),
            ("note", "FIELD_TOO_LONG"),
            ("line", "FIELD_MALFORMED"),
            ("one line", "FIELD_MALFORMED"),
            ("lines", "FIELD_MALFORMED"),
            ("places", "FIELD_OUT_OF_RANGE"),
            ("first_day", "DATE_MALFORMED"),
            ("until", "PERIOD_INVERTED"),
            ("purpose", "FIELD_REQUIRED"),
            ("purposes[1]", "FIELD_MALFORMED"),
            ("code", "SOCIAL_CREDIT_CODE_CHECK_DIGIT"),
            ("facility", "REGION_MISMATCH"),
            ("name", "FIELD_MALFORMED"),
            ("etag", "FIELD_MALFORMED"),
        ];
        let expected: Vec<_> = expected
            .map(|(field, reason)| (field.to_owned(), reason))
            .into();
        assert_eq!(problems(f), expected);
    }

    #[test]
    fn what_may_be_left_out_may() {
        let mut f = Fields::default();
        assert_eq!(f.optional_text("a", "", 3).as_deref(), Some(""));
        let lines = f.lines("a", " 一\r\n\t二\n", 4);
        assert_eq!(lines.as_deref(), Some("一\n\t二"));
        assert_eq!(f.optional_lines("a", "\r\n", 3).as_deref(), Some(""));
        assert_eq!(f.optional_day("b", ""), Some(None));
        assert_eq!(
            f.optional_name_in::<Organization>("c", "", None),
            Some(None)
        );
        assert_eq!(f.optional_word::<Purpose>("d", 0), Some(None));
        assert_eq!(f.etag("e", ""), Some(None));
        assert_eq!(f.words::<Purpose>("f", &[]), Some(BTreeSet::new()));
        assert_eq!(f.finish(Some(7)).unwrap(), 7);
    }

    #[test]
    fn a_field_lost_silently_is_our_fault() {
        assert!(matches!(
            Fields::default().finish(None::<()>),
            Err(Error::Broken(_))
        ));
    }
}
