//! Opens the connection that a command needs, with its calls counted and, with `-v`, traced.

use super::Failure;
use crate::aws::{Access, Call, CallError, Connection, Fault, Options};
use crate::cloud::{self, Entrance, enter};
use crate::kinds;
use crate::model::Region;
use crate::render::escape::line as escape;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// From here on a call's wait for its turn is worth a word.
const LONG_WAIT: Duration = Duration::from_millis(100);

/// AWS calls by account, counted as they end.
#[derive(Clone, Default)]
pub struct Calls(Arc<Mutex<BTreeMap<String, u64>>>);

/// Whether a command may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    ReadOnly,
    /// Reading, and asking canaries.
    Asking,
    ReadWrite,
}

/// Goes into the organization.
///
/// # Errors
/// Missing or wrong credentials, and an AWS that does not answer, each with advice.
pub async fn connect(mode: Mode, region: Region, role: String, verbose: bool, calls: &Calls) -> Result<Entrance, Failure> {
    let more: &[&str] = match mode {
        Mode::ReadOnly => &[],
        Mode::Asking => &[cloud::ASKING, cloud::READING],
        Mode::ReadWrite => &[cloud::READING],
    };
    let more = || more.iter().map(|operation| (*operation).to_owned());
    let reads = kinds::reads().into_iter().chain(more()).collect();
    let inside = kinds::reads_inside().into_iter().chain(more()).collect();
    let access = Access { reads: Arc::new(reads), inside: Arc::new(inside), writes: mode == Mode::ReadWrite };
    let counted = calls.clone();
    let on_call = Arc::new(move |call: &Call<'_>| {
        counted.count(call);
        if verbose {
            trace(call);
        }
    });
    enter(Connection::open(Options { region, role, access, on_call }).await).await.map_err(no_way_in)
}

impl Calls {
    fn count(&self, call: &Call<'_>) {
        let mut counts = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *counts.entry(call.account.to_string()).or_default() += 1;
    }

    /// One line for the end of a run: `390 AWS calls: 30 for the organization, 12.0 in each of 30 accounts`.
    pub fn summary(&self) -> String {
        let counts = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
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
