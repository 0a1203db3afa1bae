//! `iam-role`: what somebody or something may do in an account, and who may take it on.

use super::{Document, Kind, Scope, Tags, document, tags};
use crate::model::{Change, Effect, KindName, Reference, Risk, show};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A role. The resource's name is the role's name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IamRole {
    /// What the role is for. Set when the role is created and never compared: AWS's one listing of whole roles leaves it out.
    #[serde(default)]
    pub description: String,
    /// Who may take the role on.
    pub trust: Document,
    /// What the role may do: inline policies, by name.
    #[serde(default)]
    pub policies: BTreeMap<String, Document>,
    /// The ARNs of managed policies to attach, such as `arn:${partition}:iam::aws:policy/ReadOnlyAccess`.
    #[serde(default)]
    pub managed_policies: BTreeSet<String>,
    #[serde(default)]
    pub tags: Tags,
}

impl Kind for IamRole {
    const NAME: KindName = KindName::new("iam-role");
    const SCOPE: Scope = Scope::Global;
    const ABOUT: &'static str = "An IAM role: what somebody or something may do in the account, and who may take it on.";
    const REFERS: &'static [KindName] = &[KindName::new("iam-oidc-provider")];
    const READS: &'static [&'static str] = &["iam:GetAccountAuthorizationDetails"];
    const WRITES: &'static [&'static str] = &[
        "iam:CreateRole",
        "iam:DeleteRole",
        "iam:UpdateAssumeRolePolicy",
        "iam:PutRolePolicy",
        "iam:DeleteRolePolicy",
        "iam:AttachRolePolicy",
        "iam:DetachRolePolicy",
        "iam:TagRole",
    ];

    fn changes(live: &IamRole, want: &IamRole) -> Vec<Change> {
        let IamRole { description: _, trust, policies, managed_policies: managed, tags: live_tags } = live;
        let IamRole { description: _, trust: want_trust, policies: want_policies, managed_policies: want_managed, tags: want_tags } = want;
        let trust = Change::of("trust", trust, want_trust)
            .map(|change| change.concerning(Risk::Dangerous, "changes who may take the role on"));
        let (managed, want_managed) = (neutral(managed), neutral(want_managed));
        let managed =
            (managed != want_managed).then(|| Change::between("managed_policies", Some(show(&managed)), Some(show(&want_managed))));
        let may = managed.into_iter().chain(policy_changes(policies, want_policies));
        let may = may.map(|change| change.concerning(Risk::Notable, "changes what the role may do"));
        trust.into_iter().chain(may).chain(tags::changes(live_tags, want_tags)).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        let hosts = self.trust.providers().into_iter().filter_map(|host| host.parse().ok());
        hosts.map(|host| Reference::here(KindName::new("iam-oidc-provider"), host)).collect()
    }

    fn rebind(&self, _: &Reference) -> Effect {
        Effect::InPlace
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        Some(&mut self.tags)
    }
}

/// ARNs in the form that is the same in every partition.
fn neutral(arns: &BTreeSet<String>) -> BTreeSet<String> {
    arns.iter().map(|arn| document::neutral(arn)).collect()
}

fn policy_changes(live: &BTreeMap<String, Document>, want: &BTreeMap<String, Document>) -> Vec<Change> {
    let names: BTreeSet<&String> = live.keys().chain(want.keys()).collect();
    let change = |name: &String| Change::of_option(format!("policies.{name}"), &live.get(name).cloned(), &want.get(name).cloned());
    names.into_iter().filter_map(change).collect()
}

super::unwritten!(IamRole);

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn role(repository: &str, action: &str) -> IamRole {
        let provider = "arn:${partition}:iam::${account.id}:oidc-provider/token.actions.githubusercontent.com";
        serde_json::from_value(json!({
            "trust": { "Statement": {
                "Effect": "Allow",
                "Principal": { "Federated": provider },
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": { "StringLike": { "token.actions.githubusercontent.com:sub": repository } },
            } },
            "policies": { "deploy": { "Statement": { "Effect": "Allow", "Action": action, "Resource": "*" } } },
            "managed_policies": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
        }))
        .unwrap()
    }

    #[test]
    fn trust_is_dangerous_and_policies_are_notable() {
        let live = role("repo:acme/api:*", "s3:GetObject");
        let mut same = role("repo:acme/api:*", "S3:getobject");
        same.managed_policies = BTreeSet::from(["arn:${partition}:iam::aws:policy/ReadOnlyAccess".to_owned()]);
        assert_eq!(IamRole::changes(&live, &same), []);
        let changes = IamRole::changes(&live, &role("repo:acme/*", "s3:*"));
        let seen: Vec<_> = changes.iter().map(|c| (c.field.as_str(), c.concern.as_ref().unwrap().risk)).collect();
        assert_eq!(seen, [("trust", Risk::Dangerous), ("policies.deploy", Risk::Notable)]);
    }

    #[test]
    fn a_role_needs_the_providers_that_it_trusts() {
        let needs = role("repo:acme/api:*", "s3:GetObject").needs();
        assert_eq!(needs, BTreeSet::from(["iam-oidc-provider/token.actions.githubusercontent.com".parse().unwrap()]));
    }
}
