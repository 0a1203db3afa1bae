//! What roles and users have in common: policies within them and beside them, a boundary, tags.

use super::documents::{Purpose, checked, size};
use super::{Iam, Tags, done, missing, tag_set};
use crate::simulated::wire::{Answer, Asked, Fault, element, encoded, fault, iso, set};
use crate::simulated::{At, Moment};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Characters that the policies within a role, and within a user, may have together (IAM quotas). Spaces don't count.
const ROLE_POLICIES: usize = 10_240;
const USER_POLICIES: usize = 2048;
/// Managed policies beside a role or a user (IAM quotas).
const MOST_ATTACHED: usize = 10;
/// AWS's own policies are many and change; that one exists is taken on trust.
const OF_AWS: &str = "arn:aws:iam::aws:policy/";

/// A role or a user.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Identity {
    pub id: String,
    pub path: String,
    pub created: Moment,
    pub description: String,
    /// Who may take a role on.
    pub trust: Option<String>,
    /// For how many seconds at the most, as asked for.
    pub session: String,
    pub boundary: Option<String>,
    /// The policies within it, by their names.
    pub policies: BTreeMap<String, String>,
    /// The ARNs of those beside it.
    pub attached: BTreeSet<String>,
    pub tags: Tags,
}

impl Iam {
    /// The role or the user that a call is about.
    pub(super) fn identity(&mut self, asked: &Asked) -> Result<&mut Identity, Fault> {
        let (all, what, name) = match asked.some("RoleName") {
            Some(name) => (&mut self.roles, "role", name),
            None => (&mut self.users, "user", asked.text("UserName")),
        };
        match all.get_mut(&name) {
            Some(found) => Ok(found),
            None => missing(what, &name),
        }
    }

    /// The same, if it is the account's own to change.
    pub(super) fn changeable(&mut self, asked: &Asked) -> Result<&mut Identity, Fault> {
        let found = self.identity(asked)?;
        if found.path.starts_with("/aws-service-role/") {
            return fault("UnmodifiableEntity", "Cannot perform the operation on the protected role");
        }
        Ok(found)
    }

    pub(super) fn put_policy(&mut self, asked: &Asked) -> Answer {
        let text = checked(asked.text("PolicyDocument"), Purpose::Identity)?;
        let (name, is_role) = (asked.text("PolicyName"), asked.has("RoleName"));
        let most = if is_role { ROLE_POLICIES } else { USER_POLICIES };
        let found = self.changeable(asked)?;
        let others = found.policies.iter().filter(|(other, _)| **other != name);
        if others.map(|(_, text)| size(text)).sum::<usize>() + size(&text) > most {
            return fault("LimitExceeded", format!("Maximum policy size of {most} bytes exceeded"));
        }
        found.policies.insert(name, text);
        done()
    }

    pub(super) fn delete_inline(&mut self, asked: &Asked) -> Answer {
        let name = asked.text("PolicyName");
        match self.changeable(asked)?.policies.remove(&name) {
            Some(_) => done(),
            None => missing("role policy", &name),
        }
    }

    pub(super) fn attach(&mut self, asked: &Asked) -> Answer {
        let arn = self.attachable(asked.text("PolicyArn"))?;
        let found = self.changeable(asked)?;
        if !found.attached.contains(&arn) && found.attached.len() >= MOST_ATTACHED {
            return fault("LimitExceeded", format!("Cannot exceed quota for PoliciesPerRole: {MOST_ATTACHED}"));
        }
        found.attached.insert(arn);
        done()
    }

    pub(super) fn detach(&mut self, asked: &Asked) -> Answer {
        let arn = asked.text("PolicyArn");
        match self.changeable(asked)?.attached.remove(&arn) {
            true => done(),
            false => fault("NoSuchEntity", format!("Policy {arn} was not found.")),
        }
    }

    pub(super) fn bound(&mut self, asked: &Asked) -> Answer {
        let arn = self.attachable(asked.text("PermissionsBoundary"))?;
        self.changeable(asked)?.boundary = Some(arn);
        done()
    }

    pub(super) fn unbound(&mut self, asked: &Asked) -> Answer {
        match self.changeable(asked)?.boundary.take() {
            Some(_) => done(),
            None => fault("NoSuchEntity", "there is no permissions boundary"),
        }
    }

    /// The ARN of a policy that there is.
    pub(super) fn attachable(&self, arn: String) -> Result<String, Fault> {
        if self.policies.contains_key(&arn) || arn.starts_with(OF_AWS) {
            return Ok(arn);
        }
        fault("NoSuchEntity", format!("Policy {arn} does not exist or is not attachable."))
    }

    /// A new role or user, as far as they are the same.
    pub(super) fn beginning(&self, at: &mut At<'_>, asked: &Asked, prefix: &str) -> Result<Identity, Fault> {
        let boundary = asked.some("PermissionsBoundary").map(|arn| self.attachable(arn)).transpose()?;
        Ok(Identity {
            id: unique(at, prefix),
            path: path(asked),
            created: at.now,
            description: asked.text("Description"),
            boundary,
            tags: super::taggable(0, asked.tags("Tags.member"))?,
            ..Identity::default()
        })
    }
}

impl Identity {
    /// Whether it still has policies, in the words in which AWS refuses to delete it for that.
    pub(super) fn holds(&self) -> Option<&'static str> {
        match (self.policies.is_empty(), self.attached.is_empty()) {
            (_, false) => Some("Cannot delete entity, must detach all policies first."),
            (false, true) => Some("Cannot delete entity, must delete policies first."),
            (true, true) => None,
        }
    }

    /// What every answer says of a `Role` or a `User`.
    pub(super) fn head(&self, account: &str, what: &str, name: &str) -> String {
        let arn = format!("arn:aws:iam::{account}:{}{}{name}", what.to_lowercase(), self.path);
        let names = element(&format!("{what}Name"), name) + &element(&format!("{what}Id"), &self.id);
        let bounds = self.boundary.iter().map(|arn| {
            let inner = element("PermissionsBoundaryType", "PermissionsBoundaryPolicy") + &element("PermissionsBoundaryArn", arn);
            format!("<PermissionsBoundary>{inner}</PermissionsBoundary>")
        });
        let trust = self.trust.iter().map(|text| element("AssumeRolePolicyDocument", &encoded(text)));
        let more: String = bounds.chain(trust).collect();
        element("Path", &self.path)
            + &names
            + &element("Arn", &arn)
            + &element("CreateDate", &iso(self.created))
            + &more
            + &tag_set(&self.tags)
    }

    /// What is listed of it with all that it may do.
    pub(super) fn detail(&self, account: &str, what: &str, name: &str) -> String {
        let inline = |(name, text): (&String, &String)| element("PolicyName", name) + &element("PolicyDocument", &encoded(text));
        let beside = |arn: &String| {
            let name = arn.rsplit('/').next().unwrap_or_default();
            element("PolicyName", name) + &element("PolicyArn", arn)
        };
        self.head(account, what, name)
            + &set(&format!("{what}PolicyList"), "member", self.policies.iter().map(inline))
            + &set("AttachedManagedPolicies", "member", self.attached.iter().map(beside))
    }
}

/// An id as IAM makes them: twenty characters, of which the first four say what it is.
pub(super) fn unique(at: &mut At<'_>, prefix: &str) -> String {
    at.id(prefix, 16).to_uppercase()
}

pub(super) fn path(asked: &Asked) -> String {
    asked.some("Path").filter(|path| !path.is_empty()).unwrap_or_else(|| "/".to_owned())
}

/// Whether a name is taken: IAM's names differ by more than their case.
pub(super) fn is_taken<'a>(mut names: impl Iterator<Item = &'a String>, name: &str) -> bool {
    names.any(|other| other.eq_ignore_ascii_case(name))
}

/// A name that IAM takes for a role, a user or a policy.
pub(super) fn named(name: String, most: usize) -> Result<String, Fault> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "_+=,.@-".contains(letter);
    if name.is_empty() || name.len() > most || !name.chars().all(fits) {
        return fault("ValidationError", format!("a name has 1 to {most} letters, digits and _+=,.@-"));
    }
    Ok(name)
}
