//! Network interfaces: who lives in a VPC. No kind of ours; what people start makes them, and so do gateways and endpoints.

use super::ec2;
use crate::aws::{CallError, Session};
use crate::model::RemoteId;
use aws_sdk_ec2::types::{Filter, NetworkInterface as Found, NetworkInterfaceType as Type};
use std::collections::BTreeSet;

/// How AWS describes the interfaces of functions whose names are Landfall's own, such as the canary's.
const OWN_FUNCTIONS: &str = "AWS Lambda VPC ENI-landfall";

/// The VPCs, of these, that somebody lives in.
pub(super) async fn busy(at: &Session, vpcs: impl Iterator<Item = &RemoteId>) -> Result<BTreeSet<String>, CallError> {
    let ids: Vec<String> = vpcs.map(ToString::to_string).collect();
    let mut busy = BTreeSet::new();
    if ids.is_empty() {
        return Ok(busy);
    }
    let ours = Filter::builder().name("vpc-id").set_values(Some(ids)).build();
    let mut pages = at.ec2().describe_network_interfaces().filters(ours).into_paginator().page_size(ec2::PAGE).send();
    while let Some(page) = pages.next().await {
        let all = page?.network_interfaces.unwrap_or_default();
        busy.extend(all.into_iter().filter(is_tenant).filter_map(|found| found.vpc_id));
    }
    Ok(busy)
}

/// Whether it is anything but a part of the network itself. NAT gateways and endpoints hold nothing that people can't get back, whoever
/// made them, and AWS deletes no VPC with one in it; a load balancer, a database or a stranger's function is somebody's work.
fn is_tenant(found: &Found) -> bool {
    let is_network = matches!(found.interface_type(), Some(Type::NatGateway | Type::VpcEndpoint | Type::GatewayLoadBalancerEndpoint));
    // NAT gateways are told by their description too: older answers call their interfaces plain ones.
    let of_gateway =
        found.requester_managed() == Some(true) && found.description().is_some_and(|text| text.starts_with("Interface for NAT Gateway"));
    let is_own = found.description().is_some_and(|text| text.starts_with(OWN_FUNCTIONS));
    !(is_network || of_gateway || is_own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_network_consists_of_does_not_live_in_it() {
        let is = |kind: &str, text: &str| {
            is_tenant(&Found::builder().interface_type(kind.into()).description(text).requester_managed(true).build())
        };
        assert!(is("interface", "ELB app/shop/0123"));
        assert!(is("lambda", "AWS Lambda VPC ENI-checkout-0123"));
        assert!(is("interface", "RDSNetworkInterface"));
        assert!(!is("natGateway", "Interface for NAT Gateway nat-0123"));
        assert!(!is("interface", "Interface for NAT Gateway nat-0123"));
        assert!(!is("vpc_endpoint", "VPC Endpoint Interface vpce-0123"));
        assert!(!is("lambda", "AWS Lambda VPC ENI-landfall-canary-0123"));
        // Anybody can write a description; what people start themselves is nobody's but theirs.
        let plain = Found::builder().interface_type(Type::Interface).description("Interface for NAT Gateway nat-0123").build();
        assert!(is_tenant(&plain));
    }
}
