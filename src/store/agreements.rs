//! Agreements and the signatures on them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{
    Tx,
    engine::{Query, Row},
    error::StoreError,
    facts::agreement_state,
    rows::{Reader, joined, micros},
};
use crate::domain::{
    agreement::{
        Agreement, AgreementMode, AgreementState, DataClause, Service, ServiceClause, Terms,
    },
    alert::Category,
    id::Id,
    organization::Organization,
    purpose::Purpose,
    region::RegionCode,
};

/// An agreement's row.
#[derive(Debug, Clone)]
pub struct AgreementRow {
    /// Its id.
    pub id: Id<Agreement>,
    /// Who drafted it.
    pub drafted_by: Id<Organization>,
    /// What the parties agree on.
    pub terms: Terms,
    /// Where it stands.
    pub state: AgreementState,
    /// Rises with every change.
    pub revision: i64,
    /// Whether both parties' standing is active.
    pub parties_active: bool,
}

/// A signature that was received.
#[derive(Debug, Clone)]
pub struct Signature {
    /// The agreement.
    pub agreement: Id<Agreement>,
    /// Who signed.
    pub organization: Id<Organization>,
    /// With which key.
    pub key_id: String,
    /// The signature over the canonical bytes.
    pub signature: Vec<u8>,
    /// When it was received.
    pub signed: DateTime<Utc>,
}

const SELECT: &str = "SELECT a.*,
        CASE WHEN i.state = 'ACTIVE' AND f.state = 'ACTIVE' THEN 1 ELSE 0 END AS parties_active
     FROM agreements a
     LEFT JOIN standings i ON i.region = a.region AND i.organization = a.institution
     LEFT JOIN standings f ON f.region = a.region AND f.organization = a.facility";

fn read(row: &Row) -> Result<AgreementRow, StoreError> {
    let r = Reader::new(row, "agreements", "id");
    let services: Option<Vec<ServiceClause>> = r
        .text("services")?
        .split_ascii_whitespace()
        .map(clause)
        .collect();
    let active: i32 = row.get("parties_active")?;
    Ok(AgreementRow {
        id: r.parsed("id")?,
        drafted_by: r.parsed("drafted_by")?,
        terms: Terms {
            institution: r.parsed("institution")?,
            facility: r.parsed("facility")?,
            mode: r.word("mode", AgreementMode::parse)?,
            first_day: r.day("first_day")?,
            last_day: r.day("last_day")?,
            services: services.ok_or_else(|| r.corrupt("services"))?,
            data: DataClause {
                categories: r.words("categories", Category::parse)?,
                purposes: r.words("purposes", Purpose::parse)?,
                further_sources: r.words("further_sources", |w| w.parse().ok())?,
            },
        },
        state: agreement_state(&r)?,
        revision: r.int("revision")?,
        parties_active: active != 0,
    })
}

/// A clause as it is stored: `HEALTH_CHECK/12/0`.
fn clause(text: &str) -> Option<ServiceClause> {
    let mut parts = text.split('/');
    let clause = ServiceClause {
        service: Service::parse(parts.next()?)?,
        times_per_year: parts.next()?.parse().ok()?,
        price_fen: parts.next()?.parse().ok()?,
    };
    parts.next().is_none().then_some(clause)
}

fn stored_clause(clause: &ServiceClause) -> String {
    format!(
        "{}/{}/{}",
        clause.service.as_str(),
        clause.times_per_year,
        clause.price_fen
    )
}

/// Stores a draft.
pub async fn insert(
    tx: &mut Tx,
    region: RegionCode,
    row: &AgreementRow,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let terms = &row.terms;
    tx.query(
        "INSERT INTO agreements (region, id, institution, facility, drafted_by, mode, first_day,
             last_day, services, categories, purposes, further_sources, state, revision, created_us)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(region.to_string())
    .bind(row.id.to_string())
    .bind(terms.institution.to_string())
    .bind(terms.facility.to_string())
    .bind(row.drafted_by.to_string())
    .bind(terms.mode.as_str())
    .bind(terms.first_day.to_string())
    .bind(terms.last_day.to_string())
    .bind(joined(&terms.services, |s| stored_clause(s)))
    .bind(joined(&terms.data.categories, |c| c.as_str().to_owned()))
    .bind(joined(&terms.data.purposes, |p| p.as_str().to_owned()))
    .bind(joined(&terms.data.further_sources, |s| s.to_string()))
    .bind(row.state.code())
    .bind(row.revision)
    .bind(micros(now))
    .execute(tx)
    .await?;
    Ok(())
}

/// One agreement.
pub async fn find(
    tx: &mut Tx,
    region: RegionCode,
    id: Id<Agreement>,
) -> Result<Option<AgreementRow>, StoreError> {
    let row = tx
        .query_of_parts(format!("{SELECT} WHERE a.region = $1 AND a.id = $2"))
        .bind(region.to_string())
        .bind(id.to_string())
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(read).transpose()
}

/// Keeps a new state if nobody changed the row since `revision`; tells whether it did.
pub async fn set_state(
    tx: &mut Tx,
    region: RegionCode,
    id: Id<Agreement>,
    state: &AgreementState,
    revision: i64,
) -> Result<bool, StoreError> {
    let (filing, ending) = (state.filing(), state.ending());
    let changed = tx
        .query(
            "UPDATE agreements SET state = $4, filing_number = $5, filed_us = $6,
                    ending_reason = $7, ended_us = $8, revision = revision + 1
             WHERE region = $1 AND id = $2 AND revision = $3",
        )
        .bind(region.to_string())
        .bind(id.to_string())
        .bind(revision)
        .bind(state.code())
        .bind(filing.map(|f| f.number.clone()))
        .bind(filing.map(|f| micros(f.at)))
        .bind(ending.map(|e| e.reason.clone()))
        .bind(ending.map(|e| micros(e.at)))
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

/// Agreements in order of creation after `cursor`: those with `party`, or the region's.
pub async fn list(
    tx: &mut Tx,
    region: RegionCode,
    party: Option<Id<Organization>>,
    cursor: &str,
    limit: i64,
) -> Result<Vec<AgreementRow>, StoreError> {
    let page = |query: Query| {
        query
            .bind(region.to_string())
            .bind(cursor.to_owned())
            .bind(limit)
    };
    let rows = match party {
        None => {
            let sql = format!("{SELECT} WHERE a.region = $1 AND a.id > $2 ORDER BY a.id LIMIT $3");
            page(tx.query_of_parts(sql)).fetch_all(tx).await?
        }
        Some(party) => {
            let sql = format!(
                "{SELECT} WHERE a.region = $1 AND a.id > $2
                   AND (a.institution = $4 OR a.facility = $4) ORDER BY a.id LIMIT $3"
            );
            page(tx.query_of_parts(sql))
                .bind(party.to_string())
                .fetch_all(tx)
                .await?
        }
    };
    rows.iter().map(read).collect()
}

/// Keeps a signature; a party signs once.
pub async fn insert_signature(
    tx: &mut Tx,
    region: RegionCode,
    signature: Signature,
) -> Result<bool, StoreError> {
    let inserted = tx
        .query(
            "INSERT INTO agreement_signatures
                 (region, agreement, organization, key_id, signature, signed_us)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        )
        .bind(region.to_string())
        .bind(signature.agreement.to_string())
        .bind(signature.organization.to_string())
        .bind(signature.key_id)
        .bind(signature.signature)
        .bind(micros(signature.signed))
        .execute(tx)
        .await?;
    Ok(inserted == 1)
}

/// The signatures on agreements.
pub async fn signatures(
    tx: &mut Tx,
    region: RegionCode,
    agreements: &BTreeSet<Id<Agreement>>,
) -> Result<Vec<Signature>, StoreError> {
    let sql = format!(
        "SELECT * FROM agreement_signatures WHERE region = $1 AND {} ORDER BY signed_us",
        tx.among("agreement", 2)
    );
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind_list(agreements.iter().map(ToString::to_string).collect())
        .fetch_all(tx)
        .await?;
    rows.iter()
        .map(|row| {
            let r = Reader::new(row, "agreement_signatures", "agreement");
            Ok(Signature {
                agreement: r.parsed("agreement")?,
                organization: r.parsed("organization")?,
                key_id: r.text("key_id")?,
                signature: r.bytes("signature")?,
                signed: r.time("signed_us")?,
            })
        })
        .collect()
}
