//! The lists that a module can repeat over, beside its own parameters: what the domains file says of an account, computed here because
//! YAML never computes. Each item has a key, and fields in its value.

use super::bind::Lists;
use super::domains::{Domain, Repository};
use super::files::Files;
use super::settings;
use crate::model::Environment;
use serde_json::{Value, json};
use std::collections::BTreeMap;

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
type Items = Vec<(String, Value)>;

/// A list: its name in `for_each`, and what it holds for an account.
type List = (&'static str, fn(&Whose<'_>) -> Items);

/// All lists.
pub const TABLE: &[List] = &[
    ("zones", zones),
    ("repositories", repositories),
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

/// Availability zones by their letters.
fn zones(whose: &Whose<'_>) -> Items {
    let of_file = || settings::zones(&whose.files.domains.value, whose.domain).into();
    let wanted = whose.values.get("zones").and_then(Value::as_u64).unwrap_or_else(of_file);
    ('a'..='z').take(usize::try_from(wanted).unwrap_or(usize::MAX)).map(|letter| same(&letter.to_string())).collect()
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

/// The subjects that the workflows of the domain's repositories prove: one or two a repository.
fn subjects(whose: &Whose<'_>) -> Items {
    let organization = &whose.files.domains.value.organization;
    whose.domain.repositories.iter().flat_map(|repository| repository.subjects(organization)).map(|subject| same(&subject)).collect()
}

/// The CI users that are roles.
fn ci_roles(whose: &Whose<'_>) -> Items {
    whose.domain.ci_roles().map(|name| same(name)).collect()
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
