//! `alternate-contact`: whom AWS writes to about an account's bills, operations or security, beside its root user.

use super::setting::{self, Setting};
use super::{Kind, Scope, Tags};
use crate::aws::{CallError, Session, or_missing};
use crate::model::{Change, KindName, Name, Reference};
use aws_sdk_account::types::AlternateContactType;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A contact. The resource is called `billing`, `operations` or `security`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlternateContact {
    /// The person, or the team.
    pub name: String,
    /// What the person is. AWS demands one.
    pub title: String,
    /// Where AWS writes to.
    pub email: String,
    /// Where AWS calls. It demands a number.
    pub phone: String,
}

impl Kind for AlternateContact {
    const NAME: KindName = KindName::new("alternate-contact");
    const SCOPE: Scope = Scope::Global;
    const ABOUT: &'static str = "Whom AWS writes to about an account's bills, operations or security. Called `billing`, `operations` or `security`.";
    const REFERS: &'static [KindName] = &[];
    const SETTING: bool = true;
    const READS: &'static [&'static str] = &["account:GetAlternateContact"];
    const WRITES: &'static [&'static str] = &["account:PutAlternateContact"];

    fn changes(live: &AlternateContact, want: &AlternateContact) -> Vec<Change> {
        let AlternateContact { name, title, email, phone } = live;
        let AlternateContact { name: want_name, title: want_title, email: want_email, phone: want_phone } = want;
        let changes = [
            Change::of("name", name, want_name),
            Change::of("title", title, want_title),
            Change::of("email", email, want_email),
            Change::of("phone", phone, want_phone),
        ];
        changes.into_iter().flatten().collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::new()
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

impl Setting for AlternateContact {
    async fn get(at: &Session, name: &Name) -> Result<Option<AlternateContact>, CallError> {
        let call = at.accounts().get_alternate_contact().alternate_contact_type(of(name)?);
        let answer = or_missing(call.send().await.map_err(CallError::from))?;
        Ok(answer.and_then(|answer| answer.alternate_contact).map(|contact| AlternateContact {
            name: contact.name.unwrap_or_default(),
            title: contact.title.unwrap_or_default(),
            email: contact.email_address.unwrap_or_default(),
            phone: contact.phone_number.unwrap_or_default(),
        }))
    }

    async fn put(at: &Session, name: &Name, want: &AlternateContact) -> Result<(), CallError> {
        let call = at.accounts().put_alternate_contact().alternate_contact_type(of(name)?).name(&want.name).title(&want.title);
        call.email_address(&want.email).phone_number(&want.phone).send().await?;
        Ok(())
    }
}

setting::driver!(AlternateContact);

pub(super) fn of(name: &Name) -> Result<AlternateContactType, CallError> {
    match name.as_str() {
        "billing" => Ok(AlternateContactType::Billing),
        "operations" => Ok(AlternateContactType::Operations),
        "security" => Ok(AlternateContactType::Security),
        other => Err(CallError::refused("account:PutAlternateContact", format!("AWS knows no contact called `{other}`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_changes_in_place() {
        let contact = |name: &str| AlternateContact {
            name: name.into(),
            title: format!("{name}'s"),
            email: format!("{name}@acme.example"),
            phone: "+15550100".into(),
        };
        let fields: Vec<String> =
            AlternateContact::changes(&contact("ada"), &contact("alan")).into_iter().map(|change| change.field).collect();
        assert_eq!(fields, ["name", "title", "email"]);
        assert!(of(&"marketing".parse().unwrap()).is_err());
    }
}
