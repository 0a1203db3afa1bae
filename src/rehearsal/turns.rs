//! AWS's buckets in virtual time: when each call has its turn, and how long whoever came had to wait. Knows no resources.

use crate::model::limits::{Limit, Scope, limit};
use crate::model::{Account, Region};
use std::collections::BTreeMap;
use std::time::Duration;

/// All buckets that were taken from, by name and by whose they are.
#[derive(Default)]
pub(super) struct Turns(BTreeMap<(&'static str, Whose), Bucket>);

/// The organization's, an account's, or an account's in one Region.
type Whose = Option<(Account, Option<Region>)>;

struct Bucket {
    limit: &'static Limit,
    /// Less than none: promised to those who wait.
    held: f64,
    at: Duration,
    waits: Waits,
}

/// How long calls waited for their turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    pub calls: usize,
    /// How many of them waited.
    pub waited: usize,
    pub longest: Duration,
}

/// A bucket that did not give at once what was asked of it.
#[derive(Clone, Debug)]
pub struct Queue {
    /// The call, or the first of those that share the bucket.
    pub call: &'static str,
    pub limit: &'static Limit,
    /// The calls of the one who waited longest at it.
    pub waits: Waits,
    /// How many accounts waited at theirs; one for what the organization has one of.
    pub accounts: usize,
}

impl Turns {
    /// How long a call has to wait for its token, behind all who came before.
    pub fn take(&mut self, call: &'static str, account: &Account, region: &Region, now: Duration) -> Duration {
        let limit = limit(call);
        let whose = match limit.scope {
            Scope::Organization => None,
            Scope::Account => Some((account.clone(), None)),
            Scope::Region => Some((account.clone(), Some(region.clone()))),
        };
        let new = || Bucket { limit, held: limit.capacity, at: now, waits: Waits::default() };
        self.0.entry((limit.bucket(call), whose)).or_insert_with(new).take(now)
    }

    /// The buckets at which somebody waited, where it took longest first; those of several accounts together.
    pub fn queues(&self) -> Vec<Queue> {
        let mut queues: BTreeMap<&'static str, Queue> = BTreeMap::new();
        for ((call, _), Bucket { limit, waits, .. }) in self.0.iter().filter(|(_, bucket)| bucket.waits.waited > 0) {
            let queue = queues.entry(call).or_insert_with(|| Queue { call, limit, waits: *waits, accounts: 0 });
            queue.accounts += 1;
            if waits.longest > queue.waits.longest {
                queue.waits = *waits;
            }
        }
        let mut queues: Vec<Queue> = queues.into_values().collect();
        queues.sort_by(|one, other| other.waits.longest.cmp(&one.waits.longest).then(one.call.cmp(other.call)));
        queues
    }

    /// How many calls were made in all.
    pub fn calls(&self) -> usize {
        self.0.values().map(|bucket| bucket.waits.calls).sum()
    }
}

impl Bucket {
    fn take(&mut self, now: Duration) -> Duration {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        self.held = (self.held + passed * self.limit.per_second).min(self.limit.capacity) - 1.0;
        self.at = now;
        let wait = Duration::from_secs_f64((-self.held).max(0.0) / self.limit.per_second);
        self.waits.calls += 1;
        self.waits.waited += usize::from(!wait.is_zero());
        self.waits.longest = self.waits.longest.max(wait);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_free_and_the_rest_comes_at_the_published_rate() {
        let mut turns = Turns::default();
        let (account, region) = ("payments/prod".parse().unwrap(), "us-west-2".parse().unwrap());
        let mut take = |now| turns.take("organizations:CreateAccount", &account, &region, Duration::from_secs(now)).as_secs();
        assert_eq!([take(0), take(0), take(0), take(0), take(0), take(5)], [0, 0, 0, 10, 20, 25]);
        assert_eq!(take(1000), 0, "full again");
        let queues = turns.queues();
        assert_eq!((queues[0].call, queues[0].accounts), ("organizations:CreateAccount", 1));
        assert_eq!(queues[0].waits, Waits { calls: 7, waited: 3, longest: Duration::from_secs(25) });
    }

    #[test]
    fn one_account_waits_for_no_other() {
        let mut turns = Turns::default();
        let region: Region = "us-west-2".parse().unwrap();
        for account in ["a/prod", "b/prod"].map(|account| account.parse().unwrap()) {
            let waits: Vec<_> = (0..11).map(|_| turns.take("ec2:CreateNatGateway", &account, &region, Duration::ZERO)).collect();
            assert_eq!((waits[9], waits[10]), (Duration::ZERO, Duration::from_secs(1)));
        }
        assert_eq!((turns.queues().len(), turns.queues()[0].accounts, turns.calls()), (1, 2, 22));
    }
}
