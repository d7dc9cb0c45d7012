//! What the operator's verbs share: a line on standard output.

use std::io::{self, Write};

use super::fault::Fault;

/// One line on standard output, out at once: a reader of a pipe sees it as it happens.
///
/// # Errors
/// Where standard output has ended.
pub fn say(line: &str) -> Result<(), Fault> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(Fault::Output)
}
