//! A permission set: what it is called, what it allows, whom it was given to, and which version of it the accounts have. Says nothing of when.

use super::PAGES;
use crate::simulated::wire::{Answer, Asked, Fault, fault, json as ok, missing};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Managed policies of a set (the user guide's quotas).
const MOST_POLICIES: usize = 20;
/// Bytes of an inline policy, and of it without what is white in it (the same).
const MOST_BYTES: (usize, usize) = (32_768, 10_240);
/// Characters of a name, and of a description.
const LENGTHS: (usize, usize) = (32, 700);
/// For how long somebody is let in, where a set says nothing.
const SESSION: &str = "PT1H";

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct PermissionSet {
    pub shown: Value,
    pub tags: BTreeMap<String, String>,
    managed: Vec<String>,
    inline: String,
    /// One more with each change.
    pub version: u64,
    /// The versions that accounts have, by their numbers.
    pub provisioned: BTreeMap<String, u64>,
    pub assigned: BTreeSet<Assignment>,
}

/// Who has a set in an account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Assignment {
    pub account: String,
    /// `GROUP` or `USER`.
    pub kind: String,
    pub id: String,
}

impl Assignment {
    pub fn shown(&self, set: &str) -> Value {
        json!({ "AccountId": self.account, "PermissionSetArn": set, "PrincipalType": self.kind, "PrincipalId": self.id })
    }
}

impl PermissionSet {
    /// The one that is asked for, as far as it can be told without an ARN.
    pub fn of(asked: &Asked) -> Result<PermissionSet, Fault> {
        let name = asked.text("Name");
        let is_sign = |sign: char| sign.is_ascii_alphanumeric() || "_+=,.@-".contains(sign);
        if name.is_empty() || name.len() > LENGTHS.0 || !name.chars().all(is_sign) {
            return fault("ValidationException", "that is no name of a permission set");
        }
        let shown = Value::Object(fields(asked, &[("Name".to_owned(), name.into())])?);
        Ok(PermissionSet { shown, tags: asked.tags("Tags"), version: 1, ..PermissionSet::default() })
    }

    pub fn at(mut self, arn: &str) -> PermissionSet {
        self.shown["PermissionSetArn"] = arn.into();
        self
    }

    pub fn answer(&mut self, asked: &Asked) -> Answer {
        match asked.operation.as_str() {
            "DescribePermissionSet" => ok(json!({ "PermissionSet": self.shown })),
            "UpdatePermissionSet" => self.update(asked),
            "PutInlinePolicyToPermissionSet" => self.put_inline(&asked.text("InlinePolicy")),
            "GetInlinePolicyForPermissionSet" => match self.inline.as_str() {
                "" => ok(json!({})),
                inline => ok(json!({ "InlinePolicy": inline })),
            },
            "DeleteInlinePolicyFromPermissionSet" => {
                self.version += u64::from(!self.inline.is_empty());
                self.inline.clear();
                ok(json!({}))
            }
            "AttachManagedPolicyToPermissionSet" => self.attach(asked.text("ManagedPolicyArn")),
            "DetachManagedPolicyFromPermissionSet" => self.detach(&asked.text("ManagedPolicyArn")),
            "ListManagedPoliciesInPermissionSet" => {
                let name = |arn: &str| arn.rsplit('/').next().unwrap_or_default().to_owned();
                let all = self.managed.iter().map(|arn| json!({ "Name": name(arn), "Arn": arn }));
                PAGES.of(asked, "AttachedManagedPolicies", all)
            }
            "ListAccountsForProvisionedPermissionSet" => {
                let wanted = asked.some("ProvisioningStatus");
                let all =
                    self.provisioned.iter().filter(|(_, version)| wanted.as_deref().is_none_or(|wanted| wanted == self.state(**version)));
                PAGES.of(asked, "AccountIds", all.map(|(account, _)| account.as_str().into()))
            }
            "ListAccountAssignments" => {
                let account = asked.text("AccountId");
                let there = self.assigned.iter().filter(|one| one.account == account);
                let arn = self.shown["PermissionSetArn"].as_str().unwrap_or_default();
                PAGES.of(asked, "AccountAssignments", there.map(|one| one.shown(arn)))
            }
            other => fault("UnknownOperationException", format!("the simulated Identity Center has no {other}")),
        }
    }

    fn state(&self, version: u64) -> &'static str {
        if version < self.version { "LATEST_PERMISSION_SET_NOT_PROVISIONED" } else { "LATEST_PERMISSION_SET_PROVISIONED" }
    }

    /// What is left out of an update is set back, but for the description.
    fn update(&mut self, asked: &Asked) -> Answer {
        let kept = ["Name", "Description", "PermissionSetArn"].into_iter();
        let kept: Vec<_> = kept.filter_map(|name| Some((name.to_owned(), self.shown.get(name)?.clone()))).collect();
        self.shown = fields(asked, &kept)?.into();
        self.version += 1;
        ok(json!({}))
    }

    fn put_inline(&mut self, policy: &str) -> Answer {
        let dense = policy.chars().filter(|sign| !sign.is_whitespace()).map(char::len_utf8).sum::<usize>();
        if policy.len() > MOST_BYTES.0 || dense > MOST_BYTES.1 {
            return fault("ServiceQuotaExceededException", format!("an inline policy has {} bytes at most", MOST_BYTES.1));
        }
        if !serde_json::from_str::<Value>(policy).is_ok_and(|policy| policy.is_object()) {
            return fault("ValidationException", "that is no policy");
        }
        policy.clone_into(&mut self.inline);
        self.version += 1;
        ok(json!({}))
    }

    fn attach(&mut self, arn: String) -> Answer {
        if self.managed.contains(&arn) {
            return fault("ConflictException", format!("{arn} is attached already"));
        }
        if self.managed.len() >= MOST_POLICIES {
            return fault("ServiceQuotaExceededException", format!("a permission set has {MOST_POLICIES} managed policies at most"));
        }
        if !arn.starts_with("arn:aws:iam::aws:policy/") {
            return fault("ValidationException", "that is no policy of AWS's");
        }
        self.managed.push(arn);
        self.version += 1;
        ok(json!({}))
    }

    fn detach(&mut self, arn: &str) -> Answer {
        if !self.managed.iter().any(|attached| attached == arn) {
            return missing("attachment");
        }
        self.managed.retain(|attached| attached != arn);
        self.version += 1;
        ok(json!({}))
    }
}

/// What is shown of a set: what is kept, and over it what is asked for.
fn fields(asked: &Asked, kept: &[(String, Value)]) -> Result<Map<String, Value>, Fault> {
    if asked.text("Description").chars().count() > LENGTHS.1 {
        return fault("ValidationException", "the description is too long");
    }
    let given = ["Description", "SessionDuration", "RelayState"].into_iter();
    let given = given.filter_map(|name| Some((name.to_owned(), asked.some(name)?.into())));
    let usual = ("SessionDuration".to_owned(), SESSION.into());
    Ok([usual].into_iter().chain(kept.iter().cloned()).chain(given).collect())
}
