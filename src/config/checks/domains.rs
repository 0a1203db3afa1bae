//! Checks of domains: who owns them, which environments they have, who deploys to them.

use crate::config::domains::Repository;
use crate::config::files::Files;
use crate::config::problem::Problem;
use crate::config::resources::Made;
use crate::config::{lists, node};
use crate::kinds::Spec;
use crate::model::{Account, Address, Environment, Name};
use std::collections::{BTreeMap, BTreeSet};

pub fn teams(files: &Files, found: &mut Vec<Problem>) {
    let known = files.domains.keys("teams");
    for (name, domain) in &files.domains.value.domains {
        if !known.contains(domain.team.as_str()) {
            let problem = files.domains.at("unknown-team", &["domains", name, "team"], format!("there is no team `{}`", domain.team));
            found.push(problem.suggest(&domain.team, known.iter().copied()));
        }
    }
}

pub fn prod(files: &Files, found: &mut Vec<Problem>) {
    for (name, domain) in &files.domains.value.domains {
        if !domain.environments.contains(&Environment::Prod) {
            let problem =
                files.domains.at_key("prod-missing", &["domains", name, "environments"], format!("the domain `{name}` has no prod"));
            found.push(problem.hint("add `prod`: dev and stage can be left out, prod can't"));
        }
    }
}

pub fn ci_users(files: &Files, found: &mut Vec<Problem>) {
    for (name, domain) in files.domains.value.domains.iter().filter(|(_, domain)| domain.repositories.is_empty()) {
        let tended = || domain.environments.iter().any(|environment| lists::tends_github(files, domain, *environment));
        let what = match (domain.ci_roles().next(), domain.ci_key_users().next()) {
            (Some(_), _) => "CI roles and no repository that may take them on",
            // Elsewhere a key goes to Secrets Manager, for whoever takes it from there.
            (None, Some(_)) if tended() => "CI users whose keys go to GitHub, and no repository that gets them",
            _ => continue,
        };
        let problem =
            files.domains.at_key("ci-without-repository", &["domains", name, "ci_users"], format!("the domain `{name}` has {what}"));
        found.push(problem.hint("add `repositories: […]` to the domain, by their names without the organization"));
    }
}

/// A repository has one environment of each name, whose variables and secrets tell of one account.
pub fn repositories(files: &Files, resources: &BTreeMap<Address, Made>, found: &mut Vec<Problem>) {
    let environments = resources.iter().filter(|(_, made)| matches!(made.declared.spec, Spec::GithubEnvironment(_)));
    let mut taken: BTreeMap<(String, Environment), &Name> = BTreeMap::new();
    let mut told = BTreeSet::new();
    for (address, _) in environments {
        let Account::Member { domain, environment } = &address.account else { continue };
        let first = *taken.entry((address.name.as_str().to_lowercase(), *environment)).or_insert(domain);
        if first == domain || !told.insert((first, domain, &address.name)) {
            continue;
        }
        let message = format!("{} deploys to {first} as well, and both would have its environment {environment}", address.name);
        let path = place(files, domain, &address.name);
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let problem = files.domains.at("shared-repository", &path, message);
        found.push(
            problem.hint("give each domain a repository of its own, or set `modules: { ci-users: { github: false } }` for one of them"),
        );
    }
}

/// Where a domain names a repository.
fn place(files: &Files, domain: &Name, repository: &Name) -> Vec<String> {
    let all = files.domains.value.domains.get(domain.as_str()).map_or(&[][..], |domain| &domain.repositories);
    let is_it = |one: &Repository| repository.as_str().rsplit('/').next().is_some_and(|name| name.eq_ignore_ascii_case(one.name()));
    let at = all.iter().position(is_it).map(|at| at.to_string());
    ["domains", domain.as_str(), "repositories"].into_iter().map(str::to_owned).chain(at).collect()
}

pub fn repository_ids(files: &Files, found: &mut Vec<Problem>) {
    let domains = &files.domains.value;
    for (name, domain) in &domains.domains {
        for (at, repository) in domain.repositories.iter().enumerate() {
            if matches!(repository, Repository::Numbered(_)) && domains.organization.github_id.is_none() {
                let path = ["domains", name, "repositories", &at.to_string(), "id"];
                let problem = files.domains.at("repository-id", &path, "the repository has a number and its organization has none");
                found.push(problem.hint("GitHub proves both or neither: add `organization.github_id`"));
            }
        }
    }
}

pub fn retire(files: &Files, found: &mut Vec<Problem>) {
    let domains = &files.domains.value;
    let is_declared = |account: &Account| match account {
        Account::Member { domain, environment } => {
            domains.domains.get(domain.as_str()).is_some_and(|domain| domain.environments.contains(environment))
        }
        Account::Management => true,
    };
    for (at, text) in domains.retire.iter().enumerate() {
        let problem = |message: String| files.domains.at("retire", &["retire", &at.to_string()], message);
        match (text.parse::<Account>(), text.parse::<Address>()) {
            (Ok(Account::Management), _) => found.push(problem("the management account is never closed".to_owned())),
            (Ok(account), _) if is_declared(&account) => {
                let problem = problem(format!("{account} is retired and declared"));
                found.push(problem.hint("take its environment out of the domain, or this line away"));
            }
            (Ok(_), _) | (_, Ok(_)) => {}
            (Err(_), Err(_)) => {
                let problem = problem(format!("\"{}\" is neither an account nor the address of a resource", node::shortened(text)));
                found.push(problem.hint("write payments/dev, or an address as plans show it"));
            }
        }
    }
}

pub fn adopted(files: &Files, found: &mut Vec<Problem>) {
    for (name, domain) in &files.domains.value.domains {
        for environment in domain.network.adopt.keys().filter(|environment| !domain.environments.contains(environment)) {
            let path = ["domains", name, "network", "adopt", environment.as_str()];
            found.push(files.domains.at_key("adopted-nowhere", &path, format!("the domain `{name}` has no {environment}")));
        }
    }
}
