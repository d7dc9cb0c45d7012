//! A county at work: two institutions, two facilities with filed agreements, and children whose
//! guardians can be asked. Every step goes through the use case, on whichever gateway is named.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use yuqiao::{
    domain::{
        agreement::{Agreement, AgreementMode, DataClause, Service, ServiceClause, Terms},
        alert::Category,
        checkup::{CheckUp, CheckUpParts, CheckUpStatus, VisitKind},
        child::Child,
        consent::{Consent, ConsentMode},
        enrolment::{CareKind, Enrolment},
        finding::{Finding, FindingStatus, RawValue},
        guardianship::{Guardianship, GuardianshipEvidence, Relation},
        id::Id,
        identifier::{ChildIdentifier, Phone, ResidentId},
        organization::OrganizationKind,
        purpose::Purpose,
        region::RegionCode,
        sex::Sex,
    },
    service::{
        Error, Gateway,
        agreements::{self, Which},
        children::{self, Registration},
        consents::{self, Evidence, Wish},
        disclosure::{Answer, Ask, Looks, Question, Withheld},
        enrolments::{self, Placement},
        guardianships::{self, NewGuardianship},
        push::{Row, RowParts},
    },
    store::{
        alerts::{Disclosed, Part},
        consents::ConsentRow,
        enrolments::EnrolmentRow,
    },
};
use zeroize::Zeroizing;

use super::{Bench, Party, region};

/// What every child of the county is called.
pub const CHILD_NAME: &str = "测试童甲";
/// What every guardian is called.
pub const GUARDIAN_NAME: &str = "测试监护人乙";
/// Every guardian's telephone.
pub const PHONE: &str = "13900001111";
/// When every child was born.
pub const BORN: &str = "2024-03-05";

/// A child of the county.
#[derive(Clone)]
pub struct Ward {
    /// The child.
    pub id: Id<Child>,
    /// Its number, as hospitals know it.
    pub number: ChildIdentifier,
    /// Who speaks for it.
    pub guardianship: Id<Guardianship>,
}

/// The county.
#[derive(Clone)]
pub struct County {
    /// The commission.
    pub commission: Party,
    /// Party to both agreements.
    pub hospital: Party,
    /// A further source that both agreements cover.
    pub mch: Party,
    /// In the order of `agreements`.
    pub facilities: Vec<Party>,
    /// Each facility's filed agreement with the hospital.
    pub agreements: Vec<Id<Agreement>>,
    /// The children.
    pub children: Vec<Ward>,
}

/// A civil day.
pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A resident ID with its check character, for a person born on 1 January 1990.
pub fn resident_id(n: u32) -> ResidentId {
    let digits = format!("15062719900101{n:03}");
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let values = digits.chars().map(|c| c.to_digit(10).unwrap());
    let sum: u32 = values.zip(WEIGHTS).map(|(d, w)| d * w).sum();
    let check = "10X98765432".chars().nth((sum % 11) as usize).unwrap();
    ResidentId::parse(&format!("{digits}{check}")).unwrap()
}

/// What is said of child `n` when it is registered.
pub fn registration(n: u32) -> Registration {
    let number = format!("X{:09}", 150_000_001 + n);
    let number = ChildIdentifier::parse(ChildIdentifier::BIRTH_CERTIFICATE, &number).unwrap();
    Registration {
        display_name: Zeroizing::new(CHILD_NAME.to_owned()),
        sex: Sex::Female,
        birth_date: day(BORN),
        gestation_days: None,
        identifiers: vec![number],
    }
}

impl County {
    /// Everything up to the filed agreements, and `children` registered children in nobody's care.
    pub async fn lay_out(bench: &Bench, children: u32) -> Self {
        Self::lay_out_in(bench, region(), children).await
    }

    /// The same in another region: the children have the same numbers in each.
    pub async fn lay_out_in(bench: &Bench, region: RegionCode, children: u32) -> Self {
        let commission = bench.commission_of(region).await;
        let hospital = bench.party(&commission, OrganizationKind::Hospital, "示例医院");
        let hospital = hospital.await;
        let mch = bench.party(&commission, OrganizationKind::MchCentre, "示例妇幼保健院");
        let mch = mch.await;
        let mut county = Self {
            facilities: vec![
                bench
                    .party(&commission, OrganizationKind::PublicFacility, "示例托育园")
                    .await,
                bench
                    .party(
                        &commission,
                        OrganizationKind::HomeFacility,
                        "示例家庭托育点",
                    )
                    .await,
            ],
            commission,
            hospital,
            mch,
            agreements: Vec::new(),
            children: Vec::new(),
        };
        for which in 0..county.facilities.len() {
            let agreement = county.agree(&bench.gateway, which).await;
            county.agreements.push(agreement);
        }
        for n in 0..children {
            let ward = county.register(&bench.gateway, n).await;
            county.children.push(ward);
        }
        county
    }

    /// Where it is.
    pub fn region(&self) -> RegionCode {
        self.commission.claim.home
    }

    /// Draws up, signs and files an agreement between the hospital and a facility.
    pub async fn agree(&self, gateway: &Gateway, facility: usize) -> Id<Agreement> {
        let days = (day("2026-01-01"), day("2027-12-31"));
        self.agree_for(gateway, facility, days).await
    }

    /// The same for a term of its own.
    pub async fn agree_for(
        &self,
        gateway: &Gateway,
        facility: usize,
        days: (NaiveDate, NaiveDate),
    ) -> Id<Agreement> {
        let purposes = [
            Purpose::DailyCare,
            Purpose::UrgentSafety,
            Purpose::HealthGuidance,
        ];
        self.agree_to(gateway, facility, days, purposes.into())
            .await
    }

    /// The same for these purposes.
    pub async fn agree_to(
        &self,
        gateway: &Gateway,
        facility: usize,
        days: (NaiveDate, NaiveDate),
        purposes: BTreeSet<Purpose>,
    ) -> Id<Agreement> {
        let facility = &self.facilities[facility];
        let terms = Terms {
            institution: self.hospital.id,
            facility: facility.id,
            mode: AgreementMode::Touring,
            first_day: days.0,
            last_day: days.1,
            services: vec![ServiceClause {
                service: Service::GrowthMonitor,
                times_per_year: 4,
                price_fen: 0,
            }],
            data: DataClause {
                categories: Category::ALL.iter().copied().collect(),
                purposes,
                further_sources: [self.mch.id].into(),
            },
        };
        let drafted = agreements::create(gateway, &self.hospital.claim, self.region(), terms);
        let id = drafted.await.unwrap().row.id;
        let which = Which {
            region: self.region(),
            id,
            seen: None,
        };
        agreements::propose(gateway, &self.hospital.claim, which)
            .await
            .unwrap();
        for party in [&self.hospital, facility] {
            let text = agreements::preview(gateway, &party.claim, which).await;
            let signature = party.sign(text.unwrap().as_bytes());
            agreements::sign(gateway, &party.claim, which, &party.key_id(), signature)
                .await
                .unwrap();
        }
        agreements::file(gateway, &self.commission.claim, which, "备2026-1".into())
            .await
            .unwrap();
        id
    }

    /// Registers a child with its guardian.
    pub async fn register(&self, gateway: &Gateway, n: u32) -> Ward {
        let registration = registration(n);
        let number = registration.identifiers[0].clone();
        let claim = &self.mch.claim;
        let child = children::register(gateway, claim, self.region(), registration).await;
        let child = child.unwrap().id;
        let new = NewGuardianship {
            child,
            display_name: Zeroizing::new(GUARDIAN_NAME.to_owned()),
            relation: Relation::Mother,
            resident_id: resident_id(n),
            phone: Phone::parse(PHONE).unwrap(),
            evidence: GuardianshipEvidence::BirthCertificate,
            first_day: day(BORN),
        };
        let recorded = guardianships::record(gateway, claim, self.region(), new).await;
        Ward {
            id: child,
            number,
            guardianship: recorded.unwrap().id,
        }
    }

    /// A facility enrols a child.
    pub async fn enrol(
        &self,
        gateway: &Gateway,
        facility: usize,
        child: Id<Child>,
        first_day: NaiveDate,
    ) -> Result<EnrolmentRow, Error> {
        let placement = Placement {
            child,
            care: CareKind::FullDay,
            first_day,
        };
        let claim = &self.facilities[facility].claim;
        enrolments::enrol(gateway, claim, self.region(), placement).await
    }

    /// A child leaves a facility.
    pub async fn leave(
        &self,
        gateway: &Gateway,
        facility: usize,
        enrolment: Id<Enrolment>,
        last_day: NaiveDate,
    ) -> Result<EnrolmentRow, Error> {
        let claim = &self.facilities[facility].claim;
        enrolments::leave(gateway, claim, self.region(), enrolment, last_day).await
    }

    /// A guardian consents; the MCH centre, which registered the child, records it.
    pub async fn consent(
        &self,
        gateway: &Gateway,
        facility: usize,
        ward: &Ward,
        categories: &[Category],
        days: (NaiveDate, NaiveDate),
    ) -> Result<ConsentRow, Error> {
        let wish = Wish {
            child: ward.id,
            recipient: self.facilities[facility].id,
            sources: BTreeSet::new(),
            purposes: [Purpose::DailyCare, Purpose::UrgentSafety].into(),
            categories: categories.iter().copied().collect(),
            mode: ConsentMode::View,
            data_from: None,
            data_until: None,
            first_day: Some(days.0),
            last_day: days.1,
            notice_version: "1".to_owned(),
        };
        let evidence = Evidence::Document("测试同意书".to_owned());
        let guardianship = Some(ward.guardianship);
        let claim = &self.mch.claim;
        consents::grant(gateway, claim, self.region(), guardianship, wish, evidence).await
    }

    /// A guardian withdraws; the MCH centre records it.
    pub async fn withdraw(
        &self,
        gateway: &Gateway,
        consent: Id<Consent>,
    ) -> Result<ConsentRow, Error> {
        let evidence = Evidence::Document("测试撤回书".to_owned());
        consents::withdraw(gateway, &self.mch.claim, self.region(), consent, evidence).await
    }

    /// A check-up of a child.
    pub fn check_up(
        &self,
        gateway: &Gateway,
        from: &Party,
        number: &ChildIdentifier,
        key: &str,
        version: (&str, u32, CheckUpStatus),
        findings: Vec<Finding>,
    ) -> Row {
        let (record_id, revision, status) = version;
        let parts = CheckUpParts {
            source: from.id.to_string(),
            record_id: record_id.to_owned(),
            revision,
            status,
            date: day("2026-08-20"),
            visit: VisitKind::Other,
            findings,
        };
        let parts = RowParts {
            claim: from.claim.clone(),
            region: self.region(),
            key: key.to_owned(),
            identifiers: vec![number.clone()],
            birth_date: Some(day(BORN)),
            sex: None,
            check_up: CheckUp::new(parts, None, None).unwrap(),
        };
        Row::new(gateway, parts)
    }

    /// The question a facility's staff asks each morning.
    pub fn morning(&self, facility: usize, child: Option<Id<Child>>) -> Ask {
        let party = &self.facilities[facility];
        Ask {
            claim: party.claim.clone(),
            region: self.region(),
            method: "AlertService.List",
            question: Question::Facility {
                facility: party.id,
                purpose: None,
                child,
                part: Part::Standing,
            },
        }
    }

    /// The question an open stream asks.
    pub fn following(&self, facility: usize, after: i64, limit: i64) -> Ask {
        let party = &self.facilities[facility];
        Ask {
            claim: party.claim.clone(),
            region: self.region(),
            method: "AlertService.Watch",
            question: Question::Inbox {
                recipient: party.id,
                after,
                limit,
            },
        }
    }
}

/// What a facility is shown.
pub async fn shown(looks: &Looks, ask: Ask) -> Result<(Vec<Disclosed>, Vec<Withheld>), Error> {
    match looks.ask(ask).await? {
        Answer::Alerts {
            alerts, withheld, ..
        } => Ok((alerts, withheld)),
        _ => panic!("another answer than was asked for"),
    }
}

/// Haemoglobin in g/L.
pub fn haemoglobin(g_l: i64) -> Finding {
    let raw = RawValue::Quantity {
        value: g_l,
        decimals: 0,
        unit: "g/L",
    };
    Finding::parse("HAEMOGLOBIN", raw, FindingStatus::Final, "").unwrap()
}

/// An allergy to a food.
pub fn allergy(substance: &str) -> Finding {
    let raw = RawValue::Coded {
        code: "FOOD",
        text: Some(substance),
    };
    Finding::parse("ALLERGY", raw, FindingStatus::Final, "").unwrap()
}

/// A coded finding.
pub fn coded(code: &str, value: &str) -> Finding {
    let raw = RawValue::Coded {
        code: value,
        text: None,
    };
    Finding::parse(code, raw, FindingStatus::Final, "").unwrap()
}
