//! The columns that are added, by the standard asked for.

use crate::clinical::growth::age::AgeDays;
use crate::clinical::growth::individual::{Classes, Measurements, classify, is_believable};
use crate::clinical::growth::stature::Micrometres;
use crate::clinical::growth::who::{Observation, Scored, Scores};
use crate::clinical::growth::{Indicator, Tables};

/// Whose results are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Standard {
    /// WHO 2006, and WHO 2007 from 60 months on: z-scores and centiles
    Who,
    /// WS/T 423-2022: levels and nutrition classes
    Wst423,
    /// Both, in columns of their own
    Both,
}

/// The order of the `z` and `f` columns.
pub(super) const INDICATORS: [Indicator; 5] = [
    Indicator::LengthHeightForAge,
    Indicator::WeightForAge,
    Indicator::WeightForLengthHeight,
    Indicator::BmiForAge,
    Indicator::HeadCircumferenceForAge,
];

/// Without a standard: WHO 2006 alone, z-scores in standard deviations, flags 0 or 1.
const SCORES: [&str; 7] = ["clenhei_cm", "cbmi", "zlen", "zwei", "zwfl", "zbmi", "zhc"];
const FLAGS: [&str; 5] = ["flen", "fwei", "fwfl", "fbmi", "fhc"];
const CENTILES: [&str; 6] = ["plen", "pwei", "pwfl", "pbmi", "phc", "who_edition"];
const CLASSES: [&str; 20] = [
    "wst_clenhei_cm",
    "wst_level_len",
    "wst_level_wei",
    "wst_level_wfl",
    "wst_level_bmi",
    "wst_level_hc",
    "wst_plevel_len",
    "wst_plevel_wei",
    "wst_plevel_wfl",
    "wst_plevel_bmi",
    "wst_plevel_hc",
    "wst_class_len",
    "wst_class_wei",
    "wst_class_wfl",
    "wst_class_bmi",
    "wst_row_len",
    "wst_row_wei",
    "wst_row_wfl",
    "wst_row_bmi",
    "wst_row_hc",
];

/// The added columns, in order.
pub(super) fn added(standard: Option<Standard>) -> Vec<&'static str> {
    match standard {
        None => [&SCORES[..], &FLAGS].concat(),
        Some(Standard::Who) => [&SCORES[..], &FLAGS, &CENTILES].concat(),
        Some(Standard::Wst423) => [&FLAGS[..], &CLASSES].concat(),
        Some(Standard::Both) => [&SCORES[..], &FLAGS, &CENTILES, &CLASSES].concat(),
    }
}

/// What the standards say of one child.
pub(super) struct Answer {
    pub scores: Scores,
    classes: Option<Classes>,
    /// In the order of [`added`]; empty where there is no result.
    pub cells: Vec<String>,
}

impl Answer {
    pub(super) fn of(
        tables: &Tables,
        standard: Option<Standard>,
        seen: &Observation,
        measurements: &Measurements,
    ) -> Answer {
        let scores = match standard {
            None => tables.who.score_under_five(seen),
            Some(_) => tables.who.score(seen),
        };
        let asked = matches!(standard, Some(Standard::Wst423 | Standard::Both));
        let child = seen.sex.zip(seen.age).filter(|_| asked);
        let classes = child.map(|(sex, age)| {
            let can_stand = !scores.position_ignored;
            let months = completed(age);
            classify(&tables.wst423, sex, months, can_stand, measurements)
        });
        let mut answer = Answer {
            scores,
            classes,
            cells: Vec::with_capacity(CLASSES.len() + 18),
        };
        match standard {
            None => {
                answer.tell_scores();
                answer.tell_flags();
            }
            Some(Standard::Who) => {
                answer.tell_scores();
                answer.tell_flags();
                answer.tell_centiles();
            }
            Some(Standard::Wst423) => {
                answer.tell_flags();
                answer.tell_classes();
            }
            Some(Standard::Both) => {
                answer.tell_scores();
                answer.tell_flags();
                answer.tell_centiles();
                answer.tell_classes();
            }
        }
        answer
    }

    /// Whether any standard asked for has a result.
    pub(super) fn is_there(&self) -> bool {
        INDICATORS.iter().any(|&which| {
            let classes = self.classes.as_ref();
            self.scores.get(which).is_some() || classes.is_some_and(|c| c.get(which).is_some())
        })
    }

    fn tell(&mut self, cell: Option<impl ToString>) {
        let cell = cell.map(|cell| cell.to_string());
        self.cells.push(cell.unwrap_or_default());
    }

    fn tell_scores(&mut self) {
        self.tell(self.scores.stature_um.map(centimetres));
        self.tell(self.scores.bmi.map(|bmi| format!("{bmi:.2}")));
        for which in INDICATORS {
            self.tell(self.scores.get(which).map(|scored| scored.z));
        }
    }

    fn tell_flags(&mut self) {
        for which in INDICATORS {
            let flagged = self.scores.get(which).is_some_and(|s| s.implausible);
            self.tell(Some(u8::from(flagged)));
        }
    }

    fn tell_centiles(&mut self) {
        for which in INDICATORS {
            self.tell(self.scores.get(which).map(|scored| scored.centile));
        }
        let scored: Option<Scored> = INDICATORS.iter().find_map(|&which| self.scores.get(which));
        self.tell(scored.map(|scored| scored.edition.as_str()));
    }

    /// A value that WHO's limits flag has no class: it is to be measured again.
    fn tell_classes(&mut self) {
        let class = |which| {
            let class = self.classes.as_ref()?.get(which);
            class.filter(|_| is_believable(&self.scores, which))
        };
        let classes = INDICATORS.map(class);
        self.tell(
            self.classes
                .as_ref()
                .and_then(|c| c.stature_um)
                .map(centimetres),
        );
        for class in classes {
            self.tell(class.map(|c| c.level().as_str()));
        }
        for class in classes {
            self.tell(class.map(|c| c.level_by_percentile().as_str()));
        }
        // Head circumference has no nutrition class.
        for class in classes.iter().take(4) {
            let nutrition = class.and_then(|c| c.nutrition());
            self.tell(nutrition.map(|class| class.as_str()));
        }
        for class in classes {
            self.tell(class.map(|c| c.row.as_str()));
        }
    }
}

/// Completed months, where only a number of days is known: of 30.4375 days each `[P]`.
fn completed(age: AgeDays) -> u32 {
    age.months().floor() as u32
}

/// Two decimals, halves up, from the exact length.
pub(super) fn centimetres(um: Micrometres) -> String {
    let hundredths = (um + 50) / 100;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
