//! ApprovedPlan × Cloud → events and an outcome: waves in order, accounts in parallel, steps as soon as what they need is done.
//! Decides nothing about resources: the plan has decided. Knows time only through the cloud's `sleep`.

mod account;
mod attempt;
mod cloud;
mod outcome;
mod waves;

pub use cloud::{Cloud, Performed, StepError, Trouble};
pub use outcome::{Outcome, StepResult};
pub use waves::{Event, Limits, apply};
