//! The governor: each attempt of each AWS call waits here for its token, before it is signed. One for a connection, because AWS counts by
//! account and Region, whoever of us calls. Decides when, never whether.

use super::bucket::Bucket;
use crate::model::limits::{AtOnce, Scope, limit};
use crate::model::{Account, Region};
use aws_sdk_ec2::config::retry::{RetryPartition, TokenBucket};
use aws_smithy_runtime_api::client::identity::{IdentityFuture, ResolveCachedIdentity, ResolveIdentity, SharedIdentityResolver};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// Full buckets are looked for when there are so many, and then when there are twice as many as were left: rarely, and memory stays flat.
const SWEEP_AT: usize = 256;

/// All buckets that are not full, and what AWS has only so many of at once.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Whether no call waits: an emulator has no buckets, and whoever tries things out with one has no time.
    free: bool,
    buckets: Mutex<Buckets>,
    at_once: Mutex<BTreeMap<&'static str, Arc<Semaphore>>>,
}

#[derive(Debug, Default)]
struct Buckets {
    /// By name, and by whose it is.
    of: BTreeMap<(String, String), Arc<Bucket>>,
    sweep_at: usize,
}

/// Whose credentials make the calls of a client, and where.
#[derive(Clone, Debug)]
pub(super) struct Payer {
    pub account: Account,
    pub region: Region,
}

/// A token that was taken.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    pub waited: Duration,
    taken: Instant,
    bucket: Option<Arc<Bucket>>,
}

impl Pace {
    /// The pace for an endpoint, if one was given: AWS itself is never on this machine.
    pub fn at(endpoint: Option<&str>) -> Pace {
        Pace { free: endpoint.is_some_and(is_here), ..Pace::default() }
    }

    /// Waits for a call's turn.
    pub async fn turn(&self, call: &str, payer: &Payer) -> Turn {
        let asked = Instant::now();
        if self.free {
            return Turn { waited: Duration::ZERO, taken: asked, bucket: None };
        }
        let bucket = self.bucket(call, payer, asked);
        bucket.take().await;
        let taken = Instant::now();
        Turn { waited: taken - asked, taken, bucket: Some(bucket) }
    }

    /// Waits until there is room for one more; dropping what comes back makes room again.
    pub async fn one_of(&self, what: &AtOnce) -> Option<OwnedSemaphorePermit> {
        let places = lock(&self.at_once).entry(what.what).or_insert_with(|| Arc::new(Semaphore::new(what.limit))).clone();
        // The semaphore is never closed, so this is never none.
        places.acquire_owned().await.ok()
    }

    fn bucket(&self, call: &str, payer: &Payer, now: Instant) -> Arc<Bucket> {
        let limit = limit(call);
        let whose = match limit.scope {
            Scope::Organization => String::new(),
            Scope::Account => payer.account.to_string(),
            Scope::Region => format!("{} {}", payer.account, payer.region),
        };
        let mut buckets = lock(&self.buckets);
        buckets.sweep(now);
        let new = || Arc::new(Bucket::new(limit, now));
        buckets.of.entry((limit.bucket(call).to_owned(), whose)).or_insert_with(new).clone()
    }
}

impl Buckets {
    /// Drops those that are as good as new and that nobody waits at.
    fn sweep(&mut self, now: Instant) {
        if self.of.len() < self.sweep_at.max(SWEEP_AT) {
            return;
        }
        self.of.retain(|_, bucket| Arc::strong_count(bucket) > 1 || !bucket.is_full(now));
        self.sweep_at = self.of.len() * 2;
    }
}

impl Turn {
    /// Tells the bucket what came of the call.
    pub fn answered(&self, throttled: bool) {
        if let Some(bucket) = &self.bucket {
            bucket.answered(self.taken, throttled);
        }
    }
}

/// The SDK stops retrying when too much of what it sent of late has failed, and counts that for the whole process. Ours is paced by what
/// comes back, and one account's trouble is none of the others'.
pub(super) fn retries(payer: &Account) -> RetryPartition {
    RetryPartition::custom(payer.to_string()).token_bucket(TokenBucket::unlimited()).build()
}

/// Whether an address leads to this very machine.
fn is_here(endpoint: &str) -> bool {
    let host = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest).split('/').next().unwrap_or_default();
    ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|here| host.strip_prefix(here).is_some_and(|port| port.is_empty() || port.starts_with(':')))
}

/// Where an attempt finds its turn, once it has been waited for.
#[derive(Clone, Debug, Default)]
pub(super) struct Ticket(Arc<Mutex<Option<Turn>>>);

impl Storable for Ticket {
    type Storer = StoreReplace<Ticket>;
}

impl Ticket {
    /// The turn that the attempt had, if it came that far.
    pub fn turn(&self) -> Option<Turn> {
        lock(&self.0).clone()
    }
}

/// The place in the SDK where one may wait: looking for credentials is asynchronous, comes once an attempt, and before the signature, which
/// would age. It keeps no credentials, since all our providers keep their own.
#[derive(Debug)]
pub(super) struct Paced {
    pub pace: Arc<Pace>,
    pub payer: Payer,
}

impl ResolveCachedIdentity for Paced {
    fn resolve_cached_identity<'a>(
        &'a self,
        resolver: SharedIdentityResolver,
        components: &'a RuntimeComponents,
        state: &'a ConfigBag,
    ) -> IdentityFuture<'a> {
        IdentityFuture::new(async move {
            if let Some(ticket) = state.load::<Ticket>() {
                let turn = self.pace.turn(&operation(state), &self.payer).await;
                *lock(&ticket.0) = Some(turn);
            }
            resolver.resolve_identity(components, state).await
        })
    }
}

/// The running operation, as IAM policies write it.
pub(super) fn operation(state: &ConfigBag) -> String {
    let metadata = state.load::<Metadata>();
    metadata.map_or_else(|| "unknown:unknown".to_owned(), |m| super::action::action(m.service(), m.name()))
}

/// A panic elsewhere leaves nothing half done behind these locks: each is held for one insert or look.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::limits::ACCOUNT_CREATIONS;

    fn payer(account: &str, region: &str) -> Payer {
        Payer { account: account.parse().unwrap(), region: region.parse().unwrap() }
    }

    #[tokio::test(start_paused = true)]
    async fn accounts_and_regions_have_buckets_of_their_own_and_the_organization_has_one() {
        let pace = Pace::default();
        let (here, there) = (payer("payments/prod", "us-west-2"), payer("payments/prod", "eu-west-1"));
        let other = payer("payments/dev", "us-west-2");
        for _ in 0..10 {
            assert!(pace.turn("ec2:CreateNatGateway", &here).await.waited.is_zero());
        }
        assert!(pace.turn("ec2:CreateNatGateway", &there).await.waited.is_zero());
        assert!(pace.turn("ec2:CreateNatGateway", &other).await.waited.is_zero());
        assert!(!pace.turn("ec2:CreateNatGateway", &here).await.waited.is_zero());
        for payer in [&here, &there, &other] {
            assert!(pace.turn("organizations:CreateAccount", payer).await.waited.is_zero());
        }
        assert!(pace.turn("organizations:CreateAccount", &here).await.waited > Duration::from_secs(9));
    }

    #[tokio::test(start_paused = true)]
    async fn an_emulator_on_this_machine_is_not_waited_for() {
        for (endpoint, waits) in [
            (None, true),
            (Some("http://127.0.0.1:5000"), false),
            (Some("http://localhost/"), false),
            (Some("https://127.0.0.1.acme.example"), true),
            (Some("https://aws.acme.example/127.0.0.1"), true),
        ] {
            let pace = Pace::at(endpoint);
            let mut waited = Duration::ZERO;
            for _ in 0..4 {
                let turn = pace.turn("organizations:CreateAccount", &payer("payments/prod", "us-west-2")).await;
                turn.answered(false);
                waited += turn.waited;
            }
            assert_eq!(!waited.is_zero(), waits, "{endpoint:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_flat_however_many_accounts_are_called() {
        let pace = Pace::default();
        for number in 0..5000 {
            pace.turn("ec2:DescribeVpcs", &payer(&format!("domain-{number}/prod"), "us-west-2")).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(lock(&pace.buckets).of.len() <= SWEEP_AT, "{}", lock(&pace.buckets).of.len());
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_five_accounts_are_created_at_once() {
        let pace = Pace::default();
        let mut held = Vec::new();
        for _ in 0..5 {
            held.push(pace.one_of(&ACCOUNT_CREATIONS).await);
        }
        let sixth = tokio::time::timeout(Duration::from_secs(3600), pace.one_of(&ACCOUNT_CREATIONS));
        assert!(sixth.await.is_err());
        held.pop();
        assert!(pace.one_of(&ACCOUNT_CREATIONS).await.is_some());
    }
}
