//! The first lines of a comment, which are all that a phone or an email shows, and the last ones, which say where the rest is.

use super::markdown::code;
use super::sections::New;
use super::{Marker, Occasion};
use crate::model::{Digest, Name, Risk};
use crate::plan::{OVER_QUOTA, Plan, Report, estimate};
use crate::render::counts::{Counts, many};
use crate::render::rollout;
use std::collections::BTreeSet;

/// How much of a commit's hash people compare.
const SHORT: usize = 7;

/// The verdict, then what a reviewer decides by.
pub(super) fn headline(plan: &Plan, digest: &Digest, report: &Report, occasion: &Occasion) -> String {
    let counts = Counts::of(plan, report);
    let mut lines = vec![format!("### Landfall · {} · {}", plan.estate, verdict(&counts)), String::new()];
    lines.push(counts.done(report.accounts));
    if counts.blocking > 0 {
        lines.push(format!("**The plan is not whole**: {} below.", many(counts.blocking, "blocking note")));
    }
    lines.push(String::new());
    if !plan.is_empty() {
        let dangerous = plan.steps().filter(|step| step.risk() == Risk::Dangerous).count();
        let worst = match dangerous {
            0 => format!("Worst risk: **{}**", counts.worst_risk),
            count => format!("Worst risk: **dangerous** ({})", many(count, "step")),
        };
        let approvals = match plan.approvals_needed() {
            0 => "no approval needed".to_owned(),
            count => format!("needs {} by others than the author", many(count, "approval")),
        };
        let quotas = match report.notes.iter().filter(|note| note.summary == OVER_QUOTA).count() {
            0 => String::new(),
            count => format!(" · **{} would be exceeded**", many(count, "quota")),
        };
        lines.push(format!("{worst} · {approvals} · {}{quotas}", estimate(plan)));
        lines.push(String::new());
    }
    if let Some(waves) = rollout::line(plan) {
        lines.extend([waves, String::new()]);
    }
    lines.push(format!("Plan {}{}", code(digest.short()), of_commit(occasion)));
    lines.join("\n") + "\n\n"
}

/// What an email's first line says.
fn verdict(counts: &Counts) -> String {
    match (counts.steps(), counts.blocking) {
        (0, 0) => "no changes".to_owned(),
        (_, 1..) => "the plan is not whole".to_owned(),
        (steps, 0) => format!("{} in {}", many(steps, "change"), many(counts.accounts, "account")),
    }
}

pub(super) fn failed(estate: &Name, occasion: &Occasion) -> String {
    let run = occasion.run.as_ref().map(|(_, address)| format!(" The log is in [this run]({address}).")).unwrap_or_default();
    format!("### Landfall · {estate} · planning failed\n\nNothing is known of what a merge would do{}.{run}\n\n", of_commit(occasion))
}

fn of_commit(occasion: &Occasion) -> String {
    let short: String = occasion.commit.chars().take(SHORT).collect();
    if short.is_empty() { String::new() } else { format!(" of commit {}", code(&short)) }
}

/// The patterns and outliers that the previous comment did not show.
pub(super) fn new<'a>(marker: &'a Marker, previous: &Marker) -> New<'a> {
    let before: BTreeSet<&str> = previous.shown.iter().map(String::as_str).collect();
    // A plan that failed before says nothing about what is new now.
    let known = previous.plan.is_some();
    marker.shown.iter().map(String::as_str).filter(|shown| known && !before.contains(shown)).collect()
}

/// What changed since the previous plan of this pull request.
pub(super) fn history(marker: &Marker, previous: &Marker, new: &New) -> String {
    let now: BTreeSet<&str> = marker.shown.iter().map(String::as_str).collect();
    let gone = previous.shown.iter().filter(|shown| !now.contains(shown.as_str())).count();
    let short: String = previous.commit.chars().take(SHORT).collect();
    let since = if short.is_empty() { "the previous plan".to_owned() } else { format!("the plan of {}", code(&short)) };
    let said = match (&previous.plan, new.len(), gone) {
        (None, ..) => "The previous attempt to plan failed.".to_owned(),
        (before, ..) if *before == marker.plan => format!("The same plan as {since}."),
        (_, 0, 0) => format!("Since {since}: the same steps."),
        (_, new, gone) => format!("Since {since}: {}, marked so; {gone} gone.", many(new, "new pattern")),
    };
    format!("{said}\n\n")
}

/// What was left out, and where everything is.
pub(super) fn closing(without: Option<&str>, folds: bool, occasion: &Occasion) -> String {
    let left_out = without.map(|without| format!("**Left out here for lack of room:** {without}. ")).unwrap_or_default();
    let place = match &occasion.run {
        Some((_, address)) => format!("The full plan: [job summary, and the page in the artifact `landfall-plan`]({address})."),
        None => "The full plan: `landfall plan --full`.".to_owned(),
    };
    let legend = if folds { " Names in ‹ › stand for each account's own." } else { "" };
    format!("\n---\n{left_out}{place}{legend}\n")
}
