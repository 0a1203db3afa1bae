//! What was reviewed and merged: from a commit to its pull request, to our comment there, to the approvals of what it showed.
//!
//! What rests on what: reviews and merges are GitHub's own word. The comment's marker is ours as long as nobody with write access edited
//! it, which GitHub's interface does not tell. So it only says where to look for the plan file; what is applied is planned again from
//! the merged files, and only steps that stand in that plan file go ahead.

use super::author::Author;
use super::pulls::Pull;
use super::reviews::Approvals;
use super::trouble::shown;
use super::wire::Wire;
use super::{GitHub, Trouble, comments, is_commit, pulls, reviews};
use crate::model::{Digest, Name};
use crate::plan::PlanFile;
use crate::render::comment::Marker;

/// A pull request that was merged, and what was reviewed of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    pub pull_request: u64,
    /// The head that was merged.
    pub head: String,
    pub marker: Marker,
    pub approvals: Approvals,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Approval(Box<Approval>),
    /// Something is not there, in words.
    Missing(String),
}

/// Looks for what was reviewed of a commit.
///
/// # Errors
/// GitHub refuses, does not answer in time, or what it says is ambiguous.
pub async fn approval<W: Wire>(
    github: &GitHub<W>,
    commit: &str,
    number: Option<u64>,
    author: &Author,
    estate: Option<&Name>,
) -> Result<Found, Trouble> {
    let pull = match the_pull(github, commit, number).await? {
        Ok(pull) => pull,
        Err(missing) => return Ok(Found::Missing(missing)),
    };
    let number = pull.number;
    let Some((shown, marker)) = the_marker(github, number, author, estate).await? else {
        let of = estate.map_or_else(String::new, |estate| format!(" of the estate {estate}"));
        return Ok(Found::Missing(format!("pull request #{number} has no comment of ours with a plan{of} (ours are those of {author})")));
    };
    let approvals = reviews::approvals(github, &pull, &shown).await?;
    Ok(Found::Approval(Box::new(Approval { pull_request: number, head: pull.head.sha, marker, approvals })))
}

/// The one pull request that made the commit; or what to say when there is none.
async fn the_pull<W: Wire>(github: &GitHub<W>, commit: &str, number: Option<u64>) -> Result<Result<Pull, String>, Trouble> {
    if let Some(number) = number {
        let pull = pulls::pull(github, number).await?;
        let missing = format!("pull request #{number} was not merged as {commit}");
        return Ok(if pull.made(commit) { sound(pull) } else { Err(missing) });
    }
    let mut found = pulls::merged_as(github, commit).await?;
    match found.len() {
        0 => Ok(Err(format!("no pull request was merged as {commit}: was it pushed without one?"))),
        1 => Ok(sound(found.remove(0))),
        _ => {
            let numbers: Vec<String> = found.iter().map(|pull| format!("#{}", pull.number)).collect();
            let detail = format!("{commit} is what {} were merged as", numbers.join(" and "));
            Err(Trouble::refused("the commit is of several pull requests", detail).hint("say which with --pull-request"))
        }
    }
}

/// What is printed for other programs must be what it claims to be.
fn sound(pull: Pull) -> Result<Pull, String> {
    if is_commit(&pull.head.sha) { Ok(pull) } else { Err(format!("the head of pull request #{} is no commit", pull.number)) }
}

/// When our comment was written last, and its marker; of several, which only a race leaves behind, the oldest is the one that is kept.
async fn the_marker<W: Wire>(
    github: &GitHub<W>,
    number: u64,
    author: &Author,
    estate: Option<&Name>,
) -> Result<Option<(String, Marker)>, Trouble> {
    let found = comments::ours(github, number, author, estate).await?;
    let Some((first, marker)) = found.first() else { return Ok(None) };
    let ambiguous = |what, detail, hint: &str| Err(Trouble::refused(what, format!("pull request #{number}: {detail}")).hint(hint));
    if let Some((_, other)) = found.iter().find(|(_, other)| other.estate != marker.estate) {
        let detail = format!("{} and {}", marker.estate, other.estate);
        return ambiguous("there are comments of several estates", detail, "say which with --estate");
    }
    if let Some((other, _)) = found.iter().find(|(other, _)| other.login() != first.login()) {
        let login = |comment: &comments::Posted| shown(comment.login().unwrap_or_default());
        let detail = format!("{} and {}", login(first), login(other));
        return ambiguous("there are comments of several authors", detail, "say whose with --author: somebody may have forged the other");
    }
    match is_sound(marker) {
        true => Ok(Some((first.updated_at.clone(), marker.clone()))),
        false => ambiguous("the comment's marker is damaged", first.html_url.clone(), "plan again, and have the comment made anew"),
    }
}

/// Whether a marker's values are what they claim to be: they are printed for other programs, where a line break would add an output.
fn is_sound(marker: &Marker) -> bool {
    let is_digest = |digest: &Digest| {
        let text = digest.to_string();
        text.len() == 64 && is_commit(&text)
    };
    is_commit(&marker.commit) && marker.plan.as_ref().is_none_or(is_digest)
}

/// What keeps a plan file from being what was approved; nothing, when it is.
pub fn missing(approval: &Approval, file: &PlanFile) -> Vec<String> {
    let Approval { pull_request, head, marker, approvals } = approval;
    let mut missing = Vec::new();
    match &marker.plan {
        None => missing.push(format!("a plan: on pull request #{pull_request}, planning failed")),
        Some(plan) if *plan != file.digest => {
            let (ours, theirs) = (file.digest.short(), plan.short());
            missing.push(format!("the reviewed plan: the file holds plan {ours}, and the comment on #{pull_request} shows {theirs}"));
        }
        Some(_) => {}
    }
    if marker.commit != *head {
        missing.push(format!("a plan of what was merged: the comment shows the plan of {}, and {head} was merged", marker.commit));
    }
    let (needed, found) = (file.plan.approvals_needed(), approvals.by.len());
    if found < needed {
        let risk = file.plan.risk();
        missing.push(format!("approvals: the plan's worst step is {risk}, which takes {needed}, and {head} has {found}"));
    }
    missing
}
