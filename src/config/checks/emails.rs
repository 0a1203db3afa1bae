//! Checks of emails: of people, and of accounts, whose email is what they are found by.

use crate::config::expand;
use crate::config::files::Files;
use crate::config::problem::Problem;
use crate::model::Environment;
use std::collections::BTreeMap;

/// The longest email of an account that AWS Organizations accepts.
const LONGEST: usize = 64;

pub fn form(files: &Files, found: &mut Vec<Problem>) {
    let file = &files.domains;
    for (name, person) in &file.value.people {
        if !is_email(&person.email) {
            found.push(file.at("bad-email", &["people", name, "email"], format!("\"{}\" is no email address", person.email)));
        }
    }
    found.extend(pattern(files));
    for (name, domain) in &file.value.domains {
        for (environment, email) in domain.account_emails.iter().filter(|(_, email)| !is_email(email)) {
            let path = ["domains", name, "account_emails", environment.as_str()];
            found.push(file.at("bad-email", &path, format!("\"{email}\" is no email address")));
        }
        for environment in domain.account_emails.keys().filter(|environment| !domain.environments.contains(environment)) {
            let path = ["domains", name, "account_emails", environment.as_str()];
            found.push(file.at_key("bad-email", &path, format!("the domain `{name}` has no {environment}")));
        }
    }
}

fn pattern(files: &Files) -> Option<Problem> {
    let pattern = &files.domains.value.organization.account_email;
    let refuse = |message: String| Some(files.domains.at("bad-email", &["organization", "account_email"], message));
    for name in ["{domain}", "{environment}"] {
        if !pattern.contains(name) {
            return refuse(format!("without `{name}`, several accounts would have one email"));
        }
    }
    let example = pattern.replace("{domain}", "d").replace("{environment}", "e");
    (!is_email(&example)).then(|| refuse(format!("\"{pattern}\" makes no email addresses"))).flatten()
}

pub fn length(files: &Files, found: &mut Vec<Problem>) {
    for (name, environment, email) in all(files) {
        if email.len() > LONGEST {
            let message = format!("the email of {name}/{environment} has {} characters, and AWS allows {LONGEST}", email.len());
            let problem = files.domains.at_key("email-too-long", &["domains", name, "account_emails", environment.as_str()], message);
            found.push(problem.label(email).hint("shorten the domain's name, or set `account_emails` of the domain"));
        }
    }
}

pub fn unique(files: &Files, found: &mut Vec<Problem>) {
    let mut owners: BTreeMap<String, (&str, Environment)> = BTreeMap::new();
    for (name, environment, email) in all(files) {
        let Some((other, at)) = owners.insert(email.to_lowercase(), (name, environment)) else { continue };
        let message = format!("{other}/{at} and {name}/{environment} would have one email: {email}");
        let problem = files.domains.at_key("email-duplicate", &["domains", name, "account_emails", environment.as_str()], message);
        found.push(problem.hint("an email belongs to one AWS account only; let the pattern or `account_emails` tell them apart"));
    }
}

fn all(files: &Files) -> impl Iterator<Item = (&str, Environment, String)> {
    let domains = &files.domains.value;
    domains.domains.iter().flat_map(move |(name, domain)| {
        domain.environments.iter().map(move |environment| (name.as_str(), *environment, expand::email(domains, name, domain, *environment)))
    })
}

/// Whether AWS would take it: one `@` between two parts, a dot in the second, and no letter that mail servers disagree about.
pub fn is_email(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c);
    let host = |host: &str| {
        host.contains('.')
            && host.split('.').all(|part| !part.is_empty())
            && host.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-')
    };
    text.split_once('@').is_some_and(|(name, rest)| !name.is_empty() && name.chars().all(fits) && !name.contains(['{', '}']) && host(rest))
}
