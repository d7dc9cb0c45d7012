//! A county to measure: a hospital, a facility of 60 children with 20 open alerts, and thousands of
//! children who are registered and in no facility.
//!
//! A push assesses a child's whole history, so what it costs depends on how long histories are. A
//! child has about thirteen check-ups until it goes to school; here each gets [`CHECK_UPS_A_CHILD`]
//! at most, from none on, and a measurement ends early when there is nothing left to push.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use chrono::{Datelike, Days, NaiveDate};
use futures_util::{StreamExt, stream};
use yuqiao::{clock::Clock, rpc::wire};

use crate::{
    measure::{Figure, every},
    support::{
        clients::{Client, PARENT},
        engines::Place,
        server::Server,
    },
};

const CHILDREN: usize = 8192;
/// Check-ups a child gets at most over all measurements.
const CHECK_UPS_A_CHILD: usize = 16;
/// Children registered at once.
const REGISTERED_AT_ONCE: usize = 32;
pub const IN_CARE: usize = 60;
const OPEN_ALERTS: usize = 20;

/// The county, served by the real program.
pub struct County {
    server: Server,
    hospital: Client,
    facility: Client,
    commission: Client,
    today: NaiveDate,
    rows: &'static Rows,
}

/// Makes rows, each different.
pub struct Rows {
    next: AtomicU64,
    today: NaiveDate,
}

impl Rows {
    /// Rows for a child each in turn.
    fn from(today: NaiveDate) -> &'static Self {
        Box::leak(Box::new(Self {
            next: AtomicU64::new(0),
            today,
        }))
    }

    /// The next row to push: a check-up of one of the children, in turn. None once every child has
    /// as many as it may have.
    pub fn next(&self) -> Option<wire::PushRequest> {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let place = usize::try_from(n).unwrap();
        (place < CHILDREN * CHECK_UPS_A_CHILD)
            .then(|| check_up(self.today, place % CHILDREN, n, FIRST_AGE + n % 240, 1180))
    }
}

/// The age in days at the earliest check-up that is pushed.
const FIRST_AGE: u64 = 250;
/// The children's age in days.
const AGE: u64 = 500;

fn birth(today: NaiveDate) -> NaiveDate {
    today - Days::new(AGE)
}

fn check_up(
    today: NaiveDate,
    child: usize,
    n: u64,
    age: u64,
    haemoglobin: i64,
) -> wire::PushRequest {
    let quantity = |code: &str, value: i64, decimals: u32, unit: &str| wire::Finding {
        code: code.to_owned(),
        value: Some(wire::finding::Value::Quantity(wire::Quantity {
            value,
            decimals,
            unit: unit.to_owned(),
        })),
        ..Default::default()
    };
    // A healthy boy's curve: a child that did not grow would have an alert over each check-up.
    let grown = i64::try_from(age - FIRST_AGE).unwrap();
    wire::PushRequest {
        parent: PARENT.to_owned(),
        idempotency_key: format!("bench-{n}"),
        check_up: Some(wire::CheckUp {
            record_id: format!("r{n}"),
            revision: 1,
            status: wire::CheckUpStatus::Final.into(),
            date: (birth(today) + Days::new(age)).to_string(),
            visit: "V12".to_owned(),
            subject: Some(wire::Subject {
                identifiers: vec![identifier(child)],
                birth_date: birth(today).to_string(),
                sex: wire::Sex::Male.into(),
            }),
            findings: vec![
                quantity("WEIGHT", 9_000 + grown * 7, 0, "g"),
                quantity("LENGTH_HEIGHT", 7_130 + grown * 38 / 10, 1, "mm"),
                quantity("HEAD_CIRCUMFERENCE", 4_500 + grown * 9 / 10, 1, "mm"),
                quantity("HAEMOGLOBIN", haemoglobin, 1, "g/L"),
            ],
        }),
        row: n,
    }
}

fn identifier(child: usize) -> wire::Identifier {
    wire::Identifier {
        kind: wire::IdentifierKind::BirthCertificate.into(),
        value: format!("X15{child:07}"),
    }
}

impl County {
    /// Lays the county out on a fresh database.
    pub async fn open(database: Option<String>) -> Self {
        let mut server = Server::laid_out(database);
        // What is measured is the gateway, not the bound on one organization's calls.
        server.configure(|text| text.replace("calls_per_second = 200", "calls_per_second = 0"));
        server.start().await;
        let endpoint = server.endpoint();
        let commission = server.commission().await;
        let kind = wire::OrganizationKind::Hospital;
        let hospital = commission.brings_in(&endpoint, kind, "示例医院").await;
        let kind = wire::OrganizationKind::PublicFacility;
        let facility = commission.brings_in(&endpoint, kind, "示例托育中心").await;
        let today = yuqiao::domain::region::Zone::china().day(yuqiao::clock::SystemClock.now());
        agree(&commission, &hospital, &facility, today).await;
        let children = register(&hospital, today).await;
        for child in &children[..IN_CARE] {
            take_in(&hospital, &facility, child, today).await;
        }
        for child in 0..OPEN_ALERTS {
            // The latest by date, so that the rows measured later leave the alert standing.
            let anaemic = check_up(today, child, 10_000_000 + child as u64, AGE - 1, 950);
            let verdict = hospital
                .exchange()
                .push_one(anaemic)
                .await
                .unwrap()
                .into_inner();
            assert_eq!(
                verdict.outcome(),
                wire::Outcome::Accepted,
                "{:?}",
                verdict.problems
            );
        }
        Self {
            server,
            hospital,
            facility,
            commission,
            today,
            rows: Rows::from(today),
        }
    }

    /// The rows that are pushed to the gateway.
    pub fn rows(&self) -> &'static Rows {
        self.rows
    }

    /// The same rows, for the echo, which stores none.
    pub fn echoed_rows(&self) -> &'static Rows {
        Rows::from(self.today)
    }

    /// The hospital, for whoever needs its credentials.
    pub fn hospital(&self) -> &Client {
        &self.hospital
    }

    /// The commission, for what only it may ask.
    pub fn commission(&self) -> &Client {
        &self.commission
    }

    /// Its database.
    pub fn place(&self) -> Place {
        self.server.place()
    }

    /// The hospital over so many connections.
    pub async fn pushers(&self, connections: usize) -> Vec<Client> {
        let endpoint = self.server.endpoint();
        let mut clients = Vec::new();
        for _ in 0..connections {
            clients.push(self.hospital.at(&endpoint).await);
        }
        clients
    }

    /// The facility's list of open alerts.
    pub async fn list(&self) -> wire::ListAlertsResponse {
        let list = self
            .facility
            .alerts()
            .list_alerts(self.asks())
            .await
            .unwrap()
            .into_inner();
        assert_eq!(list.alerts.len(), OPEN_ALERTS);
        list
    }

    fn asks(&self) -> wire::ListAlertsRequest {
        let parent = self.facility.organization.clone();
        wire::ListAlertsRequest {
            parent,
            ..Default::default()
        }
    }

    /// Reads the list over and over.
    pub async fn lists(&self, at_once: usize, during: Duration) -> Figure {
        let facility = &self.facility;
        every(at_once, during, |_| {
            let (client, asks) = (facility.clone(), self.asks());
            async move {
                client.alerts().list_alerts(asks).await.unwrap();
                Some(())
            }
        })
        .await
    }

    /// Stops the program.
    pub async fn close(&mut self) {
        self.server.stop().await;
    }
}

async fn agree(commission: &Client, hospital: &Client, facility: &Client, today: NaiveDate) {
    let agreement = wire::Agreement {
        medical_institution: hospital.organization.clone(),
        facility: facility.organization.clone(),
        mode: wire::AgreementMode::Touring.into(),
        first_day: today.to_string(),
        last_day: (today + Days::new(364)).to_string(),
        services: vec![wire::ServiceClause {
            service: "HEALTH_CHECK".to_owned(),
            times_per_year: 12,
            price_fen: 0,
        }],
        data_clause: Some(wire::DataClause {
            categories: vec![
                wire::Category::Growth.into(),
                wire::Category::Nutrition.into(),
            ],
            purposes: vec![wire::Purpose::DailyCare.into()],
            further_sources: Vec::new(),
        }),
        ..Default::default()
    };
    let request = wire::CreateAgreementRequest {
        parent: PARENT.to_owned(),
        agreement: Some(agreement),
    };
    let name = hospital
        .agreements()
        .create_agreement(request)
        .await
        .unwrap()
        .into_inner()
        .name;
    let request = wire::ProposeAgreementRequest {
        name: name.clone(),
        etag: String::new(),
    };
    hospital
        .agreements()
        .propose_agreement(request)
        .await
        .unwrap();
    for party in [hospital, facility] {
        let request = wire::PreviewAgreementRequest { name: name.clone() };
        let preview = party
            .agreements()
            .preview_agreement(request)
            .await
            .unwrap()
            .into_inner()
            .canonical;
        let request = wire::SignAgreementRequest {
            name: name.clone(),
            key_id: party.signing.public_key().id().to_string(),
            signature: party.signing.sign(&preview).unwrap(),
        };
        party.agreements().sign_agreement(request).await.unwrap();
    }
    let request = wire::FileAgreementRequest {
        name,
        filing_number: format!("示例备〔{}〕1号", today.year()),
        etag: String::new(),
    };
    commission
        .agreements()
        .file_agreement(request)
        .await
        .unwrap();
}

async fn register(hospital: &Client, today: NaiveDate) -> Vec<String> {
    stream::iter(0..CHILDREN)
        .map(|child| {
            let request = wire::RegisterChildRequest {
                parent: PARENT.to_owned(),
                child: Some(wire::Child {
                    display_name: format!("测试童{child:04}"),
                    sex: wire::Sex::Male.into(),
                    birth_date: birth(today).to_string(),
                    identifiers: vec![identifier(child)],
                    ..Default::default()
                }),
            };
            async move {
                let child = hospital.roster().register_child(request).await;
                child.unwrap().into_inner().name
            }
        })
        .buffered(REGISTERED_AT_ONCE)
        .collect()
        .await
}

async fn take_in(hospital: &Client, facility: &Client, child: &str, today: NaiveDate) {
    let request = wire::EnrolChildRequest {
        child: child.to_owned(),
        care: wire::CareKind::FullDay.into(),
        first_day: today.to_string(),
    };
    facility.roster().enrol_child(request).await.unwrap();
    let request = wire::RecordGuardianshipRequest {
        parent: PARENT.to_owned(),
        guardianship: Some(wire::Guardianship {
            child: child.to_owned(),
            display_name: "测试母".to_owned(),
            relation: wire::Relation::Mother.into(),
            resident_id: "11010519491231002X".to_owned(),
            phone: "13800000000".to_owned(),
            evidence: "BIRTH_CERTIFICATE".to_owned(),
            first_day: birth(today).to_string(),
            ..Default::default()
        }),
    };
    let guardianship = hospital
        .roster()
        .record_guardianship(request)
        .await
        .unwrap()
        .into_inner()
        .name;
    let request = wire::GrantConsentRequest {
        parent: PARENT.to_owned(),
        consent: Some(wire::Consent {
            child: child.to_owned(),
            guardianship,
            recipient: facility.organization.clone(),
            purposes: vec![wire::Purpose::DailyCare.into()],
            categories: vec![
                wire::Category::Growth.into(),
                wire::Category::Nutrition.into(),
            ],
            mode: wire::ConsentMode::AlertsOnly.into(),
            last_day: (today + Days::new(300)).to_string(),
            notice_version: "1".to_owned(),
            ..Default::default()
        }),
        evidence: Some(wire::Evidence {
            kind: Some(wire::evidence::Kind::Document("PAPER_SCAN 1".to_owned())),
        }),
    };
    hospital.consents().grant_consent(request).await.unwrap();
}
