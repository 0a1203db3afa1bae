//! `landfall lock`: a turn to write for the jobs of a matrix, taken by the first and given back by the last; and the way out when a run
//! hangs.

use super::calls::Calls;
use super::connect::{Mode, connect};
use super::output::print;
use super::{Exit, Failure, Outcome, clock, files, machine};
use crate::aws::Lease;
use crate::cloud::lock::{self, Claim, NotOurs};
use crate::cloud::records::{Scribe, append};
use crate::cloud::{Entrance, Store};
use crate::model::Entry;
use crate::render::escape::line as escape;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Take the lock for a run of several jobs, and print the token that `landfall apply --turn` joins it by
    Take {
        #[command(flatten)]
        files: files::FileArgs,
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
    /// Give it back
    Release {
        /// What `landfall lock take` printed
        token: String,
        #[command(flatten)]
        files: files::FileArgs,
    },
    /// End somebody else's turn, with a record of it: for a run that is known to be dead, and whose turn is long
    Break {
        #[command(flatten)]
        files: files::FileArgs,
        /// Why, for the record
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

pub async fn run(args: Args) -> Outcome {
    match args.what {
        What::Take { files, purpose, minutes, wait } => {
            let (entrance, store) = match open(&files).await? {
                Ok(opened) => opened,
                Err(exit) => return Ok(exit),
            };
            let term = Duration::from_secs(minutes * 60);
            let claim = Claim { run: new_run()?, who: entrance.caller.arn.clone(), purpose, term, program: None, ended: machine::ended };
            take(&store, &claim, Duration::from_secs(wait * 60)).await
        }
        What::Release { token, files } => {
            let (_, store) = match open(&files).await? {
                Ok(opened) => opened,
                Err(exit) => return Ok(exit),
            };
            lock::end(&store, &token).await.map_err(failed)?;
            Ok(Exit::Done)
        }
        What::Break { files, reason } => {
            let (entrance, store) = match open(&files).await? {
                Ok(opened) => opened,
                Err(exit) => return Ok(exit),
            };
            break_it(&entrance, &store, reason).await
        }
    }
}

async fn open(args: &files::FileArgs) -> Result<Result<(Entrance, Store), Exit>, Failure> {
    let desired = match files::load(args) {
        Ok(desired) => desired,
        Err(exit) => return Ok(Err(exit)),
    };
    let estate = &desired.estate;
    let entrance = connect(Mode::ReadWrite, estate.home_region.clone(), estate.access_role.clone(), false, &Calls::default()).await?;
    let store = Store::of(&entrance.management);
    Ok(Ok((entrance, store)))
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

pub(super) fn failed(error: NotOurs) -> Failure {
    let failure = Failure::new("it is not this run's turn to write", escape(&error.to_string()));
    match error {
        NotOurs::Held(_) => {
            failure.hint("wait for it; if that run is dead, its turn ends by itself, or by `landfall lock break --reason TEXT`")
        }
        NotOurs::Over => failure.hint("`landfall status` says whose turn it is"),
        NotOurs::Unreadable | NotOurs::Call(_) => failure.hint("`landfall policy apply` prints what the role has to be allowed"),
    }
}

async fn take(store: &Store, claim: &Claim, patience: Duration) -> Outcome {
    store.open().await.map_err(|error| failed(error.into()))?;
    let waits = |holder: &crate::model::Holder| eprintln!("waiting for {}: {}", escape(&holder.who), escape(&holder.purpose));
    let turn = lock::take(store, claim, patience, &Lease::none(), waits).await.map_err(failed)?;
    print(&format!("{}\n", turn.token())).map(|()| Exit::Done)
}

async fn break_it(entrance: &Entrance, store: &Store, reason: String) -> Outcome {
    let who = entrance.caller.arn.clone();
    let holder = lock::break_it(store, &who, &reason).await.map_err(failed)?;
    print(&format!("The turn of {} is over. The next run can begin in some three minutes.\n", escape(&holder.who)))?;
    let scribe = Scribe { run: new_run()?, who };
    let unwritten =
        |error: crate::aws::CallError| Failure::new("that the lock was broken could not be recorded", escape(&error.to_string()));
    append(store, &scribe, clock::now(None), Entry::LockBroken { reason, holder }).await.map_err(unwritten)?;
    Ok(Exit::Done)
}
