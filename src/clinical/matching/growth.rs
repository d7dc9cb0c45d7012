//! Growth: which check-up an indicator is read from, and what the standards say of it.

use super::{Case, Match};
use crate::clinical::growth::age::Age;
use crate::clinical::growth::individual::{Appraisal, Judged, Measurements, appraise};
use crate::clinical::growth::stature::Position;
use crate::clinical::growth::{Indicator, Tables};
use crate::clinical::rules::Rule;
use crate::domain::catalogue::FindingCode;
use crate::domain::finding::{Finding, decimal};
use crate::domain::growth_standard::GrowthStandard;

impl Case<'_> {
    pub(super) fn exam_for(&self, indicator: Indicator) -> Option<usize> {
        use FindingCode::*;
        match indicator {
            Indicator::WeightForAge => self.history.latest(Weight),
            Indicator::LengthHeightForAge => self.history.latest(LengthHeight),
            Indicator::WeightForLengthHeight | Indicator::BmiForAge => {
                self.history.latest_with_both(Weight, LengthHeight)
            }
            Indicator::HeadCircumferenceForAge => self.history.latest(HeadCircumference),
        }
    }

    pub(super) fn appraisal(&self, at: usize) -> Option<&Appraisal> {
        self.appraisals
            .iter()
            .find(|(exam, _)| *exam == at)
            .map(|(_, appraisal)| appraisal)
    }

    pub(super) fn appraise(&self, tables: &Tables, at: usize) -> Option<Appraisal> {
        use FindingCode::*;
        let quantity = |code| self.history.one(at, code).and_then(Finding::quantity);
        let coded = |code| self.history.one(at, code).and_then(Finding::coded);
        let date = self.history.exam(at).check_up.date();
        let age = Age::for_growth(self.life.birth_date, self.life.gestation_days, date)?;
        // The catalogue keeps lengths in tenths of a millimetre.
        let um = |tenths: i64| tenths * 100;
        let seen = Measurements {
            weight_g: quantity(Weight),
            stature_um: quantity(LengthHeight).map(um),
            position: coded(MeasuringPosition).and_then(Position::parse),
            head_um: quantity(HeadCircumference).map(um),
            oedema: coded(Oedema) == Some("Y"),
        };
        Some(appraise(tables, self.life.sex?, age, &seen))
    }

    /// What the rule's standard says of an indicator; nothing where the region goes by another.
    pub(super) fn judged(
        &self,
        rule: &Rule,
        standard: GrowthStandard,
        indicator: Indicator,
    ) -> Option<(usize, Judged)> {
        if standard != self.setting.growth_standard {
            return None;
        }
        let at = self.exam_for(indicator)?;
        self.age_for(rule, at)?;
        Some((at, self.appraisal(at)?.judged(standard, indicator)?))
    }

    pub(super) fn growth_match(&self, at: usize, indicator: Indicator, judged: &Judged) -> Match {
        let class = match judged.nutrition() {
            Some(class) => class.as_str(),
            None => judged.level().as_str(),
        };
        let mut found = self.measured(at);
        let mut add = |name, value: &str| found.inputs.push((name, value.to_owned()));
        add("indicator", indicator.as_str());
        add("class", class);
        match judged {
            Judged::Wst423(classified) => {
                add("standard", GrowthStandard::Wst423.as_str());
                add("row", classified.row.as_str());
            }
            Judged::Who(scored) => {
                add("standard", scored.edition.as_str());
                add("z", &scored.z.to_string());
            }
        }
        found
    }

    /// A match on a check-up that measures growth, with what was measured.
    fn measured(&self, at: usize) -> Match {
        let date = self.history.exam(at).check_up.date();
        let mut inputs = Vec::with_capacity(10);
        inputs.push(("check_up_date", date.to_string()));
        if let Some(appraisal) = self.appraisal(at) {
            inputs.push(("age_months", appraisal.age.months.to_string()));
            if appraisal.age.corrected {
                let calendar = Age::calendar(self.life.birth_date, date);
                let calendar = calendar
                    .map(|age| age.months.to_string())
                    .unwrap_or_default();
                inputs.push(("age_is_corrected", "YES".to_owned()));
                inputs.push(("calendar_age_months", calendar));
            }
            if appraisal.stature_adjusted {
                inputs.push(("length_height_adjusted", "YES".to_owned()));
            }
            if appraisal.scores.position_ignored {
                inputs.push(("position_ignored", "YES".to_owned()));
            }
        }
        for (name, code, decimals) in [
            ("weight_g", FindingCode::Weight, 0),
            ("length_height_mm", FindingCode::LengthHeight, 1),
            ("head_circumference_mm", FindingCode::HeadCircumference, 1),
        ] {
            if let Some(scaled) = self.history.one(at, code).and_then(Finding::quantity) {
                inputs.push((name, decimal(scaled, decimals)));
            }
        }
        Match {
            subject: String::new(),
            exams: vec![at],
            inputs,
            value: String::new(),
            until: None,
            until_zh: String::new(),
            absent: None,
        }
    }

    /// One match for all implausible indicators together, whichever check-ups they come from.
    pub(super) fn implausible(&self, rule: &Rule) -> Option<Match> {
        let mut found: Option<Match> = None;
        for &indicator in Indicator::ALL {
            let Some(at) = self.exam_for(indicator) else {
                continue;
            };
            let Some(appraisal) = self.appraisal(at) else {
                continue;
            };
            let Some(scored) = appraisal.scores.get(indicator) else {
                continue;
            };
            if !scored.implausible || self.age_for(rule, at).is_none() {
                continue;
            }
            let all = found.get_or_insert_with(|| self.measured(at));
            if !all.exams.contains(&at) {
                let more = self.measured(at);
                all.inputs.extend(more.inputs);
                all.exams.push(at);
            }
            all.inputs
                .push(("indicator", indicator.as_str().to_owned()));
            all.inputs.push(("who_z", scored.z.to_string()));
        }
        if let Some(found) = &mut found {
            found.exams.sort_unstable();
        }
        found
    }
}

#[cfg(test)]
mod tests;
