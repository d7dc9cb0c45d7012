//! What is stored of one child does not open: every list says of whom it says nothing and why, and goes
//! on about the others.

use yuqiao::rpc::wire::{self, Category, Grade};

use crate::support::{
    Raw,
    clients::{Client, id, is_chinese},
    server::on_every_server,
    wire_county::{County, Family, coded, row, today},
};

const CATEGORIES: [Category; 6] = [
    Category::Allergy,
    Category::Condition,
    Category::Infectious,
    Category::EntryCheck,
    Category::CheckUpDue,
    Category::Immunisation,
];

/// What a list told of the families: `+` where it told something, else why not.
type Told = Vec<String>;

fn told(families: &[Family], answered: &[&str], withheld: &[wire::WithheldChild]) -> Told {
    let of = |family: &Family| {
        let answered = answered
            .iter()
            .filter(|child| **child == family.child)
            .count();
        let withheld: Vec<_> = withheld
            .iter()
            .filter(|w| w.child == family.child)
            .collect();
        match (answered, &withheld[..]) {
            (1, []) => "+".to_owned(),
            (0, [withheld]) => {
                assert!(withheld.missing.is_empty() && is_chinese(&withheld.message_zh));
                withheld.reason.clone()
            }
            other => panic!("{other:?}"),
        }
    };
    families.iter().map(of).collect()
}

async fn due(by: &Client, parent: &str, families: &[Family], code: &str) -> Told {
    let request = wire::ListDueItemsRequest {
        parent: parent.to_owned(),
        guardian_code: code.to_owned(),
        ..Default::default()
    };
    let seen = by.alerts().list_due_items(request).await.unwrap();
    let seen = seen.into_inner();
    let answered: Vec<&str> = seen.children.iter().map(|c| &*c.child).collect();
    told(families, &answered, &seen.withheld)
}

async fn fitness(by: &Client, parent: &str, families: &[Family], code: &str) -> Told {
    let request = wire::ListFitnessRequest {
        parent: parent.to_owned(),
        guardian_code: code.to_owned(),
        ..Default::default()
    };
    let seen = by.alerts().list_fitness(request).await.unwrap();
    let seen = seen.into_inner();
    assert!(seen.children.iter().all(|c| c.grade() == Grade::Unfit));
    let answered: Vec<&str> = seen.children.iter().map(|c| &*c.child).collect();
    told(families, &answered, &seen.withheld)
}

/// A due list rests on the check-ups, fitness on the alerts: each withholds a child of whom what it rests
/// on does not open, and both one whose key does not.
///
/// Break it: in `disclosure/due.rs::due_lists`, let what does not open fail the list, or leave the child
/// out; in `disclosure/fitness.rs`, let `closed` be empty.
#[tokio::test]
async fn what_does_not_open_is_told_and_hides_no_other_child() {
    on_every_server(async |server| {
        let county = County::at(server).await;
        county.agreed_over(&CATEGORIES).await;
        let mut families = Vec::new();
        for n in 0..4 {
            let family = county.family().await;
            county.enrols(&family).await;
            county.consents_over(&family, &CATEGORIES).await;
            let ill = vec![coded("INFECTIOUS_DISEASE", "HFMD", "")];
            let mut row = row(&family.number, &format!("ill-{n}"), ill);
            let check_up = row.check_up.as_mut().unwrap();
            check_up.visit = "OUTPATIENT".to_owned();
            check_up.date = today().to_string();
            county.pushes(&row).await;
            families.push(family);
        }
        let (worker, facility) = (&county.worker, &county.facility.organization);
        let all = ["+"; 4].map(str::to_owned).to_vec();
        assert_eq!(due(worker, facility, &families, "").await, all);
        assert_eq!(fitness(worker, facility, &families, "").await, all);

        let mut raw = Raw::connect(&server.place()).await;
        let [check_up, alert, key, _] = &families[..] else {
            panic!("four families");
        };
        let stored = format!(
            "SELECT id FROM check_ups WHERE child = '{}'",
            id(&check_up.child)
        );
        let stored = raw.texts(stored).await;
        raw.spoil("check_ups", "sealed", &stored[0][0]).await;
        let seen = county.list().await.alerts;
        let of_alert = seen
            .iter()
            .find(|a| a.child == alert.child && a.rule == "HFMD_ISOLATION");
        raw.spoil("alerts", "sealed", id(&of_alert.unwrap().name))
            .await;
        raw.spoil("children", "wrapped_key", id(&key.child)).await;

        const CLOSED: &str = "RECORD_UNREADABLE";
        let after = due(worker, facility, &families, "").await;
        assert_eq!(after, [CLOSED, "+", CLOSED, "+"]);
        let after = fitness(worker, facility, &families, "").await;
        assert_eq!(after, ["+", CLOSED, CLOSED, "+"]);
        // The operator is told which child, by nothing that says who it is.
        let log = server.logged("a child's check-ups do not open").await;
        assert!(log.contains(id(&check_up.child)));
        assert!(families.iter().all(|family| !log.contains(&family.number)));

        // A guardian is told the same of the own child.
        let code = county.code(check_up, wire::GuardianCodeUse::Read).await;
        let own = std::slice::from_ref(check_up);
        assert_eq!(due(worker, &check_up.child, own, &code).await, [CLOSED]);
        assert_eq!(fitness(worker, &check_up.child, own, &code).await, ["+"]);
    })
    .await;
}
