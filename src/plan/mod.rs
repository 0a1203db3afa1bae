//! Desired × Live → Plan + Report. Pure: equal inputs give equal plans, byte for byte. No I/O, no clock, no async, no hash order.

mod desired;
mod live;
mod narrow;
mod steps;

pub use desired::{Declared, Desired, Estate, Member};
pub use live::{Found, Live, Stranger};
pub use narrow::narrow;
pub use steps::{Action, ApprovedPlan, Plan, Report, Step, Wave};
