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

#[cfg(test)]
mod tests {
    use super::super::fake::{Fake, TERMS, approved, plan, watched};
    use super::super::{Terms, Trouble, apply};
    use super::*;
    use std::time::Duration;

    const DEV: [&str; 7] = ["a/dev", "b/dev", "c/dev", "d/dev", "e/dev", "f/dev", "g/dev"];

    /// How many accounts were begun, what was told of a halt (who failed, who may, who is left), and how many seconds it took.
    async fn went(mut cloud: Fake, parallel: Option<Parallel>, tolerate: &str, at_once: usize) -> (usize, Option<[usize; 3]>, u64) {
        let mut plan = watched(plan(&DEV));
        plan.rollout.waves[0].parallel = parallel;
        plan.rollout.waves[0].tolerate = Some(tolerate.parse().unwrap());
        cloud.takes = Duration::from_secs(1);
        let terms = Terms { limits: Limits { accounts: at_once, ..TERMS.limits }, ..TERMS };
        let (mut begun, mut halted) = (0, None);
        let mut on = |event: &Event<'_>| match event {
            Event::AccountStarted { .. } => begun += 1,
            Event::WaveHalted { failed, tolerated, left, .. } => halted = Some([*failed, *tolerated, *left]),
            _ => {}
        };
        apply(&approved(plan), &cloud, &terms, &mut on).await;
        (begun, halted, cloud.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn without_rounds_as_many_accounts_go_at_once_as_the_machine_allows() {
        for (at_once, seconds) in [(1, 7), (3, 3), (7, 1), (100, 1)] {
            assert_eq!(went(Fake::new(), None, "0", at_once).await, (7, None, seconds));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn rounds_are_as_wide_as_the_files_say_and_grow_as_long_as_none_fails() {
        let parallel = |start, grow, most| Some(Parallel { start, grow, most });
        assert_eq!(went(Fake::new(), parallel(1, 2, 4), "0", 1).await, (7, None, 3), "1, 2 and 4");
        assert_eq!(went(Fake::new(), parallel(2, 1, 2), "0", 8).await, (7, None, 4), "2, 2, 2 and 1");
        let first_fails = || Fake::with_trouble(&["a/dev"], Trouble::Refused);
        assert_eq!(went(first_fails(), parallel(1, 2, 4), "1", 8).await, (7, None, 4), "1, 1, 2 and 3");
    }

    #[tokio::test(start_paused = true)]
    async fn one_failure_too_many_halts_a_wave_and_tells_how_many_are_left() {
        let parallel = |start| Some(Parallel { start, grow: 1, most: start });
        let bad = || Fake::with_trouble(&["a/dev", "c/dev"], Trouble::Refused);
        assert_eq!(went(bad(), parallel(1), "0", 8).await, (1, Some([1, 0, 6]), 1));
        assert_eq!(went(bad(), parallel(1), "1", 8).await, (3, Some([2, 1, 4]), 3));
        assert_eq!(went(bad(), parallel(2), "1", 8).await, (4, Some([2, 1, 3]), 2), "who is under way ends");
        assert_eq!(went(bad(), parallel(1), "2", 8).await, (7, None, 7));
        assert_eq!(went(bad(), None, "0", 2).await, (2, Some([1, 0, 5]), 1), "without rounds, too");
        let (begun, halted, _) = went(Fake::with_red(&["b/dev"]), parallel(1), "0", 8).await;
        assert_eq!((begun, halted), (2, Some([1, 0, 5])), "an account that is red after its steps has failed");
    }
}
