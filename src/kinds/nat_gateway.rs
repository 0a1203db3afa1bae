//! `nat-gateway`: lets private subnets reach the internet, from an elastic IP.

use super::{Kind, Scope, Tags, tags};
use crate::model::{Change, KindName, Reference, Risk};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Lets private subnets reach the internet, from an elastic IP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NatGateway {
    /// The public subnet that the gateway stands in.
    pub subnet: Reference,
    /// The address that it sends from.
    pub elastic_ip: Reference,
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

super::unwritten!(NatGateway);

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
