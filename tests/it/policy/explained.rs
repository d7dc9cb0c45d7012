//! Every alert explains itself: which rule raised it, in which version, from which document, and what
//! the rule read.

use std::collections::BTreeSet;

use yuqiao::{
    domain::{
        checkup::CheckUpStatus,
        finding::{Finding, FindingStatus, RawValue},
    },
    service::{
        disclosure::{Answer, Ask, Audience, Looks, Question, open_alert},
        push::{Pushes, Verdict},
    },
    store::alerts::Part,
};

use crate::support::{
    county::{County, allergy, coded, haemoglobin},
    on_every_engine,
};

/// One check-up for each, so that rules of every kind have something to say.
fn found() -> Vec<Vec<Finding>> {
    vec![
        vec![haemoglobin(67)],
        vec![allergy("花生酱")],
        vec![coded("HEARING", "FAIL")],
        vec![coded("RICKETS_SIGN", "03")],
        vec![coded("DEVELOPMENT_SIGN", "12-1")],
        vec![coded("EPILEPSY", "PRESENT")],
        vec![
            measured("WEIGHT", 7_000, "g"),
            measured("LENGTH_HEIGHT", 700, "mm"),
        ],
    ]
}

fn measured(code: &str, value: i64, unit: &str) -> Finding {
    let raw = RawValue::Quantity {
        value,
        decimals: 0,
        unit,
    };
    Finding::parse(code, raw, FindingStatus::Final, "").unwrap()
}

/// Invariant 11. Break it: in `service/assessment.rs`, let `body` leave out the inputs or the source
/// document, or `alert_row` the rule's version.
#[tokio::test]
async fn an_alert_names_its_rule_version_document_and_inputs() {
    on_every_engine(async |bench| {
        let county = County::lay_out(&bench, 1).await;
        let (gateway, ward) = (&bench.gateway, &county.children[0]);
        let pushes = Pushes::start(gateway.clone());
        for (n, findings) in found().into_iter().enumerate() {
            let key = format!("r{n}");
            let version = (key.as_str(), 1, CheckUpStatus::Final);
            let from = &county.hospital;
            let row = county.check_up(gateway, from, &ward.number, &key, version, findings);
            let verdict = pushes.submit(row).await.unwrap();
            assert!(matches!(verdict, Verdict::Accepted { .. }), "{verdict:?}");
        }
        let ask = Ask {
            claim: county.mch.claim.clone(),
            region: county.region(),
            method: "AlertService.ListAlerts",
            question: Question::FollowUp {
                cursor: String::new(),
                children: 10,
                part: Part::Standing,
            },
        };
        let answer = Looks::start(gateway.clone()).ask(ask).await.unwrap();
        let Answer::Alerts { alerts, .. } = answer else {
            panic!("another answer than was asked for");
        };
        let mut kinds = BTreeSet::new();
        for alert in alerts {
            let told = open_alert(gateway, county.region(), alert, &Audience::Guardian).unwrap();
            let told = told.expect("nobody is erased");
            let rule = &told.row.rule;
            assert!(!rule.is_empty() && told.row.rule_version > 0, "{rule}");
            assert!(
                !told.source_document.is_empty(),
                "{rule} names its document"
            );
            assert!(!told.inputs.is_empty(), "{rule} tells what it read");
            let named = |(name, value): &(String, String)| !name.is_empty() && !value.is_empty();
            assert!(told.inputs.iter().all(named), "{rule}: {:?}", told.inputs);
            assert!(!told.care_card.is_empty(), "{rule} says what to do");
            kinds.insert(told.row.facts.category);
        }
        assert!(
            kinds.len() >= 5,
            "rules of many kinds were heard: {kinds:?}"
        );
    })
    .await;
}
