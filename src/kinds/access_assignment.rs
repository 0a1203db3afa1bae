//! `access-assignment`: gives a group of people a permission set in one account. Never touches assignments of sets that are not ours.

use super::identity_center::{Center, busy, center};
use super::{AccessGroup, Driver, Kind, PermissionSet, Scope, Seen, Tags, access_assignment_list};
use crate::aws::{CallError, Session, Wait, or_missing, until};
use crate::model::limits::ASSIGNMENTS;
use crate::model::{Account, Address, Change, KindName, Name, Reference, Region, RemoteId};
use aws_sdk_ssoadmin::types::{AccountAssignmentOperationStatus, PrincipalType, StatusValues, TargetType};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

/// AWS makes an assignment in seconds, the first of a set in an account in a minute, and promises nothing.
const WAIT: Wait = Wait { first_pause: Duration::from_millis(500), limit: Duration::from_secs(900) };

/// What is between the ids of a set and of a group in the id of an assignment: a sign that neither holds.
const BETWEEN: char = '|';

/// A permission set given to a group, in this account. The resource's name is the set's and the group's: `developer/catalog-developers`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessAssignment {
    /// The permission set: `management:permission-set/developer`.
    pub permission_set: Reference,
    /// The group: `management:access-group/catalog-developers`.
    pub group: Reference,
}

impl Kind for AccessAssignment {
    const NAME: KindName = KindName::new("access-assignment");
    const SCOPE: Scope = Scope::Managed;
    const ABOUT: &'static str = "Gives a group of people a permission set in the account, by IAM Identity Center.";
    const REFERS: &'static [KindName] = &[PermissionSet::NAME, AccessGroup::NAME];
    const OPTIONAL: bool = true;
    const READS: &'static [&'static str] =
        &["sso:ListInstances", "sso:ListPermissionSetsProvisionedToAccount", "sso:ListAccountAssignments", "sso:ListAccountAssignmentsForPrincipal"];
    const WRITES: &'static [&'static str] = &[
        "sso:CreateAccountAssignment",
        "sso:DescribeAccountAssignmentCreationStatus",
        "sso:DeleteAccountAssignment",
        "sso:DescribeAccountAssignmentDeletionStatus",
    ];

    fn changes(live: &AccessAssignment, want: &AccessAssignment) -> Vec<Change> {
        let AccessAssignment { permission_set, group } = live;
        let AccessAssignment { permission_set: want_set, group: want_group } = want;
        let set = Change::of("permission_set", permission_set, want_set);
        let group = Change::of("group", group, want_group);
        [set, group].into_iter().flatten().map(Change::replaces).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::from([self.permission_set.clone(), self.group.clone()])
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

impl AccessAssignment {
    /// The one name that an assignment can have: nothing on it could carry another.
    pub fn name(&self) -> String {
        format!("{}/{}", self.permission_set.name, self.group.name)
    }
}

impl Driver for AccessAssignment {
    /// Who has our permission sets in the account. An assignment carries no mark; it is ours because the set is.
    async fn read(at: &Session) -> Result<Vec<Seen<AccessAssignment>>, CallError> {
        let center = center(at).await?;
        let all = match access_assignment_list::groups_to_ask(at) {
            Some(groups) => access_assignment_list::of_groups(&center, at, groups).await?,
            None => access_assignment_list::of_account(&center, at).await?,
        };
        let seen = all.iter().filter_map(|(arn, group)| see(at, (arn, &ours(at, &PermissionSet::NAME, arn)?), group));
        Ok(seen.collect())
    }

    async fn create(at: &Session, _: &Address, want: &AccessAssignment) -> Result<RemoteId, CallError> {
        let center = center(at).await?;
        // Held until it is made, or not: AWS makes ten at once, and throttles whoever asks for one more.
        let _room = at.one_of(&ASSIGNMENTS).await;
        let set = at.id_of(&want.permission_set, Region::GLOBAL)?;
        let group = at.id_of(&want.group, Region::GLOBAL)?;
        let call = center.at.ssoadmin().create_account_assignment().instance_arn(&center.instance).permission_set_arn(set.as_str());
        let call = call.target_type(TargetType::AwsAccount).target_id(at.account_id().as_str());
        let call = call.principal_type(PrincipalType::Group).principal_id(group.as_str());
        let answer = call.send().await.map_err(|error| busy(error.into()))?;
        let mut first = answer.account_assignment_creation_status;
        let request = request(&first);
        until(&format!("the assignment (request {request})"), WAIT, async || {
            let status = match first.take() {
                Some(status) => Some(status),
                None => {
                    let call = center.at.ssoadmin().describe_account_assignment_creation_status().instance_arn(&center.instance);
                    let answer = call.account_assignment_creation_request_id(&request).send().await?;
                    answer.account_assignment_creation_status
                }
            };
            ended("sso:CreateAccountAssignment", status.as_ref())
        })
        .await?;
        Ok(id(set.as_str(), group.as_str()))
    }

    async fn update(_: &Session, address: &Address, _: &RemoteId, _: &AccessAssignment, _: &[Change]) -> Result<(), CallError> {
        Err(CallError::refused("sso:CreateAccountAssignment", format!("{address} can't be changed, only made and removed")))
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &AccessAssignment) -> Result<(), CallError> {
        let center = center(at).await?;
        let Some((set, group)) = id.as_str().split_once(BETWEEN) else {
            return Err(CallError::refused("sso:DeleteAccountAssignment", format!("{id} is no id of an assignment")));
        };
        // Removing what is gone would fail only later, and without a code that says so.
        let live = or_missing(access_assignment_list::groups(&center, at, set).await)?.unwrap_or_default();
        if !live.iter().any(|live| live == group) {
            return Ok(());
        }
        remove(&center, at, set, group).await
    }
}

async fn remove(center: &Center, at: &Session, set: &str, group: &str) -> Result<(), CallError> {
    let call = center.at.ssoadmin().delete_account_assignment().instance_arn(&center.instance).permission_set_arn(set);
    let call = call.target_type(TargetType::AwsAccount).target_id(at.account_id().as_str());
    let call = call.principal_type(PrincipalType::Group).principal_id(group);
    let answer = call.send().await.map_err(|error| busy(error.into()))?;
    let mut first = answer.account_assignment_deletion_status;
    let request = request(&first);
    until(&format!("the removal of the assignment (request {request})"), WAIT, async || {
        let status = match first.take() {
            Some(status) => Some(status),
            None => {
                let call = center.at.ssoadmin().describe_account_assignment_deletion_status().instance_arn(&center.instance);
                let answer = call.account_assignment_deletion_request_id(&request).send().await?;
                answer.account_assignment_deletion_status
            }
        };
        ended("sso:DeleteAccountAssignment", status.as_ref())
    })
    .await
}

fn request(status: &Option<AccountAssignmentOperationStatus>) -> String {
    status.as_ref().and_then(|status| status.request_id()).unwrap_or_default().to_owned()
}

fn ended(operation: &str, status: Option<&AccountAssignmentOperationStatus>) -> Result<Option<()>, CallError> {
    match status.map(|status| (status.status(), status.failure_reason())) {
        Some((Some(StatusValues::Succeeded), _)) => Ok(Some(())),
        Some((Some(StatusValues::Failed), why)) => {
            Err(CallError::refused(operation, format!("AWS did not do it: {}", why.unwrap_or("it gives no reason"))))
        }
        _ => Ok(None),
    }
}

fn id(set: &str, group: &str) -> RemoteId {
    format!("{set}{BETWEEN}{group}").into()
}

/// The resource of ours in the management account that has this id. A stranger's has an id for its name, and no account.
pub(super) fn ours(at: &Session, kind: &KindName, id: &str) -> Option<Reference> {
    at.reference(kind, id).filter(|reference| reference.account == Some(Account::Management))
}

fn see(at: &Session, (arn, set): (&str, &Reference), group: &str) -> Option<Seen<AccessAssignment>> {
    let known = ours(at, &AccessGroup::NAME, group);
    let is_known = known.is_some();
    let group_name = known.or_else(|| at.reference(&AccessGroup::NAME, group))?;
    let spec = AccessAssignment { permission_set: set.clone(), group: group_name };
    let name = spec.name().parse::<Name>().ok().filter(|_| is_known);
    Some(Seen { id: id(arn, group), name, spec })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Effect;

    fn assignment(set: &str, group: &str) -> AccessAssignment {
        serde_json::from_value(serde_json::json!({
            "permission_set": format!("management:permission-set/{set}"),
            "group": format!("management:access-group/{group}"),
        }))
        .unwrap()
    }

    #[test]
    fn an_assignment_is_named_after_both_and_replaced() {
        let live = assignment("developer", "catalog-developers");
        assert_eq!(live.name(), "developer/catalog-developers");
        assert_eq!(AccessAssignment::changes(&live, &live), []);
        let changes = AccessAssignment::changes(&live, &assignment("operator", "catalog-operators"));
        assert!(changes.len() == 2 && changes.iter().all(|change| change.effect == Effect::Replaces), "{changes:?}");
        assert_eq!(live.needs().len(), 2);
    }

    #[test]
    fn a_request_ends_well_or_says_why() {
        let status = |status| AccountAssignmentOperationStatus::builder().status(status).failure_reason("no such group").build();
        assert_eq!(ended("sso:X", None).unwrap(), None);
        assert_eq!(ended("sso:X", Some(&status(StatusValues::InProgress))).unwrap(), None);
        assert_eq!(ended("sso:X", Some(&status(StatusValues::Succeeded))).unwrap(), Some(()));
        let error = ended("sso:X", Some(&status(StatusValues::Failed))).unwrap_err();
        assert_eq!(error.message, "AWS did not do it: no such group");
    }
}
