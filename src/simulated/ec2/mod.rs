//! EC2 as one account has it in one Region: its networks and what is in them. As strict as AWS about what refers to what, and as slow with NAT
//! gateways and endpoints. Answers nothing that Landfall's network kinds don't ask.

mod defaults;
mod endpoints;
mod flow_logs;
mod gateways;
mod groups;
mod interfaces;
mod listing;
mod nat;
mod once;
mod permission;
mod reach;
mod routes;
mod shown;
mod tags;
#[cfg(test)]
mod tests;
mod vpcs;

pub use nat::NAT_GATEWAY;
pub(super) use reach::Place;

use super::At;
use super::servicequotas::Quotas;
use super::wire::{Answer, Asked, Fault, element, fault, xml};
use listing::{Resource, found};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Digits of an id.
const ID: usize = 17;

/// All of one sort, by their ids.
type All<T> = BTreeMap<String, T>;
type Tags = BTreeMap<String, String>;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ec2 {
    /// Whether there is by now what each Region has from the start.
    begun: bool,
    vpcs: All<vpcs::Vpc>,
    subnets: All<vpcs::Subnet>,
    network_acls: All<vpcs::NetworkAcl>,
    internet_gateways: All<gateways::InternetGateway>,
    addresses: All<gateways::Address>,
    nat_gateways: All<nat::NatGateway>,
    route_tables: All<routes::RouteTable>,
    security_groups: All<groups::SecurityGroup>,
    endpoints: All<endpoints::Endpoint>,
    interfaces: All<interfaces::Interface>,
    flow_logs: All<flow_logs::FlowLog>,
    /// Whether new volumes are encrypted, whoever makes them.
    encrypts: bool,
    /// What was answered to calls with a client's token.
    answered: BTreeMap<String, once::Answered>,
}

impl Ec2 {
    pub(super) fn answer(&mut self, at: &mut At<'_>, asked: &Asked, quotas: &Quotas) -> Answer {
        self.begin(at);
        self.settle(at.now);
        if asked.operation.starts_with("Describe") {
            return self.describe(at, asked);
        }
        self.once(at, asked, |ec2, at| ec2.write(at, asked, quotas))
    }

    fn describe(&self, at: &At<'_>, asked: &Asked) -> Answer {
        match asked.operation.as_str() {
            "DescribeVpcs" => self.list(&self.vpcs, at, asked),
            "DescribeVpcAttribute" => self.vpc_attribute(asked),
            "DescribeSubnets" => self.list(&self.subnets, at, asked),
            "DescribeNetworkAcls" => self.list(&self.network_acls, at, asked),
            "DescribeInternetGateways" => self.list(&self.internet_gateways, at, asked),
            "DescribeAddresses" => self.list(&self.addresses, at, asked),
            "DescribeNatGateways" => self.list(&self.nat_gateways, at, asked),
            "DescribeRouteTables" => self.list(&self.route_tables, at, asked),
            "DescribeSecurityGroups" => self.list(&self.security_groups, at, asked),
            "DescribeVpcEndpoints" => self.list(&self.endpoints, at, asked),
            "DescribeNetworkInterfaces" => self.list(&self.interfaces, at, asked),
            "DescribeFlowLogs" => self.list(&self.flow_logs, at, asked),
            "DescribeTags" => self.describe_tags(asked),
            // There are none of these here, and nobody can make one.
            "DescribeVpcPeeringConnections" => xml("<vpcPeeringConnectionSet/>"),
            "DescribeVpnGateways" => xml("<vpnGatewaySet/>"),
            other => unknown(other),
        }
    }

    fn write(&mut self, at: &mut At<'_>, asked: &Asked, quotas: &Quotas) -> Answer {
        match asked.operation.as_str() {
            "CreateVpc" => self.create_vpc(at, asked, quotas),
            "ModifyVpcAttribute" => self.modify_vpc(asked),
            "DeleteVpc" => self.delete_vpc(asked),
            "CreateSubnet" => self.create_subnet(at, asked, quotas),
            "ModifySubnetAttribute" => self.modify_subnet(asked),
            "DeleteSubnet" => self.delete_subnet(asked),
            "CreateInternetGateway" => self.create_internet_gateway(at, asked, quotas),
            "AttachInternetGateway" => self.attach_internet_gateway(asked),
            "DetachInternetGateway" => self.detach_internet_gateway(asked),
            "DeleteInternetGateway" => self.delete_internet_gateway(asked),
            "AllocateAddress" => self.allocate_address(at, asked, quotas),
            "ReleaseAddress" => self.release_address(asked),
            "CreateNatGateway" => self.create_nat_gateway(at, asked, quotas),
            "DeleteNatGateway" => self.delete_nat_gateway(at, asked),
            "CreateTags" => self.create_tags(asked),
            "DeleteTags" => self.delete_tags(asked),
            "CreateFlowLogs" => self.create_flow_logs(at, asked),
            "DeleteFlowLogs" => self.delete_flow_logs(asked),
            "CreateNetworkInterface" => self.create_network_interface(at, asked),
            "DeleteNetworkInterface" => self.delete_network_interface(asked),
            "GetEbsEncryptionByDefault" => self.encryption(None),
            "EnableEbsEncryptionByDefault" => self.encryption(Some(true)),
            "DisableEbsEncryptionByDefault" => self.encryption(Some(false)),
            name if name.contains("Route") => self.write_routes(at, asked, quotas),
            name if name.contains("SecurityGroup") => self.write_groups(at, asked, quotas),
            name if name.contains("VpcEndpoint") => self.write_endpoints(at, asked, quotas),
            other => unknown(other),
        }
    }

    fn encryption(&mut self, sets: Option<bool>) -> Answer {
        self.encrypts = sets.unwrap_or(self.encrypts);
        xml(element("ebsEncryptionByDefault", &self.encrypts.to_string()))
    }
}

/// Makes one, and answers its id.
fn add<T: Resource>(all: &mut All<T>, at: &mut At<'_>, one: T) -> String {
    let id = at.id(&format!("{}-", T::SORT.prefix), ID);
    all.insert(id.clone(), one);
    id
}

/// One that is there.
fn get<'a, T: Resource>(all: &'a All<T>, id: &str) -> Result<&'a T, Fault> {
    found(all.get(id), T::SORT.missing, id)
}

fn get_mut<'a, T: Resource>(all: &'a mut All<T>, id: &str) -> Result<&'a mut T, Fault> {
    found(all.get_mut(id), T::SORT.missing, id)
}

fn done() -> Answer {
    xml("<return>true</return>")
}

fn violates<T>(what: impl std::fmt::Display) -> Result<T, Fault> {
    fault("DependencyViolation", format!("{what} has dependencies and cannot be deleted."))
}

fn unknown(operation: &str) -> Answer {
    fault("InvalidAction", format!("the simulated EC2 has no {operation}"))
}
