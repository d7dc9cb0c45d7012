//! One health check-up: the examination the whole gateway is about.
//!
//! A `CheckUp` exists only if it can have happened: not before birth, not in the future, no two
//! answers to one question. Who sent it and whether it may be read are other rooms' business.

use std::fmt;

use chrono::NaiveDate;

use crate::domain::catalogue::FindingCode;
use crate::domain::finding::{Finding, FindingStatus};
use crate::domain::text_code::text_codes;

/// The most findings one check-up may hold.
pub const MAX_FINDINGS: usize = 200;

text_codes! {
    /// The thirteen visits of 0～6岁儿童健康管理 (国家基本公共卫生服务规范 third edition, 2017),
    /// and the other occasions on which a child is examined, vaccinated or certified.
    VisitKind {
        /// 新生儿家庭访视
        V00 = "V00",
        /// 满月
        V01 = "V01",
        V03 = "V03",
        V06 = "V06",
        V08 = "V08",
        V12 = "V12",
        V18 = "V18",
        V24 = "V24",
        V30 = "V30",
        V36 = "V36",
        V48 = "V48",
        V60 = "V60",
        V72 = "V72",
        /// 儿童入园（所）健康检查
        Entry = "ENTRY",
        /// 预防接种
        Immunisation = "IMMUNISATION",
        /// 眼保健及视力检查
        Eye = "EYE",
        /// 中医药健康指导
        Tcm = "TCM",
        /// 蒙医药健康指导
        Mongolian = "MONGOLIAN",
        /// 在园定期健康检查
        Periodic = "PERIODIC",
        /// 儿童转园（所）健康证明
        Transfer = "TRANSFER",
        /// 门诊
        Outpatient = "OUTPATIENT",
        Other = "OTHER",
    }
}

text_codes! {
    /// How far a check-up's record may be relied on.
    CheckUpStatus {
        Preliminary = "PRELIMINARY",
        Final = "FINAL",
        Corrected = "CORRECTED",
        EnteredInError = "ENTERED_IN_ERROR",
    }
}

impl CheckUpStatus {
    /// Whether rules may read the check-up.
    pub fn is_effective(self) -> bool {
        matches!(self, CheckUpStatus::Final | CheckUpStatus::Corrected)
    }
}

/// What a check-up is made from, unchecked.
pub struct CheckUpParts {
    /// The organization that examined the child and sent the record.
    pub source: String,
    /// The source's own id of the record, stable across its revisions.
    pub record_id: String,
    /// Counts up with every version the source sends of this record.
    pub revision: u32,
    pub status: CheckUpStatus,
    /// The civil day of the examination.
    pub date: NaiveDate,
    pub visit: VisitKind,
    pub findings: Vec<Finding>,
}

/// One examination of one child by one source. `Debug` prints no finding and no identifier.
#[derive(Clone, PartialEq, Eq)]
pub struct CheckUp {
    source: String,
    record_id: String,
    revision: u32,
    status: CheckUpStatus,
    date: NaiveDate,
    visit: VisitKind,
    findings: Vec<Finding>,
}

impl fmt::Debug for CheckUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "CheckUp({}, {} findings)",
            self.status.as_str(),
            self.findings.len()
        )
    }
}

/// Why a check-up was refused; [`CheckUpReason::as_str`] is stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckUpReason {
    #[error("source is missing")]
    SourceMissing,
    #[error("record id is missing")]
    RecordIdMissing,
    #[error("check-up is before birth")]
    BeforeBirth,
    #[error("check-up is in the future")]
    InFuture,
    #[error("{} is given twice", code.as_str())]
    DuplicateFinding { code: FindingCode },
    #[error("more than {MAX_FINDINGS} findings")]
    TooManyFindings,
    #[error("{} is before birth or after the check-up", code.as_str())]
    FindingDate { code: FindingCode },
}

impl CheckUpReason {
    /// The machine-readable reason.
    pub fn as_str(self) -> &'static str {
        match self {
            CheckUpReason::SourceMissing => "CHECKUP_SOURCE_MISSING",
            CheckUpReason::RecordIdMissing => "CHECKUP_RECORD_ID_MISSING",
            CheckUpReason::BeforeBirth => "CHECKUP_BEFORE_BIRTH",
            CheckUpReason::InFuture => "CHECKUP_IN_FUTURE",
            CheckUpReason::DuplicateFinding { .. } => "CHECKUP_FINDING_DUPLICATE",
            CheckUpReason::TooManyFindings => "CHECKUP_TOO_MANY_FINDINGS",
            CheckUpReason::FindingDate { .. } => "CHECKUP_FINDING_DATE_IMPOSSIBLE",
        }
    }

    /// The same for a person, in Chinese.
    pub fn message_zh(self) -> String {
        match self {
            CheckUpReason::SourceMissing => "缺少来源机构".into(),
            CheckUpReason::RecordIdMissing => "缺少来源机构的记录编号".into(),
            CheckUpReason::BeforeBirth => "检查日期早于出生日期".into(),
            CheckUpReason::InFuture => "检查日期晚于今天".into(),
            CheckUpReason::DuplicateFinding { code } => {
                format!("检查项目“{}”重复", code.entry().label_zh)
            }
            CheckUpReason::TooManyFindings => format!("检查项目超过 {MAX_FINDINGS} 条"),
            CheckUpReason::FindingDate { code } => {
                let label = code.entry().label_zh;
                format!("“{label}”早于出生日期或晚于检查日期")
            }
        }
    }
}

/// A refusal: which field, and by which rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct CheckUpError {
    /// `date`, `source`, `record_id`, `findings`, `findings[n].code` or `findings[n].date`
    /// (0-based).
    pub field: String,
    pub reason: CheckUpReason,
}

impl CheckUp {
    /// Checks that the examination can have happened.
    ///
    /// `birth` is the child's civil day of birth, `today` the civil day in the region's zone; each
    /// is checked where it is known (an unmatched check-up has no child yet). Call
    /// [`CheckUp::check_dates`] when they become known.
    ///
    /// # Errors
    /// [`CheckUpError`] names the first field that fails and the rule.
    pub fn new(
        parts: CheckUpParts,
        birth: Option<NaiveDate>,
        today: Option<NaiveDate>,
    ) -> Result<CheckUp, CheckUpError> {
        let CheckUpParts {
            source,
            record_id,
            revision,
            status,
            date,
            visit,
            findings,
        } = parts;
        if source.trim().is_empty() {
            return refuse("source", CheckUpReason::SourceMissing);
        }
        if record_id.trim().is_empty() {
            return refuse("record_id", CheckUpReason::RecordIdMissing);
        }
        if findings.len() > MAX_FINDINGS {
            return refuse("findings", CheckUpReason::TooManyFindings);
        }
        let mut seen = [false; FindingCode::COUNT];
        for (at, finding) in findings.iter().enumerate() {
            let code = finding.code();
            let counts = !code.entry().repeats && finding.status() != FindingStatus::EnteredInError;
            if counts && std::mem::replace(&mut seen[code.index()], true) {
                let reason = CheckUpReason::DuplicateFinding { code };
                return refuse(format!("findings[{at}].code"), reason);
            }
        }
        let check_up = CheckUp {
            source,
            record_id,
            revision,
            status,
            date,
            visit,
            findings,
        };
        check_up.check_dates(birth, today)?;
        Ok(check_up)
    }

    /// Checks the day of examination against birth and today, where known, and every day that is
    /// a finding against birth and the examination.
    ///
    /// # Errors
    /// [`CheckUpReason::BeforeBirth`] or [`CheckUpReason::InFuture`], field `date`;
    /// [`CheckUpReason::FindingDate`], field `findings[n].date`.
    pub fn check_dates(
        &self,
        birth: Option<NaiveDate>,
        today: Option<NaiveDate>,
    ) -> Result<(), CheckUpError> {
        if birth.is_some_and(|birth| self.date < birth) {
            return refuse("date", CheckUpReason::BeforeBirth);
        }
        if today.is_some_and(|today| self.date > today) {
            return refuse("date", CheckUpReason::InFuture);
        }
        for (at, finding) in self.findings.iter().enumerate() {
            let impossible =
                |day: NaiveDate| day > self.date || birth.is_some_and(|birth| day < birth);
            if finding.date().is_some_and(impossible) {
                let code = finding.code();
                let field = format!("findings[{at}].date");
                return refuse(field, CheckUpReason::FindingDate { code });
            }
        }
        Ok(())
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    pub fn record_id(&self) -> &str {
        &self.record_id
    }

    pub fn revision(&self) -> u32 {
        self.revision
    }

    pub fn status(&self) -> CheckUpStatus {
        self.status
    }

    pub fn date(&self) -> NaiveDate {
        self.date
    }

    pub fn visit(&self) -> VisitKind {
        self.visit
    }

    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

fn refuse<T>(field: impl Into<String>, reason: CheckUpReason) -> Result<T, CheckUpError> {
    Err(CheckUpError {
        field: field.into(),
        reason,
    })
}

#[cfg(test)]
mod tests;
