//! AWS Systems Manager: parameters, of which each write is a version.

use super::paging::{page, size};
use super::wire::{Answer, Asked, Fault, fault, json as ok};
use super::{At, Moment};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Parameters in a page of `GetParametersByPath`: AWS's default, and its most.
const PAGE: usize = 10;
/// The signs of a value by tier (Systems Manager quotas).
const STANDARD: usize = 4096;
const ADVANCED: usize = 8192;
/// Standard parameters of an account and Region (Systems Manager quotas).
const PARAMETERS: usize = 10_000;
/// How many levels a name has at the most (Systems Manager quotas).
const LEVELS: usize = 15;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ssm {
    parameters: BTreeMap<String, Parameter>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Parameter {
    kind: String,
    value: String,
    description: String,
    tier: String,
    version: u64,
    changed: Moment,
}

impl Ssm {
    pub(super) fn answer(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let name = asked.text("Name");
        match asked.operation.as_str() {
            "GetParametersByPath" => self.below(at, asked),
            "GetParameter" => match self.parameters.get(&name) {
                Some(found) => ok(json!({ "Parameter": shown(at, &name, found) })),
                None => fault("ParameterNotFound", ""),
            },
            "PutParameter" => self.put(at, asked, name),
            "DeleteParameter" => match self.parameters.remove(&name) {
                Some(_) => ok(json!({})),
                None => fault("ParameterNotFound", ""),
            },
            other => fault("UnknownOperationException", format!("the simulated SSM has no {other}")),
        }
    }

    fn below(&self, at: &At<'_>, asked: &Asked) -> Answer {
        let (path, is_recursive) = (asked.text("Path"), asked.json["Recursive"] == true);
        if !path.starts_with('/') {
            return fault("ValidationException", "The parameter doesn't meet the parameter name requirements.");
        }
        let path = format!("{}/", path.trim_end_matches('/'));
        let is_below = |name: &str| name.strip_prefix(&path).is_some_and(|rest| is_recursive || !rest.contains('/'));
        let found = self.parameters.iter().filter(|(name, _)| is_below(name));
        let (found, next) = page(found, &asked.text("NextToken"), size(asked, "MaxResults", PAGE, PAGE));
        let found: Vec<Value> = found.into_iter().map(|(name, parameter)| shown(at, name, parameter)).collect();
        ok(json!({ "Parameters": found, "NextToken": next }))
    }

    fn put(&mut self, at: &At<'_>, asked: &Asked, name: String) -> Answer {
        let known = self.parameters.get(&name);
        if known.is_some() && asked.json["Overwrite"] != true {
            let why = "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.";
            return fault("ParameterAlreadyExists", why);
        }
        if asked.json["Overwrite"] == true && asked.json["Tags"].as_array().is_some_and(|tags| !tags.is_empty()) {
            return fault("ValidationException", "Invalid request: tags and overwrite can't be used together.");
        }
        if known.is_none() && self.parameters.len() >= PARAMETERS {
            return fault("ParameterLimitExceeded", "You have exceeded the number of parameters for this AWS account.");
        }
        let written = written(at, asked, &name, known)?;
        let answer = json!({ "Version": written.version, "Tier": written.tier });
        self.parameters.insert(name, written);
        ok(answer)
    }
}

/// What a parameter is after it has been written; what a request leaves out stays as it was.
fn written(at: &At<'_>, asked: &Asked, name: &str, known: Option<&Parameter>) -> Result<Parameter, Fault> {
    let kept = |of: fn(&Parameter) -> &String, parameter: &str| asked.some(parameter).or_else(|| known.map(of).cloned());
    let Some(kind) = kept(|known| &known.kind, "Type") else {
        return fault("ValidationException", "A parameter type is required when you create a parameter.");
    };
    if known.is_some_and(|known| known.kind != kind) {
        return fault("HierarchyTypeMismatchException", format!("{name} is of another type, and stays so"));
    }
    let value = asked.text("Value");
    let tier = kept(|known| &known.tier, "Tier").unwrap_or_else(|| "Standard".to_owned());
    check(name, &value, if tier == "Standard" { STANDARD } else { ADVANCED })?;
    let description = kept(|known| &known.description, "Description").unwrap_or_default();
    Ok(Parameter { kind, value, description, tier, version: known.map_or(1, |known| known.version + 1), changed: at.now })
}

fn check(name: &str, value: &str, most: usize) -> Result<(), Fault> {
    let is_sign = |sign: char| sign.is_ascii_alphanumeric() || "_.-/".contains(sign);
    let path = name.trim_start_matches('/').to_lowercase();
    if name.is_empty() || !name.chars().all(is_sign) || path.len() < name.len() - 1 || (path.contains('/') && !name.starts_with('/')) {
        return fault("ValidationException", "Parameter name must be a fully qualified name.");
    }
    if path.starts_with("aws") || path.starts_with("ssm") {
        return fault("ValidationException", "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive).");
    }
    if path.split('/').count() > LEVELS {
        return fault("HierarchyLevelLimitExceededException", format!("a name has at most {LEVELS} levels"));
    }
    match value.chars().count() {
        0 => fault(
            "ValidationException",
            "Value at 'value' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ),
        length if length > most => {
            fault("ValidationException", format!("Parameters of this tier support a maximum parameter value of {most} characters."))
        }
        _ => Ok(()),
    }
}

fn shown(at: &At<'_>, name: &str, parameter: &Parameter) -> Value {
    let Parameter { kind, value, description: _, tier: _, version, changed } = parameter;
    let slash = if name.starts_with('/') { "" } else { "/" };
    let arn = at.arn("ssm", &format!("parameter{slash}{name}"));
    json!({
        "Name": name, "Type": kind, "Value": value, "Version": version, "ARN": arn, "DataType": "text",
        "LastModifiedDate": changed.as_secs(),
    })
}
