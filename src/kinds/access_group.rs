//! `access-group`: a group of people in IAM Identity Center, for assignments to name. Never deletes a group, and never makes a person.

use super::identity_center::{Center, center, or_there};
use super::{Driver, Kind, Scope, Seen, Tags};
use crate::aws::{CallError, Session, or_missing};
use crate::model::{Address, Change, Effect, KindName, Name, Reference, RemoteId, Risk};
use aws_sdk_identitystore::types::{Group, MemberId, User};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What the groups' names begin with whose members the files tell. Nobody else's members are ever read.
pub const CONTRACTOR: &str = "contractor-";

/// A group of people. The resource's name is the group's; one of that name that is there already is used as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessGroup {
    /// What the group is for. Set when the group is made and never compared: a group may be the identity provider's.
    #[serde(default)]
    pub description: String,
    /// The emails of everybody in the group, for groups whose name begins with `contractor-`. Without it, who is in is decided elsewhere.
    #[serde(default)]
    pub members: Option<BTreeSet<String>>,
    /// Found, never declared: that the identity provider keeps the group.
    #[serde(skip)]
    pub synced: bool,
    /// Found, never declared: everybody in the directory, by each of their emails and names, with the one they are shown by.
    #[serde(skip)]
    pub known: BTreeMap<String, String>,
}

impl Kind for AccessGroup {
    const NAME: KindName = KindName::new("access-group");
    const SCOPE: Scope = Scope::Organization;
    const ABOUT: &'static str = "A group of people in IAM Identity Center. Used as it is where there is one of that name, and never deleted.";
    const REFERS: &'static [KindName] = &[];
    // A group can't carry our mark, and its members are people's access elsewhere too: nobody is thrown out by a file.
    const SETTING: bool = true;
    const OPTIONAL: bool = true;
    const READS: &'static [&'static str] =
        &["sso:ListInstances", "identitystore:ListGroups", "identitystore:ListUsers", "identitystore:ListGroupMemberships"];
    const WRITES: &'static [&'static str] =
        &["identitystore:CreateGroup", "identitystore:CreateGroupMembership", "identitystore:DeleteGroupMembership"];

    fn changes(live: &AccessGroup, want: &AccessGroup) -> Vec<Change> {
        let AccessGroup { description: _, members, synced, known } = live;
        let AccessGroup { description: _, members: want_members, synced: _, known: _ } = want;
        let Some(want_members) = want_members else { return Vec::new() };
        let live_members = members.clone().unwrap_or_default();
        let wanted: BTreeSet<String> = want_members.iter().map(|email| shown(known, email)).collect();
        let joins = wanted.difference(&live_members).map(|email| join(email, known.values().any(|shown| shown == email)));
        let leaves = live_members.difference(&wanted).map(|email| Change::between(field(email), Some("in the group".to_owned()), None));
        let changes = joins.chain(leaves);
        // Whoever syncs the group would undo it.
        changes.map(|change| if *synced { change.by_hand() } else { change }).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::new()
    }

    fn rebind(&self, _: &Reference) -> Effect {
        Effect::InPlace
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

fn field(email: &str) -> String {
    format!("members.{email}")
}

fn join(email: &str, is_known: bool) -> Change {
    if is_known {
        let change = Change::between(field(email), None, Some("in the group".to_owned()));
        return change.concerning(Risk::Notable, "lets a person in wherever the group is");
    }
    Change::between(field(email), Some("not in Identity Center yet".to_owned()), Some("in the group, once added there".to_owned())).by_hand()
}

/// What somebody is shown by, whichever of their emails is written.
fn shown(known: &BTreeMap<String, String>, email: &str) -> String {
    let email = email.to_lowercase();
    known.get(&email).cloned().unwrap_or(email)
}

/// Everybody in the directory, by what they are shown by and by each of their emails and names.
#[derive(Default)]
struct People {
    known: BTreeMap<String, String>,
    ids: BTreeMap<String, String>,
}

impl People {
    fn add(&mut self, user: &User) {
        let emails = user.emails().iter();
        let primary = emails.clone().find(|email| email.primary).or(emails.clone().next()).and_then(|email| email.value());
        let Some(shown) = primary.or(user.user_name()).map(str::to_lowercase) else { return };
        let aliases = emails.filter_map(|email| email.value()).chain(user.user_name());
        self.known.extend(aliases.map(|alias| (alias.to_lowercase(), shown.clone())));
        self.ids.insert(shown, user.user_id().to_owned());
    }

    fn shown(&self, id: &str) -> String {
        self.ids.iter().find(|(_, known)| *known == id).map_or(id, |(shown, _)| shown).to_owned()
    }
}

impl Driver for AccessGroup {
    async fn read(at: &Session) -> Result<Vec<Seen<AccessGroup>>, CallError> {
        let center = center(at).await?;
        let mut pages = center.at.identitystore().list_groups().identity_store_id(&center.store).into_paginator().send();
        let mut groups = Vec::new();
        while let Some(page) = pages.next().await {
            groups.extend(page?.groups);
        }
        let is_ours = groups.iter().any(|group| group.display_name().is_some_and(|name| name.starts_with(CONTRACTOR)));
        let people = if is_ours { people(&center).await? } else { People::default() };
        let mut seen = Vec::new();
        for group in &groups {
            seen.push(see(&center, group, &people).await?);
        }
        Ok(seen)
    }

    async fn create(at: &Session, address: &Address, want: &AccessGroup) -> Result<RemoteId, CallError> {
        let center = center(at).await?;
        let call = center.at.identitystore().create_group().identity_store_id(&center.store).display_name(address.name.as_str());
        let call = call.set_description(Some(want.description.clone()).filter(|text| !text.is_empty()));
        let Some(answer) = or_there(call.send().await.map_err(CallError::from))? else {
            let taken = || CallError::refused("identitystore:CreateGroup", format!("{} is taken, and not listed", address.name));
            return AccessGroup::find(at, address).await?.map(|seen| seen.id).ok_or_else(taken);
        };
        if let Some(members) = want.members.as_ref().filter(|members| !members.is_empty()) {
            let people = people(&center).await?;
            // Whoever is not in Identity Center yet is what the next plan tells.
            for id in members.iter().filter_map(|email| people.ids.get(&shown(&people.known, email))) {
                add(&center, answer.group_id(), id).await?;
            }
        }
        Ok(answer.group_id().into())
    }

    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &AccessGroup, _: &[Change]) -> Result<(), CallError> {
        let Some(members) = &want.members else { return Ok(()) };
        let center = center(at).await?;
        let people = people(&center).await?;
        let wanted: BTreeSet<String> =
            members.iter().filter_map(|email| people.ids.get(&shown(&people.known, email)).cloned()).collect();
        let live = memberships(&center, id.as_str()).await?;
        for person in wanted.iter().filter(|person| !live.contains_key(*person)) {
            add(&center, id.as_str(), person).await?;
        }
        for membership in live.iter().filter(|(person, _)| !wanted.contains(*person)).map(|(_, membership)| membership) {
            let call = center.at.identitystore().delete_group_membership().identity_store_id(&center.store);
            or_missing(call.membership_id(membership).send().await.map_err(CallError::from))?;
        }
        Ok(())
    }

    async fn delete(_: &Session, address: &Address, _: &RemoteId, _: &AccessGroup) -> Result<(), CallError> {
        Err(CallError::refused("identitystore:DeleteGroup", format!("{address} is not deleted by a plan: delete it by hand")))
    }
}

async fn see(center: &Center, group: &Group, people: &People) -> Result<Seen<AccessGroup>, CallError> {
    let display = group.display_name().unwrap_or_default();
    let is_contractor = display.starts_with(CONTRACTOR);
    let members = if is_contractor {
        let found = memberships(center, group.group_id()).await?;
        Some(found.keys().map(|id| people.shown(id)).collect())
    } else {
        None
    };
    let spec = AccessGroup {
        description: group.description().unwrap_or_default().to_owned(),
        members,
        synced: !group.external_ids().is_empty(),
        known: if is_contractor { people.known.clone() } else { BTreeMap::new() },
    };
    Ok(Seen { id: group.group_id().into(), name: display.parse::<Name>().ok(), spec })
}

async fn people(center: &Center) -> Result<People, CallError> {
    let mut pages = center.at.identitystore().list_users().identity_store_id(&center.store).into_paginator().send();
    let mut people = People::default();
    while let Some(page) = pages.next().await {
        page?.users().iter().for_each(|user| people.add(user));
    }
    Ok(people)
}

/// The people in a group by their ids, with the ids of their memberships.
async fn memberships(center: &Center, group: &str) -> Result<BTreeMap<String, String>, CallError> {
    let call = center.at.identitystore().list_group_memberships().identity_store_id(&center.store).group_id(group);
    let mut pages = call.into_paginator().send();
    let mut all = BTreeMap::new();
    while let Some(page) = pages.next().await {
        let person = |found: &aws_sdk_identitystore::types::GroupMembership| match found.member_id() {
            Some(MemberId::UserId(id)) => Some((id.clone(), found.membership_id().to_owned())),
            _ => None,
        };
        all.extend(page?.group_memberships().iter().filter_map(person));
    }
    Ok(all)
}

async fn add(center: &Center, group: &str, person: &str) -> Result<(), CallError> {
    let call = center.at.identitystore().create_group_membership().identity_store_id(&center.store).group_id(group);
    or_there(call.member_id(MemberId::UserId(person.to_owned())).send().await.map_err(CallError::from)).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(members: &[&str]) -> AccessGroup {
        AccessGroup { members: Some(members.iter().map(|email| (*email).to_owned()).collect()), ..AccessGroup::default() }
    }

    fn live(members: &[&str]) -> AccessGroup {
        let known = [("jane@agency.example", "jane@agency.example"), ("jane", "jane@agency.example"), ("old@agency.example", "old@agency.example")];
        AccessGroup { known: known.map(|(alias, shown)| (alias.to_owned(), shown.to_owned())).into(), ..group(members) }
    }

    #[test]
    fn people_join_and_leave_and_unknown_ones_are_a_person_s_business() {
        let changes = AccessGroup::changes(&live(&["old@agency.example"]), &group(&["Jane@agency.example", "new@agency.example"]));
        let seen: Vec<_> = changes.iter().map(|c| (c.field.as_str(), c.effect)).collect();
        let expected = [
            ("members.jane@agency.example", Effect::InPlace),
            ("members.new@agency.example", Effect::ByHand),
            ("members.old@agency.example", Effect::InPlace),
        ];
        assert_eq!(seen, expected);
        assert_eq!(AccessGroup::changes(&live(&["jane@agency.example"]), &group(&["jane"])), [], "by another of her names");
    }

    #[test]
    fn a_synced_group_is_left_to_whoever_syncs_it() {
        let synced = AccessGroup { synced: true, ..live(&[]) };
        let changes = AccessGroup::changes(&synced, &group(&["jane"]));
        assert_eq!(changes.iter().map(|change| change.effect).collect::<Vec<_>>(), [Effect::ByHand]);
        assert_eq!(AccessGroup::changes(&synced, &AccessGroup::default()), []);
    }
}
