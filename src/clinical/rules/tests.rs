mod page;

use super::*;
use crate::clinical::growth::age::Age;
use crate::domain::catalogue::{FindingCode, Kind};

fn read(text: &str) -> Result<RuleSet, RuleFileError> {
    let set = RuleSet::read(Tables::load().unwrap(), &[("county.toml", text)]);
    set.map_err(|fault| match fault {
        SetFault::Rule(error) => error,
        SetFault::Schedule(error) => panic!("{error}"),
    })
}

/// A sound rule with one part replaced.
fn rule(replace: &str, by: &str) -> String {
    let sound = r#"
[[rule]]
id = "HEARING_FAIL"
version = 1
family = "HEARING_FAIL"
category = "HEARING"
level = "HIGH"
source = { document = "文件", section = "节", marks = ["P"] }
ages = ["28d", "84m"]
when = { coded = { finding = "HEARING", any_of = ["FAIL"] } }
recipients = ["FACILITY", "GUARDIAN"]
facility = "等待复查。"
guardian = "{date}未通过。"
follow_up = { action = "转诊", within_days = 30 }
resolved_by = "复查通过"
"#;
    assert!(sound.contains(replace), "nothing to replace: {replace}");
    sound.replacen(replace, by, 1)
}

#[test]
fn the_shipped_rules_are_sound_and_cover_what_they_must() {
    let set = RuleSet::load().unwrap();
    assert!(set.rules().len() >= 250, "{}", set.rules().len());
    let has = |family: &str| set.rules().iter().any(|rule| rule.family == family);
    for family in [
        "ALLERGY",
        "ANAEMIA",
        "ANAPHYLAXIS",
        "ASTHMA",
        "CARIES",
        "CHD",
        "CHECK_UP",
        "DEVELOPMENT_REGRESSION",
        "DEVELOPMENT_SCREEN",
        "ENTRY_CHECK",
        "EPILEPSY",
        "FEBRILE_SEIZURE",
        "GROWTH_HEAD",
        "GROWTH_HEAD_COURSE",
        "GROWTH_PROPORTION",
        "GROWTH_REMEASURE",
        "GROWTH_STATURE",
        "GROWTH_STATURE_COURSE",
        "GROWTH_WEIGHT",
        "GROWTH_WEIGHT_COURSE",
        "HEARING_FAIL",
        "IMMUNISATION_MMR",
        "NEWBORN_HEARING",
        "NUTRITION_OEDEMA",
        "RICKETS_CHEST",
        "VISION_LOW",
        "VITAMIN_D",
    ] {
        assert!(has(family), "{family}");
    }
    for rule in set.rules() {
        let to_facility = rule.recipients.contains(&Recipient::Facility);
        let never = !rule.category.may_reach_facility();
        assert!(!(never && to_facility), "{}", rule.id);
        assert_eq!(to_facility, rule.facility_card.is_some());
    }
}

/// Every code that names an illness, a condition or a sign is read by some rule: a new code in the
/// catalogue without a rule would be kept and never told.
#[test]
fn every_code_of_a_list_has_its_rule() {
    let set = RuleSet::load().unwrap();
    let read = |finding: FindingCode, code: &str| {
        set.rules().iter().any(|rule| match &rule.when {
            Condition::Coded {
                finding: of,
                any_of,
                ..
            } => *of == finding && any_of.iter().any(|known| known == code),
            Condition::Stands {
                finding: of,
                code: known,
                ..
            }
            | Condition::Period {
                finding: of,
                code: known,
                ..
            } => *of == finding && known == code,
            Condition::EachAllergen { kinds, .. } => {
                finding == FindingCode::Allergy && kinds.iter().any(|known| known == code)
            }
            _ => false,
        })
    };
    let good = ["01", "NONE", "RULED_OUT", "NEGATIVE"];
    for finding in [
        FindingCode::Allergy,
        FindingCode::Condition,
        FindingCode::DevelopmentSign,
        FindingCode::InfectiousDisease,
        FindingCode::NewbornDiseaseScreen,
        FindingCode::RicketsSign,
    ] {
        let Kind::Coded { codes, .. } = finding.entry().kind else {
            panic!("{}", finding.as_str());
        };
        for code in codes.iter().filter(|code| !good.contains(code)) {
            assert!(read(finding, code), "{} {code}", finding.as_str());
        }
    }
}

/// Facts that are unsure are marked so: a mark without a word about what is unsure helps nobody.
#[test]
fn every_rule_names_its_source_and_what_is_unsure() {
    for rule in RuleSet::load().unwrap().rules() {
        assert!(!rule.source.document.trim().is_empty(), "{}", rule.id);
        assert!(!rule.source.section.trim().is_empty(), "{}", rule.id);
        let marked = !rule.source.marks.is_empty();
        assert!(!marked || !rule.source.note.is_empty(), "{}", rule.id);
        assert!(!rule.resolved_by.is_empty() && !rule.follow_up.action.is_empty());
    }
}

#[test]
fn an_alternative_takes_the_place_of_a_shipped_file() {
    let tables = || Tables::load().unwrap();
    let set = RuleSet::choosing(tables(), &["anaemia_who_2024.toml"]).unwrap();
    let has = |id: &str| set.rules().iter().any(|rule| rule.id == id);
    assert!(has("ANAEMIA_WHO_2024_MILD_6_TO_23_MONTHS") && !has("ANAEMIA_MILD"));
    assert!(has("ANAEMIA_NEWBORN") && has("HEARING_FAIL"));
    let unknown = RuleSet::choosing(tables(), &["anaemia_who_1968.toml"]).unwrap_err();
    assert!(matches!(unknown, LoadError::NoSuchAlternative(_)));
}

#[test]
fn an_unsound_rule_is_refused_with_file_line_and_id() {
    let error = read(&rule(r#"version = 1"#, "version = 0")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "county.toml line 2 rule HEARING_FAIL: version starts at 1"
    );
    let fault = |replace, by| read(&rule(replace, by)).unwrap_err().fault;
    let coded = r#"{ coded = { finding = "HEARING", any_of = ["FAIL"] } }"#;
    for (replace, by, want) in [
        (
            r#"id = "HEARING_FAIL""#,
            r#"id = "hearing""#,
            RuleFault::Name,
        ),
        (r#""文件""#, r#"" ""#, RuleFault::SourceMissing),
        (r#"["28d", "84m"]"#, r#"["28", "84m"]"#, RuleFault::Age),
        (
            r#"["28d", "84m"]"#,
            r#"["84m", "84m"]"#,
            RuleFault::AgesEmpty,
        ),
        (
            r#"["28d", "84m"]"#,
            r#"["60d", "2m"]"#,
            RuleFault::AgesEmpty,
        ),
        (
            r#"["FAIL"]"#,
            r#"["FAILED"]"#,
            RuleFault::UnknownValueCode("FAILED".into()),
        ),
        (r#", any_of = ["FAIL"]"#, "", RuleFault::Condition),
        (
            r#""HEARING", any_of"#,
            r#""WEIGHT", any_of"#,
            RuleFault::Condition,
        ),
        (
            coded,
            r#"{ haemoglobin = { at_least = 110, below = 110 } }"#,
            RuleFault::Condition,
        ),
        (
            coded,
            r#"{ vision = { at_most = "5.4" } }"#,
            RuleFault::Condition,
        ),
        (
            coded,
            r#"{ nutrition = { indicator = "WEIGHT_FOR_AGE", class = "OBESITY" } }"#,
            RuleFault::IndicatorWithoutClass,
        ),
        (
            coded,
            r#"{ nutrition = { standard = "WHO", indicator = "BMI_FOR_AGE", class = "SEVERE_OBESITY" } }"#,
            RuleFault::IndicatorWithoutClass,
        ),
        (
            coded,
            r#"{ nutrition = { indicator = "BMI_FOR_AGE", class = "THINNESS" } }"#,
            RuleFault::IndicatorWithoutClass,
        ),
        (
            coded,
            r#"{ growth_course = { pattern = { no_gain = {} }, indicator = "BMI_FOR_AGE", apart = [20, 90] } }"#,
            RuleFault::Condition,
        ),
        (
            coded,
            r#"{ growth_course = { pattern = { loss = { grams = 200 } }, indicator = "WEIGHT_FOR_AGE", apart = [90, 20] } }"#,
            RuleFault::Condition,
        ),
        (
            coded,
            r#"{ growth_course = { pattern = { crossing_down = { lines = 0 } }, indicator = "WEIGHT_FOR_AGE", apart = [20, 90] } }"#,
            RuleFault::Condition,
        ),
        (r#"["FACILITY", "GUARDIAN"]"#, "[]", RuleFault::Recipients),
        (
            r#"["FACILITY", "GUARDIAN"]"#,
            r#"["MCH", "MCH"]"#,
            RuleFault::Recipients,
        ),
        (
            r#"["FACILITY", "GUARDIAN"]"#,
            r#"["GUARDIAN"]"#,
            RuleFault::FacilityCard,
        ),
        (r#"facility = "等待复查。""#, "", RuleFault::FacilityCard),
        (
            r#""HEARING"
level"#,
            r#""RICKETS"
level"#,
            RuleFault::NotForFacility(Category::Rickets),
        ),
        (
            r#""HEARING"
level"#,
            r#""EXAMINATION"
level"#,
            RuleFault::NotForFacility(Category::Examination),
        ),
        // Nor under a category that may: the finding itself is kept.
        (
            coded,
            r#"{ coded = { finding = "SKIN", any_of = ["ABNORMAL"] } }"#,
            RuleFault::FindingNotForFacility(FindingCode::Skin),
        ),
        (
            coded,
            r#"{ quantity = { finding = "ALT", at_least = "41" } }"#,
            RuleFault::FindingNotForFacility(FindingCode::Alt),
        ),
        (r#""转诊""#, r#""""#, RuleFault::FollowUp),
    ] {
        assert_eq!(fault(replace, by), want, "{by}");
    }
    assert!(matches!(
        fault("{date}", "{name}"),
        RuleFault::GuardianTemplate(_)
    ));
    assert!(matches!(
        fault("等待复查。", "{value}"),
        RuleFault::FacilityTemplate(_)
    ));
}

#[test]
fn a_facility_card_can_never_hold_a_value() {
    let haemoglobin = rule(
        r#"{ coded = { finding = "HEARING", any_of = ["FAIL"] } }"#,
        r#"{ haemoglobin = { below = 110 } }"#,
    );
    assert!(read(&haemoglobin.replace("{date}未通过", "血红蛋白{value}")).is_ok());
    let error = read(&haemoglobin.replace("等待复查", "血红蛋白{value}")).unwrap_err();
    assert!(matches!(error.fault, RuleFault::FacilityTemplate(_)));
}

#[test]
fn what_can_not_be_read_is_told_by_line() {
    let at = |replace, by| {
        let error = read(&rule(replace, by)).unwrap_err();
        assert!(matches!(error.fault, RuleFault::Syntax(_)), "{error}");
        error.line
    };
    assert_eq!(at(r#"level = "HIGH""#, r#"level = "SOON""#), 7);
    assert_eq!(at(r#"level = "HIGH""#, "level ="), 7);
    assert_eq!(at(r#"["FACILITY", "GUARDIAN"]"#, r#"["SCHOOL"]"#), 11);
    // Unknown keys, conditions and findings are mistakes, not extensions.
    assert_eq!(
        at(r#"level = "HIGH""#, "level = \"HIGH\"\ncolour = \"red\""),
        8
    );
    assert!(at("coded = {", "guessed = {") > 0);
    assert!(at(r#""HEARING", any_of"#, r#""SHOE", any_of"#) > 0);
    assert!(at(r#"["P"]"#, r#"["sure"]"#) > 0);
    let vision = r#"{ vision = { at_most = 4.8 } }"#;
    assert!(
        at(
            r#"{ coded = { finding = "HEARING", any_of = ["FAIL"] } }"#,
            vision
        ) > 0
    );
}

#[test]
fn ids_are_used_once_and_a_family_is_of_one_kind() {
    let twice = format!("{}{}", rule("P", "P"), rule("P", "P"));
    let error = read(&twice).unwrap_err();
    assert_eq!((error.fault, error.line), (RuleFault::DuplicateId, 17));
    let mixed = rule(r#"id = "HEARING_FAIL""#, r#"id = "OTHER""#);
    let mixed = mixed.replace(r#"category = "HEARING""#, r#"category = "VISION""#);
    let error = read(&format!("{}{mixed}", rule("P", "P"))).unwrap_err();
    assert_eq!(error.fault, RuleFault::FamilyMixesCategories);
}

#[test]
fn a_files_defaults_fill_what_a_rule_leaves_out() {
    let text = r#"
[defaults]
version = 3
category = "HEARING"
level = "LOW"
source = { document = "文件", section = "节", marks = ["P"], note = "约定" }
ages = ["0d", "84m"]
recipients = ["GUARDIAN"]
follow_up = { action = "复查" }
resolved_by = "复查通过"

[[rule]]
id = "A"
when = { coded = { finding = "HEARING", any_of = ["FAIL"] } }
guardian = "未通过。"

[[rule]]
id = "B"
level = "HIGH"
source = { section = "另一节" }
when = { coded = { finding = "HEARING", any_of = ["FAIL"] } }
guardian = "未通过。"
"#;
    let set = read(text).unwrap();
    let [a, b] = set.rules() else {
        panic!("two rules");
    };
    assert_eq!(
        (a.version, a.family.as_str(), a.level),
        (3, "A", Level::Low)
    );
    assert_eq!(b.level, Level::High);
    assert_eq!(b.source.citation(), "文件 另一节");
    assert_eq!(b.source.marks, a.source.marks);
    let without = text.replace("level = \"LOW\"\n", "");
    let error = read(&without).unwrap_err();
    assert_eq!(error.fault, RuleFault::Missing("level"));
}

#[test]
fn parts_of_a_card_limits_and_what_settles_are_checked() {
    let with = |more: &str| {
        read(&format!("{}{more}\n", rule("P", "P")))
            .unwrap_err()
            .fault
    };
    let parts = |parts: &str| {
        let card = r#"facility = "等待复查。""#;
        read(&rule(card, parts))
            .map(|_| ())
            .map_err(|error| error.fault)
    };
    assert_eq!(
        parts(r#"facility = { act = "面对面说话。", emergency = "拨打120。" }"#),
        Ok(())
    );
    assert_eq!(parts("facility = {}"), Err(RuleFault::FacilityParts));
    let long = "字".repeat(130);
    assert_eq!(
        parts(&format!(
            "facility = {{ act = \"{long}\", watch = \"{long}\" }}"
        )),
        Err(RuleFault::FacilityParts)
    );
    assert_eq!(
        with(r#"fitness = { grade = "FIT", until = "今天" }"#),
        RuleFault::Fitness
    );
    assert!(matches!(
        with(r#"fitness = { grade = "UNFIT", until = "{value}" }"#),
        RuleFault::FitnessTemplate(_)
    ));
    assert_eq!(with("lasts_days = 0"), RuleFault::Lasts);
    assert_eq!(with(r#"mn = { guardian = " " }"#), RuleFault::Mongolian);
    for key in ["also", "also_not", "together_with", "unless"] {
        let item = r#"[{ item = { track = "CHILD_HEALTH", status = "OVERDUE" } }]"#;
        assert_eq!(with(&format!("{key} = {item}")), RuleFault::Condition);
    }
    let resolved = read(&rule("复查通过", " ")).unwrap_err();
    assert_eq!(resolved.fault, RuleFault::ResolvedBy);
    let kept = read(&format!(
        "{}mn = {{ guardian = \"ᠮᠣᠩᠭᠣᠯ\" }}\n",
        rule("P", "P")
    ))
    .unwrap();
    let card = kept.rules()[0].mongolian.as_ref().unwrap();
    assert_eq!(card.guardian.as_ref().unwrap().as_str(), "ᠮᠣᠩᠭᠣᠯ");
}

#[test]
fn conditions_that_can_not_hold_are_refused() {
    let coded = r#"{ coded = { finding = "HEARING", any_of = ["FAIL"] } }"#;
    for by in [
        r#"{ quantity = { finding = "BIRTH_WEIGHT" } }"#,
        r#"{ quantity = { finding = "BIRTH_WEIGHT", below = "2500.5" } }"#,
        r#"{ quantity = { finding = "BIRTH_WEIGHT", below = "9000" } }"#,
        r#"{ quantity = { finding = "BIRTH_WEIGHT", at_least = "2500", below = "2500" } }"#,
        r#"{ quantity = { finding = "HEARING", below = "1" } }"#,
        r#"{ written = { finding = "HEARING" } }"#,
        r#"{ item = { track = "IMMUNISATION", status = "OVERDUE", only_with_from_days = 28 } }"#,
        r#"{ period = { finding = "INFECTIOUS_DISEASE", code = "HFMD", clocks = [], phase = "OVER" } }"#,
        r#"{ period = { finding = "INFECTIOUS_DISEASE", code = "HFMD", clocks = [{ from = "WEIGHT", days = 1 }], phase = "OVER" } }"#,
        r#"{ period = { finding = "INFECTIOUS_DISEASE", code = "MEASLES", clocks = [{ from = "RASH_DATE", days = 1 }], complicated_by = { finding = "WITH_PNEUMONIA", any_of = [] }, phase = "OVER" } }"#,
    ] {
        assert_eq!(
            read(&rule(coded, by)).unwrap_err().fault,
            RuleFault::Condition,
            "{by}"
        );
    }
    let stands =
        r#"{ stands = { finding = "CONDITION", code = "FLU", ended_by = "CONDITION_RULED_OUT" } }"#;
    let unknown = RuleFault::UnknownValueCode("FLU".into());
    assert_eq!(read(&rule(coded, stands)).unwrap_err().fault, unknown);
}

#[test]
fn mixed_age_units_work() {
    let range = AgeRange {
        from: AgeBound::Days(28),
        until: AgeBound::Months(4),
    };
    let age = |days, months| Age {
        days,
        months,
        corrected: false,
    };
    assert!(!range.contains(age(27, 0)) && range.contains(age(28, 0)));
    assert!(range.contains(age(121, 3)) && !range.contains(age(122, 4)));
}

/// A rule that an alternative file repeats is the shipped one: one id, one text, one version.
#[test]
fn an_alternative_repeats_a_rule_as_it_is() {
    let shipped = RuleSet::load().unwrap();
    let mut repeated = 0;
    for other in ALTERNATIVES {
        let read = RuleSet::read(Tables::load().unwrap(), &[(other.name, other.text)]).unwrap();
        for rule in read.rules() {
            if let Some(same) = shipped.rules().iter().find(|known| known.id == rule.id) {
                assert_eq!(rule, same);
                repeated += 1;
            }
        }
    }
    assert!(repeated > 0);
}
