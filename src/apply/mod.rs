//! ApprovedPlan × Cloud → events and an outcome: waves in order, each behind its gate; accounts in parallel, steps as soon as what they
//! need is done. Decides nothing about resources: the plan has decided. Knows time only through the cloud's `sleep` and `now`.

mod account;
mod attempt;
mod cloud;
mod gate;
mod outcome;
mod past;
mod rounds;
mod watch;
mod waves;

pub use cloud::{Cloud, Performed, StepError, Trouble};
pub use gate::{Gate, Past, Reason, asked_by, gate};
pub use outcome::{Outcome, StepResult};
pub use past::{Came, came, failed_in, unfinished};
pub use watch::Reading;
pub use waves::{Event, Limits, Terms, Watch, apply};

use watch::{ask, ask_settled};

#[cfg(test)]
mod fake;
