//! One bucket of tokens on tokio's clock: who comes first is served first, and gives up its place by being dropped. Slower after AWS
//! throttled, and back to what AWS publishes once it no longer does. Knows no calls.

use crate::model::limits::Limit;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// By how much two requests may differ in the time that they take to AWS. It counts from the first one's arrival, we from its start: without
/// this, one that overtakes another would come to an empty bucket.
const SPREAD: Duration = Duration::from_millis(250);
/// No token is given for so long after a first throttling; twice as long after each further one, up to `LONGEST_PAUSE`.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The least that throttling leaves of the published rate. Somebody else may be using up the account's tokens: we go on, slowly.
const LEAST_SHARE: f64 = 1.0 / 16.0;
/// What each success gives back of the published rate: ten make up for one throttling.
const RECOVERY: f64 = 0.05;
/// After so long without a throttling, it is over.
const FORGOTTEN: Duration = Duration::from_secs(300);
/// Sums of tokens are fractions.
const ROUNDING: f64 = 1e-6;

/// A bucket that many calls take from.
#[derive(Debug)]
pub(super) struct Bucket {
    /// Whoever has it is the next to get a token. Fair: tokio's mutex is a queue.
    first: tokio::sync::Mutex<()>,
    tokens: Mutex<Tokens>,
}

/// What is in a bucket.
#[derive(Debug)]
struct Tokens {
    limit: &'static Limit,
    held: f64,
    /// Until when refilling has been counted; ahead of now while it is held back.
    counted: Instant,
    /// How much of the published rate we dare, from `LEAST_SHARE` to 1.
    share: f64,
    throttled: Option<Throttled>,
}

#[derive(Clone, Copy, Debug)]
struct Throttled {
    last: Instant,
    times: u32,
    resume: Instant,
}

impl Bucket {
    /// A full one.
    pub fn new(limit: &'static Limit, now: Instant) -> Bucket {
        let tokens = Tokens { limit, held: limit.capacity, counted: now, share: 1.0, throttled: None };
        Bucket { first: tokio::sync::Mutex::default(), tokens: Mutex::new(tokens) }
    }

    /// Waits for a token, behind all who came before.
    pub async fn take(&self) {
        let _next = self.first.lock().await;
        loop {
            let taken = self.tokens().take(Instant::now());
            match taken {
                Ok(()) => return,
                Err(pause) => tokio::time::sleep(pause).await,
            }
        }
    }

    /// What came of a call that had its token at `taken`.
    pub fn answered(&self, taken: Instant, throttled: bool) {
        let mut tokens = self.tokens();
        if throttled { tokens.slow_down(taken, Instant::now()) } else { tokens.recover() }
    }

    /// Whether it is as good as a new one.
    pub fn is_full(&self, now: Instant) -> bool {
        let mut tokens = self.tokens();
        tokens.refill(now);
        tokens.throttled.is_none() && tokens.held >= tokens.limit.capacity && tokens.counted <= now
    }

    fn tokens(&self) -> MutexGuard<'_, Tokens> {
        // A panic while holding the lock leaves nothing half done: it is held for arithmetic.
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tokens {
    /// Takes a token, or tells how long until there may be one.
    fn take(&mut self, now: Instant) -> Result<(), Duration> {
        self.refill(now);
        if let Some(resume) = self.throttled.map(|throttled| throttled.resume).filter(|resume| now < *resume) {
            return Err(resume - now);
        }
        if self.held + ROUNDING < 1.0 {
            let refilling = (1.0 - self.held) / (self.limit.per_second * self.share);
            return Err(self.counted.saturating_duration_since(now) + Duration::from_secs_f64(refilling));
        }
        self.hold_back(now);
        self.held = (self.held - 1.0).max(0.0);
        Ok(())
    }

    fn refill(&mut self, now: Instant) {
        if self.throttled.is_some_and(|throttled| now >= throttled.last + FORGOTTEN) {
            (self.throttled, self.share) = (None, 1.0);
        }
        let passed = now.saturating_duration_since(self.counted).as_secs_f64();
        self.held = (self.held + passed * self.limit.per_second * self.share).min(self.limit.capacity);
        self.counted = self.counted.max(now);
    }

    /// AWS's bucket stays full until the request arrives there, so ours refills no sooner than the latest that it may arrive.
    fn hold_back(&mut self, now: Instant) {
        let missing = Duration::from_secs_f64((self.limit.capacity - self.held) / self.limit.per_second);
        self.counted = self.counted.max(now + SPREAD.saturating_sub(missing));
    }

    fn slow_down(&mut self, taken: Instant, now: Instant) {
        let earlier = self.throttled;
        // Those under way when the first of them was throttled tell nothing new.
        if earlier.is_some_and(|earlier| taken <= earlier.last) {
            return;
        }
        let times = earlier.map_or(0, |earlier| earlier.times);
        let pause = (FIRST_PAUSE * 2_u32.saturating_pow(times.min(8))).min(LONGEST_PAUSE);
        self.throttled = Some(Throttled { last: now, times: times + 1, resume: now + pause });
        self.share = (self.share / 2.0).max(LEAST_SHARE);
        (self.held, self.counted) = (0.0, now);
    }

    fn recover(&mut self) {
        if self.throttled.is_none() {
            return;
        }
        self.share = (self.share + RECOVERY).min(1.0);
        if self.share >= 1.0 {
            self.throttled = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::limits::limit;
    use futures::StreamExt;
    use futures::stream::FuturesUnordered;

    fn bucket(call: &str) -> Bucket {
        Bucket::new(limit(call), Instant::now())
    }

    async fn take_all(bucket: &Bucket, count: usize) -> Duration {
        let start = Instant::now();
        for _ in 0..count {
            bucket.take().await;
        }
        start.elapsed()
    }

    fn about(took: Duration, seconds: f64) {
        assert!((took.as_secs_f64() - seconds).abs() < 0.05 * seconds.max(1.0), "{took:?} instead of {seconds} s");
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_free_and_the_rest_comes_at_the_published_rate() {
        let vpcs = bucket("ec2:CreateVpc");
        about(take_all(&vpcs, 50).await, 0.0);
        about(take_all(&vpcs, 50).await, 10.25);
        let accounts = bucket("organizations:CreateAccount");
        about(take_all(&accounts, 33).await, 300.25);
        assert!(!accounts.is_full(Instant::now()));
        tokio::time::sleep(Duration::from_secs(31)).await;
        assert!(accounts.is_full(Instant::now()));
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_first_is_first_and_who_leaves_takes_nothing_along() {
        let bucket = bucket("organizations:CloseAccount");
        let order = Mutex::new(Vec::new());
        let mut waiting: FuturesUnordered<_> = (0..4)
            .map(|number| {
                let (bucket, order) = (&bucket, &order);
                async move {
                    let patience = Duration::from_secs(if number == 1 { 5 } else { 1000 });
                    if tokio::time::timeout(patience, bucket.take()).await.is_ok() {
                        order.lock().unwrap().push((number, Instant::now()));
                    }
                }
            })
            .collect();
        let start = Instant::now();
        while waiting.next().await.is_some() {}
        drop(waiting);
        let order = order.into_inner().unwrap();
        assert_eq!(order.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [0, 2, 3]);
        about(order[2].1 - start, 40.5);
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_slows_down_once_for_all_under_way_and_passes() {
        let bucket = bucket("ec2:CreateVpc");
        about(take_all(&bucket, 5).await, 0.0);
        let taken = Instant::now();
        tokio::time::sleep(Duration::from_millis(100)).await;
        (0..5).for_each(|_| bucket.answered(taken, true));
        // One second without any, and then half of five a second.
        about(take_all(&bucket, 5).await, 2.0);
        (0..10).for_each(|_| bucket.answered(Instant::now(), false));
        about(take_all(&bucket, 20).await, 4.0);
        bucket.answered(Instant::now(), true);
        tokio::time::sleep(FORGOTTEN).await;
        assert!(bucket.is_full(Instant::now()), "it is forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn however_often_aws_throttles_something_is_still_tried() {
        let bucket = bucket("ec2:CreateVpc");
        for _ in 0..20 {
            bucket.take().await;
            bucket.answered(Instant::now(), true);
        }
        let took = take_all(&bucket, 1).await;
        assert!(took <= LONGEST_PAUSE + Duration::from_secs(4), "{took:?}");
    }
}
