//! `subnet`: a part of a VPC's range in one availability zone.

use super::{Cidr, Driver, Kind, Scope, Seen, Tags, Vpc, ec2, tags};
use crate::aws::{AwsError, Session, or_missing};
use crate::model::{Address, Change, KindName, Reference, RemoteId, Risk};
use aws_sdk_ec2::types::{AttributeBooleanValue, ResourceType, Subnet as Found};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A subnet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subnet {
    pub vpc: Reference,
    /// The IPv4 range. Chosen out of the VPC's and then kept, unless fixed here.
    pub cidr: Cidr,
    /// The letter of the availability zone: `a` is `us-west-2a` in `us-west-2`.
    #[schemars(regex(pattern = "^[a-z]$"))]
    pub zone: String,
    /// Whether what starts here gets a public IPv4 address of its own.
    #[serde(default)]
    pub map_public_ip_on_launch: bool,
    #[serde(default)]
    pub tags: Tags,
}

impl Kind for Subnet {
    const NAME: KindName = KindName::new("subnet");
    const SCOPE: Scope = Scope::Regional;
    const ABOUT: &'static str = "A subnet: a part of the VPC's range in one availability zone.";
    const REFERS: &'static [KindName] = &[Vpc::NAME];
    const READS: &'static [&'static str] = &["ec2:DescribeSubnets"];
    const WRITES: &'static [&'static str] = &["ec2:CreateSubnet", "ec2:ModifySubnetAttribute", "ec2:DeleteSubnet", "ec2:CreateTags"];

    fn changes(live: &Subnet, want: &Subnet) -> Vec<Change> {
        let Subnet { vpc, cidr, zone, map_public_ip_on_launch, tags } = live;
        let why = "replacing a subnet takes down everything in it";
        let replacing = [
            Change::of("vpc", vpc, &want.vpc),
            Change::of("cidr", cidr, &want.cidr),
            Change::of("zone", zone, &want.zone),
        ];
        let replacing = replacing.into_iter().flatten().map(|change| change.replaces().concerning(Risk::Dangerous, why));
        let public = Change::of("map_public_ip_on_launch", map_public_ip_on_launch, &want.map_public_ip_on_launch)
            .map(|change| change.concerning(Risk::Notable, "decides whether new instances get public addresses"));
        replacing.chain(public).chain(tags::changes(tags, &want.tags)).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::from([self.vpc.clone()])
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        Some(&mut self.tags)
    }
}

impl Driver for Subnet {
    async fn read(at: &Session) -> Result<Vec<Seen<Subnet>>, AwsError> {
        let mut pages = at.ec2().describe_subnets().into_paginator().send();
        let mut seen = Vec::new();
        while let Some(page) = pages.next().await {
            seen.extend(page?.subnets().iter().filter_map(|found| see(at, found)));
        }
        Ok(seen)
    }

    async fn create(at: &Session, address: &Address, want: &Subnet) -> Result<RemoteId, AwsError> {
        let vpc = at.id_of(&want.vpc, at.region().clone())?;
        let marks = ec2::marks(ResourceType::Subnet, address, &want.tags);
        let zone = format!("{}{}", at.region(), want.zone);
        let call = at.ec2().create_subnet().vpc_id(vpc.as_str()).cidr_block(want.cidr.to_string()).availability_zone(zone);
        let answer = call.tag_specifications(marks).send().await?;
        let id = ec2::created("ec2:CreateSubnet", answer.subnet().and_then(Found::subnet_id))?;
        if want.map_public_ip_on_launch {
            map_public_ip(at, &id, true).await?;
        }
        Ok(id)
    }

    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &Subnet, changes: &[Change]) -> Result<(), AwsError> {
        if changes.iter().any(|change| change.field == "map_public_ip_on_launch") {
            map_public_ip(at, id, want.map_public_ip_on_launch).await?;
        }
        ec2::retag(at, id, &want.tags, changes).await
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &Subnet) -> Result<(), AwsError> {
        or_missing(at.ec2().delete_subnet().subnet_id(id.as_str()).send().await.map_err(AwsError::from)).map(drop)
    }
}

async fn map_public_ip(at: &Session, id: &RemoteId, on: bool) -> Result<(), AwsError> {
    let value = AttributeBooleanValue::builder().value(on).build();
    at.ec2().modify_subnet_attribute().subnet_id(id.as_str()).map_public_ip_on_launch(value).send().await?;
    Ok(())
}

fn see(at: &Session, found: &Found) -> Option<Seen<Subnet>> {
    let all = ec2::tags(found.tags());
    let zone = found.availability_zone().unwrap_or_default();
    let spec = Subnet {
        vpc: at.reference(&Vpc::NAME, found.vpc_id()?)?,
        cidr: Cidr::Fixed(found.cidr_block()?.parse().ok()?),
        zone: zone.strip_prefix(at.region().as_str()).unwrap_or(zone).to_owned(),
        map_public_ip_on_launch: found.map_public_ip_on_launch().unwrap_or(false),
        tags: tags::declared(&all),
    };
    Some(Seen { id: found.subnet_id()?.into(), name: tags::owner(at, &Subnet::NAME, &all), spec })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Effect;

    #[test]
    fn where_a_subnet_is_can_not_change_in_place() {
        let live = Subnet {
            vpc: "vpc/main".parse().unwrap(),
            cidr: Cidr::Fixed("10.0.0.0/24".parse().unwrap()),
            zone: "a".into(),
            map_public_ip_on_launch: false,
            tags: Tags::new(),
        };
        let moved = Subnet { zone: "b".into(), map_public_ip_on_launch: true, ..live.clone() };
        let effects: Vec<_> = Subnet::changes(&live, &moved).into_iter().map(|change| (change.field, change.effect)).collect();
        assert_eq!(effects, [("zone".to_owned(), Effect::Replaces), ("map_public_ip_on_launch".to_owned(), Effect::InPlace)]);
    }
}
