//! 健康指导员派驻: a practitioner serves a facility under an agreement, dated, with hours.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Timelike, Utc};

use super::region::Zone;

/// Marks ids of assignments.
#[derive(Debug)]
pub enum Assignment {}

/// Hours on one day of the week, half-open, in the region's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift {
    weekday: u8,
    from_minute: u16,
    until_minute: u16,
}

/// The hours are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a shift needs weekday 1-7 and HH:MM times, the first before the second, up to 24:00")]
pub struct NotAShift;

impl Shift {
    /// From ISO weekday (1 Monday to 7 Sunday) and `HH:MM` texts.
    pub fn parse(weekday: u32, from: &str, until: &str) -> Result<Self, NotAShift> {
        let weekday = u8::try_from(weekday).map_err(|_| NotAShift)?;
        let (from_minute, until_minute) = (minute(from)?, minute(until)?);
        if !(1..=7).contains(&weekday) || from_minute >= until_minute {
            return Err(NotAShift);
        }
        Ok(Self {
            weekday,
            from_minute,
            until_minute,
        })
    }

    /// Its parts, as [`Shift::parse`] takes them.
    pub fn parts(self) -> (u32, String, String) {
        let hhmm = |m: u16| format!("{:02}:{:02}", m / 60, m % 60);
        (
            u32::from(self.weekday),
            hhmm(self.from_minute),
            hhmm(self.until_minute),
        )
    }

    fn holds(self, day: NaiveDate, time: NaiveTime) -> bool {
        let minute = time.num_seconds_from_midnight() / 60;
        day.weekday().number_from_monday() == u32::from(self.weekday)
            && (u32::from(self.from_minute)..u32::from(self.until_minute)).contains(&minute)
    }
}

fn minute(text: &str) -> Result<u16, NotAShift> {
    let (hours, minutes) = text.split_once(':').ok_or(NotAShift)?;
    let two = |t: &str| {
        if t.len() == 2 {
            t.parse::<u16>().ok()
        } else {
            None
        }
    };
    let (h, m) = (two(hours).ok_or(NotAShift)?, two(minutes).ok_or(NotAShift)?);
    if m < 60 && (h < 24 || (h == 24 && m == 0)) {
        Ok(h * 60 + m)
    } else {
        Err(NotAShift)
    }
}

/// When an assignment holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// First day.
    pub first_day: NaiveDate,
    /// Last day, included.
    pub last_day: NaiveDate,
    /// Weekly hours; none means every hour of the term.
    pub shifts: Vec<Shift>,
    /// When it was ended before its last day.
    pub ended: Option<DateTime<Utc>>,
}

/// Why an assignment does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OffDuty {
    /// Between shifts.
    OutsideShift,
    /// Its first day has not come.
    NotYetBegun,
    /// Over.
    Ended,
}

impl Duty {
    /// Whether it holds at `now`.
    pub fn holds(&self, zone: Zone, now: DateTime<Utc>) -> Result<(), OffDuty> {
        if self.ended.is_some() || now >= zone.end(self.last_day) {
            return Err(OffDuty::Ended);
        }
        if now < zone.start(self.first_day) {
            return Err(OffDuty::NotYetBegun);
        }
        let (day, time) = zone.day_and_time(now);
        if self.shifts.is_empty() || self.shifts.iter().any(|s| s.holds(day, time)) {
            Ok(())
        } else {
            Err(OffDuty::OutsideShift)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_is_half_open_and_local() {
        let duty = Duty {
            first_day: "2026-09-01".parse().unwrap(),
            last_day: "2026-09-30".parse().unwrap(),
            shifts: vec![Shift::parse(2, "08:30", "11:30").unwrap()],
            ended: None,
        };
        let at = |t: &str| duty.holds(Zone::china(), t.parse().unwrap());
        // 2026-09-01 is a Tuesday.
        assert_eq!(at("2026-09-01T00:29:59Z"), Err(OffDuty::OutsideShift));
        assert_eq!(at("2026-09-01T00:30:00Z"), Ok(()));
        assert_eq!(at("2026-09-01T03:29:59Z"), Ok(()));
        assert_eq!(at("2026-09-01T03:30:00Z"), Err(OffDuty::OutsideShift));
        assert_eq!(at("2026-09-02T00:30:00Z"), Err(OffDuty::OutsideShift));
        assert_eq!(at("2026-10-06T00:30:00Z"), Err(OffDuty::Ended));
    }

    #[test]
    fn hours_that_are_none_are_refused() {
        assert!(Shift::parse(7, "00:00", "24:00").is_ok());
        for (day, from, until) in [
            (0, "08:00", "09:00"),
            (8, "08:00", "09:00"),
            (1, "9:00", "10:00"),
            (1, "10:00", "10:00"),
            (1, "23:00", "24:01"),
            (1, "08:60", "09:00"),
        ] {
            assert_eq!(Shift::parse(day, from, until), Err(NotAShift));
        }
    }
}
