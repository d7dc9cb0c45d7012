//! `yuqiao agreement`: read what is to be signed, and sign it on this machine.

use std::io::{self, IsTerminal, Write};

use clap::Subcommand;

use super::Global;
use super::connection::{Connection, Service, profile_dir};
use super::error::CliError;
use super::output::{Output, id, short};
use super::profile::Profile;
use super::words;
use crate::pki::SigningKey;
use crate::rpc::wire::agreement_service_client::AgreementServiceClient;
use crate::rpc::wire::{
    Agreement as WireAgreement, ListAgreementsRequest, PreviewAgreementRequest,
    SignAgreementRequest,
};

/// What to do with an agreement.
#[derive(Subcommand, Debug)]
pub enum Agreement {
    /// Print the text both parties sign, byte for byte (签约文本)
    Preview {
        /// The agreement: its id or resource name
        agreement: String,
    },
    /// Sign it with the organization's signing key; the key stays here (签署)
    Sign {
        /// The agreement: its id or resource name
        agreement: String,
        /// Don't ask: the text was read already
        #[arg(long)]
        yes: bool,
    },
    /// List the caller's agreements
    List,
}

impl Agreement {
    /// Does it.
    ///
    /// # Errors
    /// What the gateway refused, or where there is no signing key.
    pub async fn run(self, global: &Global, out: Output) -> Result<(), CliError> {
        let profile = Profile::load(&profile_dir(global)?)?;
        let connection = Connection::of(&profile, global.actor.as_deref()).await?;
        let mut agreements = AgreementServiceClient::new(connection.service());
        match self {
            Self::Preview { agreement } => {
                let name = connection.name("agreements", &agreement);
                let preview = agreements
                    .preview_agreement(PreviewAgreementRequest { name })
                    .await?;
                out.answer(&preview.into_inner(), |preview| text(&preview.canonical))
            }
            Self::Sign { agreement, yes } => {
                let name = connection.name("agreements", &agreement);
                let preview = PreviewAgreementRequest { name: name.clone() };
                let canonical = agreements
                    .preview_agreement(preview)
                    .await?
                    .into_inner()
                    .canonical;
                if !yes {
                    confirm(&canonical)?;
                }
                let key = SigningKey::from_private(&profile.signing_key()?)?;
                let request = SignAgreementRequest {
                    name,
                    key_id: key.public_key().id().to_string(),
                    signature: key.sign(&canonical)?,
                };
                let signed = agreements.sign_agreement(request).await?.into_inner();
                out.answer(&signed, |agreement| row(agreement).join("  "))
            }
            Self::List => {
                let header = ["id", "医疗机构", "托育机构", "起", "止", "状态", "生效"];
                out.list(
                    &all(&mut agreements, &connection.region).await?,
                    &header,
                    row,
                )
            }
        }
    }
}

/// Shows the text and asks, at a terminal only: a script says `--yes`.
fn confirm(canonical: &[u8]) -> Result<(), CliError> {
    if !io::stdin().is_terminal() {
        return Err(CliError::Usage(
            "not a terminal: read the preview, then --yes".to_owned(),
        ));
    }
    eprint!(
        "{}\n\nSign this text for the organization? 签署? [y/N] ",
        text(canonical)
    );
    let mut answer = String::new();
    io::stderr()
        .flush()
        .and_then(|()| io::stdin().read_line(&mut answer))
        .map_err(CliError::Output)?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(CliError::Usage("not signed".to_owned())),
    }
}

/// What a person reads. The signature is over the bytes, not over this.
fn text(canonical: &[u8]) -> String {
    String::from_utf8_lossy(canonical).into_owned()
}

async fn all(
    agreements: &mut AgreementServiceClient<Service>,
    region: &str,
) -> Result<Vec<WireAgreement>, CliError> {
    let mut found = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListAgreementsRequest {
            parent: region.to_owned(),
            page_size: 500,
            page_token: std::mem::take(&mut page_token),
        };
        let page = agreements.list_agreements(request).await?.into_inner();
        found.extend(page.agreements);
        if page.next_page_token.is_empty() {
            return Ok(found);
        }
        page_token = page.next_page_token;
    }
}

fn row(agreement: &WireAgreement) -> Vec<String> {
    vec![
        id(&agreement.name).to_owned(),
        short(&agreement.medical_institution).to_owned(),
        short(&agreement.facility).to_owned(),
        agreement.first_day.clone(),
        agreement.last_day.clone(),
        words::agreement_state(agreement.state()).to_owned(),
        if agreement.in_force {
            "生效"
        } else {
            "未生效"
        }
        .to_owned(),
    ]
}
