//! `yuqiao org`: the commission's register of organizations.

use clap::{Args, Subcommand};

use super::Global;
use super::connection::{Connection, Service};
use super::error::CliError;
use super::output::{Output, id};
use super::words;
use crate::rpc::wire::directory_service_client::DirectoryServiceClient;
use crate::rpc::wire::{
    InviteOrganizationRequest, InviteOrganizationResponse, ListOrganizationsRequest,
    ListStaffCertificatesRequest, Organization, OrganizationKind, ReissueEnrolmentCodeRequest,
    RestoreOrganizationRequest, StaffCertificates, SuspendOrganizationRequest,
};

/// What to do with the register.
#[derive(Subcommand, Debug)]
pub enum Org {
    /// Enter an organization and print its one-time enrolment code (注册码)
    Invite(Invite),
    /// A fresh enrolment code for an organization that is registered already
    Code {
        /// The organization: its id or resource name
        organization: String,
        /// How long the code may be used, in hours (default 72, at most 720)
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        hours: u32,
    },
    /// Suspend an organization's standing (暂停): every later look is refused
    Suspend {
        /// The organization: its id or resource name
        organization: String,
        /// Why; kept with the standing
        #[arg(long)]
        reason: String,
    },
    /// Restore a suspended standing (恢复)
    Restore {
        /// The organization: its id or resource name
        organization: String,
    },
    /// List the region's organizations
    List,
    /// The commission's office: how the health certificates (健康合格证) of each facility's workers stand,
    /// by count
    Staff,
}

/// Arguments of `yuqiao org invite`.
#[derive(Args, Debug)]
pub struct Invite {
    /// Full name in Chinese (机构名称)
    #[arg(long)]
    name: String,
    /// hospital, mch-centre, primary-care-centre, public-facility, community-facility,
    /// kindergarten-nursery-class, home-facility, employer-facility or health-commission
    #[arg(long, value_parser = words::parse_kind)]
    kind: OrganizationKind,
    /// Unified social credit code (统一社会信用代码)
    #[arg(long, value_name = "CODE")]
    social_credit_code: String,
    /// Filing (备案) or licence number
    #[arg(long, default_value = "", hide_default_value = true)]
    filing_number: String,
    /// Licensed places (托位)
    #[arg(long, default_value_t = 0)]
    places: u32,
    /// Of those, inclusive (普惠) places
    #[arg(long, default_value_t = 0)]
    inclusive_places: u32,
    /// How long the code may be used, in hours (default 72, at most 720)
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    hours: u32,
}

impl Org {
    /// Does it.
    ///
    /// # Errors
    /// What the gateway refused.
    pub async fn run(self, global: &Global, out: Output) -> Result<(), CliError> {
        let connection = Connection::open(global).await?;
        let mut directory = DirectoryServiceClient::new(connection.service());
        let named = |given: &str| connection.name("organizations", given);
        match self {
            Self::Invite(invite) => {
                let request = invite.request(connection.region.clone());
                let answer = directory.invite_organization(request).await?.into_inner();
                out.answer(&answer, invitation)
            }
            Self::Code {
                organization,
                hours,
            } => {
                let name = named(&organization);
                let request = ReissueEnrolmentCodeRequest {
                    name,
                    code_hours: hours,
                };
                let answer = directory
                    .reissue_enrolment_code(request)
                    .await?
                    .into_inner();
                out.answer(&answer, invitation)
            }
            Self::Suspend {
                organization,
                reason,
            } => {
                let request = SuspendOrganizationRequest {
                    name: named(&organization),
                    reason,
                };
                out.answer(
                    &directory.suspend_organization(request).await?.into_inner(),
                    standing,
                )
            }
            Self::Restore { organization } => {
                let request = RestoreOrganizationRequest {
                    name: named(&organization),
                };
                out.answer(
                    &directory.restore_organization(request).await?.into_inner(),
                    standing,
                )
            }
            Self::List => {
                let header = ["id", "机构", "类型", "托位", "普惠", "资格", "证书"];
                out.list(
                    &all(&mut directory, &connection.region).await?,
                    &header,
                    row,
                )
            }
            Self::Staff => {
                let header = [
                    "id",
                    "机构",
                    "工作人员",
                    "有效",
                    "应换证",
                    "已过期",
                    "未登记",
                ];
                let facilities = staff(&mut directory, &connection.region).await?;
                out.list(&facilities, &header, staff_row)
            }
        }
    }
}

impl Invite {
    fn request(self, parent: String) -> InviteOrganizationRequest {
        InviteOrganizationRequest {
            parent,
            organization: Some(Organization {
                kind: self.kind.into(),
                display_name: self.name,
                social_credit_code: self.social_credit_code,
                filing_number: self.filing_number,
                licensed_places: self.places,
                inclusive_places: self.inclusive_places,
                ..Organization::default()
            }),
            code_hours: self.hours,
        }
    }
}

/// Every organization of the region, page by page.
async fn all(
    directory: &mut DirectoryServiceClient<Service>,
    region: &str,
) -> Result<Vec<Organization>, CliError> {
    let mut found = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListOrganizationsRequest {
            parent: region.to_owned(),
            page_size: 500,
            page_token: std::mem::take(&mut page_token),
        };
        let page = directory.list_organizations(request).await?.into_inner();
        found.extend(page.organizations);
        if page.next_page_token.is_empty() {
            return Ok(found);
        }
        page_token = page.next_page_token;
    }
}

/// Every facility of the region, page by page.
async fn staff(
    directory: &mut DirectoryServiceClient<Service>,
    region: &str,
) -> Result<Vec<StaffCertificates>, CliError> {
    let mut found = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListStaffCertificatesRequest {
            parent: region.to_owned(),
            page_size: 500,
            page_token: std::mem::take(&mut page_token),
        };
        let page = directory.list_staff_certificates(request).await?;
        let page = page.into_inner();
        found.extend(page.facilities);
        if page.next_page_token.is_empty() {
            return Ok(found);
        }
        page_token = page.next_page_token;
    }
}

fn staff_row(of: &StaffCertificates) -> Vec<String> {
    let counts = [of.workers, of.valid, of.renewal_due, of.lapsed, of.missing];
    let mut row = vec![id(&of.organization).to_owned(), of.display_name.clone()];
    row.extend(counts.map(|count| count.to_string()));
    row
}

fn row(organization: &Organization) -> Vec<String> {
    vec![
        id(&organization.name).to_owned(),
        organization.display_name.clone(),
        words::kind(organization.kind()).to_owned(),
        organization.licensed_places.to_string(),
        organization.inclusive_places.to_string(),
        if organization.active {
            "有效"
        } else {
            "已暂停"
        }
        .to_owned(),
        if organization.enrolled {
            "已注册"
        } else {
            "未注册"
        }
        .to_owned(),
    ]
}

fn invitation(answer: &InviteOrganizationResponse) -> String {
    let name = answer
        .organization
        .as_ref()
        .map(|o| o.name.as_str())
        .unwrap_or_default();
    format!(
        "organization {name}\ncode         {}\nuntil        {}\nThe code is shown once and used once.",
        answer.enrolment_code, answer.expire_time
    )
}

fn standing(organization: &Organization) -> String {
    let word = if organization.active {
        "有效 active"
    } else {
        "已暂停 suspended"
    };
    format!("{} {word}", organization.display_name)
}
