//! `permission-set`: what whoever it is given to may do, in IAM Identity Center. Who that is, assignments say, and never this kind.

use super::identity_center::{Center, busy, center, or_there};
use super::{Document, Driver, Kind, Scope, Seen, Tags, document, tags};
use crate::aws::{CallError, Session, Wait, or_missing, until};
use crate::model::{Address, Change, Effect, KindName, Reference, RemoteId, Risk, show};
use aws_sdk_ssoadmin::types::{PermissionSet as Found, PermissionSetProvisioningStatus, ProvisionTargetType, ProvisioningStatus, StatusValues, Tag};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

/// A set reaches an account in seconds, and accounts by the hundred one after the other.
const WAIT: Wait = Wait { first_pause: Duration::from_millis(500), limit: Duration::from_secs(1800) };

/// A permission set. The resource's name is the set's, at most 32 characters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PermissionSet {
    /// What the set is for: people see it where they choose a role.
    #[schemars(length(min = 1, max = 700))]
    pub description: String,
    /// How long a session lasts: `PT8H` is eight hours; one hour at least, twelve at most.
    #[schemars(regex(pattern = r"^PT([0-9]+H)?([0-9]+M)?$"))]
    pub session_duration: String,
    /// The ARNs of AWS's own managed policies, such as `arn:${partition}:iam::aws:policy/ReadOnlyAccess`.
    #[serde(default)]
    pub managed_policies: BTreeSet<String>,
    /// What the set allows or denies besides. It is one for all accounts: `${account.id}` and `${region}` mean nothing in it.
    #[serde(default)]
    pub inline_policy: Option<Document>,
    /// Found, never declared: that accounts have an older version of the set, as after a run that was killed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(skip)]
    pub behind: bool,
}

impl Kind for PermissionSet {
    const NAME: KindName = KindName::new("permission-set");
    const SCOPE: Scope = Scope::Organization;
    const ABOUT: &'static str = "A permission set of IAM Identity Center: what somebody may do in the accounts where it is given to them.";
    const REFERS: &'static [KindName] = &[];
    const OPTIONAL: bool = true;
    const READS: &'static [&'static str] = &[
        "sso:ListInstances",
        "sso:ListPermissionSets",
        "sso:ListTagsForResource",
        "sso:DescribePermissionSet",
        "sso:GetInlinePolicyForPermissionSet",
        "sso:ListManagedPoliciesInPermissionSet",
        "sso:ListAccountsForProvisionedPermissionSet",
    ];
    const WRITES: &'static [&'static str] = &[
        "sso:CreatePermissionSet",
        "sso:UpdatePermissionSet",
        "sso:DeletePermissionSet",
        "sso:PutInlinePolicyToPermissionSet",
        "sso:DeleteInlinePolicyFromPermissionSet",
        "sso:AttachManagedPolicyToPermissionSet",
        "sso:DetachManagedPolicyFromPermissionSet",
        "sso:TagResource",
        "sso:ProvisionPermissionSet",
        "sso:DescribePermissionSetProvisioningStatus",
    ];

    fn changes(live: &PermissionSet, want: &PermissionSet) -> Vec<Change> {
        let PermissionSet { description, session_duration, managed_policies: managed, inline_policy, behind } = live;
        let PermissionSet {
            description: want_description,
            session_duration: want_duration,
            managed_policies: want_managed,
            inline_policy: want_inline,
            behind: want_behind,
        } = want;
        let (managed, want_managed) = (neutral(managed), neutral(want_managed));
        let managed = (managed != want_managed).then(|| Change::between("managed_policies", Some(show(&managed)), Some(show(&want_managed))));
        let inline = Change::of_option("inline_policy", inline_policy, want_inline);
        let may = [managed, inline].into_iter().flatten();
        let may = may.map(|change| change.concerning(Risk::Notable, "changes what people may do in every account that has the set"));
        let plain = [Change::of("description", description, want_description), Change::of("session_duration", session_duration, want_duration)];
        let text = |behind: bool| Some(if behind { "an older version in some accounts" } else { "this version everywhere" }.to_owned());
        let behind = (behind != want_behind).then(|| Change::between("provisioned", text(*behind), text(*want_behind)));
        plain.into_iter().flatten().chain(may).chain(behind).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::new()
    }

    fn rebind(&self, _: &Reference) -> Effect {
        Effect::InPlace
    }

    // Equal in all accounts that ask for it, and so without the tags of any one of them.
    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

/// ARNs in the form that is the same in every partition.
fn neutral(arns: &BTreeSet<String>) -> BTreeSet<String> {
    arns.iter().map(|arn| document::neutral(arn)).collect()
}

/// A text with the partition filled in, and nothing else: a set has no account and no Region.
fn filled(at: &Session, text: &str) -> String {
    document::fill(&document::neutral(text), "${account.id}", at.partition(), "${region}")
}

impl Driver for PermissionSet {
    async fn read(at: &Session) -> Result<Vec<Seen<PermissionSet>>, CallError> {
        let center = center(at).await?;
        let mut pages = center.at.ssoadmin().list_permission_sets().instance_arn(&center.instance).into_paginator().send();
        let mut arns = Vec::new();
        while let Some(page) = pages.next().await {
            arns.extend(page?.permission_sets.unwrap_or_default());
        }
        let mut seen = Vec::new();
        for arn in arns {
            seen.extend(see(at, &center, arn).await?);
        }
        Ok(seen)
    }

    async fn create(at: &Session, address: &Address, want: &PermissionSet) -> Result<RemoteId, CallError> {
        let center = center(at).await?;
        let call = center.at.ssoadmin().create_permission_set().instance_arn(&center.instance).name(address.name.as_str());
        let call = call.description(&want.description).session_duration(&want.session_duration).set_tags(Some(mark(address)?));
        let Some(answer) = or_there(call.send().await.map_err(CallError::from))? else {
            return ours(at, address).await;
        };
        let arn = answer.permission_set().and_then(Found::permission_set_arn).map(str::to_owned);
        let arn = arn.ok_or_else(|| CallError::refused("sso:CreatePermissionSet", "the answer holds no ARN"))?;
        for policy in &want.managed_policies {
            attach(&center, &arn, &filled(at, policy)).await?;
        }
        write_inline(&center, &arn, want).await?;
        Ok(arn.into())
    }

    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &PermissionSet, changes: &[Change]) -> Result<(), CallError> {
        let center = center(at).await?;
        let changed = |field: &str| changes.iter().any(|change| change.field == field);
        if changed("description") || changed("session_duration") {
            // Whatever is left out of this call is set back to AWS's default.
            let call = center.at.ssoadmin().update_permission_set().instance_arn(&center.instance).permission_set_arn(id.as_str());
            call.description(&want.description).session_duration(&want.session_duration).send().await?;
        }
        if changed("managed_policies") {
            replace_managed(at, &center, id.as_str(), want).await?;
        }
        if changed("inline_policy") {
            write_inline(&center, id.as_str(), want).await?;
        }
        provision(&center, id.as_str()).await
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &PermissionSet) -> Result<(), CallError> {
        let center = center(at).await?;
        let call = center.at.ssoadmin().delete_permission_set().instance_arn(&center.instance).permission_set_arn(id.as_str());
        // Accounts that have just lost their last assignment may take a while to let go of the set.
        or_missing(call.send().await.map_err(|error| busy(error.into()))).map(drop)
    }
}

fn mark(address: &Address) -> Result<Vec<Tag>, CallError> {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    let tags = tags::marked(address, &Tags::new()).iter().map(tag).collect::<Result<_, _>>();
    tags.map_err(|error| CallError::refused("sso:TagResource", error.to_string()))
}

/// A set as it is, if it is ours; of a stranger's, only that it is there. One call tells which: the mark is a tag.
async fn see(at: &Session, center: &Center, arn: String) -> Result<Option<Seen<PermissionSet>>, CallError> {
    let mut pages =
        center.at.ssoadmin().list_tags_for_resource().instance_arn(&center.instance).resource_arn(&arn).into_paginator().send();
    let mut all = Tags::new();
    while let Some(page) = pages.next().await {
        all.extend(page?.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())));
    }
    let Some(name) = tags::owner(at, &PermissionSet::NAME, &all) else {
        return Ok(Some(Seen { id: arn.into(), name: None, spec: PermissionSet::default() }));
    };
    let call = center.at.ssoadmin().describe_permission_set().instance_arn(&center.instance).permission_set_arn(&arn);
    let answer = or_missing(call.send().await.map_err(CallError::from))?;
    let Some(found) = answer.and_then(|answer| answer.permission_set) else { return Ok(None) };
    let spec = PermissionSet {
        description: found.description().unwrap_or_default().to_owned(),
        session_duration: found.session_duration().unwrap_or_default().to_owned(),
        managed_policies: neutral(&managed(center, &arn).await?),
        inline_policy: inline(center, &arn).await?,
        behind: is_behind(center, &arn).await?,
    };
    // A mark with another name was copied from elsewhere: the set's name is the name.
    let name = Some(name).filter(|name| Some(name.as_str()) == found.name());
    Ok(Some(Seen { id: arn.into(), name, spec }))
}

async fn managed(center: &Center, arn: &str) -> Result<BTreeSet<String>, CallError> {
    let call = center.at.ssoadmin().list_managed_policies_in_permission_set().instance_arn(&center.instance).permission_set_arn(arn);
    let mut pages = call.into_paginator().send();
    let mut all = BTreeSet::new();
    while let Some(page) = pages.next().await {
        all.extend(page?.attached_managed_policies().iter().filter_map(|policy| policy.arn().map(str::to_owned)));
    }
    Ok(all)
}

async fn inline(center: &Center, arn: &str) -> Result<Option<Document>, CallError> {
    let call = center.at.ssoadmin().get_inline_policy_for_permission_set().instance_arn(&center.instance).permission_set_arn(arn);
    let answer = call.send().await?;
    Ok(answer.inline_policy().filter(|text| !text.trim().is_empty()).map(Document::found))
}

async fn is_behind(center: &Center, arn: &str) -> Result<bool, CallError> {
    let call = center.at.ssoadmin().list_accounts_for_provisioned_permission_set().instance_arn(&center.instance).permission_set_arn(arn);
    let answer = call.provisioning_status(ProvisioningStatus::LatestPermissionSetNotProvisioned).send().await?;
    Ok(!answer.account_ids().is_empty())
}

/// The set that a name clashed with, if it is ours: then an earlier attempt made it.
async fn ours(at: &Session, address: &Address) -> Result<RemoteId, CallError> {
    let taken = || {
        let why = format!("Identity Center has a permission set named {} that is not Landfall's", address.name);
        CallError::refused("sso:CreatePermissionSet", why)
    };
    PermissionSet::find(at, address).await?.map(|seen| seen.id).ok_or_else(taken)
}

async fn attach(center: &Center, arn: &str, policy: &str) -> Result<(), CallError> {
    let call = center.at.ssoadmin().attach_managed_policy_to_permission_set().instance_arn(&center.instance);
    or_there(call.permission_set_arn(arn).managed_policy_arn(policy).send().await.map_err(CallError::from)).map(drop)
}

/// Attaches and detaches what the change of one text doesn't tell one by one.
async fn replace_managed(at: &Session, center: &Center, arn: &str, want: &PermissionSet) -> Result<(), CallError> {
    let live = managed(center, arn).await?;
    let want: BTreeSet<String> = want.managed_policies.iter().map(|policy| filled(at, policy)).collect();
    for policy in want.difference(&live) {
        attach(center, arn, policy).await?;
    }
    for policy in live.difference(&want) {
        let call = center.at.ssoadmin().detach_managed_policy_from_permission_set().instance_arn(&center.instance);
        or_missing(call.permission_set_arn(arn).managed_policy_arn(policy).send().await.map_err(CallError::from))?;
    }
    Ok(())
}

async fn write_inline(center: &Center, arn: &str, want: &PermissionSet) -> Result<(), CallError> {
    let client = center.at.ssoadmin();
    match &want.inline_policy {
        Some(policy) => {
            let text = policy.fill("${account.id}", center.at.partition(), "${region}").compact();
            let call = client.put_inline_policy_to_permission_set().instance_arn(&center.instance);
            call.permission_set_arn(arn).inline_policy(text).send().await.map(drop).map_err(CallError::from)
        }
        None => {
            let call = client.delete_inline_policy_from_permission_set().instance_arn(&center.instance);
            or_missing(call.permission_set_arn(arn).send().await.map_err(CallError::from)).map(drop)
        }
    }
}

/// Brings the set's new version to every account that has the set, and waits for it. Until then, people have the old one.
async fn provision(center: &Center, arn: &str) -> Result<(), CallError> {
    let call = center.at.ssoadmin().provision_permission_set().instance_arn(&center.instance).permission_set_arn(arn);
    let answer = call.target_type(ProvisionTargetType::AllProvisionedAccounts).send().await.map_err(|error| busy(error.into()))?;
    let mut first = answer.permission_set_provisioning_status;
    let request = first.as_ref().and_then(|status| status.request_id()).unwrap_or_default().to_owned();
    until(&format!("the provisioning of the permission set (request {request})"), WAIT, async || {
        let status = match first.take() {
            Some(status) => Some(status),
            None => {
                let call = center.at.ssoadmin().describe_permission_set_provisioning_status().instance_arn(&center.instance);
                let answer = call.provision_permission_set_request_id(&request).send().await?;
                answer.permission_set_provisioning_status
            }
        };
        status.as_ref().map_or(Ok(None), provisioned)
    })
    .await
}

fn provisioned(status: &PermissionSetProvisioningStatus) -> Result<Option<()>, CallError> {
    match status.status() {
        Some(StatusValues::Succeeded) => Ok(Some(())),
        Some(StatusValues::Failed) => {
            let why = status.failure_reason().unwrap_or("AWS gives no reason");
            Err(CallError::refused("sso:ProvisionPermissionSet", format!("not all accounts got the new version: {why}")))
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn set(fields: serde_json::Value) -> PermissionSet {
        let mut whole = json!({ "description": "Reads", "session_duration": "PT8H" });
        whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn what_people_may_do_is_notable_and_partitions_are_no_change() {
        let live = set(json!({ "managed_policies": ["arn:aws:iam::aws:policy/ReadOnlyAccess"] }));
        let same = set(json!({ "managed_policies": ["arn:${partition}:iam::aws:policy/ReadOnlyAccess"] }));
        assert_eq!(PermissionSet::changes(&live, &same), []);
        let inline = json!({ "Statement": { "Effect": "Deny", "Action": "iam:*", "Resource": "*" } });
        let want = set(json!({ "session_duration": "PT1H", "inline_policy": inline }));
        let changes = PermissionSet::changes(&live, &want);
        let seen: Vec<_> = changes.iter().map(|c| (c.field.as_str(), c.concern.as_ref().map(|c| c.risk), c.effect)).collect();
        let notable = Some(Risk::Notable);
        let expected = [
            ("session_duration", None, Effect::InPlace),
            ("managed_policies", notable, Effect::InPlace),
            ("inline_policy", notable, Effect::InPlace),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn what_a_killed_run_left_behind_is_a_change() {
        let live = PermissionSet { behind: true, ..set(json!({})) };
        let change = PermissionSet::changes(&live, &set(json!({}))).remove(0);
        assert_eq!((change.field.as_str(), change.before.as_deref()), ("provisioned", Some("an older version in some accounts")));
    }

    #[test]
    fn provisioning_ends_well_or_says_why() {
        let status = |status| PermissionSetProvisioningStatus::builder().status(status).failure_reason("no such role").build();
        assert_eq!(provisioned(&status(StatusValues::InProgress)).unwrap(), None);
        assert_eq!(provisioned(&status(StatusValues::Succeeded)).unwrap(), Some(()));
        assert!(provisioned(&status(StatusValues::Failed)).unwrap_err().message.ends_with("no such role"));
    }
}
