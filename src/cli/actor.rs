//! `yuqiao actor`: the people of the calling organization and their approval.

use chrono::NaiveDate;
use clap::Subcommand;

use super::Global;
use super::connection::{Connection, Service};
use super::error::CliError;
use super::output::{Output, id};
use super::words;
use crate::rpc::wire::directory_service_client::DirectoryServiceClient;
use crate::rpc::wire::{
    Actor as WireActor, ActorRole, ApproveActorRequest, ListActorsRequest,
    RecordHealthCertificateRequest, RegisterActorRequest, RevokeActorRequest,
};

/// What to do with the organization's people. Whom it is about is `who`: `actor` is the caller of
/// every verb, and clap would take the one for the other.
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
        #[arg(value_name = "ACTOR")]
        who: String,
    },
    /// Responsible person: end an approval at once (撤销)
    Revoke {
        /// The actor: its id or resource name
        #[arg(value_name = "ACTOR")]
        who: String,
        /// Why; kept
        #[arg(long)]
        reason: String,
    },
    /// Responsible person of a facility: record the day a worker's yearly health certificate was issued
    /// (健康合格证)
    Certify {
        /// The actor: its id or resource name
        #[arg(value_name = "ACTOR")]
        who: String,
        /// The day it was issued, e.g. 2026-09-01
        #[arg(long, value_name = "DAY", required_unless_present = "none")]
        issued: Option<String>,
        /// Take back what was recorded by mistake
        #[arg(long, conflicts_with = "issued")]
        none: bool,
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
                let header = ["id", "姓名", "角色", "状态", "健康合格证", "有效期至"];
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
            Self::Approve { who } => {
                let name = connection.name("actors", &who);
                directory
                    .approve_actor(ApproveActorRequest { name })
                    .await?
            }
            Self::Certify { who, issued, .. } => {
                let name = connection.name("actors", &who);
                let request = RecordHealthCertificateRequest {
                    name,
                    issued_day: issued.unwrap_or_default(),
                };
                directory.record_health_certificate(request).await?
            }
            Self::Revoke { who, reason } => {
                let name = connection.name("actors", &who);
                directory
                    .revoke_actor(RevokeActorRequest { name, reason })
                    .await?
            }
        };
        out.answer(&answer.into_inner(), |actor| {
            row(actor).join("  ").trim_end().to_owned()
        })
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
    let certificate = actor.health_certificate.as_ref();
    let status = certificate.map(|of| words::certificate_status(of.status()));
    // The last day it holds, as the paper says it.
    let expiry = certificate.and_then(|of| of.expiry_day.parse::<NaiveDate>().ok());
    let last = expiry.and_then(|day| day.pred_opt());
    vec![
        id(&actor.name).to_owned(),
        actor.display_name.clone(),
        words::role(actor.role()).to_owned(),
        words::actor_state(actor.state()).to_owned(),
        status.unwrap_or_default().to_owned(),
        last.map(|day| day.to_string()).unwrap_or_default(),
    ]
}
