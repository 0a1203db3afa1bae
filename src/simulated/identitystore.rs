//! The identity store of IAM Identity Center: groups, people, and who is in which. Says nothing of what they may do.

use super::paging::Pages;
use super::wire::{Answer, Asked, Fault, fault, json as ok, missing};
use super::{At, sso};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// On a page of any listing, at most.
const PAGES: Pages = Pages { token: "NextToken", size: "MaxResults", most: 100 };

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct IdentityStore {
    /// As they are shown, by their ids.
    groups: BTreeMap<String, Value>,
    users: BTreeMap<String, Value>,
    memberships: BTreeMap<String, Membership>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Membership {
    group: String,
    user: String,
}

impl IdentityStore {
    pub(super) fn answer(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let store = asked.text("IdentityStoreId");
        if store != sso::store(at.account) {
            return missing("identity store");
        }
        match asked.operation.as_str() {
            "CreateGroup" => self.create_group(at, asked),
            "ListGroups" => PAGES.of(asked, "Groups", self.groups.values().cloned()),
            "CreateUser" => self.create_user(at, asked),
            "ListUsers" => PAGES.of(asked, "Users", self.users.values().cloned()),
            "CreateGroupMembership" => self.join(at, asked),
            "ListGroupMemberships" => self.of_group(asked),
            "DeleteGroupMembership" => match self.memberships.remove(&asked.text("MembershipId")) {
                Some(_) => ok(json!({})),
                None => missing("membership"),
            },
            other => fault("UnknownOperationException", format!("the simulated identity store has no {other}")),
        }
    }

    /// Whether there is such a group or user.
    pub(super) fn has(&self, kind: &str, id: &str) -> bool {
        match kind {
            "GROUP" => self.groups.contains_key(id),
            "USER" => self.users.contains_key(id),
            _ => false,
        }
    }

    fn create_group(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        unused(&self.groups, asked, "DisplayName")?;
        let id = at.uuid();
        self.groups.insert(id.clone(), shown(asked, "GroupId", &id));
        ok(json!({ "GroupId": id, "IdentityStoreId": asked.text("IdentityStoreId") }))
    }

    fn create_user(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let is_named = ["GivenName", "FamilyName"].iter().all(|part| asked.json["Name"][*part].is_string());
        if !is_named || asked.text("DisplayName").is_empty() {
            return fault("ValidationException", "a user has a given name, a family name and a display name");
        }
        unused(&self.users, asked, "UserName")?;
        let id = at.uuid();
        self.users.insert(id.clone(), shown(asked, "UserId", &id));
        ok(json!({ "UserId": id, "IdentityStoreId": asked.text("IdentityStoreId") }))
    }

    fn join(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let user = asked.json["MemberId"]["UserId"].as_str().unwrap_or_default().to_owned();
        let membership = Membership { group: asked.text("GroupId"), user };
        if !self.has("USER", &membership.user) || !self.has("GROUP", &membership.group) {
            return missing("user or group");
        }
        if self.memberships.values().any(|other| *other == membership) {
            return fault("ConflictException", "the user is in the group already");
        }
        let id = at.uuid();
        self.memberships.insert(id.clone(), membership);
        ok(json!({ "MembershipId": id, "IdentityStoreId": asked.text("IdentityStoreId") }))
    }

    fn of_group(&self, asked: &Asked) -> Answer {
        let group = asked.text("GroupId");
        if !self.has("GROUP", &group) {
            return missing("group");
        }
        let store = asked.text("IdentityStoreId");
        let member = |id: &str, user: &str| json!({ "IdentityStoreId": store, "MembershipId": id, "GroupId": group, "MemberId": { "UserId": user } });
        let all = self.memberships.iter().filter(|(_, one)| one.group == group);
        PAGES.of(asked, "GroupMemberships", all.map(|(id, one)| member(id, &one.user)))
    }
}

/// Refuses a name that is not there or taken, however it is written.
fn unused(all: &BTreeMap<String, Value>, asked: &Asked, field: &str) -> Result<(), Fault> {
    let name = asked.text(field);
    if name.is_empty() {
        return fault("ValidationException", format!("{field} is a required attribute"));
    }
    let is_same = |other: &Value| other[field].as_str().is_some_and(|other| other.eq_ignore_ascii_case(&name));
    if all.values().any(is_same) { fault("ConflictException", format!("Duplicate {field}")) } else { Ok(()) }
}

/// All that was given, and the id.
fn shown(asked: &Asked, name: &str, id: &str) -> Value {
    let mut fields = asked.json.as_object().cloned().unwrap_or_default();
    fields.insert(name.to_owned(), id.into());
    fields.into()
}
