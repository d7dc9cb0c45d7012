//! `docs/findings.md` is the catalogue, row for row.

use yuqiao::domain::catalogue::{CATALOGUE, Entry, Kind, TextRule};

/// A scaled integer as the page writes it: `12` with one decimal is `1.2`.
fn scaled(value: i64, decimals: u32) -> String {
    let one = 10_i64.pow(decimals);
    let places = decimals as usize;
    match decimals {
        0 => value.to_string(),
        _ => format!("{}.{:0places$}", value / one, value % one),
    }
}

/// An entry as the page must say it.
fn row(entry: &Entry) -> String {
    let (kind, unit, decimals, bounds, values) = match entry.kind {
        Kind::Quantity {
            unit,
            decimals,
            low,
            high,
        } => (
            "quantity",
            format!("`{unit}`"),
            decimals.to_string(),
            format!("{} to {}", scaled(low, decimals), scaled(high, decimals)),
            String::new(),
        ),
        Kind::Coded { codes, text } => {
            let text = match text {
                TextRule::Optional => String::new(),
                TextRule::RequiredUnless(code) => format!("; detail required unless `{code}`"),
            };
            let codes = format!("`{}`{text}", codes.join("` `"));
            ("coded", String::new(), String::new(), String::new(), codes)
        }
        Kind::Text | Kind::Date => (
            if entry.kind == Kind::Text {
                "text"
            } else {
                "date"
            },
            String::new(),
            String::new(),
            String::new(),
            String::new(),
        ),
    };
    let several = if entry.repeats { "yes" } else { "" };
    let cells = [
        format!("`{}`", entry.name),
        entry.label_zh.to_owned(),
        kind.to_owned(),
        unit,
        decimals,
        bounds,
        values,
        several.to_owned(),
    ];
    let mut line = String::from("|");
    for cell in cells {
        let blank = if cell.is_empty() { "" } else { " " };
        line.push_str(&format!(" {cell}{blank}|"));
    }
    line
}

#[test]
fn the_page_is_the_catalogue() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/findings.md");
    let page = std::fs::read_to_string(page).unwrap();
    let told: Vec<&str> = page.lines().filter(|l| l.starts_with("| `")).collect();
    let given: Vec<String> = CATALOGUE.iter().map(row).collect();
    assert_eq!(told, given);
}
