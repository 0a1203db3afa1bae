//! `route-table`: where the traffic of some subnets goes.

use super::{Driver, Kind, Scope, Seen, Tags, ec2, route, tags};
use crate::aws::{CallError, Session, or_missing};
use crate::model::{Address, Change, Effect, KindName, Reference, RemoteId, Risk, show};
use aws_sdk_ec2::types::{ResourceType, RouteTable as Found};
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Where the traffic of some subnets goes. The VPC's own range is always routed, and is not written here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteTable {
    /// The VPC that it belongs to.
    pub vpc: Reference,
    /// Through what each IPv4 range is reached: an internet gateway or a NAT gateway.
    #[serde(default, deserialize_with = "ranges")]
    pub routes: BTreeMap<String, Reference>,
    /// The subnets that use this table.
    #[serde(default)]
    pub subnets: BTreeSet<Reference>,
    /// Tags. Those of the team, domain and environment are set without being declared.
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

/// Ranges as AWS writes them: `10.0.0.1/8` means `10.0.0.0/8`, and would otherwise differ from it for ever.
fn ranges<'de, D: serde::Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Reference>, D::Error> {
    let routes = BTreeMap::<Ipv4Net, Reference>::deserialize(from)?;
    Ok(routes.into_iter().map(|(range, target)| (range.trunc().to_string(), target)).collect())
}

fn route_changes(live: &BTreeMap<String, Reference>, want: &BTreeMap<String, Reference>) -> Vec<Change> {
    let ranges: BTreeSet<&String> = live.keys().chain(want.keys()).collect();
    let change = |range: &String| Change::of_option(format!("routes.{range}"), &live.get(range).cloned(), &want.get(range).cloned());
    ranges.into_iter().filter_map(change).collect()
}

impl Driver for RouteTable {
    async fn read(at: &Session) -> Result<Vec<Seen<RouteTable>>, CallError> {
        let mut pages = at.ec2().describe_route_tables().into_paginator().page_size(ec2::PAGE_OF_ROUTE_TABLES).send();
        let mut seen = Vec::new();
        while let Some(page) = pages.next().await {
            seen.extend(page?.route_tables().iter().filter_map(|found| see(at, found)));
        }
        Ok(seen)
    }

    async fn create(at: &Session, address: &Address, want: &RouteTable) -> Result<RemoteId, CallError> {
        let vpc = at.id_of(&want.vpc, at.region().clone())?;
        let marks = ec2::marks(ResourceType::RouteTable, address, &want.tags);
        let answer = at.ec2().create_route_table().vpc_id(vpc.as_str()).tag_specifications(marks).send().await?;
        let found = answer.route_table();
        let id = ec2::created("ec2:CreateRouteTable", found.and_then(Found::route_table_id))?;
        route::reconcile(at, &id, found, want).await?;
        Ok(id)
    }

    // By the ids of now and not by the changes: a gateway or subnet that was replaced under its name changes no name here.
    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &RouteTable, changes: &[Change]) -> Result<(), CallError> {
        let found = route::table(at, id).await?;
        route::reconcile(at, id, found.as_ref(), want).await?;
        ec2::retag(at, id, &want.tags, changes).await
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &RouteTable) -> Result<(), CallError> {
        let Some(found) = or_missing(route::table(at, id).await)?.flatten() else { return Ok(()) };
        for (_, association) in route::associations(&found) {
            route::disassociate(at, association).await?;
        }
        or_missing(at.ec2().delete_route_table().route_table_id(id.as_str()).send().await.map_err(CallError::from)).map(drop)
    }
}

fn see(at: &Session, found: &Found) -> Option<Seen<RouteTable>> {
    let all = ec2::tags(found.tags());
    let subnets = route::associations(found).into_iter().filter_map(|(subnet, _)| at.reference(&KindName::new("subnet"), subnet));
    let spec = RouteTable {
        vpc: at.reference(&KindName::new("vpc"), found.vpc_id()?)?,
        routes: route::routes(at, found),
        subnets: subnets.collect(),
        tags: tags::declared(&all),
    };
    Some(Seen { id: found.route_table_id()?.into(), name: tags::owner(at, &RouteTable::NAME, &all), spec })
}

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
    fn ranges_are_written_as_aws_writes_them() {
        let read = |range: &str| serde_json::from_value::<RouteTable>(serde_json::json!({ "vpc": "vpc/main", "routes": { range: "nat-gateway/a" } }));
        assert!(read("10.0.0.1/8").unwrap().routes.contains_key("10.0.0.0/8"));
        assert!(read("10.0.0.0/33").is_err());
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
