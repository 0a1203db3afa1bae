//! `contact-channel`: one way to reach a person. It works once that person has given AWS the code that it sent there; until then it is
//! shown as pending, and is no drift. Never sends a code twice for the same address.

use super::{Driver, Kind, Scope, Seen, Tags, contacts};
use crate::aws::{CallError, Session};
use crate::model::{Address, Change, KindName, Name, Reference, RemoteId, Risk};
use aws_sdk_ssmcontacts::types::{ActivationStatus, ChannelType, ContactChannel as Found, ContactChannelAddress, ContactType};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// One way to reach a person. The resource's name is the person's alias, a hyphen and the way: `ada-sms`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactChannel {
    /// Whom it reaches.
    pub contact: Reference,
    /// `email`, `sms` or `voice`.
    #[serde(rename = "type")]
    pub by: Way,
    /// The email address, or the phone number with the country's code.
    pub address: String,
    /// Found, never declared: whether AWS still waits for the code that it sent there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(skip)]
    pub pending: bool,
}

/// How somebody is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    Email,
    Sms,
    Voice,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Way::Email => "email",
            Way::Sms => "sms",
            Way::Voice => "voice",
        })
    }
}

impl Kind for ContactChannel {
    const NAME: KindName = KindName::new("contact-channel");
    const SCOPE: Scope = Scope::Organization;
    const ABOUT: &'static str =
        "One way to reach a contact: email, SMS or voice. AWS sends a code there when it is made, and uses it once somebody has entered that code.";
    const REFERS: &'static [KindName] = &[KindName::new("contact")];
    const OPTIONAL: bool = true;
    const READS: &'static [&'static str] = &["ssm-contacts:ListContacts", "ssm-contacts:ListContactChannels"];
    const WRITES: &'static [&'static str] = &[
        "ssm-contacts:CreateContactChannel",
        "ssm-contacts:UpdateContactChannel",
        "ssm-contacts:SendActivationCode",
        "ssm-contacts:DeleteContactChannel",
    ];

    fn changes(live: &ContactChannel, want: &ContactChannel) -> Vec<Change> {
        let ContactChannel { contact, by, address, pending: _ } = live;
        let ContactChannel { contact: want_contact, by: want_by, address: want_address, pending: _ } = want;
        let contact = Change::of("contact", contact, want_contact).map(Change::replaces);
        let by = Change::of("type", by, want_by).map(Change::replaces);
        let address = Change::of("address", address, want_address)
            .map(|change| change.concerning(Risk::Notable, "nobody is reached there until the code that AWS sends has been entered"));
        [contact, by, address].into_iter().flatten().collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::from([self.contact.clone()])
    }

    fn pending(&self) -> Option<String> {
        let code = "it is used once the code that AWS sent there has been entered: `aws ssm-contacts activate-contact-channel`";
        self.pending.then(|| format!("{} to {}: {code}", self.by, self.address))
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

impl Driver for ContactChannel {
    // Channels take no tags: one of ours is a channel of a contact of ours, by the name that we give.
    async fn read(at: &Session) -> Result<Vec<Seen<ContactChannel>>, CallError> {
        let all = contacts::listed(at, ContactType::Personal).await?;
        let kind = KindName::new("contact");
        let ours: Vec<(Reference, RemoteId)> =
            all.into_iter().filter_map(|one| Some((at.reference(&kind, one.id.as_str())?, one.id))).collect();
        let found = contacts::each(&ours, async |(_, id): &(Reference, RemoteId)| of(at, id).await).await?;
        let seen = found.into_iter().flat_map(|((contact, _), channels)| channels.into_iter().filter_map(move |one| see(contact, &one)));
        Ok(seen.collect())
    }

    async fn create(at: &Session, address: &Address, want: &ContactChannel) -> Result<RemoteId, CallError> {
        let contact = contacts::ids(at, [&want.contact])?.remove(0);
        let call = at.ssmcontacts().create_contact_channel().contact_id(contact).name(address.name.as_str());
        let call = call.r#type(want.by.into()).delivery_address(delivery(want)).defer_activation(false);
        match call.send().await.map_err(CallError::from) {
            Ok(answer) => Ok(answer.contact_channel_arn().into()),
            Err(error) if contacts::is_conflict(&error) => {
                let seen = ContactChannel::find(at, address).await?;
                seen.map(|seen| seen.id).ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &ContactChannel, changes: &[Change]) -> Result<(), CallError> {
        if changes.iter().any(|change| change.field == "address") {
            let call = at.ssmcontacts().update_contact_channel().contact_channel_id(id.as_str());
            call.delivery_address(delivery(want)).send().await?;
            at.ssmcontacts().send_activation_code().contact_channel_id(id.as_str()).send().await?;
        }
        Ok(())
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &ContactChannel) -> Result<(), CallError> {
        contacts::gone(at.ssmcontacts().delete_contact_channel().contact_channel_id(id.as_str()).send().await.map_err(CallError::from))
    }
}

async fn of(at: &Session, contact: &RemoteId) -> Result<Vec<Found>, CallError> {
    let mut pages = at.ssmcontacts().list_contact_channels().contact_id(contact.as_str()).into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        all.extend(page?.contact_channels);
    }
    Ok(all)
}

fn see(contact: &Reference, found: &Found) -> Option<Seen<ContactChannel>> {
    let by = match found.r#type()? {
        ChannelType::Email => Way::Email,
        ChannelType::Sms => Way::Sms,
        ChannelType::Voice => Way::Voice,
        _ => return None,
    };
    let ours = format!("{}-{by}", contact.name);
    let spec = ContactChannel {
        contact: contact.clone(),
        by,
        address: found.delivery_address().and_then(ContactChannelAddress::simple_address).unwrap_or_default().to_owned(),
        pending: *found.activation_status() != ActivationStatus::Activated,
    };
    let name = found.name().parse::<Name>().ok().filter(|name| name.as_str() == ours);
    Some(Seen { id: found.contact_channel_arn().into(), name, spec })
}

fn delivery(want: &ContactChannel) -> ContactChannelAddress {
    ContactChannelAddress::builder().simple_address(&want.address).build()
}

impl From<Way> for ChannelType {
    fn from(by: Way) -> ChannelType {
        match by {
            Way::Email => ChannelType::Email,
            Way::Sms => ChannelType::Sms,
            Way::Voice => ChannelType::Voice,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Effect;

    fn sms(address: &str) -> ContactChannel {
        ContactChannel { contact: "contact/ada".parse().unwrap(), by: Way::Sms, address: address.into(), pending: false }
    }

    #[test]
    fn what_waits_for_its_code_is_pending_and_no_drift() {
        let live = ContactChannel { pending: true, ..sms("+15550100") };
        assert_eq!(ContactChannel::changes(&live, &sms("+15550100")), []);
        assert!(live.pending().unwrap().starts_with("sms to +15550100: it is used once the code"));
        assert_eq!(sms("+15550100").pending(), None);
    }

    #[test]
    fn an_address_changes_in_place_and_who_is_reached_does_not() {
        let live = sms("+15550100");
        let want = ContactChannel { contact: "contact/grace".parse().unwrap(), by: Way::Voice, ..sms("+15550101") };
        let effects: Vec<_> = ContactChannel::changes(&live, &want).into_iter().map(|change| (change.field, change.effect)).collect();
        let expected = [("contact", Effect::Replaces), ("type", Effect::Replaces), ("address", Effect::InPlace)];
        assert_eq!(effects, expected.map(|(field, effect)| (field.to_owned(), effect)));
    }
}
