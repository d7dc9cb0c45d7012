use super::*;

fn read(text: &str) -> Result<RuleSet, RuleFileError> {
    RuleSet::read(Tables::load().unwrap(), &[("county.toml", text)])
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
    let families: std::collections::BTreeSet<&str> = set
        .rules()
        .iter()
        .map(|rule| rule.family.as_str())
        .collect();
    let expected = [
        "ALLERGY",
        "ANAEMIA",
        "ASTHMA",
        "CHD",
        "DEVELOPMENT_SIGN",
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
        "NUTRITION_OEDEMA",
        "RICKETS_SIGN",
        "VISION_LOW",
    ];
    assert_eq!(families.into_iter().collect::<Vec<_>>(), expected);
    // Every class of table 3 has its rule, for both indicators of proportion.
    let classes = set
        .rules()
        .iter()
        .filter(|rule| matches!(rule.when, Condition::Nutrition { .. }));
    assert_eq!(classes.count(), 2 + 2 + 5 + 5);
    for rule in set.rules() {
        let to_facility = rule.recipients.contains(&Recipient::Facility);
        let never = matches!(rule.category, Category::Rickets | Category::Development);
        assert!(!(never && to_facility), "{}", rule.id);
        assert_eq!(to_facility, rule.facility_card.is_some());
    }
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
