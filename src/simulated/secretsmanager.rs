//! AWS Secrets Manager: secrets and what they hold. A token that was used before makes nothing twice.

use super::paging::{page, size};
use super::wire::{Answer, Asked, Fault, fault, json as ok, tag_list};
use super::{At, Moment};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Secrets in a page, by default and at the most.
const PAGE: usize = 100;
/// Tags of a secret (Secrets Manager quotas).
const TAGS: usize = 50;
/// The bytes of a value (Secrets Manager quotas).
const VALUE: usize = 65_536;
/// The days in which a deleted secret can be restored, unless told otherwise.
const RECOVERY_DAYS: u64 = 30;
const DAY: Moment = Moment::from_secs(24 * 60 * 60);

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Secrets {
    /// By their ARNs.
    secrets: BTreeMap<String, Secret>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Secret {
    name: String,
    description: String,
    tags: BTreeMap<String, String>,
    /// The last two, oldest first: AWS forgets what no label is on any more.
    versions: Vec<Version>,
    made: Moment,
    changed: Moment,
    /// When it is deleted for good, if it was deleted.
    ends: Option<Moment>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Version {
    id: String,
    value: String,
}

impl Secrets {
    pub(super) fn answer(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        self.secrets.retain(|_, secret| secret.ends.is_none_or(|ends| at.now < ends));
        match asked.operation.as_str() {
            "ListSecrets" => self.list(asked),
            "DescribeSecret" => self.describe(asked),
            "CreateSecret" => self.create(at, asked),
            "PutSecretValue" => self.put(at, asked),
            "GetSecretValue" => self.value(asked),
            "DeleteSecret" => self.delete(at, asked),
            "TagResource" => {
                let (_, secret) = self.get(asked)?;
                let all = secret.tags.clone().into_iter().chain(asked.tags("Tags")).collect();
                secret.tags = tagged(all)?;
                ok(json!({}))
            }
            "UntagResource" => {
                let keys = asked.list("TagKeys");
                self.get(asked)?.1.tags.retain(|key, _| !keys.contains(key));
                ok(json!({}))
            }
            other => fault("UnknownOperationException", format!("the simulated Secrets Manager has no {other}")),
        }
    }

    /// The ARN behind an ARN or a name.
    fn arn(&self, id: &str) -> Option<String> {
        let mut found = self.secrets.iter().filter(|(arn, secret)| *arn == id || secret.name == id);
        found.next().map(|(arn, _)| arn.clone())
    }

    /// The secret that is asked for, if it is not deleted.
    fn get(&mut self, asked: &Asked) -> Result<(String, &mut Secret), Fault> {
        let arn = self.arn(&asked.text("SecretId")).unwrap_or_default();
        match self.secrets.get_mut(&arn) {
            None => fault("ResourceNotFoundException", "Secrets Manager can't find the specified secret."),
            Some(secret) if secret.ends.is_some() => {
                fault("InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.")
            }
            Some(secret) => Ok((arn, secret)),
        }
    }

    /// One that waits for its deletion is told of as well.
    fn describe(&self, asked: &Asked) -> Answer {
        let arn = self.arn(&asked.text("SecretId")).unwrap_or_default();
        let Some(secret) = self.secrets.get(&arn) else {
            return fault("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
        };
        let mut shown = secret.listed(&arn);
        shown["DeletedDate"] = json!(secret.ends.map(|ends| ends.as_secs()));
        ok(shown)
    }

    fn list(&self, asked: &Asked) -> Answer {
        let filters = asked.json["Filters"].as_array().cloned().unwrap_or_default();
        if let Some(odd) = filters.iter().find(|filter| !matches!(filter["Key"].as_str(), Some("name" | "tag-key" | "tag-value"))) {
            return fault("InvalidParameterException", format!("the simulated Secrets Manager has no filter {}", odd["Key"]));
        }
        let found = self.secrets.iter().filter(|(_, secret)| secret.ends.is_none() && filters.iter().all(|filter| secret.passes(filter)));
        let (found, next) = page(found, &asked.text("NextToken"), size(asked, "MaxResults", PAGE, PAGE));
        let found: Vec<Value> = found.into_iter().map(|(arn, secret)| secret.listed(arn)).collect();
        ok(json!({ "SecretList": found, "NextToken": next }))
    }

    fn create(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let (name, version) = (asked.text("Name"), version(asked)?);
        let is_sign = |sign: char| sign.is_ascii_alphanumeric() || "/_+=.@-".contains(sign);
        if name.is_empty() || !name.chars().all(is_sign) {
            return fault(
                "ValidationException",
                "Invalid name. Must be a valid name containing alphanumeric characters, or any of /_+=.@-",
            );
        }
        if let Some(arn) = self.arn(&name) {
            return self.secrets.get(&arn).map_or_else(|| fault("InternalServiceError", ""), |secret| secret.again(&arn, version.as_ref()));
        }
        let arn = arn(at, &name);
        let answer = json!({ "ARN": arn, "Name": name, "VersionId": version.as_ref().map(|version| &version.id) });
        let (tags, description) = (tagged(asked.tags("Tags"))?, asked.text("Description"));
        let versions = version.into_iter().collect();
        self.secrets.insert(arn, Secret { name, description, tags, versions, made: at.now, changed: at.now, ends: None });
        ok(answer)
    }

    fn put(&mut self, at: &At<'_>, asked: &Asked) -> Answer {
        let Some(version) = version(asked)? else {
            return fault("InvalidRequestException", "You must provide either SecretString or SecretBinary.");
        };
        let (arn, secret) = self.get(asked)?;
        match secret.versions.iter().find(|known| known.id == version.id) {
            Some(known) if *known != version => return fault("ResourceExistsException", taken(&version, &arn)),
            Some(_) => {}
            None => {
                secret.versions.push(version.clone());
                let surplus = secret.versions.len().saturating_sub(2);
                secret.versions.drain(..surplus);
                secret.changed = at.now;
            }
        }
        ok(json!({ "ARN": arn, "Name": secret.name, "VersionId": version.id, "VersionStages": ["AWSCURRENT"] }))
    }

    fn value(&mut self, asked: &Asked) -> Answer {
        let (arn, secret) = self.get(asked)?;
        let Some(Version { id, value }) = secret.versions.last() else {
            let why = "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT";
            return fault("ResourceNotFoundException", why);
        };
        let made = secret.changed.as_secs();
        ok(json!({
            "ARN": arn, "Name": secret.name, "VersionId": id, "SecretString": value, "VersionStages": ["AWSCURRENT"], "CreatedDate": made,
        }))
    }

    fn delete(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let id = asked.text("SecretId");
        if asked.json["ForceDeleteWithoutRecovery"] == true {
            // What is not there is deleted as well.
            let arn = self.arn(&id).unwrap_or_else(|| arn(at, &id));
            let name = self.secrets.remove(&arn).map_or(id, |secret| secret.name);
            return ok(json!({ "ARN": arn, "Name": name, "DeletionDate": at.now.as_secs() }));
        }
        let days = asked.json["RecoveryWindowInDays"].as_u64().unwrap_or(RECOVERY_DAYS);
        if !(7..=RECOVERY_DAYS).contains(&days) {
            return fault("InvalidParameterException", "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).");
        }
        let (arn, secret) = self.get(asked)?;
        let ends = at.now + DAY * u32::try_from(days).unwrap_or_default();
        secret.ends = Some(ends);
        ok(json!({ "ARN": arn, "Name": secret.name, "DeletionDate": ends.as_secs() }))
    }
}

impl Secret {
    /// Whether one of a filter's values fits: all are taken for beginnings.
    fn passes(&self, filter: &Value) -> bool {
        let mut values = filter["Values"].as_array().into_iter().flatten().filter_map(Value::as_str);
        values.any(|value| match filter["Key"].as_str() {
            Some("tag-key") => self.tags.keys().any(|key| key.starts_with(value)),
            Some("tag-value") => self.tags.values().any(|text| text.starts_with(value)),
            _ => self.name.starts_with(value),
        })
    }

    fn listed(&self, arn: &str) -> Value {
        let Secret { name, description, tags, versions: _, made, changed, ends: _ } = self;
        let description = (!description.is_empty()).then_some(description);
        json!({
            "ARN": arn, "Name": name, "Description": description, "Tags": tag_list(tags), "CreatedDate": made.as_secs(),
            "LastChangedDate": changed.as_secs(),
        })
    }

    /// What becomes of a creation whose name is taken: nothing, if it is the same once more.
    fn again(&self, arn: &str, version: Option<&Version>) -> Answer {
        if self.ends.is_some() {
            let why = "You can't create this secret because a secret with this name is already scheduled for deletion.";
            return fault("InvalidRequestException", why);
        }
        match version.and_then(|version| self.versions.iter().find(|known| known.id == version.id)) {
            Some(known) if Some(known) == version => ok(json!({ "ARN": arn, "Name": self.name, "VersionId": known.id })),
            Some(known) => fault("ResourceExistsException", taken(known, arn)),
            None => fault("ResourceExistsException", format!("The operation failed because the secret {} already exists.", self.name)),
        }
    }
}

/// The version that a request makes, if it brings a value. The SDK makes up a token where the caller gives none.
fn version(asked: &Asked) -> Result<Option<Version>, Fault> {
    let Some(value) = asked.some("SecretString") else { return Ok(None) };
    if value.len() > VALUE {
        return fault("ValidationException", format!("a secret holds {VALUE} bytes at the most"));
    }
    Ok(Some(Version { id: asked.text("ClientRequestToken"), value }))
}

/// An ARN for a new secret of a name.
fn arn(at: &mut At<'_>, name: &str) -> String {
    let id = at.id("", 6);
    at.arn("secretsmanager", &format!("secret:{name}-{id}"))
}

fn taken(version: &Version, arn: &str) -> String {
    format!("You can't use ClientRequestToken {} because that value is already in use for a version of secret {arn}.", version.id)
}

/// Tags, if they are no more than AWS takes and none of AWS's own.
fn tagged(tags: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Fault> {
    match tags.keys().find(|key| key.starts_with("aws:")) {
        Some(key) => fault("InvalidParameterException", format!("{key} is reserved for AWS use")),
        None if tags.len() > TAGS => fault("InvalidParameterException", format!("a secret has {TAGS} tags at the most")),
        None => Ok(tags),
    }
}
