//! A child's fitness for care, by the alerts that one look was shown and no others.
//!
//! It is worked out after the look is committed and the alerts are opened: who may not see an alert
//! does not learn of it here. That a child is fit is said only where the keys open every category
//! that could say otherwise.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::{Audience, OpenedAlert, Seen, Withheld, open_alerts};
use crate::{
    clinical::{
        fitness::{Fitness, Grade},
        rules::{Recipient, RuleSet},
    },
    domain::{
        alert::{Alert, Category},
        child::Child,
        id::Id,
        region::RegionCode,
    },
    service::{alert_body::CardParts, error::Error, gateway::Gateway, reason::Reason},
    store::{alerts::Disclosed, regions},
};

/// The fitness of children on one day.
pub struct DayFitness {
    /// The region's civil day.
    pub day: NaiveDate,
    /// The least fit first, then by child.
    pub children: Vec<ChildFitness>,
    /// Children of whom something does not open: nothing is said of them.
    pub unreadable: Vec<Withheld>,
}

/// One child's fitness, as its reader may know it. No `Debug`: it tells of a child's health.
pub struct ChildFitness {
    /// The child.
    pub child: Id<Child>,
    /// By the alerts that were shown.
    pub fitness: Fitness<Because>,
    /// The categories that can limit it and are open.
    pub considered: BTreeSet<Category>,
    /// The categories that can limit it and are not.
    pub not_considered: BTreeSet<Category>,
}

/// An alert that sets a child's fitness.
#[derive(Clone)]
pub struct Because {
    /// The alert.
    pub alert: Id<Alert>,
    /// What it is about.
    pub category: Category,
    /// What its reader does.
    pub card: CardParts,
}

impl ChildFitness {
    /// Whether it is known: a limit was seen, or none could be hidden.
    pub fn is_known(&self) -> bool {
        self.fitness.grade != Grade::Fit || self.not_considered.is_empty()
    }

    /// One line for a card.
    pub fn headline_zh(&self) -> String {
        if self.fitness.grade != Grade::Fit {
            return self.fitness.headline_zh();
        }
        if self.is_known() {
            // What an institution found whose results the reader may not see, nobody can say here.
            return format!("{}（以可见的提示为限）", self.fitness.headline_zh());
        }
        "获准查阅的范围内未见限制；其余类别未获授权，请以晨检和家长告知为准".to_owned()
    }

    /// Where it stands in the list: the least fit first, of whom it is not known before the fit.
    pub fn place(&self) -> String {
        let pressing = match self.fitness.grade {
            Grade::Unfit => 0,
            Grade::Conditional => 1,
            Grade::Fit => 2,
        };
        let known = u8::from(self.is_known());
        format!("{pressing}/{known}/{}", self.child)
    }
}

/// Opens what a look was shown, and works out each child's fitness.
pub async fn fitness(
    gateway: &Gateway,
    region: RegionCode,
    (alerts, audience): (Vec<Disclosed>, &Audience),
    seen: Vec<Seen>,
) -> Result<DayFitness, Error> {
    let mut tx = gateway.store().snapshot().await?;
    let found = regions::find(&mut tx, region).await?;
    let (settings, _) = found.ok_or(Reason::RegionForeign)?;
    let rules = gateway.rule_book().of(&mut tx, region, &settings).await?;
    let day = settings.zone.day(tx.now().await?);
    tx.rollback().await?;

    let (opened, unreadable) = open_alerts(gateway, region, alerts, audience)?;
    let mut closed: BTreeSet<Id<Child>> = unreadable.iter().map(|w| w.child).collect();
    closed.extend(seen.iter().filter(|s| !s.readable).map(|s| s.child));
    let mut of: BTreeMap<Id<Child>, Vec<OpenedAlert>> = BTreeMap::new();
    for alert in opened {
        of.entry(alert.row.child).or_default().push(alert);
    }
    let limiting = limiting(&rules, audience);
    let mut children: Vec<ChildFitness> = seen
        .into_iter()
        .filter(|seen| !closed.contains(&seen.child))
        .map(|seen| by(seen.child, of.remove(&seen.child), &limiting, &seen.opened))
        .collect();
    children.sort_by_cached_key(ChildFitness::place);
    let unreadable = Withheld::unreadable(closed);
    Ok(DayFitness {
        day,
        children,
        unreadable,
    })
}

/// The categories that can limit a child's fitness; true where this reader is told of each such limit.
fn limiting(rules: &RuleSet, audience: &Audience) -> BTreeMap<Category, bool> {
    let (reader, facility) = match audience {
        Audience::Facility { .. } => (Some(Recipient::Facility), true),
        Audience::Instructor { .. } => (Some(Recipient::Instructor), false),
        Audience::MedicalSide => (Some(Recipient::Mch), false),
        Audience::Guardian => (None, false),
    };
    let mut limiting = rules.limiting(reader);
    for (category, told) in &mut limiting {
        *told &= !facility || category.may_reach_facility();
    }
    limiting
}

/// One child. A limit counts until the child is assessed anew, whatever day it named: what follows an
/// isolation may be the wait for a certificate.
fn by(
    child: Id<Child>,
    alerts: Option<Vec<OpenedAlert>>,
    limiting: &BTreeMap<Category, bool>,
    opened: &BTreeSet<Category>,
) -> ChildFitness {
    let (considered, not_considered) = limiting
        .iter()
        .partition::<Vec<_>, _>(|(category, told)| **told && opened.contains(category));
    let of = |these: Vec<(&Category, &bool)>| these.into_iter().map(|(c, _)| *c).collect();
    let limits = alerts.unwrap_or_default().into_iter().filter_map(|alert| {
        let because = Because {
            alert: alert.row.id,
            category: alert.row.facts.category,
            card: alert.card,
        };
        Some((because, alert.limit?))
    });
    ChildFitness {
        child,
        fitness: Fitness::of(limits),
        considered: of(considered),
        not_considered: of(not_considered),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiting_for(audience: &Audience) -> BTreeMap<Category, bool> {
        limiting(&RuleSet::load().unwrap(), audience)
    }

    fn staff() -> Audience {
        Audience::Facility {
            may_view: BTreeSet::new(),
        }
    }

    fn child() -> Id<Child> {
        "00000000-0000-4000-8000-000000000001".parse().unwrap()
    }

    /// Break it: in `is_known`, leave out `not_considered`.
    #[test]
    fn a_child_is_fit_only_where_no_limit_could_be_hidden() {
        let limiting = limiting_for(&staff());
        let all: BTreeSet<Category> = limiting.keys().copied().collect();
        assert!(all.contains(&Category::Infectious) && all.contains(&Category::EntryCheck));
        let open = by(child(), None, &limiting, &all);
        assert!(open.is_known(), "the shipped limits all tell a facility");
        assert_eq!(open.headline_zh(), "今日可以在托（以可见的提示为限）");
        for closed in &all {
            let mut opened = all.clone();
            opened.remove(closed);
            let unsure = by(child(), None, &limiting, &opened);
            assert!(!unsure.is_known(), "{closed:?}");
            assert_eq!(unsure.not_considered, BTreeSet::from([*closed]));
            assert_eq!(unsure.considered, opened);
            assert_ne!(unsure.headline_zh(), open.headline_zh());
        }
    }

    #[test]
    fn a_category_whose_limits_are_not_all_told_is_never_considered() {
        let limiting = BTreeMap::from([(Category::Infectious, false)]);
        let found = by(child(), None, &limiting, &[Category::Infectious].into());
        assert!(!found.is_known() && found.considered.is_empty());
    }
}
