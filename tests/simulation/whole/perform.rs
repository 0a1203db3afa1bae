//! A run's `Cloud`: looks at the resource of a step and does what is due, by the rule that apply itself goes by, on the small AWS. Faults, lost
//! answers and slowness come in between.

use super::aws::Refusal;
use super::run::Run;
use jiff::Timestamp;
use landfall::apply::{Cloud, Performed, StepError, StepResult, Trouble};
use landfall::kinds::Spec;
use landfall::model::{Account, Address, Colour, Health, Word};
use landfall::plan::{Action, Due, Step, due};
use std::collections::BTreeMap;
use std::time::Duration;

/// For how long a NAT gateway is pending, and an account is being made.
const NAT_GATEWAY: Duration = Duration::from_secs(120);
const ACCOUNT: Duration = Duration::from_secs(90);

impl Run {
    fn trouble(&self, at: &Address, refusal: Refusal) -> StepError {
        let is_fresh = self.fresh.borrow().contains(&at.account);
        match refusal {
            Refusal::NotYet(why) => StepError::new(Trouble::Unsettled, why),
            Refusal::Denied if is_fresh => StepError::new(Trouble::Unsettled, "AccessDenied"),
            Refusal::Denied => StepError::new(Trouble::Refused, "AccessDenied"),
            Refusal::Never(why) => StepError::new(Trouble::Refused, why),
        }
    }

    /// Weather in which nothing has happened yet.
    fn weather(&self) -> Result<(), StepError> {
        if self.chance(|faults| faults.throttled) {
            return Err(StepError::new(Trouble::Throttled, "Rate exceeded"));
        }
        if self.chance(|faults| faults.unsettled) {
            return Err(StepError::new(Trouble::Unsettled, "not visible yet"));
        }
        Ok(())
    }

    async fn write(&self, step: &Step, want: Option<&Spec>) -> Result<Performed, StepError> {
        self.tick().await;
        // Asked at the very moment of the write, as the guard of every client does; then it is under way.
        self.may_write().map_err(|why| StepError::new(Trouble::Refused, why))?;
        self.way().await;
        self.weather()?;
        let lost = self.chance(|faults| faults.lost);
        if !lost || self.chance(|_| 50) {
            let Some(writer) = self.writer.get() else { return Err(StepError::new(Trouble::Refused, "no plan")) };
            let acted = self.aws.borrow_mut().act(writer, step, want);
            acted.map_err(|refusal| self.trouble(&step.address, refusal))?;
        }
        // Killed after the call was carried out and before its answer came: the cruellest moment.
        self.travel().await;
        if lost {
            return Err(StepError::new(Trouble::Lost, "no answer"));
        }
        self.wait_for(step).await;
        Ok(Performed::Done)
    }

    /// Until what AWS makes in the background is there.
    async fn wait_for(&self, step: &Step) {
        let Action::Create { .. } = step.action else { return };
        let pause = match step.address.kind.as_str() {
            "nat-gateway" => NAT_GATEWAY,
            "account" => {
                self.fresh.borrow_mut().insert(step.address.account.clone());
                ACCOUNT
            }
            _ => return,
        };
        self.tick().await;
        tokio::time::sleep(pause).await;
    }

    /// Whether an account that was asked for is still being made: whoever wants it waits for it, and does not ask again.
    fn under_way(&self, at: &Address) -> bool {
        at.kind.as_str() == "account" && self.aws.borrow().things.contains_key(at)
    }
}

impl Cloud for Run {
    async fn perform(&self, step: &Step, again: bool) -> Result<Performed, StepError> {
        self.travel().await;
        self.weather()?;
        self.travel().await;
        let at = &step.address;
        let entered = self.aws.borrow().enter(at);
        entered.map_err(|refusal| self.trouble(at, refusal))?;
        let found = self.aws.borrow().find(at);
        if found.is_none() && self.under_way(at) {
            self.wait_for(step).await;
            return Ok(Performed::Done);
        }
        match due(&step.action, found.as_ref().map(|found| &found.spec), again) {
            Due::Nothing => Ok(Performed::AlreadyDone),
            Due::Create(want) | Due::Update(want, _) => self.write(step, Some(want)).await,
            Due::Delete(_) => self.write(step, None).await,
            Due::Drift(why) => Err(StepError::new(Trouble::Drifted, why)),
        }
    }

    async fn ended(&self, _: &Account, _: &[Step], _: &[StepResult]) -> Result<(), String> {
        self.travel().await;
        if self.chance(|faults| faults.unrecorded) { Err("the record could not be written".to_owned()) } else { Ok(()) }
    }

    async fn health(&self, account: &Account) -> Health {
        self.travel().await;
        let health = if self.aws.borrow().account(account).is_none() {
            Health::without(Colour::Absent)
        } else if self.aws.borrow().red.contains(account) || self.chance(|faults| faults.flapping) {
            Health::of(BTreeMap::from([("landfall-canary-a".to_owned(), Word::silent("no answer"))]))
        } else {
            let word = Word { colour: Colour::Green, why: Vec::new(), suspects: Vec::new() };
            Health::of(BTreeMap::from([("landfall-canary-a".to_owned(), word)]))
        };
        *self.answers.borrow_mut().entry(account.clone()).or_default() |= health.is_red();
        health
    }

    async fn lock_held(&self) -> Result<(), String> {
        self.may_write()
    }

    fn now(&self) -> Timestamp {
        self.timestamp()
    }

    async fn sleep(&self, pause: Duration) {
        self.tick().await;
        tokio::time::sleep(pause).await;
    }
}
