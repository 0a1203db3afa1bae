//! `contact`: somebody whom Incident Manager calls. How is told by the person's channels and engagement plan.

use super::{Driver, Kind, Scope, Seen, Tags, contacts, replication_set};
use crate::aws::{CallError, Session};
use crate::model::{Address, Change, Effect, KindName, Reference, RemoteId};
use aws_sdk_ssmcontacts::types::{ContactType, Plan};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Somebody who is called. The resource's name is the contact's alias.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// As colleagues write it. AWS takes letters, digits, spaces and `_.-`; anything else becomes a hyphen.
    pub display_name: String,
}

impl Kind for Contact {
    const NAME: KindName = KindName::new("contact");
    const SCOPE: Scope = Scope::Organization;
    const ABOUT: &'static str = "A person whom Incident Manager calls, by an alias.";
    const REFERS: &'static [KindName] = &[KindName::new("replication-set")];
    const OPTIONAL: bool = true;
    const READS: &'static [&'static str] = &["ssm-contacts:ListContacts", "ssm-contacts:ListTagsForResource"];
    const WRITES: &'static [&'static str] = &[
        "ssm-contacts:CreateContact",
        "ssm-contacts:AssociateContact",
        "ssm-contacts:UpdateContact",
        "ssm-contacts:DeleteContact",
    ];

    fn changes(live: &Contact, want: &Contact) -> Vec<Change> {
        let Contact { display_name } = live;
        let Contact { display_name: want_name } = want;
        Change::of("display_name", &contacts::shown(display_name), &contacts::shown(want_name)).into_iter().collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::from([replication_set::main()])
    }

    fn rebind(&self, _: &Reference) -> Effect {
        Effect::InPlace
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

impl Driver for Contact {
    async fn read(at: &Session) -> Result<Vec<Seen<Contact>>, CallError> {
        let all = contacts::listed(at, ContactType::Personal).await?;
        let owners = contacts::each(&all, async |one: &contacts::Listed| contacts::owner(at, &Contact::NAME, one.id.as_str()).await);
        let seen = owners.await?.into_iter().map(|(one, name)| Seen {
            id: one.id.clone(),
            name: name.filter(|name| name.as_str() == one.alias),
            spec: Contact { display_name: one.display_name.clone() },
        });
        Ok(seen.collect())
    }

    async fn create(at: &Session, address: &Address, want: &Contact) -> Result<RemoteId, CallError> {
        // How to reach the person comes later: channels need the contact, and its plan needs the channels.
        let plan = Plan::builder().set_stages(Some(Vec::new())).build();
        contacts::create(at, address, (ContactType::Personal, &want.display_name), plan).await
    }

    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &Contact, _: &[Change]) -> Result<(), CallError> {
        contacts::update(at, id, Some(&want.display_name), None).await
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &Contact) -> Result<(), CallError> {
        contacts::delete(at, id).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_compared_as_aws_shows_it() {
        let named = |name: &str| Contact { display_name: name.to_owned() };
        assert_eq!(Contact::changes(&named("Ada O-Brien"), &named("Ada O'Brien")), []);
        assert_eq!(Contact::changes(&named("Ada"), &named("Ada Fern"))[0].effect, Effect::InPlace);
        assert_eq!(named("Ada").needs(), BTreeSet::from(["replication-set/main".parse().unwrap()]));
    }
}
