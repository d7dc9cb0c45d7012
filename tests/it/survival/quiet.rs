//! What must hold once everything has come to rest.

use std::collections::{BTreeMap, BTreeSet};

use yuqiao::{
    access::{
        self,
        facts::{AskerFacts, Facts},
    },
    clock::Clock,
    domain::{
        alert::{Alert, Level},
        child::Child,
        escalation::EscalationStep,
        id::Id,
        organization::{Organization, OrganizationKind, Standing},
    },
    service::{
        assessment::{self, Occasion},
        change::LockedChild,
        disclosure::Looks,
        tide,
    },
    store::{
        alerts::{self, AlertRow},
        children, escalations, facts,
        inboxes::{self, Held, Pointer},
        regions,
    },
};

use super::audit::audit;
use crate::support::{
    Bench, Raw,
    county::{County, shown},
    region, replay,
};

/// Lets every delivery that is due happen.
pub async fn settle(bench: &Bench) {
    let mut quiet = 0;
    while quiet < 2 {
        quiet = if tide::tick(&bench.gateway).await.unwrap() {
            0
        } else {
            quiet + 1
        };
    }
}

/// What each recipient should hold, from the facts as they stand: by the facts a look reads
/// (`children_at`), not by those a delivery reads. And the clocks: one for each urgent alert that a
/// facility holds and nobody has taken up, with no step left undone.
async fn should_hold(bench: &Bench, county: &County) -> Held {
    let mut raw = Raw::connect(&bench.place).await;
    let acknowledged = "SELECT alert, facility FROM acknowledgements".to_owned();
    let acknowledged = raw.texts(acknowledged).await;
    let mut tx = bench.gateway.store().snapshot().await.unwrap();
    let (settings, _) = regions::find(&mut tx, region()).await.unwrap().unwrap();
    let now = bench.clock.now();
    let today = settings.zone.day(now);
    let children: Vec<Id<Child>> = county.children.iter().map(|w| w.id).collect();
    let clocks = escalations::of_children(&mut tx, region(), &children).await;
    let mut clocks: BTreeMap<_, _> = clocks
        .unwrap()
        .into_iter()
        .filter(|c| c.stopped.is_none())
        .map(|c| ((c.alert, c.facility), c))
        .collect();
    let mut should = Held::new();
    for party in &county.facilities {
        let facilities = facts::facilities(&mut tx, region(), &[party.id]).await;
        let mut facility = facilities.unwrap().remove(&party.id).unwrap();
        facts::assignments(&mut tx, region(), &mut facility, None)
            .await
            .unwrap();
        let wards = facts::children_at(&mut tx, region(), &[party.id], today).await;
        for mut child in wards.unwrap().remove(&party.id).unwrap_or_default() {
            let of = [child.child];
            let consents = facts::consents(&mut tx, region(), &of, Some(party.id)).await;
            child.consents = consents
                .unwrap()
                .remove(&(child.child, party.id))
                .unwrap_or_default();
            let standing = alerts::standing(&mut tx, region(), &of).await.unwrap();
            let asker = |organization| AskerFacts {
                organization,
                kind: OrganizationKind::PublicFacility,
                standing: Some(Standing::Active),
                actor: None,
            };
            let reach = |organization, instructors: bool| {
                let asker = asker(organization);
                let facts = Facts {
                    zone: settings.zone,
                    asker: &asker,
                    facility: Some(&facility),
                    child: Some(&child),
                };
                if instructors {
                    access::reach_of_instructors(&facts, now)
                } else {
                    access::reach(&facts, now)
                }
            };
            let Some(scope) = reach(party.id, false) else {
                continue;
            };
            let mut hold = |recipient, alert: &AlertRow| {
                let of = should.entry((child.child, recipient)).or_default();
                of.insert(alert.id, alert.revision);
            };
            for alert in standing.iter().filter(|a| scope.reaches(&a.facts)) {
                hold(party.id, alert);
                let noted = vec![alert.id.to_string(), party.id.to_string()];
                let in_hand = alert.state.is_followed_up() || acknowledged.contains(&noted);
                if alert.facts.level != Level::Urgent || in_hand {
                    continue;
                }
                let clock = clocks.remove(&(alert.id, party.id)).expect("a clock");
                let reached = settings.escalation.reached(clock.since, now);
                assert_eq!(clock.reached, reached, "what is due is done");
                if reached >= Some(EscalationStep::ToMchCentre) && alert.facts.for_mch {
                    hold(county.mch.id, alert);
                }
                for institution in [county.hospital.id, county.mch.id] {
                    let scope = reach(institution, true);
                    let reaches = scope.is_some_and(|s| s.reaches(&alert.facts));
                    if reached.is_some() && reaches {
                        hold(institution, alert);
                    }
                }
            }
        }
    }
    assert!(
        clocks.is_empty(),
        "clocks that nothing runs for: {clocks:?}"
    );
    tx.rollback().await.unwrap();
    should
}

/// What a recipient who replays its whole inbox ends up with; its numbers must have no gap.
async fn replayed(bench: &Bench, county: &County) -> Held {
    let mut tx = bench.gateway.store().snapshot().await.unwrap();
    let mut held = Held::new();
    let institutions = [&county.hospital, &county.mch];
    for party in county.facilities.iter().chain(institutions) {
        let entries = inboxes::after(&mut tx, region(), party.id, 0, 1_000_000)
            .await
            .unwrap();
        let numbers: Vec<i64> = entries.iter().map(|e| e.number).collect();
        let (oldest, last) = inboxes::extent(&mut tx, region(), party.id).await.unwrap();
        assert_eq!((oldest, last), (1, numbers.len() as i64));
        assert_eq!(numbers, (1..=last).collect::<Vec<_>>(), "contiguous from 1");
        for entry in entries {
            let of = held.entry((entry.child, party.id)).or_default();
            match entry.pointer {
                Pointer::Delivered { alert, revision } => {
                    of.insert(alert, revision);
                }
                Pointer::Retracted {
                    alert: Some(alert), ..
                } => {
                    of.remove(&alert);
                }
                Pointer::Retracted { alert: None, .. } => of.clear(),
            }
        }
    }
    tx.rollback().await.unwrap();
    held.retain(|_, of| !of.is_empty());
    held
}

async fn held(bench: &Bench, county: &County) -> Held {
    let children: Vec<Id<Child>> = county.children.iter().map(|w| w.id).collect();
    let mut tx = bench.gateway.store().snapshot().await.unwrap();
    let held = inboxes::held(&mut tx, region(), &children).await.unwrap();
    tx.rollback().await.unwrap();
    held
}

/// What is held, which is no more and no less than the keys reach.
pub async fn in_line(bench: &Bench, county: &County) -> Held {
    let held = held(bench, county).await;
    let should = should_hold(bench, county).await;
    assert_eq!(held, should, "no more and no less than the keys reach");
    held
}

/// Of each record only the last revision counts, and no standing alert rests on another.
async fn revisions(bench: &Bench) {
    let mut raw = Raw::connect(&bench.place).await;
    let both = raw.texts(
        "SELECT a.id, b.id FROM check_ups a JOIN check_ups b ON b.region = a.region
         AND b.source = a.source AND b.record_id = a.record_id AND b.revision > a.revision
         WHERE a.superseded = 0"
            .to_owned(),
    );
    let both = both.await;
    assert!(both.is_empty(), "replaced, and still counted: {both:?}");
    let stale = raw.texts(
        "SELECT l.id, c.id FROM alerts l
         JOIN alert_evidence e ON e.region = l.region AND e.alert = l.id
         JOIN check_ups c ON c.region = e.region AND c.id = e.check_up
         WHERE c.superseded = 1 AND l.state IN ('OPEN', 'ACKNOWLEDGED')"
            .to_owned(),
    );
    let stale = stale.await;
    assert!(
        stale.is_empty(),
        "alerts that rest on what was replaced: {stale:?}"
    );
}

/// Assessed once more, no child's alerts change.
async fn assessed(bench: &Bench, county: &County) {
    let ids: Vec<Id<Child>> = county.children.iter().map(|w| w.id).collect();
    let mut tx = bench.gateway.store().begin().await.unwrap();
    let (settings, _) = regions::find(&mut tx, region()).await.unwrap().unwrap();
    let rows = children::find(&mut tx, region(), &ids).await.unwrap();
    let keyring = bench.gateway.keyring();
    let locked = rows.into_iter().map(|row| {
        let key = keyring.child(region(), row.id, row.wrapped_key.as_deref());
        let key = key.unwrap().unwrap();
        LockedChild { row, key }
    });
    let locked: Vec<LockedChild> = locked.collect();
    let occasion = Occasion {
        region: region(),
        settings: &settings,
        now: bench.clock.now(),
    };
    let touched: Vec<&LockedChild> = locked.iter().collect();
    let mut chance = bench.gateway.own_chance();
    let changed =
        assessment::reassess(&mut tx, &bench.gateway, &occasion, &touched, &mut chance).await;
    let changed = changed.unwrap();
    assert!(changed.is_empty(), "not assessed to the end: {changed:?}");
    tx.rollback().await.unwrap();
}

/// Inboxes, replays, lists and the ledger agree. Gives how many alerts are held and how many looks
/// the ledger tells of, so that a caller can see that something was at stake.
pub async fn check(bench: &Bench, county: &County) -> (usize, u64) {
    revisions(bench).await;
    assessed(bench, county).await;
    let held = in_line(bench, county).await;
    assert_eq!(
        held,
        replayed(bench, county).await,
        "a replay gives what is held"
    );
    let looks = Looks::start(bench.gateway.clone());
    let children: Vec<Id<Child>> = county.children.iter().map(|w| w.id).collect();
    for (which, party) in county.facilities.iter().enumerate() {
        // Events are decided when they are read: what they say in their order comes to the same.
        for limit in [3, 64] {
            let known = replay::replay(&looks, &party.claim, limit).await;
            let kept = replay::held(bench, &children, party.id).await;
            assert_eq!(known, kept, "shown in pages of {limit}");
        }
        let (alerts, _) = shown(&looks, county.morning(which, None)).await.unwrap();
        let listed: BTreeSet<Id<Alert>> = alerts.iter().map(|d| d.row.id).collect();
        let of = |((_, recipient), of): (&(Id<Child>, Id<Organization>), &BTreeMap<_, _>)| {
            let of: Vec<Id<Alert>> = of.keys().copied().collect();
            if *recipient == party.id {
                of
            } else {
                Vec::new()
            }
        };
        let kept: BTreeSet<Id<Alert>> = held.iter().flat_map(of).collect();
        assert_eq!(listed, kept, "a list shows what the inbox holds");
    }
    let (summary, violations) = audit(bench).await;
    assert!(violations.is_empty(), "{violations:?}");
    assert_eq!(summary.unopened, 0);
    (held.values().map(BTreeMap::len).sum(), summary.looks)
}
