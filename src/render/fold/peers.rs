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

#[cfg(test)]
mod tests {
    use crate::plan::Plan;
    use crate::render::fold::{fold, groups};
    use crate::render::made::{create, plan, spec, step};

    /// Ten accounts, of which some get a role and some are created by this very plan.
    fn estate(with_role: std::ops::Range<usize>, new: std::ops::Range<usize>) -> Plan {
        let account = |at: usize| format!("domain{at}/prod");
        let roles = with_role.map(|at| create(&format!("{}/global/iam-role/ci", account(at)), false));
        let made = new.map(|at| {
            let fields = serde_json::json!({ "email": format!("{at}@acme.example"), "name": account(at), "access_role": "Role",
                "organizational_unit": "management:organizational-unit/all" });
            let want = spec("account", fields);
            step(&format!("{}/global/account/main", account(at)), crate::plan::Action::Create { want, replacing: false })
        });
        let emails = (0..10).map(|at| (account(at).parse().unwrap(), format!("{at}@acme.example")));
        Plan { emails: emails.collect(), ..plan([("prod", roles.chain(made).collect())]) }
    }

    /// Of the roles: how many of how many have it, and who has not; and how many steps that are.
    fn missing(plan: &Plan) -> (Vec<String>, usize) {
        let folded = fold(plan);
        let groups = groups(&folded, plan);
        let group = groups.iter().find(|group| group.patterns.iter().any(|pattern| pattern.shape.kind == "iam-role")).unwrap();
        let peers = group.peers.iter().map(|peers| format!("{} of {}: {}", peers.within, peers.all, crate::model::show(&peers.missing)));
        (peers.collect(), group.steps())
    }

    #[test]
    fn whoever_is_missing_from_almost_all_is_told_of() {
        assert_eq!(missing(&estate(0..9, 0..0)), (vec!["9 of 10: domain9/prod".to_owned()], 9));
        assert_eq!(missing(&estate(0..8, 0..0)), (vec![], 8), "two of ten are not almost all");
        assert_eq!(missing(&estate(0..10, 0..0)), (vec![], 10));
    }

    #[test]
    fn new_accounts_are_held_against_new_ones() {
        assert_eq!(missing(&estate(0..4, 0..5)), (vec!["4 of 5: domain4/prod".to_owned()], 4));
        assert_eq!(missing(&estate(0..4, 0..4)), (vec![], 8), "the old ones are another matter");
    }
}
