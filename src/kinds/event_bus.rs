//! `event-bus`: where the accounts of the organization report to. In the management account; ours by its name.

use super::{Driver, Kind, Scope, Seen, Tags, own};
use crate::aws::{CallError, Session, or_exists, or_missing};
use crate::model::{Account, Address, Change, Effect, KindName, Name, Reference, RemoteId, Risk};
use aws_sdk_eventbridge::types::EventBus as Found;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt;

/// An event bus. Its name is the resource's, and begins with `landfall-`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventBus {
    /// Who may put events on it besides the management account: `organization`, which is all of its accounts, or `nobody`.
    #[serde(default)]
    pub senders: Senders,
}

/// Who may put events on a bus.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Senders {
    #[default]
    Nobody,
    Organization,
    /// Found, never declared: a policy of somebody else's making.
    #[schemars(skip)]
    Others(String),
}

impl fmt::Display for Senders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Senders::Nobody => "nobody",
            Senders::Organization => "organization",
            Senders::Others(policy) => policy,
        })
    }
}

impl Kind for EventBus {
    const NAME: KindName = KindName::new("event-bus");
    const SCOPE: Scope = Scope::Organization;
    const ABOUT: &'static str = "An event bus of the management account, which the organization's accounts report to.";
    const REFERS: &'static [KindName] = &[];
    const READS: &'static [&'static str] = &["events:ListEventBuses", "organizations:DescribeOrganization"];
    const WRITES: &'static [&'static str] =
        &["events:CreateEventBus", "events:DeleteEventBus", "events:PutPermission", "events:RemovePermission"];

    fn changes(live: &EventBus, want: &EventBus) -> Vec<Change> {
        let EventBus { senders } = live;
        let EventBus { senders: want_senders } = want;
        let change = Change::of("senders", senders, want_senders);
        change.map(|change| change.concerning(Risk::Notable, "changes who may put events on the bus")).into_iter().collect()
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

/// The ARN of a bus of the management account, which every account can work out.
pub(super) fn arn(at: &Session, bus: &Reference) -> String {
    let (partition, region, account) = (at.partition(), at.region(), at.management_id());
    format!("arn:{partition}:events:{region}:{account}:event-bus/{}", bus.name)
}

/// The bus behind an ARN, as a spec of this account names it.
pub(super) fn reference(at: &Session, arn: &str) -> Option<Reference> {
    let name = arn.rsplit_once(":event-bus/").and_then(|(_, name)| name.parse::<Name>().ok());
    let elsewhere = (*at.account() != Account::Management).then_some(Account::Management);
    let ours = name.map(|name| Reference { account: elsewhere, kind: EventBus::NAME, name });
    ours.filter(|bus| self::arn(at, bus) == arn).or_else(|| own::reference(at, &EventBus::NAME, arn))
}

/// The buses of ours in the session's account.
pub(super) async fn list(at: &Session) -> Result<Vec<Found>, CallError> {
    let (mut all, mut token) = (Vec::new(), None);
    loop {
        let answer = at.eventbridge().list_event_buses().name_prefix(own::PREFIX).set_next_token(token).send().await?;
        token = answer.next_token;
        all.extend(answer.event_buses.unwrap_or_default());
        if token.is_none() {
            return Ok(all);
        }
    }
}

impl Driver for EventBus {
    async fn read(at: &Session) -> Result<Vec<Seen<EventBus>>, CallError> {
        let found = list(at).await?;
        // Without a bus there is no policy to compare, and the organization need not be asked.
        let organization = if found.is_empty() { String::new() } else { organization(at).await? };
        let see = |bus: &Found| {
            let senders = senders(bus.policy(), &organization, bus.arn()?);
            Some(Seen { id: bus.arn()?.into(), name: own::name(bus.name()?), spec: EventBus { senders } })
        };
        Ok(found.iter().filter_map(see).collect())
    }

    async fn create(at: &Session, address: &Address, want: &EventBus) -> Result<RemoteId, CallError> {
        let name = own::checked("events:CreateEventBus", address)?;
        // One that is there already is ours, by its name.
        or_exists(at.eventbridge().create_event_bus().name(name).send().await.map_err(CallError::from))?;
        permit(at, address, want).await?;
        Ok(arn(at, &Reference::here(EventBus::NAME, address.name.clone())).into())
    }

    async fn update(at: &Session, address: &Address, _: &RemoteId, want: &EventBus, _: &[Change]) -> Result<(), CallError> {
        permit(at, address, want).await
    }

    async fn delete(at: &Session, address: &Address, _: &RemoteId, _: &EventBus) -> Result<(), CallError> {
        or_missing(at.eventbridge().delete_event_bus().name(address.name.as_str()).send().await.map_err(CallError::from)).map(drop)
    }
}

/// Replaces the whole policy.
async fn permit(at: &Session, address: &Address, want: &EventBus) -> Result<(), CallError> {
    let name = address.name.as_str();
    if want.senders == Senders::Organization {
        let bus = arn(at, &Reference::here(EventBus::NAME, address.name.clone()));
        let policy = policy(&organization(at).await?, &bus).to_string();
        at.eventbridge().put_permission().event_bus_name(name).policy(policy).send().await?;
        return Ok(());
    }
    let call = at.eventbridge().remove_permission().event_bus_name(name).remove_all_permissions(true);
    or_missing(call.send().await.map_err(CallError::from)).map(drop)
}

/// The organization's id, `o-…`.
async fn organization(at: &Session) -> Result<String, CallError> {
    let answer = at.organizations().describe_organization().send().await?;
    Ok(answer.organization().and_then(|organization| organization.id()).unwrap_or_default().to_owned())
}

fn policy(organization: &str, bus: &str) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{
        "Sid": "landfall-organization", "Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": bus,
        "Condition": { "StringEquals": { "aws:PrincipalOrgID": organization } },
    }] })
}

fn senders(found: Option<&str>, organization: &str, bus: &str) -> Senders {
    let Some(text) = found.filter(|text| !text.is_empty()) else { return Senders::Nobody };
    let document = |text: &str| super::Document::found(text);
    match document(text) == document(&policy(organization, bus).to_string()) {
        true => Senders::Organization,
        false => Senders::Others(document(text).compact()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_else_may_send_is_seen() {
        let ours = policy("o-1", "arn:aws:events:x:1:event-bus/b").to_string();
        let seen = |text: &str| senders(Some(text), "o-1", "arn:aws:events:x:1:event-bus/b");
        assert_eq!(seen(&ours), Senders::Organization);
        assert_eq!((seen(""), senders(None, "", "")), (Senders::Nobody, Senders::Nobody));
        for other in [ours.replace("o-1", "o-2"), "odd".to_owned()] {
            assert!(matches!(seen(&other), Senders::Others(_)), "{other}");
        }
        let live = EventBus { senders: seen(&ours.replace("o-1", "o-2")) };
        let changes = EventBus::changes(&live, &EventBus { senders: Senders::Organization });
        assert_eq!((changes.len(), changes[0].concern.as_ref().unwrap().risk), (1, Risk::Notable));
    }
}
