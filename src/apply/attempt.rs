//! One step, tried until it succeeds, fails for good, or patience ends.

use super::{Cloud, Performed, StepError, Trouble};
use crate::plan::Step;
use std::time::Duration;

/// The first pause after a failed attempt; each further one is twice as long, up to `LONGEST_PAUSE`.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// AWS makes new things visible within seconds, at the worst within a minute or two; IAM is the slowest.
const SETTLING: Duration = Duration::from_secs(180);
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
        Trouble::Drifted | Trouble::Refused => Duration::ZERO,
    }
}

fn exhausted(error: StepError, paused: Duration) -> StepError {
    StepError::new(error.trouble, format!("{} (after waiting {} s)", error.message, paused.as_secs()))
}
