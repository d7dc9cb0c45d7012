//! LedgerService: a guardian sees every look at the own child.

use tonic::{Request, Response, Status};

use super::{
    caller,
    convert::{self, Fields, WireWord, name},
    page::{self, Walk},
    status::answer,
    wire::{self, ledger_service_server::LedgerService},
};
use crate::{
    domain::{actor::Actor, child::Child, id::Id, region::RegionCode},
    service::{
        Error, Gateway,
        disclosure::{Answer, Ask, Look, Looks, Party, Question, Wish, open_looks},
        guardian_codes,
    },
};

const USUAL_PAGE: u32 = 100;
const METHOD: &str = "LedgerService.ListLooks";

/// The service.
pub struct Ledger {
    /// The use cases.
    pub gateway: Gateway,
    /// Where looks wait for the next lock.
    pub looks: Looks,
}

#[tonic::async_trait]
impl LedgerService for Ledger {
    async fn list_looks(
        &self,
        request: Request<wire::ListLooksRequest>,
    ) -> Result<Response<wire::ListLooksResponse>, Status> {
        answer(METHOD, async {
            let now = self.gateway.store().clock().now();
            let (claim, message) = caller::open(request, now)?;
            let mut f = Fields::default();
            let child = f.name::<Child>("child", &message.child);
            let code = f.guardian_code("guardian_code", &message.guardian_code);
            let ((region, child), code) = f.finish(child.zip(code))?;
            let index = self.gateway.keyring().index();
            let walk = Walk::new(
                index,
                claim.organization,
                "ListLooks",
                message.child.as_str(),
            );
            let size = page::size(message.page_size, USUAL_PAGE);
            let before = walk.after_parsed(&message.page_token)?;
            let code = guardian_codes::digest(&self.gateway, region, &code);
            let about = Wish::Looks {
                before,
                limit: i64::from(size),
            };
            let question = Question::Guardian { child, code, about };
            let found = self
                .looks
                .ask(Ask {
                    claim,
                    region,
                    method: METHOD,
                    question,
                })
                .await?;
            let Answer::Looks(found) = found else {
                return Err(Error::Broken("another question's answer"));
            };
            let next = found.next.map(|before| walk.seal(&before.to_string()));
            let looks = open_looks(&self.gateway, region, found).await?;
            Ok(wire::ListLooksResponse {
                looks: looks
                    .into_iter()
                    .map(|look| self::look(region, look))
                    .collect(),
                next_page_token: next.unwrap_or_default(),
            })
        })
        .await
    }
}

fn look(region: RegionCode, look: Look) -> wire::Look {
    // A guardian is no actor of an organization: its own looks name none.
    let actor = look.organization.as_ref();
    let actor = actor.and_then(|_| look.actor.parse::<Id<Actor>>().ok());
    let (organization, display_name) = match look.organization {
        Some(of) => (name(region, of.id), of.name),
        None => (String::new(), "监护人".to_owned()),
    };
    wire::Look {
        sequence: look.sequence,
        time: convert::time(look.at),
        organization,
        organization_display_name: display_name,
        actor: actor.map(|id| name(region, id)).unwrap_or_default(),
        purpose: look.basis.purpose.number(),
        basis_zh: look.basis.law_zh.to_owned(),
        method: look.method,
        categories: look.categories.into_iter().map(WireWord::number).collect(),
        carried_by: look.carried_by.map(|of| party(region, of)),
        code_issued_by: look.code_issued_by.map(|of| party(region, of)),
    }
}

fn party(region: RegionCode, of: Party) -> wire::LookParty {
    wire::LookParty {
        organization: name(region, of.organization.id),
        organization_display_name: of.organization.name,
        actor: of.actor.map(|id| name(region, id)).unwrap_or_default(),
    }
}
