//! AWS Organizations: units and accounts, which are created in AWS's own time, five at once and no email twice.

use super::wire::{Answer, Asked, Fault, fault, json as ok, tag_list};
use super::{At, Moment};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The number of the management account.
pub const MANAGEMENT: &str = "000000000001";
const ROOT: &str = "r-root";
/// Accounts in a page of `ListAccountsForParent`: AWS's default, and its most.
const PAGE: usize = 20;
const AT_ONCE: usize = 5;
/// How long a new account takes in seconds, from and to.
pub const CREATION: (u64, u64) = (75, 105);

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Organization {
    units: Vec<Unit>,
    pub accounts: BTreeMap<String, Member>,
    pub requests: Vec<Request>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Unit {
    id: String,
    parent: String,
    name: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Member {
    pub email: String,
    pub name: String,
    pub parent: String,
    pub tags: BTreeMap<String, String>,
    /// From when on its role lets anybody in.
    pub enters: Moment,
}

/// A request for an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    id: String,
    member: Member,
    taken: bool,
    pub begun: Moment,
    pub takes: Moment,
    account: Option<String>,
}

/// A new account's role is not in force at once.
const ENTERS_AFTER: Moment = Moment::from_secs(2);

impl Organization {
    /// `takes` is how long a new account would take at AWS.
    pub(super) fn answer(&mut self, at: &mut At<'_>, asked: &Asked, takes: Moment) -> Answer {
        self.settle(at.now);
        match asked.operation.as_str() {
            "DescribeOrganization" => ok(json!({ "Organization": { "Id": "o-acme", "MasterAccountId": MANAGEMENT, "FeatureSet": "ALL" } })),
            "ListRoots" => ok(json!({ "Roots": [{ "Id": ROOT, "Name": "Root" }] })),
            "ListOrganizationalUnitsForParent" => self.units_of(asked),
            "CreateOrganizationalUnit" => self.create_unit(asked),
            "ListAccountsForParent" => self.accounts_of(asked),
            "DescribeAccount" => {
                let id = asked.text("AccountId");
                self.member(&id)?;
                ok(json!({ "Account": self.account(&id) }))
            }
            "ListParents" => {
                let member = self.member(&asked.text("ChildId"))?;
                ok(json!({ "Parents": [{ "Id": member.parent, "Type": "ORGANIZATIONAL_UNIT" }] }))
            }
            "ListTagsForResource" => {
                let tags = self.member(&asked.text("ResourceId"))?.tags.clone();
                ok(json!({ "Tags": tag_list(&tags) }))
            }
            "MoveAccount" => self.move_account(asked),
            "ListCreateAccountStatus" => {
                let open = self.requests.iter().filter(|request| !request.is_over(at.now));
                ok(json!({ "CreateAccountStatuses": open.map(|request| request.status(at.now)).collect::<Vec<_>>() }))
            }
            "CreateAccount" => self.create_account(at, asked, takes),
            "DescribeCreateAccountStatus" => {
                let id = asked.text("CreateAccountRequestId");
                match self.requests.iter().find(|request| request.id == id) {
                    Some(request) => ok(json!({ "CreateAccountStatus": request.status(at.now) })),
                    None => fault("CreateAccountStatusNotFoundException", id),
                }
            }
            other => fault("UnknownOperationException", format!("the simulated Organizations has no {other}")),
        }
    }

    /// An account that was always there.
    pub(super) fn welcome(&mut self, id: &str) {
        let member = || Member {
            email: format!("{id}@welcome.example"),
            name: id.to_owned(),
            parent: ROOT.to_owned(),
            tags: BTreeMap::new(),
            enters: Moment::ZERO,
        };
        self.accounts.entry(id.to_owned()).or_insert_with(member);
    }

    /// Whether a role of an account can be assumed.
    pub(super) fn lets_in(&self, id: &str, now: Moment) -> bool {
        self.accounts.get(id).is_some_and(|member| member.enters <= now)
    }

    fn member(&mut self, id: &str) -> Result<&mut Member, Fault> {
        self.accounts.get_mut(id).map_or_else(|| fault("AccountNotFoundException", id), Ok)
    }

    fn account(&self, id: &str) -> Value {
        let member = &self.accounts[id];
        json!({ "Id": id, "Email": member.email, "Name": member.name, "Status": "ACTIVE", "State": "ACTIVE" })
    }

    /// Turns requests whose time has come into accounts.
    fn settle(&mut self, now: Moment) {
        let next = self.accounts.len();
        let ready = self.requests.iter_mut().filter(|request| request.is_over(now) && !request.taken && request.account.is_none());
        for (number, request) in ready.enumerate() {
            let id = format!("{:012}", 100_000_000_000_u64 + (next + number) as u64);
            request.account = Some(id.clone());
            let enters = request.begun + request.takes + ENTERS_AFTER;
            self.accounts.insert(id, Member { enters, ..request.member.clone() });
        }
    }

    fn units_of(&self, asked: &Asked) -> Answer {
        let parent = asked.text("ParentId");
        let units = self.units.iter().filter(|unit| unit.parent == parent);
        ok(json!({ "OrganizationalUnits": units.map(|unit| json!({ "Id": unit.id, "Name": unit.name })).collect::<Vec<_>>() }))
    }

    fn create_unit(&mut self, asked: &Asked) -> Answer {
        let (parent, name) = (asked.text("ParentId"), asked.text("Name"));
        if self.units.iter().any(|unit| unit.parent == parent && unit.name == name) {
            return fault("DuplicateOrganizationalUnitException", name);
        }
        let id = format!("ou-root-{:08}", self.units.len());
        self.units.push(Unit { id: id.clone(), parent, name: name.clone() });
        ok(json!({ "OrganizationalUnit": { "Id": id, "Name": name } }))
    }

    fn accounts_of(&self, asked: &Asked) -> Answer {
        let (parent, from) = (asked.text("ParentId"), asked.text("NextToken"));
        let all: Vec<&String> = self.accounts.iter().filter(|(_, member)| member.parent == parent).map(|(id, _)| id).collect();
        let start: usize = from.parse().unwrap_or(0);
        let page: Vec<Value> = all.iter().skip(start).take(PAGE).map(|id| self.account(id)).collect();
        let next = (start + PAGE < all.len()).then(|| (start + PAGE).to_string());
        ok(json!({ "Accounts": page, "NextToken": next }))
    }

    fn move_account(&mut self, asked: &Asked) -> Answer {
        let (source, target) = (asked.text("SourceParentId"), asked.text("DestinationParentId"));
        if !self.units.iter().any(|unit| unit.id == target) {
            return fault("DestinationParentNotFoundException", target);
        }
        let member = self.member(&asked.text("AccountId"))?;
        if member.parent != source {
            return fault("SourceParentNotFoundException", source);
        }
        member.parent = target;
        ok(json!({}))
    }

    fn create_account(&mut self, at: &mut At<'_>, asked: &Asked, takes: Moment) -> Answer {
        if self.requests.iter().filter(|request| !request.is_over(at.now)).count() >= AT_ONCE {
            return fault("TooManyRequestsException", "too many accounts are being created");
        }
        let email = asked.text("Email");
        let known = self.accounts.values().chain(self.requests.iter().map(|request| &request.member));
        let taken = known.into_iter().any(|member| member.email.eq_ignore_ascii_case(&email));
        let member = Member { email, name: asked.text("AccountName"), parent: ROOT.to_owned(), tags: asked.tags("Tags"), enters: at.now };
        let id = format!("car-{:032}", self.requests.len());
        self.requests.push(Request { id, member, taken, begun: at.now, takes: at.takes(takes), account: None });
        ok(json!({ "CreateAccountStatus": self.requests[self.requests.len() - 1].status(at.now) }))
    }
}

impl Request {
    fn is_over(&self, now: Moment) -> bool {
        now >= self.begun + self.takes
    }

    fn status(&self, now: Moment) -> Value {
        let state = match (self.is_over(now), self.taken) {
            (false, _) => "IN_PROGRESS",
            (true, true) => "FAILED",
            (true, false) => "SUCCEEDED",
        };
        let why = (state == "FAILED").then_some("EMAIL_ALREADY_EXISTS");
        json!({ "Id": self.id, "AccountName": self.member.name, "State": state, "AccountId": self.account, "FailureReason": why })
    }
}
