//! `docs/rules.md` is the shipped rules, file by file and row for row, so that a clinician can read
//! them without TOML and sees which facts are unsure. `YUQIAO_BLESS=1` writes it anew.

use std::fmt::Write;

use super::*;
use crate::clinical::fitness::Grade;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rules.md");

const HEAD: &str = "\
# The rules, one by one

Written from `src/clinical/data/rules/*.toml`; a test keeps the two alike. How to read and change them:
[clinical.md](clinical.md).

- **ages**: at the check-up (`c`: corrected for a child born early, until 24 months); half-open, `d` days,
  `m` completed months. What rests on an absence goes by the age on the day the item was due.
- **facility**: whether a facility may have the alert at all. Agreement and consent narrow it further.
- **fitness**: what it does to fitness for care: `CONDITIONAL` 有条件在托, `UNFIT` 不宜在托.
- **marks**: `2` secondary text, `k` general knowledge, `cfg` differs by place, `P` convention of this
  product; none: from the text of the document. **Whatever has a mark is unsure** and to be confirmed; the
  last column says what of it.
";

fn age(bound: AgeBound) -> String {
    match bound {
        AgeBound::Days(days) => format!("{days}d"),
        AgeBound::Months(months) => format!("{months}m"),
    }
}

fn row(rule: &Rule) -> String {
    let marks: Vec<&str> = rule.source.marks.iter().map(|mark| mark.as_str()).collect();
    let corrected = if rule.corrected_age { " c" } else { "" };
    let fitness = rule.fitness.as_ref().map_or("", |limit| match limit.grade {
        Grade::Fit => "",
        grade => grade.as_str(),
    });
    let facility = if rule.facility_card.is_some() {
        "yes"
    } else {
        ""
    };
    let cells = [
        format!("`{}`", rule.id),
        rule.version.to_string(),
        rule.level.as_str().to_owned(),
        format!(
            "{}–{}{corrected}",
            age(rule.ages.from),
            age(rule.ages.until)
        ),
        facility.to_owned(),
        fitness.to_owned(),
        rule.source.citation(),
        marks.join(", "),
        rule.source.note.clone(),
    ];
    let mut line = String::from("|");
    for cell in cells {
        let blank = if cell.is_empty() { "" } else { " " };
        let _ = write!(line, " {cell}{blank}|");
    }
    line
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    let set = RuleSet::load().unwrap();
    let mut files: Vec<(&str, &str)> = set.bundle().rules().collect();
    files.extend(ALTERNATIVES.iter().map(|other| (other.name, other.text)));
    for (name, text) in files {
        let alternative = ALTERNATIVES.iter().find(|other| other.name == name);
        let instead = alternative.map_or(String::new(), |other| {
            format!(" (only where chosen, in place of {})", other.replaces)
        });
        let rules = RuleSet::read(Tables::load().unwrap(), &[(name, text)]).unwrap();
        let _ = write!(
            page,
            "\n## {name}{instead}\n\n\
             | rule | version | level | ages | facility | fitness | source | marks | what is unsure |\n\
             |---|---|---|---|---|---|---|---|---|\n"
        );
        for rule in rules.rules() {
            let _ = writeln!(page, "{}", row(rule));
        }
    }
    page
}

#[test]
fn the_page_is_the_rules() {
    let page = page();
    if std::env::var_os("YUQIAO_BLESS").is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    let told = std::fs::read_to_string(PAGE).expect("docs/rules.md; YUQIAO_BLESS=1 makes it");
    for (at, (told, given)) in told.lines().zip(page.lines()).enumerate() {
        assert_eq!(told, given, "docs/rules.md line {}", at + 1);
    }
    assert_eq!(told.lines().count(), page.lines().count());
}

const CHINESE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/clinical.zh-CN.md");

/// The rules of each file by their marks: what whoever signs the Chinese page has to confirm.
fn unsure() -> String {
    let mut table = String::from("| 文件 | 标记 | 规则 |\n|---|---|---|\n");
    let set = RuleSet::load().unwrap();
    let mut files: Vec<(&str, &str)> = set.bundle().rules().collect();
    files.extend(ALTERNATIVES.iter().map(|other| (other.name, other.text)));
    for (name, text) in files {
        let rules = RuleSet::read(Tables::load().unwrap(), &[(name, text)]).unwrap();
        let mut by_marks: Vec<(String, Vec<String>)> = Vec::new();
        for rule in rules.rules() {
            let marks = rule.source.marks.iter().map(|mark| mark.as_str());
            let marks = marks.collect::<Vec<_>>().join(", ");
            let id = format!("`{}`", rule.id);
            match by_marks.iter_mut().find(|(known, _)| *known == marks) {
                Some((_, ids)) => ids.push(id),
                None => by_marks.push((marks, vec![id])),
            }
        }
        for (marks, ids) in by_marks {
            let marks = if marks.is_empty() {
                "无"
            } else {
                marks.as_str()
            };
            let _ = writeln!(table, "| `{name}` | {marks} | {} |", ids.join(" "));
        }
    }
    table
}

#[test]
fn the_chinese_page_lists_what_is_unsure() {
    let page = std::fs::read_to_string(CHINESE).unwrap();
    let (before, rest) = page.split_once("<!-- rules -->\n").unwrap();
    let (told, after) = rest.split_once("<!-- /rules -->").unwrap();
    let list = unsure();
    if std::env::var_os("YUQIAO_BLESS").is_some() {
        let page = format!("{before}<!-- rules -->\n{list}<!-- /rules -->{after}");
        std::fs::write(CHINESE, page).unwrap();
        return;
    }
    assert_eq!(told, list, "YUQIAO_BLESS=1 writes it");
}
