//! Is the child fit for care today, fit on conditions, or not, and until when?
//!
//! A pure function of the limits that standing alerts set. The gravest limit decides; another alert
//! can only keep a child away longer, never let it back sooner. Only what stands is counted: an
//! asker who may not see an alert does not learn of it through the child's fitness, because it is
//! given only the alerts its keys reach.

use chrono::NaiveDate;

use crate::domain::text_code::text_codes;

text_codes! {
    /// Fitness for care, fittest first (the order is the order of `Ord`).
    Grade {
        /// 适合在托
        Fit = "FIT",
        /// 有条件在托: may be in care while something is observed.
        Conditional = "CONDITIONAL",
        /// 暂不宜在托: a guardian collects the child.
        Unfit = "UNFIT",
    }
}

impl Grade {
    /// As a card says it.
    pub fn zh(self) -> &'static str {
        match self {
            Grade::Fit => "今日可以在托",
            Grade::Conditional => "有条件在托",
            Grade::Unfit => "今日不宜在托",
        }
    }
}

/// What one alert does to the child's fitness. `Debug` prints the grade alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Limit {
    /// Never [`Grade::Fit`]: an alert makes no child fit.
    pub grade: Grade,
    /// First day on which this alert no longer limits, where a day is known.
    pub until: Option<NaiveDate>,
    /// What ends it, in Chinese: a day, a certificate.
    pub until_zh: String,
}

impl std::fmt::Debug for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Limit({})", self.grade.as_str())
    }
}

/// A child's fitness for care on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fitness<K> {
    pub grade: Grade,
    /// First day on which none of the limits of this grade holds; `None` for a fit child and where
    /// one of them has no day.
    pub until: Option<NaiveDate>,
    /// The alerts that set this grade, by whatever names them, with what ends each.
    pub because: Vec<(K, Limit)>,
}

impl<K> Fitness<K> {
    /// The gravest of the limits, and which alerts set it.
    pub fn of(limits: impl IntoIterator<Item = (K, Limit)>) -> Fitness<K> {
        let mut fitness = Fitness {
            grade: Grade::Fit,
            until: None,
            because: Vec::new(),
        };
        for (alert, limit) in limits {
            if limit.grade > fitness.grade {
                fitness.grade = limit.grade;
                fitness.until = limit.until;
                fitness.because.clear();
            } else if limit.grade < fitness.grade || limit.grade == Grade::Fit {
                continue;
            } else {
                fitness.until = fitness.until.zip(limit.until).map(|(a, b)| a.max(b));
            }
            fitness.because.push((alert, limit));
        }
        fitness
    }

    /// One line for a card: grade, and what ends it.
    pub fn headline_zh(&self) -> String {
        let mut ends: Vec<&str> = Vec::new();
        for (_, limit) in &self.because {
            if !limit.until_zh.is_empty() && !ends.contains(&limit.until_zh.as_str()) {
                ends.push(&limit.until_zh);
            }
        }
        if ends.is_empty() {
            return self.grade.zh().to_owned();
        }
        format!("{}：{}", self.grade.zh(), ends.join("；"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(n: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, 1).unwrap() + chrono::Days::new(n)
    }

    fn any_limit() -> impl Strategy<Value = Limit> {
        let grade = prop::sample::select(vec![Grade::Conditional, Grade::Unfit]);
        (grade, prop::option::of(0..30_u64)).prop_map(|(grade, until)| Limit {
            grade,
            until: until.map(day),
            until_zh: until.map_or("返园证明".into(), |n| format!("至{}", day(n))),
        })
    }

    /// No day at all is later than every day.
    fn away(fitness: &Fitness<usize>) -> (Grade, Option<u64>) {
        let far = fitness.until.map_or(u64::MAX, |until| {
            until.signed_duration_since(day(0)).num_days() as u64
        });
        let fit = fitness.grade == Grade::Fit;
        (fitness.grade, (!fit).then_some(far))
    }

    #[test]
    fn without_a_limit_a_child_is_fit() {
        let fitness = Fitness::<usize>::of([]);
        assert_eq!((fitness.grade, fitness.until), (Grade::Fit, None));
        assert_eq!(fitness.headline_zh(), "今日可以在托");
    }

    #[test]
    fn the_gravest_limit_decides_and_says_why() {
        let limit = |grade, until: Option<u64>, zh: &str| Limit {
            grade,
            until: until.map(day),
            until_zh: zh.to_owned(),
        };
        let fitness = Fitness::of([
            ("watch", limit(Grade::Conditional, Some(9), "观察至3月10日")),
            ("hfmd", limit(Grade::Unfit, Some(4), "隔离至3月5日")),
            ("flu", limit(Grade::Unfit, Some(2), "隔离至3月3日")),
        ]);
        assert_eq!((fitness.grade, fitness.until), (Grade::Unfit, Some(day(4))));
        let names: Vec<&str> = fitness.because.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["hfmd", "flu"]);
        assert_eq!(
            fitness.headline_zh(),
            "今日不宜在托：隔离至3月5日；隔离至3月3日"
        );
    }

    proptest! {
        #[test]
        fn another_alert_never_makes_a_child_fitter(
            limits in prop::collection::vec(any_limit(), 0..6), one_more in any_limit(), at in 0..7_usize,
        ) {
            let numbered = |limits: &[Limit]| Fitness::of(limits.iter().cloned().enumerate());
            let before = numbered(&limits);
            let mut more = limits.clone();
            more.insert(at.min(limits.len()), one_more);
            let after = numbered(&more);
            prop_assert!(away(&after) >= away(&before));
            more.reverse();
            prop_assert_eq!(away(&numbered(&more)), away(&after));
            prop_assert!(after.because.iter().all(|(_, limit)| limit.grade == after.grade));
        }
    }
}
