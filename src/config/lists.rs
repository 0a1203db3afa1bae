//! The lists that a module can repeat over, beside its own parameters: what the domains file says of an account, computed here because
//! YAML never computes. Each item has a key, and fields in its value.

use super::access;
use super::bind::Lists;
use super::domains::{ContactName, Domain, Domains, Repository};
use super::expand;
use super::files::Files;
use super::{on_call, settings};
use crate::model::Environment;
use crate::model::regions::{self, BY_DEFAULT};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The account and module that a list is for.
pub struct Whose<'a> {
    pub files: &'a Files,
    /// The domain's name.
    pub name: &'a str,
    pub domain: &'a Domain,
    pub environment: Environment,
    /// The values of the module's parameters.
    pub values: &'a BTreeMap<String, Value>,
}

/// Keys and values.
pub type Items = Vec<(String, Value)>;

/// A list: its name in `for_each`, and what it holds for an account.
type List = (&'static str, fn(&Whose<'_>) -> Items);

/// The most targets that a rule of EventBridge calls (EventBridge user guide, "Quotas"): so many zones can share one.
const TARGETS: usize = 5;

/// All lists.
pub const TABLE: &[List] = &[
    ("zones", zones),
    ("first_zone", |whose| zones(whose).into_iter().take(1).collect()),
    ("first_zones", |whose| zones(whose).into_iter().take(TARGETS).collect()),
    ("further_zones", |whose| zones(whose).into_iter().skip(TARGETS).collect()),
    ("repositories", repositories),
    ("tended_repositories", tended_repositories),
    ("regions", regions),
    ("opt_in_regions", opt_in_regions),
    ("contacts", contacts),
    ("on_call", on_call::defined),
    ("on_call_levels", on_call::levels),
    ("on_call_people", on_call::people),
    ("on_call_channels", on_call::channels),
    ("backup_levels", on_call::backup_levels),
    ("primary_emails", on_call::primary_emails),
    ("primary_phones", on_call::primary_phones),
    ("backup_emails", on_call::backup_emails),
    ("backup_phones", on_call::backup_phones),
    ("access_groups", access_groups),
    ("access_grants", access_grants),
    ("contractors", contractors),
    ("team_emails", team_emails),
    ("subjects", subjects),
    ("ci_roles", ci_roles),
    ("ci_users", ci_users),
    ("ci_variables", ci_variables),
];

/// The lists of an account and module: those of the table, and the module's parameters that are lists or maps.
pub fn of(whose: &Whose<'_>) -> Lists {
    let named = TABLE.iter().map(|(name, list)| ((*name).to_owned(), list(whose)));
    let own = whose.values.iter().filter_map(|(name, value)| Some((format!("parameter.{name}"), items(value)?)));
    named.chain(own).collect()
}

fn items(value: &Value) -> Option<Items> {
    match value {
        Value::Array(items) => Some(items.iter().filter_map(Value::as_str).map(same).collect()),
        Value::Object(fields) => Some(fields.iter().map(|(key, value)| (key.clone(), value.clone())).collect()),
        _ => None,
    }
}

fn same(text: &str) -> (String, Value) {
    (text.to_owned(), json!(text))
}

/// Availability zones by their letters; as many as there are letters, if more are wanted.
fn zones(whose: &Whose<'_>) -> Items {
    zone_letters(&whose.files.domains.value).into_iter().take(wanted_zones(whose)).map(|letter| same(&letter)).collect()
}

/// The letters that zones can have.
pub fn zone_letters(domains: &Domains) -> Vec<String> {
    let letters = &domains.network.zone_letters;
    if letters.is_empty() {
        return regions::zone_letters(&domains.organization.home_region).chars().map(String::from).collect();
    }
    letters.iter().map(|letter| letter.0.clone()).collect()
}

/// How many zones an account is to have by a module.
pub fn wanted_zones(whose: &Whose<'_>) -> usize {
    let domains = &whose.files.domains.value;
    let of_network = || {
        let network = whose.files.modules.get(settings::NETWORK)?;
        settings::of(domains, whose.domain, whose.environment, settings::NETWORK, &network.value)?.get("zones")?.as_u64()
    };
    let own = whose.values.get("zones").and_then(Value::as_u64);
    let wanted = own.or_else(of_network).unwrap_or_else(|| settings::zones(domains, whose.domain).into());
    usize::try_from(wanted).unwrap_or(usize::MAX)
}

/// The domain's repositories.
fn repositories(whose: &Whose<'_>) -> Items {
    let organization = &whose.files.domains.value.organization;
    let item = |repository: &Repository| {
        let full = format!("{}/{}", organization.github, repository.name());
        (repository.name().to_owned(), json!({ "full_name": full, "owner": organization.github }))
    };
    whose.domain.repositories.iter().map(item).collect()
}

/// Those whose environments the module of CI looks after: whoever has a secret for GitHub can hand it to these.
fn tended_repositories(whose: &Whose<'_>) -> Items {
    if tends_github(whose.files, whose.domain, whose.environment) { repositories(whose) } else { Items::new() }
}

/// Whether the module of CI looks after GitHub's environments for an account.
pub fn tends_github(files: &Files, domain: &Domain, environment: Environment) -> bool {
    let values = expand::values(files, domain, environment, settings::CI);
    values.is_some_and(|values| values.get(settings::GITHUB) == Some(&json!(true)))
}

/// The subjects that the workflows of the domain's repositories prove: one or two a repository.
fn subjects(whose: &Whose<'_>) -> Items {
    let organization = &whose.files.domains.value.organization;
    whose.domain.repositories.iter().flat_map(|repository| repository.subjects(organization)).map(|subject| same(&subject)).collect()
}

/// The CI users that are roles.
fn ci_roles(whose: &Whose<'_>) -> Items {
    whose.domain.ci_roles().map(|name| same(name)).collect()
}

/// The Regions that accounts use and have from the beginning.
fn regions(whose: &Whose<'_>) -> Items {
    used(whose).filter(|region| BY_DEFAULT.contains(region)).map(same).collect()
}

/// Those that they have to opt into.
fn opt_in_regions(whose: &Whose<'_>) -> Items {
    used(whose).filter(|region| !BY_DEFAULT.contains(region)).map(same).collect()
}

fn used<'a>(whose: &Whose<'a>) -> impl Iterator<Item = &'a str> {
    let organization = &whose.files.domains.value.organization;
    let all: BTreeSet<&str> =
        organization.regions.iter().map(|region| region.0.as_str()).chain([organization.home_region.as_str()]).collect();
    all.into_iter()
}

/// Whom AWS writes to. Who has no phone, or is nobody, has been reported.
fn contacts(whose: &Whose<'_>) -> Items {
    let domains = &whose.files.domains.value;
    let named = domains.teams.get(&whose.domain.team).into_iter().flat_map(|team| &team.contacts);
    let contact = |(contact, person): (&ContactName, &String)| {
        let person = domains.people.get(person)?;
        let title = person.title.clone().unwrap_or_else(|| format!("Contact for {}", contact.as_str()));
        let value = json!({ "name": person.name, "email": person.email, "phone": person.phone.as_ref()?, "title": title });
        Some((contact.as_str().to_owned(), value))
    };
    named.filter_map(contact).collect()
}

/// The groups of the domain's team, with what they are for.
fn access_groups(whose: &Whose<'_>) -> Items {
    access::team_groups(whose.files, whose.domain)
}

/// Which group gets which permission set in the account.
fn access_grants(whose: &Whose<'_>) -> Items {
    access::grants(whose.files, (whose.name, whose.domain), whose.environment)
}

/// The groups of the contractors who are let into the account, with the email of each.
fn contractors(whose: &Whose<'_>) -> Items {
    access::contractors(whose.files, whose.name, whose.environment)
}

/// The emails of everybody who is on call for the domain.
fn team_emails(whose: &Whose<'_>) -> Items {
    let domains = &whose.files.domains.value;
    let of_team = || domains.teams.get(&whose.domain.team).and_then(|team| team.on_call.as_ref());
    let on_call = whose.domain.on_call.as_ref().or_else(of_team);
    let called = on_call.into_iter().flat_map(|on_call| on_call.primary.iter().chain(&on_call.secondary).chain(&on_call.escalation));
    let emails: BTreeSet<String> = called.filter_map(|person| domains.people.get(person)).map(|person| person.email.clone()).collect();
    emails.iter().map(|email| same(email)).collect()
}

/// The longest that a key may live where nobody says, in days: what the CIS benchmark for AWS asks for.
const KEY_DAYS: u32 = 90;

/// The CI users that are IAM users, with what the names of their secrets begin with.
fn ci_users(whose: &Whose<'_>) -> Items {
    let users = whose.domain.ci_key_users().map(|(name, user)| {
        let prefix = format!("{}_", variable(name));
        (name.clone(), json!({ "rotate_after_days": user.rotate_after_days.unwrap_or(KEY_DAYS), "prefix": prefix }))
    });
    users.collect()
}

/// What the jobs of an environment have to know: the account, the Region, and each role. The ids are filled in when it is written.
fn ci_variables(whose: &Whose<'_>) -> Items {
    let fixed = [("AWS_ACCOUNT_ID", "${account.id}"), ("AWS_REGION", "${region}")];
    let fixed = fixed.into_iter().map(|(name, value)| (name.to_owned(), json!(value)));
    let role = |name: &String| {
        let arn = format!("arn:${{partition}}:iam::${{account.id}}:role/ci-{name}");
        (format!("AWS_ROLE_ARN_{}", variable(name)), json!(arn))
    };
    fixed.chain(whose.domain.ci_roles().map(role)).collect()
}

/// A name as part of a variable's: `push-images` as `PUSH_IMAGES`.
fn variable(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}
