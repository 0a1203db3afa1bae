//! What every plan must satisfy, said a second time and in another way: from the inputs and the plan alone, with none of the planner's
//! stages. Tests hold every plan against it. Never repairs anything.

use super::{Action, Desired, Live, Plan, Step};
use crate::kinds::{Cidr, Spec};
use crate::model::{Account, Address, KindName};
use ipnet::Ipv4Net;
use std::collections::{BTreeMap, BTreeSet};

/// What is wrong with a plan; nothing, if it keeps all promises.
pub fn check(desired: &Desired, live: &Live, plan: &Plan) -> Vec<String> {
    let mut wrong = Vec::new();
    for step in plan.steps() {
        let found = [knows_what_it_touches(desired, live, step), deletes_only_ours(desired, live, step), is_closed(step)];
        wrong.extend(found.into_iter().flatten().map(|found| format!("{}: {found}", step.address)));
    }
    for (account, steps) in plan.waves.iter().flat_map(|wave| &wave.accounts) {
        wrong.extend(orders_its_steps(desired, account, steps));
    }
    wrong.extend(meets_needs_in_turn(desired, live, plan));
    wrong.extend(keeps_ranges_apart(desired, live, plan));
    wrong
}

/// Nothing unreadable, doubtful or undeclared is touched, and what is updated or deleted is what was found.
fn knows_what_it_touches(desired: &Desired, live: &Live, step: &Step) -> Option<String> {
    let Address { account, kind, .. } = &step.address;
    let found = live.found.get(&step.address).map(|found| &found.spec);
    let before = match &step.action {
        Action::Create { replacing: true, .. } => found,
        action => action.before(),
    };
    if !live.is_readable(account, kind) {
        Some(format!("{kind} of {account} could not be read"))
    } else if !live.is_readable(&Account::Management, &"account".parse().ok()?) {
        Some("which accounts exist is not known".to_owned())
    } else if live.twins.contains_key(&step.address) {
        Some("several resources claim it".to_owned())
    } else if *account != Account::Management && !desired.estate.members.contains_key(account) && !carries_our_mark(live, account) {
        Some("its account is neither declared nor ours".to_owned())
    } else if before != found {
        Some("what it says is there is not what was found".to_owned())
    } else {
        None
    }
}

/// Whether an account lives that is known by our mark.
fn carries_our_mark(live: &Live, account: &Account) -> bool {
    live.found.keys().any(|at| at.account == *account && at.kind.as_str() == "account")
}

/// A delete is of something of ours that nobody declares, or the first half of a replacement; what must not be lost has to be retired,
/// and units are never deleted.
fn deletes_only_ours(desired: &Desired, live: &Live, step: &Step) -> Option<String> {
    let Action::Delete { replacing, .. } = &step.action else { return None };
    let retired = &desired.estate.retired;
    let is_retired = retired.accounts.contains(&step.address.account) || retired.resources.contains(&step.address);
    if step.address.kind.as_str() == "organizational-unit" {
        Some("units are never deleted".to_owned())
    } else if step.address.kind.as_str() == "account" && !retired.accounts.contains(&step.address.account) {
        Some("it closes an account that is not retired".to_owned())
    } else if !is_retired && step.action.before().is_some_and(|live| live.held().is_some()) {
        Some("it holds what nobody gets back, and is not retired".to_owned())
    } else if !live.found.contains_key(&step.address) {
        Some("it is not ours to delete".to_owned())
    } else if *replacing != desired.resources.contains_key(&step.address) {
        Some("declared ones are only replaced, others only deleted".to_owned())
    } else {
        None
    }
}

/// The plan holds no range that is still to be chosen.
fn is_closed(step: &Step) -> Option<String> {
    let cidr = step.action.after()?.cidr()?;
    cidr.fixed().is_none().then(|| format!("its range is not chosen: {cidr}"))
}

/// Steps wait for earlier ones only, and for all that they need, directly or by way of others.
fn orders_its_steps(desired: &Desired, account: &Account, steps: &[Step]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut earlier: Vec<BTreeSet<usize>> = Vec::new();
    for (place, step) in steps.iter().enumerate() {
        if step.address.account != *account {
            wrong.push(format!("{} is listed under {account}", step.address));
        }
        if !step.after.is_sorted_by(|one, other| one < other) || step.after.iter().any(|at| *at >= place) {
            wrong.push(format!("{} waits for what does not come before it", step.address));
            earlier.push(BTreeSet::new());
            continue;
        }
        let known: BTreeSet<usize> = step.after.iter().flat_map(|at| earlier[*at].iter().copied().chain([*at])).collect();
        let waits_for = |wanted: &dyn Fn(&Step) -> bool| {
            steps.iter().enumerate().all(|(at, other)| at == place || !wanted(other) || known.contains(&at))
        };
        let needs = needs(desired, &step.address, step.action.after());
        if !waits_for(&|other| other.action.after().is_some() && needs.contains(&other.address)) {
            wrong.push(format!("{} does not wait for what it needs", step.address));
        }
        if step.action.after().is_some() && !waits_for(&|other| other.action.after().is_none() && other.address == step.address) {
            wrong.push(format!("{} does not wait for its own removal", step.address));
        }
        if step.action.after().is_none() && !waits_for(&|other| frees(desired, other, &step.address)) {
            wrong.push(format!("{} does not wait for what lets go of it", step.address));
        }
        earlier.push(known);
    }
    wrong
}

/// Whether a step unbinds its resource from an address: it was bound before, and is not after.
fn frees(desired: &Desired, step: &Step, at: &Address) -> bool {
    let binds = |spec: Option<&Spec>| needs(desired, &step.address, spec).contains(at);
    binds(step.action.before()) && !binds(step.action.after())
}

/// Done one by one, every step finds what it needs; no address is made or deleted twice.
fn meets_needs_in_turn(desired: &Desired, live: &Live, plan: &Plan) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut there: BTreeSet<&Address> = live.found.keys().collect();
    let mut done: BTreeSet<(&Address, bool)> = BTreeSet::new();
    for step in plan.steps() {
        let (at, after) = (&step.address, step.action.after());
        if !done.insert((at, after.is_some())) {
            wrong.push(format!("{at} is made or deleted twice"));
        }
        for need in needs(desired, at, after).iter().filter(|need| !there.contains(need)) {
            wrong.push(format!("{at} needs {need}, which is not there by then"));
        }
        match &step.action {
            Action::Create { .. } if !there.insert(at) => wrong.push(format!("{at} is created and is there already")),
            Action::Delete { .. } => drop(there.remove(at)),
            Action::Create { .. } | Action::Update { .. } => {}
        }
    }
    let half = plan.steps().filter(|step| matches!(step.action, Action::Delete { replacing: true, .. }));
    wrong.extend(half.filter(|step| !done.contains(&(&step.address, true))).map(|step| format!("{} is replaced by nothing", step.address)));
    wrong
}

/// What a spec names, and its account; itself it need not wait for.
fn needs(desired: &Desired, at: &Address, spec: Option<&Spec>) -> BTreeSet<Address> {
    let Some(spec) = spec else { return BTreeSet::new() };
    let named = spec.needs().into_iter().map(|reference| reference.resolve(at, &desired.estate.home_region));
    let own = format!("{}/global/account/main", at.account).parse::<Address>().ok();
    let own = own.filter(|_| at.account != Account::Management);
    named.chain(own).filter(|need| need != at).collect()
}

/// New VPCs share no address with any other, nor with what is reserved unless a file fixes them there; new subnets lie in their VPC, apart.
fn keeps_ranges_apart(desired: &Desired, live: &Live, plan: &Plan) -> Vec<String> {
    let mut result: BTreeMap<&Address, &Spec> = live.found.iter().map(|(at, found)| (at, &found.spec)).collect();
    let made: Vec<&Step> = plan.steps().filter(|step| matches!(step.action, Action::Create { .. })).collect();
    for step in plan.steps() {
        match step.action.after() {
            Some(spec) => result.insert(&step.address, spec),
            None => result.remove(&step.address),
        };
    }
    // What lived in a VPC that is made anew, and stays, lies in none of the VPCs to come.
    let home = &desired.estate.home_region;
    let is_made = |at: &Address| made.iter().any(|step| step.address == *at);
    let is_stranded =
        |at: &Address, spec: &Spec| matches!(spec, Spec::Subnet(subnet) if !is_made(at) && is_made(&subnet.vpc.resolve(at, home)));
    result.retain(|at, spec| !is_stranded(at, spec));
    let mut wrong = Vec::new();
    for step in made {
        let (at, Some(spec)) = (&step.address, step.action.after()) else { continue };
        let Some(range) = spec.range() else { continue };
        if matches!(spec, Spec::Vpc(vpc) if vpc.adopts.is_none()) && !all_vpcs_are_known(live) {
            wrong.push(format!("{at} takes addresses while not all VPCs are known"));
        }
        // A stranger that becomes this one keeps what it has.
        let others = live.strangers.iter().filter(|other| !(other.account == at.account && spec.adopts() == Some(other.id.as_str())));
        let strangers = others.map(|other| (other.id.to_string(), &other.account, &other.spec));
        let ours = result.iter().filter(|(other, _)| **other != at).map(|(other, spec)| (other.to_string(), &other.account, *spec));
        let clashes = ours.chain(strangers).filter(|(_, account, other)| competes(desired, (at, spec), (account, other), range));
        wrong.extend(clashes.map(|(who, ..)| format!("{at} takes addresses of {who}")));
        wrong.extend(placed(desired, &result, at, spec, range));
    }
    wrong
}

/// Whether the VPCs of all accounts were read: none was unreadable, claimed twice, or in an account that nobody can look into.
fn all_vpcs_are_known(live: &Live) -> bool {
    let is_vpc = |kind: &KindName| kind.as_str() == "vpc";
    let inactive = |spec: &Spec| matches!(spec, Spec::Account(account) if account.status.is_some());
    let unread = live.unreadable.values().flat_map(|kinds| kinds.keys()).any(is_vpc);
    !unread && !live.twins.keys().any(|at| is_vpc(&at.kind)) && !live.found.values().any(|found| inactive(&found.spec))
}

/// Whether another resource has addresses that this one may not have.
fn competes(desired: &Desired, (at, spec): (&Address, &Spec), (account, other): (&Account, &Spec), taken: Ipv4Net) -> bool {
    let home = &desired.estate.home_region;
    let apart = match (spec, other) {
        (Spec::Vpc(_), Spec::Vpc(_)) => true,
        (Spec::Subnet(one), Spec::Subnet(other)) => at.account == *account && one.vpc.resolve(at, home) == other.vpc.resolve(at, home),
        _ => false,
    };
    apart && other.range().is_some_and(|other| other.contains(&taken) || taken.contains(&other))
}

/// Whether a new range lies where it should: a VPC's in the pool, a subnet's in its VPC.
fn placed(desired: &Desired, result: &BTreeMap<&Address, &Spec>, at: &Address, spec: &Spec, taken: Ipv4Net) -> Option<String> {
    match spec {
        Spec::Vpc(_) => {
            let asked = &desired.resources.get(at)?.spec;
            let chosen = matches!(asked, Spec::Vpc(vpc) if matches!(vpc.cidr, Cidr::Prefix(_)) && vpc.adopts.is_none());
            let pooled = desired.estate.pools.iter().any(|pool| pool.contains(&taken));
            let reserved = desired.estate.reserved.values().any(|other| other.contains(&taken) || taken.contains(other));
            (chosen && (!pooled || reserved)).then(|| format!("{at} is outside the pool, or in what is reserved"))
        }
        Spec::Subnet(subnet) => {
            let vpc = result.get(&subnet.vpc.resolve(at, &desired.estate.home_region)).and_then(|vpc| vpc.range());
            (!vpc.is_some_and(|vpc| vpc.contains(&taken))).then(|| format!("{at} is outside its VPC"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
