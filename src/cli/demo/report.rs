//! What the demonstration prints: numbered steps, what each party saw, and each check as it holds.

use serde_json::json;

use super::stage::failed;
use crate::cli::error::CliError;
use crate::cli::output::{Output, table};

/// Prints steps and keeps count.
pub struct Report {
    out: Output,
    step: usize,
    title: String,
    checks: usize,
}

impl Report {
    /// Nothing said yet.
    #[must_use]
    pub fn new(out: Output) -> Self {
        Self {
            out,
            step: 0,
            title: String::new(),
            checks: 0,
        }
    }

    /// How many checks have held.
    #[must_use]
    pub fn checks(&self) -> usize {
        self.checks
    }

    /// Begins a step.
    ///
    /// # Errors
    /// Where standard output has ended.
    pub fn step(&mut self, title: &str) -> Result<(), CliError> {
        self.step += 1;
        title.clone_into(&mut self.title);
        if self.out.is_json() {
            Ok(())
        } else {
            self.out.line(&format!("\n{}. {title}", self.step))
        }
    }

    /// Says that something holds that must hold.
    ///
    /// # Errors
    /// Where it does not: the demonstration ends there.
    pub fn check(&mut self, holds: bool, what: &str) -> Result<(), CliError> {
        if !holds {
            return Err(failed(
                &format!("step {} ({})", self.step, self.title),
                format!("not so: {what}"),
            ));
        }
        self.held(what)
    }

    /// Says that something holds that was waited for and has come.
    ///
    /// # Errors
    /// Where standard output has ended.
    pub fn held(&mut self, what: &str) -> Result<(), CliError> {
        self.checks += 1;
        if self.out.is_json() {
            let said = json!({"step": self.step, "title": self.title, "holds": what});
            return self.out.value(&said);
        }
        self.out.line(&format!("   ✓ {what}"))
    }

    /// Shows what somebody saw.
    ///
    /// # Errors
    /// Where standard output has ended.
    pub fn show(
        &self,
        whose: &str,
        header: &[&str],
        rows: impl Iterator<Item = Vec<String>>,
    ) -> Result<(), CliError> {
        if self.out.is_json() {
            return Ok(());
        }
        self.out
            .line(&format!("   {whose}:\n{}", indented(&table(header, rows))))
    }

    /// Shows lines as they were printed.
    ///
    /// # Errors
    /// Where standard output has ended.
    pub fn lines(&self, whose: &str, lines: impl Iterator<Item = String>) -> Result<(), CliError> {
        if self.out.is_json() {
            return Ok(());
        }
        let said: Vec<_> = lines.collect();
        self.out
            .line(&format!("   {whose}:\n{}", indented(&said.join("\n"))))
    }
}

fn indented(text: &str) -> String {
    text.lines()
        .map(|line| format!("   {}", line.trim_end()))
        .collect::<Vec<_>>()
        .join("\n")
}
