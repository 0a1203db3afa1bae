//! Desired × Live → Plan + Report. Pure: equal inputs give equal plans, byte for byte. No I/O, no clock, no async, no hash order.

mod desired;
mod live;
mod steps;

pub use desired::{Declared, Desired, Estate, Member};
pub use live::{Found, Live, Stranger};
pub use steps::{Action, ApprovedPlan, Plan, Report, Step, Wave};
