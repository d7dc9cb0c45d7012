//! Standing conditions, emergency plans, and signs by age.

use super::*;
use crate::domain::catalogue::Kind;

fn by(source: &str, record: &str, date: &str, findings: Vec<Finding>) -> CheckUp {
    let parts = CheckUpParts {
        source: source.into(),
        record_id: record.into(),
        revision: 1,
        status: CheckUpStatus::Final,
        date: day(date),
        visit: VisitKind::Other,
        findings,
    };
    CheckUp::new(parts, None, None).unwrap()
}

fn found(today: &str, check_ups: &[CheckUp]) -> Vec<Raised<'static>> {
    let assessed = on(today, &girl(), check_ups).raised.into_iter();
    assessed
        .filter(|alert| !alert.check_ups.is_empty())
        .collect()
}

fn conditions() -> &'static [&'static str] {
    match crate::domain::catalogue::FindingCode::Condition
        .entry()
        .kind
    {
        Kind::Coded { codes, .. } => codes,
        _ => unreachable!(),
    }
}

#[test]
fn every_condition_has_its_card_and_stands_until_it_is_ruled_out() {
    for code in conditions() {
        let stated = check_up("a", "2024-01-01", vec![coded("CONDITION", code, None)]);
        // A later form that is silent about it heals nothing.
        let other = if *code == "ECZEMA" { "PKU" } else { "ECZEMA" };
        let silent = check_up("b", "2024-06-01", vec![coded("CONDITION", other, None)]);
        let alerts = found("2024-07-01", &[stated.clone(), silent]);
        let alert = alerts.iter().find(|alert| alert.rule == *code);
        let alert = alert.unwrap_or_else(|| panic!("{code}"));
        // In daily care a carer has nothing to do about a thyroid that is treated.
        let facility = *code != "HYPOTHYROIDISM";
        assert_eq!(alert.care_card.facility.is_some(), facility, "{code}");
        let out = check_up(
            "c",
            "2024-06-01",
            vec![coded("CONDITION_RULED_OUT", code, None)],
        );
        assert_eq!(
            rules(&found("2024-07-01", &[stated, out])),
            [""; 0],
            "{code}"
        );
    }
}

#[test]
fn an_emergency_says_what_to_do_first() {
    for rule in RULES
        .rules()
        .iter()
        .filter(|rule| rule.level == Level::Urgent)
    {
        let Some(card) = &rule.facility_card else {
            continue;
        };
        let infectious = rule.category == Category::Infectious;
        assert!(card.emergency.is_some() || infectious, "{}", rule.id);
    }
}

#[test]
fn a_pen_is_used_where_the_same_institution_says_there_is_one() {
    let allergy = by(
        "hospital",
        "a",
        "2024-01-01",
        vec![coded("ALLERGY", "FOOD", Some("花生"))],
    );
    let pen = |source| {
        by(
            source,
            "p",
            "2024-02-01",
            vec![coded("ADRENALINE_PEN", "Y", None)],
        )
    };
    let alerts = found("2024-03-01", &[allergy.clone(), pen("hospital")]);
    assert_eq!(rules(&alerts), ["ALLERGY_FOOD_PEN"]);
    assert_eq!(
        alerts[0].check_ups,
        ["a"],
        "the allergy does not hang on the pen"
    );
    let card = alerts[0].care_card.facility.as_ref().unwrap();
    assert!(
        card.emergency
            .as_ref()
            .unwrap()
            .as_str()
            .contains("肾上腺素笔")
    );
    // Another institution's word would have to be covered by an agreement of its own, and could
    // take the alert away from the facility.
    let alerts = found("2024-03-01", &[allergy.clone(), pen("elsewhere")]);
    assert_eq!(rules(&alerts), ["ALLERGY_FOOD"]);
    assert_eq!(alerts[0].sources, BTreeSet::from(["hospital".to_owned()]));
    let none = by(
        "hospital",
        "q",
        "2024-02-02",
        vec![coded("ADRENALINE_PEN", "N", None)],
    );
    let alerts = found("2024-03-01", &[allergy, pen("hospital"), none]);
    assert_eq!(rules(&alerts), ["ALLERGY_FOOD"]);
}

/// What one day says both ways stands, whatever the records are called: an end needs a later day.
#[test]
fn the_name_of_a_record_ends_no_allergy() {
    let peanut = |record, kind, on| {
        let finding = coded("ALLERGY", kind, Some("花生"));
        check_up(record, on, vec![finding])
    };
    let chd = |record: &str, code, value| {
        let finding = coded(code, value, None);
        check_up(&format!("{record}x"), "2024-01-01", vec![finding])
    };
    for (stated, ended) in [("a", "b"), ("b", "a")] {
        let same_day = [
            peanut(stated, "FOOD", "2024-01-01"),
            peanut(ended, "RULED_OUT", "2024-01-01"),
            chd(stated, "CHD", "PRESENT"),
            chd(ended, "CONDITION_RULED_OUT", "CHD"),
        ];
        assert_eq!(
            rules(&found("2024-02-01", &same_day)),
            ["ALLERGY_FOOD", "CHD"]
        );
    }
    let later = [
        peanut("b", "FOOD", "2024-01-01"),
        peanut("a", "RULED_OUT", "2024-01-02"),
    ];
    assert_eq!(rules(&found("2024-02-01", &later)), [""; 0]);
}

/// The latest statement about a substance decides, whatever kind it calls it.
#[test]
fn a_substance_is_of_one_kind() {
    let food = check_up(
        "a",
        "2024-01-01",
        vec![coded("ALLERGY", "FOOD", Some("乳胶"))],
    );
    let latex = check_up(
        "b",
        "2024-02-01",
        vec![coded("ALLERGY", "LATEX", Some("乳胶"))],
    );
    assert_eq!(
        rules(&found("2024-03-01", &[food, latex])),
        ["ALLERGY_LATEX"]
    );
}

/// Each of the 44 signs has its own rule; two weeks before its age it is no sign.
#[test]
fn every_warning_sign_has_its_rule_from_its_age_on() {
    let table = include_str!("../../data/rules/development_signs.toml");
    let mut signs = 0;
    for months in [3_u32, 6, 8, 12, 18, 24, 30, 36, 48, 60, 72] {
        for number in 1..=4 {
            let rule = format!("DEVELOPMENT_{months}_{number}");
            assert!(table.contains(&format!("id = \"{rule}\"")));
            let of_age = girl().birth_date + chrono::Months::new(months);
            let sign = |on: NaiveDate| {
                let code = format!("{months}-{number}");
                let finding = coded("DEVELOPMENT_SIGN", &code, None);
                let check_ups = [check_up("a", &on.to_string(), vec![finding])];
                rules(&found("2029-05-01", &check_ups)).join(",")
            };
            assert_eq!(sign(of_age), rule);
            assert_eq!(sign(of_age - Days::new(14)), rule);
            assert_eq!(sign(of_age - Days::new(20)), "");
            signs += 1;
        }
    }
    assert_eq!(signs, 44);
}

/// All signs of one form that are positive are told, not the first of them.
#[test]
fn every_positive_sign_of_an_age_is_told() {
    for months in [3_u32, 6, 8, 12, 18, 24, 30, 36, 48, 60, 72] {
        let on = girl().birth_date + chrono::Months::new(months);
        let codes: Vec<String> = (1..=4).map(|n| format!("{months}-{n}")).collect();
        let findings = codes
            .iter()
            .map(|code| coded("DEVELOPMENT_SIGN", code, None));
        let check_ups = [check_up("a", &on.to_string(), findings.collect())];
        let alerts = found("2029-05-01", &check_ups);
        let mut told: Vec<&str> = alerts
            .iter()
            .map(|alert| input(alert, "DEVELOPMENT_SIGN"))
            .collect();
        told.sort_unstable();
        assert_eq!(told, codes);
    }
}

#[test]
fn development_goes_by_the_corrected_age() {
    let preterm = Life {
        gestation_days: Some(30 * 7),
        ..girl()
    };
    let at = |date: &str| {
        let sign = vec![coded("DEVELOPMENT_SIGN", "6-4", None)];
        let check_ups = [check_up("a", date, sign)];
        let alerts = on("2023-06-02", &preterm, &check_ups).raised;
        alerts.iter().any(|alert| alert.rule == "DEVELOPMENT_6_4")
    };
    // Six calendar months are less than four corrected ones; six corrected ones are 9 February.
    assert!(!at("2022-12-01"));
    assert!(at("2023-02-09"));
}

/// A screen that was not passed grows more pressing with age, until it is settled.
#[test]
fn a_failed_newborn_hearing_screen_waits_for_its_re_screen() {
    let screen = check_up(
        "a",
        "2022-06-04",
        vec![coded("NEWBORN_HEARING_SCREEN", "FAIL", None)],
    );
    let at = |today: &str, more: &[CheckUp]| {
        let mut all = vec![screen.clone()];
        all.extend_from_slice(more);
        let assessed = on(today, &girl(), &all);
        let hearing = assessed.raised.iter();
        let hearing = hearing.filter(|alert| alert.category == Category::Hearing);
        let rules: Vec<&str> = hearing.map(|alert| alert.rule).collect();
        (rules.join(","), assessed.next_change)
    };
    let rescreen = |result, date| {
        check_up(
            "b",
            date,
            vec![coded("NEWBORN_HEARING_RESCREEN", result, None)],
        )
    };
    // 42 days are 13 July, three months 1 September.
    let (rule, change) = at("2022-07-12", &[]);
    assert_eq!(rule, "NEWBORN_HEARING_FAIL");
    assert_eq!(change, Some(day("2022-07-13")));
    assert_eq!(at("2022-07-13", &[]).0, "NEWBORN_HEARING_FAIL_42_DAYS");
    assert_eq!(at("2022-09-01", &[]).0, "NEWBORN_HEARING_FAIL_3_MONTHS");
    let passed = rescreen("PASS", "2022-07-14");
    assert_eq!(at("2022-09-01", &[passed]).0, "");
    let failed = rescreen("FAIL", "2022-07-14");
    assert_eq!(
        at("2022-08-31", std::slice::from_ref(&failed)).0,
        "NEWBORN_HEARING_RESCREEN_FAIL"
    );
    assert_eq!(
        at("2022-09-01", std::slice::from_ref(&failed)).0,
        "NEWBORN_HEARING_RESCREEN_FAIL_3_MONTHS"
    );
    let normal = check_up(
        "c",
        "2022-08-20",
        vec![coded("HEARING_DIAGNOSIS", "NORMAL", None)],
    );
    assert_eq!(at("2022-09-01", &[failed.clone(), normal]).0, "");
    // A form that repeats the screen of then opens nothing that was settled since.
    let form = vec![coded("NEWBORN_HEARING_SCREEN", "FAIL", None)];
    let form = check_up("g", "2022-09-02", form);
    let passed = rescreen("PASS", "2022-07-14");
    assert_eq!(at("2022-09-03", &[passed, form.clone()]).0, "");
    assert_eq!(at("2022-09-03", &[form]).0, "NEWBORN_HEARING_FAIL_3_MONTHS");
    // A child that hears at its visit is no urgent one for years, though no test has settled it.
    let heard = check_up("d", "2022-12-01", vec![coded("HEARING", "PASS", None)]);
    let after = [failed.clone(), heard.clone()];
    assert_eq!(
        at("2022-12-01", &after).0,
        "NEWBORN_HEARING_RESCREEN_FAIL_HEARD"
    );
    assert_eq!(
        at("2026-12-01", &after).0,
        "NEWBORN_HEARING_RESCREEN_FAIL_HEARD"
    );
    assert_eq!(at("2022-12-01", &[heard]).0, "NEWBORN_HEARING_FAIL_HEARD");
    let years = at("2026-12-01", &[failed]).0;
    assert_eq!(years, "NEWBORN_HEARING_RESCREEN_FAIL_12_MONTHS");
    // A loss that is diagnosed settles the visit's test too; what is left is the diagnosis.
    let failed = check_up("e", "2022-12-01", vec![coded("HEARING", "FAIL", None)]);
    let loss = vec![coded("HEARING_DIAGNOSIS", "LOSS", None)];
    let loss = check_up("f", "2023-01-10", loss);
    assert_eq!(
        at("2023-01-11", &[failed, loss]).0,
        "HEARING_LOSS_DIAGNOSED"
    );
}

#[test]
fn what_passes_ends_by_itself() {
    let jaundice = [check_up(
        "a",
        "2022-06-08",
        vec![coded("JAUNDICE", "LIMBS", None)],
    )];
    assert_eq!(rules(&found("2022-06-09", &jaundice)), ["JAUNDICE_LIMBS"]);
    assert_eq!(rules(&found("2022-07-05", &jaundice)), ["JAUNDICE_LIMBS"]);
    assert_eq!(rules(&found("2022-07-06", &jaundice)), [""; 0]);
    // Face and trunk in the first fortnight are as they should be.
    let face = [check_up(
        "a",
        "2022-06-08",
        vec![coded("JAUNDICE", "FACE", None)],
    )];
    assert_eq!(rules(&found("2022-06-09", &face)), [""; 0]);
    let late = [check_up(
        "a",
        "2022-06-20",
        vec![coded("JAUNDICE", "FACE", None)],
    )];
    assert_eq!(rules(&found("2022-06-21", &late)), ["JAUNDICE_PROLONGED"]);
}

#[test]
fn a_newborn_screen_stands_until_the_recall_answers() {
    let screen = check_up(
        "a",
        "2022-06-05",
        vec![
            coded("NEWBORN_DISEASE_SCREEN", "PKU", None),
            coded("NEWBORN_DISEASE_SCREEN", "CH", None),
        ],
    );
    let one = std::slice::from_ref(&screen);
    assert_eq!(
        rules(&found("2022-06-20", one)),
        ["NEWBORN_SCREEN_CH", "NEWBORN_SCREEN_PKU"]
    );
    let out = check_up(
        "b",
        "2022-06-25",
        vec![coded("NEWBORN_DISEASE_RULED_OUT", "CH", None)],
    );
    let confirmed = check_up("c", "2022-06-26", vec![coded("CONDITION", "PKU", None)]);
    assert_eq!(
        rules(&found("2022-07-01", &[screen, out, confirmed])),
        ["PKU"]
    );
}

/// Rickets signs by the form of the age (domain reference 3.5); symptoms alone are only watched.
#[test]
fn rickets_signs_by_age() {
    let at = |date: &str, findings: &[(&str, &str)]| {
        let findings = findings
            .iter()
            .map(|(code, value)| coded(code, value, None));
        let check_ups = [check_up("a", date, findings.collect())];
        rules(&found(date, &check_ups)).join(",")
    };
    let sign = |date, value| at(date, &[("RICKETS_SIGN", value)]);
    assert_eq!(sign("2022-09-01", "01"), "");
    assert_eq!(sign("2022-09-01", "02"), "RICKETS_CRANIOTABES");
    assert_eq!(sign("2022-09-01", "05"), "RICKETS_CHEST_OTHER_AGE");
    assert_eq!(sign("2022-12-01", "05"), "RICKETS_ROSARY");
    assert_eq!(sign("2022-12-01", "10"), "RICKETS_LIMBS_OTHER_AGE");
    assert_eq!(sign("2023-12-01", "10"), "RICKETS_BOW_LEGS");
    assert_eq!(sign("2023-12-01", "02"), "RICKETS_HEAD_OTHER_AGE");
    assert_eq!(
        at("2022-12-01", &[("RICKETS_SYMPTOM", "3")]),
        "RICKETS_SYMPTOMS"
    );
    assert_eq!(
        at(
            "2022-12-01",
            &[("RICKETS_SYMPTOM", "3"), ("RICKETS_SIGN", "09")]
        ),
        "RICKETS_WRIST_WIDENING"
    );
    assert_eq!(at("2022-12-01", &[("RICKETS_SYMPTOM", "1")]), "");
}

#[test]
fn quantities_by_their_limits() {
    let at = |date: &str, code, value, unit| {
        let check_ups = [check_up("a", date, vec![number(code, value, 0, unit)])];
        rules(&found(date, &check_ups)).join(",")
    };
    assert_eq!(at("2026-06-01", "TEETH_CARIOUS", 0, "1"), "");
    assert_eq!(at("2026-06-01", "TEETH_CARIOUS", 1, "1"), "CARIES");
    assert_eq!(
        at("2025-05-31", "TEETH_CARIOUS", 1, "1"),
        "CARIES_UNDER_3_YEARS"
    );
    assert_eq!(at("2025-05-31", "TEETH_CARIOUS", 5, "1"), "CARIES_SEVERE");
    assert_eq!(
        at("2023-07-01", "TEETH_ERUPTED", 0, "1"),
        "TEETH_NOT_ERUPTED"
    );
    assert_eq!(at("2023-06-30", "TEETH_ERUPTED", 0, "1"), "");
    assert_eq!(
        at("2024-01-01", "DEVELOPMENT_QUOTIENT", 69, "1"),
        "DEVELOPMENT_QUOTIENT_LOW"
    );
    assert_eq!(
        at("2024-01-01", "DEVELOPMENT_QUOTIENT", 84, "1"),
        "DEVELOPMENT_QUOTIENT_BORDERLINE"
    );
    assert_eq!(at("2024-01-01", "DEVELOPMENT_QUOTIENT", 85, "1"), "");
    assert_eq!(
        at("2022-06-05", "BIRTH_WEIGHT", 2_499, "g"),
        "BIRTH_WEIGHT_LOW"
    );
    assert_eq!(at("2022-06-05", "BIRTH_WEIGHT", 2_500, "g"), "");
    assert_eq!(
        at("2022-06-05", "BIRTH_WEIGHT", 1_499, "g"),
        "BIRTH_WEIGHT_VERY_LOW"
    );
    let fever = [check_up(
        "a",
        "2022-06-05",
        vec![number("TEMPERATURE", 375, 1, "Cel")],
    )];
    let alerts = found("2022-06-05", &fever);
    assert_eq!(rules(&alerts), ["NEWBORN_FEVER"]);
    assert!(alerts[0].care_card.guardian.as_str().contains("37.5℃"));
}

/// Who reads of anaemia alone must not learn of the other illness from its card, nor of a history that
/// is written in words.
#[test]
fn a_card_names_no_illness_that_it_only_heeds() {
    for (code, name) in [("PKU", "苯丙酮尿症"), ("THALASSAEMIA", "地中海贫血")] {
        let ill = by(
            "elsewhere",
            "i",
            "2024-01-01",
            vec![coded("CONDITION", code, None)],
        );
        let low = by("hospital", "h", "2024-02-01", vec![haemoglobin(1000)]);
        let alerts = found("2024-02-02", &[ill, low]);
        let card = alerts
            .iter()
            .find(|alert| alert.family == "ANAEMIA")
            .unwrap();
        assert_eq!(card.rule, "ANAEMIA_MILD_AS_ADVISED");
        assert_eq!(card.check_ups, ["h"]);
        let inputs = card.inputs.iter();
        let inputs: String = inputs
            .map(|(name, value)| format!("{name}={value} "))
            .collect();
        let facility = card.care_card.facility.as_ref().unwrap().text();
        let guardian = card.care_card.guardian.as_str();
        let said = [inputs.as_str(), facility.as_str(), guardian, card.follow_up];
        for told in said {
            assert!(!told.contains(code) && !told.contains(name), "{told}");
            assert!(!told.contains("红肉") && !told.contains("含铁"), "{told}");
        }
    }
    let raw = RawValue::Text("肠套叠术后");
    let written = Finding::parse("CONDITION_OTHER", raw, FindingStatus::Final, "");
    let alerts = found(
        "2024-02-02",
        &[by("hospital", "w", "2024-02-01", vec![written.unwrap()])],
    );
    assert_eq!(rules(&alerts), ["CONDITION_OTHER"]);
    let told = format!(
        "{:?} {}",
        alerts[0].inputs,
        alerts[0].care_card.guardian.as_str()
    );
    assert!(!told.contains("肠套叠"));
}
