//! The page holds what the lists told, escaped, and lays Mongolian text out vertically where there is
//! some.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::rpc::wire::{CareCard, Category, DueItem, Grade, Level, RuleInput};

fn alert(act: &str, card_mn: &str) -> Alert {
    Alert {
        category: Category::Infectious.into(),
        level: Level::High.into(),
        card: Some(CareCard {
            act: act.to_owned(),
            watch: "同班儿童发热".to_owned(),
            emergency: String::new(),
        }),
        card_mn: card_mn.to_owned(),
        inputs: vec![RuleInput {
            name: "haemoglobin".to_owned(),
            value: "104.0 g/L".to_owned(),
        }],
        ..Default::default()
    }
}

fn sheet_of(alert: Alert) -> Sheet {
    Sheet {
        day: "2026-11-25".to_owned(),
        facility: "regions/150627/organizations/o1".to_owned(),
        children: vec![OfChild {
            fitness: ChildFitness {
                child: "regions/150627/children/0001-abcdef".to_owned(),
                grade: Grade::Unfit.into(),
                until: "2026-12-01".to_owned(),
                headline_zh: "今日不宜在托：隔离".to_owned(),
                not_considered: vec![Category::Allergy.into()],
                ..Default::default()
            },
            alerts: vec![alert],
            due: Some(ChildDueItems {
                items: vec![DueItem {
                    facility: String::new(),
                    label_zh: "30月龄健康检查".to_owned(),
                    status: "OVERDUE".to_owned(),
                    due: "2026-10-01".to_owned(),
                    ..Default::default()
                }],
                without_record: vec!["IMMUNISATION".to_owned()],
                considered: due::CATEGORIES.map(Into::into).to_vec(),
                ..Default::default()
            }),
            due_withheld: None,
        }],
        only_due: Vec::new(),
        withheld: vec![WithheldChild::default()],
        away: BTreeMap::new(),
    }
}

fn printed(sheet: &Sheet) -> String {
    page::page(sheet).into_string()
}

#[test]
fn it_says_who_may_be_in_care_what_to_do_and_what_is_due() {
    let page = printed(&sheet_of(alert("居家隔离", "")));
    for told in [
        "abcdef",
        "今日不宜在托：隔离",
        "2026-12-01",
        "居家隔离",
        "同班儿童发热",
        "30月龄健康检查",
        "已逾期",
        "过敏",
        "预防接种",
        "暂不能查阅",
    ] {
        assert!(page.contains(told), "{told}");
    }
    assert!(!page.contains("104.0"), "no measured value");
    assert!(!page.contains("<script"));
    assert!(!page.contains("class=\"mn\""), "no box without text");
}

/// Break it: in `due::not_open`, give nothing; or print `due_not_open` only where there is a list.
#[test]
fn what_is_due_and_not_open_is_said_and_counted() {
    let mut sheet = sheet_of(alert("居家隔离", ""));
    assert!(!printed(&sheet).contains("待办未获授权"));
    assert_eq!(Count::of(&sheet).due_withheld, 0);

    let due = sheet.children[0].due.as_mut().unwrap();
    due.considered = vec![Category::EntryCheck.into(), Category::CheckUpDue.into()];
    assert!(printed(&sheet).contains("待办未获授权：预防接种</b>；"));
    assert_eq!(Count::of(&sheet).due_withheld, 1);

    sheet.children[0].due = None;
    sheet.children[0].due_withheld = Some(WithheldChild {
        reason: "RECORD_UNREADABLE".to_owned(),
        ..Default::default()
    });
    let page = printed(&sheet);
    assert!(page.contains("待办未获授权：检查到期、预防接种、入托体检</b>；"));
    assert!(page.contains("RECORD_UNREADABLE"));
    let count = Count::of(&sheet);
    assert_eq!((count.children, count.due_withheld), (1, 1));
    assert!(count.line().contains("1 with a due list withheld"));
}

/// Break it: leave out `absent` in a heading.
#[test]
fn who_is_recorded_absent_is_marked_and_keeps_the_grade() {
    let mut sheet = sheet_of(alert("居家隔离", ""));
    assert!(!printed(&sheet).contains("缺勤"));
    let child = sheet.children[0].fitness.child.clone();
    sheet.away.insert(child, "2026-11-20".to_owned());
    let page = printed(&sheet);
    assert!(page.contains("今日缺勤，自 2026-11-20 起") && page.contains("今日不宜在托：隔离"));
    assert_eq!(Count::of(&sheet).absent, 1);
}

#[test]
fn what_is_due_of_a_child_that_is_only_expected_is_not_lost() {
    let mut sheet = sheet_of(alert("居家隔离", ""));
    let mut expected = sheet.children[0].due.clone().unwrap();
    expected.child = "regions/150627/children/0001-fedcba".to_owned();
    expected.items[0].label_zh = "入托体检".to_owned();
    sheet.only_due.push(expected);
    let page = printed(&sheet);
    assert!(page.contains("fedcba") && page.contains("<td>入托体检</td>"));
}

/// Break it: write a card's text by `PreEscaped`.
#[test]
fn every_text_is_escaped() {
    let page = printed(&sheet_of(alert("<img src=x onerror=alert(1)>&\"", "<b>")));
    assert!(!page.contains("<img") && page.contains("&lt;img"));
    assert!(page.contains("&lt;b&gt;"));
}

#[test]
fn mongolian_text_has_a_vertical_box() {
    let page = printed(&sheet_of(alert("隔离", "ᠮᠣᠩᠭᠣᠯ")));
    assert!(page.contains("<div class=\"mn\" lang=\"mn-Mong\">ᠮᠣᠩᠭᠣᠯ</div>"));
    assert!(page.contains("writing-mode: vertical-lr"));
}

/// Break it: leave out `remove_file`, and let the file be opened if it is there.
#[test]
fn the_file_is_its_owner_s_alone_whatever_stood_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sheet.html");
    fs::write(&path, "before").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    write(&path, "page").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "page");
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
