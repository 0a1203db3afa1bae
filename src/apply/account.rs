//! The steps of one account: each starts as soon as those it comes after have succeeded.

use super::attempt::attempt;
use super::waves::Event;
use super::{Cloud, Performed, StepError, StepResult, Trouble};
use crate::plan::Step;
use futures::StreamExt;
use futures::stream::FuturesUnordered;

/// Carries out an account's steps, at most `width` at once, and returns what became of each, in order.
///
/// A failed step stops those that come after it, and no others: what is independent goes on, as a rerun would do it anyway.
pub(super) async fn account(cloud: &impl Cloud, steps: &[Step], width: usize, on: &impl Fn(&Event<'_>)) -> Vec<StepResult> {
    let mut results: Vec<Option<StepResult>> = vec![None; steps.len()];
    let mut running = FuturesUnordered::new();
    let mut started = vec![false; steps.len()];
    loop {
        skip(steps, &mut results, &mut started, on);
        for at in ready(steps, &results, &started).take(width.saturating_sub(running.len())).collect::<Vec<_>>() {
            started[at] = true;
            running.push(async move { (at, step(cloud, &steps[at], on).await) });
        }
        let Some((at, result)) = running.next().await else { break };
        results[at] = Some(result);
    }
    results.into_iter().map(|result| result.unwrap_or(StepResult::NotStarted)).collect()
}

/// The steps that can start now, the first in the plan first.
fn ready<'a>(steps: &'a [Step], results: &'a [Option<StepResult>], started: &'a [bool]) -> impl Iterator<Item = usize> + 'a {
    let succeeded = |at: &usize| results[*at].as_ref().is_some_and(StepResult::succeeded);
    (0..steps.len()).filter(move |at| !started[*at] && steps[*at].after.iter().all(succeeded))
}

/// Gives up the steps whose needs did not succeed. One pass is enough: the plan lists needs before what needs them.
fn skip(steps: &[Step], results: &mut [Option<StepResult>], started: &mut [bool], on: &impl Fn(&Event<'_>)) {
    for at in 0..steps.len() {
        let failed = |need: &&usize| results[**need].as_ref().is_some_and(|result| !result.succeeded());
        let Some(need) = steps[at].after.iter().find(failed).filter(|_| !started[at]) else { continue };
        let result = StepResult::Skipped { because: root_cause(steps, results, *need) };
        on(&Event::StepEnded { step: &steps[at], result: &result });
        started[at] = true;
        results[at] = Some(result);
    }
}

/// The step that really failed, behind steps that were only skipped.
fn root_cause(steps: &[Step], results: &[Option<StepResult>], at: usize) -> crate::model::Address {
    match &results[at] {
        Some(StepResult::Skipped { because }) => because.clone(),
        _ => steps[at].address.clone(),
    }
}

async fn step(cloud: &impl Cloud, step: &Step, on: &impl Fn(&Event<'_>)) -> StepResult {
    on(&Event::StepStarted { step });
    let outcome = attempt(cloud, step, |error, pause| on(&Event::StepWaits { step, error, pause })).await;
    let result = settle(outcome);
    on(&Event::StepEnded { step, result: &result });
    result
}

fn settle(outcome: Result<Performed, StepError>) -> StepResult {
    match outcome {
        Ok(Performed::Done) => StepResult::Done,
        Ok(Performed::AlreadyDone) => StepResult::AlreadyDone,
        Err(error) if error.trouble == Trouble::Drifted => StepResult::Withheld(error),
        Err(error) => StepResult::Failed(error),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::{Fake, step};
    use super::*;
    use std::time::Duration;

    /// What becomes of steps, the first of which meets a trouble if there is one.
    async fn after(trouble: Option<Trouble>, steps: &[Step]) -> Vec<StepResult> {
        let first = steps[0].address.clone();
        let perform = move |step: &Step, _| match trouble.filter(|_| step.address == first) {
            Some(trouble) => Err(StepError::new(trouble, "no")),
            None => Ok(Performed::Done),
        };
        account(&Fake { perform: Box::new(perform), ..Fake::new() }, steps, 4, &|_| ()).await
    }

    #[tokio::test(start_paused = true)]
    async fn what_needs_a_step_that_did_not_succeed_is_skipped_because_of_it_and_the_others_go_on() {
        let steps =
            [step("a/dev", "root", &[]), step("a/dev", "child", &[0]), step("a/dev", "grandchild", &[1]), step("a/dev", "other", &[])];
        let skipped = || StepResult::Skipped { because: steps[0].address.clone() };
        for trouble in [Trouble::Refused, Trouble::Drifted] {
            let results = after(Some(trouble), &steps).await;
            assert_eq!(results[1..], [skipped(), skipped(), StepResult::Done], "the step that really failed is named");
        }
        assert!(after(None, &steps).await.iter().all(StepResult::succeeded));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_changed_meanwhile_is_withheld_and_whatever_else_goes_wrong_has_failed() {
        let steps = [step("a/dev", "ci", &[])];
        let error = |trouble| StepError::new(trouble, "no");
        let (drifted, refused) = (Trouble::Drifted, Trouble::Refused);
        assert_eq!(after(Some(drifted), &steps).await, [StepResult::Withheld(error(drifted))]);
        assert_eq!(after(Some(refused), &steps).await, [StepResult::Failed(error(refused))]);
        assert!(matches!(&after(Some(Trouble::Lost), &steps).await[..], [StepResult::Failed(_)]), "patience has an end");
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_steps_go_at_once_and_no_more() {
        let steps: Vec<Step> = (0..7).map(|at| step("a/dev", &format!("r{at}"), &[])).collect();
        for (width, seconds) in [(1, 7), (3, 3), (7, 1), (50, 1)] {
            let cloud = Fake { takes: Duration::from_secs(1), ..Fake::new() };
            assert!(account(&cloud, &steps, width, &|_| ()).await.iter().all(StepResult::succeeded));
            assert_eq!(cloud.elapsed().as_secs(), seconds, "{width} at once");
        }
    }
}
