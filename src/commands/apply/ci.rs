//! A run in GitHub Actions: its log in groups, what went wrong as annotations, its record as the job's summary. What comes from live AWS could
//! hold a line that the runner takes for a command, so it takes none while a run prints, but for ours, each between a word that nobody knows.

use super::super::Failure;
use super::super::github::variable;
use crate::apply::{Event, Outcome, StepResult};
use crate::render::escape::line as escape;
use crate::render::many;
use std::cell::Cell;
use std::io::Write;

/// GitHub shows ten errors of a step, and drops the others.
const ANNOTATIONS: usize = 10;
/// The longest text of one, in characters: it is read in the margin.
const ANNOTATION: usize = 1_000;
/// GitHub throws away a summary of more than 1 MiB, whole.
const SUMMARY: usize = 1_000_000;

/// The runner of a workflow. Takes no commands until this is dropped.
pub(super) struct Runner {
    /// The word after which it takes commands again.
    word: String,
    is_open: Cell<bool>,
}

impl Runner {
    /// The runner, if there is one.
    ///
    /// # Errors
    /// A machine without randomness: a word that can be guessed guards nothing.
    pub fn begin() -> Result<Option<Runner>, Failure> {
        if variable("GITHUB_ACTIONS").as_deref() != Some("true") {
            return Ok(None);
        }
        let mut drawn = [0; 16];
        let none = |_| Failure::new("this machine gives no random numbers", "without them the log could be made to give commands");
        ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut drawn).map_err(none)?;
        let word = drawn.iter().map(|byte| format!("{byte:02x}")).collect();
        let runner = Runner { word, is_open: Cell::new(false) };
        say(&format!("::stop-commands::{}\n", runner.word));
        Ok(Some(runner))
    }

    pub fn hear(&self, event: &Event<'_>) {
        if let Event::WaveStarted { wave } = event {
            self.close();
            self.is_open.set(true);
            self.command(&[format!("::group::wave {}: {}", wave.name, many(wave.accounts.len(), "account"))]);
        }
    }

    /// What went wrong, the gates before the steps.
    pub fn end(&self, outcome: &Outcome) {
        self.close();
        self.command(&annotations(outcome));
    }

    /// Says that a command was stopped, and by what.
    pub fn failed(&self, failure: &Failure) {
        self.close();
        self.command(&[annotation("landfall apply", failure.summary())]);
    }

    fn close(&self) {
        if self.is_open.replace(false) {
            self.command(&["::endgroup::".to_owned()]);
        }
    }

    /// Gives commands, and nothing between them: in one write, on the stream that all else is told on.
    fn command(&self, commands: &[String]) {
        if !commands.is_empty() {
            let word = &self.word;
            say(&format!("::{word}::\n{}\n::stop-commands::{word}\n", commands.join("\n")));
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        say(&format!("::{}::\n", self.word));
    }
}

/// Without stderr nobody follows the log.
fn say(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Text on a stream of its own, of which the runner might take a line before it has taken the word: none begins as a command does.
pub(super) fn defused(text: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let line = line.replace("##[", "## [");
        if line.trim_start().starts_with("::") { format!("\\{line}") } else { line }
    });
    lines.collect()
}

/// Appends the change record to the job's summary. A summary that can't be written undoes nothing.
pub(super) fn summarize(markdown: &str) {
    let Some(path) = variable("GITHUB_STEP_SUMMARY") else { return };
    let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
    if let Err(error) = file.and_then(|mut file| file.write_all(bounded(markdown).as_bytes())) {
        eprintln!("the job's summary was not written: {}", escape(&error.to_string()));
    }
}

/// Whole lines, as many as GitHub takes.
fn bounded(markdown: &str) -> String {
    let mut kept = String::new();
    for line in markdown.split_inclusive('\n') {
        if kept.len() + line.len() > SUMMARY {
            return kept + "\nThe rest is in the change record: `landfall record show`.\n";
        }
        kept.push_str(line);
    }
    kept
}

fn annotations(outcome: &Outcome) -> Vec<String> {
    let gates = outcome.gates.iter().flat_map(|gate| {
        let title = format!("gate {}", gate.wave);
        gate.reasons.iter().filter(|reason| reason.is_cause()).map(move |reason| annotation(&title, &reason.to_string()))
    });
    let sick = outcome.sick.iter().map(|(account, health)| annotation(&format!("{account} is red"), &health.complaints().join("; ")));
    let failed = outcome.steps.iter().filter_map(|(address, result)| match result {
        StepResult::Failed(error) => Some(annotation(&address.to_string(), &error.message)),
        _ => None,
    });
    let mut all: Vec<String> = gates.chain(sick).chain(failed).collect();
    if all.len() > ANNOTATIONS {
        let more = all.len() - (ANNOTATIONS - 1);
        all.truncate(ANNOTATIONS - 1);
        all.push(annotation("landfall apply", &format!("and {more} more: the summary of this job names them")));
    }
    all
}

/// One error, as the runner wants it escaped. Lines are ours alone.
fn annotation(title: &str, text: &str) -> String {
    let text: String = escape(text).chars().take(ANNOTATION).collect();
    format!("::error title={}::{}", property(&escape(title)), value(&text))
}

fn value(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    value(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::{StepError, Trouble};

    fn failing(count: usize, message: &str) -> Outcome {
        let error = StepError::new(Trouble::Refused, message);
        let steps = (0..count).map(|at| (format!("payments/prod/us-west-2/vpc/v{at}").parse().unwrap(), StepResult::Failed(error.clone())));
        Outcome { steps: steps.collect(), ..Outcome::default() }
    }

    #[test]
    fn no_error_message_becomes_a_command() {
        let hostile = "100%\n::error::owned\r\n##[error]owned ::set-output name=x::y";
        let all = annotations(&failing(1, hostile));
        let said = "100%25\\n::error::owned\\r\\n##[error]owned ::set-output name=x::y";
        assert_eq!(all, [format!("::error title=payments/prod/us-west-2/vpc/v0::{said}")]);
        assert_eq!(property("a: b, c%\n"), "a%3A b%2C c%25%0A");
        assert_eq!(defused("a ##[error]x\n  ::add-mask::y\nb\n"), "a ## [error]x\n\\  ::add-mask::y\nb\n");
    }

    #[test]
    fn github_shows_ten() {
        let all = annotations(&failing(500, "no"));
        assert_eq!((all.len(), all[9].as_str()), (10, "::error title=landfall apply::and 491 more: the summary of this job names them"));
    }

    #[test]
    fn a_summary_is_never_thrown_away_whole() {
        let text = bounded(&format!("{}\n", "x".repeat(99)).repeat(20_000));
        assert!(text.len() < 1_048_576 && text.ends_with("`landfall record show`.\n"), "{}", text.len());
        assert_eq!(bounded("short\n"), "short\n");
    }
}
