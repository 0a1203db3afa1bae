//! Asks the canaries of an account how it is, with a deadline: before its steps, and after them until what is new has had time to come
//! into force. What doesn't answer is red.

use super::Cloud;
use crate::model::{Account, Health};
use futures::future::{Either, select};
use std::pin::pin;
use std::time::Duration;

/// A canary ends after 20 s and its asking after 30; the rest is the way in. Whoever says nothing until then says "red".
const DEADLINE: Duration = Duration::from_secs(60);
/// New roles, routes and gateways come into force within seconds, at the worst within a minute (IAM user guide, "eventual consistency").
const SETTLING: Duration = Duration::from_secs(60);
/// How long to wait between two readings of an account that has just been changed.
const AGAIN: Duration = Duration::from_secs(15);

/// When an account was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reading {
    /// Before its steps: red is no reason not to go on, the steps may be what mends it.
    Before,
    /// For a gate.
    During,
    /// After its steps.
    After,
}

/// How an account is, within a deadline.
pub(super) async fn ask(cloud: &impl Cloud, account: &Account) -> Health {
    match select(pin!(cloud.health(account)), pin!(cloud.sleep(DEADLINE))).await {
        Either::Left((health, _)) => health,
        Either::Right(_) => Health::unknown(format!("no answer within {} s", DEADLINE.as_secs())),
    }
}

/// How an account is after its steps: as soon as it is well, or when it should be.
pub(super) async fn ask_settled(cloud: &impl Cloud, account: &Account) -> Health {
    let mut waited = Duration::ZERO;
    loop {
        let health = ask(cloud, account).await;
        if !health.is_red() || waited >= SETTLING {
            return health;
        }
        cloud.sleep(AGAIN).await;
        waited += AGAIN;
    }
}

#[cfg(test)]
mod tests {
    use super::super::Trouble;
    use super::super::fake::{Fake, green, plan, red, watched};
    use super::*;

    /// When an account was asked how it is, in seconds since the start, and whether the run did well.
    async fn asked(cloud: Fake) -> (Vec<u64>, bool) {
        let outcome = cloud.apply(watched(plan(&["a/dev"]))).await;
        let when = cloud.asked.borrow().iter().map(|(_, when)| when.as_secs()).collect();
        (when, outcome.succeeded())
    }

    #[tokio::test(start_paused = true)]
    async fn an_account_has_a_minute_after_its_steps_to_come_to_itself() {
        assert_eq!(asked(Fake::new()).await, (vec![0, 0], true), "before its steps, and after them");
        let slow = |_: &Account, when: Duration| if when < Duration::from_secs(20) { red("no route") } else { green() };
        assert_eq!(asked(Fake { canaries: Box::new(slow), ..Fake::new() }).await, (vec![0, 0, 15, 30], true));
        assert_eq!(asked(Fake::with_red(&["a/dev"])).await, (vec![0, 0, 15, 30, 45, 60], false));
    }

    #[tokio::test(start_paused = true)]
    async fn an_account_whose_steps_failed_is_asked_once_more_for_the_record_alone() {
        let mut cloud = Fake::with_red(&["a/dev"]);
        cloud.perform = Fake::with_trouble(&["a/dev"], Trouble::Refused).perform;
        assert_eq!(asked(cloud).await, (vec![0, 0], false));
    }
}
