//! The middle acts: three institutions push, and the facility sees what it may.

use futures_util::future::try_join_all;

use super::story::{QUIET, Scene, Story, list, number, push};
use super::watcher::alert;
use crate::cli::error::CliError;
use crate::cli::output::short;
use crate::cli::{watch, words};
use crate::rpc::wire::{Alert, PushRequest};

impl Story<'_> {
    pub(super) async fn pushes(&mut self, scene: &Scene) -> Result<(), CliError> {
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

    pub(super) async fn what_the_facility_sees(&mut self, scene: &Scene) -> Result<(), CliError> {
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
        let header = ["级别", "儿童", "类别", "提示", "复查"];
        let rows = seen.alerts.iter().take(8).map(|alert| {
            vec![
                words::level(alert.level()).to_owned(),
                short(&alert.child).to_owned(),
                words::category(alert.category()).to_owned(),
                alert.care_card.clone(),
                alert.due_date.clone(),
            ]
        });
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
        let of = |row: &&PushRequest| {
            let subject = row
                .check_up
                .as_ref()
                .and_then(|check_up| check_up.subject.as_ref());
            subject.is_some_and(|subject| subject.identifiers.contains(number))
        };
        self.county.exports.iter().flatten().filter(of).count()
    }
}
