//! Network interfaces: those that people make, and those that AWS makes for gateways, endpoints and functions, which keep subnets and groups busy.

use super::listing::{PAGE, Resource, Sort, tagged};
use super::shown::elements;
use super::{Ec2, Tags, add, done, get, tags};
use crate::simulated::wire::{Answer, Asked, Fault, element, fault, set};
use crate::simulated::{At, Moment};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How long Lambda keeps the interfaces of a function that no longer needs them (Lambda developer guide: "up to 20 minutes").
const FUNCTION: Moment = Moment::from_secs(20 * 60);

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Interface {
    pub vpc: String,
    pub subnet: String,
    pub zone: String,
    /// Of what: `interface`, `nat_gateway`, `vpc_endpoint`, `lambda`.
    pub kind: String,
    pub description: String,
    /// Whether AWS made it for something else.
    pub managed: bool,
    pub groups: Vec<String>,
    /// The elastic IP that it is known by.
    pub address: Option<String>,
    /// From when on it is gone.
    pub gone: Option<Moment>,
    pub tags: Tags,
}

impl Interface {
    pub fn is_public(&self) -> bool {
        self.address.is_some()
    }

    /// As the interface of a NAT gateway is called.
    fn kind(&self) -> &str {
        if self.kind == "nat_gateway" { "natGateway" } else { &self.kind }
    }
}

impl Resource for Interface {
    const SORT: Sort = Sort {
        prefix: "eni",
        kind: "network-interface",
        set: "networkInterfaceSet",
        id: "networkInterfaceId",
        ids: "NetworkInterfaceId",
        missing: "InvalidNetworkInterfaceID.NotFound",
        page: PAGE,
    };

    fn show(&self, _: &str, at: &At<'_>, ec2: &Ec2) -> String {
        let managed = self.managed.to_string();
        let place = [("vpcId", self.vpc.as_str()), ("subnetId", &self.subnet), ("availabilityZone", &self.zone), ("ownerId", at.account)];
        let own = [("description", self.description.as_str()), ("requesterManaged", &managed)];
        elements(&place) + &elements(&own) + &element("interfaceType", self.kind()) + &ec2.group_set("groupSet", &self.groups)
    }

    fn values(&self, filter: &str, _: &At<'_>) -> Option<Vec<String>> {
        let value = match filter {
            "vpc-id" => self.vpc.clone(),
            "subnet-id" => self.subnet.clone(),
            "description" => self.description.clone(),
            "interface-type" => self.kind.clone(),
            "requester-managed" => self.managed.to_string(),
            "group-id" => return Some(self.groups.clone()),
            _ => return None,
        };
        Some(vec![value])
    }

    tagged!();
}

impl Ec2 {
    /// Puts an interface into a subnet.
    pub(super) fn add_interface(&mut self, at: &mut At<'_>, subnet: &str, about: Interface) -> String {
        let place = self.subnets.get(subnet).cloned().unwrap_or_default();
        add(&mut self.interfaces, at, Interface { vpc: place.vpc, zone: place.zone, subnet: subnet.to_owned(), ..about })
    }

    pub(super) fn create_network_interface(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let (subnet, mut groups) = (asked.text("SubnetId"), asked.list("SecurityGroupId"));
        let vpc = get(&self.subnets, &subnet)?.vpc.clone();
        self.check_groups(&groups, &vpc)?;
        if groups.is_empty() {
            groups.extend(self.default_group(&vpc).cloned());
        }
        let tags = tags::given(asked, &Interface::SORT)?;
        let about =
            Interface { kind: "interface".to_owned(), description: asked.text("Description"), groups, tags, ..Interface::default() };
        let id = self.add_interface(at, &subnet, about);
        self.made("networkInterface", &self.interfaces, &id, at)
    }

    pub(super) fn delete_network_interface(&mut self, asked: &Asked) -> Answer {
        let id = asked.text("NetworkInterfaceId");
        if get(&self.interfaces, &id)?.managed {
            return fault("InvalidParameterValue", format!("Network interface '{id}' is currently in use."));
        }
        self.interfaces.remove(&id);
        done()
    }

    /// Groups with their names, as interfaces and endpoints show them.
    pub(super) fn group_set(&self, name: &str, groups: &[String]) -> String {
        let name_of = |id: &String| self.security_groups.get(id).map(|group| group.name.clone()).unwrap_or_default();
        set(name, "item", groups.iter().map(|id| elements(&[("groupId", id), ("groupName", &name_of(id))])))
    }

    /// Gives a function its interfaces in subnets, and gives up those that it no longer needs, which takes Lambda its time.
    ///
    /// # Errors
    /// A subnet or a group that is not there.
    pub(in crate::simulated) fn connect(
        &mut self,
        at: &mut At<'_>,
        function: &str,
        subnets: &BTreeSet<String>,
        groups: &BTreeSet<String>,
    ) -> Result<(), Fault> {
        self.begin(at);
        self.settle(at.now);
        for subnet in subnets {
            let vpc = get(&self.subnets, subnet)?.vpc.clone();
            self.check_groups(groups, &vpc)?;
        }
        let description = format!("AWS Lambda VPC ENI-{function}-");
        let groups: Vec<String> = groups.iter().cloned().collect();
        let gone = at.now + at.takes(FUNCTION);
        let mut missing = subnets.clone();
        for interface in self.interfaces.values_mut().filter(|interface| interface.description.starts_with(&description)) {
            let is_needed = interface.groups == groups && missing.remove(&interface.subnet);
            interface.gone = if is_needed { None } else { interface.gone.or(Some(gone)) };
        }
        for subnet in missing {
            let description = description.clone() + &at.uuid();
            let kind = "lambda".to_owned();
            let about = Interface { kind, description, managed: true, groups: groups.clone(), ..Interface::default() };
            self.add_interface(at, &subnet, about);
        }
        Ok(())
    }
}
