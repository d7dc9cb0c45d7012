//! DirectoryService: organizations, their certificates and keys, actors, the region's settings.

mod message;
mod read;
mod staff;

use tonic::{Request, Response, Status};

use super::{
    caller,
    convert::{self, Fields, name},
    page::{self, Walk},
    status::answer,
    wire::{self, directory_service_server::DirectoryService},
};
use crate::{
    domain::{actor, id::Id, organization, region::RegionCode},
    pki::Fingerprint,
    service::{
        Error, Gateway, Reason, actors, certificates, health_certificates, organizations, regions,
    },
};

use message::{actor_message, invited_message, organization_message, region_message};
use read::{read_actor, read_edit, read_enrolling, read_hours, read_invitation, read_key};

const USUAL_PAGE: u32 = 50;
const LONGEST_PERSON: usize = 50;
const LONGEST_REASON: usize = 500;

/// The service.
pub struct Directory(pub Gateway);

impl Directory {
    fn open<T>(&self, request: Request<T>) -> Result<(caller::Claim, T), Error> {
        caller::open(request, self.0.store().clock().now())
    }

    fn walk(&self, claim: &caller::Claim, method: &'static str, region: RegionCode) -> Walk<'_> {
        Walk::new(
            self.0.keyring().index(),
            claim.organization,
            method,
            region.to_string(),
        )
    }
}

#[tonic::async_trait]
impl DirectoryService for Directory {
    async fn invite_organization(
        &self,
        request: Request<wire::InviteOrganizationRequest>,
    ) -> Result<Response<wire::InviteOrganizationResponse>, Status> {
        answer("InviteOrganization", async {
            let (claim, message) = self.open(request)?;
            let mut f = Fields::default();
            let region = f.parent("parent", &message.parent);
            let invitation = read_invitation(&mut f, message.organization);
            let lasts = read_hours(&mut f, message.code_hours);
            let (region, invitation, lasts) =
                f.finish((|| Some((region?, invitation?, lasts?)))())?;
            let invited = organizations::invite(&self.0, region, &claim, invitation, lasts).await?;
            Ok(invited_message(region, invited))
        })
        .await
    }

    async fn reissue_enrolment_code(
        &self,
        request: Request<wire::ReissueEnrolmentCodeRequest>,
    ) -> Result<Response<wire::InviteOrganizationResponse>, Status> {
        answer("ReissueEnrolmentCode", async {
            let (claim, message) = self.open(request)?;
            let mut f = Fields::default();
            let named = f.name::<organization::Organization>("name", &message.name);
            let lasts = read_hours(&mut f, message.code_hours);
            let ((region, id), lasts) = f.finish((|| Some((named?, lasts?)))())?;
            let code = organizations::reissue_code(&self.0, region, &claim, id, lasts).await?;
            Ok(invited_message(region, code))
        })
        .await
    }

    async fn enroll(
        &self,
        request: Request<wire::EnrollRequest>,
    ) -> Result<Response<wire::EnrollResponse>, Status> {
        answer("Enroll", async {
            let enrolling = read_enrolling(request.into_inner())?;
            let enrolled = certificates::enroll(&self.0, enrolling).await?;
            let (region, certificate) = (enrolled.region, enrolled.certificate);
            Ok(wire::EnrollResponse {
                organization: name(region, enrolled.organization),
                actor: name(region, enrolled.actor),
                ca_pem: self.0.certifying().trust.to_pem(),
                expire_time: certificate
                    .as_ref()
                    .map_or_else(String::new, |c| convert::time(c.expires)),
                certificate_pem: certificate.map(|c| c.pem).unwrap_or_default(),
            })
        })
        .await
    }

    async fn renew_certificate(
        &self,
        request: Request<wire::RenewCertificateRequest>,
    ) -> Result<Response<wire::RenewCertificateResponse>, Status> {
        answer("RenewCertificate", async {
            let (claim, message) = self.open(request)?;
            let issued =
                certificates::renew(&self.0, &claim, &message.certificate_request_pem).await?;
            Ok(wire::RenewCertificateResponse {
                certificate_pem: issued.pem,
                ca_pem: self.0.certifying().trust.to_pem(),
                expire_time: convert::time(issued.expires),
            })
        })
        .await
    }

    async fn revoke_certificate(
        &self,
        request: Request<wire::RevokeCertificateRequest>,
    ) -> Result<Response<wire::RevokeCertificateResponse>, Status> {
        answer("RevokeCertificate", async {
            let (claim, message) = self.open(request)?;
            let mut f = Fields::default();
            let named = f.name::<organization::Organization>("name", &message.name);
            let fingerprint = message.fingerprint.parse::<Fingerprint>();
            let fingerprint =
                fingerprint.map_err(|_| f.refuse("fingerprint", Reason::FieldMalformed));
            let ((region, id), fingerprint) = f.finish((|| Some((named?, fingerprint.ok()?)))())?;
            certificates::revoke(&self.0, region, &claim, id, &fingerprint).await?;
            Ok(wire::RevokeCertificateResponse {})
        })
        .await
    }

    async fn get_organization(
        &self,
        request: Request<wire::GetOrganizationRequest>,
    ) -> Result<Response<wire::Organization>, Status> {
        answer("GetOrganization", async {
            let (claim, message) = self.open(request)?;
            let (region, id) = one(&message.name)?;
            let found = organizations::get(&self.0, region, &claim, id).await?;
            Ok(organization_message(region, found))
        })
        .await
    }

    async fn list_organizations(
        &self,
        request: Request<wire::ListOrganizationsRequest>,
    ) -> Result<Response<wire::ListOrganizationsResponse>, Status> {
        answer("ListOrganizations", async {
            let (claim, message) = self.open(request)?;
            let region = parent(&message.parent)?;
            let walk = self.walk(&claim, "ListOrganizations", region);
            let after = walk.after_parsed(&message.page_token)?;
            let size = page::size(message.page_size, USUAL_PAGE);
            let found = organizations::list(&self.0, region, &claim, after, size + 1).await?;
            let (found, next_page_token) =
                walk.cut(found, size, |row| row.organization.id.to_string());
            let organizations = found
                .into_iter()
                .map(|row| organization_message(region, row))
                .collect();
            Ok(wire::ListOrganizationsResponse {
                organizations,
                next_page_token,
            })
        })
        .await
    }

    async fn suspend_organization(
        &self,
        request: Request<wire::SuspendOrganizationRequest>,
    ) -> Result<Response<wire::Organization>, Status> {
        answer("SuspendOrganization", async {
            let (claim, message) = self.open(request)?;
            let mut f = Fields::default();
            let named = f.name::<organization::Organization>("name", &message.name);
            let why = f.text("reason", &message.reason, LONGEST_REASON);
            let ((region, id), why) = f.finish((|| Some((named?, why?)))())?;
            let suspended = organizations::suspend(&self.0, region, &claim, id, &why).await?;
            Ok(organization_message(region, suspended))
        })
        .await
    }

    async fn restore_organization(
        &self,
        request: Request<wire::RestoreOrganizationRequest>,
    ) -> Result<Response<wire::Organization>, Status> {
        answer("RestoreOrganization", async {
            let (claim, message) = self.open(request)?;
            let (region, id) = one(&message.name)?;
            let restored = organizations::restore(&self.0, region, &claim, id).await?;
            Ok(organization_message(region, restored))
        })
        .await
    }

    async fn register_signing_key(
        &self,
        request: Request<wire::RegisterSigningKeyRequest>,
    ) -> Result<Response<wire::SigningKey>, Status> {
        answer("RegisterSigningKey", async {
            let (claim, message) = self.open(request)?;
            let mut f = Fields::default();
            let region = f.parent("parent", &message.parent);
            let key = read_key(&mut f, &message.signing_key_pem);
            let (region, key) = f.finish((|| Some((region?, key?)))())?;
            let kept = certificates::register_signing_key(&self.0, region, &claim, &key).await?;
            let create_time = convert::time(kept.created);
            Ok(wire::SigningKey {
                key_id: kept.key_id,
                create_time,
            })
        })
        .await
    }

    async fn register_actor(
        &self,
        request: Request<wire::RegisterActorRequest>,
    ) -> Result<Response<wire::Actor>, Status> {
        answer("RegisterActor", async {
            let (claim, message) = self.open(request)?;
            let mut f = Fields::default();
            let region = f.parent("parent", &message.parent);
            let new = read_actor(&mut f, message.actor, region);
            let (region, new) = f.finish((|| Some((region?, new?)))())?;
            let registered = actors::register(&self.0, region, &claim, new).await?;
            Ok(actor_message(region, registered))
        })
        .await
    }

    async fn approve_actor(
        &self,
        request: Request<wire::ApproveActorRequest>,
    ) -> Result<Response<wire::Actor>, Status> {
        answer("ApproveActor", async {
            let (claim, message) = self.open(request)?;
            let (region, id) = one(&message.name)?;
            let approved = actors::approve(&self.0, region, &claim, id).await?;
            Ok(actor_message(region, approved))
        })
        .await
    }

    async fn revoke_actor(
        &self,
        request: Request<wire::RevokeActorRequest>,
    ) -> Result<Response<wire::Actor>, Status> {
        answer("RevokeActor", async {
            let (claim, message) = self.open(request)?;
            let mut f = Fields::default();
            let named = f.name::<actor::Actor>("name", &message.name);
            let why = f.text("reason", &message.reason, LONGEST_REASON);
            let ((region, id), why) = f.finish((|| Some((named?, why?)))())?;
            let revoked = actors::revoke(&self.0, region, &claim, id, &why).await?;
            Ok(actor_message(region, revoked))
        })
        .await
    }

    async fn list_actors(
        &self,
        request: Request<wire::ListActorsRequest>,
    ) -> Result<Response<wire::ListActorsResponse>, Status> {
        answer("ListActors", async {
            let (claim, message) = self.open(request)?;
            let region = parent(&message.parent)?;
            let walk = self.walk(&claim, "ListActors", region);
            let after = walk.after_parsed(&message.page_token)?;
            let size = page::size(message.page_size, USUAL_PAGE);
            let found = actors::list(&self.0, region, &claim, after, size + 1).await?;
            let (found, next_page_token) = walk.cut(found, size, |actor| actor.row.id.to_string());
            let actors = found
                .into_iter()
                .map(|actor| actor_message(region, actor))
                .collect();
            Ok(wire::ListActorsResponse {
                actors,
                next_page_token,
            })
        })
        .await
    }

    async fn record_health_certificate(
        &self,
        request: Request<wire::RecordHealthCertificateRequest>,
    ) -> Result<Response<wire::Actor>, Status> {
        answer("RecordHealthCertificate", async {
            let (claim, message) = self.open(request)?;
            let ((region, id), issued) = staff::read_certificate(&message)?;
            let certified =
                health_certificates::record(&self.0, region, &claim, id, issued).await?;
            Ok(actor_message(region, certified))
        })
        .await
    }

    async fn list_staff_certificates(
        &self,
        request: Request<wire::ListStaffCertificatesRequest>,
    ) -> Result<Response<wire::ListStaffCertificatesResponse>, Status> {
        answer("ListStaffCertificates", async {
            let (claim, message) = self.open(request)?;
            let region = parent(&message.parent)?;
            let walk = self.walk(&claim, "ListStaffCertificates", region);
            let after = walk.after_parsed(&message.page_token)?;
            let size = page::size(message.page_size, USUAL_PAGE);
            let found =
                health_certificates::count(&self.0, region, &claim, after, size + 1).await?;
            let (found, next_page_token) = walk.cut(found, size, |of| of.facility.to_string());
            let facilities = found.into_iter().map(|of| staff::count_message(region, of));
            Ok(wire::ListStaffCertificatesResponse {
                facilities: facilities.collect(),
                next_page_token,
            })
        })
        .await
    }

    async fn get_region(
        &self,
        request: Request<wire::GetRegionRequest>,
    ) -> Result<Response<wire::Region>, Status> {
        answer("GetRegion", async {
            let (claim, message) = self.open(request)?;
            let mut f = Fields::default();
            let region = f.parent("name", &message.name);
            let region = f.finish(region)?;
            let settings = regions::get(&self.0, region, &claim).await?;
            Ok(region_message(region, &settings))
        })
        .await
    }

    async fn update_region(
        &self,
        request: Request<wire::UpdateRegionRequest>,
    ) -> Result<Response<wire::Region>, Status> {
        answer("UpdateRegion", async {
            let (claim, message) = self.open(request)?;
            let (region, edit) = read_edit(message)?;
            let settings = regions::update(&self.0, region, &claim, edit).await?;
            Ok(region_message(region, &settings))
        })
        .await
    }
}

fn parent(text: &str) -> Result<RegionCode, Error> {
    let mut f = Fields::default();
    let region = f.parent("parent", text);
    f.finish(region)
}

fn one<T: convert::Resource>(text: &str) -> Result<(RegionCode, Id<T>), Error> {
    let mut f = Fields::default();
    let named = f.name("name", text);
    f.finish(named)
}
