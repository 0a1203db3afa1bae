//! `subnet`: a part of a VPC's range, in one availability zone.

use super::{Cidr, Driver, Kind, Scope, Seen, Tags, ec2, network_interface, tags};
use crate::aws::{CallError, Session};
use crate::model::{Address, Change, KindName, Reference, RemoteId, Risk};
use aws_sdk_ec2::types::{AttributeBooleanValue, ResourceType, Subnet as Found};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A part of a VPC's range, in one availability zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subnet {
    /// The VPC whose range it is a part of.
    pub vpc: Reference,
    /// The IPv4 range. Chosen within the VPC's and then kept, unless fixed here.
    pub cidr: Cidr,
    /// The availability zone by its letter: `a`.
    pub zone: String,
    /// Whether instances get a public address when they start.
    #[serde(default)]
    pub map_public_ip_on_launch: bool,
    /// Tags. Those of the team, domain and environment are set without being declared.
    #[serde(default)]
    pub tags: Tags,
}

impl Kind for Subnet {
    const NAME: KindName = KindName::new("subnet");
    const SCOPE: Scope = Scope::Regional;
    const ABOUT: &'static str = "A subnet: a part of a VPC's range, in one availability zone.";
    const REFERS: &'static [KindName] = &[KindName::new("vpc")];
    // Who is in it is asked when AWS does not delete it.
    const READS: &'static [&'static str] = &["ec2:DescribeSubnets", "ec2:DescribeNetworkInterfaces"];
    const WRITES: &'static [&'static str] = &[
        "ec2:CreateSubnet",
        "ec2:DeleteSubnet",
        "ec2:ModifySubnetAttribute",
        "ec2:CreateTags",
    ];

    fn changes(live: &Subnet, want: &Subnet) -> Vec<Change> {
        let Subnet { vpc, cidr, zone, map_public_ip_on_launch: public, tags: live_tags } = live;
        let Subnet { vpc: want_vpc, cidr: want_cidr, zone: want_zone, map_public_ip_on_launch: want_public, tags: want_tags } = want;
        let fixed = [Change::of("vpc", vpc, want_vpc), Change::of("cidr", cidr, want_cidr), Change::of("zone", zone, want_zone)];
        let why = "replacing a subnet takes down what runs in it";
        let fixed = fixed.into_iter().flatten().map(|change| change.replaces().concerning(Risk::Dangerous, why));
        let public = Change::of("map_public_ip_on_launch", public, want_public)
            .map(|change| change.concerning(Risk::Notable, "decides whether new instances get a public address"));
        fixed.chain(public).chain(tags::changes(live_tags, want_tags)).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::from([self.vpc.clone()])
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        Some(&mut self.tags)
    }
}

impl Driver for Subnet {
    async fn read(at: &Session) -> Result<Vec<Seen<Subnet>>, CallError> {
        let mut pages = at.ec2().describe_subnets().into_paginator().page_size(ec2::PAGE).send();
        let mut seen = Vec::new();
        while let Some(page) = pages.next().await {
            seen.extend(page?.subnets().iter().filter_map(|found| see(at, found)));
        }
        Ok(seen)
    }

    async fn create(at: &Session, address: &Address, want: &Subnet) -> Result<RemoteId, CallError> {
        let vpc = at.id_of(&want.vpc, at.region().clone())?;
        let zone = format!("{}{}", at.region(), want.zone);
        let call = at.ec2().create_subnet().vpc_id(vpc.as_str()).cidr_block(want.cidr.to_string()).availability_zone(zone);
        let answer = call.tag_specifications(ec2::marks(ResourceType::Subnet, address, &want.tags)).send().await?;
        let made = answer.subnet();
        let id = ec2::created("ec2:CreateSubnet", made.and_then(Found::subnet_id))?;
        if made.and_then(Found::map_public_ip_on_launch) != Some(want.map_public_ip_on_launch) {
            map_public_ip(at, &id, want.map_public_ip_on_launch).await?;
        }
        Ok(id)
    }

    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &Subnet, changes: &[Change]) -> Result<(), CallError> {
        if changes.iter().any(|change| change.field == "map_public_ip_on_launch") {
            map_public_ip(at, id, want.map_public_ip_on_launch).await?;
        }
        ec2::retag(at, id, &want.tags, changes).await
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &Subnet) -> Result<(), CallError> {
        let answer = at.ec2().delete_subnet().subnet_id(id.as_str()).send().await.map_err(CallError::from);
        network_interface::deleted(at, "subnet-id", id, answer).await
    }
}

fn see(at: &Session, found: &Found) -> Option<Seen<Subnet>> {
    let all = ec2::tags(found.tags());
    let zone = found.availability_zone()?;
    let spec = Subnet {
        vpc: at.reference(&KindName::new("vpc"), found.vpc_id()?)?,
        cidr: Cidr::Fixed(found.cidr_block()?.parse().ok()?),
        zone: zone.strip_prefix(at.region().as_str()).unwrap_or(zone).to_owned(),
        map_public_ip_on_launch: found.map_public_ip_on_launch().unwrap_or_default(),
        tags: tags::declared(&all),
    };
    Some(Seen { id: found.subnet_id()?.into(), name: tags::owner(at, &Subnet::NAME, &all), spec })
}

async fn map_public_ip(at: &Session, id: &RemoteId, on: bool) -> Result<(), CallError> {
    let value = AttributeBooleanValue::builder().value(on).build();
    at.ec2().modify_subnet_attribute().subnet_id(id.as_str()).map_public_ip_on_launch(value).send().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Effect;

    fn subnet(cidr: &str, zone: &str, public: bool) -> Subnet {
        let vpc = "vpc/main".parse().unwrap();
        Subnet { vpc, cidr: Cidr::Fixed(cidr.parse().unwrap()), zone: zone.into(), map_public_ip_on_launch: public, tags: Tags::new() }
    }

    #[test]
    fn range_and_zone_replace_and_public_addresses_do_not() {
        let live = subnet("10.0.0.0/24", "a", false);
        assert_eq!(Subnet::changes(&live, &live), []);
        let effects = |want: &Subnet| Subnet::changes(&live, want).into_iter().map(|c| (c.field, c.effect)).collect::<Vec<_>>();
        let moved = [("cidr".to_owned(), Effect::Replaces), ("zone".to_owned(), Effect::Replaces)];
        assert_eq!(effects(&subnet("10.0.1.0/24", "b", false)), moved);
        assert_eq!(effects(&subnet("10.0.0.0/24", "a", true)), [("map_public_ip_on_launch".to_owned(), Effect::InPlace)]);
    }
}
