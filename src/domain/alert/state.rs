//! Where an alert is in its life: a state holds exactly the data that exists in it, and a step is a
//! method that takes the state and the time and gives the next, or a refusal.

use chrono::{DateTime, Utc};

use crate::domain::{actor::Actor, id::Id, text_code::text_codes};

text_codes! {
    /// What a follow-up came to `[P]`.
    FollowUpOutcome {
        /// 已告知监护人.
        GuardianInformed = "GUARDIAN_INFORMED",
        /// 已指导托育机构.
        FacilityGuided = "FACILITY_GUIDED",
        /// 已约复查.
        ReexaminationBooked = "REEXAMINATION_BOOKED",
        /// 已转诊.
        Referred = "REFERRED",
        /// 已在治疗或专案管理中.
        UnderTreatment = "UNDER_TREATMENT",
    }
}

text_codes! {
    /// Why a clinician holds an alert to be settled `[P]`. What moved the clinician is prose, and
    /// sealed.
    Decision {
        /// 经检查排除.
        RuledOut = "RULED_OUT",
        /// 已治愈或恢复.
        Recovered = "RECOVERED",
        /// 已知，且已纳入管理，无需再提示.
        KnownAndManaged = "KNOWN_AND_MANAGED",
        /// 不适用于该儿童.
        NotApplicable = "NOT_APPLICABLE",
    }
}

/// Who took note of an alert, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The acting person.
    pub by: Id<Actor>,
    pub at: DateTime<Utc>,
}

/// Who of the medical side took an alert in hand, when, and what came of it. Of several the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FollowUp {
    /// The acting person.
    pub by: Id<Actor>,
    pub at: DateTime<Utc>,
    pub outcome: FollowUpOutcome,
}

/// How an alert was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// What is known now no longer supports it: a later finding, or the time that has passed.
    ByAssessment,
    /// A clinician has decided so. The reason in words is sealed beside it.
    ByClinician { by: Id<Actor>, decision: Decision },
}

/// Where an alert is in its life: open → acknowledged by a facility, followed up by the medical
/// side → resolved or retracted.
///
/// The last two are ends: nothing leads out of them. A repeated or graver finding renews a living
/// alert in place, which opens it again: the later revision supersedes the earlier one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlertState {
    Open {
        since: DateTime<Utc>,
    },
    Acknowledged {
        since: DateTime<Utc>,
        acknowledged: Acknowledgement,
    },
    FollowedUp {
        since: DateTime<Utc>,
        /// `None` while the facility has not taken note: it may do so later.
        acknowledged: Option<Acknowledgement>,
        followed_up: FollowUp,
    },
    Resolved {
        since: DateTime<Utc>,
        /// `None` if it ended before anybody took note.
        acknowledged: Option<Acknowledgement>,
        followed_up: Option<FollowUp>,
        at: DateTime<Utc>,
        resolution: Resolution,
    },
    /// What it rested on was corrected away: it should never have stood.
    Retracted {
        since: DateTime<Utc>,
        acknowledged: Option<Acknowledgement>,
        followed_up: Option<FollowUp>,
        at: DateTime<Utc>,
    },
}

/// Why a transition was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AlertRefusal {
    #[error("alert has ended as {state}")]
    Ended { state: &'static str },
    #[error("alert is already acknowledged")]
    AlreadyAcknowledged,
    #[error("time is before the alert's last change")]
    BeforeLastChange,
}

/// What every state has or may have: an alert's life as its row holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// When it was raised.
    pub since: DateTime<Utc>,
    pub acknowledged: Option<Acknowledgement>,
    pub followed_up: Option<FollowUp>,
    /// When it ended, if it did.
    pub ended: Option<DateTime<Utc>>,
    /// The clinician and the decision, if it was one.
    pub decided: Option<(Id<Actor>, Decision)>,
}

impl AlertState {
    /// A new alert, raised at `since`.
    pub fn open(since: DateTime<Utc>) -> AlertState {
        AlertState::Open { since }
    }

    /// Reads a stored state: `word` says how the facility stands to a living alert, and how one
    /// ended. `None` if the parts contradict each other.
    pub fn from_parts(word: &str, life: Life) -> Option<AlertState> {
        let Life {
            since,
            acknowledged,
            followed_up,
            ended,
            decided,
        } = life;
        let resolution = match decided {
            None => Resolution::ByAssessment,
            Some((by, decision)) => Resolution::ByClinician { by, decision },
        };
        match (word, acknowledged, followed_up, ended) {
            ("RESOLVED", _, _, Some(at)) => Some(AlertState::Resolved {
                since,
                acknowledged,
                followed_up,
                at,
                resolution,
            }),
            _ if decided.is_some() => None,
            ("RETRACTED", _, _, Some(at)) => Some(AlertState::Retracted {
                since,
                acknowledged,
                followed_up,
                at,
            }),
            ("OPEN", None, None, None) => Some(AlertState::Open { since }),
            ("ACKNOWLEDGED", Some(acknowledged), None, None) => Some(AlertState::Acknowledged {
                since,
                acknowledged,
            }),
            ("OPEN", None, Some(followed_up), None)
            | ("ACKNOWLEDGED", Some(_), Some(followed_up), None) => Some(AlertState::FollowedUp {
                since,
                acknowledged,
                followed_up,
            }),
            _ => None,
        }
    }

    /// The word that [`AlertState::from_parts`] reads. A followed-up alert is stored by how the
    /// facility stands to it, so that a gateway of an earlier version still sees it standing.
    pub fn stored(&self) -> &'static str {
        match self {
            AlertState::FollowedUp {
                acknowledged: None, ..
            } => "OPEN",
            AlertState::FollowedUp { .. } => "ACKNOWLEDGED",
            other => other.as_str(),
        }
    }

    /// The stable text code of the state.
    pub fn as_str(&self) -> &'static str {
        match self {
            AlertState::Open { .. } => "OPEN",
            AlertState::Acknowledged { .. } => "ACKNOWLEDGED",
            AlertState::FollowedUp { .. } => "FOLLOWED_UP",
            AlertState::Resolved { .. } => "RESOLVED",
            AlertState::Retracted { .. } => "RETRACTED",
        }
    }

    /// When the alert was raised.
    pub fn since(&self) -> DateTime<Utc> {
        self.life().since
    }

    /// When its last step was taken, its end included.
    pub fn last_change(&self) -> DateTime<Utc> {
        let life = self.life();
        let steps = [
            life.acknowledged.map(|a| a.at),
            life.followed_up.map(|f| f.at),
            life.ended,
        ];
        steps.into_iter().flatten().fold(life.since, DateTime::max)
    }

    /// Whether it still asks for something.
    pub fn is_standing(&self) -> bool {
        self.life().ended.is_none()
    }

    /// Whether the medical side has it in hand.
    pub fn is_followed_up(&self) -> bool {
        self.life().followed_up.is_some()
    }

    /// The same as one facility is told it: whether another one has taken note is not its to know.
    pub fn as_told(&self, own: Option<Acknowledgement>) -> AlertState {
        match *self {
            AlertState::Open { since } | AlertState::Acknowledged { since, .. } => match own {
                None => AlertState::Open { since },
                Some(acknowledged) => AlertState::Acknowledged {
                    since,
                    acknowledged,
                },
            },
            AlertState::FollowedUp {
                since, followed_up, ..
            } => AlertState::FollowedUp {
                since,
                acknowledged: own,
                followed_up,
            },
            AlertState::Resolved {
                since,
                followed_up,
                at,
                resolution,
                ..
            } => AlertState::Resolved {
                since,
                acknowledged: own,
                followed_up,
                at,
                resolution,
            },
            AlertState::Retracted {
                since,
                followed_up,
                at,
                ..
            } => AlertState::Retracted {
                since,
                acknowledged: own,
                followed_up,
                at,
            },
        }
    }

    /// What its row holds of it.
    pub fn life(&self) -> Life {
        let living = |since| Life {
            since,
            acknowledged: None,
            followed_up: None,
            ended: None,
            decided: None,
        };
        match *self {
            AlertState::Open { since } => living(since),
            AlertState::Acknowledged {
                since,
                acknowledged,
            } => Life {
                acknowledged: Some(acknowledged),
                ..living(since)
            },
            AlertState::FollowedUp {
                since,
                acknowledged,
                followed_up,
            } => Life {
                acknowledged,
                followed_up: Some(followed_up),
                ..living(since)
            },
            AlertState::Resolved {
                since,
                acknowledged,
                followed_up,
                at,
                resolution,
            } => Life {
                since,
                acknowledged,
                followed_up,
                ended: Some(at),
                decided: match resolution {
                    Resolution::ByAssessment => None,
                    Resolution::ByClinician { by, decision } => Some((by, decision)),
                },
            },
            AlertState::Retracted {
                since,
                acknowledged,
                followed_up,
                at,
            } => Life {
                acknowledged,
                followed_up,
                ended: Some(at),
                ..living(since)
            },
        }
    }

    /// A person of the facility has taken note.
    ///
    /// # Errors
    /// [`AlertRefusal`] if it has ended, is acknowledged, or `at` is too early.
    pub fn acknowledge(self, by: Id<Actor>, at: DateTime<Utc>) -> Result<AlertState, AlertRefusal> {
        let Life {
            since,
            acknowledged,
            followed_up,
            ..
        } = self.living(at)?;
        if acknowledged.is_some() {
            return Err(AlertRefusal::AlreadyAcknowledged);
        }
        let acknowledged = Acknowledgement { by, at };
        Ok(match followed_up {
            None => AlertState::Acknowledged {
                since,
                acknowledged,
            },
            Some(followed_up) => AlertState::FollowedUp {
                since,
                acknowledged: Some(acknowledged),
                followed_up,
            },
        })
    }

    /// The medical side has taken it in hand, once more perhaps.
    ///
    /// # Errors
    /// [`AlertRefusal`] if it has ended or the time is too early.
    pub fn follow_up(self, followed_up: FollowUp) -> Result<AlertState, AlertRefusal> {
        let Life {
            since,
            acknowledged,
            ..
        } = self.living(followed_up.at)?;
        Ok(AlertState::FollowedUp {
            since,
            acknowledged,
            followed_up,
        })
    }

    /// Settled, by a clinician or by what is known now.
    ///
    /// # Errors
    /// [`AlertRefusal`] if it has ended or `at` is too early.
    pub fn resolve(
        self,
        resolution: Resolution,
        at: DateTime<Utc>,
    ) -> Result<AlertState, AlertRefusal> {
        let Life {
            since,
            acknowledged,
            followed_up,
            ..
        } = self.living(at)?;
        Ok(AlertState::Resolved {
            since,
            acknowledged,
            followed_up,
            at,
            resolution,
        })
    }

    /// What it rested on is gone.
    ///
    /// # Errors
    /// [`AlertRefusal`] if it has ended or `at` is too early.
    pub fn retract(self, at: DateTime<Utc>) -> Result<AlertState, AlertRefusal> {
        let Life {
            since,
            acknowledged,
            followed_up,
            ..
        } = self.living(at)?;
        Ok(AlertState::Retracted {
            since,
            acknowledged,
            followed_up,
            at,
        })
    }

    fn living(self, at: DateTime<Utc>) -> Result<Life, AlertRefusal> {
        let life = self.life();
        if life.ended.is_some() {
            return Err(AlertRefusal::Ended {
                state: self.as_str(),
            });
        }
        if at < self.last_change() {
            return Err(AlertRefusal::BeforeLastChange);
        }
        Ok(life)
    }
}
