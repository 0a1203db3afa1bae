//! Notes: what a person should know about a plan that is no step of it.

use super::{Account, Address};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Something to know, with its own subject: a summary that never varies, then what is wrong here, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Note {
    pub severity: Severity,
    pub subject: Subject,
    /// Fixed text, without names in it, so that notes can be grouped by it.
    pub summary: String,
    pub detail: String,
    pub hint: Option<String>,
}

/// What a note does to the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Steps were left out because of it: the plan is not whole, and the exit status says so.
    Blocking,
    Warning,
    Information,
}

/// Whom or what a note is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    Estate,
    Account(Account),
    Resource(Address),
}

impl Note {
    pub fn new(severity: Severity, subject: Subject, summary: &str, detail: impl Into<String>) -> Note {
        Note { severity, subject, summary: summary.to_owned(), detail: detail.into(), hint: None }
    }

    /// The same note with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Note {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Estate => f.write_str("the estate"),
            Subject::Account(account) => write!(f, "{account}"),
            Subject::Resource(address) => write!(f, "{address}"),
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Severity::Blocking => "blocked",
            Severity::Warning => "warning",
            Severity::Information => "note",
        })
    }
}
