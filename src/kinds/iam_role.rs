//! `iam-role`: what somebody or something may do in an account, and who may take it on.

use super::{Document, Driver, Kind, Scope, Seen, Tags, document, iam, iam_policy, tags};
use crate::aws::{CallError, Session, or_exists, or_missing};
use crate::model::{Address, Change, Effect, KindName, Reference, RemoteId, Risk, show};
use aws_sdk_iam::types::{EntityType, RoleDetail};
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
    /// The most that the role may do, whatever its policies say: the ARN of a policy, such as
    /// `arn:${partition}:iam::${account.id}:policy/landfall/ci-boundary`. None when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission_boundary: Option<String>,
    /// Tags. Those of the team, domain and environment are set without being declared.
    #[serde(default)]
    pub tags: Tags,
}

impl Kind for IamRole {
    const NAME: KindName = KindName::new("iam-role");
    const SCOPE: Scope = Scope::Global;
    const ABOUT: &'static str = "An IAM role: what somebody or something may do in the account, and who may take it on.";
    const REFERS: &'static [KindName] = &[KindName::new("iam-oidc-provider"), KindName::new("iam-policy")];
    const READS: &'static [&'static str] = &["iam:GetAccountAuthorizationDetails"];
    const WRITES: &'static [&'static str] = &[
        "iam:CreateRole",
        "iam:DeleteRole",
        "iam:UpdateAssumeRolePolicy",
        "iam:PutRolePolicy",
        "iam:DeleteRolePolicy",
        "iam:AttachRolePolicy",
        "iam:DetachRolePolicy",
        "iam:PutRolePermissionsBoundary",
        "iam:DeleteRolePermissionsBoundary",
        "iam:TagRole",
    ];

    fn changes(live: &IamRole, want: &IamRole) -> Vec<Change> {
        let IamRole { description: _, trust, policies, managed_policies: managed, permission_boundary, tags: live_tags } = live;
        let IamRole {
            description: _,
            trust: want_trust,
            policies: want_policies,
            managed_policies: want_managed,
            permission_boundary: want_boundary,
            tags: want_tags,
        } = want;
        let trust = Change::of("trust", trust, want_trust)
            .map(|change| change.concerning(Risk::Dangerous, "changes who may take the role on"));
        let (managed, want_managed) = (neutral(managed), neutral(want_managed));
        let managed =
            (managed != want_managed).then(|| Change::between("managed_policies", Some(show(&managed)), Some(show(&want_managed))));
        let may = managed.into_iter().chain(iam::policy_changes(policies, want_policies));
        let may = may.map(|change| change.concerning(Risk::Notable, "changes what the role may do"));
        let neutral = |arn: &Option<String>| arn.as_ref().map(|arn| document::neutral(arn));
        let boundary = Change::of_option("permission_boundary", &neutral(permission_boundary), &neutral(want_boundary))
            .map(|change| change.concerning(Risk::Dangerous, "changes the most that the role may do"));
        trust.into_iter().chain(boundary).chain(may).chain(tags::changes(live_tags, want_tags)).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        let hosts = self.trust.providers().into_iter().filter_map(|host| host.parse().ok());
        let providers = hosts.map(|host| Reference::here(KindName::new("iam-oidc-provider"), host));
        providers.chain(self.permission_boundary.as_deref().and_then(iam_policy::reference)).collect()
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

impl Driver for IamRole {
    async fn read(at: &Session) -> Result<Vec<Seen<IamRole>>, CallError> {
        let all = iam::identities(at, EntityType::Role).await?;
        Ok(all.roles.iter().filter_map(|found| see(at, found)).collect())
    }

    async fn create(at: &Session, address: &Address, want: &IamRole) -> Result<RemoteId, CallError> {
        let name = address.name.as_str();
        let call = at.iam().create_role().role_name(name).assume_role_policy_document(iam::text(at, &want.trust));
        let call = call.set_tags(Some(iam::written(&tags::marked(address, &want.tags))?));
        let call = call.set_description(Some(want.description.clone()).filter(|text| !text.is_empty()));
        let call = call.set_permissions_boundary(want.permission_boundary.as_ref().map(|arn| iam::filled(at, arn)));
        let id = match or_exists(call.send().await.map_err(CallError::from))? {
            Some(answer) => answer.role().map(|role| role.arn().to_owned()).unwrap_or_default().into(),
            None => ours(at, address).await?,
        };
        for (policy, document) in &want.policies {
            put_policy(at, name, policy, document).await?;
        }
        for arn in &want.managed_policies {
            at.iam().attach_role_policy().role_name(name).policy_arn(iam::filled(at, arn)).send().await?;
        }
        Ok(id)
    }

    async fn update(at: &Session, address: &Address, _: &RemoteId, want: &IamRole, changes: &[Change]) -> Result<(), CallError> {
        let name = address.name.as_str();
        for change in changes {
            match change.field.split_once('.').unwrap_or((&change.field, "")) {
                ("trust", _) => {
                    let call = at.iam().update_assume_role_policy().role_name(name);
                    call.policy_document(iam::text(at, &want.trust)).send().await?;
                }
                ("policies", policy) => match want.policies.get(policy) {
                    Some(document) => put_policy(at, name, policy, document).await?,
                    None => delete_policy(at, name, policy).await?,
                },
                ("managed_policies", _) => attach(at, address, want).await?,
                ("permission_boundary", _) => bound(at, name, want).await?,
                _ => {}
            }
        }
        if tags::touched(changes) {
            at.iam().tag_role().role_name(name).set_tags(Some(iam::written(&want.tags)?)).send().await?;
        }
        Ok(())
    }

    async fn delete(at: &Session, address: &Address, _: &RemoteId, live: &IamRole) -> Result<(), CallError> {
        let name = address.name.as_str();
        for policy in live.policies.keys() {
            delete_policy(at, name, policy).await?;
        }
        for arn in &live.managed_policies {
            detach(at, name, arn).await?;
        }
        or_missing(at.iam().delete_role().role_name(name).send().await.map_err(CallError::from)).map(drop)
    }
}

fn see(at: &Session, found: &RoleDetail) -> Option<Seen<IamRole>> {
    let all = iam::tags(found.tags());
    // A mark with another name was copied from elsewhere: the role's name is the name.
    let name = tags::owner(at, &IamRole::NAME, &all).filter(|name| Some(name.as_str()) == found.role_name());
    let inline = found.role_policy_list().iter();
    let attached = found.attached_managed_policies().iter().filter_map(|policy| policy.policy_arn());
    let boundary = found.permissions_boundary().and_then(|boundary| boundary.permissions_boundary_arn());
    let spec = IamRole {
        description: String::new(),
        trust: iam::found(at, found.assume_role_policy_document().unwrap_or_default()),
        policies: inline.filter_map(|p| Some((p.policy_name()?.to_owned(), iam::found(at, p.policy_document()?)))).collect(),
        managed_policies: attached.map(|arn| iam::restored(at, arn)).collect(),
        permission_boundary: boundary.map(|arn| iam::restored(at, arn)),
        tags: tags::declared(&all),
    };
    Some(Seen { id: found.arn()?.into(), name, spec })
}

async fn bound(at: &Session, role: &str, want: &IamRole) -> Result<(), CallError> {
    let Some(arn) = &want.permission_boundary else {
        let call = at.iam().delete_role_permissions_boundary().role_name(role);
        return or_missing(call.send().await.map_err(CallError::from)).map(drop);
    };
    at.iam().put_role_permissions_boundary().role_name(role).permissions_boundary(iam::filled(at, arn)).send().await?;
    Ok(())
}

/// The role that a name clashed with, if it is ours: then an earlier attempt made it.
async fn ours(at: &Session, address: &Address) -> Result<RemoteId, CallError> {
    let taken = || CallError::refused("iam:CreateRole", format!("the account has a role named {} that is not Landfall's", address.name));
    IamRole::find(at, address).await?.map(|seen| seen.id).ok_or_else(taken)
}

/// Attaches and detaches what the change of one text doesn't tell one by one.
async fn attach(at: &Session, address: &Address, want: &IamRole) -> Result<(), CallError> {
    let live = IamRole::find(at, address).await?.map(|seen| neutral(&seen.spec.managed_policies)).unwrap_or_default();
    let want = neutral(&want.managed_policies);
    for arn in want.difference(&live) {
        at.iam().attach_role_policy().role_name(address.name.as_str()).policy_arn(iam::filled(at, arn)).send().await?;
    }
    for arn in live.difference(&want) {
        detach(at, address.name.as_str(), arn).await?;
    }
    Ok(())
}

async fn detach(at: &Session, role: &str, arn: &str) -> Result<(), CallError> {
    let call = at.iam().detach_role_policy().role_name(role).policy_arn(iam::filled(at, arn));
    or_missing(call.send().await.map_err(CallError::from)).map(drop)
}

async fn put_policy(at: &Session, role: &str, policy: &str, document: &Document) -> Result<(), CallError> {
    let call = at.iam().put_role_policy().role_name(role).policy_name(policy);
    call.policy_document(iam::text(at, document)).send().await?;
    Ok(())
}

async fn delete_policy(at: &Session, role: &str, policy: &str) -> Result<(), CallError> {
    let call = at.iam().delete_role_policy().role_name(role).policy_name(policy);
    or_missing(call.send().await.map_err(CallError::from)).map(drop)
}

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
