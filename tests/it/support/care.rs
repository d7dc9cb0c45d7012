//! A county in which alerts are taken care of: children in a facility's care with every key open, an
//! instructor assigned there, and a clinician of the MCH centre.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use yuqiao::{
    domain::{
        actor::{ActorRole, Expertise, Practitioner},
        alert::{Alert, Category, Decision, FollowUpOutcome},
        assignment::{Duty, Shift},
        checkup::{CheckUp, CheckUpParts, CheckUpStatus, VisitKind},
        child::Child,
        consent::ConsentMode,
        enrolment::Enrolment,
        finding::Finding,
        id::Id,
        identifier::PhysicianLicenceNo,
        purpose::Purpose,
    },
    service::{
        Error,
        caller::Claim,
        consents::{self, Evidence, Wish},
        disclosure::{self, Act, Answer, Ask, Event, Looks, OpenedAlert, Question, Wish as About},
        practitioners::{self, Licence, NewAssignment, NewPractitioner},
        push::{Pushes, Row, RowParts, Verdict},
    },
    store::{
        alerts::{self, AlertRow, Part},
        consents::ConsentRow,
    },
};

use super::{
    Bench, Party,
    county::{BORN, County, Ward, day},
    region,
};

/// The county, and who takes care.
pub struct Care {
    pub county: County,
    /// Of the hospital, assigned to the first facility.
    pub instructor: Claim,
    /// Of the MCH centre.
    pub clinician: Claim,
    pub pushes: Pushes,
    pub looks: Looks,
    /// In the order of the county's children.
    pub enrolments: Vec<Id<Enrolment>>,
    pub consents: Vec<ConsentRow>,
}

/// Somebody of a party.
pub async fn somebody(
    bench: &Bench,
    party: &Party,
    role: ActorRole,
    practitioner: Option<Id<Practitioner>>,
) -> Claim {
    Claim {
        actor: Some(bench.actor(party, role, practitioner).await),
        ..party.claim.clone()
    }
}

impl Care {
    /// Children in the first facility's care; the instructor serves at any hour, or in these shifts.
    pub async fn of(bench: &Bench, children: u32, shifts: Vec<Shift>) -> Self {
        let county = County::lay_out(bench, children).await;
        let (gateway, hospital) = (&bench.gateway, &county.hospital);
        let new = NewPractitioner {
            display_name: "测试医师".to_owned().into(),
            licence: Licence::Physician(PhysicianLicenceNo::parse("110150627000001").unwrap()),
            fields: [Expertise::Paediatrics].into(),
        };
        let doctor = practitioners::register(gateway, &hospital.claim, region(), new).await;
        let doctor = doctor.unwrap().row.id;
        let instructor = somebody(bench, hospital, ActorRole::Clinician, Some(doctor)).await;
        let assignment = NewAssignment {
            practitioner: doctor,
            agreement: county.agreements[0],
            duty: Duty {
                first_day: day("2026-09-01"),
                last_day: day("2027-08-31"),
                shifts,
                ended: None,
            },
        };
        practitioners::assign(gateway, &hospital.claim, region(), assignment)
            .await
            .unwrap();
        let clinician = somebody(bench, &county.mch, ActorRole::Clinician, None).await;
        let mut care = Self {
            instructor,
            clinician,
            pushes: Pushes::start(gateway.clone()),
            looks: Looks::start(gateway.clone()),
            enrolments: Vec::new(),
            consents: Vec::new(),
            county,
        };
        for ward in care.county.children.clone() {
            let first_day = day("2026-09-01");
            let enrolled = care.county.enrol(gateway, 0, ward.id, first_day).await;
            care.enrolments.push(enrolled.unwrap().id);
            let consent = care.consent(bench, &ward).await;
            care.consents.push(consent);
        }
        care
    }

    /// The guardian consents to everything that staff and instructors of the first facility need.
    pub async fn consent(&self, bench: &Bench, ward: &Ward) -> ConsentRow {
        self.consent_to(bench, ward, 0).await
    }

    /// The same for one of the facilities.
    pub async fn consent_to(&self, bench: &Bench, ward: &Ward, facility: usize) -> ConsentRow {
        let wish = Wish {
            child: ward.id,
            recipient: self.county.facilities[facility].id,
            sources: BTreeSet::new(),
            purposes: [
                Purpose::DailyCare,
                Purpose::UrgentSafety,
                Purpose::HealthGuidance,
            ]
            .into(),
            categories: Category::ALL.iter().copied().collect(),
            mode: ConsentMode::View,
            data_from: None,
            data_until: None,
            first_day: Some(day("2026-09-01")),
            last_day: day("2027-08-31"),
            notice_version: "1".to_owned(),
        };
        let evidence = Evidence::Document("测试同意书".to_owned());
        let by = Some(ward.guardianship);
        let claim = &self.county.hospital.claim;
        let granted = consents::grant(&bench.gateway, claim, region(), by, wish, evidence);
        granted.await.unwrap()
    }

    /// The hospital pushes the first revision of a record.
    pub async fn push(&self, bench: &Bench, ward: &Ward, record: &str, on: &str, of: Finding) {
        let version = (record, 1, CheckUpStatus::Final);
        self.push_revision(bench, ward, version, day(on), vec![of])
            .await;
    }

    /// The hospital pushes a revision of a record.
    pub async fn push_revision(
        &self,
        bench: &Bench,
        ward: &Ward,
        (record, revision, status): (&str, u32, CheckUpStatus),
        date: NaiveDate,
        findings: Vec<Finding>,
    ) {
        let from = &self.county.hospital;
        let parts = CheckUpParts {
            source: from.id.to_string(),
            record_id: record.to_owned(),
            revision,
            status,
            date,
            visit: VisitKind::Other,
            findings,
        };
        let parts = RowParts {
            claim: from.claim.clone(),
            region: region(),
            key: format!("{record}@{revision}"),
            identifiers: vec![ward.number.clone()],
            birth_date: Some(day(BORN)),
            sex: None,
            check_up: CheckUp::new(parts, None, None).unwrap(),
        };
        let verdict = self.pushes.submit(Row::new(&bench.gateway, parts)).await;
        assert!(
            matches!(verdict, Ok(Verdict::Accepted { .. })),
            "{verdict:?}"
        );
    }

    /// The child's standing alerts over what was found; what is not done is another matter.
    pub async fn standing(&self, bench: &Bench, child: Id<Child>) -> Vec<AlertRow> {
        let mut tx = bench.gateway.store().snapshot().await.unwrap();
        let mut standing = alerts::standing(&mut tx, region(), &[child]).await.unwrap();
        tx.rollback().await.unwrap();
        standing.retain(|alert| !alert.evidence.is_empty());
        standing
    }

    /// The one standing alert of a child.
    pub async fn only(&self, bench: &Bench, child: Id<Child>) -> AlertRow {
        let mut standing = self.standing(bench, child).await;
        assert_eq!(standing.len(), 1, "{standing:?}");
        standing.remove(0)
    }

    /// Somebody follows an alert up.
    pub async fn follow_up(
        &self,
        bench: &Bench,
        by: &Claim,
        alert: Id<Alert>,
        note: &str,
    ) -> Result<OpenedAlert, Error> {
        let act = Act::FollowUp {
            outcome: FollowUpOutcome::GuardianInformed,
            note: note.to_owned().into(),
        };
        let ask = asked(by, "AlertService.FollowUpAlert");
        disclosure::act(&bench.gateway, &ask, alert, None, &act).await
    }

    /// Somebody resolves an alert, as it stood at a revision.
    pub async fn resolve(
        &self,
        bench: &Bench,
        by: &Claim,
        alert: Id<Alert>,
        seen: Option<i64>,
        reason: &str,
    ) -> Result<OpenedAlert, Error> {
        let act = Act::Resolve {
            decision: Decision::RuledOut,
            reason: reason.to_owned().into(),
        };
        let ask = asked(by, "AlertService.ResolveAlert");
        disclosure::act(&bench.gateway, &ask, alert, seen, &act).await
    }

    /// Somebody of the first facility acknowledges an alert.
    pub async fn acknowledge(&self, bench: &Bench, alert: Id<Alert>) -> Result<OpenedAlert, Error> {
        let staff = &self.county.facilities[0].claim;
        self.acknowledge_by(bench, staff, alert).await
    }

    /// Somebody of a facility acknowledges an alert.
    pub async fn acknowledge_by(
        &self,
        bench: &Bench,
        by: &Claim,
        alert: Id<Alert>,
    ) -> Result<OpenedAlert, Error> {
        let ask = asked(by, "AlertService.AcknowledgeAlert");
        disclosure::acknowledge(&bench.gateway, &ask, alert).await
    }

    /// What somebody's own inbox holds after a number, as it may be shown.
    pub async fn inbox(&self, by: &Claim, after: i64) -> Result<Vec<(i64, Event)>, Error> {
        let question = Question::Inbox {
            recipient: by.organization,
            after,
            limit: 100,
        };
        let ask = Ask {
            question,
            ..asked(by, "AlertService.WatchAlerts")
        };
        match self.looks.ask(ask).await? {
            Answer::Inbox { events, .. } => Ok(events),
            _ => panic!("another answer than was asked for"),
        }
    }

    /// What somebody sees of alerts in a part of their life, opened: a facility's staff of its own children, an
    /// instructor of the first facility's.
    pub async fn sees(
        &self,
        bench: &Bench,
        by: &Claim,
        part: Part,
    ) -> Result<Vec<OpenedAlert>, Error> {
        let question = if by.organization == self.county.mch.id {
            Question::FollowUp {
                cursor: String::new(),
                children: 100,
                part,
            }
        } else {
            let mut facilities = self.county.facilities.iter();
            let own = facilities.find(|of| of.id == by.organization);
            Question::Facility {
                facility: own.unwrap_or(&self.county.facilities[0]).id,
                purpose: None,
                child: None,
                part,
            }
        };
        self.answer(
            bench,
            Ask {
                question,
                ..asked(by, "AlertService.ListAlerts")
            },
        )
        .await
    }

    /// What a guardian sees of the own child with a code for reading.
    pub async fn family_sees(
        &self,
        bench: &Bench,
        ward: &Ward,
        code: String,
        part: Part,
    ) -> Result<Vec<OpenedAlert>, Error> {
        let question = Question::Guardian {
            child: ward.id,
            code,
            about: About::Alerts(part),
        };
        let by = &self.county.facilities[0].claim;
        self.answer(
            bench,
            Ask {
                question,
                ..asked(by, "AlertService.ListAlerts")
            },
        )
        .await
    }

    async fn answer(&self, bench: &Bench, ask: Ask) -> Result<Vec<OpenedAlert>, Error> {
        let Answer::Alerts {
            alerts, audience, ..
        } = self.looks.ask(ask).await?
        else {
            panic!("another answer than was asked for");
        };
        let opened = alerts
            .into_iter()
            .map(|a| disclosure::open_alert(&bench.gateway, region(), a, &audience));
        let opened: Result<Vec<_>, _> = opened.collect();
        Ok(opened?.into_iter().flatten().collect())
    }
}

fn asked(by: &Claim, method: &'static str) -> Ask {
    let question = Question::Facility {
        facility: by.organization,
        purpose: None,
        child: None,
        part: Part::Standing,
    };
    Ask {
        claim: by.clone(),
        region: region(),
        method,
        question,
    }
}
