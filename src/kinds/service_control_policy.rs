//! `service-control-policy`: what nobody may do in the accounts of an organizational unit, not even their administrators.

use super::{Document, Driver, Kind, OrganizationalUnit, Scope, Seen, Tags, account, tags};
use crate::aws::{CallError, Session, or_exists, or_missing};
use crate::model::{Account, Address, Change, Effect, KindName, Name, Reference, Region, RemoteId, Risk};
use aws_sdk_organizations::types::PolicyType;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What the names of our policies begin with, so that nobody else's have to be asked for their mark.
const PREFIX: &str = "landfall-";

/// The longest document that AWS takes, in characters without spaces. Source: Organizations, "Quotas and service limits".
pub const LONGEST_DOCUMENT: usize = 10_240;

/// A service control policy. Its name in AWS is `landfall-` and the resource's name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceControlPolicy {
    /// What the policy is for.
    #[serde(default)]
    pub description: String,
    /// What is denied. At most 10,240 characters; one for all accounts, so `${account.id}` and `${region}` mean nothing in it.
    pub document: Document,
    /// The organizational units whose accounts it holds for, and those of the units within: `management:organizational-unit/prod`.
    #[serde(default)]
    pub targets: BTreeSet<Reference>,
}

impl Kind for ServiceControlPolicy {
    const NAME: KindName = KindName::new("service-control-policy");
    const SCOPE: Scope = Scope::Organization;
    const ABOUT: &'static str = "A service control policy: what nobody may do in the accounts of an organizational unit, whatever their rights.";
    const REFERS: &'static [KindName] = &[OrganizationalUnit::NAME];
    const OPTIONAL: bool = true;
    const READS: &'static [&'static str] = &[
        "organizations:ListPolicies",
        "organizations:ListTagsForResource",
        "organizations:DescribePolicy",
        "organizations:ListTargetsForPolicy",
    ];
    const WRITES: &'static [&'static str] = &[
        "organizations:CreatePolicy",
        "organizations:UpdatePolicy",
        "organizations:DeletePolicy",
        "organizations:AttachPolicy",
        "organizations:DetachPolicy",
        "organizations:TagResource",
    ];

    fn changes(live: &ServiceControlPolicy, want: &ServiceControlPolicy) -> Vec<Change> {
        let ServiceControlPolicy { description, document, targets } = live;
        let ServiceControlPolicy { description: want_description, document: want_document, targets: want_targets } = want;
        let description = Change::of("description", description, want_description);
        let document = Change::of("document", document, want_document)
            .map(|change| change.concerning(Risk::Dangerous, "changes what is denied in every account of its units"));
        let (live, want) = (at_home(targets), at_home(want_targets));
        let on = |target: &Reference| format!("targets.{}", target.name);
        let attached = want.difference(&live).map(|target| {
            let change = Change::between(on(target), None, Some("attached".to_owned()));
            change.concerning(Risk::Dangerous, "denies at once what the policy denies, in every account of the unit")
        });
        let detached = live.difference(&want).map(|target| {
            let change = Change::between(on(target), Some("attached".to_owned()), None);
            change.concerning(Risk::Dangerous, "allows again what the policy denied, in every account of the unit")
        });
        description.into_iter().chain(document).chain(attached).chain(detached).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        self.targets.clone()
    }

    fn rebind(&self, _: &Reference) -> Effect {
        Effect::InPlace
    }

    // Equal in all accounts that ask for it, and so without the tags of any one of them.
    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

/// References as the management account itself writes them: `management:` says nothing new there.
fn at_home(targets: &BTreeSet<Reference>) -> BTreeSet<Reference> {
    let one = |target: &Reference| {
        let account = target.account.clone().filter(|account| *account != Account::Management);
        Reference { account, ..target.clone() }
    };
    targets.iter().map(one).collect()
}

impl Driver for ServiceControlPolicy {
    async fn read(at: &Session) -> Result<Vec<Seen<ServiceControlPolicy>>, CallError> {
        let mut pages = at.organizations().list_policies().filter(PolicyType::ServiceControlPolicy).into_paginator().send();
        let mut seen = Vec::new();
        while let Some(page) = pages.next().await {
            for found in page?.policies() {
                let name = found.name().and_then(|name| name.strip_prefix(PREFIX)).and_then(|name| name.parse::<Name>().ok());
                let Some(id) = found.id() else { continue };
                let description = found.description().unwrap_or_default();
                match name {
                    Some(name) => seen.extend(see(at, id, name, description).await?),
                    None => seen.push(Seen { id: id.into(), name: None, spec: strange() }),
                }
            }
        }
        Ok(seen)
    }

    async fn create(at: &Session, address: &Address, want: &ServiceControlPolicy) -> Result<RemoteId, CallError> {
        let call = at.organizations().create_policy().r#type(PolicyType::ServiceControlPolicy);
        let call = call.name(format!("{PREFIX}{}", address.name)).description(&want.description).content(text(at, want));
        let call = call.set_tags(Some(account::written(&tags::marked(address, &Tags::new()))?));
        let answer = or_exists(call.send().await.map_err(|error| switched_off(error.into())))?;
        let made = answer.as_ref().and_then(|answer| answer.policy()?.policy_summary()?.id()).map(RemoteId::from);
        let id = match (made, answer) {
            (Some(id), _) => id,
            (None, Some(_)) => return Err(CallError::refused("organizations:CreatePolicy", "the answer holds no id")),
            (None, None) => ours(at, address).await?,
        };
        for target in &want.targets {
            attach(at, &id, target).await?;
        }
        Ok(id)
    }

    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &ServiceControlPolicy, changes: &[Change]) -> Result<(), CallError> {
        if changes.iter().any(|change| change.field == "description" || change.field == "document") {
            let call = at.organizations().update_policy().policy_id(id.as_str());
            call.description(&want.description).content(text(at, want)).send().await?;
        }
        let (live, want) = (at_home(&targets(at, id.as_str()).await?), at_home(&want.targets));
        for target in want.difference(&live) {
            attach(at, id, target).await?;
        }
        for target in live.difference(&want) {
            detach(at, id, target).await?;
        }
        Ok(())
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &ServiceControlPolicy) -> Result<(), CallError> {
        let live = or_missing(targets(at, id.as_str()).await)?.unwrap_or_default();
        for target in &live {
            detach(at, id, target).await?;
        }
        or_missing(at.organizations().delete_policy().policy_id(id.as_str()).send().await.map_err(CallError::from)).map(drop)
    }
}

/// What is known of a policy that is not ours: only that it is there.
fn strange() -> ServiceControlPolicy {
    ServiceControlPolicy { description: String::new(), document: Document::found("{}"), targets: BTreeSet::new() }
}

/// The document as AWS takes it. It has no account and no Region of its own.
fn text(at: &Session, want: &ServiceControlPolicy) -> String {
    want.document.fill("${account.id}", at.partition(), "${region}").compact()
}

/// A policy whose name is like ours: whole when its mark says so too, and a stranger's otherwise.
async fn see(at: &Session, id: &str, name: Name, description: &str) -> Result<Option<Seen<ServiceControlPolicy>>, CallError> {
    let mut pages = at.organizations().list_tags_for_resource().resource_id(id).into_paginator().send();
    let mut all = Tags::new();
    while let Some(page) = pages.next().await {
        all.extend(page?.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())));
    }
    if tags::owner(at, &ServiceControlPolicy::NAME, &all).as_ref() != Some(&name) {
        return Ok(Some(Seen { id: id.into(), name: None, spec: strange() }));
    }
    let answer = or_missing(at.organizations().describe_policy().policy_id(id).send().await.map_err(CallError::from))?;
    let Some(policy) = answer.and_then(|answer| answer.policy) else { return Ok(None) };
    let spec = ServiceControlPolicy {
        description: description.to_owned(),
        document: Document::found(policy.content().unwrap_or_default()),
        targets: targets(at, id).await?,
    };
    Ok(Some(Seen { id: id.into(), name: Some(name), spec }))
}

/// What the policy is attached to. An account or the root, which nobody declares, is named by its id.
async fn targets(at: &Session, id: &str) -> Result<BTreeSet<Reference>, CallError> {
    let mut pages = at.organizations().list_targets_for_policy().policy_id(id).into_paginator().send();
    let mut all = BTreeSet::new();
    while let Some(page) = pages.next().await {
        let ids = page?.targets.unwrap_or_default().into_iter().filter_map(|target| target.target_id);
        all.extend(ids.filter_map(|id| at.reference(&OrganizationalUnit::NAME, &id)));
    }
    Ok(all)
}

async fn attach(at: &Session, id: &RemoteId, target: &Reference) -> Result<(), CallError> {
    let target = at.id_of(target, Region::GLOBAL)?;
    let call = at.organizations().attach_policy().policy_id(id.as_str()).target_id(target.as_str());
    or_exists(call.send().await.map_err(|error| switched_off(error.into()))).map(drop)
}

async fn detach(at: &Session, id: &RemoteId, target: &Reference) -> Result<(), CallError> {
    // A target that is none of our units is named by its id.
    let target = at.id_of(target, Region::GLOBAL).map_or_else(|_| target.name.to_string(), |id| id.0);
    let call = at.organizations().detach_policy().policy_id(id.as_str()).target_id(target);
    match or_missing(call.send().await.map_err(CallError::from)) {
        Err(error) if error.code.as_deref() == Some("PolicyNotAttachedException") => Ok(()),
        answer => answer.map(drop),
    }
}

/// The policy that a name clashed with, if it is ours: then an earlier attempt made it.
async fn ours(at: &Session, address: &Address) -> Result<RemoteId, CallError> {
    let taken = || {
        let why = format!("the organization has a policy named {PREFIX}{} that is not Landfall's", address.name);
        CallError::refused("organizations:CreatePolicy", why)
    };
    ServiceControlPolicy::find(at, address).await?.map(|seen| seen.id).ok_or_else(taken)
}

/// What AWS says when nobody has switched service control policies on, with what to do about it.
fn switched_off(error: CallError) -> CallError {
    let off = matches!(error.code.as_deref(), Some("PolicyTypeNotEnabledException" | "PolicyTypeNotAvailableForOrganizationException"));
    if !off {
        return error;
    }
    let message = "service control policies are not switched on: do so once, with all features of the organization, by \
                   `aws organizations enable-policy-type --policy-type SERVICE_CONTROL_POLICY --root-id ROOT`";
    CallError { message: message.to_owned(), ..error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn policy(action: &str, targets: &[&str]) -> ServiceControlPolicy {
        let statement = json!({ "Effect": "Deny", "Action": action, "Resource": "*" });
        serde_json::from_value(json!({ "document": { "Statement": statement }, "targets": targets })).unwrap()
    }

    #[test]
    fn whatever_is_denied_or_allowed_again_is_dangerous() {
        let live = policy("organizations:LeaveOrganization", &["organizational-unit/prod", "organizational-unit/dev"]);
        let home = policy("Organizations:leaveorganization", &["management:organizational-unit/dev", "management:organizational-unit/prod"]);
        assert_eq!(ServiceControlPolicy::changes(&live, &home), []);
        let want = policy("organizations:*", &["management:organizational-unit/prod", "management:organizational-unit/stage"]);
        let changes = ServiceControlPolicy::changes(&live, &want);
        let seen: Vec<_> = changes.iter().map(|c| (c.field.as_str(), c.concern.as_ref().unwrap().risk, c.effect)).collect();
        let (risk, effect) = (Risk::Dangerous, Effect::InPlace);
        assert_eq!(seen, [("document", risk, effect), ("targets.stage", risk, effect), ("targets.dev", risk, effect)]);
        assert_eq!(want.needs().len(), 2);
    }

    #[test]
    fn an_organization_without_the_policy_type_is_told_what_to_do() {
        let error = CallError { code: Some("PolicyTypeNotEnabledException".into()), ..CallError::refused("organizations:AttachPolicy", "x") };
        assert!(switched_off(error).message.contains("enable-policy-type"));
        assert_eq!(switched_off(CallError::refused("organizations:AttachPolicy", "x")).message, "x");
    }
}
