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
            Reason::Died => "儿童已死亡",
        }
    }
}
