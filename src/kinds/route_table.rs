//! `route-table`: where the traffic of some subnets goes.

use super::{Driver, InternetGateway, Kind, NatGateway, Scope, Seen, Subnet, Tags, Vpc, ec2, tags};
use crate::aws::{AwsError, Session, or_exists, or_missing};
use crate::model::{Address, Change, Effect, KindName, Reference, RemoteId, Risk};
use aws_sdk_ec2::types::{ResourceType, Route, RouteTable as Found, RouteTableAssociation};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A route table. The route within the VPC's own range is always there and never named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteTable {
    pub vpc: Reference,
    /// Destination range → the internet gateway or NAT gateway that traffic to it goes to.
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
    const ABOUT: &'static str = "A route table: where the traffic of its subnets goes.";
    const REFERS: &'static [KindName] = &[Vpc::NAME, Subnet::NAME, InternetGateway::NAME, NatGateway::NAME];
    const READS: &'static [&'static str] = &["ec2:DescribeRouteTables"];
    const WRITES: &'static [&'static str] = &[
        "ec2:CreateRouteTable",
        "ec2:CreateRoute",
        "ec2:ReplaceRoute",
        "ec2:DeleteRoute",
        "ec2:AssociateRouteTable",
        "ec2:ReplaceRouteTableAssociation",
        "ec2:DisassociateRouteTable",
        "ec2:DeleteRouteTable",
        "ec2:CreateTags",
    ];

    fn changes(live: &RouteTable, want: &RouteTable) -> Vec<Change> {
        let RouteTable { vpc, routes, subnets, tags } = live;
        let vpc = Change::of("vpc", vpc, &want.vpc)
            .map(|change| change.replaces().concerning(Risk::Dangerous, "replacing a route table cuts its subnets off meanwhile"));
        let destinations: BTreeSet<&String> = routes.keys().chain(want.routes.keys()).collect();
        let routes = destinations.into_iter().filter_map(|to| {
            let change = Change::of_option(format!("routes.{to}"), &routes.get(to), &want.routes.get(to))?;
            Some(change.concerning(Risk::Dangerous, "decides where the traffic of whole subnets goes"))
        });
        let used = subnets.symmetric_difference(&want.subnets).map(|subnet| {
            let text = |set: &BTreeSet<Reference>| set.contains(subnet).then(|| "uses this table".to_owned());
            let change = Change::between(format!("subnets.{subnet}"), text(subnets), text(&want.subnets));
            change.concerning(Risk::Dangerous, "moves a subnet's traffic to other routes")
        });
        vpc.into_iter().chain(routes).chain(used).chain(tags::changes(tags, &want.tags)).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        let RouteTable { vpc, routes, subnets, tags: _ } = self;
        [vpc].into_iter().chain(routes.values()).chain(subnets).cloned().collect()
    }

    fn rebind(&self, replaced: &Reference) -> Effect {
        if *replaced == self.vpc { Effect::Replaces } else { Effect::InPlace }
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        Some(&mut self.tags)
    }
}

impl Driver for RouteTable {
    async fn read(at: &Session) -> Result<Vec<Seen<RouteTable>>, AwsError> {
        let mut pages = at.ec2().describe_route_tables().into_paginator().send();
        let mut seen = Vec::new();
        while let Some(page) = pages.next().await {
            seen.extend(page?.route_tables().iter().filter_map(|found| see(at, found)));
        }
        Ok(seen)
    }

    async fn create(at: &Session, address: &Address, want: &RouteTable) -> Result<RemoteId, AwsError> {
        let vpc = at.id_of(&want.vpc, at.region().clone())?;
        let marks = ec2::marks(ResourceType::RouteTable, address, &want.tags);
        let answer = at.ec2().create_route_table().vpc_id(vpc.as_str()).tag_specifications(marks).send().await?;
        let id = ec2::created("ec2:CreateRouteTable", answer.route_table().and_then(Found::route_table_id))?;
        for (to, target) in &want.routes {
            route(at, &id, to, target, Verb::Create).await?;
        }
        for subnet in &want.subnets {
            associate(at, &id, subnet).await?;
        }
        Ok(id)
    }

    /// Brings the table to what is wanted from what it is now, read by id: after a need was replaced, names alone tell nothing.
    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &RouteTable, changes: &[Change]) -> Result<(), AwsError> {
        let answer = at.ec2().describe_route_tables().route_table_ids(id.as_str()).send().await?;
        let found = answer.route_tables().first().ok_or_else(|| AwsError::missing("ec2:DescribeRouteTables", format!("{id} is gone")))?;
        let routes: BTreeMap<&str, &Route> = found.routes().iter().filter_map(|route| Some((declared(route)?, route))).collect();
        for (to, target) in &want.routes {
            match routes.get(to.as_str()).map(|found| goes_to(at, found)) {
                Some(live) if live == Some(target.clone()) => {}
                Some(_) => route(at, id, to, target, Verb::Replace).await?,
                None => route(at, id, to, target, Verb::Create).await?,
            }
        }
        for to in routes.keys().filter(|to| !want.routes.contains_key(**to)) {
            let call = at.ec2().delete_route().route_table_id(id.as_str()).destination_cidr_block(*to);
            or_missing(call.send().await.map_err(AwsError::from))?;
        }
        reassociate(at, id, found, want).await?;
        ec2::retag(at, id, &want.tags, changes).await
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &RouteTable) -> Result<(), AwsError> {
        let Some(answer) = or_missing(at.ec2().describe_route_tables().route_table_ids(id.as_str()).send().await.map_err(AwsError::from))?
        else {
            return Ok(());
        };
        for association in answer.route_tables().iter().flat_map(|table| table.associations()) {
            disassociate(at, association).await?;
        }
        or_missing(at.ec2().delete_route_table().route_table_id(id.as_str()).send().await.map_err(AwsError::from)).map(drop)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Verb {
    Create,
    Replace,
}

async fn route(at: &Session, id: &RemoteId, to: &str, target: &Reference, verb: Verb) -> Result<(), AwsError> {
    let target_id = at.id_of(target, at.region().clone())?.0;
    let (gateway, nat) = if target.kind == NatGateway::NAME { (None, Some(target_id)) } else { (Some(target_id), None) };
    if verb == Verb::Replace {
        let call = at.ec2().replace_route().route_table_id(id.as_str()).destination_cidr_block(to);
        call.set_gateway_id(gateway).set_nat_gateway_id(nat).send().await?;
        return Ok(());
    }
    let call = at.ec2().create_route().route_table_id(id.as_str()).destination_cidr_block(to);
    or_exists(call.set_gateway_id(gateway).set_nat_gateway_id(nat).send().await.map_err(AwsError::from)).map(drop)
}

async fn reassociate(at: &Session, id: &RemoteId, found: &Found, want: &RouteTable) -> Result<(), AwsError> {
    for association in found.associations() {
        let subnet = association.subnet_id().and_then(|subnet| at.reference(&Subnet::NAME, subnet));
        if subnet.is_some_and(|subnet| !want.subnets.contains(&subnet)) {
            disassociate(at, association).await?;
        }
    }
    let live = subnets(at, found);
    for subnet in want.subnets.iter().filter(|subnet| !live.contains(subnet)) {
        associate(at, id, subnet).await?;
    }
    Ok(())
}

/// Gives a subnet this table. AWS refuses a second table, so one that it has by somebody's hand is exchanged.
async fn associate(at: &Session, id: &RemoteId, subnet: &Reference) -> Result<(), AwsError> {
    let subnet = at.id_of(subnet, at.region().clone())?;
    let by_subnet = aws_sdk_ec2::types::Filter::builder().name("association.subnet-id").values(subnet.as_str()).build();
    let tables = at.ec2().describe_route_tables().filters(by_subnet).send().await?;
    let mut associations = tables.route_tables().iter().flat_map(|table| table.associations());
    match associations.find(|association| association.subnet_id() == Some(subnet.as_str())) {
        Some(present) if present.route_table_id() == Some(id.as_str()) => Ok(()),
        Some(other) => {
            let call = at.ec2().replace_route_table_association().route_table_id(id.as_str());
            call.set_association_id(other.route_table_association_id.clone()).send().await?;
            Ok(())
        }
        None => {
            at.ec2().associate_route_table().route_table_id(id.as_str()).subnet_id(subnet.as_str()).send().await?;
            Ok(())
        }
    }
}

async fn disassociate(at: &Session, association: &RouteTableAssociation) -> Result<(), AwsError> {
    let call = at.ec2().disassociate_route_table().set_association_id(association.route_table_association_id.clone());
    or_missing(call.send().await.map_err(AwsError::from)).map(drop)
}

/// The destination of a route that somebody declared: not the VPC's own, not one that a gateway propagates.
fn declared(route: &Route) -> Option<&str> {
    let own = route.gateway_id() == Some("local") || route.gateway_id().is_some_and(|id| id.starts_with("vpce-"));
    route.destination_cidr_block().filter(|_| !own && route.origin().is_none_or(|origin| origin.as_str() == "CreateRoute"))
}

/// What a route goes to; targets of other kinds are named by their id, so that they show and differ.
fn goes_to(at: &Session, route: &Route) -> Option<Reference> {
    if let Some(id) = route.nat_gateway_id() {
        return at.reference(&NatGateway::NAME, id);
    }
    let others = [route.gateway_id(), route.transit_gateway_id(), route.vpc_peering_connection_id(), route.network_interface_id()];
    at.reference(&InternetGateway::NAME, others.into_iter().flatten().next()?)
}

fn subnets(at: &Session, found: &Found) -> BTreeSet<Reference> {
    found.associations().iter().filter_map(|association| at.reference(&Subnet::NAME, association.subnet_id()?)).collect()
}

fn see(at: &Session, found: &Found) -> Option<Seen<RouteTable>> {
    let all = ec2::tags(found.tags());
    let routes = found.routes().iter().filter_map(|route| Some((declared(route)?.to_owned(), goes_to(at, route)?)));
    let spec = RouteTable {
        vpc: at.reference(&Vpc::NAME, found.vpc_id()?)?,
        routes: routes.collect(),
        subnets: subnets(at, found),
        tags: tags::declared(&all),
    };
    Some(Seen { id: found.route_table_id()?.into(), name: tags::owner(at, &RouteTable::NAME, &all), spec })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(target: &str, subnet: &str) -> RouteTable {
        RouteTable {
            vpc: "vpc/main".parse().unwrap(),
            routes: BTreeMap::from([("0.0.0.0/0".to_owned(), target.parse().unwrap())]),
            subnets: BTreeSet::from([subnet.parse().unwrap()]),
            tags: Tags::new(),
        }
    }

    #[test]
    fn routes_and_subnets_change_one_by_one() {
        let live = table("nat-gateway/a", "subnet/private-a");
        let changes = RouteTable::changes(&live, &table("nat-gateway/b", "subnet/private-b"));
        let fields: Vec<_> = changes.iter().map(|change| change.field.as_str()).collect();
        assert_eq!(fields, ["routes.0.0.0.0/0", "subnets.subnet/private-a", "subnets.subnet/private-b"]);
        assert!(changes.iter().all(|change| change.effect == Effect::InPlace));
    }

    #[test]
    fn only_another_vpc_takes_another_table() {
        let live = table("nat-gateway/a", "subnet/private-a");
        assert_eq!(live.rebind(&"nat-gateway/a".parse().unwrap()), Effect::InPlace);
        assert_eq!(live.rebind(&"vpc/main".parse().unwrap()), Effect::Replaces);
    }
}
