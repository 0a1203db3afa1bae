//! `route-table`: where the traffic of some subnets goes.

use super::{Kind, Scope, Tags, tags};
use crate::model::{Change, Effect, KindName, Reference, Risk, show};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Where the traffic of some subnets goes. The VPC's own range is always routed, and is not written here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteTable {
    pub vpc: Reference,
    /// Through what each IPv4 range is reached: an internet gateway or a NAT gateway.
    #[serde(default)]
    pub routes: BTreeMap<String, Reference>,
    /// The subnets that use this table.
    #[serde(default)]
    pub subnets: BTreeSet<Reference>,
    #[serde(default)]
    pub tags: Tags,
}

impl Kind for RouteTable {
    const NAME: KindName = KindName::new("route-table");
    const SCOPE: Scope = Scope::Regional;
    const ABOUT: &'static str = "A route table: through which gateway the traffic of some subnets goes.";
    const REFERS: &'static [KindName] =
        &[KindName::new("vpc"), KindName::new("internet-gateway"), KindName::new("nat-gateway"), KindName::new("subnet")];
    const READS: &'static [&'static str] = &["ec2:DescribeRouteTables", "ec2:DescribeNatGateways"];
    const WRITES: &'static [&'static str] = &[
        "ec2:CreateRouteTable",
        "ec2:DeleteRouteTable",
        "ec2:CreateRoute",
        "ec2:ReplaceRoute",
        "ec2:DeleteRoute",
        "ec2:AssociateRouteTable",
        "ec2:ReplaceRouteTableAssociation",
        "ec2:DisassociateRouteTable",
        "ec2:CreateTags",
    ];

    fn changes(live: &RouteTable, want: &RouteTable) -> Vec<Change> {
        let RouteTable { vpc, routes, subnets, tags: live_tags } = live;
        let RouteTable { vpc: want_vpc, routes: want_routes, subnets: want_subnets, tags: want_tags } = want;
        let vpc = Change::of("vpc", vpc, want_vpc)
            .map(|change| change.replaces().concerning(Risk::Dangerous, "its subnets lose their routes while the table is replaced"));
        let moved = (subnets != want_subnets).then(|| Change::between("subnets", Some(show(subnets)), Some(show(want_subnets))));
        let path = moved.into_iter().chain(route_changes(routes, want_routes));
        let path = path.map(|change| change.concerning(Risk::Notable, "changes the path of network traffic"));
        vpc.into_iter().chain(path).chain(tags::changes(live_tags, want_tags)).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        // A route that somebody else added may lead to what is no kind of ours, such as a peering connection.
        let targets = self.routes.values().filter(|target| Self::REFERS.contains(&target.kind));
        targets.chain(&self.subnets).chain([&self.vpc]).cloned().collect()
    }

    fn rebind(&self, replaced: &Reference) -> Effect {
        if *replaced == self.vpc { Effect::Replaces } else { Effect::InPlace }
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        Some(&mut self.tags)
    }
}

fn route_changes(live: &BTreeMap<String, Reference>, want: &BTreeMap<String, Reference>) -> Vec<Change> {
    let ranges: BTreeSet<&String> = live.keys().chain(want.keys()).collect();
    let change = |range: &String| Change::of_option(format!("routes.{range}"), &live.get(range).cloned(), &want.get(range).cloned());
    ranges.into_iter().filter_map(change).collect()
}

super::unwritten!(RouteTable);

#[cfg(test)]
mod tests {
    use super::*;

    fn table(target: &str, subnets: &[&str]) -> RouteTable {
        RouteTable {
            vpc: "vpc/main".parse().unwrap(),
            routes: BTreeMap::from([("0.0.0.0/0".to_owned(), target.parse().unwrap())]),
            subnets: subnets.iter().map(|subnet| subnet.parse().unwrap()).collect(),
            tags: Tags::new(),
        }
    }

    #[test]
    fn routes_and_subnets_change_in_place() {
        let live = table("nat-gateway/a", &["subnet/private-a"]);
        assert_eq!(RouteTable::changes(&live, &live), []);
        let changes = RouteTable::changes(&live, &table("nat-gateway/b", &["subnet/private-a", "subnet/private-b"]));
        let shown: Vec<_> = changes.iter().map(|c| (c.field.as_str(), c.before.as_deref(), c.after.as_deref(), c.effect)).collect();
        let subnets = (Some("subnet/private-a"), Some("subnet/private-a, subnet/private-b"));
        assert_eq!(
            shown,
            [
                ("subnets", subnets.0, subnets.1, Effect::InPlace),
                ("routes.0.0.0.0/0", Some("nat-gateway/a"), Some("nat-gateway/b"), Effect::InPlace),
            ]
        );
        assert!(changes.iter().all(|change| change.concern.as_ref().unwrap().risk == Risk::Notable));
    }

    #[test]
    fn only_another_vpc_replaces_the_table() {
        let table = table("nat-gateway/a", &["subnet/private-a"]);
        let rebind = |text: &str| table.rebind(&text.parse().unwrap());
        assert_eq!(rebind("vpc/main"), Effect::Replaces);
        assert_eq!((rebind("nat-gateway/a"), rebind("subnet/private-a")), (Effect::InPlace, Effect::InPlace));
    }

    #[test]
    fn a_route_to_what_is_no_kind_of_ours_is_no_need() {
        let needs = table("vpc-peering-connection/pcx-1", &[]).needs();
        assert_eq!(needs, BTreeSet::from(["vpc/main".parse().unwrap()]));
    }
}
