//! This run's turn to write: taken before anything is read that is written later, kept while it runs, and given back.

use super::super::{Failure, lock, machine};
use crate::aws::{CallError, Lease};
use crate::cloud::lock::{Claim, TERM, Turn, join, keep, take as take_turn};
use crate::cloud::records::Scribe;
use crate::cloud::{Entrance, Store};
use crate::render::escape::line as escape;
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub struct TurnArgs {
    /// Join the turn to write that `landfall lock take` printed the token of: for one job of several
    #[arg(long = "turn", value_name = "TOKEN")]
    token: Option<String>,
    /// Wait so many minutes for another run that writes
    #[arg(long, value_name = "MINUTES", default_value_t = 60)]
    wait: u64,
}

impl TurnArgs {
    /// Whether other jobs write in the turn as well.
    pub fn is_shared(&self) -> bool {
        self.token.is_some()
    }
}

/// A turn, and where it is kept.
pub(super) struct Held {
    pub store: Store,
    pub scribe: Scribe,
    turn: Turn,
}

/// Takes the lock of the organization, or joins a turn.
pub(super) async fn take(args: &TurnArgs, entrance: &Entrance, purpose: &str, lease: &Arc<Lease>) -> Result<Held, Failure> {
    let store = Store::of(&entrance.management);
    let scribe = Scribe { run: lock::new_run()?, who: entrance.caller.arn.clone() };
    let turn = match &args.token {
        Some(token) => join(&store, token, lease).await,
        None => {
            store.open().await.map_err(unkept)?;
            let (run, who, purpose) = (scribe.run.clone(), scribe.who.clone(), purpose.to_owned());
            let claim = Claim { run, who, purpose, term: TERM, program: machine::this(), ended: machine::ended };
            take_turn(&store, &claim, Duration::from_secs(args.wait * 60), lease, lock::waits()).await
        }
    };
    Ok(Held { store, scribe, turn: turn.map_err(lock::failed)? })
}

fn unkept(error: CallError) -> Failure {
    Failure::new("the lock of the organization can't be kept", escape(&error.to_string()))
        .hint("`landfall policy apply` prints what the role has to be allowed")
}

impl Held {
    /// Keeps the turn while something is done in it.
    pub async fn during<T>(&mut self, work: impl Future<Output = T>) -> T {
        let Held { store, turn, .. } = self;
        tokio::select! {
            done = work => done,
            never = keep(turn, store) => match never {},
        }
    }

    pub fn fence(&self) -> u64 {
        self.turn.fence()
    }

    /// Gives it back. That others have to wait for its end is all that a failure costs.
    pub async fn release(self) {
        if let Err(error) = self.turn.release(&self.store).await {
            eprintln!("the turn to write was not given back, and ends by itself: {}", escape(&error.to_string()));
        }
    }
}
