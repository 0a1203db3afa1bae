//! What lives in a default VPC: everything that AWS did not put there itself. Only looks, and when in doubt sees something.

use super::ec2;
use crate::aws::{CallError, Session};
use aws_sdk_ec2::types::{Filter, InternetGateway, NetworkInterface, RouteTable, Subnet};

/// So many are named; a VPC in use may hold hundreds, and the reader has understood by then.
const NAMED: usize = 5;
/// So much of a description: they are anybody's text.
const DESCRIPTION: usize = 60;

/// A default VPC.
pub(super) struct Found {
    pub id: String,
    pub holds: Vec<String>,
}

/// The default VPC of the session's Region, if it has one.
pub(super) async fn find(at: &Session) -> Result<Option<Found>, CallError> {
    // All of them, and not by the filter: in the home Region the account's own VPC is read by the same call.
    let vpcs = ec2::vpcs(at).await?;
    let default = vpcs.iter().filter(|vpc| vpc.is_default() == Some(true)).find_map(|vpc| vpc.vpc_id());
    let Some(id) = default.map(str::to_owned) else { return Ok(None) };
    let mut holds = interfaces(at, &id).await?;
    holds.extend(subnets(at, &id).await?.iter().filter_map(foreign_subnet));
    holds.extend(groups(at, &id).await?);
    holds.extend(tables(at, &id).await?);
    holds.extend(lists(at, &id).await?);
    holds.extend(endpoints(at, &id).await?);
    holds.extend(peerings(at, &id).await?);
    holds.extend(vpn_gateways(at, &id).await?);
    let more = holds.len().saturating_sub(NAMED);
    holds.truncate(NAMED);
    holds.extend((more > 0).then(|| format!("{more} more")));
    Ok(Some(Found { id, holds }))
}

/// The tag that names the default VPC of which an internet gateway was, before it is detached: after a crash nothing else tells.
pub(super) const LEAVING: &str = "landfall:leaving";

/// Whether an internet gateway still is attached to the VPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attached {
    Still,
    NoMore,
}

/// All subnets of a VPC.
pub(super) async fn subnets(at: &Session, vpc: &str) -> Result<Vec<Subnet>, CallError> {
    let call = at.ec2().describe_subnets().filters(filter("vpc-id", vpc));
    Ok(call.into_paginator().items().send().collect::<Result<_, _>>().await?)
}

/// The ids of the internet gateways that are attached to a VPC, or were until we detached them.
pub(super) async fn gateways(at: &Session, vpc: &str) -> Result<Vec<(String, Attached)>, CallError> {
    let found: Vec<InternetGateway> =
        at.ec2().describe_internet_gateways().into_paginator().items().send().collect::<Result<_, _>>().await?;
    let attached = |gateway: &InternetGateway| gateway.attachments().iter().any(|attachment| attachment.vpc_id() == Some(vpc));
    let left = |gateway: &InternetGateway| gateway.tags().iter().any(|tag| (tag.key(), tag.value()) == (Some(LEAVING), Some(vpc)));
    let which = |gateway: &InternetGateway| match (attached(gateway), left(gateway)) {
        (true, _) => Some(Attached::Still),
        (false, true) => Some(Attached::NoMore),
        (false, false) => None,
    };
    Ok(found.iter().filter_map(|gateway| Some((gateway.internet_gateway_id()?.to_owned(), which(gateway)?))).collect())
}

fn filter(name: &str, value: &str) -> Filter {
    Filter::builder().name(name).values(value).build()
}

/// Instances, databases, load balancers, functions, NAT gateways: whatever runs in a network has an interface there.
async fn interfaces(at: &Session, vpc: &str) -> Result<Vec<String>, CallError> {
    let call = at.ec2().describe_network_interfaces().filters(filter("vpc-id", vpc));
    let found: Vec<NetworkInterface> = call.into_paginator().items().send().collect::<Result<_, _>>().await?;
    Ok(found.iter().map(named_interface).collect())
}

fn named_interface(found: &NetworkInterface) -> String {
    let id = found.network_interface_id().unwrap_or("without an id");
    let about: String = found.description().unwrap_or_default().chars().take(DESCRIPTION).collect();
    if about.is_empty() { format!("network interface {id}") } else { format!("network interface {id} ({about})") }
}

fn foreign_subnet(found: &Subnet) -> Option<String> {
    (found.default_for_az() != Some(true)).then(|| format!("subnet {}", found.subnet_id().unwrap_or_default()))
}

async fn groups(at: &Session, vpc: &str) -> Result<Vec<String>, CallError> {
    let call = at.ec2().describe_security_groups().filters(filter("vpc-id", vpc));
    let found: Vec<_> = call.into_paginator().items().send().collect::<Result<_, _>>().await?;
    let foreign = found.iter().filter(|group| group.group_name() != Some("default"));
    Ok(foreign.map(|group| format!("security group {}", group.group_id().unwrap_or_default())).collect())
}

async fn tables(at: &Session, vpc: &str) -> Result<Vec<String>, CallError> {
    let call = at.ec2().describe_route_tables().filters(filter("vpc-id", vpc));
    let found: Vec<RouteTable> = call.into_paginator().items().send().collect::<Result<_, _>>().await?;
    let is_main = |table: &RouteTable| table.associations().iter().any(|association| association.main() == Some(true));
    let foreign = found.iter().filter(|table| !is_main(table));
    Ok(foreign.map(|table| format!("route table {}", table.route_table_id().unwrap_or_default())).collect())
}

async fn lists(at: &Session, vpc: &str) -> Result<Vec<String>, CallError> {
    let call = at.ec2().describe_network_acls().filters(filter("vpc-id", vpc));
    let found: Vec<_> = call.into_paginator().items().send().collect::<Result<_, _>>().await?;
    let foreign = found.iter().filter(|list| list.is_default() != Some(true));
    Ok(foreign.map(|list| format!("network ACL {}", list.network_acl_id().unwrap_or_default())).collect())
}

async fn endpoints(at: &Session, vpc: &str) -> Result<Vec<String>, CallError> {
    let call = at.ec2().describe_vpc_endpoints().filters(filter("vpc-id", vpc));
    let found: Vec<_> = call.into_paginator().items().send().collect::<Result<_, _>>().await?;
    Ok(found.iter().map(|endpoint| format!("VPC endpoint {}", endpoint.vpc_endpoint_id().unwrap_or_default())).collect())
}

async fn peerings(at: &Session, vpc: &str) -> Result<Vec<String>, CallError> {
    let mut all = Vec::new();
    // Two questions, because AWS joins filters by "and".
    for side in ["requester-vpc-info.vpc-id", "accepter-vpc-info.vpc-id"] {
        let open = Filter::builder().name("status-code").values("active").values("pending-acceptance").values("provisioning").build();
        let call = at.ec2().describe_vpc_peering_connections().filters(filter(side, vpc)).filters(open);
        let found: Vec<_> = call.into_paginator().items().send().collect::<Result<_, _>>().await?;
        all.extend(found.iter().map(|one| format!("peering connection {}", one.vpc_peering_connection_id().unwrap_or_default())));
    }
    Ok(all)
}

async fn vpn_gateways(at: &Session, vpc: &str) -> Result<Vec<String>, CallError> {
    let answer = at.ec2().describe_vpn_gateways().filters(filter("attachment.vpc-id", vpc)).send().await?;
    Ok(answer.vpn_gateways().iter().map(|gateway| format!("VPN gateway {}", gateway.vpn_gateway_id().unwrap_or_default())).collect())
}
