//! Internet gateways and elastic IPs.

use super::listing::{PAGE, Resource, Sort, tagged};
use super::shown::{elements, some};
use super::{Ec2, Tags, add, done, get, get_mut, tags, violates};
use crate::simulated::At;
use crate::simulated::servicequotas::Quotas;
use crate::simulated::wire::{Answer, Asked, element, fault, set, xml};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct InternetGateway {
    pub vpc: Option<String>,
    pub tags: Tags,
}

/// An elastic IP. Which NAT gateway has it, the gateway knows; the address itself, nobody asks for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Address {
    pub tags: Tags,
}

impl Resource for InternetGateway {
    const SORT: Sort = Sort {
        prefix: "igw",
        kind: "internet-gateway",
        set: "internetGatewaySet",
        id: "internetGatewayId",
        ids: "InternetGatewayId",
        missing: "InvalidInternetGatewayID.NotFound",
        page: PAGE,
    };

    fn show(&self, _: &str, at: &At<'_>, _: &Ec2) -> String {
        let attachment = |vpc: &String| elements(&[("vpcId", vpc), ("state", "available")]);
        element("ownerId", at.account) + &set("attachmentSet", "item", self.vpc.iter().map(attachment))
    }

    fn values(&self, filter: &str, _: &At<'_>) -> Option<Vec<String>> {
        match filter {
            "attachment.vpc-id" => Some(self.vpc.iter().cloned().collect()),
            "attachment.state" => Some(self.vpc.iter().map(|_| "available".to_owned()).collect()),
            _ => None,
        }
    }

    tagged!();
}

impl Resource for Address {
    const SORT: Sort = Sort {
        prefix: "eipalloc",
        kind: "elastic-ip",
        set: "addressesSet",
        id: "allocationId",
        ids: "AllocationId",
        missing: "InvalidAllocationID.NotFound",
        page: PAGE,
    };

    fn show(&self, id: &str, at: &At<'_>, ec2: &Ec2) -> String {
        let holder = ec2.holder(id, at.now).map(|(_, gateway)| gateway.interface.clone()).unwrap_or_default();
        element("domain", "vpc") + &some("networkInterfaceId", &holder)
    }

    fn values(&self, filter: &str, _: &At<'_>) -> Option<Vec<String>> {
        match filter {
            "domain" => Some(vec!["vpc".to_owned()]),
            _ => None,
        }
    }

    tagged!();
}

impl Ec2 {
    pub(super) fn create_internet_gateway(&mut self, at: &mut At<'_>, asked: &Asked, quotas: &Quotas) -> Answer {
        quotas.allows("L-A4707A72", self.internet_gateways.len(), "InternetGatewayLimitExceeded")?;
        let tags = tags::given(asked, &InternetGateway::SORT)?;
        let id = add(&mut self.internet_gateways, at, InternetGateway { vpc: None, tags });
        self.made("internetGateway", &self.internet_gateways, &id, at)
    }

    pub(super) fn attach_internet_gateway(&mut self, asked: &Asked) -> Answer {
        let (vpc, id) = (asked.text("VpcId"), asked.text("InternetGatewayId"));
        get(&self.vpcs, &vpc)?;
        if let Some(other) = &get(&self.internet_gateways, &id)?.vpc {
            return fault("Resource.AlreadyAssociated", format!("resource {id} is already attached to network {other}"));
        }
        if self.gateway_of(&vpc).is_some() {
            return fault("InvalidParameterValue", format!("Network {vpc} already has an internet gateway attached"));
        }
        get_mut(&mut self.internet_gateways, &id)?.vpc = Some(vpc);
        done()
    }

    pub(super) fn detach_internet_gateway(&mut self, asked: &Asked) -> Answer {
        let (vpc, id) = (asked.text("VpcId"), asked.text("InternetGatewayId"));
        if get(&self.internet_gateways, &id)?.vpc.as_ref() != Some(&vpc) {
            return fault("Gateway.NotAttached", format!("resource {id} is not attached to network {vpc}"));
        }
        if self.interfaces.values().any(|interface| interface.vpc == vpc && interface.is_public()) {
            let why = format!("Network {vpc} has some mapped public address(es). Please unmap those before detaching the gateway.");
            return fault("DependencyViolation", why);
        }
        get_mut(&mut self.internet_gateways, &id)?.vpc = None;
        done()
    }

    pub(super) fn delete_internet_gateway(&mut self, asked: &Asked) -> Answer {
        let id = asked.text("InternetGatewayId");
        if get(&self.internet_gateways, &id)?.vpc.is_some() {
            return violates(format!("The internetGateway '{id}'"));
        }
        self.internet_gateways.remove(&id);
        done()
    }

    /// The internet gateway that a VPC has.
    pub(super) fn gateway_of(&self, vpc: &str) -> Option<&String> {
        self.internet_gateways.iter().find(|(_, gateway)| gateway.vpc.as_deref() == Some(vpc)).map(|(id, _)| id)
    }

    pub(super) fn allocate_address(&mut self, at: &mut At<'_>, asked: &Asked, quotas: &Quotas) -> Answer {
        quotas.allows("L-0263D0A3", self.addresses.len(), "AddressLimitExceeded")?;
        let tags = tags::given(asked, &Address::SORT)?;
        let id = add(&mut self.addresses, at, Address { tags });
        xml(elements(&[("allocationId", id.as_str()), ("domain", "vpc")]))
    }

    pub(super) fn release_address(&mut self, asked: &Asked) -> Answer {
        let id = asked.text("AllocationId");
        get(&self.addresses, &id)?;
        if self.interfaces.values().any(|interface| interface.address.as_ref() == Some(&id)) {
            return fault("InvalidIPAddress.InUse", format!("Address {id} is in use."));
        }
        self.addresses.remove(&id);
        done()
    }
}
