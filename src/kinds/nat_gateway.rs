//! `nat-gateway`: lets private subnets reach the internet, from an elastic IP.

use super::{Driver, Kind, Scope, Seen, Tags, ec2, tags};
use crate::aws::{CallError, Session, Wait, or_missing, until};
use crate::model::{Address, Change, KindName, Reference, RemoteId, Risk};
use aws_sdk_ec2::types::{Filter, NatGateway as Found, NatGatewayState as State, ResourceType};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

/// A gateway usually comes and goes within three minutes; AWS promises nothing, so we give it five times that.
const WAIT: Wait = Wait { first_pause: Duration::from_millis(500), limit: Duration::from_secs(900) };

/// Lets private subnets reach the internet, from an elastic IP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NatGateway {
    /// The public subnet that the gateway stands in.
    pub subnet: Reference,
    /// The address that it sends from.
    pub elastic_ip: Reference,
    /// Tags. Those of the team, domain and environment are set without being declared.
    #[serde(default)]
    pub tags: Tags,
}

impl Kind for NatGateway {
    const NAME: KindName = KindName::new("nat-gateway");
    const SCOPE: Scope = Scope::Regional;
    const ABOUT: &'static str = "A NAT gateway: lets private subnets reach the internet, from an address that stays the same.";
    const REFERS: &'static [KindName] = &[KindName::new("subnet"), KindName::new("elastic-ip")];
    const READS: &'static [&'static str] = &["ec2:DescribeNatGateways"];
    const WRITES: &'static [&'static str] = &["ec2:CreateNatGateway", "ec2:DeleteNatGateway", "ec2:CreateTags"];

    fn changes(live: &NatGateway, want: &NatGateway) -> Vec<Change> {
        let NatGateway { subnet, elastic_ip, tags: live_tags } = live;
        let NatGateway { subnet: want_subnet, elastic_ip: want_ip, tags: want_tags } = want;
        let fixed = [Change::of("subnet", subnet, want_subnet), Change::of("elastic_ip", elastic_ip, want_ip)];
        let why = "nothing behind the gateway reaches the internet while it is replaced";
        let fixed = fixed.into_iter().flatten().map(|change| change.replaces().concerning(Risk::Dangerous, why));
        fixed.chain(tags::changes(live_tags, want_tags)).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::from([self.subnet.clone(), self.elastic_ip.clone()])
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        Some(&mut self.tags)
    }
}

impl Driver for NatGateway {
    async fn read(at: &Session) -> Result<Vec<Seen<NatGateway>>, CallError> {
        Ok(list(at).await?.iter().filter_map(|found| see(at, found)).collect())
    }

    // A gateway that is still coming is not there yet for those who route to it: a step waits for it, a plan doesn't.
    async fn find(at: &Session, address: &Address) -> Result<Option<Seen<NatGateway>>, CallError> {
        let all = list(at).await?;
        let ours = |found: &&Found| tags::owner(at, &NatGateway::NAME, &ec2::tags(found.tags())).as_ref() == Some(&address.name);
        let Some(found) = all.iter().find(ours) else { return Ok(None) };
        if let (Some(State::Pending), Some(id)) = (found.state(), found.nat_gateway_id()) {
            available(at, id).await?;
        }
        Ok(see(at, found))
    }

    // No client token of our own. One made from the address would bring back a gateway that was deleted since, and AWS says neither how
    // long it remembers tokens nor lists deleted gateways that long. What stands against twins: `find` just before, which knows pending
    // gateways too, no repetition by the SDK, and the elastic IP, which only one gateway can hold.
    async fn create(at: &Session, address: &Address, want: &NatGateway) -> Result<RemoteId, CallError> {
        let subnet = at.id_of(&want.subnet, at.region().clone())?;
        let ip = at.id_of(&want.elastic_ip, at.region().clone())?;
        let what = format!("the release of {} by the NAT gateway that held it before", want.elastic_ip);
        until(&what, WAIT, async || Ok((!is_held(at, &ip).await?).then_some(()))).await?;
        let call = at.ec2().create_nat_gateway().subnet_id(subnet.as_str()).allocation_id(ip.as_str());
        let answer = call.tag_specifications(ec2::marks(ResourceType::Natgateway, address, &want.tags)).send().await?;
        let id = ec2::created("ec2:CreateNatGateway", answer.nat_gateway().and_then(Found::nat_gateway_id))?;
        available(at, id.as_str()).await?;
        Ok(id)
    }

    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &NatGateway, changes: &[Change]) -> Result<(), CallError> {
        ec2::retag(at, id, &want.tags, changes).await
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &NatGateway) -> Result<(), CallError> {
        or_missing(at.ec2().delete_nat_gateway().nat_gateway_id(id.as_str()).send().await.map_err(CallError::from))?;
        // Its elastic IP and subnet can't go before it has gone.
        until(&format!("the deletion of NAT gateway {id}"), WAIT, async || {
            let found = or_missing(by_id(at, id.as_str()).await)?.flatten();
            Ok(found.as_ref().is_none_or(|found| found.state() == Some(&State::Deleted)).then_some(()))
        })
        .await
    }
}

/// Waits until traffic can be routed to a gateway.
pub(super) async fn available(at: &Session, id: &str) -> Result<(), CallError> {
    until(&format!("NAT gateway {id} becoming available"), WAIT, async || {
        let Some(found) = or_missing(by_id(at, id).await)?.flatten() else { return Ok(None) };
        match found.state() {
            Some(State::Available) => Ok(Some(())),
            Some(State::Pending) | None => Ok(None),
            Some(state) => {
                let why = found.failure_message().unwrap_or("AWS gives no reason");
                Err(CallError::refused("ec2:CreateNatGateway", format!("NAT gateway {id} is {state}: {why}")))
            }
        }
    })
    .await
}

async fn by_id(at: &Session, id: &str) -> Result<Option<Found>, CallError> {
    let answer = at.ec2().describe_nat_gateways().nat_gateway_ids(id).send().await?;
    Ok(answer.nat_gateways.unwrap_or_default().into_iter().next())
}

async fn list(at: &Session) -> Result<Vec<Found>, CallError> {
    let mut pages = at.ec2().describe_nat_gateways().into_paginator().page_size(ec2::PAGE).send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        all.extend(page?.nat_gateways.unwrap_or_default().into_iter().filter(is_there));
    }
    Ok(all)
}

/// AWS goes on listing deleted and failed gateways for about an hour.
fn is_there(found: &Found) -> bool {
    !matches!(found.state(), Some(State::Deleted | State::Deleting | State::Failed))
}

/// Whether a gateway on its way out still holds an address.
async fn is_held(at: &Session, ip: &RemoteId) -> Result<bool, CallError> {
    let leaving = Filter::builder().name("state").values(State::Deleting.as_str()).build();
    let mut pages = at.ec2().describe_nat_gateways().filter(leaving).into_paginator().page_size(ec2::PAGE).send();
    while let Some(page) = pages.next().await {
        if page?.nat_gateways().iter().any(|found| ip_of(found) == Some(ip.as_str())) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn ip_of(found: &Found) -> Option<&str> {
    found.nat_gateway_addresses().first()?.allocation_id()
}

fn see(at: &Session, found: &Found) -> Option<Seen<NatGateway>> {
    let all = ec2::tags(found.tags());
    let spec = NatGateway {
        subnet: at.reference(&KindName::new("subnet"), found.subnet_id()?)?,
        elastic_ip: at.reference(&KindName::new("elastic-ip"), ip_of(found)?)?,
        tags: tags::declared(&all),
    };
    Some(Seen { id: found.nat_gateway_id()?.into(), name: tags::owner(at, &NatGateway::NAME, &all), spec })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Effect;

    #[test]
    fn another_subnet_or_address_replaces_the_gateway() {
        let nat = |subnet: &str, ip: &str| {
            let (subnet, elastic_ip) = (subnet.parse().unwrap(), ip.parse().unwrap());
            NatGateway { subnet, elastic_ip, tags: Tags::new() }
        };
        let live = nat("subnet/public-a", "elastic-ip/nat-a");
        assert_eq!(NatGateway::changes(&live, &live), []);
        for want in [nat("subnet/public-b", "elastic-ip/nat-a"), nat("subnet/public-a", "elastic-ip/nat-b")] {
            let changes = NatGateway::changes(&live, &want);
            assert_eq!((changes.len(), changes[0].effect), (1, Effect::Replaces));
        }
    }
}
