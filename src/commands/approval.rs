//! `landfall approval`: what was reviewed of a commit, and by how many; with a plan file, whether that suffices. Never applies anything.

use super::github::{Connected, GitHubArgs, connect};
use super::output::print;
use super::{Exit, Failure, Outcome, plan_file};
use crate::model::Digest;
use crate::render::escape::line as escape;
use crate::review::{Approval, Found, approval, is_commit, missing};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The commit that merging the pull request made
    #[arg(long, value_name = "SHA")]
    commit: String,
    /// Verify that this plan file is what was reviewed, merged and approved; exit with 2 if it is not
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    #[command(flatten)]
    github: GitHubArgs,
}

pub async fn run(args: Args) -> Outcome {
    if !is_commit(&args.commit) {
        let detail = format!("{} is no full name of a commit", escape(&args.commit));
        return Err(Failure::new("this is no commit", detail).hint("--commit \"$GITHUB_SHA\""));
    }
    let file = args.plan.as_deref().map(|path| plan_file::open(path, "this plan can't be verified")).transpose()?;
    let Connected { github, author } = connect(&args.github, false).await?;
    let planned = file.as_ref().map(|file| &file.plan.estate);
    let estate = args.github.estate.as_ref().or(planned);
    let found = match approval(&github, &args.commit, args.github.pull_request, &author, estate).await? {
        Found::Approval(found) => found,
        Found::Missing(what) => return Ok(withheld(&[what])),
    };
    for (login, why) in &found.approvals.not {
        eprintln!("an approval does not count: {} {}", escape(login), escape(why));
    }
    print(&outputs(&found))?;
    match file.map(|file| missing(&found, &file)) {
        Some(missing) if !missing.is_empty() => Ok(withheld(&missing)),
        _ => Ok(Exit::Done),
    }
}

/// Lines for `$GITHUB_OUTPUT`. Every value is a number or hexadecimal, so none can add a line.
fn outputs(found: &Approval) -> String {
    let Approval { pull_request, head, marker, approvals } = found;
    let run = marker.run.map_or_else(String::new, |run| run.to_string());
    let plan = marker.plan.as_ref().map_or_else(String::new, Digest::to_string);
    format!("pull_request={pull_request}\nrun={run}\nplan={plan}\ncommit={head}\napprovals={}\n", approvals.by.len())
}

fn withheld(missing: &[String]) -> Exit {
    for what in missing {
        eprintln!("missing: {what}");
    }
    Exit::Changes
}
