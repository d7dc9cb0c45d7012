//! Other rules count: every child is brought in line in the background, which may stop at any instant
//! and go on elsewhere; until its turn comes a child's alerts stand as they were raised.

use std::collections::BTreeMap;

use chrono::{Days, TimeDelta};
use yuqiao::{
    clinical::rules::RuleFile,
    clock::Clock,
    domain::{
        alert::Category,
        checkup::{CheckUp, CheckUpParts, CheckUpStatus, VisitKind},
        child::Child,
        growth_standard::GrowthStandard,
        id::Id,
        region::Zone,
    },
    service::{
        Reason,
        push::{Pushes, Row, RowParts},
        reassessment, regions as settings,
        rule_sets::{self, Standing},
        tide,
    },
    store::{alerts, inboxes},
};

use crate::support::{
    Bench, Raw,
    county::{County, Ward, haemoglobin},
    on_every_engine, region,
    rules::{edited, shipped, stricter},
};

/// More than one step assesses.
const CHILDREN: u32 = 70;
const A_STEP: u64 = 64;

async fn push(bench: &Bench, county: &County, ward: &Ward, record: &str) {
    let row = county.check_up(
        &bench.gateway,
        &county.hospital,
        &ward.number,
        record,
        (record, 1, CheckUpStatus::Final),
        vec![haemoglobin(104)],
    );
    let pushes = Pushes::start(bench.gateway.clone());
    pushes.submit(row).await.unwrap();
}

/// A county of children with mild anaemia by the shipped rules, all assessed; the first is in care.
async fn anaemic(bench: &Bench) -> County {
    let county = County::lay_out(bench, CHILDREN).await;
    let first = &county.children[0];
    let today = Zone::china().day(bench.clock.now());
    county
        .enrol(&bench.gateway, 0, first.id, today)
        .await
        .unwrap();
    let days = (today, today + Days::new(300));
    let categories = [Category::Nutrition];
    county
        .consent(&bench.gateway, 0, first, &categories, days)
        .await
        .unwrap();
    for (ward, n) in county.children.iter().zip(0..) {
        push(bench, &county, ward, &format!("r{n}")).await;
    }
    settle(bench).await;
    county
}

async fn settle(bench: &Bench) {
    for _ in 0..20 {
        tide::tick(&bench.gateway).await.unwrap();
    }
}

async fn activate(bench: &Bench, county: &County) -> Standing {
    let claim = &county.commission.claim;
    let files = stricter();
    let added = rule_sets::add(&bench.gateway, region(), claim, "更严".to_owned(), files).await;
    let id = added.unwrap().row.id;
    rule_sets::activate(&bench.gateway, region(), claim, id, None)
        .await
        .unwrap()
}

/// Break it: in `service/rule_sets.rs`, compare `seen` before it is known whether the set counts already;
/// or in `add`, read the files before `admit`.
#[tokio::test]
async fn an_activation_is_retried_and_files_are_read_for_the_office_alone() {
    on_every_engine(async |bench| {
        let county = County::lay_out(&bench, 0).await;
        let (gateway, office) = (&bench.gateway, &county.commission.claim);
        let nonsense = vec![RuleFile {
            name: "anaemia.toml".to_owned(),
            text: "[[".to_owned(),
        }];
        for (by, expected) in [
            (&county.facilities[0].claim, Reason::NotForThisOrganization),
            (office, Reason::FieldMalformed),
        ] {
            let label = "测试".to_owned();
            let added = rule_sets::add(gateway, region(), by, label, nonsense.clone()).await;
            assert_eq!(added.err().map(|e| e.reason()), Some(expected));
        }
        let label = "更严".to_owned();
        let added = rule_sets::add(gateway, region(), office, label, stricter()).await;
        let id = added.unwrap().row.id;
        let seen = Some(standing(&bench, &county).await.revision);
        let first = rule_sets::activate(gateway, region(), office, id, seen).await;
        let again = rule_sets::activate(gateway, region(), office, id, seen).await;
        let (first, again) = (first.unwrap(), again.unwrap());
        assert_eq!(first.revision, again.revision, "the answer was lost");
        let back = first.activation.and_then(|a| a.previous).unwrap();
        let stale = rule_sets::activate(gateway, region(), office, back, seen).await;
        let refused = stale.err().map(|e| e.reason());
        assert_eq!(refused, Some(Reason::EtagMismatch));
    })
    .await;
}

async fn standing(bench: &Bench, county: &County) -> Standing {
    let claim = &county.commission.claim;
    rule_sets::activation(&bench.gateway, region(), claim)
        .await
        .unwrap()
}

/// By which rule each child's anaemia stands.
async fn anaemia(bench: &Bench, county: &County) -> BTreeMap<Id<Child>, (String, u32)> {
    let ids: Vec<Id<Child>> = county.children.iter().map(|w| w.id).collect();
    let mut tx = bench.gateway.store().snapshot().await.unwrap();
    let standing = alerts::standing(&mut tx, region(), &ids).await.unwrap();
    let anaemia = standing.into_iter().filter(|a| a.family == "ANAEMIA");
    anaemia
        .map(|a| (a.child, (a.rule, a.rule_version)))
        .collect()
}

async fn told(bench: &Bench, county: &County) -> usize {
    let mut tx = bench.gateway.store().snapshot().await.unwrap();
    let facility = county.facilities[0].id;
    inboxes::after(&mut tx, region(), facility, 0, 100)
        .await
        .unwrap()
        .len()
}

/// Break it: in `store/assessments.rs`, let `lock_waiting` take children in any state; in
/// `service/assessment.rs`, leave out `assessments::note`.
#[tokio::test]
async fn the_background_work_stops_anywhere_and_goes_on_elsewhere() {
    on_every_engine(async |bench| {
        let county = anaemic(&bench).await;
        let before = anaemia(&bench, &county).await;
        assert_eq!(before.len(), CHILDREN as usize);
        assert!(before.values().all(|(rule, _)| rule == "ANAEMIA_MILD"));
        assert_eq!(told(&bench, &county).await, 1);

        let begun = activate(&bench, &county).await;
        assert_eq!((begun.children, begun.assessed), (CHILDREN.into(), 0));
        reassessment::step(&bench.gateway, region()).await.unwrap();
        assert_eq!(standing(&bench, &county).await.assessed, A_STEP);
        // Whose turn has not come stands as before, and says so.
        let half = anaemia(&bench, &county).await;
        let old = half.iter().filter(|(child, by)| before[child] == **by);
        assert_eq!(old.count() as u64, u64::from(CHILDREN) - A_STEP);

        // A push in between is assessed by what counts, whoever's turn it is.
        let late = county
            .children
            .iter()
            .find(|w| half[&w.id] == before[&w.id])
            .unwrap();
        push(&bench, &county, late, "between").await;
        let now = anaemia(&bench, &county).await;
        assert_eq!(now[&late.id], ("ANAEMIA_MODERATE".to_owned(), 9));

        // The gateway is gone; another takes it up.
        let other = bench.second().await;
        settle(&other).await;
        let done = standing(&other, &county).await;
        assert_eq!(
            (done.children, done.assessed),
            (CHILDREN.into(), CHILDREN.into())
        );
        let after = anaemia(&other, &county).await;
        assert!(
            after
                .values()
                .all(|(rule, version)| rule == "ANAEMIA_MODERATE" && *version == 9)
        );
        assert_eq!(told(&other, &county).await, 2, "each change once");
        settle(&bench).await;
        assert_eq!(told(&bench, &county).await, 2);
        other.gateway.store().close().await;
    })
    .await;
}

/// Break it: on PostgreSQL, let `lock_waiting` wait for locks that others hold, or not lock at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn gateways_share_the_work() {
    on_every_engine(async |bench| {
        let county = anaemic(&bench).await;
        activate(&bench, &county).await;
        let other = bench.second().await;
        for _ in 0..4 {
            let (one, two) = tokio::join!(
                reassessment::step(&bench.gateway, region()),
                reassessment::step(&other.gateway, region()),
            );
            one.unwrap();
            two.unwrap();
        }
        let done = standing(&bench, &county).await;
        assert_eq!(done.assessed, done.children);
        assert_eq!(told(&bench, &county).await, 2, "each change once");
        other.gateway.store().close().await;
    })
    .await;
}

/// Its check-ups, or its own row.
///
/// Break it: in `service/reassessment.rs`, let `step` give up at the first error; or in
/// `store/assessments.rs`, let `lock_waiting` name a child after its row was read.
#[tokio::test]
async fn a_child_whose_records_can_not_be_read_holds_up_nobody() {
    on_every_engine(async |bench| {
        let county = anaemic(&bench).await;
        let mut order: Vec<Id<Child>> = county.children.iter().map(|w| w.id).collect();
        order.sort_unstable_by_key(ToString::to_string);
        let (spoilt, nonsense) = (order[3], order[5]);
        let mut raw = Raw::connect(&bench.place).await;
        let bytes = if bench.engine() == "sqlite" {
            "x'00'"
        } else {
            "'\\x00'::bytea"
        };
        raw.execute(format!(
            "UPDATE check_ups SET sealed = {bytes} WHERE child = '{spoilt}'"
        ))
        .await;
        raw.execute(format!(
            "UPDATE children SET gestation_days = -1 WHERE id = '{nonsense}'"
        ))
        .await;
        activate(&bench, &county).await;
        settle(&bench).await;
        let idle = !tide::tick(&bench.gateway).await.unwrap();
        assert!(idle, "nothing is tried again and again");
        let mut after = anaemia(&bench, &county).await;
        for child in [spoilt, nonsense] {
            let kept = after.remove(&child).unwrap();
            assert_eq!(kept.0, "ANAEMIA_MILD", "it keeps its alerts");
        }
        assert_eq!(after.len(), CHILDREN as usize - 2);
        assert!(after.values().all(|(rule, _)| rule == "ANAEMIA_MODERATE"));
        // Tried again the next day, and again no obstacle.
        bench.clock.advance(TimeDelta::hours(30));
        settle(&bench).await;
        let next_day = raw
            .texts(format!(
                "SELECT next_day FROM children WHERE id IN ('{spoilt}', '{nonsense}')"
            ))
            .await;
        assert_eq!(next_day, [["2026-09-03"], ["2026-09-03"]]);
    })
    .await;
}

/// Break it: in `domain/region.rs`, leave the growth standard out of `Settings::basis`.
#[tokio::test]
async fn a_change_of_the_settings_that_rules_read_reaches_every_child() {
    on_every_engine(async |bench| {
        let county = County::lay_out(&bench, 3).await;
        settle(&bench).await;
        let claim = &county.commission.claim;
        let before = standing(&bench, &county).await;
        assert_eq!((before.children, before.assessed), (3, 3));
        let edit = settings::Edit {
            growth_standard: Some(GrowthStandard::Who),
            ..Default::default()
        };
        settings::update(&bench.gateway, region(), claim, edit)
            .await
            .unwrap();
        assert_eq!(standing(&bench, &county).await.assessed, 0);
        settle(&bench).await;
        assert_eq!(standing(&bench, &county).await.assessed, 3);
        let edit = settings::Edit {
            mongolian_medicine: Some(true),
            ..Default::default()
        };
        settings::update(&bench.gateway, region(), claim, edit)
            .await
            .unwrap();
        assert_eq!(standing(&bench, &county).await.assessed, 0);
        settle(&bench).await;
        assert_eq!(standing(&bench, &county).await.assessed, 3);
        // What no rule reads there moves nobody: the region does not correct for altitude.
        let edit = settings::Edit {
            altitude_m: Some(900),
            ..Default::default()
        };
        settings::update(&bench.gateway, region(), claim, edit)
            .await
            .unwrap();
        assert_eq!(standing(&bench, &county).await.assessed, 3);
    })
    .await;
}

/// Break it: in `service/assessment.rs`, let `offered` give no track, or every one.
#[tokio::test]
async fn mongolian_medicine_guidance_is_asked_for_where_the_region_offers_it() {
    on_every_engine(async |bench| {
        let county = County::lay_out(&bench, 1).await;
        let ward = &county.children[0];
        // Guidance is late only for a child that had some: at six months.
        let from = &county.hospital;
        let parts = CheckUpParts {
            source: from.id.to_string(),
            record_id: "m06".to_owned(),
            revision: 1,
            status: CheckUpStatus::Final,
            date: "2024-09-10".parse().unwrap(),
            visit: VisitKind::Mongolian,
            findings: vec![],
        };
        let row = Row::new(
            &bench.gateway,
            RowParts {
                claim: from.claim.clone(),
                region: region(),
                key: "m06".to_owned(),
                identifiers: vec![ward.number.clone()],
                birth_date: None,
                sex: None,
                check_up: CheckUp::new(parts, None, None).unwrap(),
            },
        );
        let pushes = Pushes::start(bench.gateway.clone());
        pushes.submit(row).await.unwrap();
        // Known since today: what was open has a month to catch up.
        bench.clock.advance(TimeDelta::days(40));
        settle(&bench).await;
        let asked = async || {
            let mut tx = bench.gateway.store().snapshot().await.unwrap();
            let standing = alerts::standing(&mut tx, region(), &[ward.id])
                .await
                .unwrap();
            standing.iter().filter(|a| a.family == "MONGOLIAN").count()
        };
        let offer = async |offered| {
            let edit = settings::Edit {
                mongolian_medicine: Some(offered),
                ..Default::default()
            };
            let claim = &county.commission.claim;
            let settings = settings::update(&bench.gateway, region(), claim, edit).await;
            assert_eq!(settings.unwrap().mongolian_medicine, offered);
            settle(&bench).await;
        };
        assert_eq!(asked().await, 0);
        offer(true).await;
        assert_eq!(asked().await, 1);
        offer(false).await;
        assert_eq!(asked().await, 0);
    })
    .await;
}

/// Break it: in `service/assessment.rs`, note no next day.
#[tokio::test]
async fn time_alone_changes_what_is_due() {
    on_every_engine(async |bench| {
        let county = County::lay_out(&bench, 1).await;
        settle(&bench).await;
        let ids = [county.children[0].id];
        let due = async || {
            let mut tx = bench.gateway.store().snapshot().await.unwrap();
            let standing = alerts::standing(&mut tx, region(), &ids).await.unwrap();
            let due = standing.into_iter().filter(|a| a.family == "CHECK_UP");
            due.map(|a| a.rule).collect::<Vec<_>>()
        };
        let before = due().await;
        // Thirty months old today, three years in half a year: another visit comes and goes.
        bench.clock.advance(TimeDelta::days(230));
        settle(&bench).await;
        let after = due().await;
        assert!(
            after.contains(&"CHECK_UP_OVERDUE_V36".to_owned()),
            "{before:?} {after:?}"
        );
        assert!(
            !before.contains(&"CHECK_UP_OVERDUE_V36".to_owned()),
            "{before:?}"
        );
    })
    .await;
}

/// What one region adds, another can't see or make count. Break it: in `store/rule_sets.rs`, look for a
/// set by its id alone.
#[tokio::test]
async fn a_region_s_rule_set_is_its_own() {
    on_every_engine(async |bench| {
        let here = County::lay_out(&bench, 0).await;
        let elsewhere = "150626".parse().unwrap();
        let there = bench.commission_of(elsewhere).await;
        let files = edited(shipped(), "anaemia.toml", "# 贫血", "# 本地。贫血");
        let added = rule_sets::add(
            &bench.gateway,
            region(),
            &here.commission.claim,
            "本地".into(),
            files,
        );
        let id = added.await.unwrap().row.id;
        let claim = &there.claim;
        let activated = rule_sets::activate(&bench.gateway, elsewhere, claim, id, None).await;
        let refused = activated.err().map(|e| e.reason());
        assert_eq!(refused, Some(Reason::NotFound));
        let got = rule_sets::get(&bench.gateway, elsewhere, claim, id).await;
        assert_eq!(got.err().map(|e| e.reason()), Some(Reason::NotFound));
        let listed = rule_sets::list(&bench.gateway, elsewhere, claim, None, 10)
            .await
            .unwrap();
        assert_eq!(listed.len(), 1, "what shipped");
    })
    .await;
}
