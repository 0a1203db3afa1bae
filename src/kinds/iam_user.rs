//! `iam-user`: an IAM user for what can't take a role on. Its keys are `ci-key`'s; here they are only removed along with the user.

use super::{Document, Driver, Kind, Scope, Seen, Tags, document, iam, iam_policy, tags};
use crate::aws::{CallError, Session, or_exists, or_missing};
use crate::model::{Address, Change, Effect, KindName, Reference, RemoteId, Risk};
use aws_sdk_iam::types::{EntityType, UserDetail};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A user without a password. The resource's name is the user's name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IamUser {
    /// The most that the user may do, whatever its policies say: the ARN of a policy, such as
    /// `arn:${partition}:iam::${account.id}:policy/landfall/ci-boundary`.
    pub permission_boundary: String,
    /// What the user may do: inline policies, by name.
    #[serde(default)]
    pub policies: BTreeMap<String, Document>,
    /// Tags. Those of the team, domain and environment are set without being declared.
    #[serde(default)]
    pub tags: Tags,
}

impl Kind for IamUser {
    const NAME: KindName = KindName::new("iam-user");
    const SCOPE: Scope = Scope::Global;
    const ABOUT: &'static str = "An IAM user without a password, for machines that can't take a role on. Never without a permission boundary.";
    const REFERS: &'static [KindName] = &[KindName::new("iam-policy")];
    // The keys are listed before a user is deleted.
    const READS: &'static [&'static str] = &["iam:GetAccountAuthorizationDetails", "iam:ListAccessKeys"];
    const WRITES: &'static [&'static str] = &[
        "iam:CreateUser",
        "iam:DeleteUser",
        "iam:PutUserPermissionsBoundary",
        "iam:PutUserPolicy",
        "iam:DeleteUserPolicy",
        "iam:TagUser",
        "iam:DeleteAccessKey",
    ];

    fn changes(live: &IamUser, want: &IamUser) -> Vec<Change> {
        let IamUser { permission_boundary, policies, tags: live_tags } = live;
        let IamUser { permission_boundary: want_boundary, policies: want_policies, tags: want_tags } = want;
        let (boundary, want_boundary) = (document::neutral(permission_boundary), document::neutral(want_boundary));
        let boundary = Change::of("permission_boundary", &boundary, &want_boundary)
            .map(|change| change.concerning(Risk::Dangerous, "changes the most that the user may do"));
        let may = iam::policy_changes(policies, want_policies);
        let may = may.into_iter().map(|change| change.concerning(Risk::Notable, "changes what the user may do"));
        boundary.into_iter().chain(may).chain(tags::changes(live_tags, want_tags)).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        iam_policy::reference(&self.permission_boundary).into_iter().collect()
    }

    fn rebind(&self, _: &Reference) -> Effect {
        Effect::InPlace
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        Some(&mut self.tags)
    }
}

impl Driver for IamUser {
    async fn read(at: &Session) -> Result<Vec<Seen<IamUser>>, CallError> {
        let all = iam::identities(at, EntityType::User).await?;
        Ok(all.users.iter().filter_map(|found| see(at, found)).collect())
    }

    async fn create(at: &Session, address: &Address, want: &IamUser) -> Result<RemoteId, CallError> {
        let name = address.name.as_str();
        let call = at.iam().create_user().user_name(name).permissions_boundary(iam::filled(at, &want.permission_boundary));
        let call = call.set_tags(Some(iam::written(&tags::marked(address, &want.tags))?));
        let id = match or_exists(call.send().await.map_err(CallError::from))? {
            Some(answer) => answer.user().map(|user| user.arn().to_owned()).unwrap_or_default().into(),
            None => {
                let taken = || CallError::refused("iam:CreateUser", format!("the account has a user {name} that is not Landfall's"));
                Self::find(at, address).await?.map(|seen| seen.id).ok_or_else(taken)?
            }
        };
        for (policy, document) in &want.policies {
            put_policy(at, name, policy, document).await?;
        }
        Ok(id)
    }

    async fn update(at: &Session, address: &Address, _: &RemoteId, want: &IamUser, changes: &[Change]) -> Result<(), CallError> {
        let name = address.name.as_str();
        for change in changes {
            match change.field.split_once('.').unwrap_or((&change.field, "")) {
                ("permission_boundary", _) => {
                    let call = at.iam().put_user_permissions_boundary().user_name(name);
                    call.permissions_boundary(iam::filled(at, &want.permission_boundary)).send().await?;
                }
                ("policies", policy) => match want.policies.get(policy) {
                    Some(document) => put_policy(at, name, policy, document).await?,
                    None => delete_policy(at, name, policy).await?,
                },
                _ => {}
            }
        }
        if tags::touched(changes) {
            at.iam().tag_user().user_name(name).set_tags(Some(iam::written(&want.tags)?)).send().await?;
        }
        Ok(())
    }

    async fn delete(at: &Session, address: &Address, _: &RemoteId, live: &IamUser) -> Result<(), CallError> {
        let name = address.name.as_str();
        for policy in live.policies.keys() {
            delete_policy(at, name, policy).await?;
        }
        let keys = or_missing(at.iam().list_access_keys().user_name(name).send().await.map_err(CallError::from))?;
        for key in keys.iter().flat_map(|answer| answer.access_key_metadata()).filter_map(|key| key.access_key_id()) {
            let call = at.iam().delete_access_key().user_name(name).access_key_id(key);
            or_missing(call.send().await.map_err(CallError::from))?;
        }
        or_missing(at.iam().delete_user().user_name(name).send().await.map_err(CallError::from)).map(drop)
    }
}

fn see(at: &Session, found: &UserDetail) -> Option<Seen<IamUser>> {
    let all = iam::tags(found.tags());
    let name = tags::owner(at, &IamUser::NAME, &all).filter(|name| Some(name.as_str()) == found.user_name());
    let boundary = found.permissions_boundary().and_then(|boundary| boundary.permissions_boundary_arn());
    let inline = found.user_policy_list().iter();
    let spec = IamUser {
        permission_boundary: boundary.map(|arn| iam::restored(at, arn)).unwrap_or_default(),
        policies: inline.filter_map(|p| Some((p.policy_name()?.to_owned(), iam::found(at, p.policy_document()?)))).collect(),
        tags: tags::declared(&all),
    };
    Some(Seen { id: found.arn()?.into(), name, spec })
}

async fn put_policy(at: &Session, user: &str, policy: &str, document: &Document) -> Result<(), CallError> {
    let call = at.iam().put_user_policy().user_name(user).policy_name(policy);
    call.policy_document(iam::text(at, document)).send().await?;
    Ok(())
}

async fn delete_policy(at: &Session, user: &str, policy: &str) -> Result<(), CallError> {
    let call = at.iam().delete_user_policy().user_name(user).policy_name(policy);
    or_missing(call.send().await.map_err(CallError::from)).map(drop)
}
