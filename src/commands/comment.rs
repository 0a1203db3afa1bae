//! `landfall comment`: posts or updates the one comment on a pull request, and hands the whole plan to the job's summary.

use super::files::FileArgs;
use super::github::{Connected, GitHubArgs, connect, event, run as this_run, variable};
use super::output::print;
use super::{Exit, Failure, Outcome, plan_file};
use crate::model::Name;
use crate::plan::PlanFile;
use crate::render::comment::{Occasion, comment, failed, pages};
use crate::render::escape::line as escape;
use crate::review::{Posted, Target, is_commit, upsert};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// What GitHub takes as the summary of one step; of more, it takes nothing.
const LARGEST_SUMMARY: usize = 1024 * 1024;
/// What stands in the place of pages that don't fit, and the room that is kept for it.
const REST: &str = "\nThe rest of the plan is in the artifact `landfall-plan`.\n";

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The plan file, as written by `landfall plan --out`
    #[arg(value_name = "PLAN", required_unless_present = "failed", conflicts_with = "failed")]
    plan: Option<PathBuf>,
    /// Comment that planning failed, with what it said in this file (`-`: on stdin)
    #[arg(long, value_name = "FILE")]
    failed: Option<PathBuf>,
    /// The commit that was planned (default: the head of the event's pull request)
    #[arg(long, value_name = "SHA")]
    commit: Option<String>,
    /// Append the pages of the whole plan to this file (default: GITHUB_STEP_SUMMARY, the step's)
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
    #[command(flatten)]
    github: GitHubArgs,
    #[command(flatten)]
    files: FileArgs,
}

/// What the comment is about.
enum Subject {
    Plan(Box<PlanFile>),
    Failed { estate: Name, why: String },
}

pub async fn run(args: Args) -> Outcome {
    let subject = subject(&args)?;
    let (pull_request, commit) = (pull_request(&args)?, commit(&args)?);
    let Connected { github, author } = connect(&args.github, true).await?;
    let occasion = |previous: Option<&str>| Occasion {
        commit: commit.clone(),
        run: this_run(&github.repository),
        previous: previous.map(str::to_owned),
    };
    summarize(&args, &subject.pages())?;
    let target = Target { pull_request, estate: subject.estate().clone(), commit: commit.clone(), author };
    let posted = upsert(&github, &target, |previous| subject.comment(&occasion(previous))).await?;
    print(&told(&posted, &target))?;
    Ok(Exit::Done)
}

impl Subject {
    fn estate(&self) -> &Name {
        match self {
            Subject::Plan(file) => &file.plan.estate,
            Subject::Failed { estate, .. } => estate,
        }
    }

    fn pages(&self) -> Vec<String> {
        match self {
            Subject::Plan(file) => pages(&file.plan, &file.report),
            Subject::Failed { .. } => Vec::new(),
        }
    }

    fn comment(&self, occasion: &Occasion) -> String {
        match self {
            Subject::Plan(file) => comment(&file.plan, &file.report, occasion),
            Subject::Failed { estate, why } => failed(estate, why, occasion),
        }
    }
}

fn told(posted: &Posted, target: &Target) -> String {
    let Target { pull_request, estate, commit, author: _ } = target;
    match posted {
        Posted::Created { url } => format!("Commented: {}\n", escape(url)),
        Posted::Updated { url } => format!("Updated the comment: {}\n", escape(url)),
        Posted::Unchanged { url } => format!("The comment says so already: {}\n", escape(url)),
        Posted::Stale { head } => format!(
            "The comment of {estate} was left alone: this plan is of {commit}, and the head of #{pull_request} is {} by now.\n",
            escape(head)
        ),
        Posted::Merged => {
            format!("The comment of {estate} was left alone: #{pull_request} was merged, and the comment is what was reviewed.\n")
        }
    }
}

fn subject(args: &Args) -> Result<Subject, Failure> {
    match (&args.plan, &args.failed) {
        (Some(path), _) => planned(path, args.github.estate.as_ref()),
        (None, Some(path)) => Ok(Subject::Failed { estate: estate(args)?, why: said(path)? }),
        (None, None) => Err(Failure::new("there is nothing to comment", "neither a plan nor --failed is given")),
    }
}

fn planned(path: &Path, estate: Option<&Name>) -> Result<Subject, Failure> {
    let file = plan_file::open(path, "this plan can't be shown")?;
    match estate.filter(|estate| **estate != file.plan.estate) {
        None => Ok(Subject::Plan(Box::new(file))),
        Some(estate) => {
            let detail = format!("{} is a plan of {}, and not of {estate}", path.display(), file.plan.estate);
            Err(Failure::new("this is another estate's plan", detail).hint("leave --estate out: the plan says what it is of"))
        }
    }
}

/// What planning said. It may be cut anywhere, and hold anything.
fn said(path: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = match path.as_os_str() == "-" {
        true => std::io::stdin().read_to_end(&mut bytes).map(drop),
        false => std::fs::read(path).map(|read| bytes = read),
    };
    read.map_err(|error| Failure::new("what planning said can't be read", format!("{}: {error}", path.display())))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The estate of files that could not be planned, and may be broken: its name is looked for as text.
fn estate(args: &Args) -> Result<Name, Failure> {
    if let Some(estate) = &args.github.estate {
        return Ok(estate.clone());
    }
    let path = args.files.path();
    let unknown = |why: String| {
        let detail = format!("{}: {why}", path.display());
        Failure::new("it is not known which estate is meant", detail).hint("--estate NAME, as under `organization:`, `name:`")
    };
    let text = std::fs::read_to_string(&path).map_err(|error| unknown(error.to_string()))?;
    named(&text).ok_or_else(|| unknown("it names no organization".to_owned()))
}

/// The `name` under `organization`, of YAML that need not be any.
fn named(text: &str) -> Option<Name> {
    let mut lines = text.lines().skip_while(|line| !line.starts_with("organization:"));
    let inline = lines.next()?.split_once('{').map(|(_, inline)| inline);
    let block = lines.take_while(|line| line.is_empty() || line.starts_with([' ', '\t', '#']));
    let fields = inline.into_iter().flat_map(|inline| inline.split(',')).chain(block);
    let value = fields.filter_map(|field| field.trim().strip_prefix("name:")).next()?;
    let plain = value.split(" #").next()?.trim_matches(|c: char| c.is_whitespace() || "\"'}".contains(c));
    plain.parse().ok()
}

fn pull_request(args: &Args) -> Result<u64, Failure> {
    let none = || {
        let detail = "the workflow's event (GITHUB_EVENT_PATH) is of no pull request";
        Failure::new("it is not known which pull request is meant", detail).hint("--pull-request NUMBER")
    };
    args.github.pull_request.or_else(|| event().pull_request).ok_or_else(none)
}

fn commit(args: &Args) -> Result<String, Failure> {
    let unknown = |detail: String| {
        Failure::new("it is not known which commit was planned", detail).hint("--commit SHA: the full name of the pull request's head")
    };
    let Some(given) = &args.commit else {
        return event().head.ok_or_else(|| unknown("the workflow's event (GITHUB_EVENT_PATH) names no head of a pull request".to_owned()));
    };
    match is_commit(given) {
        true => Ok(given.clone()),
        false => Err(unknown(format!("{} is no full name of a commit", escape(given)))),
    }
}

/// Appends the pages to the summary, as many as fit. GitHub drops a summary that is too large as a whole.
fn summarize(args: &Args, pages: &[String]) -> Result<(), Failure> {
    let Some(path) = args.summary.clone().or_else(|| variable("GITHUB_STEP_SUMMARY").map(PathBuf::from)) else { return Ok(()) };
    let unwritable = |error: std::io::Error| Failure::new("the summary can't be written", format!("{}: {error}", path.display()));
    let there = std::fs::metadata(&path).map_or(0, |there| there.len());
    let text = fitting(pages, LARGEST_SUMMARY.saturating_sub(usize::try_from(there).unwrap_or(usize::MAX)));
    let mut file = std::fs::File::options().append(true).create(true).open(&path).map_err(unwritable)?;
    file.write_all(text.as_bytes()).map_err(unwritable)
}

/// The first pages that fit, and a word about the others.
fn fitting(pages: &[String], room: usize) -> String {
    let mut text = String::new();
    for (at, page) in pages.iter().enumerate() {
        let kept = if at + 1 == pages.len() { 0 } else { REST.len() };
        if text.len() + page.len() + kept > room {
            text.push_str(if text.len() + REST.len() > room { "" } else { REST });
            return text;
        }
        text.push_str(page);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estate_is_found_in_files_that_are_broken() {
        let name = |text: &str| named(text).map(|name| name.to_string());
        let whole = "# x\norganization:\n  # ours\n\n  home_region: us-west-2\n  name: acme # us\nteams: {}\n";
        assert_eq!(name(whole).as_deref(), Some("acme"));
        assert_eq!(name("organization: { github: x, name: \"acme\" }\n").as_deref(), Some("acme"));
        assert_eq!(name("teams: [\norganization:\n  name: 'acme'\n  {{").as_deref(), Some("acme"));
        for text in ["", "organization:\nname: acme", "teams:\n  name: x", "organization:\n  name: a b"] {
            assert_eq!(name(text), None, "{text}");
        }
    }

    #[test]
    fn only_so_many_pages_as_fit_go_into_the_summary() {
        let page = "x".repeat(100);
        let pages = [page.clone(), page.clone()];
        assert_eq!(fitting(&pages, 200), page.repeat(2));
        assert_eq!(fitting(&pages, 199), format!("{page}{REST}"));
        assert_eq!(fitting(&pages, 120), REST);
        assert_eq!(fitting(&pages, 3), "");
    }
}
