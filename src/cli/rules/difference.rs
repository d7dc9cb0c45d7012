//! `yuqiao rules diff`: for a person as a text to read through, for a script as one object a rule.

use std::fmt::Write;

use serde_json::json;

use crate::cli::error::CliError;
use crate::cli::output::Output;
use crate::clinical::rules::RuleSet;
use crate::clinical::rules::diff::{Change, Difference, Field, diff};

/// Tells every difference.
///
/// # Errors
/// Where standard output has ended.
pub fn tell(old: &RuleSet, new: &RuleSet, out: Output) -> Result<(), CliError> {
    let differences = diff(old, new);
    if out.is_json() {
        return differences
            .iter()
            .try_for_each(|difference| out.value(&value(difference)));
    }
    if differences.is_empty() {
        return out.line("the rules say the same 规则内容相同");
    }
    for difference in &differences {
        out.line(&text(difference))?;
    }
    let count = |is: fn(&Change) -> bool| differences.iter().filter(|d| is(&d.change)).count();
    out.line(&format!(
        "{} → {}: {} added 新增, {} removed 删除, {} changed 修改",
        old.id(),
        new.id(),
        count(|c| matches!(c, Change::Added(_))),
        count(|c| matches!(c, Change::Removed)),
        count(|c| matches!(c, Change::Changed(_))),
    ))
}

fn text(difference: &Difference) -> String {
    let (mark, fields) = match &difference.change {
        Change::Added(fields) => ("+", fields.as_slice()),
        Change::Removed => ("-", [].as_slice()),
        Change::Changed(fields) => ("~", fields.as_slice()),
    };
    let kept = if difference.keeps_its_version() {
        "  version 未提高"
    } else {
        ""
    };
    let mut text = format!("{mark} {}  {}{kept}", difference.of, difference.file);
    for Field {
        path,
        before,
        after,
    } in fields
    {
        // Writing into a text can't fail.
        let _ = match (before, after) {
            (Some(before), Some(after)) => write!(text, "\n    {path}: {before}\n      → {after}"),
            (Some(before), None) => write!(text, "\n    {path}: {before}\n      → (none 无)"),
            (None, Some(after)) => write!(text, "\n    {path}: {after}"),
            (None, None) => Ok(()),
        };
    }
    text
}

fn value(difference: &Difference) -> serde_json::Value {
    let (change, fields) = match &difference.change {
        Change::Added(fields) => ("added", fields.as_slice()),
        Change::Removed => ("removed", [].as_slice()),
        Change::Changed(fields) => ("changed", fields.as_slice()),
    };
    let fields: Vec<_> = fields
        .iter()
        .map(|f| json!({"path": f.path, "before": f.before, "after": f.after}))
        .collect();
    json!({
        "of": difference.of,
        "file": difference.file,
        "change": change,
        "versionKept": difference.keeps_its_version(),
        "fields": fields,
    })
}
