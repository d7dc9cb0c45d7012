//! Absent and forbidden look the same to a stranger: whatever it asks about a child, or about a paper
//! of a child, the answer is byte for byte that about a child there never was; and nothing it is told
//! about its own changes when a child it may not see comes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use prost::Message;
use prost_reflect::{DescriptorPool, Kind};
use tonic::Status;
use tonic_types::StatusExt;
use yuqiao::{
    clock::system_chance,
    pki::GuardianCode,
    rpc::{
        DESCRIPTORS,
        wire::{self, ActorRole, Category, ConsentMode, OrganizationKind, Purpose},
    },
};

use crate::support::{
    clients::{Client, PARENT},
    server::on_every_server,
    wire_county::{County, Family, ago, birth, by_code, coded, haemoglobin, row, today},
};

/// A child and its papers, by name.
#[derive(Clone)]
struct Named {
    child: String,
    guardianship: String,
    enrolment: String,
    absence: String,
    consent: String,
    alert: String,
    facility: String,
}

impl Named {
    /// The same kinds of things, none of which is there.
    fn absent() -> Self {
        let of = |what: &str| format!("{PARENT}/{what}/5d1f8f5e-8a3c-4c55-9d0a-0a6f0c1b7e11");
        Self {
            child: of("children"),
            guardianship: of("guardianships"),
            enrolment: of("enrolments"),
            absence: of("absences"),
            consent: of("consents"),
            alert: of("alerts"),
            facility: of("organizations"),
        }
    }
}

/// A refusal as the wire carries it.
fn bytes<T>(answer: Result<T, Status>, method: &str) -> String {
    match answer {
        Ok(_) => panic!("{method} answered a stranger"),
        Err(s) => {
            // A map has no order on the wire: the whole in one order, and how long it was.
            let mut details = s.get_error_details();
            let mut keys = BTreeMap::new();
            if let Some(info) = details.error_info().cloned() {
                keys.extend(info.metadata);
                details.set_error_info(info.reason, info.domain, HashMap::new());
            }
            let (code, said, length) = (s.code(), s.message(), s.details().len());
            format!("{code:?} {said} {keys:?} {details:?} {length}")
        }
    }
}

/// Everything a stranger may ask about a child and its papers, with what it was told.
struct Asked<'a> {
    by: &'a Client,
    who: &'static str,
    told: BTreeMap<String, String>,
}

impl<'a> Asked<'a> {
    fn new(who: &'static str, by: &'a Client) -> Self {
        Self {
            by,
            who,
            told: BTreeMap::new(),
        }
    }

    fn note<T>(&mut self, method: &str, how: &str, answer: Result<T, Status>) {
        let key = format!("{method} by {} {how}", self.who);
        let told = bytes(answer, &key);
        assert!(self.told.insert(key, told).is_none());
    }

    /// What nobody but those who have to do with the child is told, whoever asks.
    async fn everybody(&mut self, named: &Named, recipient: &str) {
        let by = self.by;
        let list = |parent: &str, child: &str, guardian_code: &str| wire::ListAlertsRequest {
            parent: parent.to_owned(),
            child: child.to_owned(),
            guardian_code: guardian_code.to_owned(),
            ..Default::default()
        };
        let code = GuardianCode::generate(&mut system_chance()).reveal();
        let answer = by.alerts().list_alerts(list(&named.facility, "", "")).await;
        self.note("ListAlerts", "of its facility", answer);
        let answer = by
            .alerts()
            .list_alerts(list(&named.facility, &named.child, ""))
            .await;
        self.note("ListAlerts", "of its facility, named", answer);
        let answer = by.alerts().list_alerts(list(&named.child, "", &code)).await;
        self.note("ListAlerts", "as if a guardian", answer);
        for (how, parent, child, guardian_code) in [
            ("of its facility", &named.facility, "", ""),
            ("of its facility, named", &named.facility, &*named.child, ""),
            ("as if a guardian", &named.child, "", &*code),
        ] {
            let request = wire::ListFitnessRequest {
                parent: parent.clone(),
                child: child.to_owned(),
                guardian_code: guardian_code.to_owned(),
                ..Default::default()
            };
            let answer = by.alerts().list_fitness(request).await;
            self.note("ListFitness", how, answer);
            let request = wire::ListDueItemsRequest {
                parent: parent.clone(),
                child: child.to_owned(),
                guardian_code: guardian_code.to_owned(),
                ..Default::default()
            };
            let answer = by.alerts().list_due_items(request).await;
            self.note("ListDueItems", how, answer);
        }
        let watch = wire::WatchAlertsRequest {
            parent: named.facility.clone(),
            after: 0,
        };
        let answer = match by.alerts().watch_alerts(watch).await {
            Ok(mut events) => events.get_mut().message().await,
            Err(status) => Err(status),
        };
        self.note("WatchAlerts", "of its facility", answer);
        let request = wire::AcknowledgeAlertRequest {
            name: named.alert.clone(),
        };
        let answer = by.alerts().acknowledge_alert(request).await;
        self.note("AcknowledgeAlert", "", answer);
        let request = wire::FollowUpAlertRequest {
            name: named.alert.clone(),
            outcome: wire::FollowUpOutcome::Referred.into(),
            ..Default::default()
        };
        let answer = by.alerts().follow_up_alert(request).await;
        self.note("FollowUpAlert", "", answer);
        let request = wire::ResolveAlertRequest {
            name: named.alert.clone(),
            decision: wire::Decision::Recovered.into(),
            reason: "测试".to_owned(),
            ..Default::default()
        };
        let answer = by.alerts().resolve_alert(request).await;
        self.note("ResolveAlert", "", answer);
        let request = wire::ListLooksRequest {
            child: named.child.clone(),
            guardian_code: code.to_string(),
            ..Default::default()
        };
        let answer = by.ledger().list_looks(request).await;
        self.note("ListLooks", "", answer);
        for (how, code) in [("as its institution", ""), ("as if a guardian", &*code)] {
            let request = wire::GetGrowthChartRequest {
                child: named.child.clone(),
                guardian_code: code.to_owned(),
                ..Default::default()
            };
            let answer = by.exchange().get_growth_chart(request).await;
            self.note("GetGrowthChart", how, answer);
        }

        use wire::erase_child_request::Evidence;
        for (how, evidence) in [
            ("by code", Evidence::GuardianCode(code.to_string())),
            ("on paper", Evidence::Document("测试删除申请".to_owned())),
        ] {
            let request = wire::EraseChildRequest {
                child: named.child.clone(),
                evidence: Some(evidence),
            };
            let answer = by.roster().erase_child(request).await;
            self.note("EraseChild", how, answer);
        }
        let identifier = |value: &str| {
            Some(wire::Identifier {
                kind: wire::IdentifierKind::BirthCertificate.into(),
                value: value.to_owned(),
            })
        };
        let request = wire::AddIdentifierRequest {
            child: named.child.clone(),
            known: identifier("X159999998"),
            identifier: identifier("X159999999"),
        };
        let answer = by.roster().add_identifier(request).await;
        self.note("AddIdentifier", "", answer);
        let request = wire::ListGuardianshipsRequest {
            child: named.child.clone(),
        };
        let answer = by.roster().list_guardianships(request).await;
        self.note("ListGuardianships", "", answer);
        let request = wire::LeaveChildRequest {
            name: named.enrolment.clone(),
            last_day: ago(0),
        };
        let answer = by.roster().leave_child(request).await;
        self.note("LeaveChild", "", answer);
        for (how, name) in [("new", ""), ("corrected", &*named.absence)] {
            let request = wire::RecordAbsenceRequest {
                enrolment: named.enrolment.clone(),
                name: name.to_owned(),
                first_day: ago(2),
                last_day: ago(0),
            };
            let answer = by.roster().record_absence(request).await;
            self.note("RecordAbsence", how, answer);
        }
        let request = wire::EndAbsenceRequest {
            name: named.absence.clone(),
            last_day: ago(0),
        };
        let answer = by.roster().end_absence(request).await;
        self.note("EndAbsence", "", answer);
        let request = wire::DeleteAbsenceRequest {
            name: named.absence.clone(),
        };
        let answer = by.roster().delete_absence(request).await;
        self.note("DeleteAbsence", "", answer);
        let request = wire::ListAbsencesRequest {
            parent: PARENT.to_owned(),
            enrolment: named.enrolment.clone(),
            ..Default::default()
        };
        let answer = by.roster().list_absences(request).await;
        self.note("ListAbsences", "of its enrolment", answer);

        let explain = |facility: &str| wire::ExplainRequest {
            child: named.child.clone(),
            facility: facility.to_owned(),
            ..Default::default()
        };
        let answer = by.consents().explain(explain(&by.organization)).await;
        self.note("Explain", "to itself", answer);
        let answer = by.consents().explain(explain(&named.facility)).await;
        self.note("Explain", "of its facility", answer);
        let get = wire::GetConsentRequest {
            name: named.consent.clone(),
        };
        let answer = by.consents().get_consent(get).await;
        self.note("GetConsent", "", answer);
        let paper = || {
            Some(wire::Evidence {
                kind: Some(wire::evidence::Kind::Document("测试同意书".to_owned())),
            })
        };
        for (how, evidence) in [
            ("by code", by_code(code.to_string())),
            ("on paper", paper()),
        ] {
            let request = wire::WithdrawConsentRequest {
                name: named.consent.clone(),
                evidence: evidence.clone(),
            };
            let answer = by.consents().withdraw_consent(request).await;
            self.note("WithdrawConsent", how, answer);
            // Whoever knows the guardianship may record a guardian's paper: here it is not known.
            let guardianship = match how {
                "by code" => String::new(),
                _ => Named::absent().guardianship,
            };
            let consent = wire::Consent {
                child: named.child.clone(),
                guardianship,
                recipient: recipient.to_owned(),
                purposes: vec![Purpose::DailyCare.into()],
                categories: vec![Category::Allergy.into()],
                mode: ConsentMode::View.into(),
                last_day: today().to_string(),
                notice_version: "测试-1".to_owned(),
                ..Default::default()
            };
            let request = wire::GrantConsentRequest {
                parent: PARENT.to_owned(),
                consent: Some(consent),
                evidence,
            };
            let answer = by.consents().grant_consent(request).await;
            self.note("GrantConsent", how, answer);
        }
    }

    /// What is not for an institution.
    async fn not_for_a_hospital(&mut self, named: &Named) {
        let by = self.by;
        let (child, first_day) = (named.child.clone(), today().to_string());
        let care = wire::CareKind::FullDay.into();
        let request = wire::ExpectChildRequest {
            child: child.clone(),
            care,
            first_day: first_day.clone(),
        };
        let answer = by.roster().expect_child(request).await;
        self.note("ExpectChild", "", answer);
        let request = wire::EnrolChildRequest {
            child,
            care,
            first_day,
        };
        let answer = by.roster().enrol_child(request).await;
        self.note("EnrolChild", "", answer);
    }

    /// What is not for a facility, which has an interest in the consent.
    async fn not_for_a_facility(&mut self, named: &Named) {
        let by = self.by;
        let (name, reason) = (named.guardianship.clone(), "测试".to_owned());
        let request = wire::IssueGuardianCodeRequest {
            guardianship: name.clone(),
            r#use: wire::GuardianCodeUse::Read.into(),
        };
        let answer = by.consents().issue_guardian_code(request).await;
        self.note("IssueGuardianCode", "", answer);
        let request = wire::EndGuardianshipRequest {
            name: name.clone(),
            reason: reason.clone(),
        };
        let answer = by.roster().end_guardianship(request).await;
        self.note("EndGuardianship", "", answer);
        let request = wire::DisputeGuardianshipRequest {
            name: name.clone(),
            reason: reason.clone(),
        };
        let answer = by.roster().dispute_guardianship(request).await;
        self.note("DisputeGuardianship", "", answer);
        let request = wire::SettleGuardianshipRequest { name, reason };
        let answer = by.roster().settle_guardianship(request).await;
        self.note("SettleGuardianship", "", answer);
    }

    /// What is not for the commission.
    async fn not_for_the_office(&mut self, named: &Named) {
        let by = self.by;
        let guardianship = wire::Guardianship {
            child: named.child.clone(),
            display_name: "测试父".to_owned(),
            relation: wire::Relation::Father.into(),
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
        let answer = by.roster().record_guardianship(request).await;
        self.note("RecordGuardianship", "", answer);
    }
}

/// The methods whose request names a child somewhere.
fn methods_that_take_a_child() -> BTreeSet<String> {
    let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
    let names_a_child = |of: &prost_reflect::MessageDescriptor| {
        of.fields()
            .any(|f| f.name() == "child" && matches!(f.kind(), Kind::String))
    };
    let mut found = BTreeSet::new();
    for method in pool
        .services()
        .flat_map(|s| s.methods().collect::<Vec<_>>())
    {
        let input = method.input();
        let within = input.fields().any(|f| match f.kind() {
            Kind::Message(part) => names_a_child(&part),
            _ => false,
        });
        if names_a_child(&input) || within {
            found.insert(method.name().to_owned());
        }
    }
    found
}

/// A child of the facility with an alert, a guardian, an enrolment and a consent.
async fn settled(county: &County, record: &str) -> (Family, Named) {
    let family = county.family().await;
    let enrolment = county.enrols(&family).await;
    let consent = county.consents(&family).await;
    let found = vec![haemoglobin(1040), coded("ALLERGY", "FOOD", "鸡蛋")];
    county.pushes(&row(&family.number, record, found)).await;
    let seen = county.list().await;
    let alert = seen.alerts.iter().find(|a| a.child == family.child);
    let named = Named {
        child: family.child.clone(),
        guardianship: family.guardianship.clone(),
        absence: county
            .records_absence(&enrolment.name, &ago(2), &ago(1))
            .await
            .name,
        enrolment: enrolment.name,
        consent: consent.name,
        alert: alert.expect("its keys are open").name.clone(),
        facility: county.facility.organization.clone(),
    };
    (family, named)
}

/// Invariant 4. Break it: in `service/consents.rs`, let `grant` refuse a child that is not there
/// before it asks who speaks for it; or in `service/disclosure/acknowledge.rs`, refuse an alert that
/// is not there before the caller.
#[tokio::test]
async fn a_stranger_hears_of_a_child_what_it_hears_of_none() {
    on_every_server(async |server| {
        let county = County::at(server).await;
        county.agreed().await;
        let (_, known) = settled(&county, "r1").await;
        let (endpoint, absent) = (server.endpoint(), Named::absent());
        let office = &county.commission;
        let kind = OrganizationKind::HomeFacility;
        let facility = office.brings_in(&endpoint, kind, "测试托育点").await;
        let facility = facility
            .with_actor(ActorRole::HealthWorker, "测试保健员")
            .await;
        let kind = OrganizationKind::Hospital;
        let hospital = office.brings_in(&endpoint, kind, "测试医院乙").await;

        let mut methods = BTreeSet::new();
        let mut told: Vec<BTreeMap<String, String>> = Vec::new();
        for named in [&absent, &known] {
            let mut all = BTreeMap::new();
            let mut asked = Asked::new("a facility", &facility);
            asked.everybody(named, &facility.organization).await;
            asked.not_for_a_facility(named).await;
            all.append(&mut asked.told);
            let mut asked = Asked::new("a hospital", &hospital);
            asked.everybody(named, &facility.organization).await;
            asked.not_for_a_hospital(named).await;
            all.append(&mut asked.told);
            let mut asked = Asked::new("the commission", office);
            asked.not_for_a_hospital(named).await;
            asked.not_for_the_office(named).await;
            all.append(&mut asked.told);
            methods.extend(
                all.keys()
                    .filter_map(|k| k.split(' ').next().map(str::to_owned)),
            );
            told.push(all);
        }
        for ((method, of_none), of_a_child) in told[0].iter().zip(told[1].values()) {
            assert_eq!(of_none, of_a_child, "{method}");
        }
        let unasked: Vec<String> = methods_that_take_a_child()
            .difference(&methods)
            .cloned()
            .collect();
        assert!(unasked.is_empty(), "ask these too: {unasked:?}");
    })
    .await;
}

/// All that a facility is told of its own: lists page by page, and the inbox from its beginning.
async fn own(county: &County) -> Vec<Vec<u8>> {
    let mut told = Vec::new();
    let mut token = String::new();
    loop {
        let request = wire::ListAlertsRequest {
            parent: county.facility.organization.clone(),
            page_size: 1,
            page_token: token,
            ..Default::default()
        };
        let page = county
            .worker
            .alerts()
            .list_alerts(request)
            .await
            .unwrap()
            .into_inner();
        told.push(page.encode_to_vec());
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let request = wire::ListEnrolmentsRequest {
        parent: PARENT.to_owned(),
        page_size: 1,
        page_token: String::new(),
    };
    let page = county
        .worker
        .roster()
        .list_enrolments(request)
        .await
        .unwrap();
    told.push(page.into_inner().encode_to_vec());
    let request = wire::ListAbsencesRequest {
        parent: PARENT.to_owned(),
        page_size: 1,
        ..Default::default()
    };
    let page = county.worker.roster().list_absences(request).await.unwrap();
    told.push(page.into_inner().encode_to_vec());
    let request = wire::ListConsentsRequest {
        parent: PARENT.to_owned(),
        page_size: 1,
        page_token: String::new(),
    };
    let page = county
        .worker
        .consents()
        .list_consents(request)
        .await
        .unwrap();
    told.push(page.into_inner().encode_to_vec());
    let mut inbox = county.watch(0).await;
    for _ in 0..2 {
        told.push(
            crate::support::wire_county::next(&mut inbox)
                .await
                .encode_to_vec(),
        );
    }
    let more = tokio::time::timeout(std::time::Duration::from_millis(500), inbox.message()).await;
    assert!(more.is_err(), "nothing else stands in the inbox");
    told
}

/// Invariant 4: no total, page or number tells of a row that is hidden.
#[tokio::test]
async fn children_of_others_change_nothing_in_what_a_facility_is_told() {
    on_every_server(async |server| {
        let county = County::at(server).await;
        county.agreed().await;
        settled(&county, "r1").await;
        let before = own(&county).await;

        // Another facility's child, with the same hospital, alike in everything.
        let kind = OrganizationKind::CommunityFacility;
        let facility = county
            .commission
            .brings_in(&server.endpoint(), kind, "测试驿站乙")
            .await;
        let worker = facility
            .with_actor(ActorRole::HealthWorker, "测试保健员")
            .await;
        let other = County {
            commission: county.commission.clone(),
            hospital: county.hospital.clone(),
            mch: county.mch.clone(),
            facility,
            worker,
        };
        other.agreed().await;
        settled(&other, "r2").await;
        // And a child in nobody's care.
        let nobody = county.family().await;
        county
            .pushes(&row(&nobody.number, "r3", vec![haemoglobin(1040)]))
            .await;
        assert_eq!(own(&county).await, before);
    })
    .await;
}
