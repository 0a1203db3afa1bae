//! Opens the connection that a command needs, with its calls counted and, with `-v`, traced.

use super::Failure;
use super::calls::Calls;
use crate::aws::{Access, Call, CallError, Connection, Fault, Options};
use crate::cloud::{self, Entrance, enter};
use crate::kinds;
use crate::model::{Region, Turn};
use crate::plan::Estate;
use crate::render::escape::line as escape;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// From here on a call's wait for its turn is worth a word.
const LONG_WAIT: Duration = Duration::from_millis(100);

/// Whether a command may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    ReadOnly,
    /// Reading, and looking into the store of the lock and the history.
    Looking,
    /// Reading, and asking canaries.
    Asking,
    ReadWrite,
}

/// Goes into the organization that some files are of, with the role that they name for what is to be done.
///
/// # Errors
/// Missing or wrong credentials, and an AWS that does not answer, each with advice.
pub async fn connect(estate: &Estate, mode: Mode, verbose: bool, calls: &Calls) -> Result<Entrance, Failure> {
    let role = if mode == Mode::ReadWrite { &estate.access_role } else { &estate.plan_role };
    connect_while(Turn::default(), mode, estate.home_region.clone(), role.clone(), verbose, calls).await
}

/// What stopped a command that was let in, and then could not read what it needs.
pub fn unread(error: impl fmt::Display) -> Failure {
    Failure::new("the organization could not be read", escape(&error.to_string()))
}

/// The same, for a run that writes only while it is its turn.
///
/// # Errors
/// Those of `connect`.
pub async fn connect_while(
    turn: Turn,
    mode: Mode,
    region: Region,
    role: String,
    verbose: bool,
    calls: &Calls,
) -> Result<Entrance, Failure> {
    let more: &[&str] = match mode {
        Mode::ReadOnly | Mode::Looking => &[],
        Mode::Asking => &[cloud::ASKING, cloud::READING],
        Mode::ReadWrite => &[cloud::ASKING, cloud::READING],
    };
    let more = || more.iter().map(|operation| (*operation).to_owned());
    let looking = if mode == Mode::ReadOnly { &[][..] } else { &cloud::LOOKING[..] };
    let reads = kinds::reads().into_iter().chain(more()).chain(looking.iter().map(|operation| (*operation).to_owned()));
    let reads: Arc<BTreeSet<String>> = Arc::new(reads.collect());
    let inside = kinds::reads_inside().into_iter().chain(more()).collect();
    let access = Access { reads: reads.clone(), inside: Arc::new(inside), writes: mode == Mode::ReadWrite, turn };
    let counted = calls.clone();
    let on_call = Arc::new(move |call: &Call<'_>| {
        counted.remember(call, reads.contains(call.operation), cloud::performing());
        if verbose {
            trace(call);
        }
    });
    enter(Connection::open(Options { region, role, access, on_call }).await).await.map_err(no_way_in)
}

fn trace(call: &Call<'_>) {
    let status = call.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let again = if call.attempt > 1 { format!(" (attempt {})", call.attempt) } else { String::new() };
    let waited = match call.waited {
        waited if waited >= LONG_WAIT => format!(", after waiting {:.1} s for its turn", waited.as_secs_f64()),
        _ => String::new(),
    };
    eprintln!("{} {} {status} {}ms{again}{waited}", call.account, call.operation, call.took.as_millis());
}

fn no_way_in(error: CallError) -> Failure {
    let failure = Failure::new("AWS does not let us in", escape(&error.to_string()));
    failure.hint(match error.fault {
        Fault::Denied | Fault::Refused => "use credentials of the organization's management account that may call what `landfall explain` lists",
        Fault::Missing => "there is no organization yet: create one in the AWS console (Organizations, all features), then run this again",
        _ => "are there credentials (AWS_PROFILE, `aws sso login`), and does the network reach AWS? Without an account: landfall sandbox start",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{SESSION_POLICY_LIMIT, read_policy};

    #[test]
    fn what_health_may_do_fits_into_a_session_policy() {
        let more = [cloud::ASKING, cloud::READING].map(str::to_owned);
        let length = read_policy(&kinds::reads_inside().into_iter().chain(more).collect()).len();
        assert!(length <= SESSION_POLICY_LIMIT, "{length} characters");
    }
}
