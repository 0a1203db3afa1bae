//! A whole apply in virtual time, before the merge: the plan and apply's own code against a simulated cloud loaded with live state as it
//! was just read. Foretells what becomes of every step, which gates hold, how long it takes and what it waits for; and says what it can't
//! know. Pure: asks nobody for anything, and equal inputs give equal rehearsals, byte for byte.

mod clock;
mod held;
mod json;
mod known;
mod notes;
mod refusals;
mod text;
mod turns;
mod unknown;
mod watched;
mod world;

pub use json::json;
pub use known::{ACCOUNTS, Known, QuotaOf};
pub use notes::{notes, unrehearsed};
pub use text::text;
pub use turns::{Queue, Waits};
pub use unknown::Unknown;
pub use watched::{Ran, WaveRan};

use crate::apply::{Outcome, StepResult, Terms, apply};
use crate::model::{Account, Address};
use crate::plan::{ApprovedPlan, CALL, Step};
use clock::Clock;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use watched::Watched;
use world::{World, creates};

/// What a rehearsal came to.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    pub outcome: Outcome,
    /// From the first step to the last.
    pub takes: Duration,
    /// How many calls AWS would get.
    pub calls: usize,
    pub waves: Vec<WaveRan>,
    /// The buckets at which something waited.
    pub queues: Vec<Queue>,
    /// What to do about steps that did not succeed.
    pub hints: BTreeMap<Address, String>,
    /// Quotas that steps came up against, known or not.
    pub met: BTreeSet<QuotaOf>,
    /// What was planned when this plan was made, and would be planned otherwise now: a merge plans anew, and withholds it.
    pub withheld: Vec<Step>,
    pub unknown: Vec<Unknown>,
    /// How many people have to approve it.
    pub approvals: usize,
}

impl Rehearsal {
    /// Takes down steps that are planned otherwise now than when the plan was made, as far as they are of the plan and it would do them.
    pub fn withhold(&mut self, changed: Vec<Step>) {
        let done: BTreeSet<&Address> =
            self.outcome.steps.iter().filter(|(_, result)| *result == StepResult::Done).map(|(address, _)| address).collect();
        self.withheld = changed.into_iter().filter(|step| done.contains(&step.address)).collect();
    }

    /// Whether all of it would be done.
    pub fn succeeds(&self) -> bool {
        self.outcome.succeeded() && self.withheld.is_empty()
    }
}

/// Carries out a plan, as apply would now; none if apply would wait for ever, which it never does.
pub fn rehearse(plan: &ApprovedPlan, known: &Known, terms: &Terms) -> Option<Rehearsal> {
    let clock = Clock::default();
    let world = World::of(known, plan.plan(), &clock);
    let mut watched = Watched::new(&clock);
    let outcome = clock.run(async {
        world.sleep_for(opening(known)).await;
        apply(plan, &world, terms, &mut |event| watched.hear(event)).await
    })?;
    let waves = watched.waves;
    let (takes, calls, queues) = (clock.now(), world.turns.borrow().calls(), world.turns.borrow().queues());
    let unknown = unknown::unknown(&world, plan.plan());
    let (hints, met) = (world.hints.into_inner(), world.met.into_inner());
    let approvals = plan.plan().approvals_needed();
    Some(Rehearsal { outcome, takes, calls, waves, queues, hints, met, withheld: Vec::new(), unknown, approvals })
}

/// What should be known of quotas before a plan is rehearsed: how many accounts there may be, where it makes some.
pub fn asked(plan: &ApprovedPlan) -> BTreeSet<QuotaOf> {
    let makes = plan.plan().steps().any(|step| step.address.kind.as_str() == "account" && creates(step));
    makes.then(QuotaOf::accounts).into_iter().collect()
}

/// Looking up the organization, before the first step: who we are, and each unit's units and accounts.
fn opening(known: &Known) -> Duration {
    let units = known.live.found.keys().filter(|at| at.account == Account::Management && at.kind.as_str() == "organizational-unit").count();
    let calls = 4 + 3 * (units + 1);
    CALL * u32::try_from(calls).unwrap_or(u32::MAX)
}
