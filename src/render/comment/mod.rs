//! The one comment on a pull request, and the pages behind it. Pure: what it is posted to is the business of `review`.

mod marker;

pub use marker::Marker;

use crate::model::{Digest, Name};
use crate::plan::{Plan, Report};

/// The most that GitHub takes as the body of a comment, in bytes: its error speaks of 65,536 characters, and bytes are safe under any reading.
pub const LARGEST_BODY: usize = 65_536;

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

/// A comment and the pages of the whole plan, each small enough for GitHub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// At most [`LARGEST_BODY`] bytes of Markdown, the marker first.
    pub body: String,
    /// The whole plan as Markdown, each page at most 1 MiB: what a job summary takes.
    pub pages: Vec<String>,
}

/// The comment for a plan.
pub fn comment(plan: &Plan, report: &Report, occasion: &Occasion) -> Comment {
    let marker = marker_of(&plan.estate, Some(Digest::of(plan)), occasion);
    let text = crate::render::text(plan, report, crate::render::Options::default());
    Comment { body: format!("{}\n```\n{text}```\n", marker.line()), pages: vec![text] }
}

/// The comment for a plan that could not be made; `why` is what the command said.
pub fn failed(estate: &Name, why: &str, occasion: &Occasion) -> Comment {
    let marker = marker_of(estate, None, occasion);
    Comment { body: format!("{}\n### Planning failed\n\n```\n{why}\n```\n", marker.line()), pages: Vec::new() }
}

fn marker_of(estate: &Name, plan: Option<Digest>, occasion: &Occasion) -> Marker {
    let run = occasion.run.as_ref().map(|(id, _)| *id);
    Marker { estate: estate.clone(), plan, commit: occasion.commit.clone(), run, shown: Vec::new() }
}
