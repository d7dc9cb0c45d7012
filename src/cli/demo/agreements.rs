//! Two agreements on their way: drafted, proposed, signed by both on their own machines, filed.

use chrono::{Days, NaiveDate};

use super::families::CATEGORIES;
use super::parties::{Member, Parties, region};
use super::stage::failed;
use crate::cli::error::CliError;
use crate::cli::output::short;
use crate::rpc::wire::{
    Agreement, AgreementMode, CreateAgreementRequest, DataClause, FileAgreementRequest,
    ProposeAgreementRequest, Purpose, ServiceClause,
};

/// Concludes one agreement from today on, for a year.
///
/// # Errors
/// Where a step is refused, or it is not in force at the end.
pub async fn conclude(
    parties: &Parties,
    institution: &Member,
    facility: &Member,
    further_sources: &[&Member],
    today: NaiveDate,
) -> Result<Agreement, CliError> {
    let purposes = [
        Purpose::DailyCare,
        Purpose::UrgentSafety,
        Purpose::HealthGuidance,
    ];
    let service = |service: &str, times_per_year| ServiceClause {
        service: service.into(),
        times_per_year,
        price_fen: 0,
    };
    let draft = Agreement {
        medical_institution: institution.name.clone(),
        facility: facility.name.clone(),
        mode: AgreementMode::Touring.into(),
        first_day: today.to_string(),
        last_day: (today + Days::new(364)).to_string(),
        services: vec![
            service("HYGIENE_GUIDANCE", 12),
            service("STAFF_TRAINING", 2),
        ],
        data_clause: Some(DataClause {
            categories: CATEGORIES.map(i32::from).to_vec(),
            purposes: purposes.map(i32::from).to_vec(),
            further_sources: further_sources
                .iter()
                .map(|source| source.name.clone())
                .collect(),
        }),
        ..Agreement::default()
    };
    let request = CreateAgreementRequest {
        parent: region(),
        agreement: Some(draft),
    };
    let drafted: Agreement = institution
        .responsible
        .call("AgreementService.CreateAgreement", &request)
        .await?;
    let name = drafted.name;
    let request = ProposeAgreementRequest {
        name: name.clone(),
        etag: String::new(),
    };
    let _: Agreement = institution
        .responsible
        .call("AgreementService.ProposeAgreement", &request)
        .await?;
    for party in [institution, facility] {
        // The text is fetched and signed by that party's own process; the key never leaves it.
        party
            .responsible
            .run(&["agreement", "sign", &name, "--yes"])
            .await?;
    }
    let number = format!("示例备-{}", short(&name));
    let request = FileAgreementRequest {
        name,
        filing_number: number,
        etag: String::new(),
    };
    let filed: Agreement = parties
        .commission
        .worker
        .call("AgreementService.FileAgreement", &request)
        .await?;
    if filed.in_force {
        Ok(filed)
    } else {
        Err(failed(
            "the agreement is filed",
            "it is not in force on its first day",
        ))
    }
}
