//! A facility's morning: who may be in care, what is due, and the sheet to print; the MCH
//! centre about its area, and a guardian about the own child. All at the command line.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::Value;
use yuqiao::rpc::wire::{self, Category};

use crate::support::{
    clients::{PARENT, id, refused},
    desk::Desk,
    server::on_every_server,
    wire_county::{County, Family, ago, coded, row, today},
};

const CATEGORIES: [Category; 6] = [
    Category::Allergy,
    Category::Condition,
    Category::Infectious,
    Category::EntryCheck,
    Category::CheckUpDue,
    Category::Immunisation,
];

/// The line of a child in a list's answer.
fn of<'a>(lines: &'a [Value], kind: &str, family: &Family) -> &'a Value {
    let found = lines.iter().map(|line| &line[kind]);
    let mut found = found.filter(|of| of["child"] == family.child);
    found.next().unwrap_or_else(|| panic!("{kind}: {lines:?}"))
}

fn items<'a>(of: &'a Value) -> Vec<(&'a str, &'a str)> {
    let items = of["items"].as_array().map(Vec::as_slice).unwrap_or(&[]);
    let text = |item: &'a Value, field: &str| item[field].as_str().unwrap();
    let told = items
        .iter()
        .map(|item| (text(item, "item"), text(item, "status")));
    told.collect()
}

/// Break it: in `service/disclosure/due.rs`, leave out the leaf; or in `cli/day_sheet.rs`, open the
/// file with the usual mode.
#[tokio::test]
async fn a_facility_s_morning_on_the_screen_and_on_paper() {
    on_every_server(async |server| {
        let county = County::at(server).await;
        county.agreed_over(&CATEGORIES).await;
        let (ill, narrow) = (county.family().await, county.family().await);
        county.enrols(&ill).await;
        let enrolment = county.enrols(&narrow).await;
        let consent = county.consents_over(&ill, &CATEGORIES).await;
        county.consents_over(&narrow, &[Category::Allergy]).await;
        let visit = |family: &Family, record: &str, visit: &str, found| {
            let mut row = row(&family.number, record, found);
            row.check_up.as_mut().unwrap().visit = visit.to_owned();
            row.check_up.as_mut().unwrap().date = today().to_string();
            row
        };
        for (n, family) in [&ill, &narrow].into_iter().enumerate() {
            let hfmd = vec![coded("INFECTIOUS_DISEASE", "HFMD", "")];
            let hfmd = visit(family, &format!("ill-{n}"), "OUTPATIENT", hfmd);
            county.pushes(&hfmd).await;
        }

        // Cards by their parts, and what settles and limits.
        let seen = county.list().await.alerts;
        let alert = seen.iter().find(|a| a.rule == "HFMD_ISOLATION").unwrap();
        let card = alert.card.clone().unwrap();
        assert!(alert.care_card.starts_with(&card.act) && !card.watch.is_empty());
        assert!(alert.care_card.contains(&card.watch) && card.emergency.is_empty());
        assert_eq!(alert.limit.clone().unwrap().grade(), wire::Grade::Unfit);
        assert!(alert.resolved_by.contains("返园证明") && alert.card_mn.is_empty());
        assert!(seen.iter().all(|a| a.child == ill.child));

        let desk = Desk::of(server, &county.worker);
        let told = desk.told(&["fitness"], "");
        assert_eq!(told.len(), 2);
        let fitness = of(&told, "fitness", &ill);
        assert_eq!(fitness["grade"], "UNFIT");
        assert_eq!(fitness["because"][0]["alert"], alert.name);
        assert_eq!(fitness["because"][0]["card"]["watch"], card.watch);
        let unsure = of(&told, "fitness", &narrow);
        assert!(
            unsure["because"].as_array().is_none_or(Vec::is_empty),
            "{unsure}"
        );
        assert_ne!(unsure["grade"], "FIT");
        assert_ne!(unsure["grade"], "UNFIT");
        let hidden = unsure["notConsidered"].as_array().unwrap();
        assert!(hidden.contains(&"INFECTIOUS".into()));

        let told = desk.told(&["due"], "");
        let due = of(&told, "due", &ill);
        assert!(items(due).contains(&("ENTRY", "DUE")), "{due}");
        assert!(items(due).contains(&("V12", "DUE")), "{due}");
        assert!(
            items(due)
                .iter()
                .all(|(_, status)| ["DUE", "OVERDUE"].contains(status))
        );
        assert_eq!(due["withoutRecord"], serde_json::json!(["IMMUNISATION"]));
        let withheld = of(&told, "withheld", &narrow);
        assert_eq!(withheld["missing"][0]["key"], "AGREEMENT");
        assert_eq!(withheld["missing"][0]["reason"], "NOTHING_COVERED");
        let soon = desk.told(&["due", "--child", id(&ill.child), "--within", "366"], "");
        assert!(items(of(&soon, "due", &ill)).contains(&("V18", "UPCOMING")));

        // Who is away by this facility's own record is marked; health is another matter.
        let away = county.records_absence(&enrolment.name, &ago(2), "").await;
        let told = desk.told(&["fitness"], "");
        let absent = told
            .iter()
            .find(|of| of["fitness"]["child"] == narrow.child);
        let absent = absent.unwrap();
        assert_eq!(absent["absentSince"], ago(2));
        assert_eq!(absent["fitness"]["grade"], unsure["grade"]);
        let there = told.iter().filter(|of| of["absentSince"].is_null()).count();
        assert_eq!(there, told.len() - 1);

        let file = server.home().join("sheet.html");
        let sheet = ["day-sheet", "--out", file.to_str().unwrap()];
        let written = desk.told(&sheet, "");
        assert_eq!(
            written[0],
            serde_json::json!({"day": today().to_string(), "children": 2, "withheld": 0,
                "absent": 1, "dueWithheld": 1})
        );
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let sheet = fs::read_to_string(&file).unwrap();
        for told in [
            "不宜在托",
            &card.act,
            &card.watch,
            "应做",
            "不能判断",
            "待办未获授权：检查到期、预防接种、入托体检",
            &format!("今日缺勤，自 {} 起", ago(2)),
        ] {
            assert!(sheet.contains(told), "{told}");
        }
        let request = wire::DeleteAbsenceRequest { name: away.name };
        let taken_back = county.worker.roster().delete_absence(request).await;
        taken_back.unwrap();
        let told = desk.told(&["fitness"], "");
        assert!(told.iter().all(|of| of["absentSince"].is_null()));
        for secret in ["测试童", &ill.number, &narrow.number, "<script"] {
            assert!(!sheet.contains(secret), "{secret}");
        }

        // The MCH centre's area, by child and page.
        let centre = Desk::of(server, &county.mch);
        let area = centre.told(&["due", "--parent", PARENT], "");
        for family in [&ill, &narrow] {
            assert!(items(of(&area, "due", family)).contains(&("ENTRY", "DUE")));
        }
        let request = wire::ListDueItemsRequest {
            parent: PARENT.to_owned(),
            ..Default::default()
        };
        let stranger = county.hospital.alerts().list_due_items(request).await;
        assert_eq!(refused(stranger), "NOT_FOR_THIS_ORGANIZATION");
        let request = wire::ListFitnessRequest {
            parent: PARENT.to_owned(),
            ..Default::default()
        };
        let area = county.mch.alerts().list_fitness(request).await;
        assert_eq!(refused(area), "FIELD_MALFORMED");

        // A guardian: everything, through whoever carries the call.
        let code = county.code(&ill, wire::GuardianCodeUse::Read).await;
        let own = ["--parent", &ill.child, "--code", &code];
        let plan = desk.told(&[&["due"], &own[..]].concat(), "");
        let plan = items(of(&plan, "due", &ill));
        assert!(
            plan.contains(&("V18", "UPCOMING")) && plan.iter().any(|(item, _)| *item == "MMR-1")
        );
        let fit = desk.told(&[&["fitness"], &own[..]].concat(), "");
        let fit = of(&fit, "fitness", &ill);
        assert_eq!(fit["grade"], "UNFIT");
        assert!(fit["notConsidered"].as_array().is_none_or(Vec::is_empty));
        let looks = desk.told(&["looks", "--child", &ill.child, "--code", &code], "");
        for method in ["AlertService.ListDueItems", "AlertService.ListFitness"] {
            let of = looks.iter().filter(|look| look["method"] == method).count();
            assert!(of >= 3, "{method}: {of}");
        }

        // An end is an end.
        let code = county.code(&ill, wire::GuardianCodeUse::Decide).await;
        let request = wire::WithdrawConsentRequest {
            name: consent.name,
            evidence: crate::support::wire_county::by_code(code),
        };
        let ended = county.worker.consents().withdraw_consent(request).await;
        ended.unwrap();
        for verb in ["fitness", "due"] {
            let told = desk.told(&[verb], "");
            let withheld = of(&told, "withheld", &ill);
            assert_eq!(withheld["missing"][0]["key"], "CONSENT", "{verb}");
            assert!(told.iter().all(|line| line[verb]["child"] != ill.child));
        }
    })
    .await;
}
