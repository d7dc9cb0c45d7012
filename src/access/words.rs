//! Keys and reasons as text: stable codes for programs, Chinese for people.

use super::keys::{Closed, Key, KeyState};

impl Key {
    /// Stable text. The two enrolment and the two consent keys are one word each outside.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Standing => "STANDING",
            Self::Actor => "ACTOR",
            Self::Enrolment | Self::ExpectedEnrolment => "ENROLMENT",
            Self::Agreement => "AGREEMENT",
            Self::Assignment => "ASSIGNMENT",
            Self::Guardianship | Self::OwnGuardianship => "GUARDIANSHIP",
            Self::Consent | Self::UndisputedConsent => "CONSENT",
            Self::Authorship => "AUTHORSHIP",
            Self::Area => "AREA",
            Self::Office => "OFFICE",
            Self::BrokenGlass => "BROKEN_GLASS",
        }
    }

    /// What a clerk calls it.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Standing => "机构资格",
            Self::Actor => "操作人批准",
            Self::Enrolment => "在托登记",
            Self::ExpectedEnrolment => "预约入托登记",
            Self::Agreement => "签约服务协议",
            Self::Assignment => "健康指导员派驻",
            Self::Guardianship | Self::OwnGuardianship => "监护关系",
            Self::Consent | Self::UndisputedConsent => "监护人同意",
            Self::Authorship => "本机构制作",
            Self::Area => "辖区管理",
            Self::Office => "监督职责",
            Self::BrokenGlass => "紧急调阅声明",
        }
    }
}

impl Closed {
    /// Stable text.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Absent => "ABSENT",
            Self::Suspended => "SUSPENDED",
            Self::NotApproved => "NOT_APPROVED",
            Self::Revoked => "REVOKED",
            Self::WrongRole => "WRONG_ROLE",
            Self::NotYetBegun => "NOT_YET_BEGUN",
            Self::Ended => "ENDED",
            Self::Withdrawn => "WITHDRAWN",
            Self::NotFiled => "NOT_FILED",
            Self::OutsideShift => "OUTSIDE_SHIFT",
            Self::Disputed => "DISPUTED",
            Self::OtherPurpose => "OTHER_PURPOSE",
            Self::NothingCovered => "NOTHING_COVERED",
            Self::PartySuspended => "PARTY_SUSPENDED",
        }
    }

    /// What a clerk reads.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Absent => "没有",
            Self::Suspended => "已暂停",
            Self::NotApproved => "尚未经负责人批准",
            Self::Revoked => "批准已撤销",
            Self::WrongRole => "岗位不符",
            Self::NotYetBegun => "尚未开始",
            Self::Ended => "已结束",
            Self::Withdrawn => "监护人已撤回",
            Self::NotFiled => "尚未备案",
            Self::OutsideShift => "不在服务时段",
            Self::Disputed => "监护关系存在争议",
            Self::OtherPurpose => "不包括此目的",
            Self::NothingCovered => "协议与同意没有共同的数据类别和来源",
            Self::PartySuspended => "协议一方的资格已暂停",
        }
    }
}

impl KeyState {
    /// `签约服务协议：尚未备案` or `签约服务协议：有效`.
    pub fn zh(self) -> String {
        let state = self.state.map_or_else(Closed::zh, |()| "有效");
        format!("{}：{state}", self.key.zh())
    }
}
