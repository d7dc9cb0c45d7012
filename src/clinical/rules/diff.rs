//! What one rule set says that another does not: rule by rule and item by item, field by field, in
//! the words of the files, so that whoever reviews a change reads what was written.
//!
//! Files are compared by what they mean: where a rule stands, in which file and in what order of
//! fields, is no difference, and a file's defaults count as said by each of its rules.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::{Bundle, RuleSet};

/// A rule, a schedule or one of its items that is not the same in both sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// `ANAEMIA_MILD` for a rule; `CHILD_HEALTH 2017 V06` for an item of a schedule.
    pub of: String,
    /// The file in the new set, or in the old one where it is gone.
    pub file: String,
    /// What happened to it.
    pub change: Change,
}

/// What happened to a part of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Only the new set has it.
    Added(Vec<Field>),
    /// Only the old set has it.
    Removed,
    /// Both have it and say different things.
    Changed(Vec<Field>),
}

/// One field that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// For example `when.haemoglobin.below`.
    pub path: String,
    /// What the old set says; none where it says nothing.
    pub before: Option<String>,
    /// What the new set says.
    pub after: Option<String>,
}

impl Difference {
    /// Whether the rule says something else without a higher version: an alert would no longer be
    /// explained by rule and version. A lower one was another text's before.
    pub fn keeps_its_version(&self) -> bool {
        match &self.change {
            Change::Changed(fields) => !fields.iter().any(Field::is_a_higher_version),
            Change::Added(_) | Change::Removed => false,
        }
    }
}

impl Field {
    fn is_a_higher_version(&self) -> bool {
        let number = |said: &Option<String>| said.as_ref()?.parse::<u32>().ok();
        let rises = number(&self.before) < number(&self.after);
        self.path == VERSION && rises
    }
}

const VERSION: &str = "version";

/// Every difference: what changed or is new in the order of the new set's names, then what is gone.
pub fn diff(old: &RuleSet, new: &RuleSet) -> Vec<Difference> {
    let (mut before, after) = (parts(old.bundle()), parts(new.bundle()));
    let mut differences = Vec::new();
    for (of, part) in after {
        let change = match before.remove(&of) {
            None => Change::Added(compare(&BTreeMap::new(), &part.fields)),
            Some(was) if was.fields == part.fields => continue,
            Some(was) => Change::Changed(compare(&was.fields, &part.fields)),
        };
        let file = part.file;
        differences.push(Difference { of, file, change });
    }
    differences.extend(before.into_iter().map(|(of, part)| Difference {
        of,
        file: part.file,
        change: Change::Removed,
    }));
    differences
}

/// A rule, an item, or what a schedule says of itself.
struct Part {
    file: String,
    fields: BTreeMap<String, String>,
}

fn parts(bundle: &Bundle) -> BTreeMap<String, Part> {
    let mut parts = BTreeMap::new();
    for file in bundle.files() {
        // A set was read before it is compared: every file of it is a table.
        let Ok(mut table) = file.text.parse::<Table>() else {
            continue;
        };
        let defaults = match table.remove("defaults") {
            Some(Value::Table(defaults)) => defaults,
            _ => Table::new(),
        };
        let (lists, own): (Vec<_>, Vec<_>) = table.into_iter().partition(
            |(_, value)| matches!(value, Value::Array(of) if of.iter().all(Value::is_table)),
        );
        let own: Table = own.into_iter().collect();
        let text = |of: &Table, key: &str| of.get(key).map(said);
        let head: Vec<String> = ["track", VERSION]
            .iter()
            .filter_map(|key| text(&own, key))
            .collect();
        let head = head.join(" ");
        let mut add = |of: String, fields: Table| {
            let mut flat = BTreeMap::new();
            flatten("", &Value::Table(fields), &mut flat);
            let file = file.name.clone();
            parts.insert(of, Part { file, fields: flat });
        };
        for row in lists.into_iter().flat_map(|(_, rows)| rows_of(rows)) {
            let id = text(&row, "id").or_else(|| text(&row, "item"));
            let id = id.unwrap_or_default();
            let of = if head.is_empty() {
                id
            } else {
                format!("{head} {id}")
            };
            add(of, with_defaults(row, &defaults));
        }
        if !own.is_empty() {
            add(head, own);
        }
    }
    parts
}

fn rows_of(rows: Value) -> impl Iterator<Item = Table> {
    let rows = match rows {
        Value::Array(rows) => rows,
        _ => Vec::new(),
    };
    rows.into_iter().filter_map(|row| match row {
        Value::Table(row) => Some(row),
        _ => None,
    })
}

/// A row with what its file's defaults add: whole fields, and of a source its parts.
fn with_defaults(mut row: Table, defaults: &Table) -> Table {
    for (key, value) in defaults {
        match (row.get_mut(key), value) {
            (Some(Value::Table(own)), Value::Table(parts)) if key == "source" => {
                for (part, value) in parts {
                    own.entry(part.clone()).or_insert_with(|| value.clone());
                }
            }
            (Some(_), _) => {}
            (None, _) => {
                row.insert(key.clone(), value.clone());
            }
        }
    }
    row
}

fn flatten(path: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    let Value::Table(table) = value else {
        into.insert(path.to_owned(), said(value));
        return;
    };
    if table.is_empty() {
        into.insert(path.to_owned(), String::new());
    }
    for (key, value) in table {
        let path = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        flatten(&path, value, into);
    }
}

/// A value as a person reads it.
fn said(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(said).collect::<Vec<_>>().join(", "),
        Value::Table(table) => {
            let fields = table
                .iter()
                .map(|(key, value)| format!("{key} {}", said(value)));
            fields.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

fn compare(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<Field> {
    let mut paths: Vec<&String> = before.keys().chain(after.keys()).collect();
    paths.sort_unstable();
    paths.dedup();
    let fields = paths.into_iter().map(|path| Field {
        path: path.clone(),
        before: before.get(path).cloned(),
        after: after.get(path).cloned(),
    });
    fields.filter(|field| field.before != field.after).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clinical::rules::RuleFile;

    /// The shipped set with its anaemia rules rewritten.
    fn edited(edit: impl Fn(&str) -> String) -> RuleSet {
        let shipped = RuleSet::load().unwrap();
        let files = shipped.bundle().files().iter().map(|file| {
            let text = if file.name == "anaemia.toml" {
                edit(&file.text)
            } else {
                file.text.clone()
            };
            let name = file.name.clone();
            RuleFile { name, text }
        });
        let bundle = Bundle::new(files.collect()).unwrap();
        RuleSet::of(bundle, shipped.tables().clone()).unwrap()
    }

    #[test]
    fn a_set_does_not_differ_from_itself_nor_by_comments() {
        let shipped = RuleSet::load().unwrap();
        assert_eq!(diff(&shipped, &shipped), []);
        let commented = edited(|text| format!("# 另一句说明\n{text}"));
        assert_ne!(commented.id(), shipped.id());
        assert_eq!(diff(&shipped, &commented), []);
    }

    #[test]
    fn a_changed_limit_is_told_with_its_path() {
        let shipped = RuleSet::load().unwrap();
        let stricter = edited(|text| text.replacen("below = 60", "below = 65", 1));
        let found = diff(&shipped, &stricter);
        let [only] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!((&*only.of, &*only.file), ("ANAEMIA_SEVERE", "anaemia.toml"));
        let field = Field {
            path: "when.haemoglobin.below".to_owned(),
            before: Some("60".to_owned()),
            after: Some("65".to_owned()),
        };
        assert_eq!(only.change, Change::Changed(vec![field]));
        assert!(only.keeps_its_version());
        // The other way round the same field stands the other way round.
        let back = diff(&stricter, &shipped);
        assert!(
            matches!(&back[0].change, Change::Changed(f) if f[0].after.as_deref() == Some("60"))
        );
    }

    #[test]
    fn a_version_must_rise() {
        let said = |version: u32, below: u32| {
            let id = "id = \"ANAEMIA_SEVERE\"";
            edited(|text| {
                text.replacen(id, &format!("{id}\nversion = {version}"), 1)
                    .replacen("below = 60", &format!("below = {below}"), 1)
            })
        };
        let kept = |old: &RuleSet, new: &RuleSet| {
            let found = diff(old, new);
            assert_eq!(found.len(), 1, "{found:?}");
            found[0].keeps_its_version()
        };
        let (old, other) = (said(9, 60), said(10, 65));
        assert!(!kept(&old, &other), "9 is less than 10");
        assert!(kept(&other, &old), "it falls");
        assert!(kept(&old, &said(9, 65)), "it stays");
        assert!(!kept(&old, &said(10, 60)), "nothing but the version");
    }

    #[test]
    fn what_is_new_and_what_is_gone_is_told() {
        let shipped = RuleSet::load().unwrap();
        let renamed = edited(|text| text.replacen("\"ANAEMIA_SEVERE\"", "\"ANAEMIA_GRAVE\"", 1));
        let found = diff(&shipped, &renamed);
        let told: Vec<_> = found.iter().map(|d| (&*d.of, &d.change)).collect();
        assert!(matches!(
            told.as_slice(),
            [("ANAEMIA_GRAVE", Change::Added(fields)), ("ANAEMIA_SEVERE", Change::Removed)]
                if fields.iter().any(|f| f.path == "level" && f.before.is_none())
        ));
        assert!(found.iter().all(|d| !d.keeps_its_version()));
    }

    #[test]
    fn a_file_s_defaults_are_said_by_each_of_its_rules() {
        let shipped = RuleSet::load().unwrap();
        let other = edited(|text| text.replacen("复查血红蛋白不再低于界值", "复查正常", 1));
        let found = diff(&shipped, &other);
        assert!(found.len() > 1, "{found:?}");
        for difference in found {
            let Change::Changed(fields) = difference.change else {
                panic!()
            };
            assert_eq!(fields.len(), 1);
            assert_eq!(fields[0].path, "resolved_by");
        }
    }
}
