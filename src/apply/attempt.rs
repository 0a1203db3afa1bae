//! One step, tried until it succeeds, fails for good, or patience ends.

use super::{Cloud, Performed, StepError, Trouble};
use crate::plan::Step;
use std::time::Duration;

/// The first pause after a failed attempt; each further one is twice as long, up to `LONGEST_PAUSE`.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// AWS makes new things visible within seconds, at the worst within a minute or two; IAM is the slowest.
const SETTLING: Duration = Duration::from_secs(180);
/// Lambda takes the interfaces of a function that is gone away within 20 minutes (Lambda developer guide, "Connecting to a VPC"), people have
/// seen half an hour.
const LEAVING: Duration = Duration::from_secs(2100);
/// Throttling ends when the queue ahead is served. Account creation is the slowest bucket: one in ten seconds.
const THROTTLING: Duration = Duration::from_secs(1200);

/// Tries a step until it is done or there is no point in going on; tells of every attempt that will be followed by another.
pub(super) async fn attempt(
    cloud: &impl Cloud,
    step: &Step,
    mut on_retry: impl FnMut(&StepError, Duration),
) -> Result<Performed, StepError> {
    let (mut pause, mut paused, mut again) = (FIRST_PAUSE, Duration::ZERO, false);
    loop {
        let error = match cloud.perform(step, again).await {
            Ok(performed) => return Ok(performed),
            Err(error) => error,
        };
        let patience = patience(error.trouble);
        if paused + pause > patience {
            return Err(if patience.is_zero() { error } else { exhausted(error, paused) });
        }
        on_retry(&error, pause);
        cloud.sleep(pause).await;
        paused += pause;
        pause = (pause * 2).min(LONGEST_PAUSE);
        again = true;
    }
}

/// For how long a trouble is worth waiting out, in all.
fn patience(trouble: Trouble) -> Duration {
    match trouble {
        Trouble::Throttled => THROTTLING,
        Trouble::Lost | Trouble::Unsettled => SETTLING,
        Trouble::Leaving => LEAVING,
        Trouble::Drifted | Trouble::Refused => Duration::ZERO,
    }
}

fn exhausted(error: StepError, paused: Duration) -> StepError {
    StepError::new(error.trouble, format!("{} (after waiting {} s)", error.message, paused.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::super::fake::{Fake, step};
    use super::*;

    /// What becomes of a step whose attempts meet these troubles, one after the other and the last one for ever, and the pauses between
    /// them, in milliseconds.
    async fn tried(troubles: &[Option<Trouble>]) -> (Result<Performed, StepError>, Vec<u128>) {
        let troubles = troubles.to_vec();
        let perform = move |_: &Step, at: usize| match troubles[at.min(troubles.len() - 1)] {
            None => Ok(Performed::Done),
            Some(trouble) => Err(StepError::new(trouble, format!("{trouble:?}"))),
        };
        let cloud = Fake { perform: Box::new(perform), ..Fake::new() };
        let mut pauses = Vec::new();
        let result = attempt(&cloud, &step("a/dev", "ci", &[]), |_, pause| pauses.push(pause.as_millis())).await;
        assert_eq!(cloud.elapsed().as_millis(), pauses.iter().sum(), "what is told is what is waited");
        let again: Vec<bool> = cloud.attempts.borrow().iter().map(|(_, again)| *again).collect();
        let expected: Vec<bool> = (0..=pauses.len()).map(|at| at > 0).collect();
        assert_eq!(again, expected, "whoever tries again says so, since a first attempt that finds half of it done is told of drift");
        (result, pauses)
    }

    fn error(trouble: Trouble, message: &str) -> Result<Performed, StepError> {
        Err(StepError::new(trouble, message))
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_refused_or_has_drifted_is_tried_once() {
        for trouble in [Trouble::Refused, Trouble::Drifted] {
            assert_eq!(tried(&[Some(trouble)]).await, (error(trouble, &format!("{trouble:?}")), vec![]));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_lost_or_is_not_in_force_yet_is_tried_for_three_minutes() {
        for trouble in [Trouble::Lost, Trouble::Unsettled] {
            let (result, pauses) = tried(&[Some(trouble)]).await;
            assert_eq!(pauses, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000]);
            assert_eq!(result, error(trouble, &format!("{trouble:?} (after waiting 151 s)")));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_is_waited_out_for_twenty_minutes() {
        let (result, pauses) = tried(&[Some(Trouble::Throttled)]).await;
        assert_eq!(result, error(Trouble::Throttled, "Throttled (after waiting 1171 s)"));
        assert_eq!(pauses.iter().max(), Some(&30_000), "a queue that has been served is noticed within half a minute");
    }

    #[tokio::test(start_paused = true)]
    async fn what_goes_by_itself_is_waited_for_for_half_an_hour() {
        let (result, pauses) = tried(&[Some(Trouble::Leaving)]).await;
        assert_eq!(result, error(Trouble::Leaving, "Leaving (after waiting 2071 s)"));
        assert_eq!(pauses.iter().max(), Some(&30_000));
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_with_the_first_attempt_that_succeeds_or_is_beyond_hope() {
        let (throttled, lost, refused) = (Some(Trouble::Throttled), Some(Trouble::Lost), Some(Trouble::Refused));
        assert_eq!(tried(&[None]).await, (Ok(Performed::Done), vec![]));
        assert_eq!(tried(&[throttled, lost, None]).await, (Ok(Performed::Done), vec![500, 1_000]));
        assert_eq!(tried(&[throttled, refused, None]).await, (error(Trouble::Refused, "Refused"), vec![500]));
        let queue = [vec![throttled; 20], vec![lost, None]].concat();
        let (result, _) = tried(&queue).await;
        assert_eq!(result, error(Trouble::Lost, "Lost (after waiting 451 s)"), "the patience for a trouble counts all that was waited");
    }
}
