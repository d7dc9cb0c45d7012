//! Rule sets that differ from the shipped one by an edit of its files, as a commission would make it.

use yuqiao::{
    clinical::rules::{Bundle, RuleFile, RuleSet},
    rpc::wire,
};

use super::clients::PARENT;

/// The files of the shipped set.
pub fn shipped() -> Vec<RuleFile> {
    RuleSet::load().unwrap().bundle().files().to_vec()
}

/// Files with one text of one file replaced by another. It must be there.
pub fn edited(mut files: Vec<RuleFile>, name: &str, from: &str, to: &str) -> Vec<RuleFile> {
    let file = files.iter_mut().find(|f| f.name == name).unwrap();
    assert!(file.text.contains(from), "{name} does not say {from}");
    file.text = file.text.replacen(from, to, 1);
    files
}

/// A stricter set: haemoglobin below 106 g/L is moderate anaemia.
pub fn stricter() -> Vec<RuleFile> {
    let from = "id = \"ANAEMIA_MODERATE\"\nversion = 4";
    let to = "id = \"ANAEMIA_MODERATE\"\nversion = 9";
    let files = edited(shipped(), "anaemia.toml", from, to);
    let (from, to) = ("at_least = 60, below = 90", "at_least = 60, below = 106");
    edited(files, "anaemia.toml", from, to)
}

/// The id that these files will have.
pub fn id_of(files: &[RuleFile]) -> String {
    Bundle::new(files.to_vec()).unwrap().id().to_string()
}

/// The messages that add a set.
pub fn adding(label: &str, files: &[RuleFile]) -> Vec<wire::AddRuleSetRequest> {
    let head = wire::AddRuleSetRequest {
        parent: PARENT.to_owned(),
        label: label.to_owned(),
        file: None,
    };
    let files = files.iter().map(|file| wire::AddRuleSetRequest {
        file: Some(wire::RuleFile {
            name: file.name.clone(),
            text: file.text.clone(),
        }),
        ..Default::default()
    });
    std::iter::once(head).chain(files).collect()
}
