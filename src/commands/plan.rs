//! `landfall plan`: compares the files with live AWS, and shows what would be done. Can't write: its sessions refuse to.

use super::calls::Calls;
use super::connect::{Mode, connect};
use super::files;
use super::progress::Bars;
use super::rehearse::rehearsed;
use super::{Exit, Failure, Outcome, accounts, show, since};
use crate::cloud::{Progress, Selection, read};
use crate::model::Severity;
use crate::plan::{Desired, Plan, PlanFile, Report, narrow, plan};
use crate::rehearsal::{notes, unrehearsed};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    files: files::FileArgs,
    #[command(flatten)]
    accounts: accounts::AccountArgs,
    /// Plan only the domains for which something else is declared than at this commit, branch or tag
    #[arg(long, value_name = "REF", alias = "changed-since", conflicts_with_all = ["domain", "account"])]
    since: Option<String>,
    #[command(flatten)]
    shown: show::ShowArgs,
    /// Write the plan to a file, for `landfall apply`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Rehearse the plan against what was just read, and add what would become of it to the plan's notes
    #[arg(long)]
    rehearse: bool,
    /// Exit with 2 when there are changes
    #[arg(long)]
    exit_code: bool,
    /// Tell of every AWS call on stderr
    #[arg(short, long)]
    verbose: bool,
}

pub async fn run(args: Args) -> Outcome {
    let desired = files::load(&args.files)?;
    let selection = select(&desired, &args)?;
    let (plan, report) = make(&desired, &selection, args.rehearse, args.verbose).await?;
    show::show(&plan, &report, &args.shown)?;
    if let Some(path) = &args.out {
        let file = PlanFile::of(plan.clone(), report.clone());
        std::fs::write(path, file.to_json())
            .map_err(|error| Failure::new("the plan could not be written", format!("{}: {error}", path.display())))?;
        eprintln!("plan {} written to {}", file.digest.short(), path.display());
    }
    Ok(exit(&plan, &report, args.exit_code))
}

/// Reads live state and plans, for this command and whoever else needs a plan.
async fn make(desired: &Desired, selection: &Selection, rehearses: bool, verbose: bool) -> Result<(Plan, Report), Failure> {
    let calls = Calls::default();
    let estate = &desired.estate;
    let mode = if rehearses { Mode::Asking } else { Mode::ReadOnly };
    let entrance = connect(estate, mode, verbose, &calls).await?;
    let bars = Bars::new("reading", verbose);
    let live = read(&entrance, desired, selection, |progress| match progress {
        Progress::Accounts(count) => bars.expect(count),
        Progress::Read(account) => bars.advance(account),
    })
    .await;
    bars.clear();
    let (whole, report) = plan(desired, &live);
    let (plan, mut report) = match selection {
        Selection(None) => (whole, report),
        Selection(Some(accounts)) => narrow(whole, report, accounts, desired, &live),
    };
    if rehearses && !plan.is_empty() {
        // A plan is worth having, also where nobody can tell what would become of it.
        let rehearsal = rehearsed(&entrance, desired, live, plan.clone()).await;
        report.notes.extend(rehearsal.map_or_else(|failure| vec![unrehearsed(&failure)], |rehearsal| notes(&rehearsal)));
        report.notes.sort();
    }
    eprintln!("{}", calls.summary());
    Ok((plan, report))
}

/// The accounts that the arguments ask for; all, when they ask for none in particular.
fn select(desired: &Desired, args: &Args) -> Result<Selection, Failure> {
    if let Some(reference) = &args.since {
        return since::select(&args.files, desired, reference);
    }
    args.accounts.select(desired)
}

/// A plan that is not whole is an error, whatever else it holds: a pipeline must not take it for the truth.
fn exit(plan: &Plan, report: &Report, exit_code: bool) -> Exit {
    if report.notes.iter().any(|note| note.severity == Severity::Blocking) {
        return Exit::Failed;
    }
    if exit_code && !plan.is_empty() { Exit::Changes } else { Exit::Done }
}
