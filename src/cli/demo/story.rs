//! The journey, act by act, each with its checks and what the parties saw: up to the alerts in the
//! facility's open stream. What changes afterwards is in `changes`.

use std::time::Duration;

use chrono::NaiveDate;
use futures_util::future::try_join_all;
use serde_json::Value;

use super::agreements;
use super::county::{County, Facility, Files};
use super::families::{self, Known};
use super::parties::{Member, Parties};
use super::report::Report;
use super::stage::{Stage, failed};
use super::watcher::{Watcher, alert};
use crate::cli::error::CliError;
use crate::cli::output::{Output, id, short};
use crate::cli::{agreement, alerts, watch};
use crate::rpc::wire::{
    Alert, Consent, ExplainRequest, ExplainResponse, ListAlertsRequest, ListAlertsResponse,
};

/// A stream that has been silent for this long has said what it had to say.
pub(super) const QUIET: Duration = Duration::from_millis(700);

/// The journey with everything it needs.
pub struct Story<'a> {
    pub(super) county: &'a County,
    pub(super) files: &'a Files,
    pub(super) stage: &'a Stage,
    pub(super) report: Report,
    pub(super) today: NaiveDate,
}

/// What the first acts leave for the later ones.
pub(super) struct Scene {
    pub(super) parties: Parties,
    /// In the order of the county's children; the child that is registered late is added last.
    pub(super) known: Vec<Known>,
    pub(super) consents: Vec<Consent>,
    pub(super) watcher: Watcher,
}

impl<'a> Story<'a> {
    /// Ready to begin.
    #[must_use]
    pub fn new(stage: &'a Stage, county: &'a County, files: &'a Files, out: Output) -> Self {
        Self {
            county,
            files,
            stage,
            report: Report::new(out),
            today: county.today,
        }
    }

    /// Plays it all; gives the number of checks that held.
    ///
    /// # Errors
    /// The first that does not.
    pub async fn play(mut self, code: &str) -> Result<usize, CliError> {
        let parties = self.enrolment(code).await?;
        let known = self.children(&parties).await?;
        self.nothing_yet(&parties, &known).await?;
        self.agreements(&parties).await?;
        let consents = self.consents(&parties, &known).await?;
        let watcher = Watcher::open(&parties.facility().worker)?;
        let mut scene = Scene {
            parties,
            known,
            consents,
            watcher,
        };
        self.pushes(&scene).await?;
        self.what_the_facility_sees(&scene).await?;
        self.late_arrivals(&mut scene).await?;
        self.retry(&scene).await?;
        self.correction(&scene).await?;
        self.withdrawal(&scene).await?;
        self.looks(&scene).await?;
        Ok(self.report.checks())
    }

    async fn enrolment(&mut self, code: &str) -> Result<Parties, CliError> {
        self.report
            .step("Seven organizations enrol, each with keys of its own 机构注册")?;
        let parties = Parties::enrol(self.stage, self.county, code).await?;
        let all = [&parties.commission]
            .into_iter()
            .chain(&parties.institutions)
            .chain(&parties.facilities);
        let row = |member: &Member| vec![id(&member.name).to_owned(), member.display_name.clone()];
        self.report
            .show("the commission's register", &["id", "机构"], all.map(row))?;
        let again = parties.commission.responsible.run(&["org", "list"]).await?;
        let enrolled = again.iter().filter(|line| line["enrolled"] == true).count();
        self.report
            .check(enrolled == 7, "all seven hold a certificate")?;
        Ok(parties)
    }

    async fn children(&mut self, parties: &Parties) -> Result<Vec<Known>, CliError> {
        self.report
            .step("The MCH centre registers children and guardians 儿童建档")?;
        let late = self.county.story.registered_late;
        let early: Vec<_> = (0..self.county.children.len())
            .filter(|nth| *nth != late)
            .collect();
        let known = families::register(parties.mch(), self.county, &early).await?;
        let told = format!("{} children are known by pseudonymous ids", known.len());
        self.report.check(known.len() == early.len(), &told)?;
        let facilities = [Facility::Public, Facility::Community, Facility::Home];
        for (member, facility) in parties.facilities.iter().zip(facilities) {
            let here = in_care(self.county, &known, facility);
            let count = here.len();
            let enrolled = families::enrol(member, self.county, &here, self.today).await?;
            let told = format!("{} enrols {count} of them", member.display_name);
            self.report.check(enrolled.len() == count, &told)?;
        }
        Ok(known)
    }

    async fn nothing_yet(&mut self, parties: &Parties, known: &[Known]) -> Result<(), CliError> {
        self.report
            .step("The facility looks, and is told which keys are missing 尚无授权")?;
        let facility = parties.facility();
        let seen = list(facility).await?;
        self.report
            .check(seen.alerts.is_empty(), "it sees no alert")?;
        let here = in_care(self.county, known, Facility::Public).len();
        let told = format!("all {here} children are withheld, each with the keys that are missing");
        self.report.check(seen.withheld.len() == here, &told)?;
        let closed = |key: &str| {
            seen.withheld
                .iter()
                .all(|child| child.missing.iter().any(|k| k.key == key))
        };
        self.report
            .check(closed("AGREEMENT"), "no agreement is in force")?;
        self.report
            .check(closed("CONSENT"), "no guardian has consented")?;
        let rows = seen
            .withheld
            .iter()
            .take(3)
            .map(|child| vec![short(&child.child).to_owned(), alerts::missing(child)]);
        let header = ["儿童", "暂不能查阅的原因"];
        self.report
            .show(&format!("{} sees", facility.display_name), &header, rows)
    }

    async fn agreements(&mut self, parties: &Parties) -> Result<(), CliError> {
        self.report
            .step("Agreements: drafted, signed by both on their own machines, filed 签约备案")?;
        let [a, b, mch] = &parties.institutions;
        let [public, community, home] = &parties.facilities;
        let first = agreements::conclude(parties, mch, public, &[a, b], self.today).await?;
        let second = agreements::conclude(parties, b, community, &[], self.today).await?;
        let header = ["id", "医疗机构", "托育机构", "起", "止", "状态", "生效"];
        let rows = [first, second]
            .iter()
            .map(agreement::row)
            .collect::<Vec<_>>();
        self.report
            .show("the commission has filed", &header, rows.into_iter())?;
        let told = format!("two are in force; {} has none", home.display_name);
        let listed = parties
            .commission
            .responsible
            .run(&["agreement", "list"])
            .await?;
        let in_force = |line: &&Value| line["inForce"] == true;
        let named = |line: &Value| line["facility"] == home.name.as_str();
        let two = listed.iter().filter(in_force).count() == 2 && !listed.iter().any(named);
        self.report.check(two, &told)
    }

    async fn consents(
        &mut self,
        parties: &Parties,
        known: &[Known],
    ) -> Result<Vec<Consent>, CliError> {
        self.report
            .step("Guardians consent by one-time codes 监护人知情同意")?;
        let mut consents = Vec::new();
        let facilities = [Facility::Public, Facility::Community, Facility::Home];
        for (member, facility) in parties.facilities.iter().zip(facilities) {
            let here: Vec<_> = in_care(self.county, known, facility)
                .into_iter()
                .filter(|known| known.nth != self.county.story.without_consent)
                .collect();
            let given = families::consent(member, parties.mch(), &here, self.today).await?;
            let told = format!("{} of {} guardians", given.len(), member.display_name);
            self.report.check(given.len() == here.len(), &told)?;
            consents.extend(given);
        }
        let hesitates = known
            .iter()
            .find(|known| known.nth == self.county.story.without_consent)
            .ok_or_else(|| failed("consent", "a child of the story is not known"))?;
        let facility = parties.facility();
        let request = ExplainRequest {
            child: hesitates.child.clone(),
            ..ExplainRequest::default()
        };
        let answer: ExplainResponse = facility
            .worker
            .call("ConsentService.Explain", &request)
            .await?;
        let open = |key: &str| answer.keys.iter().any(|k| k.key == key && k.open);
        self.report.check(
            !answer.permitted && open("AGREEMENT") && !open("CONSENT"),
            "one guardian has not consented: of all keys that one is missing",
        )?;
        let rows = answer.keys.iter().map(|key| {
            let state = if key.open { "已具备" } else { "未具备" };
            vec![key.key.clone(), state.to_owned(), key.message_zh.clone()]
        });
        let whose = format!("what {} is told of that child", facility.display_name);
        self.report.show(&whose, &["条件", "状态", "说明"], rows)?;
        Ok(consents)
    }

    async fn pushes(&mut self, scene: &Scene) -> Result<(), CliError> {
        self.report
            .step("Three institutions push three years of check-ups, at once 推送健康检查")?;
        let files = self.files.exports.iter().zip(&scene.parties.institutions);
        let pushes =
            files.map(|(file, member)| async move { push(member, &file.to_string_lossy()).await });
        let summaries = try_join_all(pushes).await?;
        let mut held = 0;
        for (summary, rows) in summaries.iter().zip(&self.county.exports) {
            held += number(summary, "held");
            let whole = number(summary, "accepted") + number(summary, "held") == rows.len() as u64;
            self.report.check(
                whole && number(summary, "replayed") == 0,
                &format!("{} rows, each with its verdict, none refused", rows.len()),
            )?;
        }
        let header = ["机构", "已接收", "待匹配", "未接收"];
        let rows = summaries
            .iter()
            .zip(&scene.parties.institutions)
            .map(|(summary, member)| {
                let cell = |name: &str| number(summary, name).to_string();
                vec![
                    member.display_name.clone(),
                    cell("accepted"),
                    cell("held"),
                    cell("refused"),
                ]
            });
        self.report
            .show("what each institution was told", &header, rows)?;
        let waiting = self.records_of(self.county.story.registered_late) as u64;
        let told = format!("{waiting} wait for a child nobody has registered yet; none is lost");
        self.report.check(held == waiting, &told)
    }

    async fn what_the_facility_sees(&mut self, scene: &Scene) -> Result<(), CliError> {
        self.report
            .step("Alerts appear in the facility's open stream 健康提示")?;
        let facility = scene.parties.facility();
        let corrected = scene.child(self.county.story.corrected.child)?;
        let anaemia = |alert: &Alert| alert.child == corrected && alert.rule.starts_with("ANAEMIA");
        scene
            .watcher
            .wait_for("an anaemia alert arrives", 0, |e| {
                alert(e).is_some_and(anaemia)
            })
            .await?;
        scene.watcher.settle(QUIET).await;
        let events = scene.watcher.events();
        let numbers = events.iter().map(|event| event.number);
        self.report
            .check(numbers.eq(1..=events.len() as u64), "numbers have no gap")?;
        let told = format!("{} came while the pushes ran", events.len());
        self.report.check(!events.is_empty(), &told)?;
        let hesitates = scene.child(self.county.story.without_consent)?;
        let quiet = events
            .iter()
            .filter_map(alert)
            .all(|alert| alert.child != hesitates);
        self.report.check(
            quiet,
            "nothing of the child whose guardian has not consented",
        )?;
        let bare = events
            .iter()
            .filter_map(alert)
            .all(|alert| alert.inputs.is_empty());
        self.report
            .check(bare, "no measured value: the consent is for alerts only")?;
        let last = events.iter().rev().take(6).rev().map(watch::line);
        self.report.lines(
            &format!("the last lines at {}", facility.display_name),
            last,
        )?;

        let seen = list(facility).await?;
        let header = ["id", "级别", "类别", "儿童", "提示", "复查", "状态"];
        let rows = seen.alerts.iter().take(8).map(alerts::row);
        let whose = format!("the most pressing of {} open alerts", seen.alerts.len());
        self.report.show(&whose, &header, rows)?;
        let levels = seen
            .alerts
            .windows(2)
            .all(|pair| pair[0].level >= pair[1].level);
        self.report
            .check(!seen.alerts.is_empty() && levels, "most pressing first")?;
        let home = list(&scene.parties.facilities[2]).await?;
        self.report.check(
            home.alerts.is_empty(),
            "the home-based facility, with consents but no agreement, sees nothing",
        )
    }

    /// How many check-ups of one child the three sources hold.
    fn records_of(&self, nth: usize) -> usize {
        let number = &self.county.children[nth].registration.identifiers[0];
        let of = |row: &&crate::rpc::wire::PushRequest| {
            let subject = row
                .check_up
                .as_ref()
                .and_then(|check_up| check_up.subject.as_ref());
            subject.is_some_and(|subject| subject.identifiers.contains(number))
        };
        self.county.exports.iter().flatten().filter(of).count()
    }
}

impl Scene {
    /// The id of a child by its place in the county.
    pub(super) fn child(&self, nth: usize) -> Result<&str, CliError> {
        self.known(nth).map(|known| known.child.as_str())
    }

    /// What is known of a child by its place in the county.
    pub(super) fn known(&self, nth: usize) -> Result<&Known, CliError> {
        let found = self.known.iter().find(|known| known.nth == nth);
        found.ok_or_else(|| failed("the story", "a child of it is not known"))
    }
}

/// The known children in care in one facility; the story's late-comer is not among them yet.
fn in_care<'k>(county: &County, known: &'k [Known], facility: Facility) -> Vec<&'k Known> {
    let here: Vec<_> = county.in_care(facility).collect();
    known
        .iter()
        .filter(|known| here.contains(&known.nth))
        .filter(|known| known.nth != county.story.found_before_enrolment)
        .collect()
}

/// What a facility's worker may see now: a look in the ledger.
pub(super) async fn list(facility: &Member) -> Result<ListAlertsResponse, CliError> {
    let request = ListAlertsRequest {
        parent: facility.name.clone(),
        page_size: 500,
        ..ListAlertsRequest::default()
    };
    facility
        .worker
        .call("AlertService.ListAlerts", &request)
        .await
}

/// Pushes a file in a process of its own; gives the summary.
pub(super) async fn push(member: &Member, file: &str) -> Result<Value, CliError> {
    let said = member.worker.run(&["push", file]).await?;
    said.into_iter()
        .next()
        .ok_or_else(|| failed("push", "there is no summary"))
}

/// A count of a push's summary.
pub(super) fn number(summary: &Value, name: &str) -> u64 {
    summary[name].as_u64().unwrap_or(0)
}
