//! Modules × accounts → instances: which resource there is in which account, by address. Their fields are `resources`' business.

use super::bind::{Bound, Budget, Lists, Scope, weight};
use super::domains::{Domain, Domains};
use super::files::{File, Files};
use super::lists::{self, Whose};
use super::module::{Module, Resource, allows};
use super::node::{Node, Span};
use super::problem::{Problem, Refused};
use super::settings;
use crate::kinds::{self, Row};
use crate::model::{Account, Address, Environment, Name, Region};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What every scope holds besides `parameter.…`.
pub const NAMES: [&str; 9] = [
    "domain.name",
    "domain.team",
    "environment",
    "organization.name",
    "organization.github",
    "organization.home_region",
    "organization.access_role",
    "account.name",
    "account.email",
];

/// One module in one account.
pub struct Setup<'a> {
    pub name: &'a str,
    pub file: &'a File<Module>,
    pub domain: &'a str,
    pub team: &'a str,
    pub environment: Environment,
    pub account: Account,
    scope: Scope,
    lists: Lists,
    budget: &'a Budget,
}

/// What a setup, an item of its lists and an instance take of the budget, where a value in a spec takes one: about their memory.
const SETUP: u32 = 200;
const ITEM: u32 = 10;
const INSTANCE: u32 = 20;

/// One resource in one account, with its fields as yet unbound.
pub struct Instance<'a> {
    pub address: Address,
    pub row: &'static Row,
    /// The resource's mapping in the module's file.
    pub node: &'a Node,
    /// Which setup it belongs to.
    pub setup: usize,
    pub each: Option<(String, Value)>,
}

/// The email of an account's root user.
pub fn email(domains: &Domains, name: &str, domain: &Domain, environment: Environment) -> String {
    let pattern = || domains.organization.account_email.replace("{domain}", name).replace("{environment}", environment.as_str());
    domain.account_emails.get(&environment).cloned().unwrap_or_else(pattern)
}

/// Every module that is on, in every account.
pub fn setups<'a>(files: &'a Files, budget: &'a Budget) -> Vec<Setup<'a>> {
    let domains = &files.domains.value;
    let mut setups = Vec::new();
    for (name, domain) in &domains.domains {
        // A domain whose name is none has been reported.
        let Ok(known) = name.parse::<Name>() else { continue };
        for environment in &domain.environments {
            let account = Account::member(known.clone(), *environment);
            for (module, file) in files.modules.iter().take_while(|_| budget.left() > 0) {
                let values = values(files, domain, *environment, module)
                    .filter(|_| file.value.needs.iter().all(|need| values(files, domain, *environment, need).is_some()));
                // Values that don't fit, or are not there, have been reported; what would come of them need not be.
                let fits = |values: &BTreeMap<String, Value>| {
                    file.value.parameters.iter().all(|(name, parameter)| values.get(name).is_some_and(|value| parameter.accepts(value)))
                };
                let beside: u32 = files.beside.get(module).into_iter().flatten().map(|(_, text)| weight(text)).fold(0, u32::saturating_add);
                if let Some(values) = values.filter(fits).filter(|values| budget.spend(cost(values).saturating_add(beside))) {
                    let lists = lists::of(&Whose { files, name, domain, environment: *environment, values: &values });
                    let mut scope = scope(domains, (name, domain, *environment), values);
                    scope.extend(texts(files, module));
                    let (team, account) = (domain.team.as_str(), account.clone());
                    setups.push(Setup { name: module, file, domain: name, team, environment: *environment, account, scope, lists, budget });
                }
            }
        }
    }
    setups
}

/// The parameters of a module in an account for which it is on.
pub fn values(files: &Files, domain: &Domain, environment: Environment, module: &str) -> Option<BTreeMap<String, Value>> {
    let file = files.modules.get(module).filter(|file| allows(&file.value.environments, environment))?;
    settings::of(&files.domains.value, domain, environment, module, &file.value)
}

/// What a setup takes of the budget: more, the longer its lists are.
fn cost(values: &BTreeMap<String, Value>) -> u32 {
    let items: usize = values.values().filter_map(Value::as_array).map(Vec::len).sum();
    SETUP.saturating_add(ITEM.saturating_mul(u32::try_from(items).unwrap_or(u32::MAX)))
}

fn scope(domains: &Domains, (name, domain, environment): (&str, &Domain, Environment), values: BTreeMap<String, Value>) -> Scope {
    let organization = &domains.organization;
    let known = [
        json!(name),
        json!(domain.team),
        json!(environment.as_str()),
        json!(organization.name),
        json!(organization.github),
        json!(organization.home_region),
        json!(organization.access_role),
        json!(format!("{name}-{environment}")),
        json!(email(domains, name, domain, environment)),
    ];
    let known = NAMES.iter().map(|name| (*name).to_owned()).zip(known);
    known.chain(values.into_iter().map(|(name, value)| (format!("parameter.{name}"), value))).collect()
}

/// The texts of the files beside a module, as its bindings.
fn texts(files: &Files, module: &str) -> impl Iterator<Item = (String, Value)> {
    let beside = files.beside.get(module).into_iter().flatten();
    beside.map(|(name, text)| (format!("file.{name}"), json!(text)))
}

impl<'a> Setup<'a> {
    /// The names and lists of this account and module.
    pub fn bound(&self) -> Bound<'_> {
        Bound { budget: self.budget, file: &self.file.name, scope: &self.scope, lists: &self.lists, each: None }
    }

    /// Every resource of the module that this account gets; `setup` is this setup's number.
    pub fn instances(&self, setup: usize, home: &Region, found: &mut Vec<Problem>) -> Vec<Instance<'a>> {
        let nodes = self.file.root.get("resources").map_or(&[][..], Node::items);
        let mut all = Vec::new();
        for node in nodes.iter().take_while(|_| self.budget.left() > 0) {
            // What does not fit the schema has been reported, and is not there.
            let Ok(resource) = serde_json::from_value::<Resource>(node.json()) else { continue };
            let Some(row) = resource.kind.parse().ok().and_then(|kind| kinds::row(&kind)) else { continue };
            if !allows(&resource.environments, self.environment) || !self.holds(&resource) {
                continue;
            }
            let items = match self.each(node, &resource) {
                Ok(items) => items,
                Err(problem) => {
                    found.push(*problem);
                    continue;
                }
            };
            let mut names = BTreeSet::new();
            for each in items.into_iter().take_while(|_| self.budget.spend(INSTANCE)) {
                match self.name(node, &resource, each.as_ref()) {
                    Ok(name) if !names.insert(name.clone()) => found.push(self.same_name(node, &name)),
                    Ok(name) => all.push(Instance { address: address(&self.account, row, name, home), row, node, setup, each }),
                    Err(problem) => found.push(*problem),
                }
            }
        }
        all
    }

    /// Whether the parameters are as the resource wants them.
    fn holds(&self, resource: &Resource) -> bool {
        let value = |name: &String| self.scope.get(&format!("parameter.{name}"));
        resource.when.iter().all(|(name, values)| value(name).is_some_and(|value| values.hold(value)))
    }

    fn same_name(&self, node: &Node, name: &Name) -> Problem {
        let message = format!("several items make a resource called `{name}`");
        let problem = Problem::error("duplicate-address", &self.file.name, node.find(&["name"]), message);
        problem.hint("tell them apart by the item: `${each.key}` in the name")
    }

    fn each(&self, node: &Node, resource: &Resource) -> Result<Vec<Option<(String, Value)>>, Refused> {
        match (&resource.for_each, node.get("for_each")) {
            (Some(_), Some(list)) => Ok(self.bound().list(list)?.iter().cloned().map(Some).collect()),
            _ => Ok(vec![None]),
        }
    }

    fn name(&self, node: &Node, resource: &Resource, each: Option<&(String, Value)>) -> Result<Name, Refused> {
        let at = node.find(&["name"]);
        let bound = each.map_or(self.bound(), |each| self.bound().within(each));
        bound.word(&resource.name, at).and_then(|name| resource_name(&self.file.name, at, &name))
    }
}

/// Where a resource of a kind is that an account's module declares.
fn address(account: &Account, row: &Row, name: Name, home: &Region) -> Address {
    let account = match row.scope {
        kinds::Scope::Organization => Account::Management,
        kinds::Scope::Membership | kinds::Scope::Managed | kinds::Scope::Global | kinds::Scope::Regional => account.clone(),
    };
    Address { account, region: row.scope.region(home), kind: row.kind.clone(), name }
}

fn resource_name(file: &str, at: Span, text: &str) -> Result<Name, Refused> {
    text.parse::<Name>().map_err(|why| {
        let message = format!("\"{}\" is no name of a resource: {why}", super::node::shortened(text));
        Box::new(Problem::error("bad-name", file, at, message))
    })
}

/// The addresses of all instances.
pub fn addresses(instances: &[Instance<'_>]) -> BTreeSet<Address> {
    instances.iter().map(|instance| instance.address.clone()).collect()
}
