//! The accounts of one wave: in rounds, slowly and then faster, and no further once more have failed than the wave tolerates.

use super::account::account;
use super::waves::{Event, Limits};
use super::{Cloud, Reading, StepResult, ask, ask_settled};
use crate::model::{Account, Health};
use crate::plan::{Parallel, Rollout, Step, Wave, WaveRules};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use std::collections::BTreeMap;

/// What became of one account.
pub(super) struct Became {
    pub results: Vec<StepResult>,
    /// How it was afterwards, if it was not well.
    pub sick: Option<Health>,
}

/// What became of a wave.
#[derive(Default)]
pub(super) struct WaveEnded<'a> {
    /// By account; those that did not start are not here.
    pub accounts: BTreeMap<&'a Account, Became>,
    pub failed: usize,
    pub tolerated: usize,
}

/// An account and its steps.
type Job<'a> = (&'a Account, &'a [Step]);

impl Became {
    pub fn succeeded(&self) -> bool {
        self.sick.is_none() && self.results.iter().all(StepResult::succeeded)
    }
}

impl WaveEnded<'_> {
    pub fn is_over(&self) -> bool {
        self.failed > self.tolerated
    }
}

/// Carries out the steps of the accounts that may go.
pub(super) async fn rounds<'a>(
    (wave, rollout): (&Wave, &Rollout),
    jobs: Vec<Job<'a>>,
    cloud: &impl Cloud,
    limits: &Limits,
    tell: &impl Fn(&Event<'_>),
) -> WaveEnded<'a> {
    let rules = rollout.rules(&wave.name);
    let mut ended = WaveEnded { tolerated: rules.map_or(0, |rules| rules.tolerated(jobs.len())), ..WaveEnded::default() };
    let (mut left, mut width) = (&jobs[..], Width::of(rules, limits));
    while !left.is_empty() && !ended.is_over() {
        let (round, later) = left.split_at(width.round.min(left.len()));
        let failed = ended.failed;
        one_round(round, width.at_once, &mut ended, |job| one(rollout, job, cloud, limits, tell)).await;
        left = later;
        if ended.failed == failed {
            width.grow();
        }
    }
    if ended.is_over() {
        let (failed, tolerated, left) = (ended.failed, ended.tolerated, jobs.len() - ended.accounts.len());
        tell(&Event::WaveHalted { wave, failed, tolerated, left });
    }
    ended
}

/// How many accounts a round has, and how many of them go at once.
struct Width {
    round: usize,
    at_once: usize,
    parallel: Option<Parallel>,
}

impl Width {
    fn of(rules: Option<&WaveRules>, limits: &Limits) -> Width {
        match rules.and_then(|rules| rules.parallel) {
            Some(parallel) => Width { round: parallel.start.max(1), at_once: parallel.start.max(1), parallel: Some(parallel) },
            None => Width { round: usize::MAX, at_once: limits.accounts.max(1), parallel: None },
        }
    }

    fn grow(&mut self) {
        if let Some(parallel) = self.parallel {
            self.round = parallel.after(self.round);
            self.at_once = self.round;
        }
    }
}

/// Starts the accounts of a round as others end, until too many have failed; then those that are under way end, and no other starts.
async fn one_round<'a, F: Future<Output = Became>>(
    round: &[Job<'a>],
    at_once: usize,
    ended: &mut WaveEnded<'a>,
    start: impl Fn(Job<'a>) -> F,
) {
    let begin = |job: Job<'a>| {
        let going = start(job);
        async move { (job.0, going.await) }
    };
    let mut waiting = round.iter().copied();
    let mut running: FuturesUnordered<_> = waiting.by_ref().take(at_once).map(begin).collect();
    while let Some((account, became)) = running.next().await {
        ended.failed += usize::from(!became.succeeded());
        ended.accounts.insert(account, became);
        running.extend(waiting.next().filter(|_| !ended.is_over()).map(begin));
    }
}

/// One account: how it is, its steps, and how it is then.
async fn one(rollout: &Rollout, (name, steps): Job<'_>, cloud: &impl Cloud, limits: &Limits, tell: &impl Fn(&Event<'_>)) -> Became {
    let is_watched = rollout.canaries.contains_key(name);
    tell(&Event::AccountStarted { account: name, steps });
    if is_watched {
        tell(&Event::HealthRead { account: name, reading: Reading::Before, health: &ask(cloud, name).await });
    }
    let results = account(cloud, steps, limits.steps, tell).await;
    if let Err(why) = cloud.ended(name, steps, &results).await {
        tell(&Event::NotRecorded { account: name, why: &why });
    }
    let health = match (is_watched, results.iter().all(StepResult::succeeded)) {
        (true, true) => Some(ask_settled(cloud, name).await),
        // Only to be recorded: it counts as failed anyway.
        (true, false) => Some(ask(cloud, name).await),
        (false, _) => None,
    };
    health.iter().for_each(|health| tell(&Event::HealthRead { account: name, reading: Reading::After, health }));
    let became = Became { results, sick: health.filter(Health::is_red) };
    tell(&Event::AccountEnded { account: name, succeeded: became.succeeded() });
    became
}
