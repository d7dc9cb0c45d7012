//! The first acts: who takes part, whose children, which agreements, which consents; and that without
//! them nothing is seen.

use serde_json::Value;

use super::agreements;
use super::county::{County, Facility};
use super::families::{self, Known};
use super::parties::{Member, Parties};
use super::stage::failed;
use super::story::{Story, list};
use crate::cli::error::CliError;
use crate::cli::output::{id, short};
use crate::cli::{alerts, words};
use crate::rpc::wire::{Consent, ExplainRequest, ExplainResponse};

const FACILITIES: [Facility; 3] = [Facility::Public, Facility::Community, Facility::Home];

impl Story<'_> {
    pub(super) async fn enrolment(&mut self, code: &str) -> Result<Parties, CliError> {
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

    pub(super) async fn children(&mut self, parties: &Parties) -> Result<Vec<Known>, CliError> {
        self.report
            .step("The MCH centre registers children and guardians 儿童建档")?;
        let late = self.county.story.registered_late;
        let early: Vec<_> = (0..self.county.children.len())
            .filter(|nth| *nth != late)
            .collect();
        let known = families::register(parties.mch(), self.county, &early).await?;
        let told = format!("{} children are known by pseudonymous ids", known.len());
        self.report.check(known.len() == early.len(), &told)?;
        for (member, facility) in parties.facilities.iter().zip(FACILITIES) {
            let here = in_care(self.county, &known, facility);
            let count = here.len();
            let enrolled = families::enrol(member, self.county, &here, self.today).await?;
            let told = format!("{} enrols {count} of them", member.display_name);
            self.report.check(enrolled.len() == count, &told)?;
        }
        Ok(known)
    }

    pub(super) async fn nothing_yet(
        &mut self,
        parties: &Parties,
        known: &[Known],
    ) -> Result<(), CliError> {
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

    pub(super) async fn agreements(&mut self, parties: &Parties) -> Result<(), CliError> {
        self.report
            .step("Agreements: drafted, signed by both on their own machines, filed 签约备案")?;
        let [a, b, mch] = &parties.institutions;
        let [public, community, home] = &parties.facilities;
        let first = agreements::conclude(parties, mch, public, &[a, b], self.today).await?;
        let second = agreements::conclude(parties, b, community, &[], self.today).await?;
        let named = [(first, mch, public), (second, b, community)];
        let rows = named.iter().map(|(agreement, institution, facility)| {
            vec![
                agreement.filing_number.clone(),
                institution.display_name.clone(),
                facility.display_name.clone(),
                agreement.first_day.clone(),
                agreement.last_day.clone(),
                words::agreement_state(agreement.state()).to_owned(),
            ]
        });
        let header = ["备案号", "医疗机构", "托育机构", "起", "止", "状态"];
        self.report
            .show("the commission has filed", &header, rows)?;
        let told = format!("two are in force; {} has none", home.display_name);
        let listed = parties
            .commission
            .responsible
            .run(&["agreement", "list"])
            .await?;
        let in_force = |line: &&Value| line["inForce"] == true;
        let home_is = |line: &Value| line["facility"] == home.name.as_str();
        let two = listed.iter().filter(in_force).count() == 2 && !listed.iter().any(home_is);
        self.report.check(two, &told)
    }

    pub(super) async fn consents(
        &mut self,
        parties: &Parties,
        known: &[Known],
    ) -> Result<Vec<Consent>, CliError> {
        self.report
            .step("Guardians consent by one-time codes 监护人知情同意")?;
        let mut consents = Vec::new();
        for (member, facility) in parties.facilities.iter().zip(FACILITIES) {
            let here: Vec<_> = in_care(self.county, known, facility)
                .into_iter()
                .filter(|known| known.nth != self.county.story.without_consent)
                .collect();
            let given = families::consent(member, parties.mch(), &here, self.today).await?;
            let told = format!("{} guardians, for {}", given.len(), member.display_name);
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
