//! Card templates: fixed words and placeholders, checked when the rule is read.

use std::fmt::Write;

use chrono::NaiveDate;

use super::{Facts, Text};

/// What a template may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placeholder {
    /// `{date}`: the day of the latest check-up it rests on; for what is not done, the day it was due.
    Date,
    /// `{substance}`: the allergen.
    Substance,
    /// `{value}`: the measured value with its unit; never in a facility's card.
    Value,
    /// `{until}`: the day a period ends, or what it waits for.
    Until,
    /// `{due}`: the day by which the medical side follows up.
    Due,
    /// `{item}`: what the schedule calls the item, for example 乙肝疫苗第2剂.
    Item,
}

impl Placeholder {
    const ALL: [(&'static str, Placeholder); 6] = [
        ("date", Placeholder::Date),
        ("substance", Placeholder::Substance),
        ("value", Placeholder::Value),
        ("until", Placeholder::Until),
        ("due", Placeholder::Due),
        ("item", Placeholder::Item),
    ];
}

/// A checked template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Words(String),
    Hole(Placeholder),
}

impl Part {
    /// About how many bytes it fills: a day or a substance is seldom longer.
    fn bytes(&self) -> usize {
        match self {
            Part::Words(words) => words.len(),
            Part::Hole(_) => 24,
        }
    }
}

/// Why a template was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    #[error("card is empty")]
    Empty,
    #[error("card has an unclosed or stray brace")]
    Brace,
    #[error("placeholder {{{0}}} is unknown or not offered here")]
    Placeholder(String),
    #[error("card is longer than {MAX_CARD} characters")]
    TooLong,
}

/// The longest card template, in characters: a card is read while holding a child.
pub const MAX_CARD: usize = 160;

impl Template {
    /// Reads a template; only the placeholders `offered` may stand in it.
    ///
    /// # Errors
    /// [`TemplateError`] for an empty or long text, a stray brace or another placeholder.
    pub fn read(text: &str, offered: &[Placeholder]) -> Result<Template, TemplateError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(TemplateError::Empty);
        }
        if text.chars().count() > MAX_CARD {
            return Err(TemplateError::TooLong);
        }
        let mut parts = Vec::new();
        for (at, piece) in text.split('{').enumerate() {
            let words = if at == 0 {
                piece
            } else {
                let (name, words) = piece.split_once('}').ok_or(TemplateError::Brace)?;
                let hole = Placeholder::ALL.iter().find(|(known, _)| *known == name);
                match hole {
                    Some((_, hole)) if offered.contains(hole) => parts.push(Part::Hole(*hole)),
                    _ => return Err(TemplateError::Placeholder(name.to_owned())),
                }
                words
            };
            if words.contains('}') {
                return Err(TemplateError::Brace);
            }
            if !words.is_empty() {
                parts.push(Part::Words(words.to_owned()));
            }
        }
        Ok(Template(parts))
    }

    /// How many characters its fixed words have.
    pub(crate) fn length(&self) -> usize {
        let words = self.0.iter().map(|part| match part {
            Part::Words(words) => words.chars().count(),
            Part::Hole(_) => 0,
        });
        words.sum()
    }

    pub(crate) fn fill(&self, facts: &Facts<'_>) -> Text {
        let words: usize = self.0.iter().map(Part::bytes).sum();
        let mut filled = String::with_capacity(words);
        for part in &self.0 {
            match part {
                Part::Words(words) => filled.push_str(words),
                Part::Hole(Placeholder::Date) => push_day(&mut filled, facts.date),
                Part::Hole(Placeholder::Substance) => filled.push_str(facts.substance),
                Part::Hole(Placeholder::Value) => filled.push_str(facts.value),
                Part::Hole(Placeholder::Until) => filled.push_str(facts.until),
                Part::Hole(Placeholder::Item) => filled.push_str(facts.item),
                Part::Hole(Placeholder::Due) => match facts.due {
                    Some(due) => push_day(&mut filled, due),
                    None => filled.push_str("下次检查"),
                },
            }
        }
        Text(filled)
    }
}

fn push_day(text: &mut String, day: NaiveDate) {
    // Writing into a text cannot fail.
    let _ = write!(text, "{day}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_filled_from_what_is_offered() {
        let offered = [Placeholder::Substance, Placeholder::Date, Placeholder::Due];
        let card = Template::read("对{substance}过敏（{date}）。{due}前复核。", &offered).unwrap();
        let facts = Facts {
            date: "2024-02-05".parse().unwrap(),
            substance: "花生",
            value: "",
            until: "",
            due: "2025-02-05".parse().ok(),
            item: "",
        };
        assert_eq!(
            card.fill(&facts).as_str(),
            "对花生过敏（2024-02-05）。2025-02-05前复核。"
        );
        assert_eq!(format!("{:?}", card.fill(&facts)), "Text(…)");
        assert_eq!(card.length(), "对过敏（）。前复核。".chars().count());
    }

    #[test]
    fn what_is_not_offered_is_refused() {
        let read = |text| Template::read(text, &[Placeholder::Date]).unwrap_err();
        assert_eq!(
            read("血红蛋白{value}"),
            TemplateError::Placeholder("value".into())
        );
        assert_eq!(read("{姓名}"), TemplateError::Placeholder("姓名".into()));
        assert_eq!(read("{date"), TemplateError::Brace);
        assert_eq!(read("date}"), TemplateError::Brace);
        assert_eq!(read(" "), TemplateError::Empty);
        assert_eq!(read(&"字".repeat(MAX_CARD + 1)), TemplateError::TooLong);
    }
}
