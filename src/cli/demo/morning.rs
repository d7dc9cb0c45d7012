//! A facility's morning: who may be in care today and what is due, each as far as keys reach; and how a
//! child has grown, for those who may see what was measured.

use serde_json::Value;

use super::changes::one;
use super::county::{Facility, coded};
use super::families::{self, Known};
use super::parties::Member;
use super::stage::failed;
use super::story::{Scene, Story};
use crate::cli::error::CliError;
use crate::cli::output::short;
use crate::cli::words;
use crate::rpc::json::from_json;
use crate::rpc::wire::{
    ChildDueItems, ChildFitness, Grade, GuardianCodeUse, PushRequest, WithheldChild,
};

/// What a list said: of some children something, of others why not.
struct Told<T> {
    children: Vec<T>,
    withheld: Vec<WithheldChild>,
    /// As it was printed.
    text: String,
}

impl Story<'_> {
    pub(super) async fn morning(&mut self, scene: &Scene) -> Result<(), CliError> {
        self.report
            .step("The facility's morning: who is fit for care, and what is due 晨间")?;
        let ill = self.bystander(scene)?;
        let hfmd = coded("INFECTIOUS_DISEASE", "HFMD");
        self.found_today(scene, ill, "OUTPATIENT", hfmd).await?;
        let facility = scene.parties.facility();
        self.fitness(scene, facility, ill).await?;
        self.due(scene, facility).await?;
        self.growth(scene, facility, ill).await
    }

    /// A child in the public facility's care that plays no other part.
    fn bystander<'s>(&self, scene: &'s Scene) -> Result<&'s Known, CliError> {
        let story = &self.county.story;
        let parts = [
            story.found_before_enrolment,
            story.withdraws,
            story.without_consent,
            story.registered_late,
            story.corrected.child,
        ];
        let mut others = self.county.in_care(Facility::Public);
        let nth = others.find(|nth| !parts.contains(nth));
        scene.known(nth.ok_or_else(|| failed("the morning", "nobody is in care"))?)
    }

    async fn fitness(
        &mut self,
        scene: &Scene,
        facility: &Member,
        ill: &Known,
    ) -> Result<(), CliError> {
        let told: Told<ChildFitness> = asked(facility, "fitness").await?;
        let rows = told.children.iter().take(3).map(|child| {
            vec![
                short(&child.child).to_owned(),
                words::grade(child.grade()).to_owned(),
                child.headline_zh.clone(),
            ]
        });
        let whose = format!("{}, the least fit first", facility.display_name);
        self.report.show(&whose, &["儿童", "今日", "说明"], rows)?;
        let (first, others) = told
            .children
            .split_first()
            .ok_or_else(|| failed("fitness", "nobody is told of"))?;
        let kept_away = first.child == ill.child && first.grade() == Grade::Unfit;
        let because = first.because.iter().all(|because| {
            let card = because
                .card
                .as_ref()
                .is_some_and(|card| !card.act.is_empty());
            card && because.limit.is_some()
        });
        self.report.check(
            kept_away && because && !first.because.is_empty(),
            "the child with hand, foot and mouth disease stays at home, and a card says what to do",
        )?;
        let fit =
            |child: &ChildFitness| child.grade() == Grade::Fit && child.not_considered.is_empty();
        let told_fit = format!(
            "the other {} are fit, as far as every key reaches",
            others.len()
        );
        self.report.check(others.iter().all(fit), &told_fit)?;
        let children = told.children.iter().map(|child| &*child.child);
        self.nothing_else(scene, children, &told.withheld, &told.text)
    }

    async fn due(&mut self, scene: &Scene, facility: &Member) -> Result<(), CliError> {
        let told: Told<ChildDueItems> = asked(facility, "due").await?;
        let items = told.children.iter().flat_map(|child| {
            let of = child.items.iter();
            of.map(move |item| (child, item))
        });
        let beyond_entry = items.clone().filter(|(_, item)| item.item != "ENTRY");
        let rows = items.clone().take(2).chain(beyond_entry).take(5);
        let rows = rows.map(|(child, item)| {
            vec![
                short(&child.child).to_owned(),
                words::item_status(&item.status).to_owned(),
                item.label_zh.clone(),
                item.due.clone(),
                item.overdue.clone(),
                item.reason_zh.clone(),
            ]
        });
        let header = ["儿童", "状态", "项目", "应做", "逾期", "说明"];
        self.report.show("some of what is due", &header, rows)?;
        let entry = |child: &ChildDueItems| {
            let mut own = child.items.iter();
            own.any(|item| item.item == "ENTRY" && item.facility == facility.name)
        };
        self.report.check(
            !told.children.is_empty() && told.children.iter().all(entry),
            "each child is to have its check before entry: none is on record",
        )?;
        let asks = items.clone().all(|(_, item)| {
            let to_do = matches!(&*item.status, "DUE" | "OVERDUE");
            to_do && item.done.is_empty() && item.earliest.is_empty()
        });
        self.report.check(
            asks,
            "what is to be done, and no day on which something was",
        )?;
        let vaccinations = items.clone().all(|(_, item)| item.track != "IMMUNISATION");
        self.report.check(
            vaccinations,
            "no vaccination: neither agreement nor consents speak of them",
        )?;
        let children = told.children.iter().map(|child| &*child.child);
        self.nothing_else(scene, children, &told.withheld, &told.text)
    }

    /// Only children in this facility's care, without a word of who they are; two are withheld.
    fn nothing_else<'c>(
        &mut self,
        scene: &Scene,
        told: impl Iterator<Item = &'c str>,
        withheld: &[WithheldChild],
        text: &str,
    ) -> Result<(), CliError> {
        let story = &self.county.story;
        let why = [
            (scene.child(story.withdraws)?, "WITHDRAWN"),
            (scene.child(story.without_consent)?, "ABSENT"),
        ];
        let says = |(child, reason): &(&str, &str)| {
            let mut of = withheld.iter().filter(|of| of.child == *child);
            of.any(|of| {
                of.missing
                    .iter()
                    .any(|k| k.key == "CONSENT" && k.reason == *reason)
            })
        };
        let mut told: Vec<&str> = told.collect();
        told.sort_unstable();
        let here = self.county.in_care(Facility::Public);
        let here: Result<Vec<&str>, CliError> = here.map(|nth| scene.child(nth)).collect();
        let mut here = here?;
        here.retain(|child| why.iter().all(|(hidden, _)| hidden != child));
        here.sort_unstable();
        self.report.check(
            told == here && withheld.len() == why.len() && why.iter().all(says),
            "of the two without consent nothing is said but why, of other facilities' children nothing",
        )?;
        let personal = self.county.children.iter().any(|child| {
            let of = &child.registration;
            let mut numbers = of.identifiers.iter().map(|identifier| &identifier.value);
            text.contains(&of.display_name) || numbers.any(|number| text.contains(number))
        });
        self.report
            .check(!personal, "no name and no number of a child is among it")
    }

    /// The curve of one child's weight: for its guardian, for those who measured, for nobody else.
    async fn growth(
        &mut self,
        scene: &Scene,
        facility: &Member,
        of: &Known,
    ) -> Result<(), CliError> {
        let chart = ["growth-chart", "--child", &of.child, "--chart", "weight"];
        let mut measured = 0;
        for (institution, export) in scene.parties.institutions.iter().zip(&self.county.exports) {
            let own = self.weighed(of, export);
            measured += own;
            if own > 0 {
                let drawn = institution.worker.run(&chart).await?;
                let drawn = points(&drawn);
                let told = format!(
                    "{} sees the {own} it weighed itself",
                    institution.display_name
                );
                self.report.check(drawn == own, &told)?;
            }
        }
        let mch = scene.parties.mch();
        let code = one(families::codes(mch, &[of], GuardianCodeUse::Read).await?)?;
        let drawn = mch
            .worker
            .run(&[&chart[..], &["--code", &code]].concat())
            .await?;
        let told = format!("the guardian sees the curve of all {measured} weights 生长曲线");
        let whole = measured > 0 && points(&drawn) == measured;
        self.report.check(whole, &told)?;
        let refused = facility.worker.try_run(&chart).await?;
        self.report.check(
            !refused.status.success() && refused.stdout.is_empty(),
            "the facility gets no curve: it sees alerts and not what was measured",
        )
    }

    /// How often an export says a child's weight.
    fn weighed(&self, of: &Known, export: &[PushRequest]) -> u64 {
        let number = &self.county.children[of.nth].registration.identifiers[0];
        let check_ups = export.iter().filter_map(|row| row.check_up.as_ref());
        let of_child = check_ups.filter(|check_up| {
            let subject = check_up.subject.as_ref();
            subject.is_some_and(|subject| subject.identifiers.contains(number))
        });
        let findings = of_child.flat_map(|check_up| &check_up.findings);
        findings.filter(|found| found.code == "WEIGHT").count() as u64
    }
}

fn points(drawn: &[Value]) -> u64 {
    drawn
        .first()
        .and_then(|chart| chart["points"].as_u64())
        .unwrap_or(0)
}

/// What the worker is told by `fitness` or `due`.
async fn asked<T>(facility: &Member, verb: &str) -> Result<Told<T>, CliError>
where
    T: prost::Message + prost::Name + Default,
{
    let lines = facility.worker.run(&[verb]).await?;
    let of = |kind: &str| {
        let kind = kind.to_owned();
        lines
            .iter()
            .filter_map(move |line| line.get(&kind))
            .map(Value::to_string)
    };
    let text: Vec<String> = lines.iter().map(Value::to_string).collect();
    Ok(Told {
        children: of(verb)
            .map(|text| from_json(&text))
            .collect::<Result<_, _>>()?,
        withheld: of("withheld")
            .map(|text| from_json(&text))
            .collect::<Result<_, _>>()?,
        text: text.join("\n"),
    })
}
