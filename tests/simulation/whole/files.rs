//! The files of a simulated estate: its teams, the edits that pull requests make of them, and what they declare. Knows nothing of AWS.

use super::case::{Case, Edit};
use crate::estates::{self, Domain};
use landfall::kinds::{Cidr, Spec};
use landfall::model::{Account, Address, Environment};
use landfall::plan::{Desired, Sick};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// What a domain of the files is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Team {
    pub name: String,
    /// By their places.
    pub environments: Vec<usize>,
    pub network: Option<Network>,
    pub role: bool,
    pub logs: u64,
    /// Whether a canary looks after its accounts.
    pub watched: bool,
    /// Whether its accounts are in the unit for those that are elsewhere.
    pub elsewhere: bool,
    pub label: String,
    /// How often its email was changed.
    pub mail: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    pub prefix: u8,
    pub zones: usize,
    /// The second octet of its own ranges, if it has some.
    pub fixed: Option<u8>,
}

impl Team {
    pub fn size(&self) -> usize {
        let network = self.network.as_ref().map_or(0, |network| 1 + network.zones + usize::from(network.fixed.is_some()));
        1 + self.environments.len() + network + usize::from(self.role) + self.logs as usize + usize::from(self.watched)
    }
}

/// The files as they are on the main branch.
#[derive(Clone)]
pub struct Files {
    pool: String,
    sick: Sick,
    bake_seconds: u64,
    pub teams: Vec<Team>,
    retired_accounts: BTreeSet<Account>,
    retired: BTreeSet<Address>,
}

impl Files {
    pub fn of(case: &Case) -> Files {
        let sick = if case.sick_estate { Sick::Estate } else { Sick::Domain };
        Files {
            pool: case.pool.clone(),
            sick,
            bake_seconds: case.bake_seconds,
            teams: case.teams.clone(),
            retired_accounts: BTreeSet::new(),
            retired: BTreeSet::new(),
        }
    }

    fn team(&mut self, pick: u64) -> Option<&mut Team> {
        let count = self.teams.len() as u64;
        self.teams.get_mut(pick.checked_rem(count)? as usize)
    }

    fn take(&mut self, pick: u64) -> Option<Team> {
        // One stays: an estate without a domain is another story.
        let count = self.teams.len();
        (count > 1).then(|| self.teams.remove(pick as usize % count))
    }

    pub fn edit(&mut self, edit: &Edit) {
        match edit {
            Edit::Add(team) if self.teams.iter().all(|other| other.name != team.name) => self.teams.push(team.clone()),
            Edit::Add(_) => {}
            Edit::Remove(pick) => drop(self.take(*pick)),
            Edit::Retire(pick) => {
                let team = self.take(*pick);
                self.retired_accounts.extend(team.iter().flat_map(accounts));
            }
            Edit::Rename(pick) => self.change(*pick, |team| team.name += "-new"),
            Edit::Move(pick) => self.change(*pick, |team| team.elsewhere = !team.elsewhere),
            Edit::Resize(pick) => self.change(*pick, |team| {
                team.network.iter_mut().for_each(|network| network.zones = if network.zones > 1 { network.zones - 1 } else { 2 });
            }),
            Edit::Fix(pick, octet) => self.change(*pick, |team| team.network.iter_mut().for_each(|network| network.fixed = Some(*octet))),
            Edit::Network(pick) => self.change(*pick, |team| {
                team.network = if team.network.is_some() { None } else { Some(Network { prefix: 21, zones: 1, fixed: None }) };
            }),
            Edit::Relabel(pick) => self.change(*pick, |team| team.label += "x"),
            Edit::Email(pick) => self.change(*pick, |team| team.mail += 1),
            Edit::Logs(pick, retires) => self.fewer_logs(*pick, *retires),
        }
    }

    fn change(&mut self, pick: u64, change: impl Fn(&mut Team)) {
        self.team(pick).into_iter().for_each(change);
    }

    fn fewer_logs(&mut self, pick: u64, retires: bool) {
        let Some(team) = self.team(pick).filter(|team| team.logs > 0) else { return };
        team.logs -= 1;
        let gone: Vec<Address> = accounts(team).map(|account| log_group(&account, team.logs)).collect();
        if retires {
            self.retired.extend(gone);
        }
    }

    /// What they declare.
    pub fn desired(&self) -> Desired {
        let mut desired = estates::estate(&self.pool);
        estates::declare(
            &mut desired,
            "management/global/organizational-unit/elsewhere",
            json!({ "parent": "management:organizational-unit/workloads" }),
        );
        self.teams.iter().for_each(|team| declare(&mut desired, team));
        let estate = &mut desired.estate;
        estate.rollout.sick = self.sick;
        estate.rollout.waves[0].bake_seconds = self.bake_seconds;
        // Whoever declares an account again takes back that it is retired.
        estate.retired.accounts = self.retired_accounts.iter().filter(|account| !estate.members.contains_key(account)).cloned().collect();
        estate.retired.resources = self.retired.iter().filter(|at| !desired.resources.contains_key(at)).cloned().collect();
        desired
    }

    /// The accounts that a canary looks after.
    pub fn canaries(&self) -> BTreeMap<Account, BTreeSet<landfall::model::Name>> {
        let watched = self.teams.iter().filter(|team| team.watched).flat_map(accounts);
        watched.map(|account| (account, BTreeSet::from(["landfall-canary-a".parse().unwrap()]))).collect()
    }
}

fn accounts(team: &Team) -> impl Iterator<Item = Account> {
    team.environments.iter().map(|at| Account::member(team.name.parse().unwrap(), Environment::ALL[*at]))
}

fn log_group(account: &Account, number: u64) -> Address {
    format!("{account}/us-west-2/log-group/landfall/{number}").parse().unwrap()
}

fn declare(desired: &mut Desired, team: &Team) {
    let network = team.network.as_ref();
    estates::add(
        desired,
        &Domain {
            name: team.name.clone(),
            environments: team.environments.iter().map(|at| Environment::ALL[*at]).collect(),
            vpc_prefix: network.map_or(22, |network| network.prefix),
            zones: ('a'..'g').take(network.map_or(0, |network| network.zones)).collect(),
            newbits: 2,
            with_role: team.role,
            with_network: network.is_some(),
        },
    );
    for (place, account) in accounts(team).enumerate() {
        for number in 0..team.logs {
            let tags = json!({ "team": team.label });
            estates::declare(desired, &log_group(&account, number).to_string(), json!({ "retention_days": 30, "tags": tags }));
        }
        adjust(desired, team, &account, place);
    }
}

/// What the shared estates don't know of a team.
fn adjust(desired: &mut Desired, team: &Team, account: &Account, place: usize) {
    if let Some(member) = desired.estate.members.get_mut(account).filter(|_| team.mail > 0) {
        member.email = member.email.replace('@', &format!("-{}@", team.mail));
    }
    let email = desired.estate.members.get(account).map(|member| member.email.clone());
    for (_, declared) in desired.resources.iter_mut().filter(|(at, _)| at.account == *account) {
        match &mut declared.spec {
            Spec::Account(spec) => {
                spec.email = email.clone().unwrap_or_default();
                if team.elsewhere {
                    spec.organizational_unit = "management:organizational-unit/elsewhere".parse().unwrap();
                }
            }
            Spec::Vpc(vpc) => {
                if let Some(octet) = team.network.as_ref().and_then(|network| network.fixed) {
                    vpc.cidr = Cidr::Fixed(format!("10.{octet}.{}.0/20", 16 * place).parse().unwrap());
                }
            }
            Spec::IamRole(role) => drop(role.tags.insert("team".to_owned(), team.label.clone())),
            _ => {}
        }
    }
}
