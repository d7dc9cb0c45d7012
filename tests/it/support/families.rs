//! A small county at work: parties, a child with its guardian, an agreement in force; and what the
//! ledger says happened.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use yuqiao::{
    domain::{
        agreement::{Agreement, AgreementMode, DataClause, Service, ServiceClause, Terms},
        alert::Category,
        checkup::{CheckUp, CheckUpParts, CheckUpStatus, VisitKind},
        child::Child,
        consent::ConsentMode,
        enrolment::CareKind,
        finding::Finding,
        guardianship::{Guardianship, GuardianshipEvidence, Relation},
        id::Id,
        identifier::{ChildIdentifier, Phone, ResidentId},
        organization::OrganizationKind,
        purpose::Purpose,
        sex::Sex,
    },
    ledger::{KeyState, Leaf, LeafBody},
    service::{
        agreements::{self, Which},
        children::{self, Registration},
        consents::Wish,
        enrolments::Placement,
        guardianships::{self, NewGuardianship},
        push::{Pushes, Row, RowParts},
    },
};

use super::{Bench, Party, region};

/// The guardian most tests speak through.
pub const FATHER: &str = "11010519491231002X";
/// The other one.
pub const MOTHER: &str = "150627202201159992";

/// A civil day.
pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A birth certificate number.
pub fn certificate(number: &str) -> ChildIdentifier {
    ChildIdentifier::parse(ChildIdentifier::BIRTH_CERTIFICATE, number).unwrap()
}

/// A girl born on 8 April 2024, with these numbers.
pub fn girl(identifiers: Vec<ChildIdentifier>) -> Registration {
    Registration {
        display_name: "测试童甲".to_owned().into(),
        sex: Sex::Female,
        birth_date: day("2024-04-08"),
        gestation_days: None,
        identifiers,
    }
}

/// The parties of a small county.
pub struct County {
    /// 卫生健康委.
    pub commission: Party,
    /// The signing institution.
    pub hospital: Party,
    /// A hospital without an agreement.
    pub other_hospital: Party,
    /// The signing facility.
    pub facility: Party,
    /// Another facility.
    pub other_facility: Party,
}

impl County {
    /// Enrols the parties.
    pub async fn found(bench: &Bench) -> Self {
        use OrganizationKind::{CommunityFacility, HomeFacility, Hospital, MchCentre};
        let commission = bench.commission().await;
        Self {
            hospital: bench.party(&commission, MchCentre, "示例妇幼保健院").await,
            other_hospital: bench.party(&commission, Hospital, "示例医院").await,
            facility: bench
                .party(&commission, CommunityFacility, "示例萌宝驿站")
                .await,
            other_facility: bench
                .party(&commission, HomeFacility, "示例家庭托育点")
                .await,
            commission,
        }
    }

    /// Terms between the hospital and the facility, from 1 September 2026 for a year.
    pub fn terms(&self) -> Terms {
        Terms {
            institution: self.hospital.id,
            facility: self.facility.id,
            mode: AgreementMode::Touring,
            first_day: day("2026-09-01"),
            last_day: day("2027-08-31"),
            services: vec![ServiceClause {
                service: Service::HealthCheck,
                times_per_year: 12,
                price_fen: 0,
            }],
            data: DataClause {
                categories: [Category::Growth, Category::Allergy].into(),
                purposes: [Purpose::DailyCare].into(),
                further_sources: BTreeSet::new(),
            },
        }
    }

    /// Drafts, proposes and has both sign an agreement.
    pub async fn signed(&self, bench: &Bench, terms: Terms) -> Id<Agreement> {
        let gateway = &bench.gateway;
        let drafted = agreements::create(gateway, &self.hospital.claim, region(), terms).await;
        let id = drafted.unwrap().row.id;
        let proposed = agreements::propose(gateway, &self.hospital.claim, which(id)).await;
        proposed.unwrap();
        for party in [&self.hospital, &self.facility] {
            self.sign(bench, party, id).await;
        }
        id
    }

    async fn sign(&self, bench: &Bench, party: &Party, id: Id<Agreement>) {
        let gateway = &bench.gateway;
        let text = agreements::preview(gateway, &party.claim, which(id))
            .await
            .unwrap();
        let signature = party.sign(text.as_bytes());
        let key_id = party.key_id();
        let signed = agreements::sign(gateway, &party.claim, which(id), &key_id, signature);
        signed.await.unwrap();
    }

    /// The same, filed.
    pub async fn filed(&self, bench: &Bench) -> Id<Agreement> {
        let id = self.signed(bench, self.terms()).await;
        let claim = &self.commission.claim;
        let filed = agreements::file(&bench.gateway, claim, which(id), "备案-1".to_owned()).await;
        assert!(filed.unwrap().in_force);
        id
    }

    /// A girl, registered by the facility.
    pub async fn child(&self, bench: &Bench, number: &str) -> Id<Child> {
        self.child_of(bench, &self.facility, number).await
    }

    /// A girl, registered by a party.
    pub async fn child_of(&self, bench: &Bench, by: &Party, number: &str) -> Id<Child> {
        let registration = girl(vec![certificate(number)]);
        let registered =
            children::register(&bench.gateway, &by.claim, region(), registration).await;
        registered.unwrap().id
    }

    /// A guardian of the child, recorded by the hospital.
    pub async fn guardian(
        &self,
        bench: &Bench,
        child: Id<Child>,
        resident_id: &str,
    ) -> Id<Guardianship> {
        let new = guardian(child, resident_id);
        let claim = &self.hospital.claim;
        let recorded = guardianships::record(&bench.gateway, claim, region(), new).await;
        recorded.unwrap().id
    }

    /// A party examines the child with this number, on 20 August 2026.
    pub async fn examines(&self, bench: &Bench, by: &Party, number: &str, found: Finding) {
        let parts = CheckUpParts {
            source: by.id.to_string(),
            record_id: "r".to_owned(),
            revision: 1,
            status: CheckUpStatus::Final,
            date: day("2026-08-20"),
            visit: VisitKind::Other,
            findings: vec![found],
        };
        let parts = RowParts {
            claim: by.claim.clone(),
            region: region(),
            key: "k".to_owned(),
            identifiers: vec![certificate(number)],
            birth_date: None,
            sex: None,
            check_up: CheckUp::new(parts, None, None).unwrap(),
        };
        let row = Row::new(&bench.gateway, parts);
        let pushes = Pushes::start(bench.gateway.clone());
        pushes.submit(row).await.unwrap();
    }

    /// What a guardian grants the facility for a year.
    pub fn wish(&self, child: Id<Child>) -> Wish {
        Wish {
            child,
            recipient: self.facility.id,
            sources: BTreeSet::new(),
            purposes: [Purpose::DailyCare].into(),
            categories: [Category::Growth, Category::Allergy].into(),
            mode: ConsentMode::AlertsOnly,
            data_from: None,
            data_until: None,
            first_day: None,
            last_day: day("2027-08-31"),
            notice_version: "v1".to_owned(),
        }
    }
}

/// A guardian to be recorded.
pub fn guardian(child: Id<Child>, resident_id: &str) -> NewGuardianship {
    NewGuardianship {
        child,
        display_name: "测试家长".to_owned().into(),
        relation: if resident_id == FATHER {
            Relation::Father
        } else {
            Relation::Mother
        },
        resident_id: ResidentId::parse(resident_id).unwrap(),
        phone: Phone::parse("13800000001").unwrap(),
        evidence: GuardianshipEvidence::HouseholdRegister,
        first_day: day("2024-04-08"),
    }
}

/// Full-day care from a day on.
pub fn placement(child: Id<Child>, first_day: &str) -> Placement {
    Placement {
        child,
        care: CareKind::FullDay,
        first_day: day(first_day),
    }
}

/// An agreement, whatever its revision.
pub fn which(id: Id<Agreement>) -> Which {
    Which {
        region: region(),
        id,
        seen: None,
    }
}

/// What the ledger says of one key, in order: each change, and how the key stands after it.
pub async fn turns(bench: &Bench, subject: impl ToString) -> Vec<(String, KeyState)> {
    let mut tx = bench.gateway.store().snapshot().await.unwrap();
    let rows = tx
        .query("SELECT sequence, bytes FROM ledger_leaves WHERE region = $1 ORDER BY sequence")
        .bind(region().to_string())
        .fetch_all(&mut tx)
        .await
        .unwrap();
    tx.rollback().await.unwrap();
    let subject = subject.to_string();
    let mut turns = Vec::new();
    for (expected, row) in (0_i64..).zip(&rows) {
        assert_eq!(
            row.get::<i64>("sequence").unwrap(),
            expected,
            "leaves have no gap"
        );
        let leaf = Leaf::from_bytes(&row.get::<Vec<u8>>("bytes").unwrap()).unwrap();
        if let LeafBody::Change(change) = leaf.body
            && change.subject == subject
        {
            let state = KeyState::read(&change.facts).expect("a change states its key");
            turns.push((change.change, state));
        }
    }
    turns
}

/// The same, as `CHANGE open` or `CHANGE closed` at the bench's present time.
pub async fn story(bench: &Bench, subject: impl ToString) -> Vec<String> {
    let now = yuqiao::clock::Clock::now(&*bench.clock).timestamp_micros();
    let told = turns(bench, subject).await.into_iter();
    let word = |state: KeyState| {
        if state.holds_at(now) {
            "open"
        } else {
            "closed"
        }
    };
    told.map(|(change, state)| format!("{change} {}", word(state)))
        .collect()
}
