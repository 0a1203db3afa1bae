//! `sns-subscription`: somebody whom a topic pages. An email address is pending until its human has confirmed; it is shown as such, is no
//! drift, and is never subscribed a second time while it waits.
//!
//! A subscription carries no tags. The topic is ours, and so is everybody whom it writes to: its name is made of what it is.

use super::{Driver, Kind, Scope, Seen, Tags};
use crate::aws::{CallError, Session, or_missing};
use crate::model::{Address, Change, Effect, KindName, Name, Reference, RemoteId};
use aws_sdk_sns::types::Subscription;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// Somebody whom a topic pages. The resource's name is the topic's, the protocol and the endpoint: `page-payments-primary/sms/15550100`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SnsSubscription {
    /// The topic.
    pub topic: Reference,
    /// `email` or `sms`.
    pub protocol: Protocol,
    /// The email address, or the phone number with the country's code.
    pub endpoint: String,
    /// Found, never declared: whether its human has yet to confirm.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(skip)]
    pub pending: bool,
}

/// How SNS writes to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    Email,
    Sms,
}

impl Protocol {
    fn as_str(self) -> &'static str {
        match self {
            Protocol::Email => "email",
            Protocol::Sms => "sms",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The end of a subscription's name, which tells endpoints apart: `email/ada_at_acme.example`, `sms/15550100`. What a name can't hold is
/// written as `_` and its hexadecimal code.
pub fn named_after(protocol: Protocol, endpoint: &str) -> String {
    let plain = if protocol == Protocol::Sms { endpoint.trim_start_matches('+') } else { endpoint };
    let sign = |byte: u8| match byte {
        b'@' => "_at_".to_owned(),
        b'.' | b'-' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("_{byte:02x}"),
    };
    format!("{protocol}/{}", plain.bytes().map(sign).collect::<String>())
}

impl Kind for SnsSubscription {
    const NAME: KindName = KindName::new("sns-subscription");
    const SCOPE: Scope = Scope::Regional;
    const ABOUT: &'static str =
        "Somebody whom a topic pages, by email or SMS. An email address is pending until its human has followed the link that SNS sent.";
    const REFERS: &'static [KindName] = &[KindName::new("sns-topic")];
    const READS: &'static [&'static str] = &["sns:ListSubscriptions"];
    const WRITES: &'static [&'static str] = &["sns:Subscribe", "sns:Unsubscribe"];

    fn changes(live: &SnsSubscription, want: &SnsSubscription) -> Vec<Change> {
        let SnsSubscription { topic, protocol, endpoint, pending: _ } = live;
        let SnsSubscription { topic: want_topic, protocol: want_protocol, endpoint: want_endpoint, pending: _ } = want;
        let changes = [
            Change::of("topic", topic, want_topic),
            Change::of("protocol", protocol, want_protocol),
            Change::of("endpoint", endpoint, want_endpoint),
        ];
        changes.into_iter().flatten().map(Change::replaces).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::from([self.topic.clone()])
    }

    // A topic takes its subscriptions along.
    fn rebind(&self, _: &Reference) -> Effect {
        Effect::Replaces
    }

    fn pending(&self) -> Option<String> {
        self.pending.then(|| format!("{} has yet to follow the link in SNS's email, within two days of its being sent", self.endpoint))
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

/// What AWS says in the place of an ARN.
const PENDING: &str = "PendingConfirmation";
/// What it says of one that has been cancelled, for a while.
const DELETED: &str = "Deleted";

impl Driver for SnsSubscription {
    async fn read(at: &Session) -> Result<Vec<Seen<SnsSubscription>>, CallError> {
        let declared = at.declared(&SnsSubscription::NAME);
        let seen = all(at).await?.into_iter().map(|(_, seen)| {
            // AWS has no call that takes back an invitation; it lapses. Nobody plans to delete what can't be deleted.
            let lapses = |name: &Name| seen.spec.pending && !declared.contains(name);
            Seen { name: seen.name.clone().filter(|name| !lapses(name)), ..seen }
        });
        Ok(seen.collect())
    }

    // By name alone: whether it is declared is the plan's business, and has been decided.
    async fn find(at: &Session, address: &Address) -> Result<Option<Seen<SnsSubscription>>, CallError> {
        Ok(all(at).await?.into_iter().map(|(_, seen)| seen).find(|seen| seen.name.as_ref() == Some(&address.name)))
    }

    async fn create(at: &Session, address: &Address, want: &SnsSubscription) -> Result<RemoteId, CallError> {
        let expected = name(&want.topic, want.protocol, &want.endpoint);
        if expected.as_ref() != Some(&address.name) {
            let why = format!("{} is not called {}", address.name, expected.map(|name| name.to_string()).unwrap_or_default());
            return Err(CallError::refused("sns:Subscribe", why));
        }
        let topic = at.id_of(&want.topic, at.region().clone())?;
        let call = at.sns().subscribe().topic_arn(topic.as_str()).protocol(want.protocol.as_str()).endpoint(&want.endpoint);
        call.send().await?;
        Ok(id(topic.as_str(), want))
    }

    async fn update(_: &Session, address: &Address, _: &RemoteId, _: &SnsSubscription, _: &[Change]) -> Result<(), CallError> {
        Err(CallError::refused("sns:SetSubscriptionAttributes", format!("{address} is replaced, never changed")))
    }

    async fn delete(at: &Session, address: &Address, _: &RemoteId, _: &SnsSubscription) -> Result<(), CallError> {
        let found = all(at).await?.into_iter().find(|(_, seen)| seen.name.as_ref() == Some(&address.name));
        let Some((arn, seen)) = found else { return Ok(()) };
        if seen.spec.pending {
            // It has been taken away since the plan was made, and put there again: the new invitation lapses by itself.
            return Ok(());
        }
        or_missing(at.sns().unsubscribe().subscription_arn(arn).send().await.map_err(CallError::from)).map(drop)
    }
}

/// All subscriptions of people, each with what AWS gives for its ARN. One call for a hundred, whatever the topic.
async fn all(at: &Session) -> Result<Vec<(String, Seen<SnsSubscription>)>, CallError> {
    let mut pages = at.sns().list_subscriptions().into_paginator().send();
    let mut seen = Vec::new();
    while let Some(page) = pages.next().await {
        seen.extend(page?.subscriptions().iter().filter_map(|found| see(at, found)));
    }
    Ok(seen)
}

/// A subscription to a topic of ours by email or SMS. Queues and functions that others subscribe are theirs, and so are other topics.
fn see(at: &Session, found: &Subscription) -> Option<(String, Seen<SnsSubscription>)> {
    let protocol = match found.protocol()? {
        "email" => Protocol::Email,
        "sms" => Protocol::Sms,
        _ => return None,
    };
    let arn = found.subscription_arn().filter(|arn| *arn != DELETED)?;
    let topic = at.reference(&KindName::new("sns-topic"), found.topic_arn()?)?;
    let spec = SnsSubscription { topic, protocol, endpoint: found.endpoint()?.to_owned(), pending: arn == PENDING };
    let name = name(&spec.topic, protocol, &spec.endpoint);
    Some((arn.to_owned(), Seen { id: id(found.topic_arn()?, &spec), name, spec }))
}

/// A pending subscription has no id of its own; this is one for all.
fn id(topic: &str, spec: &SnsSubscription) -> RemoteId {
    format!("{topic}#{}#{}", spec.protocol, spec.endpoint).into()
}

/// None when it is too long for a name.
fn name(topic: &Reference, protocol: Protocol, endpoint: &str) -> Option<Name> {
    format!("{}/{}", topic.name, named_after(protocol, endpoint)).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_have_names_that_tell_them_apart() {
        assert_eq!(named_after(Protocol::Sms, "+15550100"), "sms/15550100");
        assert_eq!(named_after(Protocol::Email, "ada.fern+x@acme.example"), "email/ada.fern_2bx_at_acme.example");
        assert_eq!(named_after(Protocol::Email, "a_at_b@c"), "email/a_5fat_5fb_at_c");
    }

    #[test]
    fn who_has_not_confirmed_is_pending_and_no_drift() {
        let want =
            SnsSubscription { topic: "sns-topic/page-a".parse().unwrap(), protocol: Protocol::Email, endpoint: "a@b.example".into(), pending: false };
        let live = SnsSubscription { pending: true, ..want.clone() };
        assert_eq!(SnsSubscription::changes(&live, &want), []);
        assert!(live.pending().unwrap().starts_with("a@b.example has yet to follow the link"));
        assert_eq!(want.pending(), None);
        let other = SnsSubscription { endpoint: "c@b.example".into(), ..want.clone() };
        assert_eq!(SnsSubscription::changes(&live, &other)[0].effect, Effect::Replaces);
    }
}
