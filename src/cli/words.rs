//! Chinese words for the wire's enums, and their names as arguments.

use crate::domain::growth_standard::GrowthStandard;
use crate::rpc::wire::{
    ActorRole, ActorState, AgreementState, AlertState, Category, CertificateStatus, Decision,
    EscalationStep, FollowUpOutcome, Grade, Level, OrganizationKind, Outcome, Purpose,
};

/// Reads an enum's name as people type it: `daily-care` for `DAILY_CARE`.
fn named<E>(text: &str, from: fn(&str) -> Option<E>) -> Result<E, String> {
    let name = text.to_ascii_uppercase().replace('-', "_");
    // The zero values mean "not stated": nobody states that.
    let stated = if name.ends_with("_UNSPECIFIED") {
        None
    } else {
        from(&name)
    };
    stated.ok_or_else(|| "no such value".to_owned())
}

/// Reads a kind of organization, e.g. `hospital`, `mch-centre`, `public-facility`.
///
/// # Errors
/// Where there is no such kind.
pub fn parse_kind(text: &str) -> Result<OrganizationKind, String> {
    named(text, OrganizationKind::from_str_name)
}

/// Reads a role, e.g. `health-worker`, `system`.
///
/// # Errors
/// Where there is no such role.
pub fn parse_role(text: &str) -> Result<ActorRole, String> {
    named(text, ActorRole::from_str_name)
}

/// Reads a purpose, e.g. `daily-care`.
///
/// # Errors
/// Where there is no such purpose.
pub fn parse_purpose(text: &str) -> Result<Purpose, String> {
    named(text, Purpose::from_str_name)
}

/// Reads a growth standard: `wst423` or `who`.
///
/// # Errors
/// Where there is no such standard.
pub fn parse_growth_standard(text: &str) -> Result<GrowthStandard, String> {
    GrowthStandard::parse(&text.to_ascii_uppercase()).ok_or_else(|| "no such value".to_owned())
}

/// Reads what a follow-up came to, e.g. `guardian-informed`, `referred`.
///
/// # Errors
/// Where there is no such outcome.
pub fn parse_follow_up(text: &str) -> Result<FollowUpOutcome, String> {
    named(text, FollowUpOutcome::from_str_name)
}

/// Reads a clinician's decision, e.g. `ruled-out`, `recovered`.
///
/// # Errors
/// Where there is no such decision.
pub fn parse_decision(text: &str) -> Result<Decision, String> {
    named(text, Decision::from_str_name)
}

/// What an organization is.
#[must_use]
pub fn kind(kind: OrganizationKind) -> &'static str {
    match kind {
        OrganizationKind::Unspecified => "未说明",
        OrganizationKind::HealthCommission => "卫生健康委",
        OrganizationKind::Hospital => "医院",
        OrganizationKind::MchCentre => "妇幼保健机构",
        OrganizationKind::PrimaryCareCentre => "基层医疗卫生机构",
        OrganizationKind::PublicFacility => "公办托育机构",
        OrganizationKind::CommunityFacility => "社区托育",
        OrganizationKind::KindergartenNurseryClass => "幼儿园托班",
        OrganizationKind::HomeFacility => "家庭托育点",
        OrganizationKind::EmployerFacility => "用人单位托育",
    }
}

/// What a person does.
#[must_use]
pub fn role(role: ActorRole) -> &'static str {
    match role {
        ActorRole::Unspecified => "未说明",
        ActorRole::ResponsiblePerson => "负责人",
        ActorRole::HealthWorker => "卫生保健人员",
        ActorRole::Carer => "照护人员",
        ActorRole::Clinician => "医务人员",
        ActorRole::Official => "工作人员",
        ActorRole::System => "系统账户",
    }
}

/// Where an approval stands.
#[must_use]
pub fn actor_state(state: ActorState) -> &'static str {
    match state {
        ActorState::Unspecified => "未说明",
        ActorState::Pending => "待批准",
        ActorState::Approved => "已批准",
        ActorState::Revoked => "已撤销",
    }
}

/// How a health certificate stands.
#[must_use]
pub fn certificate_status(status: CertificateStatus) -> &'static str {
    match status {
        CertificateStatus::Unspecified => "未说明",
        CertificateStatus::Valid => "有效",
        CertificateStatus::RenewalDue => "应换证",
        CertificateStatus::Lapsed => "已过期",
        CertificateStatus::Missing => "未登记",
    }
}

/// Where an agreement stands.
#[must_use]
pub fn agreement_state(state: AgreementState) -> &'static str {
    match state {
        AgreementState::Unspecified => "未说明",
        AgreementState::Draft => "草稿",
        AgreementState::Proposed => "已提出",
        AgreementState::Signed => "双方已签",
        AgreementState::Filed => "已备案",
        AgreementState::Suspended => "已暂停",
        AgreementState::Terminated => "已终止",
        AgreementState::Declined => "已拒绝",
    }
}

/// How pressing an alert is.
#[must_use]
pub fn level(level: Level) -> &'static str {
    match level {
        Level::Unspecified => "未说明",
        Level::Low => "关注",
        Level::Medium => "重要",
        Level::High => "严重",
        Level::Urgent => "紧急",
    }
}

/// Where an alert stands.
#[must_use]
pub fn alert_state(state: AlertState) -> &'static str {
    match state {
        AlertState::Unspecified => "未说明",
        AlertState::Open => "未处理",
        AlertState::Acknowledged => "已知晓",
        AlertState::Resolved => "已解决",
        AlertState::Retracted => "已撤销",
        AlertState::FollowedUp => "已跟进",
    }
}

/// What a follow-up came to.
#[must_use]
pub fn follow_up(outcome: FollowUpOutcome) -> &'static str {
    match outcome {
        FollowUpOutcome::Unspecified => "未说明",
        FollowUpOutcome::GuardianInformed => "已告知监护人",
        FollowUpOutcome::FacilityGuided => "已指导托育机构",
        FollowUpOutcome::ReexaminationBooked => "已约复查",
        FollowUpOutcome::Referred => "已转诊",
        FollowUpOutcome::UnderTreatment => "已在治疗或专案管理中",
    }
}

/// Why a clinician resolved an alert.
#[must_use]
pub fn decision(decision: Decision) -> &'static str {
    match decision {
        Decision::Unspecified => "未说明",
        Decision::RuledOut => "经检查排除",
        Decision::Recovered => "已治愈或恢复",
        Decision::KnownAndManaged => "已知且已纳入管理",
        Decision::NotApplicable => "不适用于该儿童",
    }
}

/// How far an alert was passed on; empty where it was not.
#[must_use]
pub fn escalation(step: EscalationStep) -> &'static str {
    match step {
        EscalationStep::Unspecified => "",
        EscalationStep::ToInstructor => "已上报健康指导员",
        EscalationStep::ToMchCentre => "已上报妇幼保健机构",
        EscalationStep::ToCommission => "已上报卫生健康委",
    }
}

/// What data is about.
#[must_use]
pub fn category(category: Category) -> &'static str {
    match category {
        Category::Unspecified => "未说明",
        Category::Growth => "体格生长",
        Category::Nutrition => "营养",
        Category::Hearing => "听力",
        Category::Vision => "视力",
        Category::Development => "心理行为发育",
        Category::Rickets => "佝偻病",
        Category::Allergy => "过敏",
        Category::Condition => "既往病史与慢性病",
        Category::Infectious => "传染病",
        Category::Immunisation => "预防接种",
        Category::CheckUpDue => "检查到期",
        Category::EntryCheck => "入托体检",
        Category::Examination => "体格检查与新生儿所见",
        Category::OralHealth => "口腔保健",
    }
}

/// Fitness for care.
#[must_use]
pub fn grade(grade: Grade) -> &'static str {
    match grade {
        Grade::Unspecified => "不能判断",
        Grade::Fit => "可以在托",
        Grade::Conditional => "有条件在托",
        Grade::Unfit => "不宜在托",
    }
}

/// How an item of a schedule stands; an unknown status stands for itself.
#[must_use]
pub fn item_status(status: &str) -> &str {
    match status {
        "UPCOMING" => "未到期",
        "DUE" => "应做",
        "OVERDUE" => "已逾期",
        "DONE" => "已完成",
        "AGED_OUT" => "已过时段",
        "NOT_APPLICABLE" => "不适用",
        "CONTRAINDICATED" => "有禁忌",
        other => other,
    }
}

/// A line of tasks; an unknown one stands for itself.
#[must_use]
pub fn track(track: &str) -> &str {
    match track {
        "CHILD_HEALTH" => "儿童健康检查",
        "EYE_CARE" => "眼保健及视力检查",
        "TCM" => "中医药健康指导",
        "MONGOLIAN" => "蒙医药健康指导",
        "IMMUNISATION" => "预防接种",
        "ENTRY_CHECK" => "入园（所）健康检查",
        "PERIODIC" => "在园定期健康检查",
        other => other,
    }
}

/// Several categories in one cell.
pub fn categories(listed: impl Iterator<Item = Category>) -> String {
    listed.map(category).collect::<Vec<_>>().join("、")
}

/// Why somebody looks.
#[must_use]
pub fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Unspecified => "未说明",
        Purpose::DailyCare => "日常照护",
        Purpose::EntryExamination => "入托查验",
        Purpose::UrgentSafety => "紧急安全",
        Purpose::HealthGuidance => "健康指导",
        Purpose::OwnRecord => "本机构记录",
        Purpose::FollowUp => "随访管理",
        Purpose::GuardianAccess => "监护人知情",
        Purpose::Supervision => "监督管理",
        Purpose::Emergency => "紧急救治",
    }
}

/// Why an alert was taken back (`Retraction.reason`); an unknown reason stands for itself.
#[must_use]
pub fn retraction(reason: &str) -> &str {
    match reason {
        "CORRECTED" => "结果已更正",
        "RESOLVED" => "已解决",
        "KEY_CLOSED" => "不再获准查阅",
        "TAKEN_UP" => "已有人接手",
        "UNREADABLE" => "存储资料无法解开",
        "" => "已离托",
        other => other,
    }
}

/// What became of a row.
#[must_use]
pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Unspecified => "未说明",
        Outcome::Accepted => "已接收",
        Outcome::HeldUnmatched => "待匹配",
        Outcome::Refused => "未接收",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_people_type_them() {
        assert_eq!(
            parse_kind("public-facility"),
            Ok(OrganizationKind::PublicFacility)
        );
        assert_eq!(parse_role("HEALTH_WORKER"), Ok(ActorRole::HealthWorker));
        assert_eq!(parse_purpose("daily-care"), Ok(Purpose::DailyCare));
        assert!(parse_kind("organization-kind-unspecified").is_err());
        assert!(parse_purpose("curiosity").is_err());
    }
}
