//! Checks of whole resources: what a schema of one field can't say.

use crate::config::node::{Node, Span};
use crate::config::problem::Problem;
use crate::config::resources::Made;
use crate::kinds::service_control_policy::LONGEST_DOCUMENT;
use crate::kinds::{SnsSubscription, Spec, fitting, sns_subscription, sns_topic};
use crate::model::{Address, KindName};
use std::collections::{BTreeMap, BTreeSet};

/// What Landfall itself puts on resources.
const TAGS: [&str; 3] = ["team", "domain", "environment"];

/// The longest name of an IAM role.
const LONGEST_ROLE: usize = 64;

/// The longest name of a permission set.
const LONGEST_SET: usize = 32;

/// The longest name of an account.
const LONGEST_ACCOUNT: usize = 50;

/// What a schema says of a resource's fields is one check, whatever it is.
pub fn field(problem: Problem) -> Problem {
    Problem { check: "wrong-field", ..problem }
}

/// What is wrong with one resource; `fields` is its mapping as bound.
pub fn spec(spec: &Spec, address: &Address, file: &str, fields: &Node, at: Span) -> Vec<Problem> {
    let mut found = Vec::new();
    for entry in fields.get("tags").map_or(&[][..], Node::entries) {
        let reserved = TAGS.contains(&entry.key.as_str()) || entry.key.starts_with("landfall:") || entry.key.starts_with("aws:");
        if reserved {
            found.push(
                Problem::error("reserved-tag", file, entry.at, format!("the tag `{}` is set by Landfall or AWS", entry.key))
                    .hint("delete it here"),
            );
        }
    }
    match spec {
        Spec::SsmParameter(_) if !address.name.as_str().starts_with("landfall/") => {
            let message = format!("the parameter `{}` is not under landfall/", address.name);
            found.push(
                Problem::error("parameter-path", file, at, message)
                    .hint("that path is how Landfall knows its parameters again: parameters carry no tags"),
            );
        }
        Spec::IamRole(_) if address.name.as_str().len() > LONGEST_ROLE || address.name.as_str().contains('/') => {
            let message = format!("a role can't be called `{}`: IAM allows {LONGEST_ROLE} characters and no slash", address.name);
            found.push(Problem::error("bad-name", file, at, message));
        }
        Spec::SnsTopic(_) if !address.name.as_str().starts_with(sns_topic::PREFIX) => {
            let message = format!("the topic `{}` does not begin with `{}`", address.name, sns_topic::PREFIX);
            found.push(
                Problem::error("bad-name", file, at, message)
                    .hint("that is how Landfall finds its topics again, without a call for every topic of an account"),
            );
        }
        Spec::Account(account) if account.name.chars().count() > LONGEST_ACCOUNT => {
            let message = format!("an account can't be called `{}`: AWS allows {LONGEST_ACCOUNT} characters", account.name);
            found.push(Problem::error("bad-name", file, at, message));
        }
        Spec::VpcEndpoint(endpoint) => {
            let problem = |wrong| Problem::error("wrong-spec", file, at, format!("this vpc-endpoint can't be: {wrong}"));
            found.extend(endpoint.wrong().map(problem));
        }
        Spec::LogGroup(_) if !address.name.as_str().contains("landfall") => {
            let message = format!("the log group `{}` does not hold the word landfall", address.name);
            found.push(Problem::error("bad-name", file, at, message).hint("by that word Landfall lists its groups among the account's"));
        }
        Spec::PermissionSet(_) if address.name.as_str().len() > LONGEST_SET || address.name.as_str().contains('/') => {
            let message = format!("a permission set can't be called `{}`: AWS allows {LONGEST_SET} characters and no slash", address.name);
            found.push(Problem::error("bad-name", file, at, message));
        }
        Spec::ServiceControlPolicy(policy) if policy.document.compact().chars().count() > LONGEST_DOCUMENT => {
            let message = format!("the document of `{}` is longer than {LONGEST_DOCUMENT} characters", address.name);
            found.push(Problem::error("wrong-spec", file, at, message));
        }
        Spec::EventRule(rule) => {
            let problem = |wrong| Problem::error("wrong-spec", file, at, format!("this event-rule can't be: {wrong}"));
            found.extend(rule.wrong().map(problem));
        }
        Spec::OrganizationEventRule(rule) => {
            let problem = |wrong| Problem::error("wrong-spec", file, at, format!("this organization-event-rule can't be: {wrong}"));
            found.extend(rule.wrong().map(problem));
        }
        _ => {}
    }
    found.extend(misnamed(spec, address, file, at));
    let reserved = |(message, hint): (String, &str)| Problem::error("reserved-name", file, at, message).hint(hint);
    found.extend(fitting::misnamed(spec, &address.name).map(reserved));
    let impossible = |why: String| Problem::error("wrong-spec", file, at, format!("this {} can't be: {why}", address.kind));
    found.extend(fitting::impossible(spec).map(impossible));
    found
}

/// Of kinds that carry no mark of their own: a name that does not say what the resource is, so that it would not be known again.
fn misnamed(spec: &Spec, address: &Address, file: &str, at: Span) -> Option<Problem> {
    let untagged = "its name is how Landfall knows it again: it carries no tags";
    let (what, expected, hint) = match spec {
        Spec::DefaultSecurityGroup(group) => {
            let message = format!("the default group of {} has to be called `{}`, as its VPC is", group.vpc, group.vpc.name);
            return (group.vpc.name != address.name).then(|| Problem::error("bad-name", file, at, message));
        }
        Spec::AccessAssignment(assignment) => {
            ("assignment", assignment.name(), "it is known again by its permission set and its group: assignments carry no tags")
        }
        Spec::SnsSubscription(SnsSubscription { topic, protocol, endpoint, .. }) => {
            ("subscription", format!("{}/{}", topic.name, sns_subscription::named_after(*protocol, endpoint)), untagged)
        }
        Spec::ContactChannel(channel) => ("channel", format!("{}-{}", channel.contact.name, channel.by), untagged),
        Spec::EngagementPlan(plan) => ("engagement plan", plan.contact.name.to_string(), "AWS keeps it within the contact"),
        _ => return None,
    };
    let message = format!("the {what} `{}` has to be called `{expected}`", address.name);
    (address.name.as_str() != expected).then(|| Problem::error("wrong-spec", file, at, message).hint(hint))
}

/// Resources that need themselves, by however many others. One problem an account and circle; modules' circles are told once.
pub fn cycles(needs: &BTreeMap<Address, Vec<Address>>, resources: &BTreeMap<Address, Made>) -> Vec<Problem> {
    let mut circling = circling(needs);
    let mut found: Vec<Problem> = Vec::new();
    while let Some(start) = circling.first().cloned() {
        let circle = circle(&start, needs, &circling);
        circling.retain(|address| !circle.contains(address) && address.account != start.account);
        let names: Vec<String> = circle.iter().map(|address| format!("{}/{}", address.kind, address.name)).collect();
        let Some(made) = circle.first().and_then(|first| resources.get(first)) else { continue };
        if !found.iter().any(|problem| problem.at == made.at && problem.file == made.declared.place.file) {
            let message = format!("these need each other: {}", names.join(" → "));
            found.push(Problem::error("reference-cycle", &made.declared.place.file, made.at, message));
        }
    }
    found
}

/// What is left when everything whose needs are met has been taken away, again and again. No recursion: a chain can be long.
fn circling(needs: &BTreeMap<Address, Vec<Address>>) -> BTreeSet<Address> {
    let mut unmet: BTreeMap<&Address, usize> = BTreeMap::new();
    let mut needed_by: BTreeMap<&Address, Vec<&Address>> = BTreeMap::new();
    for (address, needs) in needs {
        let others: Vec<&Address> = needs.iter().filter(|need| !may_name_itself(address, need)).collect();
        unmet.insert(address, others.len());
        others.into_iter().for_each(|need| needed_by.entry(need).or_default().push(address));
    }
    let mut met: Vec<&Address> = unmet.iter().filter(|(_, count)| **count == 0).map(|(address, _)| *address).collect();
    while let Some(address) = met.pop() {
        unmet.remove(address);
        for waiting in needed_by.get(address).into_iter().flatten() {
            if let Some(count) = unmet.get_mut(waiting) {
                *count -= 1;
                met.extend((*count == 0).then_some(*waiting));
            }
        }
    }
    unmet.into_keys().filter(|address| needs.contains_key(*address)).cloned().collect()
}

/// From one resource along its needs until one comes up again: the way from that one back to it.
fn circle(start: &Address, needs: &BTreeMap<Address, Vec<Address>>, circling: &BTreeSet<Address>) -> Vec<Address> {
    let mut path = vec![start.clone()];
    loop {
        let here = &path[path.len() - 1];
        let next = needs.get(here).into_iter().flatten().find(|next| circling.contains(*next) && !may_name_itself(here, next));
        let Some(next) = next.cloned() else { return path };
        if let Some(first) = path.iter().position(|seen| *seen == next) {
            path.drain(..first);
            path.push(next);
            return path;
        }
        path.push(next);
    }
}

/// A security group may allow connections from itself: it is made before its rules are.
fn may_name_itself(address: &Address, need: &Address) -> bool {
    address == need && address.kind == KindName::new("security-group")
}
