//! How a command ends: its exit status, and errors worded for the person at 3 a.m.

use std::fmt;
use std::process::{ExitCode, Termination};

/// How a command ended that was not stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing to do, or all of it done: 0.
    Done,
    /// Changes are present (`plan --exit-code`), or something was withheld: 2.
    Changes,
    /// Something failed, and has been said: 1.
    Failed,
}

/// What every command returns.
pub type Outcome = Result<Exit, Failure>;

/// What stopped a command: a fixed summary, then what is wrong here, and what to do about it.
#[derive(Debug)]
pub struct Failure {
    summary: &'static str,
    detail: String,
    hint: Option<String>,
    /// Whether it stands on stderr already.
    said: bool,
}

impl Failure {
    pub fn new(summary: &'static str, detail: impl fmt::Display) -> Failure {
        Failure { summary, detail: detail.to_string(), hint: None, said: false }
    }

    /// The same failure, of which everything stands on stderr already.
    #[must_use]
    pub fn said(self) -> Failure {
        Failure { said: true, ..self }
    }

    pub fn is_said(&self) -> bool {
        self.said
    }

    /// What stopped it, in words that are the same each time.
    pub fn summary(&self) -> &'static str {
        self.summary
    }

    /// The same failure with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.summary)?;
        for line in self.detail.lines() {
            write!(f, "\n  {line}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Changes => 2,
        })
    }
}
