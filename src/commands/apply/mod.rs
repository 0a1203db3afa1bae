//! `landfall apply`: carries out a reviewed plan file while it is this run's turn to write, says what became of every step, and records it.

pub(super) mod approved;
mod ci;
mod journal;
mod notices;
mod peers;
mod spread;
mod stream;
mod tell;
mod told;
mod trace;
mod turn;

use super::calls::Calls;
use super::connect::{Mode, connect_while, unread};
use super::output::print;
use super::progress::Bars;
use super::{Exit, Failure, Outcome as Ended, clock, gate, glass, lock, parts, way_back};
use crate::apply::{Limits, Terms, Watch, apply};
use crate::aws::Lease;
use crate::cloud::{Entrance, RealCloud};
use crate::model::{Account, Name};
use crate::plan::Plan;
use approved::{Approved, Review};
use ci::Runner;
use journal::Journal;
pub(super) use spread::Spread;
use std::path::PathBuf;
use tell::{Teller, exit, not_reviewed, summary};
use told::{Told, beside};
use turn::Held;

/// Every call is paced, so this bounds our memory alone. Five accounts at a time are being created, and while five more are, those before
/// them have minutes of waiting ahead: 64 leave nobody behind. Within an account, what is independent of each other waits for AWS side by side.
pub(super) const LIMITS: Limits = Limits { accounts: 64, steps: 8 };

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The plan file, as written by `landfall plan --out`
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// The plan file that was reviewed: what is planned now and is not in it is withheld, and the exit status is 2
    #[arg(long, value_name = "FILE")]
    reviewed: Option<PathBuf>,
    /// Apply the steps of this wave only, such as prod
    #[arg(long, value_name = "NAME")]
    wave: Option<Name>,
    /// Apply the steps of these accounts only, such as payments/prod (repeatable, or separated by commas)
    #[arg(long, value_name = "DOMAIN/ENVIRONMENT", value_delimiter = ',')]
    account: Vec<Account>,
    /// Make the accounts that don't exist yet and nothing in them, and then let the parts in FOLDER, as `landfall gate --parts` wrote them,
    /// enter them: each job its own
    #[arg(long, value_name = "FOLDER", requires_all = ["wave", "account"])]
    accounts_for: Option<PathBuf>,
    /// Start nothing when more than so many other accounts of the wave failed in this turn
    #[arg(long, value_name = "COUNT", requires_all = ["wave", "account", "token"])]
    tolerate: Option<usize>,
    /// Write the plan that undoes what was done to this file: before the first step, and again at the end
    #[arg(long, value_name = "FILE")]
    rollback_out: Option<PathBuf>,
    /// Start although a block day or a bake time says no, and why; somebody else has to agree by `landfall break-glass`. What canaries and the
    /// lock say holds all the same
    #[arg(long, value_name = "REASON", value_parser = gate::reason)]
    break_glass: Option<String>,
    #[command(flatten)]
    turn: turn::TurnArgs,
    #[command(flatten)]
    why: journal::WhyArgs,
    /// What to print on stdout: what became of it when it is over, or each event as JSON on a line of its own
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Tell of every AWS call on stderr
    #[arg(short, long)]
    verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

pub async fn run(args: Args) -> Ended {
    let runner = Runner::begin()?;
    let ended = applied(&args, runner.as_ref()).await;
    match (ended, &runner) {
        // Said while the runner takes no commands: a failure may quote what AWS said.
        (Err(failure), Some(runner)) => {
            eprintln!("{failure}");
            runner.failed(&failure);
            Ok(Exit::Failed)
        }
        (ended, _) => ended,
    }
}

async fn applied(args: &Args, runner: Option<&Runner>) -> Ended {
    let review = Review::of(args)?;
    let approved = review.approve();
    // Only whoever looks into the history has to go into the organization first.
    let open = review.leaves_open(&approved);
    if !open && let Some(exit) = nothing_to_do(args, runner, &approved)? {
        return Ok(exit);
    }
    let (calls, lease) = (Calls::default(), Lease::none());
    let Plan { home_region, access_role, .. } = approved.plan.plan();
    let turn = lock::while_held(&lease);
    let entrance = connect_while(turn, Mode::ReadWrite, home_region.clone(), access_role.clone(), args.verbose, &calls).await?;
    let mut held = turn::take(&args.turn, &entrance, &format!("plan {}", approved.seen().short()), &lease).await?;
    let ended = async {
        peers::go_on(args, &held).await?;
        if !open {
            return carry_out(args, &approved, entrance, &mut held, &calls, runner).await;
        }
        let approved = review.approve_by(&held.store).await?;
        match nothing_to_do(args, runner, &approved)? {
            Some(exit) => Ok(exit),
            None => carry_out(args, &approved, entrance, &mut held, &calls, runner).await,
        }
    }
    .await;
    held.release().await;
    eprintln!("{}", calls.summary());
    ended
}

/// Says what is left out, and how a run ends that has nothing left.
fn nothing_to_do(args: &Args, runner: Option<&Runner>, approved: &Approved) -> Result<Option<Exit>, Failure> {
    say(args, runner, &not_reviewed(approved))?;
    if !approved.plan.plan().is_empty() {
        return Ok(None);
    }
    let none = if approved.withheld.is_empty() { "the plan has no steps" } else { "no step was reviewed as it is planned now" };
    say(args, runner, &format!("Nothing to apply: {none}.\n"))?;
    Ok(Some(if approved.withheld.is_empty() { Exit::Done } else { Exit::Changes }))
}

/// Text for people: on stdout, unless that is for programs.
fn say(args: &Args, runner: Option<&Runner>, text: &str) -> Result<(), Failure> {
    match args.format {
        Format::Text if runner.is_some() => print(&ci::defused(text)),
        Format::Text => print(text),
        Format::Json => {
            eprint!("{text}");
            Ok(())
        }
    }
}

async fn carry_out(args: &Args, approved: &Approved, entrance: Entrance, held: &mut Held, calls: &Calls, runner: Option<&Runner>) -> Ended {
    let break_glass = glass::broken(args.break_glass.as_deref(), &held.store, &entrance.caller, approved.seen()).await?;
    let back = way_back::before(approved.plan.plan(), args.rollback_out.as_deref())?;
    let journal = Journal::begin((args, break_glass.as_deref()), approved, &back, held).await?;
    let cloud = RealCloud::open(entrance, approved.plan.plan(), approved.seen().clone()).await.map_err(unread)?;
    let bars = Bars::new("applying", args.verbose);
    bars.expect(approved.plan.plan().steps().count());
    // An account's own job in a matrix comes after its wave's gate; a whole wave, or a whole plan, is its own gatekeeper.
    let watch = if args.account.is_empty() { Watch::Whole } else { Watch::Own };
    let terms = Terms { limits: LIMITS, watch, break_glass };
    let (told, mut sending) = Told::of(args, (approved, held), Teller::new(&bars, calls), runner);
    let mut heard = |event: &crate::apply::Event<'_>| told.hear(event, &journal);
    let outcome = beside(held.during(apply(&approved.plan, &cloud, &terms, &mut heard)), &mut sending).await;
    bars.clear();
    let closing = journal.closing(approved, &outcome, calls);
    if let Some(runner) = runner {
        runner.end(&outcome);
        ci::summarize(&journal.markdown(&closing, clock::now(None)));
    }
    let said = say(args, runner, &summary(&outcome));
    let parts = args.accounts_for.as_ref().zip(args.wave.as_ref()).map(|(folder, wave)| parts::confine(folder, wave, &cloud));
    let back = way_back::after(approved.plan.plan(), &outcome, args.rollback_out.as_deref());
    let recorded = journal.end(closing, held).await;
    told.end(approved, &outcome, sending).await;
    said.and(recorded).and(parts.unwrap_or(Ok(())))?;
    say(args, runner, &back?.unwrap_or_default())?;
    Ok(match exit(&outcome) {
        Exit::Done if !approved.withheld.is_empty() => Exit::Changes,
        exit => exit,
    })
}
