//! The account's own managed policies: five versions each, of which one is in force.

use super::documents::{Purpose, checked, size};
use super::identities::{is_taken, named, path, unique};
use super::{Iam, Tags, done, tag_set, taggable};
use crate::simulated::wire::{Answer, Asked, Fault, element, encoded, fault, iso, set, xml};
use crate::simulated::{At, Moment};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const LONGEST_NAME: usize = 128;
/// The most characters of a policy, spaces not counted, and versions of it (IAM quotas).
const LONGEST: usize = 6144;
const MOST_VERSIONS: usize = 5;

/// A policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Policy {
    id: String,
    name: String,
    path: String,
    description: String,
    created: Moment,
    updated: Moment,
    versions: BTreeMap<u32, Version>,
    /// The version in force.
    force: u32,
    /// The number of the last one that was made.
    last: u32,
    pub tags: Tags,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Version {
    text: String,
    created: Moment,
}

impl Iam {
    /// The policy that a call is about.
    pub(super) fn policy(&mut self, asked: &Asked) -> Result<&mut Policy, Fault> {
        let arn = asked.text("PolicyArn");
        match self.policies.get_mut(&arn) {
            Some(policy) => Ok(policy),
            None => fault("NoSuchEntity", format!("Policy {arn} was not found.")),
        }
    }

    pub(super) fn create_policy(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let name = named(asked.text("PolicyName"), LONGEST_NAME)?;
        let text = fitting(asked)?;
        if is_taken(self.policies.values().map(|policy| &policy.name), &name) {
            return fault("EntityAlreadyExists", format!("A policy called {name} already exists. Duplicate names are not allowed."));
        }
        let path = path(asked);
        let arn = format!("arn:aws:iam::{}:policy{path}{name}", at.account);
        let policy = Policy {
            id: unique(at, "ANPA"),
            name,
            path,
            description: asked.text("Description"),
            created: at.now,
            updated: at.now,
            versions: BTreeMap::from([(1, Version { text, created: at.now })]),
            force: 1,
            last: 1,
            tags: taggable(0, asked.tags("Tags.member"))?,
        };
        let answer = format!("<Policy>{}{}{}</Policy>", policy.head(&arn), element("AttachmentCount", "0"), tag_set(&policy.tags));
        self.policies.insert(arn, policy);
        xml(answer)
    }

    pub(super) fn create_version(&mut self, at: &At<'_>, asked: &Asked) -> Answer {
        let text = fitting(asked)?;
        let policy = self.policy(asked)?;
        if policy.versions.len() >= MOST_VERSIONS {
            let why = "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.";
            return fault("LimitExceeded", why);
        }
        policy.last += 1;
        policy.versions.insert(policy.last, Version { text, created: at.now });
        policy.updated = at.now;
        if asked.text("SetAsDefault") == "true" {
            policy.force = policy.last;
        }
        let made = policy.version(policy.last, false);
        xml(format!("<PolicyVersion>{made}</PolicyVersion>"))
    }

    pub(super) fn list_versions(&mut self, asked: &Asked) -> Answer {
        let policy = self.policy(asked)?;
        let versions = policy.versions.keys().rev().map(|number| policy.version(*number, false));
        xml(set("Versions", "member", versions) + &element("IsTruncated", "false"))
    }

    pub(super) fn delete_version(&mut self, asked: &Asked) -> Answer {
        let policy = self.policy(asked)?;
        let id = asked.text("VersionId");
        let number = id.strip_prefix('v').and_then(|number| number.parse().ok()).unwrap_or_default();
        if number == policy.force {
            return fault("DeleteConflict", "Cannot delete the default version of a policy.");
        }
        match policy.versions.remove(&number) {
            Some(_) => done(),
            None => fault("NoSuchEntity", format!("Policy version {id} does not exist or is not attachable.")),
        }
    }

    pub(super) fn delete_policy(&mut self, asked: &Asked) -> Answer {
        let versions = self.policy(asked)?.versions.len();
        let arn = asked.text("PolicyArn");
        if self.uses(&arn) != [0, 0] {
            return fault("DeleteConflict", "Cannot delete a policy attached to entities.");
        }
        if versions > 1 {
            return fault(
                "DeleteConflict",
                "This policy has more than one version. Before you delete a policy, you must delete the policy's versions.",
            );
        }
        self.policies.remove(&arn);
        done()
    }

    pub(super) fn list_tags(&mut self, asked: &Asked) -> Answer {
        let tags = tag_set(&self.policy(asked)?.tags);
        xml(tags + &element("IsTruncated", "false"))
    }

    /// What is listed of a policy, with its versions.
    pub(super) fn policy_detail(&self, arn: &str, policy: &Policy) -> String {
        let versions = policy.versions.keys().rev().map(|number| policy.version(*number, true));
        let counts = ["AttachmentCount", "PermissionsBoundaryUsageCount"].into_iter().zip(self.uses(arn));
        let counts: String = counts.map(|(name, count)| element(name, &count.to_string())).collect();
        let about = counts + &element("Description", &policy.description);
        policy.head(arn) + &about + &set("PolicyVersionList", "member", versions)
    }

    /// How many have a policy, and how many have it as their boundary.
    fn uses(&self, arn: &str) -> [usize; 2] {
        let all = || self.roles.values().chain(self.users.values());
        let attached = all().filter(|one| one.attached.contains(arn)).count();
        [attached, all().filter(|one| one.boundary.as_deref() == Some(arn)).count()]
    }
}

impl Policy {
    fn head(&self, arn: &str) -> String {
        let names =
            element("PolicyName", &self.name) + &element("PolicyId", &self.id) + &element("Arn", arn) + &element("Path", &self.path);
        let dates = element("CreateDate", &iso(self.created)) + &element("UpdateDate", &iso(self.updated));
        names + &element("DefaultVersionId", &format!("v{}", self.force)) + &element("IsAttachable", "true") + &dates
    }

    fn version(&self, number: u32, whole: bool) -> String {
        let Some(Version { text, created }) = self.versions.get(&number) else { return String::new() };
        let text = if whole { element("Document", &encoded(text)) } else { String::new() };
        let id = element("VersionId", &format!("v{number}"));
        text + &id + &element("IsDefaultVersion", &(number == self.force).to_string()) + &element("CreateDate", &iso(*created))
    }
}

fn fitting(asked: &Asked) -> Result<String, Fault> {
    let text = asked.text("PolicyDocument");
    if size(&text) > LONGEST {
        return fault("LimitExceeded", format!("Cannot exceed quota for PolicySize: {LONGEST}"));
    }
    checked(text, Purpose::Identity)
}
