//! Two ways to list who has which permission set where: by the group, for all accounts at once, or by the account. Both tell the same.

use super::access_assignment::ours;
use super::identity_center::Center;
use super::{AccessAssignment, AccessGroup, Kind, PermissionSet};
use crate::aws::{CallError, Session};
use crate::model::{Account, RemoteId};
use aws_sdk_ssoadmin::types::PrincipalType;
use std::collections::BTreeMap;

/// A permission set's ARN and the id of a group that has it.
type Pair = (String, String);

/// Asking by the account costs a call for what is provisioned there, and one for each set of ours: at least two, where it has any.
const CALLS_BY_ACCOUNT: usize = 2;

/// The groups to ask for, where that is fewer calls than asking for each account: a company has as many groups as its directory has. Only in
/// a read of everything, and only when all groups are known. Assignments of our sets to groups that nobody knows are nobody's: an
/// assignment is ours when both its ends are.
pub(super) fn groups_to_ask(at: &Session) -> Option<Vec<RemoteId>> {
    let is_known = at.directory().is_listed(&Account::Management, &AccessGroup::NAME);
    let groups = || at.directory().ids(&Account::Management, &AccessGroup::NAME);
    let most = CALLS_BY_ACCOUNT * at.accounts_with(&AccessAssignment::NAME);
    (at.reads_all() && is_known).then(groups).filter(|groups| groups.len() <= most)
}

/// What the groups have in the session's account. Asked for once for all accounts.
pub(super) async fn of_groups(center: &Center, at: &Session, groups: Vec<RemoteId>) -> Result<Vec<Pair>, CallError> {
    let there = &center.at.for_all();
    let ask = async {
        let mut all: BTreeMap<String, Vec<Pair>> = BTreeMap::new();
        for group in &groups {
            let call = there.ssoadmin().list_account_assignments_for_principal().instance_arn(&center.instance);
            let mut pages = call.principal_type(PrincipalType::Group).principal_id(group.as_str()).into_paginator().send();
            while let Some(page) = pages.next().await {
                for found in page?.account_assignments.unwrap_or_default() {
                    if let (Some(account), Some(set)) = (found.account_id, found.permission_set_arn) {
                        all.entry(account).or_default().push((set, group.to_string()));
                    }
                }
            }
        }
        Ok(all)
    };
    let all = there.once("assignments", ask).await?;
    Ok(all.get(at.account_id().as_str()).cloned().unwrap_or_default())
}

/// Who has our sets in the session's account.
pub(super) async fn of_account(center: &Center, at: &Session) -> Result<Vec<Pair>, CallError> {
    let call = center.at.ssoadmin().list_permission_sets_provisioned_to_account().instance_arn(&center.instance);
    let mut pages = call.account_id(at.account_id().as_str()).into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        for set in page?.permission_sets.unwrap_or_default() {
            if ours(at, &PermissionSet::NAME, &set).is_some() {
                all.extend(groups(center, at, &set).await?.into_iter().map(|group| (set.clone(), group)));
            }
        }
    }
    Ok(all)
}

/// The ids of the groups that have a set in the account. People who have it by themselves are none of ours.
pub(super) async fn groups(center: &Center, at: &Session, set: &str) -> Result<Vec<String>, CallError> {
    let call = center.at.ssoadmin().list_account_assignments().instance_arn(&center.instance);
    let mut pages = call.account_id(at.account_id().as_str()).permission_set_arn(set).into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let found = page?.account_assignments.unwrap_or_default();
        let groups = found.into_iter().filter(|found| found.principal_type() == Some(&PrincipalType::Group));
        all.extend(groups.filter_map(|found| found.principal_id));
    }
    Ok(all)
}
