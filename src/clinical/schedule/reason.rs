//! Why an item of a schedule has its status: a stable code and a sentence a clerk understands.

use crate::domain::text_code::text_codes;

text_codes! {
    /// What decided a status.
    Reason {
        /// The day it is due has not come.
        NotYet = "NOT_YET",
        /// It is due and nothing stands in the way.
        InTime = "IN_TIME",
        /// The day it becomes late has come.
        Late = "LATE",
        /// Time was given to catch up: the child became known here late, or the schedule is new.
        CatchUp = "CATCH_UP",
        /// Done between the day it was due and the day it would have been late.
        Done = "DONE",
        /// Done before it was due, early enough not to be repeated.
        DoneEarly = "DONE_EARLY",
        /// Done after it had become late.
        DoneLate = "DONE_LATE",
        /// A record names the item but lies before its window: it does not count.
        DoneTooEarly = "DONE_TOO_EARLY",
        /// A record names the item but lies behind its window: it does not count.
        DoneTooLate = "DONE_TOO_LATE",
        /// The window has passed.
        WindowPassed = "WINDOW_PASSED",
        /// The window had passed when the child became known here.
        BeforeKnown = "BEFORE_KNOWN",
        /// The window had passed when the schedule that asks for it came into force.
        BeforeSchedule = "BEFORE_SCHEDULE",
        /// The dose before it in its series comes first.
        PreviousDoseFirst = "PREVIOUS_DOSE_FIRST",
        /// The least interval from the dose before has not passed.
        AfterInterval = "AFTER_INTERVAL",
        /// Four weeks from an injected live vaccine have not passed.
        AfterLiveVaccine = "AFTER_LIVE_VACCINE",
        /// A dose was given too early or too soon after the one before, and is given again.
        DoseInvalid = "DOSE_INVALID",
        /// A later dose of the series is on record.
        LaterDoseGiven = "LATER_DOSE_GIVEN",
        /// Another vaccine against the same disease is followed.
        OtherOption = "OTHER_OPTION",
        /// A negative PPD test comes first.
        NeedsPpd = "NEEDS_PPD",
        /// A doctor found a contraindication.
        Contraindicated = "CONTRAINDICATED",
        /// For girls only.
        GirlsOnly = "GIRLS_ONLY",
        /// For girls only, and the sex is not known.
        SexUnknown = "SEX_UNKNOWN",
        /// The child is in no care, and none is expected.
        NotInCare = "NOT_IN_CARE",
        /// The age up to which it is asked for is reached before it is due again.
        PastAge = "PAST_AGE",
        /// A transfer certificate stands for the entry check.
        TransferCertificate = "TRANSFER_CERTIFICATE",
        /// No certificate is on record.
        NoCertificate = "NO_CERTIFICATE",
        /// The child has died.
        Died = "DIED",
    }
}

impl Reason {
    /// The same for a person, in Chinese.
    pub fn message_zh(self) -> &'static str {
        match self {
            Reason::NotYet => "未到应做日期",
            Reason::InTime => "已到应做日期，请尽快安排",
            Reason::Late => "已超过应做期限，请尽快补做",
            Reason::CatchUp => "新纳入管理，请在补做期内完成",
            Reason::Done => "已按期完成",
            Reason::DoneEarly => "已提前完成，有效",
            Reason::DoneLate => "已补做",
            Reason::DoneTooEarly => "有记录但日期过早，不计入本次，需按期完成",
            Reason::DoneTooLate => "有记录但日期已过本次时段，不计入本次",
            Reason::WindowPassed => "已过本次时段，不再补做",
            Reason::BeforeKnown => "纳入管理前时段已过，不计为未做",
            Reason::BeforeSchedule => "本程序施行前时段已过，不计为未做",
            Reason::PreviousDoseFirst => "须先补种前一剂",
            Reason::AfterInterval => "与前一剂的最小间隔未满",
            Reason::AfterLiveVaccine => "与上一剂注射减毒活疫苗的间隔未满28天",
            Reason::DoseInvalid => "有一剂接种过早或间隔不足，不计入，需补种",
            Reason::LaterDoseGiven => "已有后续剂次的接种记录，不再单独补种",
            Reason::OtherOption => "已选用另一种同类疫苗",
            Reason::NeedsPpd => "须 PPD 试验阴性后方可补种",
            Reason::Contraindicated => "医生认定有接种禁忌，暂不接种",
            Reason::GirlsOnly => "仅适用于女童",
            Reason::SexUnknown => "仅适用于女童，性别未登记",
            Reason::NotInCare => "未入托，也无入托安排",
            Reason::PastAge => "适用年龄内不再有下一次，不再安排",
            Reason::TransferCertificate => "已有有效的转园（所）健康证明",
            Reason::NoCertificate => "无健康合格证，不得上岗",
            Reason::Died => "儿童已死亡",
        }
    }
}
