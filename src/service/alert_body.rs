//! The sealed part of an alert, and how it is made of what a rule raised.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::clinical::{
    assess::Raised,
    care_card::{FacilityCard, Text},
    fitness::Grade,
};

/// What of an alert is sealed: everything that says what was found and what to do.
#[derive(Serialize, Deserialize)]
pub struct AlertBody {
    /// Document and section the rule comes from.
    pub source_document: String,
    /// What a carer reads; none when the rule has nothing for carers.
    pub facility_card: Option<String>,
    /// What a guardian reads.
    pub guardian_card: String,
    /// What the medical side does.
    pub follow_up: String,
    /// What the rule read and compared.
    pub inputs: Vec<(String, String)>,
    /// The carer's card in its parts; alerts of before there were parts have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility_parts: Option<CardParts>,
    /// What settles it, in Chinese.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub resolved_by: String,
    /// What it does to the child's fitness for care.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<StoredLimit>,
    /// The cards in traditional-script Mongolian, where the rule has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mongolian: Option<MongolianText>,
}

/// A carer's card in its parts.
#[derive(Clone, Serialize, Deserialize)]
pub struct CardParts {
    /// What to do day by day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<String>,
    /// What to watch for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<String>,
    /// What to do at once when it turns serious.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<String>,
}

/// A limit of a child's fitness for care.
#[derive(Clone, Serialize, Deserialize)]
pub struct StoredLimit {
    /// How fit.
    pub grade: Grade,
    /// First day it no longer holds, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// What ends it, in Chinese.
    pub until_zh: String,
}

/// The same cards in traditional-script Mongolian.
#[derive(Clone, Serialize, Deserialize)]
pub struct MongolianText {
    /// What a carer reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility: Option<String>,
    /// What a guardian reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guardian: Option<String>,
}

/// Place of an alert's sealed body.
pub(super) const ALERT_PLACE: (&str, &str) = ("alerts", "sealed");

/// What is sealed of an alert that is raised.
pub(super) fn body(raised: &Raised<'_>) -> AlertBody {
    let card = &raised.care_card;
    let text = |part: &Option<Text>| part.as_ref().map(|part| part.as_str().to_owned());
    AlertBody {
        source_document: raised.source_document.to_owned(),
        facility_card: card.facility.as_ref().map(FacilityCard::text),
        facility_parts: card.facility.as_ref().map(|card| CardParts {
            act: text(&card.act),
            watch: text(&card.watch),
            emergency: text(&card.emergency),
        }),
        resolved_by: raised.resolved_by.to_owned(),
        limit: raised.limit.as_ref().map(|limit| StoredLimit {
            grade: limit.grade,
            until: limit.until,
            until_zh: limit.until_zh.clone(),
        }),
        mongolian: card.mongolian.as_ref().map(|card| MongolianText {
            facility: text(&card.facility),
            guardian: text(&card.guardian),
        }),
        guardian_card: card.guardian.as_str().to_owned(),
        follow_up: raised.follow_up.to_owned(),
        inputs: raised
            .inputs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
    }
}
