//! From fates to the plan: steps with their actions and concerns, accounts in waves.

use super::compare::{Fate, Fates};
use super::ground::{Ground, account_of};
use super::order::{Node, Phase, order};
use super::{Action, Plan, Step, Wave, judge};
use crate::model::{Account, Address, Effect, Environment, Name, Note};
use std::collections::BTreeMap;

/// The wave of what belongs to the organization as a whole: before all others, which hang from it.
pub const ORGANIZATION: &str = "organization";

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
    let waves = waves(&estate.order, accounts);
    (Plan { emails: emails(ground, fates), waves, ..Plan::empty(estate) }, notes)
}

fn waves(order: &[Environment], mut accounts: BTreeMap<Account, Vec<Step>>) -> Vec<Wave> {
    let forgotten = Environment::ALL.into_iter().filter(|environment| !order.contains(environment));
    let environments = order.iter().copied().chain(forgotten).map(Some);
    let mut waves = Vec::new();
    for environment in [None].into_iter().chain(environments) {
        let name = environment.map_or(ORGANIZATION, Environment::as_str).parse::<Name>();
        let (here, later) = accounts.into_iter().partition(|(account, _)| account.environment() == environment);
        accounts = later;
        waves.extend(name.ok().map(|name| Wave { name, accounts: here }));
    }
    waves.retain(|wave| !wave.accounts.is_empty());
    waves
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
