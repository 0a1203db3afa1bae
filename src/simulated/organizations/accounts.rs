//! The accounts of the organization: which there are, where they are, and who lets the management account in.

use super::closing::Closing;
use super::{MANAGEMENT, Organization, ROOT, Tags, arn, page};
use crate::simulated::wire::{Answer, Asked, Fault, fault, json as ok};
use crate::simulated::{At, Moment};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Accounts that AWS grants an organization at the most, if it is asked (Organizations quotas).
pub(super) const MOST: usize = 50_000;
/// The management account's email.
pub(super) const MANAGER: &str = "management@acme.example";

/// An account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Member {
    pub email: String,
    pub name: String,
    pub parent: String,
    pub tags: Tags,
    /// From when on its role lets anybody in.
    pub enters: Moment,
    pub(super) joined: Moment,
    pub(super) closing: Option<Closing>,
}

impl Member {
    pub(super) fn manager() -> Member {
        Member { email: MANAGER.to_owned(), name: "management".to_owned(), parent: ROOT.to_owned(), ..Member::default() }
    }
}

impl Organization {
    /// Lets the management account into an account of which the organization knows nothing.
    pub(in crate::simulated) fn welcome(&mut self, id: &str) {
        if self.member(id).is_none() {
            self.guests.insert(id.to_owned());
        }
    }

    pub(in crate::simulated) fn is_guest(&self, id: &str) -> bool {
        self.guests.contains(id)
    }

    /// Whether a role of an account can be assumed, if the role lets in whoever asks.
    pub(in crate::simulated) fn lets_in(&self, id: &str, now: Moment) -> bool {
        let is_open = |member: &Member| member.enters <= now && member.closing.is_none();
        id == MANAGEMENT || self.guests.contains(id) || self.accounts.get(id).is_some_and(is_open)
    }

    /// The account that a call of Account Management is about: the caller's own, or one that the caller manages.
    pub(in crate::simulated) fn managed(&self, caller: &str, asked: &Asked) -> Result<String, Fault> {
        match asked.some("AccountId") {
            None => Ok(caller.to_owned()),
            Some(id) if caller != MANAGEMENT => fault("AccessDeniedException", format!("{caller} may not manage {id}")),
            Some(id) if id == MANAGEMENT => fault("ValidationException", "the management account can't be named by its id"),
            Some(id) if self.accounts.contains_key(&id) || self.is_guest(&id) => Ok(id),
            Some(id) => fault("AccessDeniedException", format!("{id} is not in the organization")),
        }
    }

    pub(in crate::simulated) fn rename(&mut self, id: &str, name: String) -> Result<(), Fault> {
        match self.member_mut(id) {
            Some(member) => member.name = name,
            None => return fault("ResourceNotFoundException", format!("{id} is in no organization")),
        }
        Ok(())
    }

    /// All of them, the one that manages them first.
    pub(super) fn members(&self) -> impl Iterator<Item = (&str, &Member)> {
        let others = self.accounts.iter().map(|(id, member)| (id.as_str(), member));
        std::iter::once((MANAGEMENT, &self.manager)).chain(others)
    }

    pub(super) fn member(&self, id: &str) -> Option<&Member> {
        if id == MANAGEMENT { Some(&self.manager) } else { self.accounts.get(id) }
    }

    pub(super) fn member_mut(&mut self, id: &str) -> Option<&mut Member> {
        if id == MANAGEMENT { Some(&mut self.manager) } else { self.accounts.get_mut(id) }
    }

    pub(super) fn list_accounts(&self, at: &At<'_>, asked: &Asked) -> Answer {
        let listed = self.members().filter(|(_, member)| member.is_listed(at.now));
        page(asked, "Accounts", listed, |(id, member)| member.json(id, at.now))
    }

    pub(super) fn accounts_of(&self, at: &At<'_>, asked: &Asked) -> Answer {
        let parent = self.parent(asked, "ParentId", "ParentNotFoundException")?;
        let listed = self.members().filter(|(_, member)| member.parent == parent && member.is_listed(at.now));
        page(asked, "Accounts", listed, |(id, member)| member.json(id, at.now))
    }

    pub(super) fn describe_account(&self, at: &At<'_>, asked: &Asked) -> Answer {
        let id = asked.text("AccountId");
        match self.member(&id).filter(|member| member.is_listed(at.now)) {
            Some(member) => ok(json!({ "Account": member.json(&id, at.now) })),
            None => unknown(),
        }
    }

    pub(super) fn move_account(&mut self, asked: &Asked) -> Answer {
        let id = asked.text("AccountId");
        if self.member(&id).is_none() {
            return unknown();
        }
        let source = self.parent(asked, "SourceParentId", "SourceParentNotFoundException")?;
        let target = self.parent(asked, "DestinationParentId", "DestinationParentNotFoundException")?;
        let Some(member) = self.member_mut(&id) else { return unknown() };
        if member.parent != source {
            return fault("SourceParentNotFoundException", "the account is not in the parent that it should be moved from");
        }
        if source == target {
            return fault("DuplicateAccountException", "That account is already present in the specified destination.");
        }
        member.parent = target;
        ok(json!({}))
    }
}

impl Member {
    fn json(&self, id: &str, now: Moment) -> Value {
        let [status, state] = self.status(now);
        json!({
            "Id": id,
            "Arn": arn("account", id),
            "Email": self.email,
            "Name": self.name,
            "Status": status,
            "State": state,
            "JoinedMethod": if id == MANAGEMENT { "INVITED" } else { "CREATED" },
            "JoinedTimestamp": self.joined.as_secs(),
        })
    }
}

/// What AWS says of an account that is none of the organization's.
pub(super) fn unknown() -> Answer {
    fault("AccountNotFoundException", "You specified an account that doesn't exist.")
}
