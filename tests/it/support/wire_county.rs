//! An example county over the wire: its parties, families and papers, each step as its own call.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use chrono::{Days, NaiveDate, Utc};
use tonic::{Status, Streaming};
use yuqiao::{domain::region::Zone, rpc::wire};

use super::{
    clients::{Client, PARENT},
    server::Server,
};

/// What the papers cover: also what a facility must never be shown.
pub const CATEGORIES: [wire::Category; 5] = [
    wire::Category::Growth,
    wire::Category::Nutrition,
    wire::Category::Allergy,
    wire::Category::Rickets,
    wire::Category::Development,
];

const PURPOSES: [wire::Purpose; 3] = [
    wire::Purpose::DailyCare,
    wire::Purpose::UrgentSafety,
    wire::Purpose::HealthGuidance,
];

/// The parties, each spoken for by an approved actor.
pub struct County {
    pub commission: Client,
    pub hospital: Client,
    pub mch: Client,
    /// By its responsible person, who signs.
    pub facility: Client,
    /// By its health worker, who looks.
    pub worker: Client,
}

/// A registered child with its mother.
pub struct Family {
    pub child: String,
    pub guardianship: String,
    pub number: String,
}

/// Today in the example region, as of the first time it was asked: a day that is named twice is the same
/// day, also over midnight there. By then it is yesterday to the gateway, so no test rests on its end.
pub fn today() -> NaiveDate {
    static DAY: OnceLock<NaiveDate> = OnceLock::new();
    *DAY.get_or_init(|| Zone::china().day(Utc::now()))
}

/// The day so many days ago.
pub fn ago(days: u64) -> String {
    (today() - Days::new(days)).to_string()
}

/// Day of birth of every example child: a year and a month ago.
pub fn birth() -> String {
    ago(395)
}

/// A birth certificate number nobody has yet.
pub fn number() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("X15{:07}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A finding with a quantity.
pub fn quantity(code: &str, value: i64, decimals: u32, unit: &str) -> wire::Finding {
    let unit = unit.to_owned();
    let value = wire::finding::Value::Quantity(wire::Quantity {
        value,
        decimals,
        unit,
    });
    wire::Finding {
        code: code.to_owned(),
        value: Some(value),
        ..Default::default()
    }
}

/// Haemoglobin in tenths of g/L.
pub fn haemoglobin(tenths: i64) -> wire::Finding {
    quantity("HAEMOGLOBIN", tenths, 1, "g/L")
}

/// A finding with a code.
pub fn coded(code: &str, value: &str, detail: &str) -> wire::Finding {
    wire::Finding {
        code: code.to_owned(),
        value: Some(wire::finding::Value::Coded(value.to_owned())),
        coded_detail: detail.to_owned(),
        ..Default::default()
    }
}

/// A first, final check-up of ten days ago.
pub fn row(number: &str, record: &str, findings: Vec<wire::Finding>) -> wire::PushRequest {
    let identifier = wire::Identifier {
        kind: wire::IdentifierKind::BirthCertificate.into(),
        value: number.to_owned(),
    };
    wire::PushRequest {
        parent: PARENT.to_owned(),
        idempotency_key: format!("{record}@1"),
        check_up: Some(wire::CheckUp {
            record_id: record.to_owned(),
            revision: 1,
            status: wire::CheckUpStatus::Final.into(),
            date: ago(10),
            visit: "V12".to_owned(),
            subject: Some(wire::Subject {
                identifiers: vec![identifier],
                birth_date: birth(),
                sex: wire::Sex::Female.into(),
            }),
            findings,
        }),
        row: 1,
    }
}

/// The same record again, as a later revision.
pub fn revised(
    mut row: wire::PushRequest,
    revision: u32,
    status: wire::CheckUpStatus,
    findings: Vec<wire::Finding>,
) -> wire::PushRequest {
    let check_up = row.check_up.as_mut().unwrap();
    check_up.revision = revision;
    check_up.status = status.into();
    check_up.findings = findings;
    row.idempotency_key = format!("{}@{revision}", check_up.record_id);
    row
}

/// A guardian's one-time code as evidence.
pub fn by_code(code: String) -> Option<wire::Evidence> {
    Some(wire::Evidence {
        kind: Some(wire::evidence::Kind::GuardianCode(code)),
    })
}

/// The next event of an inbox, in time.
pub async fn next(stream: &mut Streaming<wire::InboxEvent>) -> wire::InboxEvent {
    tokio::time::timeout(Duration::from_secs(20), stream.message())
        .await
        .expect("an event in time")
        .unwrap()
        .expect("the stream goes on")
}

impl County {
    /// Enters and enrols everyone.
    pub async fn at(server: &Server) -> Self {
        use wire::{ActorRole, OrganizationKind as Kind};
        let endpoint = server.endpoint();
        let commission = server.commission().await;
        let hospital = commission
            .brings_in(&endpoint, Kind::Hospital, "测试医院")
            .await;
        let mch = commission
            .brings_in(&endpoint, Kind::MchCentre, "测试妇幼保健院")
            .await;
        let mch = mch.with_actor(ActorRole::Clinician, "测试保健医").await;
        let facility = commission
            .brings_in(&endpoint, Kind::CommunityFacility, "测试驿站")
            .await;
        let worker = facility
            .with_actor(ActorRole::HealthWorker, "测试保健员")
            .await;
        Self {
            commission,
            hospital,
            mch,
            facility,
            worker,
        }
    }

    /// Registers a child by this number.
    pub async fn registers(by: &Client, number: &str) -> String {
        let identifier = wire::Identifier {
            kind: wire::IdentifierKind::BirthCertificate.into(),
            value: number.to_owned(),
        };
        let child = wire::Child {
            display_name: "测试童".to_owned(),
            sex: wire::Sex::Female.into(),
            birth_date: birth(),
            identifiers: vec![identifier],
            ..Default::default()
        };
        let request = wire::RegisterChildRequest {
            parent: PARENT.to_owned(),
            child: Some(child),
        };
        let child = by.roster().register_child(request).await.unwrap();
        child.into_inner().name
    }

    /// The MCH centre registers a child and its mother.
    pub async fn family(&self) -> Family {
        let number = number();
        let child = Self::registers(&self.mch, &number).await;
        let guardianship = wire::Guardianship {
            child: child.clone(),
            display_name: "测试母".to_owned(),
            relation: wire::Relation::Mother.into(),
            resident_id: "150627199001010021".to_owned(),
            evidence: "BIRTH_CERTIFICATE".to_owned(),
            first_day: birth(),
            phone: "13800000000".to_owned(),
            ..Default::default()
        };
        let request = wire::RecordGuardianshipRequest {
            parent: PARENT.to_owned(),
            guardianship: Some(guardianship),
        };
        let recorded = self.mch.roster().record_guardianship(request).await;
        Family {
            child,
            guardianship: recorded.unwrap().into_inner().name,
            number,
        }
    }

    /// The facility takes the child in, three days ago.
    pub async fn enrols(&self, family: &Family) -> wire::Enrolment {
        let known = Self::registers(&self.worker, &family.number).await;
        assert_eq!(known, family.child, "a child is known by its number");
        let request = wire::EnrolChildRequest {
            child: family.child.clone(),
            care: wire::CareKind::FullDay.into(),
            first_day: ago(3),
        };
        let enrolled = self.worker.roster().enrol_child(request).await;
        enrolled.unwrap().into_inner()
    }

    /// The facility records that a child is or was away; an empty last day leaves it open.
    pub async fn records_absence(&self, enrolment: &str, first: &str, last: &str) -> wire::Absence {
        let request = wire::RecordAbsenceRequest {
            enrolment: enrolment.to_owned(),
            first_day: first.to_owned(),
            last_day: last.to_owned(),
            ..Default::default()
        };
        let recorded = self.worker.roster().record_absence(request).await;
        recorded.unwrap().into_inner()
    }

    /// The MCH centre hands the mother a code.
    pub async fn code(&self, family: &Family, r#use: wire::GuardianCodeUse) -> String {
        let request = wire::IssueGuardianCodeRequest {
            guardianship: family.guardianship.clone(),
            r#use: r#use.into(),
        };
        let issued = self.mch.consents().issue_guardian_code(request).await;
        issued.unwrap().into_inner().code
    }

    /// The mother consents over the facility's line.
    pub async fn consents(&self, family: &Family) -> wire::Consent {
        self.consents_over(family, &CATEGORIES).await
    }

    /// The same over these categories.
    pub async fn consents_over(
        &self,
        family: &Family,
        categories: &[wire::Category],
    ) -> wire::Consent {
        let code = self.code(family, wire::GuardianCodeUse::Decide).await;
        let consent = wire::Consent {
            child: family.child.clone(),
            guardianship: family.guardianship.clone(),
            recipient: self.facility.organization.clone(),
            purposes: PURPOSES.map(i32::from).to_vec(),
            categories: categories.iter().map(|c| i32::from(*c)).collect(),
            mode: wire::ConsentMode::AlertsOnly.into(),
            last_day: (today() + Days::new(300)).to_string(),
            notice_version: "测试-1".to_owned(),
            ..Default::default()
        };
        let request = wire::GrantConsentRequest {
            parent: PARENT.to_owned(),
            consent: Some(consent),
            evidence: by_code(code),
        };
        let granted = self.worker.consents().grant_consent(request).await;
        granted.unwrap().into_inner()
    }

    /// The hospital drafts and proposes an agreement from this day on.
    pub async fn proposes(&self, first_day: NaiveDate) -> String {
        self.proposes_over(first_day, &CATEGORIES).await
    }

    /// The same over these categories.
    pub async fn proposes_over(
        &self,
        first_day: NaiveDate,
        categories: &[wire::Category],
    ) -> String {
        let draft = wire::Agreement {
            medical_institution: self.hospital.organization.clone(),
            facility: self.facility.organization.clone(),
            mode: wire::AgreementMode::Touring.into(),
            first_day: first_day.to_string(),
            last_day: (first_day + Days::new(300)).to_string(),
            services: vec![wire::ServiceClause {
                service: "HYGIENE_GUIDANCE".to_owned(),
                times_per_year: 12,
                price_fen: 0,
            }],
            data_clause: Some(wire::DataClause {
                categories: categories.iter().map(|c| i32::from(*c)).collect(),
                purposes: PURPOSES.map(i32::from).to_vec(),
                further_sources: Vec::new(),
            }),
            ..Default::default()
        };
        let request = wire::CreateAgreementRequest {
            parent: PARENT.to_owned(),
            agreement: Some(draft),
        };
        let responsible = &self.hospital;
        let drafted = responsible.agreements().create_agreement(request).await;
        let name = drafted.unwrap().into_inner().name;
        let request = wire::ProposeAgreementRequest {
            name: name.clone(),
            etag: String::new(),
        };
        let proposed = responsible.agreements().propose_agreement(request).await;
        proposed.unwrap();
        name
    }

    /// A party signs with the key of `signer`.
    pub async fn signs(party: &Client, signer: &Client, name: &str) -> Result<(), Status> {
        let request = wire::PreviewAgreementRequest {
            name: name.to_owned(),
        };
        let preview = party.agreements().preview_agreement(request).await?;
        let signature = signer
            .signing
            .sign(&preview.into_inner().canonical)
            .unwrap();
        let request = wire::SignAgreementRequest {
            name: name.to_owned(),
            key_id: party.signing.public_key().id().to_string(),
            signature,
        };
        party.agreements().sign_agreement(request).await.map(drop)
    }

    /// The commission files it.
    pub async fn files(&self, name: &str) -> Result<wire::Agreement, Status> {
        let request = wire::FileAgreementRequest {
            name: name.to_owned(),
            filing_number: "测试备-1".to_owned(),
            etag: String::new(),
        };
        let filed = self.commission.agreements().file_agreement(request).await?;
        Ok(filed.into_inner())
    }

    /// An agreement in force since today.
    pub async fn agreed(&self) -> String {
        self.agreed_over(&CATEGORIES).await
    }

    /// The same over these categories.
    pub async fn agreed_over(&self, categories: &[wire::Category]) -> String {
        let name = self.proposes_over(today(), categories).await;
        Self::signs(&self.hospital, &self.hospital, &name)
            .await
            .unwrap();
        Self::signs(&self.facility, &self.facility, &name)
            .await
            .unwrap();
        assert!(self.files(&name).await.unwrap().in_force);
        name
    }

    /// The hospital pushes one row.
    pub async fn pushes(&self, row: &wire::PushRequest) -> wire::PushResponse {
        let told = self.hospital.exchange().push_one(row.clone()).await;
        told.unwrap().into_inner()
    }

    /// What somebody sees under this parent.
    pub async fn sees(by: &Client, parent: &str) -> Result<wire::ListAlertsResponse, Status> {
        let request = wire::ListAlertsRequest {
            parent: parent.to_owned(),
            ..Default::default()
        };
        Ok(by.alerts().list_alerts(request).await?.into_inner())
    }

    /// What the facility's worker sees.
    pub async fn list(&self) -> wire::ListAlertsResponse {
        let seen = Self::sees(&self.worker, &self.facility.organization).await;
        seen.unwrap()
    }

    /// The keys that hide this child from the worker, with their reasons.
    pub async fn missing(&self, family: &Family) -> Vec<(String, String)> {
        let seen = self.list().await;
        let of = seen
            .withheld
            .into_iter()
            .filter(|w| w.child == family.child);
        of.flat_map(|w| w.missing)
            .map(|key| (key.key, key.reason))
            .collect()
    }

    /// The facility's open stream.
    pub async fn watch(&self, after: u64) -> Streaming<wire::InboxEvent> {
        let request = wire::WatchAlertsRequest {
            parent: self.facility.organization.clone(),
            after,
        };
        let stream = self.worker.alerts().watch_alerts(request).await;
        stream.unwrap().into_inner()
    }
}
