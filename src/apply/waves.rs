//! Waves: each behind its gate, and what happens in them told as it happens.

use super::gate::{Gate, Past, Reason, gate};
use super::rounds::rounds;
use super::{Cloud, Outcome, Reading, StepError, StepResult};
use crate::model::{Account, Health, Name};
use crate::plan::{ApprovedPlan, Step, Wave};
use std::cell::RefCell;
use std::time::Duration;

/// How much goes on at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Accounts in parallel. Limits of AWS are per account, so this bounds our memory and connections, not AWS's patience.
    pub accounts: usize,
    /// Steps in parallel within an account: its limits are shared by them.
    pub steps: usize,
}

/// Under which terms a plan is carried out.
#[derive(Clone, Debug)]
pub struct Terms {
    pub limits: Limits,
    pub watch: Watch,
    /// Why block days and bake times are passed over, if they are. Never what canaries or the lock say.
    pub break_glass: Option<String>,
}

/// Whose canaries a gate asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    /// Those of all earlier waves, for the whole bake time.
    Whole,
    /// Those of the same domains, and at once: for one job of a matrix, whose wave has passed its gate before.
    Own,
}

/// What happens, as it happens.
#[derive(Debug)]
pub enum Event<'a> {
    WaveStarted {
        wave: &'a Wave,
    },
    AccountStarted {
        account: &'a Account,
        steps: &'a [Step],
    },
    StepStarted {
        step: &'a Step,
    },
    /// An attempt failed, and another will follow.
    StepWaits {
        step: &'a Step,
        error: &'a StepError,
        pause: Duration,
    },
    StepEnded {
        step: &'a Step,
        result: &'a StepResult,
    },
    AccountEnded {
        account: &'a Account,
        succeeded: bool,
    },
    /// What was done in it could not be written into its record.
    NotRecorded {
        account: &'a Account,
        why: &'a str,
    },
    /// More accounts failed than it tolerates: so many of it are left, and don't start.
    WaveHalted {
        wave: &'a Wave,
        failed: usize,
        tolerated: usize,
        left: usize,
    },
    /// What an account's canaries say.
    HealthRead {
        account: &'a Account,
        reading: Reading,
        health: &'a Health,
    },
    /// The accounts before a wave have to stay well for so long.
    GateBakes {
        wave: &'a Name,
        bake: Duration,
    },
    /// Something was passed over because somebody said so.
    GlassBroken {
        wave: &'a Name,
        why: &'a str,
        despite: &'a str,
    },
    /// What a gate says that found something; it may hold back nothing of this wave.
    GateAnswered {
        gate: &'a Gate,
    },
}

/// Carries out an approved plan: wave by wave, each behind its gate, the accounts of a wave in parallel.
///
/// One account's failure never stops its peers, unless it is one too many; what it stops in later waves is the rollout's choice. Nothing
/// is undone: plan again and apply again.
pub async fn apply(plan: &ApprovedPlan, cloud: &impl Cloud, terms: &Terms, on: &mut impl FnMut(&Event<'_>)) -> Outcome {
    let on = RefCell::new(on);
    let tell = |event: &Event<'_>| (*on.borrow_mut())(event);
    let (plan, mut past, mut outcome) = (plan.plan(), Past::default(), Outcome::default());
    for wave in plan.waves.iter().filter(|wave| wave.accounts.values().any(|steps| !steps.is_empty())) {
        let gate = gate(plan, &wave.name, &past, cloud, terms, &tell).await;
        past.remember(&gate, plan.rollout.sick);
        if !gate.reasons.is_empty() {
            tell(&Event::GateAnswered { gate: &gate });
        }
        if !gate.is_shut() {
            tell(&Event::WaveStarted { wave });
        }
        let free = wave.accounts.iter().filter(|(account, _)| gate.free.contains(account));
        let jobs: Vec<_> = free.map(|(account, steps)| (account, &steps[..])).collect();
        let mut ended = rounds((wave, &plan.rollout), jobs, cloud, &terms.limits, &tell).await;
        if ended.is_over() {
            let (failed, tolerated) = (ended.failed, ended.tolerated);
            past.halted.get_or_insert(Reason::TooMany { wave: wave.name.clone(), failed, tolerated });
        }
        for (account, steps) in &wave.accounts {
            let became = ended.accounts.remove(account);
            if became.as_ref().is_some_and(|became| !became.succeeded()) {
                past.failed.insert(account.clone());
            } else if became.is_none() && !steps.is_empty() {
                past.held.insert(account.clone());
            }
            let (results, sick) = became.map_or_else(|| (vec![StepResult::NotStarted; steps.len()], None), |one| (one.results, one.sick));
            outcome.steps.extend(steps.iter().map(|step| step.address.clone()).zip(results));
            outcome.sick.extend(sick.map(|health| (account.clone(), health)));
        }
        outcome.gates.extend((!gate.holds()).then_some(gate));
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::super::fake::{Fake, TERMS, account, approved, plan, said, watched};
    use super::super::{Performed, Trouble};
    use super::*;
    use crate::plan::Plan;

    /// What is told of a run, in order.
    async fn told(cloud: &Fake, plan: Plan) -> (Vec<String>, Outcome) {
        let mut told = Vec::new();
        let mut on = |event: &Event<'_>| {
            told.extend(match event {
                Event::WaveStarted { wave } => Some(format!("wave {}", wave.name)),
                Event::AccountStarted { account, steps } => Some(format!("{account}: {}", steps.len())),
                Event::StepWaits { step, .. } => Some(format!("{} waits", step.address.account)),
                Event::AccountEnded { account, succeeded } => Some(format!("{account} {}", if *succeeded { "did well" } else { "failed" })),
                Event::GateBakes { wave, bake } => Some(format!("{wave} in {} s", bake.as_secs())),
                Event::GateAnswered { gate } => Some(format!("{} held, {} free of {}", gate.held.len(), gate.free.len(), gate.wave)),
                _ => None,
            });
        };
        let outcome = apply(&approved(plan), cloud, &TERMS, &mut on).await;
        (told, outcome)
    }

    fn throttled() -> Result<Performed, StepError> {
        Err(StepError::new(Trouble::Throttled, "slow down"))
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_tells_what_happens_as_it_happens() {
        let mut plan = watched(plan(&["a/dev", "a/prod"]));
        plan.rollout.waves[0].bake_seconds = 90;
        let cloud = Fake { perform: Box::new(|_, at| if at == 0 { throttled() } else { Ok(Performed::Done) }), ..Fake::new() };
        let dev = ["wave dev", "a/dev: 1", "a/dev waits", "a/dev did well"];
        let prod = ["prod in 90 s", "wave prod", "a/prod: 1", "a/prod waits", "a/prod did well"];
        assert_eq!(told(&cloud, plan).await.0, [&dev[..], &prod].concat(), "a gate that found nothing is not worth a word");
    }

    #[tokio::test(start_paused = true)]
    async fn a_wave_starts_with_those_that_its_gate_lets_go_and_not_at_all_where_there_are_none() {
        let all = || watched(plan(&["a/dev", "b/dev", "a/prod", "b/prod"]));
        let (told_of_one, outcome) = told(&Fake::with_trouble(&["a/dev"], Trouble::Refused), all()).await;
        assert_eq!(told_of_one[told_of_one.len() - 4..], ["1 held, 1 free of prod", "wave prod", "b/prod: 1", "b/prod did well"]);
        assert_eq!(said(&outcome.gates), ["prod: a/dev did not succeed"]);
        let (told_of_all, outcome) = told(&Fake::with_trouble(&["a/dev", "b/dev"], Trouble::Refused), all()).await;
        assert_eq!(told_of_all.last().map(String::as_str), Some("2 held, 0 free of prod"));
        assert_eq!(outcome.count(|result| *result == StepResult::NotStarted), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn accounts_without_steps_are_not_begun_and_hold_back_nothing() {
        let mut plan = watched(plan(&["a/dev", "b/dev", "b/stage", "a/prod"]));
        let idle = [("a/dev", 0), ("b/stage", 1)];
        idle.iter().for_each(|(name, wave)| plan.waves[*wave].accounts.get_mut(&account(name)).unwrap().clear());
        let (told, outcome) = told(&Fake::new(), plan).await;
        assert_eq!(told, ["wave dev", "b/dev: 1", "b/dev did well", "wave prod", "a/prod: 1", "a/prod did well"]);
        assert_eq!((outcome.succeeded(), outcome.steps.len(), outcome.gates), (true, 2, vec![]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_succeeded_when_every_step_did_and_every_account_is_well() {
        let all = || watched(plan(&["a/dev", "b/dev"]));
        assert!(Fake::new().apply(all()).await.succeeded());
        let already = Fake { perform: Box::new(|_, _| Ok(Performed::AlreadyDone)), ..Fake::new() }.apply(all()).await;
        assert_eq!((already.succeeded(), already.count(|result| *result == StepResult::AlreadyDone)), (true, 2));
        let sick = Fake::with_red(&["b/dev"]).apply(all()).await;
        assert_eq!((sick.succeeded(), sick.count(StepResult::succeeded), sick.sick.len()), (false, 2, 1));
        let drifted = Fake::with_trouble(&["b/dev"], Trouble::Drifted).apply(all()).await;
        assert_eq!((drifted.succeeded(), drifted.count(StepResult::succeeded), drifted.sick.len()), (false, 1, 0));
    }
}
