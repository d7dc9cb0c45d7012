//! Passing on: an urgent alert that nobody takes up goes from the facility to its instructors, to the
//! MCH centre and to the commission, by the region's hours.
//!
//! Part of every delivery, so that each cause of one also starts, advances and stops clocks, and
//! doing it twice changes nothing. A clock runs for an urgent alert and a facility whose keys are
//! open, from its delivery until the facility acknowledges, the medical side follows up or decides, or
//! a later finding settles it. While the keys are closed it stands still: nobody is late with what is not
//! shown to them, and closing them for a moment buys no time.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{
    delivery::{Setting, Should},
    error::Error,
};
use crate::{
    access::{
        self, Scope,
        facts::{AskerFacts, ChildFacts, FacilityFacts, Facts},
    },
    domain::{
        alert::{Alert, Level},
        child::Child,
        escalation::{EscalationHours, EscalationStep, SMALL_CELL},
        id::Id,
        inbox::RetractionReason,
        organization::{Organization, OrganizationKind, Standing},
    },
    store::{
        Tx, alert_life,
        alerts::AlertRow,
        escalations::{self, Clock},
        facts, inboxes, organizations,
    },
};

/// What a delivery has to know of the clocks it met.
#[derive(Debug, Default)]
pub(super) struct PassedOn {
    /// Alerts that were passed on and now belong to the facility alone again: why, and which
    /// facilities had them first.
    pub taken_back: BTreeMap<Id<Alert>, (RetractionReason, BTreeSet<Id<Organization>>)>,
    /// Facilities with alerts that have come to the commission, with how many came to it now.
    pub neglecting: BTreeMap<Id<Organization>, u64>,
}

/// Brings the clocks of locked children in line with what their facilities should hold, takes the
/// steps that are due, and adds to `should` what those to whom an alert was passed on should hold.
pub(super) async fn pass_on(
    tx: &mut Tx,
    setting: &Setting,
    children: &[Id<Child>],
    standing: &[AlertRow],
    should: &mut Should,
) -> Result<PassedOn, Error> {
    let region = setting.region;
    let clocks = escalations::of_children(tx, region, children).await?;
    let acknowledged = standing
        .iter()
        .filter(|a| a.state.life().acknowledged.is_some());
    let acknowledged: Vec<Id<Alert>> = acknowledged.map(|a| a.id).collect();
    let attended = Attended {
        urgent: standing
            .iter()
            .filter(|a| a.facts.level == Level::Urgent && !a.state.is_followed_up())
            .map(|a| a.id)
            .collect(),
        by: alert_life::acknowledged(tx, region, &acknowledged).await?,
    };
    let turned = Turned::of(setting.escalation, setting.now, &attended, should, clocks);
    for clock in &turned.ended {
        escalations::end(tx, region, clock).await?;
    }
    escalations::start(tx, region, &turned.started).await?;
    for clock in &turned.changed {
        escalations::keep(tx, region, clock).await?;
    }
    // Whoever holds an alert is told that it was passed on; but of what two facilities hold, neither
    // learns from a new revision that the other one left it alone.
    let mut moved: BTreeSet<Id<Alert>> = turned.advanced.iter().map(|c| c.alert).collect();
    moved.retain(|alert| {
        should
            .values()
            .filter(|held| held.contains_key(alert))
            .count()
            < 2
    });
    alert_life::touch(tx, region, moved.iter().copied()).await?;
    for held in should.values_mut() {
        for (_, revision) in held.iter_mut().filter(|(alert, _)| moved.contains(alert)) {
            *revision += 1;
        }
    }
    let revisions = standing.iter().map(|a| {
        let raised = i64::from(moved.contains(&a.id));
        (a.id, (a, a.revision + raised))
    });
    let revisions = revisions.collect();
    reach_further(tx, setting, &turned.running, &revisions, should).await?;
    Ok(turned.told(standing, &attended))
}

/// Puts a notice into each commission's inbox for each facility that leaves urgent alerts alone. Gives
/// the commissions. Their counters are the last locks of a delivery.
///
/// While a facility's alerts are about fewer children than [`SMALL_CELL`], one notice stands for all of
/// them: one for each would tell by their number what their count must not. A commission that was not
/// active when an alert came so far has its notice when it is.
pub(super) async fn tell_commissions(
    tx: &mut Tx,
    setting: &Setting,
    passed_on: &PassedOn,
) -> Result<Vec<Id<Organization>>, Error> {
    let (region, neglecting) = (setting.region, &passed_on.neglecting);
    if neglecting.is_empty() {
        return Ok(Vec::new());
    }
    let kind = OrganizationKind::HealthCommission;
    let commissions = organizations::active_since(tx, region, kind).await?;
    let facilities: Vec<String> = neglecting.keys().map(ToString::to_string).collect();
    let told = inboxes::told_of(tx, region, &commissions, facilities.clone()).await?;
    let nothing_came = neglecting.values().all(|&came| came == 0);
    if nothing_came && told.len() == commissions.len() * facilities.len() {
        return Ok(Vec::new());
    }
    // Counted under the counters: two deliveries of a facility's children can't both be its first.
    for &commission in commissions.keys() {
        inboxes::hold_counter(tx, region, commission).await?;
    }
    let told = inboxes::told_of(tx, region, &commissions, facilities.clone()).await?;
    let counts = escalations::left_alone(tx, region, facilities).await?;
    let mut rung = Vec::new();
    for (commission, since) in commissions {
        let due = counts.iter().filter(|&(facility, count)| {
            let came = neglecting.get(facility).copied().unwrap_or(0);
            let first_or_many = count.alerts <= came || count.children >= u64::from(SMALL_CELL);
            (came > 0 && first_or_many) || !told.contains(&(commission, *facility))
        });
        let due: BTreeSet<Id<Organization>> = due.map(|(facility, _)| *facility).collect();
        if !due.is_empty() {
            // The ledger, whose clock says since when, may be ahead of the database's.
            let at = setting.now.max(since);
            inboxes::notify(tx, region, commission, &due, at).await?;
            rung.push(commission);
        }
    }
    Ok(rung)
}

/// Who has taken up what.
struct Attended {
    /// Urgent alerts that the medical side does not have in hand.
    urgent: BTreeSet<Id<Alert>>,
    /// Of which facilities have taken note, each for itself: a child may be in the care of two.
    by: BTreeSet<(Id<Alert>, Id<Organization>)>,
}

impl Attended {
    /// Whether an alert still waits for somebody at a facility.
    fn leaves(&self, alert: Id<Alert>, facility: Id<Organization>) -> bool {
        self.urgent.contains(&alert) && !self.by.contains(&(alert, facility))
    }
}

/// What becomes of the clocks.
#[derive(Debug, Default)]
struct Turned {
    started: Vec<Clock>,
    /// Those that took a step.
    advanced: Vec<Clock>,
    /// Those whose row changes: they took a step, stopped, or run again.
    changed: Vec<Clock>,
    ended: Vec<Clock>,
    /// Those that run on, the advanced ones included.
    running: Vec<Clock>,
}

impl Turned {
    fn of(
        hours: EscalationHours,
        now: DateTime<Utc>,
        attended: &Attended,
        should: &Should,
        clocks: Vec<Clock>,
    ) -> Self {
        let wanted = |(&(child, facility), held): (&(Id<Child>, Id<Organization>), &_)| {
            let held: &BTreeMap<Id<Alert>, i64> = held;
            let left = held.keys().filter(|a| attended.leaves(**a, facility));
            left.map(|&alert| ((alert, facility), child))
                .collect::<Vec<_>>()
        };
        let mut wanted: BTreeMap<(Id<Alert>, Id<Organization>), Id<Child>> =
            should.iter().flat_map(wanted).collect();
        let mut turned = Self::default();
        for mut clock in clocks {
            if wanted.remove(&(clock.alert, clock.facility)).is_none() {
                let before = clock.clone();
                clock.stop(now);
                if !attended.leaves(clock.alert, clock.facility) {
                    turned.ended.push(clock);
                } else if clock != before {
                    turned.changed.push(clock);
                }
                continue;
            }
            let before = clock.clone();
            clock.run_on(now);
            let reached = hours.reached(clock.since, now);
            if reached > clock.reached {
                clock.reached = reached;
                turned.advanced.push(clock.clone());
            }
            if clock != before {
                turned.changed.push(clock.clone());
            }
            turned.running.push(clock);
        }
        turned.started = wanted
            .into_iter()
            .map(|((alert, facility), child)| Clock {
                alert,
                facility,
                child,
                reached: None,
                since: now,
                stopped: None,
                restarted: None,
            })
            .collect();
        turned
    }

    fn told(&self, standing: &[AlertRow], attended: &Attended) -> PassedOn {
        let mut passed_on = PassedOn::default();
        for clock in &self.ended {
            // What ended, or is hidden, is told as that.
            let standing = standing.iter().find(|a| a.id == clock.alert);
            let reason = match standing {
                Some(a)
                    if a.state.is_followed_up()
                        || attended.by.contains(&(clock.alert, clock.facility)) =>
                {
                    RetractionReason::TakenUp
                }
                Some(a) if a.facts.level != Level::Urgent => RetractionReason::Resolved,
                _ => continue,
            };
            let of = passed_on.taken_back.entry(clock.alert);
            let (_, facilities) = of.or_insert((reason, BTreeSet::new()));
            facilities.insert(clock.facility);
        }
        // Whoever had it first loses it by its own keys, and is not told of another's note.
        let clocks = [&self.ended, &self.changed, &self.running]
            .into_iter()
            .flatten();
        let clocks = clocks.map(|c| (c.alert, c.facility));
        for (alert, facility) in clocks.chain(attended.by.iter().copied()) {
            if let Some((_, first)) = passed_on.taken_back.get_mut(&alert) {
                first.insert(facility);
            }
        }
        let last = Some(EscalationStep::ToCommission);
        for clock in self.running.iter().filter(|c| c.reached == last) {
            passed_on.neglecting.entry(clock.facility).or_default();
        }
        for clock in self.advanced.iter().filter(|c| c.reached == last) {
            *passed_on.neglecting.entry(clock.facility).or_default() += 1;
        }
        passed_on
    }
}

/// Adds what instructors' institutions and MCH centres should hold of alerts that came to them.
async fn reach_further(
    tx: &mut Tx,
    setting: &Setting,
    running: &[Clock],
    standing: &BTreeMap<Id<Alert>, (&AlertRow, i64)>,
    should: &mut Should,
) -> Result<(), Error> {
    let came_to = |step| move |c: &&Clock| c.reached >= Some(step);
    let escalated: Vec<&Clock> = running
        .iter()
        .filter(came_to(EscalationStep::ToInstructor))
        .collect();
    if escalated.is_empty() {
        return Ok(());
    }
    let mut hold = |recipient: Id<Organization>, clock: &Clock, scope: &Scope| {
        if let Some((row, revision)) = standing.get(&clock.alert)
            && scope.reaches(&row.facts)
        {
            let of = should.entry((clock.child, recipient)).or_default();
            of.insert(clock.alert, *revision);
        }
    };
    for ward in wards(tx, setting, &escalated).await? {
        for (institution, scope) in ward.institutions(setting) {
            let of = |c: &&&Clock| (c.child, c.facility) == ward.place();
            for clock in escalated.iter().filter(of) {
                hold(institution, clock, &scope);
            }
        }
    }
    let at_mch: Vec<&Clock> = escalated
        .into_iter()
        .filter(came_to(EscalationStep::ToMchCentre))
        .collect();
    if at_mch.is_empty() {
        return Ok(());
    }
    let kind = OrganizationKind::MchCentre;
    for centre in organizations::active_of_kind(tx, setting.region, kind).await? {
        for clock in &at_mch {
            hold(centre, clock, &Scope::AbnormalFindings);
        }
    }
    Ok(())
}

/// A child at a facility, with everybody who is assigned there.
struct Ward {
    facility: FacilityFacts,
    child: ChildFacts,
}

impl Ward {
    fn place(&self) -> (Id<Child>, Id<Organization>) {
        (self.child.child, self.facility.facility)
    }

    /// The institutions whose instructors' keys reach the child, and how far.
    fn institutions(&self, setting: &Setting) -> Vec<(Id<Organization>, Scope)> {
        let parties: BTreeSet<Id<Organization>> = self
            .facility
            .agreements
            .iter()
            .map(|a| a.institution)
            .collect();
        let reach = |institution: Id<Organization>| {
            let asker = AskerFacts {
                organization: institution,
                // An institution that may not act is told by `parties_active`, as its facility is.
                kind: OrganizationKind::Hospital,
                standing: Some(Standing::Active),
                actor: None,
            };
            let facts = Facts {
                zone: setting.zone,
                asker: &asker,
                facility: Some(&self.facility),
                child: Some(&self.child),
            };
            Some((
                institution,
                access::reach_of_instructors(&facts, setting.now)?,
            ))
        };
        parties.into_iter().filter_map(reach).collect()
    }
}

async fn wards(tx: &mut Tx, setting: &Setting, clocks: &[&Clock]) -> Result<Vec<Ward>, Error> {
    let Setting {
        region, zone, now, ..
    } = *setting;
    let children: BTreeSet<Id<Child>> = clocks.iter().map(|c| c.child).collect();
    let children: Vec<_> = children.into_iter().collect();
    let places: BTreeSet<_> = clocks.iter().map(|c| (c.child, c.facility)).collect();
    let facilities: BTreeSet<Id<Organization>> = clocks.iter().map(|c| c.facility).collect();
    let facilities: Vec<_> = facilities.into_iter().collect();
    let mut facilities = facts::facilities(tx, region, &facilities).await?;
    for facility in facilities.values_mut() {
        facts::assignments(tx, region, facility, None).await?;
    }
    let mut consents = facts::consents(tx, region, &children, None).await?;
    let enrolled = facts::enrolled(tx, region, &children, zone.day(now)).await?;
    let wards = enrolled.into_iter().filter_map(|(facility, mut child)| {
        let place = (child.child, facility);
        if !places.contains(&place) {
            return None;
        }
        child.consents = consents.remove(&place).unwrap_or_default();
        let facility = facilities.get(&facility)?;
        Some(Ward {
            facility: facility.clone(),
            child,
        })
    });
    Ok(wards.collect())
}
