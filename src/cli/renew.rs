//! `yuqiao renew`: a fresh key and certificate before the present one ends.

use serde_json::json;

use super::Global;
use super::connection::{Connection, profile_dir};
use super::error::CliError;
use super::output::Output;
use super::profile::Profile;
use crate::pki::Request;
use crate::rpc::wire::RenewCertificateRequest;
use crate::rpc::wire::directory_service_client::DirectoryServiceClient;

/// Renews the profile's certificate with a new key.
///
/// # Errors
/// Where the gateway refuses, or the directory can't be written; the present pair then stays.
pub async fn run(global: &Global, out: Output) -> Result<(), CliError> {
    let profile = Profile::load(&profile_dir(global)?)?;
    let connection = Connection::of(&profile, global.actor.as_deref()).await?;
    let request = Request::generate()?;
    let answer = DirectoryServiceClient::new(connection.service())
        .renew_certificate(RenewCertificateRequest {
            certificate_request_pem: request.csr_pem,
        })
        .await?
        .into_inner();
    profile.renew(&request.key, &answer.certificate_pem, &answer.ca_pem)?;
    if out.is_json() {
        return out.value(&json!({"expireTime": answer.expire_time}));
    }
    out.line(&format!("certificate until {}", answer.expire_time))
}
