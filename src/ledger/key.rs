//! The keys a look rests on, as the ledger names them.
//!
//! A leaf that changes a key states the key's new state in full, so that an auditor needs no
//! knowledge of what each change means: the latest leaf of a key tells whether it is open, and
//! between which instants. A look names its keys in the detail of each child's entry, under
//! [`KeyKind::detail_name`]; a name may repeat, because an alert that rests on several sources
//! needs an agreement for each.

/// A kind of key (design: "who may see what").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// Agreement in force between a facility and an institution.
    Agreement,
    /// A guardian's consent to one recipient.
    Consent,
    /// A child's enrolment in a facility.
    Enrolment,
    /// An actor's approval.
    Actor,
    /// An instructor's assignment to a facility.
    Assignment,
    /// An organization's standing in the region; its id is the organization's.
    Standing,
    /// A guardian's relation to a child.
    Guardianship,
    /// The data key a child is sealed under, closed when the child is erased; its id is the erasure's.
    Child,
}

impl KeyKind {
    pub const ALL: [Self; 8] = [
        Self::Agreement,
        Self::Consent,
        Self::Enrolment,
        Self::Actor,
        Self::Assignment,
        Self::Standing,
        Self::Guardianship,
        Self::Child,
    ];

    /// The name of such a key in the detail of a look's entries.
    pub const fn detail_name(self) -> &'static str {
        match self {
            Self::Agreement => "key.agreement",
            Self::Consent => "key.consent",
            Self::Enrolment => "key.enrolment",
            Self::Actor => "key.actor",
            Self::Assignment => "key.assignment",
            Self::Standing => "key.standing",
            Self::Guardianship => "key.guardianship",
            Self::Child => "key.child",
        }
    }

    /// The kind of subject of a leaf that changes such a key.
    pub const fn subject_kind(self) -> &'static str {
        match self {
            Self::Agreement => "agreement",
            Self::Consent => "consent",
            Self::Enrolment => "enrolment",
            Self::Actor => "actor",
            Self::Assignment => "assignment",
            Self::Standing => "standing",
            Self::Guardianship => "guardianship",
            Self::Child => "child",
        }
    }

    pub fn from_detail_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.detail_name() == name)
    }

    pub fn from_subject_kind(kind: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|known| known.subject_kind() == kind)
    }

    /// Whether such a key belongs to one child, who then is the entry of the leaf that changes it.
    pub const fn belongs_to_a_child(self) -> bool {
        matches!(
            self,
            Self::Consent | Self::Enrolment | Self::Guardianship | Self::Child
        )
    }
}

/// A key's state after a change. Instants are UTC microseconds, half-open: from ≤ t < until.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    Open { from: i64, until: Option<i64> },
    Closed,
}

impl KeyState {
    /// Fact: `OPEN` or `CLOSED`.
    pub const STATE: &'static str = "key.state";
    /// Fact: first instant, decimal; only when open.
    pub const FROM: &'static str = "key.from";
    /// Fact: first instant no longer, decimal; only when open and bounded.
    pub const UNTIL: &'static str = "key.until";

    /// The facts that a change leaf states.
    pub fn facts(self) -> Vec<(String, String)> {
        let fact = |name: &str, value: String| (name.to_owned(), value);
        match self {
            Self::Closed => vec![fact(Self::STATE, "CLOSED".to_owned())],
            Self::Open { from, until } => {
                let open = fact(Self::STATE, "OPEN".to_owned());
                let bounds = [(Self::FROM, Some(from)), (Self::UNTIL, until)];
                let bounds = bounds
                    .into_iter()
                    .filter_map(|(name, at)| Some((name, at?)));
                std::iter::once(open)
                    .chain(bounds.map(|(n, at)| fact(n, at.to_string())))
                    .collect()
            }
        }
    }

    /// Reads the state among the facts of a change; `None` when it is missing, stated twice or
    /// unreadable. Other facts are passed over.
    pub fn read(facts: &[(String, String)]) -> Option<Self> {
        let instant = |name| match once(facts, name)? {
            None => Some(None),
            Some(text) => text.parse::<i64>().ok().map(Some),
        };
        match (
            once(facts, Self::STATE)??,
            instant(Self::FROM)?,
            instant(Self::UNTIL)?,
        ) {
            ("OPEN", Some(from), until) => Some(Self::Open { from, until }),
            ("CLOSED", None, None) => Some(Self::Closed),
            _ => None,
        }
    }

    pub fn holds_at(self, at: i64) -> bool {
        match self {
            Self::Open { from, until } => from <= at && until.is_none_or(|until| at < until),
            Self::Closed => false,
        }
    }
}

/// The only value under a name; the outer `None` when there are two.
fn once<'a>(facts: &'a [(String, String)], name: &str) -> Option<Option<&'a str>> {
    let mut found = facts
        .iter()
        .filter(|(known, _)| known == name)
        .map(|(_, value)| value);
    let first = found.next().map(String::as_str);
    found.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_fixed_and_read_back() {
        for kind in KeyKind::ALL {
            assert_eq!(kind.detail_name(), format!("key.{}", kind.subject_kind()));
            assert_eq!(KeyKind::from_detail_name(kind.detail_name()), Some(kind));
            assert_eq!(KeyKind::from_subject_kind(kind.subject_kind()), Some(kind));
        }
        assert_eq!(KeyKind::from_detail_name("key.state"), None);
    }

    #[test]
    fn unclear_states_are_refused() {
        let pairs = |facts: &[(&str, &str)]| -> Vec<(String, String)> {
            facts
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect()
        };
        for facts in [
            pairs(&[]),
            pairs(&[("key.state", "open"), ("key.from", "1")]),
            pairs(&[("key.state", "OPEN")]),
            pairs(&[("key.state", "OPEN"), ("key.from", "soon")]),
            pairs(&[
                ("key.state", "OPEN"),
                ("key.state", "CLOSED"),
                ("key.from", "1"),
            ]),
            pairs(&[("key.state", "CLOSED"), ("key.from", "1")]),
        ] {
            assert_eq!(KeyState::read(&facts), None, "{facts:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_stated_is_read(from: i64, until: Option<i64>, open: bool) {
            let state = if open { KeyState::Open { from, until } } else { KeyState::Closed };
            let mut facts = state.facts();
            facts.insert(0, ("consent.mode".to_owned(), "VIEW".to_owned()));
            prop_assert_eq!(KeyState::read(&facts), Some(state));
        }

        #[test]
        fn bounds_are_half_open(from in -9..9i64, length in 0..9i64, at in -9..20i64) {
            let state = KeyState::Open { from, until: Some(from + length) };
            prop_assert_eq!(state.holds_at(at), (from..from + length).contains(&at));
            prop_assert!(!KeyState::Closed.holds_at(at));
        }
    }
}
