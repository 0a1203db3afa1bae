//! AWS Organizations: a tree of units, accounts that are created and closed in AWS's own time, and policies over them. Holds nothing of what
//! is in the accounts.

mod accounts;
mod closing;
mod creation;
mod policies;
mod tags;
#[cfg(test)]
mod tests;
mod units;

use super::wire::{Answer, Asked, Fault, fault, json as ok};
use super::{At, Moment};
pub use accounts::Member;
pub use creation::{CREATION, Request};
use policies::Policy;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use units::Unit;

/// The number of the management account.
pub const MANAGEMENT: &str = "000000000001";
const ID: &str = "o-acme000000";
const ROOT: &str = "r-root";
/// Entries in a page: AWS's default, and its most.
const PAGE: usize = 20;

type Tags = BTreeMap<String, String>;

/// The organization. Units, accounts and policies by their ids.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Organization {
    units: BTreeMap<String, Unit>,
    /// All accounts but the one that manages them.
    pub accounts: BTreeMap<String, Member>,
    pub requests: Vec<Request>,
    policies: BTreeMap<String, Policy>,
    /// How many accounts there may be.
    pub most_accounts: usize,
    manager: Member,
    root_tags: Tags,
    /// The types of policies that are switched off.
    off: BTreeSet<String>,
    /// Accounts outside of the organization that let the management account in.
    guests: BTreeSet<String>,
}

impl Default for Organization {
    fn default() -> Organization {
        Organization {
            units: BTreeMap::new(),
            accounts: BTreeMap::new(),
            requests: Vec::new(),
            policies: policies::from_the_start(),
            most_accounts: accounts::MOST,
            manager: Member::manager(),
            root_tags: Tags::new(),
            off: BTreeSet::new(),
            guests: BTreeSet::new(),
        }
    }
}

impl Organization {
    /// `takes` is how long a new account would take at AWS.
    pub(super) fn answer(&mut self, at: &mut At<'_>, asked: &Asked, takes: Moment) -> Answer {
        match asked.operation.as_str() {
            "DescribeOrganization" => described(),
            "ListRoots" => self.list_roots(),
            "ListOrganizationalUnitsForParent" => self.units_of(asked),
            "CreateOrganizationalUnit" => self.create_unit(at, asked),
            "DescribeOrganizationalUnit" => self.describe_unit(asked),
            "UpdateOrganizationalUnit" => self.rename_unit(asked),
            "DeleteOrganizationalUnit" => self.delete_unit(asked),
            "ListAccounts" => self.list_accounts(at, asked),
            "ListAccountsForParent" => self.accounts_of(at, asked),
            "DescribeAccount" => self.describe_account(at, asked),
            "ListParents" => self.parents_of(asked),
            "MoveAccount" => self.move_account(asked),
            "CreateAccount" => self.create_account(at, asked, takes),
            "ListCreateAccountStatus" => self.list_requests(at, asked),
            "DescribeCreateAccountStatus" => self.describe_request(at, asked),
            "CloseAccount" => self.close_account(at, asked),
            "ListTagsForResource" => self.list_tags(asked),
            "TagResource" => self.tag(asked),
            "UntagResource" => self.untag(asked),
            "CreatePolicy" => self.create_policy(at, asked),
            "UpdatePolicy" => self.update_policy(asked),
            "DeletePolicy" => self.delete_policy(asked),
            "DescribePolicy" => self.describe_policy(asked),
            "ListPolicies" => self.list_policies(asked),
            "ListPoliciesForTarget" => self.policies_of(asked),
            "ListTargetsForPolicy" => self.targets_of(asked),
            "AttachPolicy" => self.attach(asked),
            "DetachPolicy" => self.detach(asked),
            "EnablePolicyType" => self.switch(asked, true),
            "DisablePolicyType" => self.switch(asked, false),
            other => fault("UnknownOperationException", format!("the simulated Organizations has no {other}")),
        }
    }

    /// What a unit, an account or the root is called, and what it is.
    fn name(&self, id: &str) -> Option<(&str, &'static str)> {
        match (id == ROOT, self.units.get(id), self.member(id)) {
            (true, _, _) => Some(("Root", "ROOT")),
            (_, Some(unit), _) => Some((&unit.name, "ORGANIZATIONAL_UNIT")),
            (_, _, Some(member)) => Some((&member.name, "ACCOUNT")),
            _ => None,
        }
    }
}

fn described() -> Answer {
    ok(json!({ "Organization": {
        "Id": ID,
        "Arn": format!("arn:aws:organizations::{MANAGEMENT}:organization/{ID}"),
        "FeatureSet": "ALL",
        "MasterAccountId": MANAGEMENT,
        "MasterAccountArn": arn("account", MANAGEMENT),
        "MasterAccountEmail": accounts::MANAGER,
    } }))
}

fn arn(what: &str, id: &str) -> String {
    format!("arn:aws:organizations::{MANAGEMENT}:{what}/{ID}/{id}")
}

/// The ARN of a unit, an account or the root.
fn arn_of(id: &str, what: &str) -> String {
    let what = match what {
        "ROOT" => "root",
        "ACCOUNT" => "account",
        _ => "ou",
    };
    arn(what, id)
}

/// The page of a listing that is asked for. Only what is on it is shown.
fn page<T>(asked: &Asked, name: &str, all: impl Iterator<Item = T>, show: impl Fn(T) -> Value) -> Answer {
    let start: usize = asked.text("NextToken").parse().unwrap_or(0);
    let most = asked.json["MaxResults"].as_u64().and_then(|most| usize::try_from(most).ok()).unwrap_or(PAGE).clamp(1, PAGE);
    let mut rest = all.skip(start);
    let page: Vec<Value> = rest.by_ref().take(most).map(show).collect();
    let next = rest.next().map(|_| (start + most).to_string());
    ok(json!({ name: page, "NextToken": next }))
}

/// A refusal for a limit or a rule of the organization, with AWS's word for it.
fn constraint<T>(reason: &str, why: &str) -> Result<T, Fault> {
    fault("ConstraintViolationException", format!("{reason}: {why}"))
}
