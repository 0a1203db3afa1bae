//! `subnet`: a part of a VPC's range, in one availability zone.

use super::{Cidr, Kind, Scope, Tags, tags};
use crate::model::{Change, KindName, Reference, Risk};
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
    #[serde(default)]
    pub tags: Tags,
}

impl Kind for Subnet {
    const NAME: KindName = KindName::new("subnet");
    const SCOPE: Scope = Scope::Regional;
    const ABOUT: &'static str = "A subnet: a part of a VPC's range, in one availability zone.";
    const REFERS: &'static [KindName] = &[KindName::new("vpc")];
    const READS: &'static [&'static str] = &["ec2:DescribeSubnets"];
    const WRITES: &'static [&'static str] = &["ec2:CreateSubnet", "ec2:DeleteSubnet", "ec2:ModifySubnetAttribute", "ec2:CreateTags"];

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

super::unwritten!(Subnet);

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
