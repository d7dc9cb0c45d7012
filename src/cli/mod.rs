//! The command line: a file a verb.

pub mod assess;
