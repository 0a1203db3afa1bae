//! The seam between apply and the world: what a cloud can be asked, and how it can fail.

use super::StepResult;
use crate::model::{Account, Health};
use crate::plan::Step;
use jiff::Timestamp;
use std::time::Duration;

/// Whatever carries out steps: AWS, or a simulation in virtual time.
#[expect(async_fn_in_trait, reason = "apply awaits its futures on one task and never sends them to another thread")]
pub trait Cloud {
    /// Reads the step's one resource again, and carries out the step if it is as the plan found it.
    ///
    /// `again` says that this very step was tried before in this run: what that attempt left half done is then completed,
    /// where on a first attempt it counts as drift.
    async fn perform(&self, step: &Step, again: bool) -> Result<Performed, StepError>;

    /// What became of an account's steps, for a cloud that keeps a record. Changes no resource.
    ///
    /// # Errors
    /// Why there is no record of it, which undoes nothing and fails nothing.
    async fn ended(&self, account: &Account, steps: &[Step], results: &[StepResult]) -> Result<(), String>;

    /// How an account is: what its canaries say when they are asked now. What can't be asked or read is red.
    async fn health(&self, account: &Account) -> Health;

    /// Whether this run still is the one that may write.
    ///
    /// # Errors
    /// Why it may not any more: the lock has expired, or was broken.
    async fn lock_held(&self) -> Result<(), String>;

    /// What time it is.
    fn now(&self) -> Timestamp;

    /// Lets time pass.
    async fn sleep(&self, pause: Duration);
}

/// How a step succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Performed {
    Done,
    /// The resource was already as the step would have left it.
    AlreadyDone,
}

/// Why a step did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepError {
    pub trouble: Trouble,
    pub message: String,
}

/// What kind of trouble it is, and so what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// AWS asks for patience; nothing happened.
    Throttled,
    /// No answer: it may have happened. The next attempt looks first.
    Lost,
    /// Something that was just made or removed is not visible, or not in force, yet.
    Unsettled,
    /// What is in the way of a delete goes by itself, in AWS's own time.
    Leaving,
    /// The resource is neither as the plan found it nor as it would be left: withheld, plan again.
    Drifted,
    /// AWS will not do it, however often it is asked.
    Refused,
}

impl StepError {
    pub fn new(trouble: Trouble, message: impl Into<String>) -> StepError {
        StepError { trouble, message: message.into() }
    }
}
