//! Checks of domains: who owns them, which environments they have, who deploys to them.

use crate::config::domains::Repository;
use crate::config::files::Files;
use crate::config::node;
use crate::config::problem::Problem;
use crate::model::{Account, Address, Environment};

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

pub fn ci_roles(files: &Files, found: &mut Vec<Problem>) {
    for (name, domain) in &files.domains.value.domains {
        if domain.repositories.is_empty() && domain.ci_roles().next().is_some() {
            let message = format!("the domain `{name}` has CI roles and no repository that may take them on");
            let problem = files.domains.at_key("ci-without-repository", &["domains", name, "ci_users"], message);
            found.push(problem.hint("add `repositories: […]` to the domain, by their names without the organization"));
        }
    }
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
