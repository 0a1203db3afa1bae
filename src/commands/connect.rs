//! Opens the connection that a command needs, with its calls counted and, with `-v`, traced.

use super::Failure;
use crate::aws::{Access, Call, CallError, Connection, Fault, Options};
use crate::cloud::{self, Entrance, enter};
use crate::kinds;
use crate::model::{Address, Region, Turn};
use crate::render::escape::line as escape;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// From here on a call's wait for its turn is worth a word.
const LONG_WAIT: Duration = Duration::from_millis(100);

/// What is remembered of calls as they end.
#[derive(Clone, Default)]
pub struct Calls(Arc<Mutex<Ended>>);

#[derive(Default)]
struct Ended {
    /// How many, by account.
    counts: BTreeMap<String, u64>,
    /// The request ids of writes, by the step that they were made for.
    writes: BTreeMap<Address, Vec<String>>,
}

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

/// Goes into the organization.
///
/// # Errors
/// Missing or wrong credentials, and an AWS that does not answer, each with advice.
pub async fn connect(mode: Mode, region: Region, role: String, verbose: bool, calls: &Calls) -> Result<Entrance, Failure> {
    connect_while(Turn::default(), mode, region, role, verbose, calls).await
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
        counted.remember(call, reads.contains(call.operation));
        if verbose {
            trace(call);
        }
    });
    enter(Connection::open(Options { region, role, access, on_call }).await).await.map_err(no_way_in)
}

impl Calls {
    fn remember(&self, call: &Call<'_>, is_read: bool) {
        let mut ended = self.ended();
        *ended.counts.entry(call.account.to_string()).or_default() += 1;
        if let Some((id, step)) = call.request.filter(|_| !is_read).zip(cloud::performing()) {
            ended.writes.entry(step).or_default().push(id.to_owned());
        }
    }

    /// What AWS calls the writes that were made for a step.
    pub fn requests(&self, step: &Address) -> Vec<String> {
        self.ended().writes.get(step).cloned().unwrap_or_default()
    }

    fn ended(&self) -> MutexGuard<'_, Ended> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One line for the end of a run: `390 AWS calls: 30 for the organization, 12.0 in each of 30 accounts`.
    pub fn summary(&self) -> String {
        let counts = &self.ended().counts;
        let organization = counts.get(crate::model::Account::MANAGEMENT).copied().unwrap_or(0);
        let total: u64 = counts.values().sum();
        let accounts = counts.keys().filter(|account| *account != crate::model::Account::MANAGEMENT).count();
        match accounts {
            0 => format!("{total} AWS calls, all for the organization"),
            _ => {
                let each = (total - organization) as f64 / accounts as f64;
                format!("{total} AWS calls: {organization} for the organization, {each:.1} in each of {accounts} accounts")
            }
        }
    }
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
