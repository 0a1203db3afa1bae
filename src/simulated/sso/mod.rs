//! IAM Identity Center: permission sets and who has them where. There is one instance from the start, and what it does in the accounts takes
//! its time. Knows of accounts only their numbers.

mod requests;
mod sets;

use super::At;
use super::identitystore::IdentityStore;
use super::paging::Pages;
use super::wire::{Answer, Asked, Fault, fault, json as ok, missing, tag_list};
use requests::{Kind, Request};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sets::PermissionSet;
use std::collections::BTreeMap;

/// On a page of any listing, at most.
const PAGES: Pages = Pages { token: "NextToken", size: "MaxResults", most: 100 };
/// Permission sets that an instance may have (the user guide's quotas; it can be raised).
const MOST_SETS: usize = 2000;
/// Hexadecimal digits in the id of an instance, and of a set.
const ID: usize = 16;
/// Digits in the id of an identity store.
const STORE: usize = 10;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct IdentityCenter {
    /// By their ARNs.
    sets: BTreeMap<String, PermissionSet>,
    /// What was asked for and is done in the accounts, by the requests' ids.
    requests: BTreeMap<String, Request>,
}

/// The id of the organization's identity store.
pub(super) fn store(account: &str) -> String {
    format!("d-{:0STORE$x}", account.parse::<u64>().unwrap_or_default())
}

fn instance(account: &str) -> String {
    format!("ssoins-{:0ID$x}", account.parse::<u64>().unwrap_or_default())
}

impl IdentityCenter {
    pub(super) fn answer(&mut self, at: &mut At<'_>, asked: &Asked, people: &IdentityStore) -> Answer {
        self.settle(at.now);
        let arn = format!("arn:aws:sso:::instance/{}", instance(at.account));
        if asked.operation == "ListInstances" {
            let store = store(at.account);
            return ok(
                json!({ "Instances": [{ "InstanceArn": arn, "IdentityStoreId": store, "OwnerAccountId": at.account, "Status": "ACTIVE" }] }),
            );
        }
        if asked.text("InstanceArn") != arn {
            return missing("instance");
        }
        match asked.operation.as_str() {
            "CreatePermissionSet" => self.create(at, asked),
            "ListPermissionSets" => PAGES.of(asked, "PermissionSets", self.sets.keys().map(|arn| arn.as_str().into())),
            "DeletePermissionSet" => self.delete(asked),
            "ListTagsForResource" => {
                let tags = tag_list(&self.named(&asked.text("ResourceArn"))?.tags);
                PAGES.of(asked, "Tags", tags.as_array().cloned().unwrap_or_default())
            }
            "ListPermissionSetsProvisionedToAccount" => {
                let account = asked.text("AccountId");
                let there = self.sets.iter().filter(|(_, set)| set.provisioned.contains_key(&account));
                PAGES.of(asked, "PermissionSets", there.map(|(arn, _)| arn.as_str().into()))
            }
            "ListAccountAssignmentsForPrincipal" => self.of_principal(asked),
            "CreateAccountAssignment" => self.assign(at, asked, people),
            "DeleteAccountAssignment" => self.unassign(at, asked),
            "ProvisionPermissionSet" => self.provision(at, asked),
            "DescribeAccountAssignmentCreationStatus" => self.status(asked, Kind::Creation),
            "DescribeAccountAssignmentDeletionStatus" => self.status(asked, Kind::Deletion),
            "DescribePermissionSetProvisioningStatus" => self.status(asked, Kind::Provisioning),
            _ => self.named(&asked.text("PermissionSetArn"))?.answer(asked),
        }
    }

    fn named(&mut self, arn: &str) -> Result<&mut PermissionSet, Fault> {
        self.sets.get_mut(arn).map_or_else(|| missing("permission set"), Ok)
    }

    fn create(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let set = PermissionSet::of(asked)?;
        if self.sets.values().any(|other| other.shown["Name"] == set.shown["Name"]) {
            return fault("ConflictException", format!("a permission set named {} is there already", set.shown["Name"]));
        }
        if self.sets.len() >= MOST_SETS {
            return fault("ServiceQuotaExceededException", format!("there are {MOST_SETS} permission sets at most"));
        }
        let arn = format!("arn:aws:sso:::permissionSet/{}/{}", instance(at.account), at.id("ps-", ID));
        let set = set.at(&arn);
        let shown = set.shown.clone();
        self.sets.insert(arn, set);
        ok(json!({ "PermissionSet": shown }))
    }

    fn delete(&mut self, asked: &Asked) -> Answer {
        let arn = asked.text("PermissionSetArn");
        let set = self.named(&arn)?;
        if !set.assigned.is_empty() || self.is_being_changed(&arn) {
            return fault("ConflictException", "the permission set is assigned, or on its way");
        }
        self.sets.remove(&arn);
        ok(json!({}))
    }

    fn of_principal(&self, asked: &Asked) -> Answer {
        let (kind, id) = (asked.text("PrincipalType"), asked.text("PrincipalId"));
        let account = asked.json["Filter"]["AccountId"].as_str();
        let all = self.sets.iter().flat_map(|(arn, set)| set.assigned.iter().map(move |one| (arn, one)));
        let found = all.filter(|(_, one)| one.kind == kind && one.id == id && account.is_none_or(|account| one.account == account));
        let found: Vec<Value> = found.map(|(arn, one)| one.shown(arn)).collect();
        PAGES.of(asked, "AccountAssignments", found)
    }
}
