//! What a command remembers of its calls: how many there were, and what AWS calls those that wrote.

use crate::kinds;
use crate::model::{Account, Address, Call};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Calls as they end. Cloning shares what was remembered.
#[derive(Clone, Default)]
pub struct Calls(Arc<Mutex<Ended>>);

#[derive(Default)]
struct Ended {
    /// How many of AWS's, by account.
    aws: BTreeMap<String, u64>,
    /// How many of other services.
    others: u64,
    /// What AWS calls the writes, by the step that they were made for.
    writes: BTreeMap<Address, Vec<String>>,
    /// By account, the last call that had long to wait for its turn.
    waits: BTreeMap<String, (String, Duration)>,
}

/// From here on, a wait for one's turn explains why nothing happens.
const LONG: Duration = Duration::from_secs(2);

impl Calls {
    /// Remembers a call, and for which step it was made if it was made for one.
    pub fn remember(&self, call: &Call<'_>, is_read: bool, step: Option<Address>) {
        let mut ended = self.ended();
        match kinds::OUTSIDE.iter().any(|service| call.operation.starts_with(service)) {
            true => ended.others += 1,
            false => *ended.aws.entry(call.account.to_string()).or_default() += 1,
        }
        if call.waited >= LONG {
            ended.waits.insert(call.account.to_string(), (call.operation.to_owned(), call.waited));
        }
        if let Some((id, step)) = call.request.filter(|_| !is_read).zip(step) {
            ended.writes.entry(step).or_default().push(id.to_owned());
        }
    }

    /// The last call in an account that had long to wait for its turn, told once.
    pub fn waited(&self, account: &Account) -> Option<(String, Duration)> {
        self.ended().waits.remove(&account.to_string())
    }

    /// What AWS calls the writes that were made for a step.
    pub fn requests(&self, step: &Address) -> Vec<String> {
        self.ended().writes.get(step).cloned().unwrap_or_default()
    }

    /// One line for the end of a run: `390 AWS calls: 30 for the organization, 12.0 in each of 30 accounts; 60 calls of other services`.
    pub fn summary(&self) -> String {
        self.ended().summary()
    }

    fn ended(&self) -> MutexGuard<'_, Ended> {
        // A panic elsewhere leaves whole entries behind: each call makes one after the other.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ended {
    fn summary(&self) -> String {
        let Ended { aws, others, writes: _, waits: _ } = self;
        let organization = aws.get(Account::MANAGEMENT).copied().unwrap_or(0);
        let total: u64 = aws.values().sum();
        let accounts = aws.keys().filter(|account| *account != Account::MANAGEMENT).count();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_services_are_not_counted_as_aws() {
        let aws = [("management", 3), ("a/dev", 2), ("a/prod", 3)].map(|(account, calls)| (account.to_owned(), calls));
        let counts = Ended { aws: aws.into(), others: 4, ..Ended::default() };
        assert_eq!(counts.summary(), "8 AWS calls: 3 for the organization, 2.5 in each of 2 accounts; 4 calls of other services");
        assert_eq!(Ended::default().summary(), "0 AWS calls, all for the organization");
    }
}
