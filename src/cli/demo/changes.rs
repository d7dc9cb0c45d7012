//! The later acts: what arrives late, is sent twice, is corrected, is withdrawn; and who looked.

use super::county::{SOURCES, coded};
use super::families::{self, Known, by_code};
use super::stage::failed;
use super::story::{Scene, Story, list, number, push};
use super::watcher::alert;
use crate::cli::error::CliError;
use crate::cli::{watch, words};
use crate::rpc::json::{from_json, to_json};
use crate::rpc::wire::inbox_event::Event;
use crate::rpc::wire::{
    Alert, CheckUp, CheckUpStatus, Consent, Finding, GuardianCodeUse, InboxEvent, Look, Outcome,
    PushRequest, PushResponse, Subject, WithdrawConsentRequest,
};

impl Story<'_> {
    /// A child comes into care months after its allergy was found; another is registered only now.
    pub(super) async fn late_arrivals(&mut self, scene: &mut Scene) -> Result<(), CliError> {
        self.report
            .step("Keys that open later bring what stood open before 入托后送达")?;
        let mark = scene.watcher.mark();
        let early = scene
            .known(self.county.story.found_before_enrolment)?
            .clone();
        self.arrive(scene, &early).await?;
        let allergy = |a: &Alert| a.child == early.child && a.rule.starts_with("ALLERGY");
        let told = "the allergy found at four months, before the enrolment, is delivered";
        let event = scene
            .watcher
            .wait_for(told, mark, |e| alert(e).is_some_and(allergy))
            .await?;
        self.report.held(told)?;

        let mark = scene.watcher.mark();
        let late = self.county.story.registered_late;
        let registered = families::register(scene.parties.mch(), self.county, &[late]).await?;
        scene.known.extend(registered);
        let late = scene.known(late)?.clone();
        self.arrive(scene, &late).await?;
        let seizure = |a: &Alert| a.child == late.child && a.rule.starts_with("FEBRILE_SEIZURE");
        let told = "check-ups that waited for their child are claimed, and raise their alert";
        let claimed = scene
            .watcher
            .wait_for(told, mark, |e| alert(e).is_some_and(seizure))
            .await?;
        self.report.held(told)?;
        self.report
            .lines("the open stream", [event, claimed].iter().map(watch::line))
    }

    /// Enrolment and consent of one child at the public facility.
    async fn arrive(&self, scene: &Scene, known: &Known) -> Result<(), CliError> {
        let facility = scene.parties.facility();
        families::enrol(facility, self.county, &[known], self.today).await?;
        let mch = scene.parties.mch();
        families::consent(facility, mch, &[known], self.today)
            .await
            .map(drop)
    }

    /// A hospital is not sure whether its file went through, and sends it all again.
    pub(super) async fn retry(&mut self, scene: &Scene) -> Result<(), CliError> {
        self.report
            .step("A hospital sends its whole file again 重复推送")?;
        let before = list(scene.parties.facility()).await?.alerts;
        scene.watcher.settle(super::story::QUIET).await;
        let mark = scene.watcher.mark();
        let hospital = &scene.parties.institutions[0];
        let summary = push(hospital, &self.files.exports[0].to_string_lossy()).await?;
        let rows = self.county.exports[0].len() as u64;
        let told = format!("{rows} rows get the answers they had before");
        self.report
            .check(number(&summary, "replayed") == rows, &told)?;
        scene.watcher.settle(super::story::QUIET).await;
        let quiet = scene.watcher.mark() == mark;
        self.report
            .check(quiet, "nothing new comes over the open stream")?;
        let after = list(scene.parties.facility()).await?.alerts;
        self.report
            .check(before == after, "the facility's list is the same")
    }

    /// A low haemoglobin was a typing error.
    pub(super) async fn correction(&mut self, scene: &Scene) -> Result<(), CliError> {
        let correction = &self.county.story.corrected;
        let source = &scene.parties.institutions[correction.source];
        self.report
            .step("A correction takes an alert back 更正与撤回")?;
        let child = scene.child(correction.child)?;
        let mark = scene.watcher.mark();
        let summary = push(source, &self.files.correction.to_string_lossy()).await?;
        let told = format!("{} corrects a haemoglobin of its own", source.display_name);
        self.report
            .check(number(&summary, "accepted") == 1, &told)?;
        let told = "the alert is retracted over the open stream";
        let event = scene
            .watcher
            .wait_for(told, mark, |event| {
                matches!(&event.event, Some(Event::Retraction(retraction))
                    if retraction.child == child && retraction.reason == "CORRECTED")
            })
            .await?;
        self.report.held(told)?;
        self.report
            .lines("the open stream", std::iter::once(watch::line(&event)))?;
        let open = list(scene.parties.facility()).await?.alerts;
        let gone = open
            .iter()
            .all(|a| a.child != child || !a.rule.starts_with("ANAEMIA"));
        self.report
            .check(gone, "the facility's list no longer holds it")
    }

    /// One guardian withdraws: that child goes dark, the others go on.
    pub(super) async fn withdrawal(&mut self, scene: &Scene) -> Result<(), CliError> {
        self.report
            .step("A guardian withdraws: that child goes dark, the others go on 撤回同意")?;
        let facility = scene.parties.facility();
        let gone = scene.known(self.county.story.withdraws)?;
        let stays = scene.known(self.county.story.corrected.child)?;
        let consent = scene
            .consents
            .iter()
            .find(|consent| consent.child == gone.child)
            .ok_or_else(|| failed("withdrawal", "there was no consent"))?;
        let before = list(facility).await?.alerts;
        let had = before
            .iter()
            .filter(|alert| alert.child == gone.child)
            .count();
        let told = format!("before: {had} open alerts of that child");
        self.report.check(had > 0, &told)?;
        let mark = scene.watcher.mark();
        let mch = scene.parties.mch();
        let code = one(families::codes(mch, &[gone], GuardianCodeUse::Decide).await?)?;
        let request = WithdrawConsentRequest {
            name: consent.name.clone(),
            evidence: Some(by_code(code)),
        };
        let _: Consent = mch
            .worker
            .call("ConsentService.WithdrawConsent", &request)
            .await?;
        let told = "the open stream takes that child's alerts back";
        let event = scene
            .watcher
            .wait_for(told, mark, |e| closes(e, &gone.child))
            .await?;
        self.report.held(told)?;

        let mark = scene.watcher.mark();
        for known in [gone, stays] {
            let fails = coded("HEARING", "FAIL");
            self.found_today(scene, known, "OTHER", fails).await?;
        }
        let hearing = |a: &Alert| a.child == stays.child && a.rule.starts_with("HEARING");
        let told = "both fail a hearing check the same day: only the other child's alert arrives";
        let other = scene
            .watcher
            .wait_for(told, mark, |e| alert(e).is_some_and(hearing))
            .await?;
        scene.watcher.settle(super::story::QUIET).await;
        let dark = scene.watcher.events().into_iter().skip(mark);
        let dark = dark
            .filter(|e| alert(e).is_some_and(|a| a.child == gone.child))
            .count()
            == 0;
        self.report.check(dark, told)?;
        self.report
            .lines("the open stream", [event, other].iter().map(watch::line))?;
        let seen = list(facility).await?;
        let hidden = seen.alerts.iter().all(|alert| alert.child != gone.child);
        let said = seen.withheld.iter().any(|child| {
            child.child == gone.child
                && child
                    .missing
                    .iter()
                    .any(|k| k.key == "CONSENT" && k.reason == "WITHDRAWN")
        });
        self.report
            .check(hidden && said, "the list withholds that child and says why")
    }

    /// A check-up today at the MCH centre, at which something is found.
    pub(super) async fn found_today(
        &self,
        scene: &Scene,
        known: &Known,
        visit: &str,
        finding: Finding,
    ) -> Result<(), CliError> {
        let child = &self.county.children[known.nth].registration;
        let request = PushRequest {
            parent: super::parties::region(),
            idempotency_key: format!("{}-today-{}", SOURCES[2], known.nth),
            check_up: Some(CheckUp {
                record_id: format!("M-today-{}", known.nth),
                revision: 1,
                status: CheckUpStatus::Final.into(),
                date: self.today.to_string(),
                visit: visit.to_owned(),
                subject: Some(Subject {
                    identifiers: child.identifiers.clone(),
                    birth_date: child.birth_date.clone(),
                    sex: child.sex,
                }),
                findings: vec![finding],
            }),
            row: 1,
        };
        let mch = scene.parties.mch();
        let verdict: PushResponse = mch.worker.call("ExchangeService.PushOne", &request).await?;
        match verdict.outcome() {
            Outcome::Accepted => Ok(()),
            _ => Err(failed("a check-up today", to_json(&verdict)?.to_string())),
        }
    }

    /// The guardian reads who has looked.
    pub(super) async fn looks(&mut self, scene: &Scene) -> Result<(), CliError> {
        self.report
            .step("The guardian reads every look at the own child 查阅记录")?;
        let known = scene.known(self.county.story.withdraws)?;
        let mch = scene.parties.mch();
        let code = one(families::codes(mch, &[known], GuardianCodeUse::Read).await?)?;
        let said = mch
            .worker
            .run(&["looks", "--child", &known.child, "--code", &code])
            .await?;
        let found: Vec<Look> = said
            .iter()
            .map(|line| from_json(&line.to_string()))
            .collect::<Result<_, _>>()?;
        let rows = found.iter().take(10).map(|look| {
            // To the second is what a person wants to know; `yuqiao looks` tells the rest.
            let time = look.time.split('.').next().unwrap_or_default();
            vec![
                look.sequence.to_string(),
                format!("{time}Z"),
                look.organization_display_name.clone(),
                words::purpose(look.purpose()).to_owned(),
                words::categories(look.categories()),
                look.basis_zh.clone(),
            ]
        });
        let header = ["序号", "时间", "机构", "目的", "内容", "依据"];
        self.report.show("the guardian sees", &header, rows)?;
        let facility = &scene.parties.facility().name;
        let theirs = found
            .iter()
            .filter(|look| look.organization == *facility)
            .count();
        let told = format!("{theirs} looks by the facility, each with purpose and lawful basis");
        let founded = found.iter().all(|look| !look.basis_zh.is_empty());
        self.report.check(theirs > 0 && founded, &told)?;
        let falling = found
            .windows(2)
            .all(|pair| pair[0].sequence > pair[1].sequence);
        self.report
            .check(falling, "newest first, in the ledger's own order")
    }
}

/// Whether an event takes something of this child back because a key has closed.
fn closes(event: &InboxEvent, child: &str) -> bool {
    matches!(&event.event, Some(Event::Retraction(retraction))
        if retraction.child == child && retraction.reason == "KEY_CLOSED")
}

pub(super) fn one(codes: Vec<String>) -> Result<String, CliError> {
    codes
        .into_iter()
        .next()
        .ok_or_else(|| failed("a guardian's code", "there is none"))
}
