//! Waves: accounts in parallel, and no wave after one that did not succeed.

use super::account::account;
use super::{Cloud, Outcome, StepError, StepResult};
use crate::model::Account;
use crate::plan::{ApprovedPlan, Step, Wave};
use futures::StreamExt;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

/// How much goes on at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Accounts in parallel. Limits of AWS are per account, so this bounds our memory and connections, not AWS's patience.
    pub accounts: usize,
    /// Steps in parallel within an account: its limits are shared by them.
    pub steps: usize,
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
    /// A wave before it did not succeed.
    WaveNotStarted {
        wave: &'a Wave,
    },
}

/// Carries out an approved plan: wave by wave, the accounts of a wave in parallel.
///
/// One account's failure never stops its peers; it stops the waves that come after. Nothing is undone: plan again and apply again.
pub async fn apply(plan: &ApprovedPlan, cloud: &impl Cloud, limits: &Limits, on: &mut impl FnMut(&Event<'_>)) -> Outcome {
    let on = RefCell::new(on);
    let tell = |event: &Event<'_>| (*on.borrow_mut())(event);
    let mut outcome = Outcome::default();
    for wave in &plan.plan().waves {
        if !outcome.succeeded() {
            tell(&Event::WaveNotStarted { wave });
            let left = wave.accounts.values().flatten();
            outcome.steps.extend(left.map(|step| (step.address.clone(), StepResult::NotStarted)));
            continue;
        }
        tell(&Event::WaveStarted { wave });
        let results = accounts(wave, cloud, limits, &tell).await;
        for (account, steps) in &wave.accounts {
            outcome.steps.extend(steps.iter().map(|step| step.address.clone()).zip(results[account].clone()));
        }
    }
    outcome
}

async fn accounts<'a>(
    wave: &'a Wave,
    cloud: &impl Cloud,
    limits: &Limits,
    tell: &impl Fn(&Event<'_>),
) -> BTreeMap<&'a Account, Vec<StepResult>> {
    let all = wave.accounts.iter().map(|(name, steps)| async move {
        tell(&Event::AccountStarted { account: name, steps });
        let results = account(cloud, steps, limits.steps, tell).await;
        if let Err(why) = cloud.ended(name, steps, &results).await {
            tell(&Event::NotRecorded { account: name, why: &why });
        }
        tell(&Event::AccountEnded { account: name, succeeded: results.iter().all(StepResult::succeeded) });
        (name, results)
    });
    futures::stream::iter(all).buffer_unordered(limits.accounts.max(1)).collect().await
}
