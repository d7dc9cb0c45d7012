//! 收件箱: a recipient's durable, gap-free, numbered feed of pointers.

use super::text_code::text_codes;

text_codes! {
    /// What an inbox entry says.
    EntryKind {
        /// An alert to know, new or changed.
        Delivered = "DELIVERED",
        /// An alert (or every alert of a child) to forget.
        Retracted = "RETRACTED",
    }
}

text_codes! {
    /// Why something was retracted.
    RetractionReason {
        /// What it rested on was corrected.
        Corrected = "CORRECTED",
        /// A later finding no longer shows it.
        Resolved = "RESOLVED",
        /// A key closed.
        KeyClosed = "KEY_CLOSED",
        /// It had been passed on, and somebody has taken it up.
        TakenUp = "TAKEN_UP",
        /// What it says does not open. Told when it is read, and never stored.
        Unreadable = "UNREADABLE",
    }
}
