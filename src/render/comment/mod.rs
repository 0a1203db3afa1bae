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
mod tests {
    use super::*;
    use crate::render::made;

    fn occasion() -> Occasion {
        Occasion { commit: "0123456789abcdef".to_owned(), run: Some((7, "https://run.example/7".to_owned())), previous: None }
    }

    #[test]
    fn of_a_failure_the_last_words_are_shown_and_how_many_came_before() {
        let failed = |lines: std::ops::RangeInclusive<usize>| {
            let why: String = lines.map(|line| format!("line {line}.\n")).collect();
            failed(&made::name("acme"), &why, &occasion())
        };
        let long = failed(1..=203);
        assert!(long.contains("(3 lines before these are in the log)\nline 4.\n") && long.contains("line 203.\n"), "{long}");
        assert!(!long.contains("line 3.\n"));
        let whole = failed(1..=200);
        assert!(whole.contains("\nline 1.\n") && !whole.contains("before these"));
        assert!(whole.contains("planning failed") && whole.contains("https://run.example/7") && whole.contains("`0123456`"));
        assert_eq!(Marker::of(&whole).map(|marker| (marker.plan, marker.run)), Some((None, Some(7))));
    }

    #[test]
    fn a_failure_of_long_lines_still_fits_and_says_as_much_of_each_as_there_is_room_for() {
        let why = format!("{}\n", "\u{1f6ec}".repeat(1000)).repeat(300);
        let body = failed(&made::name("acme"), &why, &occasion());
        assert!(body.len() <= LARGEST_BODY, "{}", body.len());
        assert!(body.contains(&"\u{1f6ec}".repeat(LARGEST_BODY / LAST_WORDS / 4)));
    }

    #[test]
    fn when_nothing_else_fits_the_verdict_does_and_where_the_rest_is() {
        // Nothing is alike, and each step is dangerous enough to be named on every level.
        let steps = (0..1_200).map(|at| {
            let mut step = made::delete(&format!("domain{at:04}/prod/global/iam-role/{}-{at}", "role".repeat(12)), false);
            step.concerns = vec![crate::model::Concern { risk: crate::model::Risk::Dangerous, why: "it is gone".into() }];
            step
        });
        let plan = made::plan([("prod", steps.collect())]);
        let body = comment(&plan, &Report { accounts: 1_200, ..Report::default() }, &occasion());
        assert!(body.len() < 4_096, "{}", body.len());
        for said in ["1200 changes in 1200 accounts", "1200 to delete", "every single step", "https://run.example/7"] {
            assert!(body.contains(said), "{said}: {body}");
        }
        let marker = Marker::of(&body).unwrap();
        assert_eq!((marker.plan, marker.shown), (Some(Digest::of(&plan)), vec![]));
    }
}
