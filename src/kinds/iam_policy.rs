//! `iam-policy`: a policy of the account's own, which roles and users name as their permission boundary.

use super::{Document, Driver, Kind, Scope, Seen, Tags, iam, tags};
use crate::aws::{CallError, Session, or_exists, or_missing};
use crate::model::{Address, Change, Effect, KindName, Reference, RemoteId, Risk};
use aws_sdk_iam::types::{EntityType, ManagedPolicyDetail};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A managed policy. The resource's name is the policy's name; its path is `/landfall/`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IamPolicy {
    /// What the policy is for. Set when the policy is created and never compared: AWS does not change it.
    #[serde(default)]
    pub description: String,
    /// What it allows; as a permission boundary, the most that whoever has it may do.
    pub document: Document,
    /// Tags. Those of the team, domain and environment are set without being declared.
    #[serde(default)]
    pub tags: Tags,
}

/// The path of our policies: those elsewhere are strangers', and need not be asked for their tags one by one.
const PATH: &str = "/landfall/";
/// IAM keeps this many versions of a policy (IAM quotas).
const MOST_VERSIONS: usize = 5;

impl Kind for IamPolicy {
    const NAME: KindName = KindName::new("iam-policy");
    const SCOPE: Scope = Scope::Global;
    const ABOUT: &'static str = "An IAM policy of the account's own, under /landfall/: a permission boundary for roles and users.";
    const REFERS: &'static [KindName] = &[];
    const READS: &'static [&'static str] = &["iam:GetAccountAuthorizationDetails", "iam:ListPolicyTags"];
    const WRITES: &'static [&'static str] = &[
        "iam:CreatePolicy",
        "iam:CreatePolicyVersion",
        "iam:ListPolicyVersions",
        "iam:DeletePolicyVersion",
        "iam:DeletePolicy",
        "iam:TagPolicy",
    ];

    fn changes(live: &IamPolicy, want: &IamPolicy) -> Vec<Change> {
        let IamPolicy { description: _, document, tags: live_tags } = live;
        let IamPolicy { description: _, document: want_document, tags: want_tags } = want;
        let document = Change::of("document", document, want_document)
            .map(|change| change.concerning(Risk::Dangerous, "changes the most that all who have it as their boundary may do"));
        document.into_iter().chain(tags::changes(live_tags, want_tags)).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::new()
    }

    fn rebind(&self, _: &Reference) -> Effect {
        Effect::InPlace
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        Some(&mut self.tags)
    }
}

/// The policy that an ARN names, if it is one of ours: `arn:${partition}:iam::${account.id}:policy/landfall/NAME`.
pub(super) fn reference(arn: &str) -> Option<Reference> {
    let (start, name) = arn.split_once(":policy/landfall/")?;
    let is_here = start.ends_with("::${account.id}");
    let name = name.parse().ok().filter(|_| is_here)?;
    Some(Reference::here(IamPolicy::NAME, name))
}

impl Driver for IamPolicy {
    async fn read(at: &Session) -> Result<Vec<Seen<IamPolicy>>, CallError> {
        let all = iam::identities(at, EntityType::LocalManagedPolicy).await?;
        let mut seen = Vec::new();
        for found in &all.policies {
            seen.extend(see(at, found).await?);
        }
        Ok(seen)
    }

    async fn create(at: &Session, address: &Address, want: &IamPolicy) -> Result<RemoteId, CallError> {
        let call = at.iam().create_policy().path(PATH).policy_name(address.name.as_str());
        let call = call.policy_document(iam::text(at, &want.document));
        let call = call.set_description(Some(want.description.clone()).filter(|text| !text.is_empty()));
        let call = call.set_tags(Some(iam::written(&tags::marked(address, &want.tags))?));
        if let Some(answer) = or_exists(call.send().await.map_err(CallError::from))? {
            return Ok(answer.policy().and_then(|policy| policy.arn()).unwrap_or_default().into());
        }
        let taken = || CallError::refused("iam:CreatePolicy", format!("the account has a policy {} that is not Landfall's", address.name));
        Self::find(at, address).await?.map(|seen| seen.id).ok_or_else(taken)
    }

    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &IamPolicy, changes: &[Change]) -> Result<(), CallError> {
        if changes.iter().any(|change| change.field == "document") {
            make_room(at, id).await?;
            let call = at.iam().create_policy_version().policy_arn(id.as_str()).set_as_default(true);
            call.policy_document(iam::text(at, &want.document)).send().await?;
        }
        if tags::touched(changes) {
            at.iam().tag_policy().policy_arn(id.as_str()).set_tags(Some(iam::written(&want.tags)?)).send().await?;
        }
        Ok(())
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &IamPolicy) -> Result<(), CallError> {
        let versions = or_missing(at.iam().list_policy_versions().policy_arn(id.as_str()).send().await.map_err(CallError::from))?;
        for version in versions.iter().flat_map(|answer| answer.versions()).filter(|version| !version.is_default_version()) {
            delete_version(at, id, version.version_id()).await?;
        }
        or_missing(at.iam().delete_policy().policy_arn(id.as_str()).send().await.map_err(CallError::from)).map(drop)
    }
}

async fn see(at: &Session, found: &ManagedPolicyDetail) -> Result<Option<Seen<IamPolicy>>, CallError> {
    let (Some(arn), Some(PATH)) = (found.arn(), found.path()) else { return Ok(None) };
    let Some(answer) = or_missing(at.iam().list_policy_tags().policy_arn(arn).send().await.map_err(CallError::from))? else {
        return Ok(None);
    };
    let all = iam::tags(answer.tags());
    let name = tags::owner(at, &IamPolicy::NAME, &all).filter(|name| arn.ends_with(&format!("{PATH}{name}")));
    let default = found.policy_version_list().iter().find(|version| version.is_default_version());
    let document = default.and_then(|version| version.document()).unwrap_or_default();
    let spec = IamPolicy { description: String::new(), document: iam::found(at, document), tags: tags::declared(&all) };
    Ok(Some(Seen { id: arn.into(), name, spec }))
}

/// Deletes the oldest version that is not in force, when there is no room for another.
async fn make_room(at: &Session, id: &RemoteId) -> Result<(), CallError> {
    let answer = at.iam().list_policy_versions().policy_arn(id.as_str()).send().await?;
    let versions = answer.versions();
    let idle = versions.iter().filter(|version| !version.is_default_version());
    match idle.min_by_key(|version| version.create_date().map(|date| date.secs())) {
        Some(oldest) if versions.len() >= MOST_VERSIONS => delete_version(at, id, oldest.version_id()).await,
        _ => Ok(()),
    }
}

async fn delete_version(at: &Session, id: &RemoteId, version: Option<&str>) -> Result<(), CallError> {
    let call = at.iam().delete_policy_version().policy_arn(id.as_str()).set_version_id(version.map(str::to_owned));
    or_missing(call.send().await.map_err(CallError::from)).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_of_ours_is_told_from_others() {
        let ours = reference("arn:${partition}:iam::${account.id}:policy/landfall/ci-boundary");
        assert_eq!(ours, Some("iam-policy/ci-boundary".parse().unwrap()));
        for other in ["arn:${partition}:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::123456789012:policy/landfall/x", "x"] {
            assert_eq!(reference(other), None, "{other}");
        }
    }

    #[test]
    fn a_boundary_that_moves_is_dangerous() {
        let policy = |action: &str| -> IamPolicy {
            serde_json::from_value(serde_json::json!({ "document": { "Statement": { "Effect": "Allow", "Action": action } } })).unwrap()
        };
        let changes = IamPolicy::changes(&policy("s3:*"), &policy("*"));
        assert_eq!(changes[0].concern.as_ref().unwrap().risk, Risk::Dangerous);
        assert_eq!(IamPolicy::changes(&policy("s3:*"), &policy("S3:*")), []);
    }
}
