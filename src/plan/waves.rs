//! From fates to the plan: steps with their actions and concerns, accounts in waves.

use super::compare::{Fate, Fates};
use super::ground::{Ground, account_of};
use super::order::{Node, Phase, order};
use super::{Action, ORGANIZATION, Plan, Rollout, Step, Wave, canaries, judge};
use crate::model::{Account, Address, Effect, Note};
use std::collections::BTreeMap;

/// Assembles the plan, and notes what its order had to give up.
pub(super) fn assemble<'a>(ground: &Ground<'a>, fates: &Fates<'a>) -> (Plan, Vec<Note>) {
    let mut by_account: BTreeMap<&Account, Vec<(&Address, &Fate)>> = BTreeMap::new();
    fates.of.iter().for_each(|(at, fate)| by_account.entry(&at.account).or_default().push((*at, fate)));
    let (mut accounts, mut notes) = (BTreeMap::new(), Vec::new());
    for (account, of_account) in by_account {
        let (ordered, broken) = order(ground, account, &of_account);
        notes.extend(broken);
        let steps = ordered.iter().filter_map(|(node, after)| step(ground, fates, node, after));
        accounts.insert(account.clone(), steps.collect::<Vec<_>>());
    }
    accounts.retain(|_, steps| !steps.is_empty());
    let estate = &ground.desired.estate;
    let waves = waves(&estate.rollout, accounts);
    let rollout = Rollout { canaries: canaries(ground.desired), ..estate.rollout.clone() };
    (Plan { emails: emails(ground, fates), rollout, waves, ..Plan::empty(estate) }, notes)
}

/// The accounts with steps, by the wave that takes them; the organization before all others.
fn waves(rollout: &Rollout, accounts: BTreeMap<Account, Vec<Step>>) -> Vec<Wave> {
    let mut by_place: BTreeMap<Option<usize>, BTreeMap<Account, Vec<Step>>> = BTreeMap::new();
    for (account, steps) in accounts {
        by_place.entry(rollout.place_of(&account)).or_default().insert(account, steps);
    }
    let name = |place: Option<usize>| place.map_or_else(|| ORGANIZATION.parse().ok(), |place| Some(rollout.waves[place].name.clone()));
    by_place.into_iter().filter_map(|(place, accounts)| Some(Wave { name: name(place)?, accounts })).collect()
}

/// The accounts that live or are created: in others there is nothing to do.
fn emails(ground: &Ground, fates: &Fates) -> BTreeMap<Account, String> {
    let is_there = |account: &Account| {
        let main = account_of(account);
        main.is_some_and(|main| ground.found(&main).is_some() || fates.of.get(&main) == Some(&Fate::Create))
    };
    let members = ground.desired.estate.members.iter().filter(|(account, _)| is_there(account));
    members.map(|(account, member)| (account.clone(), member.email.clone())).collect()
}

fn step(ground: &Ground, fates: &Fates, node: &Node, after: &[usize]) -> Option<Step> {
    let at = node.at;
    let action = action(ground, fates, node)?;
    let concerns = judge::concerns(at, &action);
    let asked = ground.declared(at).map(|declared| (declared.module.clone(), declared.place.clone()));
    Some(Step { address: at.clone(), action, after: after.to_vec(), concerns, asked })
}

/// What is done; nothing only if a fate does not fit its phase, which none does.
fn action(ground: &Ground, fates: &Fates, node: &Node) -> Option<Action> {
    let want = || fates.want(ground, node.at).cloned();
    let live = || ground.found(node.at).map(|found| found.spec.clone());
    Some(match (fates.of.get(node.at)?, node.phase) {
        (Fate::Create, _) => Action::Create { want: want()?, replacing: false },
        (Fate::Update(changes), _) => Action::Update { live: live()?, want: want()?, changes: changes.clone() },
        (Fate::Replace(_), Phase::Make) => Action::Create { want: want()?, replacing: true },
        (Fate::Replace(changes), _) => {
            let why = changes.iter().filter(|change| change.effect == Effect::Replaces).cloned().collect();
            Action::Delete { live: live()?, replacing: true, why }
        }
        (Fate::Delete, _) => Action::Delete { live: live()?, replacing: false, why: Vec::new() },
        (Fate::Unchanged | Fate::Blocked, _) => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::plan::estates::{accounts, at, desired, live, steps, with};
    use crate::plan::{Action, Live, plan};
    use serde_json::{Value, json};

    #[test]
    fn a_replacement_says_what_demands_it_and_nothing_else() {
        let network = |zone: &str| {
            let subnet = json!({ "vpc": "vpc/main", "cidr": "10.0.0.0/24", "zone": zone, "tags": { "zone": zone } });
            let vpc = ("payments/prod/us-west-2/vpc/main", json!({ "cidr": "10.0.0.0/16" }));
            with(accounts(&["payments/prod"]), [vpc, ("payments/prod/us-west-2/subnet/x", subnet)])
        };
        let (plan, _) = plan(&desired(&network("b")), &live(&network("a")));
        assert_eq!(steps(&plan), ["- payments/prod/us-west-2/subnet/x []", "+ payments/prod/us-west-2/subnet/x [0]"]);
        let both: Vec<&Action> = plan.steps().map(|step| &step.action).collect();
        let [Action::Delete { replacing: true, why, .. }, Action::Create { replacing: true, want }] = both[..] else { panic!("{both:?}") };
        assert_eq!(why.iter().map(|change| change.field.as_str()).collect::<Vec<_>>(), ["zone"], "the tag alone would be set in place");
        assert_eq!(want.range().map(|range| range.to_string()).as_deref(), Some("10.0.0.0/24"));
    }

    #[test]
    fn only_accounts_that_live_or_are_created_are_looked_for() {
        let all = accounts(&["catalog/prod", "payments/prod"]);
        let emails = |all: &[(String, Value)], lives: &Live| {
            plan(&desired(all), lives).0.emails.into_iter().map(|(account, email)| format!("{account} {email}")).collect::<Vec<_>>()
        };
        let expected = ["catalog/prod aws+catalog-prod@acme.example", "payments/prod aws+payments-prod@acme.example"];
        assert_eq!(emails(&all, &live(&all[..2])), expected);
        // Which unit is meant is not known, so no account is made in it.
        let twins = [(at("management/global/organizational-unit/all"), vec!["ou-1".into(), "ou-2".into()])].into();
        assert_eq!(emails(&all, &Live { twins, ..live(&all[..2]) }), expected[..1]);
    }
}
