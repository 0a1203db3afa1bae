//! Opens the connection that a command needs, with its calls counted and, with `-v`, traced.

use super::Failure;
use crate::aws::{Access, Call, CallError, Connection, Fault, Options};
use crate::cloud::{self, Entrance, enter};
use crate::kinds;
use crate::model::Region;
use crate::render::escape::line as escape;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Calls by account, counted as they end: those of AWS, and those of other services.
#[derive(Clone, Default)]
pub struct Calls(Arc<Mutex<Counts>>);

#[derive(Default)]
struct Counts {
    aws: BTreeMap<String, u64>,
    others: u64,
}

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
        match kinds::OUTSIDE.iter().any(|service| call.operation.starts_with(service)) {
            true => counts.others += 1,
            false => *counts.aws.entry(call.account.to_string()).or_default() += 1,
        }
    }

    /// One line for the end of a run: `390 AWS calls: 30 for the organization, 12.0 in each of 30 accounts; 60 calls of other services`.
    pub fn summary(&self) -> String {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).summary()
    }
}

impl Counts {
    fn summary(&self) -> String {
        let Counts { aws, others } = self;
        let organization = aws.get(crate::model::Account::MANAGEMENT).copied().unwrap_or(0);
        let total: u64 = aws.values().sum();
        let accounts = aws.keys().filter(|account| *account != crate::model::Account::MANAGEMENT).count();
        let others = if *others > 0 { format!("; {others} calls of other services") } else { String::new() };
        match accounts {
            0 => format!("{total} AWS calls, all for the organization{others}"),
            _ => {
                let each = (total - organization) as f64 / accounts as f64;
                format!("{total} AWS calls: {organization} for the organization, {each:.1} in each of {accounts} accounts{others}")
            }
        }
    }
}

fn trace(call: &Call<'_>) {
    let status = call.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let again = if call.attempt > 1 { format!(" (attempt {})", call.attempt) } else { String::new() };
    eprintln!("{} {} {status} {}ms{again}", call.account, call.operation, call.took.as_millis());
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
    fn other_services_are_not_counted_as_aws() {
        let aws = [("management", 3), ("a/dev", 2), ("a/prod", 3)].map(|(account, calls)| (account.to_owned(), calls));
        let counts = Counts { aws: aws.into(), others: 4 };
        assert_eq!(counts.summary(), "8 AWS calls: 3 for the organization, 2.5 in each of 2 accounts; 4 calls of other services");
        assert_eq!(Counts::default().summary(), "0 AWS calls, all for the organization");
    }

    #[test]
    fn what_health_may_do_fits_into_a_session_policy() {
        let more = [cloud::ASKING, cloud::READING].map(str::to_owned);
        let length = read_policy(&kinds::reads_inside().into_iter().chain(more).collect()).len();
        assert!(length <= SESSION_POLICY_LIMIT, "{length} characters");
    }
}
