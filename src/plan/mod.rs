//! Desired × Live → Plan + Report. Pure: equal inputs give equal plans, byte for byte. No I/O, no clock, no async, no hash order.
//!
//! `plan` goes through the stages once, each in a file of its own: `blind` finds what is not known, `adopt` the strangers that are to
//! become ours, `allocate` and `subnets` choose ranges, `compare` matches address by address, `keep` spares what people can't get back,
//! `cascade` follows the consequences for others, `order` and `waves` say when, `judge`
//! says how carefully to look, `representative` what no earlier wave has shown to work, `quotas` what AWS would refuse. `check` is the independent word on what every plan must satisfy.

mod adopt;
mod allocate;
mod blind;
mod cascade;
mod check;
mod compare;
mod desired;
mod due;
mod estimate;
mod file;
mod ground;
mod judge;
mod keep;
mod live;
mod narrow;
mod notices;
mod order;
mod pending;
mod quotas;
mod ranges;
mod representative;
mod reviewed;
mod rollback;
mod rollout;
mod steps;
mod subnets;
mod touched;
mod waves;
mod work;

pub use check::check;
pub use desired::{Declared, Desired, Estate, Member, Retired};
pub use due::{Due, due};
pub use estimate::{CALL, Estimate, estimate};
pub use file::{BadFile, PlanFile};
pub use live::{Found, Live, Stranger};
pub use narrow::narrow;
pub use notices::{Deployments, Hearers, Notices};
pub use quotas::{Per, Quota, SUMMARY as OVER_QUOTA, taken};
pub use representative::SUMMARY as FIRST_SEEN;
pub use reviewed::Reviewed;
pub use rollback::rollback;
pub use rollout::{
    BlockDays, ORGANIZATION, ORGANIZATION_LAST, Parallel, Rollout, Sick, Tolerance, WaveRules, canaries, is_canary, seconds, show_seconds,
};
pub use steps::{Action, ApprovedPlan, Plan, Report, Step, Wave};
pub use touched::{Touched, touched};
pub use work::{INTERFACES, Work, leaves, work};

use crate::kinds::{Cidr, Spec};
use crate::model::{Address, Note};
use allocate::Allocation;
use compare::Fate;
use ground::Ground;
use std::collections::BTreeMap;

/// Everything that has to be done to make live as desired, and what to know about it.
pub fn plan(desired: &Desired, live: &Live) -> (Plan, Report) {
    if let Some(note) = blind::organization(live) {
        return nothing(desired, note);
    }
    let ground = Ground::of(desired, live);
    let (unknown, mut notes) = blind::addresses(&ground);
    let (unadopted, doubts) = adopt::doubts(&ground);
    notes.extend(doubts);
    let allocation = allocate::allocate(&ground);
    let blocked = ground.reach(unknown.into_iter().chain(unadopted).chain(allocation.blocked.iter().cloned()));
    let mut fates = compare::compare(&ground, ranged(desired, &allocation), &blocked);
    cascade::follow(&ground, &mut fates);
    let (mut plan, broken) = waves::assemble(&ground, &fates);
    representative::mark(&ground, &fates, &mut plan);
    notes.extend(representative::note(&plan));
    notes.extend(quotas::notes(&ground));
    notes.extend(pending::notes(&ground));
    notes.extend(allocation.notes.into_iter().chain(fates.notes).chain(broken));
    notes.sort();
    notes.dedup();
    let is_as_declared = |(at, fate): &(&&Address, &Fate)| **fate == Fate::Unchanged && desired.resources.contains_key(**at);
    let unchanged = fates.of.iter().filter(is_as_declared).count();
    (plan, Report { notes, unchanged, accounts: desired.estate.members.len() })
}

/// The plan when it is not known which accounts exist.
fn nothing(desired: &Desired, note: Note) -> (Plan, Report) {
    let plan = Plan::empty(&desired.estate);
    (plan, Report { notes: vec![note], unchanged: 0, accounts: desired.estate.members.len() })
}

/// The specs whose ranges were chosen, with them.
fn ranged<'a>(desired: &'a Desired, allocation: &Allocation) -> BTreeMap<&'a Address, Spec> {
    let specs = desired.resources.iter().filter_map(|(at, declared)| {
        let cidr = Cidr::Fixed(*allocation.ranges.get(at)?);
        let mut spec = declared.spec.clone();
        match &mut spec {
            Spec::Vpc(vpc) => vpc.cidr = cidr,
            Spec::Subnet(subnet) => subnet.cidr = cidr,
            _ => {}
        }
        Some((at, spec))
    });
    specs.collect()
}

#[cfg(test)]
mod estates;
#[cfg(test)]
mod made;
