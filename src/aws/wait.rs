//! Waiting for AWS: bounded polling, for what AWS does in its own time. Never a fixed sleep.

use super::CallError;
use std::time::Duration;

/// The longest pause between two looks: what waits is found done half of this late. Five accounts at a time that are asked for so often
/// stay within what AWS allows (`DescribeCreateAccountStatus`: two a second).
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long to wait for something, and how often to look at first. Each pause is half again as long as the one before.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    pub first_pause: Duration,
    pub limit: Duration,
}

/// Looks until the probe finds what it looks for.
///
/// # Errors
/// The probe's own, and `Refused` when the limit has passed: a later run goes on waiting where this one stopped.
pub async fn until<T>(what: &str, wait: Wait, mut probe: impl AsyncFnMut() -> Result<Option<T>, CallError>) -> Result<T, CallError> {
    let (mut pause, mut waited) = (wait.first_pause, Duration::ZERO);
    loop {
        if let Some(found) = probe().await? {
            return Ok(found);
        }
        if waited >= wait.limit {
            let limit = wait.limit.as_secs();
            return Err(CallError::refused("landfall:Wait", format!("{what} did not happen within {limit} s; run again to go on waiting")));
        }
        tokio::time::sleep(pause).await;
        waited += pause;
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Wait = Wait { first_pause: Duration::from_secs(1), limit: Duration::from_secs(60) };

    #[tokio::test(start_paused = true)]
    async fn waits_no_longer_than_it_must() {
        let mut looks = 0;
        let found = until("it", WAIT, async || {
            looks += 1;
            Ok((looks == 4).then_some("there"))
        });
        assert_eq!(found.await.unwrap(), "there");
    }

    #[tokio::test(start_paused = true)]
    async fn gives_up_at_the_limit_and_says_so() {
        let gone = until::<()>("the NAT gateway", WAIT, async || Ok(None)).await.unwrap_err();
        assert!(gone.message.contains("the NAT gateway did not happen within 60 s"), "{gone}");
    }
}
