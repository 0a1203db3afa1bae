//! Network interfaces: who lives in a VPC. No kind of ours; what people start makes them, and so do gateways and endpoints.

use super::ec2;
use crate::aws::{CallError, Session, or_missing};
use crate::model::{Fault, RemoteId, show};
use aws_sdk_ec2::types::{Filter, NetworkInterface as Found, NetworkInterfaceType as Type};
use std::collections::BTreeSet;

/// How AWS describes the interfaces of functions whose names are Landfall's own, such as the canary's.
const OWN_FUNCTIONS: &str = "AWS Lambda VPC ENI-landfall";

/// Of those that are in the way of a delete, so many are looked at, and so many named.
const LOOKED_AT: i32 = 50;
const NAMED: usize = 3;

/// What became of a delete of what `filter` finds interfaces by. What is gone already is gone. A refusal tells what is in the way: AWS does
/// not say, and nobody would know where to look.
pub(super) async fn deleted<T>(at: &Session, filter: &str, id: &RemoteId, answer: Result<T, CallError>) -> Result<(), CallError> {
    match or_missing(answer) {
        Ok(_) => Ok(()),
        Err(error) if error.is(Fault::Busy) => {
            let those = Filter::builder().name(filter).values(id.as_str()).build();
            match at.ec2().describe_network_interfaces().filters(those).max_results(LOOKED_AT).send().await {
                Ok(answer) => Err(in_the_way(answer.network_interfaces(), error)),
                // There is still what AWS said.
                Err(_) => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}

/// Functions of ours that are gone leave interfaces that Lambda takes away by itself; whatever else is in the way, somebody has to remove.
fn in_the_way(found: &[Found], error: CallError) -> CallError {
    if found.is_empty() {
        return error;
    }
    let name = |one: &Found| format!("{} ({})", one.network_interface_id().unwrap_or("?"), one.description().unwrap_or("no description"));
    let more = if found.len() > NAMED { format!(" and {} more", found.len() - NAMED) } else { String::new() };
    let those = format!("{}{more}", show(found.iter().take(NAMED).map(name)));
    let (fault, why) = match found.iter().all(is_own) {
        true => (Fault::Leaving, "Lambda takes what functions used away within some 20 minutes of their end"),
        false => (error.fault, "network interfaces are in it"),
    };
    CallError { fault, message: format!("{}; {why}: {those}", error.message.trim_end_matches('.')), ..error }
}

fn is_own(found: &Found) -> bool {
    found.description().is_some_and(|text| text.starts_with(OWN_FUNCTIONS))
}

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
    !(is_network || of_gateway || is_own(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_can_not_delete_is_told_what_is_in_the_way() {
        let busy = || CallError { fault: Fault::Busy, ..CallError::refused("ec2:DeleteSubnet", "The subnet 'subnet-1' has dependencies.") };
        let of = |descriptions: &[&str]| {
            let each = descriptions.iter().enumerate();
            let found: Vec<Found> =
                each.map(|(at, text)| Found::builder().network_interface_id(format!("eni-{at}")).description(*text).build()).collect();
            let error = in_the_way(&found, busy());
            (error.fault, error.message)
        };
        let (canary, other) = ("AWS Lambda VPC ENI-landfall-canary-a-0123", "ELB app/shop/0123");
        assert_eq!(of(&[]), (Fault::Busy, busy().message));
        let (fault, told) = of(&[canary]);
        let expected = "The subnet 'subnet-1' has dependencies; Lambda takes what functions used away within some 20 minutes of their end: \
            eni-0 (AWS Lambda VPC ENI-landfall-canary-a-0123)";
        assert_eq!((fault, told.as_str()), (Fault::Leaving, expected));
        let (fault, told) = of(&[canary, other]);
        assert!(
            fault == Fault::Busy
                && told.ends_with(
                    "network interfaces are in it: eni-0 (AWS Lambda VPC ENI-landfall-canary-a-0123), eni-1 (ELB app/shop/0123)"
                ),
            "{told}"
        );
        assert!(of(&[other; 3]).1.ends_with("eni-2 (ELB app/shop/0123)") && of(&[other; 5]).1.ends_with(" and 2 more"));
    }

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
