//! What runs in a subnet reaches through the network: names, the internet, endpoints of AWS's services. For the probes of canaries.

use super::permission::EVERYBODY;
use super::{Ec2, get};
use crate::simulated::At;

/// TLS's port, at which all is reached that is reached.
const PORT: i32 = 443;

/// Where something runs: its subnets and its security groups.
#[derive(Clone, Copy, Debug)]
pub(in crate::simulated) struct Place<'a> {
    pub subnets: &'a [String],
    pub groups: &'a [String],
}

impl Ec2 {
    /// The VPC that a subnet is a part of.
    pub(in crate::simulated) fn vpc_of(&self, subnet: &str) -> Option<&str> {
        self.subnets.get(subnet).map(|subnet| subnet.vpc.as_str())
    }

    /// Whether the VPC's resolver answers.
    pub(in crate::simulated) fn resolves(&self, place: Place<'_>) -> bool {
        let vpc = |subnet: &String| self.vpcs.get(&get(&self.subnets, subnet).ok()?.vpc);
        place.subnets.iter().all(|subnet| vpc(subnet).is_some_and(|vpc| vpc.support))
    }

    /// Whether each of the subnets leads to the internet, by a NAT gateway that is there and stands in a subnet that leads out itself.
    pub(in crate::simulated) fn leads_out(&self, place: Place<'_>, at: &At<'_>) -> bool {
        let nat = |subnet: &String| self.nat_gateways.get(self.towards(subnet)?).filter(|gateway| gateway.state(at.now) == "available");
        let out = |subnet: &String| {
            let outside = nat(subnet).and_then(|gateway| Some((self.towards(&gateway.subnet)?, &gateway.vpc)));
            outside.is_some_and(|(target, vpc)| self.gateway_of(vpc).map(String::as_str) == Some(target))
        };
        self.lets_out(place) && place.subnets.iter().all(out)
    }

    /// Whether each of the subnets leads to a service by an endpoint of its VPC.
    pub(in crate::simulated) fn has_endpoint(&self, place: Place<'_>, service: &str, at: &At<'_>) -> bool {
        let name = format!("com.amazonaws.{}.{service}", at.region);
        let leads = |subnet: &String| {
            let Some(found) = self.subnets.get(subnet) else { return false };
            let table = self.table_of(subnet);
            self.endpoints.iter().any(|(id, endpoint)| {
                let is_there = endpoint.vpc == found.vpc && endpoint.service == name && endpoint.life.state(at.now) == "available";
                let by_route = || table.is_some_and(|table| table.routes.values().any(|target| target == id));
                is_there && if endpoint.is_gateway { by_route() } else { endpoint.private && self.lets_in(&endpoint.groups) }
            })
        };
        !place.subnets.is_empty() && self.lets_out(place) && place.subnets.iter().all(leads)
    }

    fn lets_out(&self, place: Place<'_>) -> bool {
        let lets = |group: &String| self.security_groups.get(group).is_some_and(|group| group.egress.iter().any(|one| one.lets(PORT)));
        place.groups.is_empty() || place.groups.iter().any(lets)
    }

    fn lets_in<'a>(&self, groups: impl IntoIterator<Item = &'a String>) -> bool {
        let lets = |group: &String| self.security_groups.get(group).is_some_and(|group| group.ingress.iter().any(|one| one.lets(PORT)));
        groups.into_iter().any(lets)
    }

    /// Where a subnet's default route leads.
    fn towards(&self, subnet: &str) -> Option<&str> {
        self.table_of(subnet)?.routes.get(EVERYBODY).map(String::as_str)
    }
}
