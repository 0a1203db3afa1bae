//! The one comment on a pull request, and the pages behind it. Pure: what it is posted to is the business of `review`.
//!
//! It says as much as fits: `levels` has the steps in which it says less, and a comment that says less tells what is missing and where it is.

mod headline;
mod levels;
mod markdown;
mod marker;
mod pages;
mod sections;

pub use marker::Marker;
pub use pages::pages;

use super::fold::{Folded, Group, fold, groups};
use crate::model::{Digest, Name, Severity};
use crate::plan::{Plan, Report};
use levels::{LEVELS, Level};
use sections::New;

/// The most that GitHub takes as the body of a comment, in bytes: its error speaks of 65,536 characters, and bytes are safe under any reading.
pub const LARGEST_BODY: usize = 65_536;

/// The most patterns that a marker remembers for the next comment: 12 kB of the body.
const REMEMBERED: usize = 800;

/// The most lines of a failure that are shown; a command's last words matter most.
const LAST_WORDS: usize = 200;

/// Where a comment stands, besides the plan that it shows.
#[derive(Clone, Debug, Default)]
pub struct Occasion {
    /// The commit that was planned.
    pub commit: String,
    /// The workflow run, by its id and its address: where the plan file and the pages are.
    pub run: Option<(u64, String)>,
    /// The comment's body until now, if there is one.
    pub previous: Option<String>,
}

/// What all parts of a comment are made from.
struct Subject<'a> {
    plan: &'a Plan,
    digest: Digest,
    report: &'a Report,
    groups: Vec<Group<'a>>,
    marker: Marker,
    previous: Option<Marker>,
    occasion: &'a Occasion,
}

/// The comment for a plan: at most [`LARGEST_BODY`] bytes of Markdown, the marker last.
pub fn comment(plan: &Plan, report: &Report, occasion: &Occasion) -> String {
    let (folded, digest) = (fold(plan), Digest::of(plan));
    let marker = marker_of(&plan.estate, Some(digest.clone()), occasion, &folded);
    let previous = occasion.previous.as_deref().and_then(Marker::of);
    let subject = Subject { plan, digest, report, groups: groups(&folded, plan), marker, previous, occasion };
    let fitting = LEVELS.iter().map(|level| body(&subject, level)).find(|body| body.len() <= LARGEST_BODY);
    fitting.unwrap_or_else(|| least(&subject))
}

fn body(subject: &Subject, level: &Level) -> String {
    let Subject { plan, digest, report, groups, marker, previous, occasion } = subject;
    let new: New = previous.as_ref().map(|previous| headline::new(marker, previous)).unwrap_or_default();
    let mut parts = vec![headline::headline(plan, digest, report, occasion)];
    parts.extend(previous.as_ref().map(|previous| headline::history(marker, previous, &new)));
    parts.extend(sections::notes(&report.notes, |severity| severity == Severity::Blocking, level.names));
    parts.extend(sections::groups(groups, &new, level));
    parts.extend(sections::notes(&report.notes, |severity| severity != Severity::Blocking, level.names));
    parts.push(headline::closing(level.without, groups.iter().any(|group| !group.is_outlier()), occasion));
    parts.push(format!("\n{}\n", marker.line()));
    parts.concat()
}

/// What is said when even the least of the levels is too much: the verdict, and where the rest is.
fn least(subject: &Subject) -> String {
    let Subject { plan, digest, report, groups: _, marker, previous: _, occasion } = subject;
    let marker = Marker { shown: Vec::new(), ..marker.clone() };
    let head = headline::headline(plan, digest, report, occasion);
    format!("{head}{}\n{}\n", headline::closing(Some("every single step"), false, occasion), marker.line())
}

/// The comment for a plan that could not be made; `why` is what the command said.
pub fn failed(estate: &Name, why: &str, occasion: &Occasion) -> String {
    let marker = marker_of(estate, None, occasion, &Folded::default());
    let all: Vec<String> = super::escape::lines(why.trim_end());
    let cut = all.len().saturating_sub(LAST_WORDS);
    let mut lines: Vec<String> = (cut > 0).then(|| format!("({cut} lines before these are in the log)")).into_iter().collect();
    lines.extend(all.into_iter().skip(cut).map(|line| line.chars().take(LARGEST_BODY / LAST_WORDS / 4).collect()));
    let head = headline::failed(estate, occasion);
    format!("{head}{}\n{}\n", markdown::fence("", &lines), marker.line())
}

fn marker_of(estate: &Name, plan: Option<Digest>, occasion: &Occasion, folded: &Folded) -> Marker {
    let run = occasion.run.as_ref().map(|(id, _)| *id);
    let shown = folded.patterns.iter().map(|pattern| pattern.digest.short().to_owned()).take(REMEMBERED).collect();
    Marker { estate: estate.clone(), plan, commit: occasion.commit.clone(), run, shown }
}

#[cfg(test)]
mod tests;
