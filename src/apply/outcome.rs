//! What became of every step, so that nothing that did not happen goes unsaid.

use super::{Gate, StepError};
use crate::model::{Account, Address, Health};
use std::collections::BTreeMap;

/// What became of the steps, in the order of the plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    pub steps: Vec<(Address, StepResult)>,
    /// Accounts that were red after their steps.
    pub sick: BTreeMap<Account, Health>,
    /// The gates that held something back, in the order in which they were asked.
    pub gates: Vec<Gate>,
}

/// What became of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepResult {
    Done,
    /// The resource was already so.
    AlreadyDone,
    Failed(StepError),
    /// Live state was neither the before nor the after.
    Withheld(StepError),
    /// A step that it needs did not succeed.
    Skipped {
        because: Address,
    },
    /// Its wave's gate did not hold for its account, or its wave had halted by then.
    NotStarted,
}

impl StepResult {
    pub fn succeeded(&self) -> bool {
        matches!(self, StepResult::Done | StepResult::AlreadyDone)
    }
}

impl Outcome {
    /// Whether every step of the plan succeeded, and every account was well afterwards.
    pub fn succeeded(&self) -> bool {
        self.sick.is_empty() && self.steps.iter().all(|(_, result)| result.succeeded())
    }

    /// How many steps have a result of some kind.
    pub fn count(&self, of: impl Fn(&StepResult) -> bool) -> usize {
        self.steps.iter().filter(|(_, result)| of(result)).count()
    }
}
