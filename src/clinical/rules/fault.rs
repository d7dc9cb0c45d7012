//! Why a rule set is refused, in one place for every kind of file, and in Chinese: whoever edits the
//! files reads it, with the line to go to.

use super::{RuleFault, RuleFileError};
use crate::clinical::care_card::{MAX_CARD, TemplateError};
use crate::clinical::rules::read::MAX_FACILITY_CARD;
use crate::clinical::schedule::{ScheduleFault, ScheduleFileError};

/// A file of a set was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetFault {
    /// A rule file.
    #[error(transparent)]
    Rule(#[from] RuleFileError),
    /// A schedule file.
    #[error(transparent)]
    Schedule(#[from] ScheduleFileError),
}

impl SetFault {
    /// The file at fault.
    pub fn file(&self) -> &str {
        match self {
            Self::Rule(error) => &error.file,
            Self::Schedule(error) => &error.file,
        }
    }

    /// Its line, from 1.
    pub fn line(&self) -> usize {
        match self {
            Self::Rule(error) => error.line,
            Self::Schedule(error) => error.line,
        }
    }

    /// The rule or item at fault, where it could be read.
    pub fn of(&self) -> Option<&str> {
        match self {
            Self::Rule(error) => error.rule.as_deref(),
            Self::Schedule(error) => error.item.as_deref(),
        }
    }

    /// What a clerk reads: file, line, rule or item, and fault.
    pub fn zh(&self) -> String {
        let fault = match self {
            Self::Rule(error) => rule(&error.fault),
            Self::Schedule(error) => schedule(&error.fault),
        };
        let of = self.of().map(|of| format!("（{of}）")).unwrap_or_default();
        format!("{} 第 {} 行{of}：{fault}", self.file(), self.line())
    }
}

fn rule(fault: &RuleFault) -> String {
    let fixed = match fault {
        RuleFault::Syntax(said) => return format!("文件写法有误：{said}"),
        RuleFault::Missing(field) => return format!("缺少 {field}，文件的 defaults 中也没有"),
        RuleFault::UnknownValueCode(code) => {
            return format!("{code} 不是该检查项目的结果代码");
        }
        RuleFault::NotForFacility(category) => {
            let category = category.as_str();
            return format!("类别 {category} 的内容不得发给托育机构");
        }
        RuleFault::FindingNotForFacility(finding) => {
            let finding = finding.entry().label_zh;
            return format!("检查项目“{finding}”的内容不得发给托育机构");
        }
        RuleFault::FacilityTemplate(error) => return format!("托育机构提示：{}", card(error)),
        RuleFault::GuardianTemplate(error) => return format!("监护人提示：{}", card(error)),
        RuleFault::FitnessTemplate(error) => return format!("入托适宜性：{}", card(error)),
        RuleFault::FacilityParts => {
            return format!(
                "托育机构提示须有 act、watch 或 emergency，合计不超过 {MAX_FACILITY_CARD} 字"
            );
        }
        RuleFault::Name => "id 和 family 只能用大写字母、数字和下划线",
        RuleFault::DuplicateId => "规则 id 重复",
        RuleFault::Version => "version 从 1 开始",
        RuleFault::SourceMissing => "缺少来源文件或章节",
        RuleFault::Age => "年龄应写作 \"28d\" 或 \"6m\"",
        RuleFault::AgesEmpty => "年龄范围为空",
        RuleFault::Condition => "条件为空或自相矛盾",
        RuleFault::IndicatorWithoutClass => "该指标没有这一等级",
        RuleFault::Recipients => "没有接收方，或接收方重复",
        RuleFault::FacilityCard => "接收方含托育机构时必须有托育机构提示，反之不得有",
        RuleFault::Mongolian => "蒙古文为空，或写给了非接收方的托育机构",
        RuleFault::FollowUp => "缺少随访措施",
        RuleFault::ResolvedBy => "缺少解除条件",
        RuleFault::Fitness => "fitness 的 grade 应为 CONDITIONAL 或 UNFIT，且接收方须含托育机构",
        RuleFault::Lasts => "lasts_days 至少为 1",
        RuleFault::FamilyMixesCategories => "同一 family 的规则类别不一致",
    };
    fixed.to_owned()
}

fn card(error: &TemplateError) -> String {
    match error {
        TemplateError::Empty => "内容为空".to_owned(),
        TemplateError::Brace => "花括号不成对".to_owned(),
        TemplateError::Placeholder(name) => format!("占位符 {{{name}}} 不存在或不可用于此处"),
        TemplateError::TooLong => format!("超过 {MAX_CARD} 字"),
    }
}

fn schedule(fault: &ScheduleFault) -> String {
    let fixed = match fault {
        ScheduleFault::Syntax(said) => return format!("文件写法有误：{said}"),
        ScheduleFault::UnknownFinding(code) => return format!("{code} 不是检查项目"),
        ScheduleFault::UnknownVaccine(code) => {
            return format!("{code} 不是检查项目目录中的疫苗或剂次");
        }
        ScheduleFault::Contradiction => "与另一版本或剂次的疫苗、系列、剂次序号或可选程序不一致",
        ScheduleFault::Places => "系列的剂次序号应从 1 起连续，且不过多",
        ScheduleFault::NoAlternative => "可选程序只有一种",
        ScheduleFault::Periods => "周期为空、重叠或逐段变短",
        ScheduleFault::Version => "缺少 version，或同一 track 的 version 重复",
        ScheduleFault::Validity => "有效期颠倒，或同一 track 有两个版本同日开始",
        ScheduleFault::Rows => "该 track 不用这种条目，或条目过多",
        ScheduleFault::Empty => "文件没有条目",
        ScheduleFault::DuplicateItem => "条目重复",
        ScheduleFault::Name => "缺少 item 或 label",
        ScheduleFault::SourceMissing => "缺少来源文件或章节",
        ScheduleFault::Window => "时间窗口为空",
        ScheduleFault::NotDoable => "没有检查可以完成该条目",
    };
    fixed.to_owned()
}
