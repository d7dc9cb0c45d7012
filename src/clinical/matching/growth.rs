//! Growth: which check-up an indicator is read from, and what the standards say of it.

use super::{Case, Match, told_day};
use crate::clinical::growth::Indicator;
use crate::clinical::growth::age::Age;
use crate::clinical::growth::course::Point;
use crate::clinical::growth::individual::{Appraisal, Judged, Measurements, appraise};
use crate::clinical::rules::Rule;
use crate::domain::catalogue::FindingCode;
use crate::domain::finding::{Finding, decimal};
use crate::domain::growth_standard::GrowthStandard;

impl Case<'_> {
    /// The latest check-up an indicator can be read from. A measurement in doubt is passed over, as
    /// if it had not been taken: what stood before it stands until it is measured again.
    pub(super) fn exam_for(&self, indicator: Indicator) -> Option<usize> {
        let place = |point: &Point| point.taken.place;
        match indicator {
            Indicator::WeightForLengthHeight | Indicator::BmiForAge => self
                .course(Indicator::WeightForAge)?
                .believed()
                .map(place)
                .find(|&at| {
                    self.history.one(at, FindingCode::LengthHeight).is_some()
                        && self.is_readable(indicator, at)
                }),
            _ => self.course(indicator)?.believed().map(place).next(),
        }
    }

    pub(super) fn appraisal(&self, at: usize) -> Option<&Appraisal> {
        self.appraisals
            .iter()
            .find(|(exam, _)| *exam == at)
            .map(|(_, appraisal)| appraisal)
    }

    pub(super) fn appraise(&self, at: usize) -> Option<Appraisal> {
        let date = self.history.exam(at).check_up.date();
        let age = Age::for_growth(self.life.birth_date, self.life.gestation_days, date)?;
        let seen = Measurements::of(|code| self.history.one(at, code));
        Some(appraise(self.tables, self.life.sex?, age, &seen))
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
    pub(super) fn measured(&self, at: usize) -> Match {
        let date = self.history.exam(at).check_up.date();
        let mut inputs = Vec::with_capacity(10);
        inputs.push(("check_up_date", told_day(date)));
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
            each_alone: false,
            told_by: Vec::new(),
            inputs,
            value: String::new(),
            until: None,
            until_zh: String::new(),
            absent: None,
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
