//! 签约服务协议: between one medical institution and one facility.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    alert::Category,
    id::Id,
    organization::Organization,
    purpose::Purpose,
    region::{RegionCode, Zone},
    text_code::text_codes,
};

/// Marks ids of agreements.
#[derive(Debug)]
pub enum Agreement {}

text_codes! {
    /// How guidance is given (关于促进医疗卫生机构支持托育服务发展的指导意见, 2023-10).
    AgreementMode {
        /// 巡回指导.
        Touring = "TOURING",
        /// 协议派驻.
        Posting = "POSTING",
    }
}

text_codes! {
    /// A service item. No national code exists: these are ours.
    Service {
        /// 体检.
        HealthCheck = "HEALTH_CHECK",
        /// 生长监测.
        GrowthMonitor = "GROWTH_MONITOR",
        /// 入托体检.
        EntryCheck = "ENTRY_CHECK",
        /// 疾病防控.
        DiseasePrevention = "DISEASE_PREVENTION",
        /// 卫生保健指导.
        HygieneGuidance = "HYGIENE_GUIDANCE",
        /// 膳食营养.
        Nutrition = "NUTRITION",
        /// 早期发展.
        EarlyDevelopment = "EARLY_DEVELOPMENT",
        /// 中(蒙)医药.
        Tcm = "TCM",
        /// 眼保健.
        EyeCare = "EYE_CARE",
        /// 口腔保健.
        Oral = "ORAL",
        /// 人员培训.
        StaffTraining = "STAFF_TRAINING",
        /// 家长课堂.
        ParentClass = "PARENT_CLASS",
        /// 转诊绿色通道.
        Referral = "REFERRAL",
        /// 家庭医生签约.
        FamilyDoctor = "FAMILY_DOCTOR",
    }
}

/// One service the institution gives the facility.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceClause {
    /// Which.
    pub service: Service,
    /// How many times a year, 1 to 366.
    pub times_per_year: u32,
    /// Price a time in fen; 0 is free.
    pub price_fen: u64,
}

/// What may flow under the agreement, always subject to a guardian's consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataClause {
    /// Categories it covers.
    pub categories: BTreeSet<Category>,
    /// Purposes it covers.
    pub purposes: BTreeSet<Purpose>,
    /// Source institutions it covers besides the signing one.
    pub further_sources: BTreeSet<Id<Organization>>,
}

/// What the parties agree on; fixed once proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The medical institution.
    pub institution: Id<Organization>,
    /// The facility.
    pub facility: Id<Organization>,
    /// How guidance is given.
    pub mode: AgreementMode,
    /// First day of the term.
    pub first_day: NaiveDate,
    /// Last day of the term, included.
    pub last_day: NaiveDate,
    /// Services with their frequency.
    pub services: Vec<ServiceClause>,
    /// What may flow.
    pub data: DataClause,
}

/// A rule that terms break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// The last day lies before the first.
    #[error("the last day lies before the first")]
    EndsBeforeItBegins,
    /// Longer than five years.
    #[error("the term is longer than five years")]
    TooLong,
    /// A frequency outside 1 to 366 a year.
    #[error("a frequency lies outside 1 to 366 a year")]
    Frequency,
    /// Nothing is agreed on.
    #[error("there is no service")]
    NoService,
}

impl Terms {
    /// The longest term, in days: five years.
    pub const LONGEST_DAYS: i64 = 5 * 366;

    /// Checks the rules that hold for every agreement.
    pub fn check(&self) -> Result<(), TermsError> {
        if self.last_day < self.first_day {
            return Err(TermsError::EndsBeforeItBegins);
        }
        if (self.last_day - self.first_day).num_days() > Self::LONGEST_DAYS {
            return Err(TermsError::TooLong);
        }
        if self.services.is_empty() {
            return Err(TermsError::NoService);
        }
        if self
            .services
            .iter()
            .any(|s| !(1..=366).contains(&s.times_per_year))
        {
            return Err(TermsError::Frequency);
        }
        Ok(())
    }

    /// Whether a check-up of `source` may flow under these terms.
    pub fn covers(&self, source: Id<Organization>) -> bool {
        self.institution == source || self.data.further_sources.contains(&source)
    }

    /// What both parties sign: text that a person can read, every field in a fixed order, one a
    /// line, lists sorted. Parties are named by id and social credit code; no value holds a line
    /// break. Version 1 of the form never changes; a new form gets a new first line.
    pub fn canonical(
        &self,
        region: RegionCode,
        id: Id<Agreement>,
        credit_code: impl Fn(Id<Organization>) -> String,
    ) -> String {
        let mut text = String::from("育桥签约服务协议 v1\n");
        let mut line = |label: &str, value: String| {
            text.push_str(label);
            text.push_str(": ");
            text.push_str(&value);
            text.push('\n');
        };
        line("行政区划 region", region.to_string());
        line("协议 agreement", id.to_string());
        let party = |of: Id<Organization>| format!("{of} {}", credit_code(of));
        line("医疗卫生机构 medical institution", party(self.institution));
        line("托育机构 facility", party(self.facility));
        line("方式 mode", self.mode.as_str().into());
        line("首日 first day", self.first_day.to_string());
        line("末日 last day", self.last_day.to_string());
        let mut services = self.services.clone();
        services.sort_by_key(|s| (s.service, s.times_per_year, s.price_fen));
        for s in services {
            line(
                "服务 service",
                format!(
                    "{} {}/year {} fen",
                    s.service.as_str(),
                    s.times_per_year,
                    s.price_fen
                ),
            );
        }
        for c in &self.data.categories {
            line("数据类别 category", c.as_str().into());
        }
        for p in &self.data.purposes {
            line("目的 purpose", p.as_str().into());
        }
        for s in &self.data.further_sources {
            line("其他来源 further source", party(*s));
        }
        text
    }
}

/// Where an agreement stands, with exactly what that state has. "In force" is not here: it is
/// derived from filing, suspension, the parties' standing and time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgreementState {
    /// 草稿.
    Draft,
    /// 已提出: the terms no longer change; signatures are gathered.
    Proposed,
    /// 双方已签.
    Signed,
    /// 已备案.
    Filed(Filing),
    /// 已暂停.
    Suspended(Filing, Ending),
    /// 已终止.
    Terminated(Filing, Ending),
    /// 已拒绝.
    Declined(Ending),
}

/// The commission's filing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filing {
    /// Filing number.
    pub number: String,
    /// When it was filed.
    pub at: DateTime<Utc>,
}

/// Why and when something was stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Why.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// The agreement's state does not allow the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an agreement that is {state} can't be {step}")]
pub struct WrongState {
    /// The present state's code.
    pub state: &'static str,
    /// What was asked.
    pub step: &'static str,
}

impl AgreementState {
    /// Stable text of the state.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Proposed => "PROPOSED",
            Self::Signed => "SIGNED",
            Self::Filed(_) => "FILED",
            Self::Suspended(..) => "SUSPENDED",
            Self::Terminated(..) => "TERMINATED",
            Self::Declined(_) => "DECLINED",
        }
    }

    fn refuse(&self, step: &'static str) -> WrongState {
        WrongState {
            state: self.code(),
            step,
        }
    }

    /// The drafting party lays the terms before the other.
    pub fn propose(self) -> Result<Self, WrongState> {
        match self {
            Self::Draft => Ok(Self::Proposed),
            other => Err(other.refuse("proposed")),
        }
    }

    /// A party has signed; `both` tells whether the other had signed before.
    pub fn sign(self, both: bool) -> Result<Self, WrongState> {
        match self {
            Self::Proposed => Ok(if both { Self::Signed } else { Self::Proposed }),
            other => Err(other.refuse("signed")),
        }
    }

    /// A party declines.
    pub fn decline(self, ending: Ending) -> Result<Self, WrongState> {
        match self {
            Self::Proposed | Self::Signed => Ok(Self::Declined(ending)),
            other => Err(other.refuse("declined")),
        }
    }

    /// The commission files it.
    pub fn file(self, filing: Filing) -> Result<Self, WrongState> {
        match self {
            Self::Signed => Ok(Self::Filed(filing)),
            other => Err(other.refuse("filed")),
        }
    }

    /// The commission suspends it.
    pub fn suspend(self, ending: Ending) -> Result<Self, WrongState> {
        match self {
            Self::Filed(filing) => Ok(Self::Suspended(filing, ending)),
            other => Err(other.refuse("suspended")),
        }
    }

    /// The commission resumes it.
    pub fn resume(self) -> Result<Self, WrongState> {
        match self {
            Self::Suspended(filing, _) => Ok(Self::Filed(filing)),
            other => Err(other.refuse("resumed")),
        }
    }

    /// A party or the commission ends it.
    pub fn terminate(self, ending: Ending) -> Result<Self, WrongState> {
        match self {
            Self::Filed(filing) | Self::Suspended(filing, _) => {
                Ok(Self::Terminated(filing, ending))
            }
            other => Err(other.refuse("terminated")),
        }
    }

    /// The filing, once filed.
    pub fn filing(&self) -> Option<&Filing> {
        match self {
            Self::Filed(f) | Self::Suspended(f, _) | Self::Terminated(f, _) => Some(f),
            _ => None,
        }
    }

    /// Why and when it was stopped, if it was.
    pub fn ending(&self) -> Option<&Ending> {
        match self {
            Self::Suspended(_, e) | Self::Terminated(_, e) | Self::Declined(e) => Some(e),
            _ => None,
        }
    }

    /// Reads a state back; `None` for a combination that can't be.
    pub fn from_parts(code: &str, filing: Option<Filing>, ending: Option<Ending>) -> Option<Self> {
        match (code, filing, ending) {
            ("DRAFT", None, None) => Some(Self::Draft),
            ("PROPOSED", None, None) => Some(Self::Proposed),
            ("SIGNED", None, None) => Some(Self::Signed),
            ("FILED", Some(f), None) => Some(Self::Filed(f)),
            ("SUSPENDED", Some(f), Some(e)) => Some(Self::Suspended(f, e)),
            ("TERMINATED", Some(f), Some(e)) => Some(Self::Terminated(f, e)),
            ("DECLINED", None, Some(e)) => Some(Self::Declined(e)),
            _ => None,
        }
    }
}

/// Why an agreement is not in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotInForce {
    /// Not filed by the commission yet.
    NotFiled,
    /// Suspended.
    Suspended,
    /// Terminated or declined.
    Ended,
    /// Its first day has not come.
    NotYetBegun,
    /// Its last day has passed.
    Expired,
}

/// Whether an agreement in `state` with this term is in force at `now`. The parties' standing is a
/// key of its own.
pub fn in_force(
    state: &AgreementState,
    (first_day, last_day): (NaiveDate, NaiveDate),
    zone: Zone,
    now: DateTime<Utc>,
) -> Result<(), NotInForce> {
    match state {
        AgreementState::Draft | AgreementState::Proposed | AgreementState::Signed => {
            Err(NotInForce::NotFiled)
        }
        AgreementState::Suspended(..) => Err(NotInForce::Suspended),
        AgreementState::Terminated(..) | AgreementState::Declined(_) => Err(NotInForce::Ended),
        AgreementState::Filed(_) if now < zone.start(first_day) => Err(NotInForce::NotYetBegun),
        AgreementState::Filed(_) if now >= zone.end(last_day) => Err(NotInForce::Expired),
        AgreementState::Filed(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-09-01T00:00:00Z".parse().unwrap()
    }

    fn every_state() -> Vec<AgreementState> {
        let f = Filing {
            number: "1".into(),
            at: now(),
        };
        let e = Ending {
            reason: "r".into(),
            at: now(),
        };
        vec![
            AgreementState::Draft,
            AgreementState::Proposed,
            AgreementState::Signed,
            AgreementState::Filed(f.clone()),
            AgreementState::Suspended(f.clone(), e.clone()),
            AgreementState::Terminated(f, e.clone()),
            AgreementState::Declined(e),
        ]
    }

    #[test]
    fn a_state_survives_its_parts() {
        for state in every_state() {
            let back = AgreementState::from_parts(
                state.code(),
                state.filing().cloned(),
                state.ending().cloned(),
            );
            assert_eq!(back, Some(state));
        }
    }

    #[test]
    fn nothing_leaves_an_end_and_only_filed_is_in_force() {
        let e = Ending {
            reason: "r".into(),
            at: now(),
        };
        let f = Filing {
            number: "2".into(),
            at: now(),
        };
        let term = ("2026-09-01".parse().unwrap(), "2027-08-31".parse().unwrap());
        for state in every_state() {
            let over = matches!(
                state,
                AgreementState::Terminated(..) | AgreementState::Declined(_)
            );
            let steps = [
                state.clone().propose(),
                state.clone().sign(true),
                state.clone().decline(e.clone()),
                state.clone().file(f.clone()),
                state.clone().suspend(e.clone()),
                state.clone().resume(),
                state.clone().terminate(e.clone()),
            ];
            assert_eq!(steps.iter().all(Result::is_err), over, "{state:?}");
            let force = in_force(&state, term, Zone::china(), now());
            assert_eq!(force.is_ok(), matches!(state, AgreementState::Filed(_)));
        }
    }

    #[test]
    fn the_term_is_half_open_in_the_regions_zone() {
        let filed = AgreementState::Filed(Filing {
            number: "1".into(),
            at: now(),
        });
        let term = ("2026-09-01".parse().unwrap(), "2026-09-30".parse().unwrap());
        let at = |t: &str| in_force(&filed, term, Zone::china(), t.parse().unwrap());
        assert_eq!(
            at("2026-08-31T15:59:59.999999Z"),
            Err(NotInForce::NotYetBegun)
        );
        assert_eq!(at("2026-08-31T16:00:00Z"), Ok(()));
        assert_eq!(at("2026-09-30T15:59:59.999999Z"), Ok(()));
        assert_eq!(at("2026-09-30T16:00:00Z"), Err(NotInForce::Expired));
    }
}
