//! `landfall lock`: a turn to write for the jobs of a matrix, taken by the first and given back by the last; and the way out when a run
//! hangs.

use super::calls::Calls;
use super::connect::{Mode, connect};
use super::output::print;
use super::{Exit, Failure, Outcome, clock, files, machine};
use crate::aws::{Lease, Moment};
use crate::cloud::Store;
use crate::cloud::lock::{self, Claim, NotOurs};
use crate::cloud::records::{Scribe, append, are_open, of_turn};
use crate::model::{Entry, Holder, Turn};
use crate::render::escape::line as escape;
use aws_smithy_async::time::SharedTimeSource;
use std::sync::Arc;
use std::time::Duration;

/// The longest name of a run.
const LONGEST_RUN: usize = 100;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    files: files::FileArgs,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Take the lock for a run of several jobs, and print the token that `landfall apply --turn` joins it by
    Take {
        /// What to call the run by, such as github-16423-1: of this attempt, and of no other. Drawn, when absent
        #[arg(long, value_name = "NAME", value_parser = run_name)]
        run: Option<String>,
        /// What for, as others are told who wait for it
        #[arg(long, value_name = "TEXT", default_value = "an apply in several jobs")]
        purpose: String,
        /// It ends by itself after so many minutes
        #[arg(long, value_name = "MINUTES", default_value_t = 360, value_parser = clap::value_parser!(u64).range(1..=1440))]
        minutes: u64,
        /// Wait so many minutes for whoever has it
        #[arg(long, value_name = "MINUTES", default_value_t = 60)]
        wait: u64,
    },
    /// Give it back. When some job of it was lost, the next run can begin as soon as that one can write no more
    Release {
        /// What `landfall lock take` printed, or the name that it was given with --run
        #[arg(value_name = "TURN")]
        turn: String,
    },
    /// End somebody else's turn, with a record of it: for a run that is known to be dead, and whose turn is long
    Break {
        /// Why, for the record
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

pub async fn run(args: Args) -> Outcome {
    let entrance = connect(&files::load(&args.files)?.estate, Mode::ReadWrite, false, &Calls::default()).await?;
    let store = Store::of(&entrance.management);
    match args.what {
        What::Take { run, purpose, minutes, wait } => {
            let (run, who, term) = (run.map_or_else(new_run, Ok)?, entrance.caller.arn, Duration::from_secs(minutes * 60));
            let claim = Claim { run, who, purpose, term, program: None, ended: machine::ended };
            take(&store, &claim, Duration::from_secs(wait * 60)).await
        }
        What::Release { turn } => release(&store, &turn).await,
        What::Break { reason } => break_it(&store, entrance.caller.arn, reason).await,
    }
}

/// A name that stands in a token, and is none that Landfall gives to others: those have no digit.
fn run_name(text: &str) -> Result<String, String> {
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    let numbered = text.contains(|c: char| c.is_ascii_digit());
    let fits = plain && numbered && text.len() <= LONGEST_RUN;
    fits.then(|| text.to_owned()).ok_or_else(|| format!("at most {LONGEST_RUN} letters, digits, `-`, `_` and `.`, with a number in it"))
}

/// What no other run is called: the time, for people, and a number that nobody else draws.
///
/// # Errors
/// A machine without randomness.
pub(super) fn new_run() -> Result<String, Failure> {
    let mut drawn = [0; 6];
    let none = |_| Failure::new("this machine gives no random numbers", "without them a run can't be told from others");
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut drawn).map_err(none)?;
    let drawn: String = drawn.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{}-{drawn}", clock::now(None).strftime("%Y%m%dT%H%M%SZ")))
}

/// What clients ask before they write, and gates before they let others.
pub(super) fn while_held(lease: &Arc<Lease>) -> Turn {
    let (lease, clock) = (lease.clone(), SharedTimeSource::default());
    Turn::new(move || lease.holds(Moment::now(&clock)))
}

pub(super) fn failed(error: NotOurs) -> Failure {
    let failure = Failure::new("it is not this run's turn to write", escape(&error.to_string()));
    match error {
        NotOurs::Held(_) => {
            failure.hint("wait for it; if that run is dead, its turn ends by itself, or by `landfall lock break --reason TEXT`")
        }
        NotOurs::Over => failure.hint(
            "`landfall status` says whose turn it is. In GitHub Actions, re-run all jobs: a turn ends with its run, and the first job takes a new one",
        ),
        NotOurs::Unreadable | NotOurs::Call(_) => failure.hint("`landfall policy apply` prints what the role has to be allowed"),
    }
}

/// Says once whom a run waits for.
pub(super) fn waits() -> impl FnMut(&Holder) {
    let mut said = None;
    move |holder| {
        if said.as_ref() != Some(&holder.run) {
            eprintln!("waiting for {}, who writes since {}: {}", escape(&holder.who), holder.since, escape(&holder.purpose));
            said = Some(holder.run.clone());
        }
    }
}

async fn take(store: &Store, claim: &Claim, patience: Duration) -> Outcome {
    store.open().await.map_err(|error| failed(error.into()))?;
    let turn = lock::take(store, claim, patience, &Lease::none(), waits()).await.map_err(failed)?;
    print(&format!("{}\n", turn.token())).map(|()| Exit::Done)
}

/// A job that was lost has left a record without an end. What can't be found out is taken for that.
async fn release(store: &Store, turn: &str) -> Outcome {
    let Some(fence) = lock::under_way(store, turn).await.map_err(failed)? else {
        eprintln!("That turn is over already.");
        return Ok(Exit::Done);
    };
    if of_turn(store, fence).await.is_ok_and(|records| !are_open(&records)) {
        lock::end(store, turn).await.map_err(failed)?;
    } else {
        lock::leave(store, turn).await.map_err(failed)?;
        eprintln!("Not every job of it has ended: the next run can begin in some three minutes, when none can write any more.");
    }
    Ok(Exit::Done)
}

async fn break_it(store: &Store, who: String, reason: String) -> Outcome {
    let holder = lock::break_it(store, &who, &reason).await.map_err(failed)?;
    print(&format!("The turn of {} is over. The next run can begin in some three minutes.\n", escape(&holder.who)))?;
    let scribe = Scribe { run: new_run()?, who };
    let unwritten =
        |error: crate::aws::CallError| Failure::new("that the lock was broken could not be recorded", escape(&error.to_string()));
    append(store, &scribe, clock::now(None), Entry::LockBroken { reason, holder }).await.map_err(unwritten)?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_called_by_what_can_stand_in_a_token() {
        assert_eq!(run_name("github-16423-1"), Ok("github-16423-1".to_owned()));
        for wrong in ["", "left", "broken", "1:1", "run 1", "run\n1", "ü1", &"1".repeat(101)] {
            assert!(run_name(wrong).is_err(), "{wrong:?}");
        }
    }
}
