//! The short Chinese text a carer or guardian reads, filled from a template of the rule.
//!
//! A card says what to do. A facility's card has no raw value: the placeholder for one does not
//! exist for it, so no rule file can smuggle one in.

mod template;

use std::fmt;

use chrono::NaiveDate;

pub use template::{MAX_CARD, Placeholder, Template, TemplateError};

/// Text about a child's health: `Debug` does not print it and there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// For the one who may read it, and for sealing.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Text> for String {
    fn from(text: Text) -> String {
        text.0
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text(text)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text(…)")
    }
}

/// What a carer does, watches for, and does first when it turns serious; at least one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacilityCard<T = Text> {
    pub act: Option<T>,
    pub watch: Option<T>,
    pub emergency: Option<T>,
}

impl<T> FacilityCard<T> {
    /// The parts there are, each with its heading.
    pub fn parts(&self) -> impl Iterator<Item = (&'static str, &T)> {
        [
            ("照护", &self.act),
            ("观察", &self.watch),
            ("紧急", &self.emergency),
        ]
        .into_iter()
        .filter_map(|(heading, part)| Some((heading, part.as_ref()?)))
    }
}

impl FacilityCard {
    /// All parts in one text, for readers that know no parts.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(256);
        for (heading, part) in self.parts() {
            if heading == "照护" {
                text.push_str(part.as_str());
            } else {
                text.push_str(heading);
                text.push('：');
                text.push_str(part.as_str());
            }
        }
        text
    }
}

/// The same card in traditional-script Mongolian, where the rule file has it. It is kept and carried
/// as it is; a reader lays it out vertically.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MongolianCard {
    pub facility: Option<Text>,
    pub guardian: Option<Text>,
}

/// What each side reads of an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CareCard<'r> {
    /// `None` if the facility is not a recipient.
    pub facility: Option<FacilityCard>,
    pub guardian: Text,
    pub mongolian: Option<&'r MongolianCard>,
}

/// What fills a card.
pub(crate) struct Facts<'a> {
    pub date: NaiveDate,
    pub substance: &'a str,
    pub value: &'a str,
    /// The day a period ends, or what it waits for.
    pub until: &'a str,
    pub due: Option<NaiveDate>,
    /// What the schedule calls the item.
    pub item: &'a str,
}
