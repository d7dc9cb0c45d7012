//! What people do about an alert: the facility acknowledges, the medical side follows up or resolves.

use tonic::Request;
use zeroize::Zeroizing;

use super::{Alerts, message};
use crate::{
    domain::{alert::Alert, id::Id, region::RegionCode},
    rpc::{convert::Fields, wire},
    service::{
        Error,
        caller::Claim,
        disclosure::{self, Act, Ask, Question},
    },
    store::alerts::Part,
};

pub(super) const ACKNOWLEDGE: &str = "AlertService.AcknowledgeAlert";
pub(super) const FOLLOW_UP: &str = "AlertService.FollowUpAlert";
pub(super) const RESOLVE: &str = "AlertService.ResolveAlert";

/// Characters that what is said of an alert may have.
const LONGEST_WORDS: usize = 500;

impl Alerts {
    pub(super) async fn acknowledge(
        &self,
        request: Request<wire::AcknowledgeAlertRequest>,
    ) -> Result<wire::Alert, Error> {
        let (claim, request) = self.open(request)?;
        let mut f = Fields::default();
        let alert = f.name::<Alert>("name", &request.name);
        let (region, alert) = f.finish(alert)?;
        let ask = asked(claim, region, ACKNOWLEDGE);
        let seen = disclosure::acknowledge(&self.gateway, &ask, alert).await?;
        Ok(message::message(region, seen))
    }

    pub(super) async fn follow_up(
        &self,
        request: Request<wire::FollowUpAlertRequest>,
    ) -> Result<wire::Alert, Error> {
        let (claim, request) = self.open(request)?;
        let mut f = Fields::default();
        let alert = f.name::<Alert>("name", &request.name);
        let outcome = f.word("outcome", request.outcome);
        let note = f.optional_lines("note", &request.note, LONGEST_WORDS);
        let (alert, outcome, note) = f.finish((|| Some((alert?, outcome?, note?)))())?;
        let note = Zeroizing::new(note);
        let act = Act::FollowUp { outcome, note };
        self.act(claim, FOLLOW_UP, alert, request.revision, act)
            .await
    }

    pub(super) async fn resolve(
        &self,
        request: Request<wire::ResolveAlertRequest>,
    ) -> Result<wire::Alert, Error> {
        let (claim, request) = self.open(request)?;
        let mut f = Fields::default();
        let alert = f.name::<Alert>("name", &request.name);
        let decision = f.word("decision", request.decision);
        let reason = f.lines("reason", &request.reason, LONGEST_WORDS);
        let (alert, decision, reason) = f.finish((|| Some((alert?, decision?, reason?)))())?;
        let reason = Zeroizing::new(reason);
        let act = Act::Resolve { decision, reason };
        self.act(claim, RESOLVE, alert, request.revision, act).await
    }

    async fn act(
        &self,
        claim: Claim,
        method: &'static str,
        (region, alert): (RegionCode, Id<Alert>),
        revision: u32,
        act: Act,
    ) -> Result<wire::Alert, Error> {
        let ask = asked(claim, region, method);
        let seen = (revision != 0).then_some(i64::from(revision));
        let done = disclosure::act(&self.gateway, &ask, alert, seen, &act).await?;
        Ok(message::message(region, done))
    }
}

/// Who calls what, for the look's leaf; the alert itself is named beside it.
fn asked(claim: Claim, region: RegionCode, method: &'static str) -> Ask {
    let question = Question::Facility {
        facility: claim.organization,
        purpose: None,
        child: None,
        part: Part::Standing,
    };
    Ask {
        claim,
        region,
        method,
        question,
    }
}
