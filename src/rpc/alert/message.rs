//! An alert as its reader gets it.

use zeroize::Zeroizing;

use crate::{
    clinical::fitness::Limit,
    domain::{
        alert::{AlertState, Life},
        region::RegionCode,
    },
    rpc::{
        convert::{self, WireWord, name},
        wire,
    },
    service::{alert_body::CardParts, disclosure::OpenedAlert},
};

/// Writes an opened alert.
pub(super) fn message(region: RegionCode, alert: OpenedAlert) -> wire::Alert {
    let OpenedAlert {
        row,
        source_document,
        care_card,
        card: parts,
        mongolian,
        resolved_by,
        limit,
        inputs,
        follow_up_note,
        decision_reason,
        escalated_to,
    } = alert;
    let Life {
        since,
        acknowledged,
        followed_up,
        ended,
        decided,
    } = row.state.life();
    let decided = decided.zip(ended);
    wire::Alert {
        name: name(region, row.id),
        child: name(region, row.child),
        rule: row.rule,
        rule_version: row.rule_version,
        source_document,
        category: row.facts.category.number(),
        level: row.facts.level.number(),
        state: state(&row.state).into(),
        care_card,
        due_date: convert::maybe_day(row.due),
        open_time: convert::time(since),
        revision: u32::try_from(row.revision).unwrap_or(u32::MAX),
        inputs: inputs
            .into_iter()
            .map(|(name, value)| wire::RuleInput { name, value })
            .collect(),
        acknowledgement: acknowledged.map(|a| wire::Acknowledgement {
            actor: name(region, a.by),
            time: convert::time(a.at),
        }),
        follow_up: followed_up.map(|f| wire::FollowUp {
            actor: name(region, f.by),
            time: convert::time(f.at),
            outcome: f.outcome.number(),
            note: words(follow_up_note),
        }),
        resolution: decided.map(|((by, decision), at)| wire::Resolution {
            actor: name(region, by),
            time: convert::time(at),
            decision: decision.number(),
            reason: words(decision_reason),
        }),
        escalated_to: escalated_to.map_or(0, WireWord::number),
        card: Some(card(parts)),
        resolved_by,
        limit: limit.map(care_limit),
        card_mn: mongolian.unwrap_or_default(),
        facility: row
            .facts
            .facility
            .map_or_else(String::new, |of| name(region, of)),
    }
}

/// A card by its parts.
pub(super) fn card(parts: CardParts) -> wire::CareCard {
    wire::CareCard {
        act: parts.act.unwrap_or_default(),
        watch: parts.watch.unwrap_or_default(),
        emergency: parts.emergency.unwrap_or_default(),
    }
}

/// What an alert does to the child's fitness for care.
pub(super) fn care_limit(limit: Limit) -> wire::CareLimit {
    wire::CareLimit {
        grade: limit.grade.number(),
        until: convert::maybe_day(limit.until),
        until_zh: limit.until_zh,
    }
}

fn words(of: Option<Zeroizing<String>>) -> String {
    of.map(|words| words.as_str().to_owned())
        .unwrap_or_default()
}

fn state(state: &AlertState) -> wire::AlertState {
    match state {
        AlertState::Open { .. } => wire::AlertState::Open,
        AlertState::Acknowledged { .. } => wire::AlertState::Acknowledged,
        AlertState::FollowedUp { .. } => wire::AlertState::FollowedUp,
        AlertState::Resolved { .. } => wire::AlertState::Resolved,
        AlertState::Retracted { .. } => wire::AlertState::Retracted,
    }
}
