//! AWS IAM, as one account has it: who there is, what they may do, and what they prove themselves with. Lets nobody in by itself, and
//! evaluates no policy but the trust in a role.

mod details;
mod documents;
mod identities;
mod keys;
mod linked;
mod policies;
mod providers;
mod roles;
mod settings;
#[cfg(test)]
mod tests;
mod users;

use super::At;
use super::wire::{Answer, Asked, Fault, element, fault, set};
pub(super) use documents::{Purpose, flaw};
use identities::Identity;
use keys::Key;
use policies::Policy;
use providers::Provider;
use serde::{Deserialize, Serialize};
pub(super) use settings::unlike_others;
use std::collections::BTreeMap;

/// The most tags that anything in IAM has (IAM quotas).
const MOST_TAGS: usize = 50;

type Tags = BTreeMap<String, String>;

/// What an account's IAM holds. Roles, users and keys by their names; policies and providers by their ARNs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Iam {
    roles: BTreeMap<String, Identity>,
    users: BTreeMap<String, Identity>,
    policies: BTreeMap<String, Policy>,
    providers: BTreeMap<String, Provider>,
    keys: BTreeMap<String, Key>,
    alias: Option<String>,
    /// What passwords must be like, as the fields of the policy; empty where there is none.
    passwords: BTreeMap<String, String>,
}

impl Iam {
    pub(super) fn answer(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let answer = match asked.operation.as_str() {
            "GetAccountAuthorizationDetails" => self.details(at, asked),
            "CreateRole" => self.create_role(at, asked),
            "CreateServiceLinkedRole" => self.create_linked_role(at, asked),
            "UpdateAssumeRolePolicy" => self.update_trust(asked),
            "DeleteRole" => self.delete_role(asked),
            "CreateUser" => self.create_user(at, asked),
            "DeleteUser" => self.delete_user(asked),
            "PutRolePolicy" | "PutUserPolicy" => self.put_policy(asked),
            "DeleteRolePolicy" | "DeleteUserPolicy" => self.delete_inline(asked),
            "AttachRolePolicy" => self.attach(asked),
            "DetachRolePolicy" => self.detach(asked),
            "PutRolePermissionsBoundary" | "PutUserPermissionsBoundary" => self.bound(asked),
            "DeleteRolePermissionsBoundary" | "DeleteUserPermissionsBoundary" => self.unbound(asked),
            "CreateAccessKey" => self.create_key(at, asked),
            "ListAccessKeys" => self.list_keys(asked),
            "DeleteAccessKey" => self.delete_key(asked),
            "GetAccessKeyLastUsed" => self.last_used(asked),
            "CreatePolicy" => self.create_policy(at, asked),
            "DeletePolicy" => self.delete_policy(asked),
            "CreatePolicyVersion" => self.create_version(at, asked),
            "ListPolicyVersions" => self.list_versions(asked),
            "DeletePolicyVersion" => self.delete_version(asked),
            "ListPolicyTags" => self.list_tags(asked),
            "TagRole" | "TagUser" | "TagPolicy" | "TagOpenIDConnectProvider" => self.tag(asked),
            "CreateOpenIDConnectProvider" => self.create_provider(at, asked),
            "ListOpenIDConnectProviders" => self.list_providers(),
            "GetOpenIDConnectProvider" => self.get_provider(asked),
            "DeleteOpenIDConnectProvider" => self.delete_provider(asked),
            "AddClientIDToOpenIDConnectProvider" => self.add_client(asked),
            "RemoveClientIDFromOpenIDConnectProvider" => self.remove_client(asked),
            "ListAccountAliases" => self.list_aliases(),
            "CreateAccountAlias" => self.create_alias(asked),
            "GetAccountPasswordPolicy" => self.password_policy(),
            "UpdateAccountPasswordPolicy" => self.update_password_policy(asked),
            other => fault("InvalidAction", format!("the simulated IAM has no {other}")),
        };
        answer.map_err(|fault| Fault { status: status(&fault.code), ..fault })
    }

    fn tag(&mut self, asked: &Asked) -> Answer {
        let new = asked.tags("Tags.member");
        let tags = if asked.has("PolicyArn") {
            &mut self.policy(asked)?.tags
        } else if asked.has("OpenIDConnectProviderArn") {
            &mut self.provider(asked)?.tags
        } else {
            &mut self.identity(asked)?.tags
        };
        tags.extend(taggable(tags.len(), new)?);
        done()
    }
}

/// The status of an error in IAM's interface.
fn status(code: &str) -> u16 {
    match code {
        "NoSuchEntity" => 404,
        "EntityAlreadyExists" | "DeleteConflict" | "LimitExceeded" => 409,
        _ => 400,
    }
}

fn done() -> Answer {
    super::wire::xml("")
}

fn missing<T>(what: &str, name: &str) -> Result<T, Fault> {
    fault("NoSuchEntity", format!("The {what} with name {name} cannot be found."))
}

/// Tags that may be added where there are so many.
fn taggable(there: usize, new: Tags) -> Result<Tags, Fault> {
    if !new.iter().all(is_tag) {
        return fault("ValidationError", "a tag's key or value does not satisfy the constraint");
    }
    if there + new.len() > MOST_TAGS {
        return fault("LimitExceeded", format!("Cannot exceed quota for TagsPerResource: {MOST_TAGS}"));
    }
    Ok(new)
}

/// Whether AWS takes it for a tag. The services that know the pattern `[\p{L}\p{Z}\p{N}_.:/=+\-@]*` are strict about it.
pub(super) fn is_tag((key, value): (&String, &String)) -> bool {
    let fits = |text: &str| text.chars().all(|letter| letter.is_alphanumeric() || letter == ' ' || "_.:/=+-@".contains(letter));
    let is_long = key.chars().count() > 128 || value.chars().count() > 256;
    !key.is_empty() && !key.starts_with("aws:") && !is_long && fits(key) && fits(value)
}

fn tag_set(all: &Tags) -> String {
    set("Tags", "member", all.iter().map(|(key, value)| element("Key", key) + &element("Value", value)))
}
