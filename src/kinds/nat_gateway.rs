//! `nat-gateway`: the way out to the internet for private subnets.

use super::{Driver, ElasticIp, Kind, Scope, Seen, Subnet, Tags, ec2, tags};
use crate::aws::{AwsError, Session, Wait, or_missing, until};
use crate::model::{Address, Change, Digest, KindName, Reference, RemoteId, Risk};
use aws_sdk_ec2::types::{Filter, NatGateway as Found, NatGatewayState, ResourceType};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

/// A NAT gateway takes one to three minutes to come, and about as long to go.
const SETTLING: Wait = Wait { first_pause: Duration::from_millis(500), limit: Duration::from_secs(900) };

/// A gateway deleted by hand and made again on the same subnet and address needs a new token each time.
const TOKENS: u32 = 10;
/// A new gateway is listed within seconds; one that is not after so many looks is long gone.
const LOOKS_UNTIL_VISIBLE: u32 = 12;

/// A public NAT gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NatGateway {
    /// The public subnet that it stands in.
    pub subnet: Reference,
    /// The address that the world sees.
    pub elastic_ip: Reference,
    #[serde(default)]
    pub tags: Tags,
}

impl Kind for NatGateway {
    const NAME: KindName = KindName::new("nat-gateway");
    const SCOPE: Scope = Scope::Regional;
    const ABOUT: &'static str = "A NAT gateway: lets private subnets reach the internet without being reached from it. Billed by the hour.";
    const REFERS: &'static [KindName] = &[Subnet::NAME, ElasticIp::NAME];
    const READS: &'static [&'static str] = &["ec2:DescribeNatGateways"];
    const WRITES: &'static [&'static str] = &["ec2:CreateNatGateway", "ec2:DeleteNatGateway", "ec2:CreateTags"];

    fn changes(live: &NatGateway, want: &NatGateway) -> Vec<Change> {
        let NatGateway { subnet, elastic_ip, tags } = live;
        let replacing = [Change::of("subnet", subnet, &want.subnet), Change::of("elastic_ip", elastic_ip, &want.elastic_ip)];
        let why = "private subnets can't reach the internet while the gateway is replaced";
        let replacing = replacing.into_iter().flatten().map(|change| change.replaces().concerning(Risk::Dangerous, why));
        replacing.chain(tags::changes(tags, &want.tags)).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::from([self.subnet.clone(), self.elastic_ip.clone()])
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        Some(&mut self.tags)
    }
}

impl Driver for NatGateway {
    /// Those that are there or coming. Deleted ones stay listed for an hour, and failed ones too: neither is there.
    async fn read(at: &Session) -> Result<Vec<Seen<NatGateway>>, AwsError> {
        let alive = Filter::builder().name("state").values("pending").values("available").build();
        let mut pages = at.ec2().describe_nat_gateways().filter(alive).into_paginator().send();
        let mut seen = Vec::new();
        while let Some(page) = pages.next().await {
            seen.extend(page?.nat_gateways().iter().filter_map(|found| see(at, found)));
        }
        Ok(seen)
    }

    async fn create(at: &Session, address: &Address, want: &NatGateway) -> Result<RemoteId, AwsError> {
        let subnet = at.id_of(&want.subnet, at.region().clone())?;
        let elastic_ip = at.id_of(&want.elastic_ip, at.region().clone())?;
        for round in 0..TOKENS {
            let id = ask(at, address, want, (&subnet, &elastic_ip, round)).await?;
            if comes_up(at, &id).await? {
                return Ok(id);
            }
        }
        Err(AwsError::refused("ec2:CreateNatGateway", "AWS keeps answering with gateways that were deleted; try again tomorrow"))
    }

    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &NatGateway, changes: &[Change]) -> Result<(), AwsError> {
        ec2::retag(at, id, &want.tags, changes).await
    }

    /// Waits until it is gone: only then are its address and its subnet free.
    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &NatGateway) -> Result<(), AwsError> {
        let call = at.ec2().delete_nat_gateway().nat_gateway_id(id.as_str());
        if or_missing(call.send().await.map_err(AwsError::from))?.is_none() {
            return Ok(());
        }
        until("the NAT gateway's removal", SETTLING, async || match or_missing(state(at, id).await)?.flatten() {
            None | Some(NatGatewayState::Deleted) => Ok(Some(())),
            Some(_) => Ok(None),
        })
        .await
    }
}

/// Asks for a gateway. The token is bound to the subnet and address that it stands on, so that one asked for twice is made once.
async fn ask(at: &Session, address: &Address, want: &NatGateway, on: (&RemoteId, &RemoteId, u32)) -> Result<RemoteId, AwsError> {
    let token = Digest::of(&(address, on)).short().to_owned();
    let marks = ec2::marks(ResourceType::Natgateway, address, &want.tags);
    let call = at.ec2().create_nat_gateway().subnet_id(on.0.as_str()).allocation_id(on.1.as_str());
    let answer = call.client_token(token).tag_specifications(marks).send().await?;
    ec2::created("ec2:CreateNatGateway", answer.nat_gateway().and_then(Found::nat_gateway_id))
}

/// Waits for a gateway to come up; false when it is one of the past, which AWS remembers by its token for a day after its end.
async fn comes_up(at: &Session, id: &RemoteId) -> Result<bool, AwsError> {
    let mut unseen = 0;
    until("the NAT gateway's coming up", SETTLING, async || {
        let Some(state) = or_missing(state(at, id).await)?.flatten() else {
            unseen += 1;
            return Ok((unseen > LOOKS_UNTIL_VISIBLE).then_some(false));
        };
        match state {
            NatGatewayState::Available => Ok(Some(true)),
            NatGatewayState::Deleted | NatGatewayState::Deleting => Ok(Some(false)),
            NatGatewayState::Failed => Err(AwsError::refused("ec2:CreateNatGateway", format!("{id} failed to come up"))),
            _ => Ok(None),
        }
    })
    .await
}

async fn state(at: &Session, id: &RemoteId) -> Result<Option<NatGatewayState>, AwsError> {
    let answer = at.ec2().describe_nat_gateways().nat_gateway_ids(id.as_str()).send().await?;
    Ok(answer.nat_gateways().first().and_then(|found| found.state.clone()))
}

fn see(at: &Session, found: &Found) -> Option<Seen<NatGateway>> {
    let all = ec2::tags(found.tags());
    let spec = NatGateway {
        subnet: at.reference(&Subnet::NAME, found.subnet_id()?)?,
        elastic_ip: at.reference(&ElasticIp::NAME, found.nat_gateway_addresses().first()?.allocation_id()?)?,
        tags: tags::declared(&all),
    };
    Some(Seen { id: found.nat_gateway_id()?.into(), name: tags::owner(at, &NatGateway::NAME, &all), spec })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_subnet_is_another_gateway() {
        let gateway = |subnet: &str| NatGateway {
            subnet: subnet.parse().unwrap(),
            elastic_ip: "elastic-ip/nat-a".parse().unwrap(),
            tags: Tags::new(),
        };
        let changes = NatGateway::changes(&gateway("subnet/public-a"), &gateway("subnet/public-b"));
        assert_eq!(changes[0].effect, crate::model::Effect::Replaces);
    }
}
