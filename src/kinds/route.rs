//! Routes and associations of a route table, in EC2's shape. Compared by the ids of now.

use super::{RouteTable, nat_gateway};
use crate::aws::{CallError, Session, or_missing};
use crate::model::{KindName, Reference, RemoteId};
use aws_sdk_ec2::types::{Filter, Route, RouteOrigin, RouteTable as Found};
use std::collections::{BTreeMap, BTreeSet};

const INTERNET_GATEWAY: KindName = KindName::new("internet-gateway");
const NAT_GATEWAY: KindName = KindName::new("nat-gateway");

/// The routes that somebody made, by IPv4 range. Not the VPC's own range, nor what a VPN or an endpoint adds by itself.
pub(super) fn routes(at: &Session, found: &Found) -> BTreeMap<String, Reference> {
    made(found).filter_map(|route| Some((route.destination_cidr_block()?.to_owned(), reference(at, route)?))).collect()
}

/// The subnets that were associated with the table, each with the id of its association. The main table's implicit ones are not among them.
pub(super) fn associations(found: &Found) -> Vec<(&str, &str)> {
    let made = found.associations().iter().filter(|association| association.main() != Some(true));
    made.filter_map(|association| Some((association.subnet_id()?, association.route_table_association_id()?))).collect()
}

/// A table as it is now.
pub(super) async fn table(at: &Session, id: &RemoteId) -> Result<Option<Found>, CallError> {
    let answer = at.ec2().describe_route_tables().route_table_ids(id.as_str()).send().await?;
    Ok(answer.route_tables.unwrap_or_default().into_iter().next())
}

/// Makes a table's routes and associations what they should be.
pub(super) async fn reconcile(at: &Session, id: &RemoteId, found: Option<&Found>, want: &RouteTable) -> Result<(), CallError> {
    let live: BTreeMap<&str, &Route> = found.into_iter().flat_map(made).filter_map(|r| Some((r.destination_cidr_block()?, r))).collect();
    for (range, target) in &want.routes {
        let target_id = at.id_of(target, at.region().clone())?;
        match live.get(range.as_str()) {
            Some(route) if target_of(route).is_some_and(|(_, id)| id == target_id.as_str()) => {}
            other => send(at, id, range, (target, &target_id), other.is_some()).await?,
        }
    }
    for range in live.keys().filter(|range| !want.routes.contains_key(**range)) {
        let call = at.ec2().delete_route().route_table_id(id.as_str()).destination_cidr_block(*range);
        or_missing(call.send().await.map_err(CallError::from))?;
    }
    associate(at, id, found, &want.subnets).await
}

async fn associate(at: &Session, id: &RemoteId, found: Option<&Found>, want: &BTreeSet<Reference>) -> Result<(), CallError> {
    let live: BTreeMap<&str, &str> = found.into_iter().flat_map(associations).collect();
    let ids = want.iter().map(|subnet| at.id_of(subnet, at.region().clone())).collect::<Result<BTreeSet<_>, _>>()?;
    for subnet in ids.iter().filter(|subnet| !live.contains_key(subnet.as_str())) {
        take(at, id, subnet).await?;
    }
    for (_, association) in live.iter().filter(|(subnet, _)| !ids.contains(&RemoteId::from(**subnet))) {
        disassociate(at, association).await?;
    }
    Ok(())
}

/// Associates a subnet, taking it from the table that it is associated with: in one call, so that it is never without routes.
async fn take(at: &Session, id: &RemoteId, subnet: &RemoteId) -> Result<(), CallError> {
    let filter = Filter::builder().name("association.subnet-id").values(subnet.as_str()).build();
    let answer = at.ec2().describe_route_tables().filters(filter).send().await?;
    let elsewhere = answer.route_tables().iter().flat_map(associations).find(|(found, _)| *found == subnet.as_str());
    match elsewhere {
        Some((_, association)) => {
            at.ec2().replace_route_table_association().association_id(association).route_table_id(id.as_str()).send().await?;
        }
        None => {
            at.ec2().associate_route_table().route_table_id(id.as_str()).subnet_id(subnet.as_str()).send().await?;
        }
    }
    Ok(())
}

/// Ends an association; the subnet falls back to the VPC's main table.
pub(super) async fn disassociate(at: &Session, association: &str) -> Result<(), CallError> {
    or_missing(at.ec2().disassociate_route_table().association_id(association).send().await.map_err(CallError::from)).map(drop)
}

async fn send(at: &Session, table: &RemoteId, range: &str, to: (&Reference, &RemoteId), there: bool) -> Result<(), CallError> {
    let (target, id) = to;
    let (gateway, nat) = match &target.kind {
        kind if *kind == INTERNET_GATEWAY => (Some(id.to_string()), None),
        kind if *kind == NAT_GATEWAY => (None, Some(id.to_string())),
        _ => return Err(CallError::refused("ec2:CreateRoute", format!("{target} is neither an internet gateway nor a NAT gateway"))),
    };
    if let Some(nat) = &nat {
        nat_gateway::available(at, nat).await?;
    }
    if there {
        let call = at.ec2().replace_route().route_table_id(table.as_str()).destination_cidr_block(range);
        call.set_gateway_id(gateway).set_nat_gateway_id(nat).send().await?;
    } else {
        let call = at.ec2().create_route().route_table_id(table.as_str()).destination_cidr_block(range);
        call.set_gateway_id(gateway).set_nat_gateway_id(nat).send().await?;
    }
    Ok(())
}

fn made(found: &Found) -> impl Iterator<Item = &Route> {
    let own = |route: &&Route| route.gateway_id() == Some("local") || route.origin() == Some(&RouteOrigin::CreateRouteTable);
    let added = |route: &&Route| matches!(route.origin(), Some(RouteOrigin::CreateRoute) | None);
    found.routes().iter().filter(move |route| !own(route) && added(route))
}

fn reference(at: &Session, route: &Route) -> Option<Reference> {
    let (kind, id) = target_of(route)?;
    at.reference(&KindName::new(kind), id)
}

/// What a route leads to: a kind of ours, or what somebody else routed to by hand, which is shown and taken away again.
fn target_of(route: &Route) -> Option<(&'static str, &str)> {
    let gateway = route.gateway_id().map(|id| if id.starts_with("igw-") { ("internet-gateway", id) } else { ("gateway", id) });
    gateway
        .or_else(|| route.nat_gateway_id().map(|id| ("nat-gateway", id)))
        .or_else(|| route.vpc_peering_connection_id().map(|id| ("vpc-peering-connection", id)))
        .or_else(|| route.transit_gateway_id().map(|id| ("transit-gateway", id)))
        .or_else(|| route.network_interface_id().map(|id| ("network-interface", id)))
        .or_else(|| route.instance_id().map(|id| ("instance", id)))
        .or_else(|| route.local_gateway_id().map(|id| ("local-gateway", id)))
        .or_else(|| route.carrier_gateway_id().map(|id| ("carrier-gateway", id)))
        .or(Some(("gateway", "unknown")))
}
