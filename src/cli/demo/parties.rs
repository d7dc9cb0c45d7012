//! Who takes part: every organization enrols with its own keys and names the people who call.

use futures_util::future::try_join_all;

use super::county::{County, DIVISION, Organization};
use super::stage::{Party, Stage, failed};
use crate::cli::error::CliError;
use crate::rpc::wire::{
    Actor, ActorRole, ApproveActorRequest, InviteOrganizationRequest, InviteOrganizationResponse,
    RegisterActorRequest,
};

/// The region every request names.
#[must_use]
pub fn region() -> String {
    format!("regions/{DIVISION}")
}

/// An organization that has enrolled.
#[derive(Clone)]
pub struct Member {
    /// `regions/{region}/organizations/{id}`.
    pub name: String,
    /// Its name in Chinese.
    pub display_name: String,
    /// Spoken for by the responsible person.
    pub responsible: Party,
    /// Spoken for by the person or system account that does the daily work.
    pub worker: Party,
}

/// Everyone.
pub struct Parties {
    /// 卫生健康委.
    pub commission: Member,
    /// Two hospitals and the MCH centre, in the order of the county's exports.
    pub institutions: [Member; 3],
    /// The public, the community and the home-based facility.
    pub facilities: [Member; 3],
}

impl Parties {
    /// The MCH centre.
    #[must_use]
    pub fn mch(&self) -> &Member {
        &self.institutions[2]
    }

    /// The public facility: the one the story follows.
    #[must_use]
    pub fn facility(&self) -> &Member {
        &self.facilities[0]
    }

    /// The commission enrols with its first code and invites the others, who enrol in parallel,
    /// each in its own process.
    ///
    /// # Errors
    /// Where one of them is refused.
    pub async fn enrol(stage: &Stage, county: &County, code: &str) -> Result<Self, CliError> {
        let [first, others @ ..] = &county.organizations[..] else {
            return Err(failed("enrolment", "the county has no organizations"));
        };
        let commission = enrol(stage, first, code).await?;
        let invitations: Vec<_> = others
            .iter()
            .map(|organization| InviteOrganizationRequest {
                parent: region(),
                organization: Some(organization.registration.clone()),
                code_hours: 1,
            })
            .collect();
        let invited: Vec<InviteOrganizationResponse> = commission
            .responsible
            .call_all("DirectoryService.InviteOrganization", &invitations)
            .await?;
        let enrolled = others
            .iter()
            .zip(&invited)
            .map(|(organization, answer)| enrol(stage, organization, &answer.enrolment_code));
        let enrolled: [Member; 6] = try_join_all(enrolled)
            .await?
            .try_into()
            .map_err(|_| failed("enrolment", "six organizations were expected"))?;
        let [a, b, mch, public, community, home] = enrolled;
        Ok(Self {
            commission,
            institutions: [a, b, mch],
            facilities: [public, community, home],
        })
    }
}

async fn enrol(stage: &Stage, who: &Organization, code: &str) -> Result<Member, CliError> {
    let responsible = stage.party(who.key);
    let dir = responsible.profile().to_string_lossy().into_owned();
    let arguments = [
        "enroll",
        "--server",
        stage.endpoint(),
        "--dir",
        &dir,
        "--responsible",
        who.responsible,
        "--code",
        code,
    ];
    let said = responsible.run(&arguments).await?;
    let name = said
        .first()
        .and_then(|line| line["organization"].as_str())
        .unwrap_or_default();
    let worker = match who.key {
        "commission" => responsible.clone(),
        "hospital-a" | "hospital-b" | "mch" => {
            approved(&responsible, "接口引擎", ActorRole::System).await?
        }
        _ => approved(&responsible, "测试保健员", ActorRole::HealthWorker).await?,
    };
    Ok(Member {
        name: name.to_owned(),
        display_name: who.registration.display_name.clone(),
        responsible,
        worker,
    })
}

/// Registers an actor; the responsible person approves it (未成年人网络保护条例 art. 36).
async fn approved(
    responsible: &Party,
    display_name: &str,
    role: ActorRole,
) -> Result<Party, CliError> {
    let actor = Actor {
        display_name: display_name.into(),
        role: role.into(),
        ..Actor::default()
    };
    let request = RegisterActorRequest {
        parent: region(),
        actor: Some(actor),
    };
    let actor: Actor = responsible
        .call("DirectoryService.RegisterActor", &request)
        .await?;
    let request = ApproveActorRequest { name: actor.name };
    let actor: Actor = responsible
        .call("DirectoryService.ApproveActor", &request)
        .await?;
    Ok(responsible.as_actor(&actor.name))
}
