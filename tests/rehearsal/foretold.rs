//! Rehearsals for tests: from live state and a plan, with nothing else known.

use super::run::LIMITS;
use landfall::apply::{Terms, Watch};
use landfall::model::Healths;
use landfall::plan::{ApprovedPlan, Desired, Live, Plan, Step, plan};
use landfall::rehearsal::{Known, Rehearsal, rehearse};
use std::collections::BTreeMap;

pub const TERMS: Terms = Terms { limits: LIMITS, watch: Watch::Whole, break_glass: None };

pub fn known(live: Live) -> Known {
    let now = "2026-11-21T09:00:00Z".parse().unwrap();
    Known { live, healths: Healths::new(), granted: BTreeMap::new(), accounts: None, writer: None, now }
}

pub fn approved(plan: Plan) -> ApprovedPlan {
    let reviewed = plan.steps().map(Step::digest).collect();
    ApprovedPlan::of(plan, &reviewed).0
}

/// A plan made of live state, and rehearsed against the same.
pub fn foretold(desired: &Desired, live: Live) -> Rehearsal {
    let (plan, _) = plan(desired, &live);
    rehearse(&approved(plan), &known(live), &TERMS).unwrap()
}
