//! Who is missing from a pattern that its peers are in: most often the account that somebody forgot.

use super::Pattern;
use crate::model::{Account, Environment};
use crate::plan::{Action, Plan};
use std::collections::BTreeSet;

/// Fewer accounts than this are no crowd that one could be missing from.
const CROWD: usize = 4;

/// One in so many may be missing; more, and the pattern is simply for some.
const SHARE: usize = 10;

/// Accounts that look like those of a pattern, and are not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peers<'a> {
    pub environment: Environment,
    /// How many of the peers are in the pattern, and how many there are.
    pub within: usize,
    pub all: usize,
    pub missing: Vec<&'a Account>,
}

/// The accounts of a plan, as a pattern is held against them.
pub(super) struct Crowd<'a> {
    all: BTreeSet<&'a Account>,
    /// Those that the plan creates: a pattern of new accounts is held against new accounts.
    new: BTreeSet<&'a Account>,
}

impl<'a> Crowd<'a> {
    pub(super) fn of(plan: &'a Plan) -> Crowd<'a> {
        let creates = |action: &Action| matches!(action, Action::Create { .. });
        let new = plan.steps().filter(|step| step.address.kind.as_str() == "account" && creates(&step.action));
        Crowd { all: plan.emails.keys().collect(), new: new.map(|step| &step.address.account).collect() }
    }
}

/// The environments in which a pattern is almost everywhere.
pub(super) fn among<'a>(crowd: &Crowd<'a>, pattern: &Pattern) -> Vec<Peers<'a>> {
    let within: BTreeSet<&Account> = pattern.accounts().collect();
    let peers = if within.iter().all(|account| crowd.new.contains(*account)) { &crowd.new } else { &crowd.all };
    let of = |environment: Environment| {
        let here: Vec<&'a Account> = peers.iter().copied().filter(|account| account.environment() == Some(environment)).collect();
        let missing: Vec<&'a Account> = here.iter().copied().filter(|account| !within.contains(account)).collect();
        let few = (1..=(here.len() / SHARE).max(1)).contains(&missing.len());
        (here.len() >= CROWD && few).then(|| Peers { environment, within: here.len() - missing.len(), all: here.len(), missing })
    };
    Environment::ALL.into_iter().filter_map(of).collect()
}
