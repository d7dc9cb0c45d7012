//! `yuqiao enroll`: trades a one-time code for a client directory.
//!
//! Both keys are made here and stay here. Until the gateway has proved to hold the authority whose
//! fingerprint the code carries, nothing is sent to it.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::error::CliError;
use super::output::Output;
use super::profile::{Draft, Enrolled, Settings};
use crate::clock::SystemClock;
use crate::pki::{EnrolmentCode, Request, SigningKey, TrustBundle};
use crate::rpc::dial::{Dial, Trust};
use crate::rpc::wire::directory_service_client::DirectoryServiceClient;
use crate::rpc::wire::{EnrollRequest, EnrollResponse};

/// Arguments of `yuqiao enroll`.
#[derive(Args, Debug)]
pub struct Enroll {
    /// The one-time code (一次性注册码) the commission handed over: YQ1-…
    #[arg(long, env = "YUQIAO_ENROLMENT_CODE", hide_env_values = true)]
    code: String,
    /// The gateway: https://host:port
    #[arg(long, value_name = "URL")]
    server: String,
    /// The client directory to make
    #[arg(long)]
    dir: PathBuf,
    /// Name of the responsible person (负责人), who becomes the first approved actor
    #[arg(long, value_name = "NAME")]
    responsible: String,
}

impl Enroll {
    /// Enrols and writes the client directory.
    ///
    /// # Errors
    /// Where the code can't be read, the gateway is not the code's, or it refuses the code.
    pub async fn run(&self, out: Output) -> Result<(), CliError> {
        let code = EnrolmentCode::parse(&self.code)?;
        let request = Request::generate()?;
        let (signing_key, signing_pem) = SigningKey::generate()?;
        let draft = Draft::begin(&self.dir, &request.key, &signing_pem)?;
        let signing_key_pem = signing_key.public_key().spki_pem();
        let answer = match self.ask(&code, request.csr_pem, signing_key_pem).await {
            Ok(answer) => answer,
            Err(error) => {
                draft.discard();
                return Err(error);
            }
        };
        let settings = Settings {
            endpoint: self.server.clone(),
            region: code.region().to_owned(),
            organization: answer.organization,
            actor: answer.actor,
        };
        draft.complete(&Enrolled {
            settings: &settings,
            ca_pem: &answer.ca_pem,
            certificate_pem: &answer.certificate_pem,
        })?;
        if out.is_json() {
            return out.value(&json!({
                "organization": settings.organization,
                "actor": settings.actor,
                "expireTime": answer.expire_time,
                "dir": self.dir,
            }));
        }
        out.line(&format!(
            "enrolled {}\nactor    {} ({})\nprofile  {}\ncertificate until {}",
            settings.organization,
            settings.actor,
            self.responsible,
            self.dir.display(),
            answer.expire_time
        ))
    }

    async fn ask(
        &self,
        code: &EnrolmentCode,
        certificate_request_pem: String,
        signing_key_pem: String,
    ) -> Result<EnrollResponse, CliError> {
        let trust = Trust::Pinned(code.pin());
        let channel = Dial::new(&self.server, trust, Arc::new(SystemClock))?
            .connect()
            .await?;
        let request = EnrollRequest {
            enrolment_code: code.reveal().to_string(),
            certificate_request_pem,
            signing_key_pem,
            responsible_person: self.responsible.clone(),
        };
        let answer = DirectoryServiceClient::new(channel)
            .enroll(request)
            .await?
            .into_inner();
        // The authority that was proved must be among those to believe from now on.
        let authorities = TrustBundle::from_pem(&answer.ca_pem).ok();
        if authorities
            .and_then(|bundle| bundle.pinned(code.pin()))
            .is_none()
        {
            return Err(CliError::Answer("its authorities are not the code's"));
        }
        Ok(answer)
    }
}
