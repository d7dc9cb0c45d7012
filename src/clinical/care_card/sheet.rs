//! A child's cards on one printable page of plain text: fitness first, then what to do in an
//! emergency, then day to day, gravest first.

use std::fmt::Write as _;

use chrono::NaiveDate;

use super::FacilityCard;
use crate::clinical::fitness::Fitness;
use crate::domain::alert::Level;

/// One alert as the page shows it.
#[derive(Clone, Copy)]
pub struct SheetAlert<'a> {
    pub level: Level,
    pub card: &'a FacilityCard,
    /// By when it is checked again.
    pub due: Option<NaiveDate>,
}

/// The page for a facility: the alerts given, and no other word about the child. `child` is what the
/// facility calls it; a name does not come from here.
///
/// Lines are short enough to print on half a sheet. Nothing in it is a measured value, since no
/// facility card has one.
pub fn sheet<K>(
    child: &str,
    today: NaiveDate,
    fitness: &Fitness<K>,
    alerts: &[SheetAlert<'_>],
) -> String {
    let mut page = String::with_capacity(1_024);
    // Writing to a string cannot fail.
    let _ = writeln!(page, "照护卡  {child}  {today}");
    let _ = writeln!(page, "【{}】", fitness.headline_zh());
    let mut alerts: Vec<&SheetAlert<'_>> = alerts.iter().collect();
    alerts.sort_by_key(|alert| std::cmp::Reverse(alert.level));
    let sections = [("紧急情况", 2), ("日常照护", 0), ("注意观察", 1)];
    for (heading, nth) in sections {
        let lines: Vec<&str> = alerts
            .iter()
            .filter_map(|alert| {
                let card = alert.card;
                let part = [&card.act, &card.watch, &card.emergency][nth];
                Some(part.as_ref()?.as_str())
            })
            .collect();
        if lines.is_empty() {
            continue;
        }
        let _ = writeln!(page, "\n{heading}");
        let mut said: Vec<&str> = Vec::with_capacity(lines.len());
        for line in lines {
            // Two alerts may ask for the same thing.
            if !said.contains(&line) {
                let _ = writeln!(page, "· {line}");
                said.push(line);
            }
        }
    }
    if let Some(due) = alerts.iter().filter_map(|alert| alert.due).min() {
        let _ = writeln!(page, "\n最近一次复查期限：{due}");
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clinical::care_card::Text;
    use crate::clinical::fitness::{Grade, Limit};

    #[test]
    fn the_page_leads_with_fitness_and_emergencies() {
        let text = |text: &str| Some(Text::from(text.to_owned()));
        let allergy = FacilityCard {
            act: text("避免花生。"),
            watch: None,
            emergency: text("用笔，拨打120。"),
        };
        let anaemia = FacilityCard {
            act: text("保证红肉。"),
            watch: text("面色。"),
            emergency: None,
        };
        let on = |level, card, due: Option<&str>| SheetAlert {
            level,
            card,
            due: due.map(|day| day.parse().unwrap()),
        };
        let fitness = Fitness::of([(
            "ALLERGY",
            Limit {
                grade: Grade::Conditional,
                until: None,
                until_zh: "备好肾上腺素笔".into(),
            },
        )]);
        let page = sheet(
            "小二班 07",
            "2026-03-01".parse().unwrap(),
            &fitness,
            &[
                on(Level::Medium, &anaemia, Some("2026-03-20")),
                on(Level::Urgent, &allergy, Some("2027-01-01")),
                on(Level::Low, &anaemia, None),
            ],
        );
        let expected = "\
照护卡  小二班 07  2026-03-01
【有条件在托：备好肾上腺素笔】

紧急情况
· 用笔，拨打120。

日常照护
· 避免花生。
· 保证红肉。

注意观察
· 面色。

最近一次复查期限：2026-03-20
";
        assert_eq!(page, expected);
    }
}
