//! Checks of who is let in beside the teams: for which domains, and until when.

use super::emails::is_email;
use crate::config::access::{CONTRACTOR, Contractor};
use crate::config::domains::Team;
use crate::config::files::Files;
use crate::config::node::{Node, shortened};
use crate::config::problem::Problem;
use crate::model::{Environment, Name};

pub fn contractors(files: &Files, found: &mut Vec<Problem>) {
    let file = &files.domains;
    for (name, one) in &file.value.access.contractors {
        let path = |key| ["access", "contractors", name, key];
        if let Some(why) = super::names::wrong(name) {
            let message = format!("a contractor can't be called \"{}\": {why}", shortened(name));
            found.push(file.at_key("contractor", &["access", "contractors", name], message));
        }
        if !is_email(&one.email) {
            found.push(file.at("contractor", &path("email"), format!("\"{}\" is no email address", shortened(&one.email))));
        }
        if super::date(&one.until).is_none() {
            let problem = file.at("contractor", &path("until"), format!("\"{}\" is no date", shortened(&one.until)));
            found.push(problem.hint("write the last day as 2026-12-31"));
        }
        confined(files, name, one, found);
    }
}

/// The domains exist, and have the environments.
fn confined(files: &Files, name: &str, one: &Contractor, found: &mut Vec<Problem>) {
    let file = &files.domains;
    let known = file.keys("domains");
    for domain in one.domains.iter().filter(|domain| !known.contains(domain.as_str())) {
        let path = item(files, name, "domains", domain);
        let problem = file.at(
            "contractor",
            &path.iter().map(String::as_str).collect::<Vec<_>>(),
            format!("there is no domain `{}`", shortened(domain)),
        );
        found.push(problem.suggest(domain, known.iter().copied()));
    }
    let of_domains: Vec<_> = one.domains.iter().filter_map(|domain| file.value.domains.get(domain)).collect();
    let is_there = |environment: &Environment| of_domains.iter().any(|domain| domain.environments.contains(environment));
    for environment in one.environments.iter().filter(|environment| !of_domains.is_empty() && !is_there(environment)) {
        let message = format!("none of the domains of `{name}` has {environment}");
        let path = ["access", "contractors", name, "environments"];
        found.push(file.at_key("contractor", &path, message).hint("say `environments: […]`, or name another domain"));
    }
}

/// The path of an item of one of a contractor's lists.
fn item(files: &Files, name: &str, list: &str, written: &str) -> Vec<String> {
    let path = ["access", "contractors", name, list];
    let node = path.iter().try_fold(&files.domains.root, |node, key| node.get(key));
    let items = node.map_or(&[][..], Node::items);
    let at = items.iter().position(|node| node.text() == Some(written)).unwrap_or_default();
    path.iter().map(|key| (*key).to_owned()).chain([at.to_string()]).collect()
}

/// Whose last day has passed: the plan removes what they had, and this says why.
pub fn ended(files: &Files, found: &mut Vec<Problem>) {
    let file = &files.domains;
    let contractors = file.value.access.contractors.iter();
    for (name, one) in contractors.filter(|(_, one)| super::date(&one.until).is_some() && one.has_ended(files.now)) {
        let path = ["access", "contractors", name, "until"];
        let message = format!("`{name}`'s last day was {}: the plan removes their access", one.until);
        found.push(
            file.at("contractor-ended", &path, message).warning().hint("delete the entry once that plan is applied, or move the day"),
        );
    }
}

/// The groups of teams have names that addresses can hold.
pub fn groups(files: &Files, found: &mut Vec<Problem>) {
    for (team, key, group) in files.domains.value.teams.iter().flat_map(|(name, team)| named(name, team)) {
        if let Err(why) = group.parse::<Name>() {
            let message = format!("\"{}\" can't be the name of a group here: {why}", shortened(group));
            found.push(files.domains.at("group-name", &["teams", team, "groups", key], message));
        } else if group.starts_with(CONTRACTOR) {
            let message = format!("groups that begin with `{CONTRACTOR}` are those of `access.contractors`");
            found.push(files.domains.at("group-name", &["teams", team, "groups", key], message));
        }
    }
}

fn named<'a>(name: &'a str, team: &'a Team) -> impl Iterator<Item = (&'a str, &'static str, &'a str)> {
    let both = [("developers", &team.groups.developers), ("operators", &team.groups.operators)];
    both.into_iter().filter_map(move |(key, group)| Some((name, key, group.as_deref()?)))
}
