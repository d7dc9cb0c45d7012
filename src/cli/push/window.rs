//! Rows that were sent and not answered yet: bounded, and sent again after a broken stream.

use std::collections::BTreeMap;

use crate::rpc::wire::PushRequest;

/// The most rows that may wait for their verdict.
pub const WINDOW: usize = 1_024;

/// Unanswered rows in order.
#[derive(Debug, Default)]
pub struct Window(BTreeMap<u64, PushRequest>);

impl Window {
    /// Whether another row may be sent.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.0.len() < WINDOW
    }

    /// Whether every row was answered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keeps a row until it is answered.
    pub fn hold(&mut self, request: PushRequest) {
        self.0.insert(request.row, request);
    }

    /// The request an answer belongs to; none for a row nobody asked about, or answered before.
    pub fn settle(&mut self, row: u64) -> Option<PushRequest> {
        self.0.remove(&row)
    }

    /// What a new stream begins with, in order of the rows.
    pub fn unanswered(&self) -> impl Iterator<Item = &PushRequest> {
        self.0.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn request(row: u64) -> PushRequest {
        PushRequest {
            row,
            ..PushRequest::default()
        }
    }

    #[test]
    fn it_is_bounded() {
        let mut window = Window::default();
        for row in 0..WINDOW as u64 {
            assert!(window.has_room());
            window.hold(request(row));
        }
        assert!(!window.has_room());
        assert!(window.settle(5).is_some() && window.has_room());
        assert!(
            window.settle(5).is_none(),
            "a second answer to a row is nobody's"
        );
    }

    proptest! {
        /// Streams break anywhere: every row is settled once, and none is forgotten.
        #[test]
        fn whatever_breaks_every_row_is_settled_once(
            rows in 1u64..60,
            answers in prop::collection::vec(0usize..9, 1..60),
        ) {
            let mut window = Window::default();
            (1..=rows).for_each(|row| window.hold(request(row)));
            let mut settled = Vec::new();
            // Each stream answers some rows in order, then breaks; the next begins with the rest.
            for answered in answers.into_iter().chain([usize::MAX]) {
                let sent: Vec<u64> = window.unanswered().map(|r| r.row).collect();
                for row in sent.into_iter().take(answered) {
                    settled.extend(window.settle(row).map(|r| r.row));
                }
            }
            prop_assert!(window.is_empty());
            prop_assert_eq!(settled, (1..=rows).collect::<Vec<_>>());
        }
    }
}
