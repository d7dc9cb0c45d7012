//! `yuqiao actor`: the people of the calling organization and their approval.

use clap::Subcommand;

use super::Global;
use super::connection::{Connection, Service};
use super::error::CliError;
use super::output::{Output, id};
use super::words;
use crate::rpc::wire::directory_service_client::DirectoryServiceClient;
use crate::rpc::wire::{
    Actor as WireActor, ActorRole, ApproveActorRequest, ListActorsRequest, RegisterActorRequest,
    RevokeActorRequest,
};

/// What to do with the organization's people.
#[derive(Subcommand, Debug)]
pub enum Actor {
    /// Register a person or system account (操作人); the responsible person then approves it
    Register {
        /// The person's name; shown to the own organization only
        #[arg(long)]
        name: String,
        /// responsible-person, health-worker, carer, clinician, official or system
        #[arg(long, value_parser = words::parse_role)]
        role: ActorRole,
        /// The practitioner this person is, if registered as one
        #[arg(long, default_value = "", hide_default_value = true)]
        practitioner: String,
    },
    /// Responsible person: approve a registered actor (批准)
    Approve {
        /// The actor: its id or resource name
        actor: String,
    },
    /// Responsible person: end an approval at once (撤销)
    Revoke {
        /// The actor: its id or resource name
        actor: String,
        /// Why; kept
        #[arg(long)]
        reason: String,
    },
    /// List the organization's actors
    List,
}

impl Actor {
    /// Does it.
    ///
    /// # Errors
    /// What the gateway refused.
    pub async fn run(self, global: &Global, out: Output) -> Result<(), CliError> {
        let connection = Connection::open(global).await?;
        let mut directory = DirectoryServiceClient::new(connection.service());
        let answer = match self {
            Self::List => {
                let header = ["id", "姓名", "角色", "状态"];
                return out.list(
                    &all(&mut directory, &connection.region).await?,
                    &header,
                    row,
                );
            }
            Self::Register {
                name,
                role,
                practitioner,
            } => {
                let practitioner = match practitioner.as_str() {
                    "" => practitioner,
                    given => connection.name("practitioners", given),
                };
                let actor = WireActor {
                    display_name: name,
                    role: role.into(),
                    practitioner,
                    ..WireActor::default()
                };
                let parent = connection.region.clone();
                directory
                    .register_actor(RegisterActorRequest {
                        parent,
                        actor: Some(actor),
                    })
                    .await?
            }
            Self::Approve { actor } => {
                let name = connection.name("actors", &actor);
                directory
                    .approve_actor(ApproveActorRequest { name })
                    .await?
            }
            Self::Revoke { actor, reason } => {
                let name = connection.name("actors", &actor);
                directory
                    .revoke_actor(RevokeActorRequest { name, reason })
                    .await?
            }
        };
        out.answer(&answer.into_inner(), |actor| row(actor).join("  "))
    }
}

async fn all(
    directory: &mut DirectoryServiceClient<Service>,
    region: &str,
) -> Result<Vec<WireActor>, CliError> {
    let mut found = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListActorsRequest {
            parent: region.to_owned(),
            page_size: 500,
            page_token: std::mem::take(&mut page_token),
        };
        let page = directory.list_actors(request).await?.into_inner();
        found.extend(page.actors);
        if page.next_page_token.is_empty() {
            return Ok(found);
        }
        page_token = page.next_page_token;
    }
}

fn row(actor: &WireActor) -> Vec<String> {
    vec![
        id(&actor.name).to_owned(),
        actor.display_name.clone(),
        words::role(actor.role()).to_owned(),
        words::actor_state(actor.state()).to_owned(),
    ]
}
