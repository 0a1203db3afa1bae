//! What is true of the estate as a whole: its ranges, its order, its accounts and their emails.

use super::domains::Domains;
use super::expand;
use super::files::Files;
use super::node::{Entry, Node};
use super::notices;
use super::rollout;
use crate::model::{Account, Environment, Name, Place};
use crate::plan::{Estate, Member, Retired};
use std::collections::BTreeMap;

/// The estate. None only when the organization's Region is none, which has been reported.
pub fn of(files: &Files) -> Option<Estate> {
    let Domains { organization, network, domains, approvals, retire, .. } = &files.domains.value;
    let written: BTreeMap<&str, &Entry> =
        files.domains.root.get("domains").map_or(&[][..], Node::entries).iter().map(|entry| (entry.key.as_str(), entry)).collect();
    let members = domains.iter().filter_map(|(name, domain)| {
        let entry = *written.get(name.as_str())?;
        let known = name.parse::<Name>().ok()?;
        let team = domain.team.parse::<Name>().ok()?;
        let accounts = domain.environments.iter().map(move |environment| {
            let place = Place { file: files.domains.name.clone(), line: line(entry, *environment) };
            let email = expand::email(&files.domains.value, name, domain, *environment);
            (Account::member(known.clone(), *environment), Member { email, team: team.clone(), place })
        });
        Some(accounts.collect::<Vec<_>>())
    });
    Some(Estate {
        // What is no name has been reported; what else is wrong is to be seen all the same.
        name: organization.name.parse().or_else(|_| "unnamed".parse()).ok()?,
        home_region: organization.home_region.parse().ok()?,
        access_role: organization.access_role.clone(),
        plan_role: organization.plan_role.as_ref().unwrap_or(&organization.access_role).clone(),
        pools: network.pool.ranges().into_iter().filter_map(|(_, text)| text.parse().ok()).collect(),
        reserved: network.reserved.iter().filter_map(|(name, range)| Some((name.clone(), range.0.parse().ok()?))).collect(),
        rollout: rollout::of(&files.domains.value),
        approvals: *approvals,
        notices: notices::of(&files.domains.value),
        members: members.flatten().collect(),
        retired: Retired {
            accounts: retire.iter().filter_map(|text| text.parse().ok()).filter(|account| *account != Account::Management).collect(),
            resources: retire.iter().filter_map(|text| text.parse().ok()).collect(),
        },
    })
}

/// The line of the environment, or of the domain when its environments are not written.
fn line(domain: &Entry, environment: Environment) -> u32 {
    let items = domain.value.get("environments").map_or(&[][..], Node::items);
    items.iter().find(|item| item.text() == Some(environment.as_str())).map_or(domain.at, |item| item.at).line
}
