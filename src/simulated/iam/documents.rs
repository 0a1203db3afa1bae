//! Policy documents: what AWS refuses to take for one, how long they are, and whom one trusts. Evaluates nothing else.

use crate::simulated::wire::{Fault, fault};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

const VERSIONS: [&str; 2] = ["2012-10-17", "2008-10-17"];

/// What a document is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulated) enum Purpose {
    /// What somebody may do.
    Identity,
    /// Who may take a role on.
    Trust,
    /// What nobody may do in an account, whatever else they may.
    Organization,
}

/// The document, if IAM takes it.
pub(super) fn checked(text: String, purpose: Purpose) -> Result<String, Fault> {
    match flaw(&text, purpose) {
        Some(why) => fault("MalformedPolicyDocument", why),
        None => Ok(text),
    }
}

/// How long a document is where spaces don't count.
pub(super) fn size(text: &str) -> usize {
    text.chars().filter(|letter| !letter.is_whitespace()).count()
}

/// What is wrong with a document, in AWS's words.
pub(in crate::simulated) fn flaw(text: &str, purpose: Purpose) -> Option<&'static str> {
    let Ok(Value::Object(document)) = serde_json::from_str(text) else { return Some("This policy contains invalid Json") };
    let version = document.get("Version").map(|version| version.as_str().unwrap_or_default());
    if version.is_some_and(|version| !VERSIONS.contains(&version)) {
        return Some("The policy must contain a valid version string");
    }
    let statements = statements(&document);
    let mut ids = BTreeSet::new();
    let is_twice = |id: &str| !ids.insert(id.to_owned());
    if statements.iter().filter_map(|statement| statement.get("Sid")?.as_str()).any(is_twice) {
        return Some("Statement IDs (SID) in a single policy must be unique.");
    }
    let flaw = |statement: &&Value| statement.as_object().map_or(Some("Syntax errors in policy."), |statement| wrong(statement, purpose));
    if statements.is_empty() { Some("Syntax errors in policy.") } else { statements.iter().find_map(flaw) }
}

fn wrong(statement: &Map<String, Value>, purpose: Purpose) -> Option<&'static str> {
    let has = |name: &str| statement.get(name).is_some_and(|value| *value != Value::Array(Vec::new()));
    let effect = statement.get("Effect").and_then(Value::as_str).unwrap_or_default();
    if !["Allow", "Deny"].contains(&effect) {
        return Some("Syntax errors in policy.");
    }
    if has("Action") == has("NotAction") {
        return Some("Policy statement must contain actions.");
    }
    let (principal, resource) = (has("Principal") || has("NotPrincipal"), has("Resource") || has("NotResource"));
    match (purpose, principal, resource) {
        (Purpose::Trust, false, _) => Some("Missing required field Principal"),
        (Purpose::Trust, _, true) => Some("Has prohibited field Resource"),
        (Purpose::Identity | Purpose::Organization, true, _) => Some("Policy document should not specify a principal."),
        (Purpose::Identity | Purpose::Organization, _, false) => Some("Policy statement must contain resources."),
        _ => None,
    }
}

/// Whether a document lets somebody assume the role that has it: a principal of an account, or a service of AWS. Conditions are taken to hold.
pub(super) fn trusts(text: &str, account: &str, arn: &str) -> bool {
    let Ok(Value::Object(document)) = serde_json::from_str(text) else { return false };
    let root = format!("arn:aws:iam::{account}:root");
    let is_whom = |name: &str| [arn, &root, account, "*"].contains(&name);
    let allows = |statement: &&Value| {
        let principal = statement.get("Principal").unwrap_or(&Value::Null);
        let mut whom = ["AWS", "Service"].iter().filter_map(|of| principal.get(of)).chain([principal]).flat_map(texts);
        statement["Effect"] == "Allow" && texts(&statement["Action"]).any(is_assuming) && whom.any(is_whom)
    };
    statements(&document).iter().any(allows)
}

fn is_assuming(action: &str) -> bool {
    ["sts:assumerole", "sts:*", "*"].contains(&action.to_ascii_lowercase().as_str())
}

fn statements(document: &Map<String, Value>) -> Vec<&Value> {
    match document.get("Statement") {
        Some(Value::Array(all)) => all.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    }
}

/// A text, or those of a list.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let list = value.as_array().into_iter().flatten();
    value.as_str().into_iter().chain(list.filter_map(Value::as_str))
}
