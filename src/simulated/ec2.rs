//! EC2 as one account and Region have it: VPCs and what is in them. As strict as AWS about what refers to what, and as slow with NAT
//! gateways. Answers nothing that Landfall's network kinds don't ask.

use super::wire::{Answer, Asked, Fault, element, fault, set, xml};
use super::{At, Moment};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Digits of an id.
const ID: usize = 17;
/// For how long a NAT gateway is `pending`.
pub const NAT_GATEWAY: Moment = Moment::from_secs(120);

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Ec2 {
    things: BTreeMap<String, Thing>,
}

/// Any resource: what its XML holds as it is, and what is more than text.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Thing {
    set: String,
    fields: BTreeMap<String, String>,
    tags: BTreeMap<String, String>,
    routes: BTreeMap<String, String>,
    /// Subnets of a route table, by association.
    subnets: BTreeMap<String, String>,
    ingress: Vec<Permission>,
    egress: Vec<Permission>,
    /// From when on it is there, for whatever takes its time.
    ready: Moment,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Permission {
    protocol: String,
    from: String,
    to: String,
    range: String,
    group: String,
    description: String,
}

/// What lists a resource: the element of its listing, the element of its id, the parameter that names ids.
const SETS: [(&str, &str, &str); 9] = [
    ("vpcSet", "vpcId", "VpcId"),
    ("internetGatewaySet", "internetGatewayId", "InternetGatewayId"),
    ("subnetSet", "subnetId", "SubnetId"),
    ("addressesSet", "allocationId", "AllocationId"),
    ("natGatewaySet", "natGatewayId", "NatGatewayId"),
    ("routeTableSet", "routeTableId", "RouteTableId"),
    ("securityGroupInfo", "groupId", "GroupId"),
    ("vpcEndpointSet", "vpcEndpointId", "VpcEndpointId"),
    ("networkInterfaceSet", "networkInterfaceId", "NetworkInterfaceId"),
];

impl Ec2 {
    pub(super) fn answer(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        match asked.operation.as_str() {
            "DescribeVpcs" => self.list(at, "vpcSet", asked),
            "DescribeInternetGateways" => self.list(at, "internetGatewaySet", asked),
            "DescribeSubnets" => self.list(at, "subnetSet", asked),
            "DescribeAddresses" => self.list(at, "addressesSet", asked),
            "DescribeNatGateways" => self.list(at, "natGatewaySet", asked),
            "DescribeRouteTables" => self.list(at, "routeTableSet", asked),
            "DescribeSecurityGroups" => self.list(at, "securityGroupInfo", asked),
            "DescribeVpcEndpoints" => self.list(at, "vpcEndpointSet", asked),
            "DescribeNetworkInterfaces" => self.list(at, "networkInterfaceSet", asked),
            "DescribeVpcAttribute" => self.attribute(asked),
            "ModifyVpcAttribute" | "ModifySubnetAttribute" => self.modify(asked),
            "CreateVpc" => self.create(at, "vpc", "vpcSet", "vpc", &[("cidrBlock", asked.text("CidrBlock"))], asked),
            "CreateInternetGateway" => self.create(at, "igw", "internetGatewaySet", "internetGateway", &[], asked),
            "AttachInternetGateway" => self.attach(asked),
            "CreateSubnet" => self.create_subnet(at, asked),
            "AllocateAddress" => self.allocate(at, asked),
            "CreateNatGateway" => self.create_nat_gateway(at, asked),
            "CreateRouteTable" => self.create_route_table(at, asked),
            "CreateRoute" => self.create_route(at, asked),
            "AssociateRouteTable" => self.associate(at, asked),
            "CreateSecurityGroup" => self.create_group(at, asked),
            "AuthorizeSecurityGroupIngress" => self.permit(asked, |thing| &mut thing.ingress, true),
            "AuthorizeSecurityGroupEgress" => self.permit(asked, |thing| &mut thing.egress, true),
            "RevokeSecurityGroupEgress" => self.permit(asked, |thing| &mut thing.egress, false),
            "DeleteVpc" => self.delete_vpc(asked),
            other => fault("InvalidAction", format!("the simulated EC2 has no {other}")),
        }
    }

    fn get(&mut self, id: &str, code: &str) -> Result<&mut Thing, Fault> {
        match self.things.get_mut(id) {
            Some(thing) => Ok(thing),
            None => fault(code, format!("The ID '{id}' does not exist")),
        }
    }

    fn make(&mut self, at: &mut At<'_>, prefix: &str, set: &str, fields: &[(&str, String)], asked: &Asked) -> String {
        let id = at.id(&format!("{prefix}-"), ID);
        let mut fields: BTreeMap<_, _> = fields.iter().map(|(field, value)| ((*field).to_owned(), value.clone())).collect();
        let own = SETS.iter().find(|(name, ..)| *name == set).map(|(_, id, _)| *id);
        fields.extend(own.map(|field| (field.to_owned(), id.clone())));
        let takes = if set == "natGatewaySet" { at.takes(NAT_GATEWAY) } else { Moment::ZERO };
        let thing = Thing {
            set: set.to_owned(),
            fields,
            tags: asked.tags("TagSpecification.1.Tag"),
            ready: at.now + takes,
            routes: BTreeMap::new(),
            subnets: BTreeMap::new(),
            ingress: Vec::new(),
            egress: Vec::new(),
        };
        self.things.insert(id.clone(), thing);
        id
    }

    fn create(&mut self, at: &mut At<'_>, prefix: &str, set: &str, name: &str, fields: &[(&str, String)], asked: &Asked) -> Answer {
        let id = self.make(at, prefix, set, fields, asked);
        xml(format!("<{name}>{}</{name}>", self.things[&id].xml(at.now)))
    }

    fn list(&self, at: &At<'_>, set_name: &str, asked: &Asked) -> Answer {
        let (_, field, parameter) = SETS.iter().find(|(name, ..)| *name == set_name).unwrap();
        let ids = asked.list(parameter);
        if let Some(missing) = ids.iter().find(|id| !self.things.contains_key(*id)) {
            return fault(&format!("Invalid{parameter}.NotFound"), format!("The ID '{missing}' does not exist"));
        }
        let wanted =
            |thing: &&Thing| thing.set == set_name && (ids.is_empty() || thing.fields.get(*field).is_some_and(|id| ids.contains(id)));
        let mut found = Vec::new();
        for thing in self.things.values().filter(wanted) {
            if thing.passes(at.now, asked)? {
                found.push(thing.xml(at.now));
            }
        }
        xml(set(set_name, "item", found))
    }

    fn attribute(&mut self, asked: &Asked) -> Answer {
        let vpc = self.get(&asked.text("VpcId"), "InvalidVpcID.NotFound")?;
        let name = asked.text("Attribute");
        let value = vpc.fields.get(if name == "enableDnsSupport" { "dnsSupport" } else { "dnsHostnames" });
        let value = value.cloned().unwrap_or_else(|| (name == "enableDnsSupport").to_string());
        xml(format!("<{name}>{}</{name}>", element("value", &value)))
    }

    fn modify(&mut self, asked: &Asked) -> Answer {
        let (id, missing) = match asked.operation.as_str() {
            "ModifyVpcAttribute" => (asked.text("VpcId"), "InvalidVpcID.NotFound"),
            _ => (asked.text("SubnetId"), "InvalidSubnetID.NotFound"),
        };
        let thing = self.get(&id, missing)?;
        let names =
            [("EnableDnsSupport", "dnsSupport"), ("EnableDnsHostnames", "dnsHostnames"), ("MapPublicIpOnLaunch", "mapPublicIpOnLaunch")];
        for (parameter, field) in names {
            let parameter = format!("{parameter}.Value");
            if asked.has(&parameter) {
                thing.fields.insert(field.to_owned(), asked.text(&parameter));
            }
        }
        xml("<return>true</return>")
    }

    fn attach(&mut self, asked: &Asked) -> Answer {
        let vpc = asked.text("VpcId");
        self.get(&vpc, "InvalidVpcID.NotFound")?;
        if self.things.values().any(|thing| thing.set == "internetGatewaySet" && thing.fields.get("vpcId") == Some(&vpc)) {
            return fault("Resource.AlreadyAssociated", format!("{vpc} has an internet gateway"));
        }
        self.get(&asked.text("InternetGatewayId"), "InvalidInternetGatewayID.NotFound")?.fields.insert("vpcId".to_owned(), vpc);
        xml("<return>true</return>")
    }

    fn create_subnet(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let (vpc, range) = (asked.text("VpcId"), asked.text("CidrBlock"));
        self.get(&vpc, "InvalidVpcID.NotFound")?;
        let net = |text: &str| text.parse::<ipnet::Ipv4Net>().unwrap();
        let overlaps = |other: &Thing| {
            let other = net(&other.fields["cidrBlock"]);
            other.contains(&net(&range)) || net(&range).contains(&other)
        };
        let mut beside = self.things.values().filter(|thing| thing.set == "subnetSet" && thing.fields["vpcId"] == vpc);
        if beside.any(overlaps) {
            return fault("InvalidSubnet.Conflict", format!("The CIDR '{range}' conflicts with another subnet"));
        }
        let zone = ("availabilityZone", asked.text("AvailabilityZone"));
        let fields = [("vpcId", vpc), ("cidrBlock", range), zone, ("mapPublicIpOnLaunch", "false".to_owned())];
        self.create(at, "subnet", "subnetSet", "subnet", &fields, asked)
    }

    fn allocate(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let id = self.make(at, "eipalloc", "addressesSet", &[("domain", "vpc".to_owned())], asked);
        xml(element("allocationId", &id))
    }

    fn create_nat_gateway(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let (subnet, address) = (asked.text("SubnetId"), asked.text("AllocationId"));
        self.get(&address, "InvalidAllocationID.NotFound")?;
        let vpc = self.get(&subnet, "InvalidSubnetID.NotFound")?.fields["vpcId"].clone();
        if self.things.values().any(|thing| thing.set == "natGatewaySet" && thing.fields["address"] == address) {
            return fault("Resource.AlreadyAssociated", format!("{address} is in use"));
        }
        self.create(at, "nat", "natGatewaySet", "natGateway", &[("vpcId", vpc), ("subnetId", subnet), ("address", address)], asked)
    }

    fn create_route_table(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let vpc = asked.text("VpcId");
        self.get(&vpc, "InvalidVpcID.NotFound")?;
        self.create(at, "rtb", "routeTableSet", "routeTable", &[("vpcId", vpc)], asked)
    }

    fn create_route(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let (range, gateway, nat) = (asked.text("DestinationCidrBlock"), asked.text("GatewayId"), asked.text("NatGatewayId"));
        let target = if nat.is_empty() { gateway } else { nat };
        let to = self.get(&target, "InvalidGatewayID.NotFound")?;
        if to.set == "natGatewaySet" && to.is_pending(at.now) {
            return fault("InvalidNatGatewayID.NotFound", format!("{target} is pending"));
        }
        let table = self.get(&asked.text("RouteTableId"), "InvalidRouteTableID.NotFound")?;
        if table.routes.insert(range.clone(), target).is_some() {
            return fault("RouteAlreadyExists", range);
        }
        xml("<return>true</return>")
    }

    fn associate(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let (subnet, table) = (asked.text("SubnetId"), asked.text("RouteTableId"));
        self.get(&subnet, "InvalidSubnetID.NotFound")?;
        if self.things.values().any(|thing| thing.subnets.values().any(|other| *other == subnet)) {
            return fault("Resource.AlreadyAssociated", format!("{subnet} has a route table"));
        }
        let id = at.id("rtbassoc-", ID);
        self.get(&table, "InvalidRouteTableID.NotFound")?.subnets.insert(id.clone(), subnet);
        xml(element("associationId", &id))
    }

    fn create_group(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let (vpc, name) = (asked.text("VpcId"), asked.text("GroupName"));
        self.get(&vpc, "InvalidVpcID.NotFound")?;
        let mut groups = self.things.values().filter(|thing| thing.set == "securityGroupInfo" && thing.fields["vpcId"] == vpc);
        if groups.any(|group| group.fields["groupName"] == name) {
            return fault("InvalidGroup.Duplicate", name);
        }
        let fields = [("vpcId", vpc), ("groupName", name), ("groupDescription", asked.text("GroupDescription"))];
        let id = self.make(at, "sg", "securityGroupInfo", &fields, asked);
        // AWS lets everything out of a new group.
        let out = Permission {
            protocol: "-1".to_owned(),
            from: String::new(),
            to: String::new(),
            range: "0.0.0.0/0".to_owned(),
            group: String::new(),
            description: String::new(),
        };
        self.get(&id, "")?.egress.push(out);
        xml(element("groupId", &id))
    }

    fn permit(&mut self, asked: &Asked, side: impl Fn(&mut Thing) -> &mut Vec<Permission>, adds: bool) -> Answer {
        let asked_for = Permission::all(asked);
        for group in asked_for.iter().map(|one| &one.group).filter(|group| !group.is_empty()) {
            self.get(group, "InvalidGroup.NotFound")?;
        }
        let live = side(self.get(&asked.text("GroupId"), "InvalidGroup.NotFound")?);
        for one in asked_for {
            let there = live.iter().position(|other| other.is_as(&one));
            match (there, adds) {
                (Some(_), true) => return fault("InvalidPermission.Duplicate", one.range),
                (None, false) => return fault("InvalidPermission.NotFound", one.range),
                (None, true) => live.push(one),
                (Some(at), false) => drop(live.remove(at)),
            }
        }
        xml("<return>true</return>")
    }

    fn delete_vpc(&mut self, asked: &Asked) -> Answer {
        let vpc = asked.text("VpcId");
        self.get(&vpc, "InvalidVpcID.NotFound")?;
        if self.things.values().any(|thing| thing.set != "vpcSet" && thing.fields.get("vpcId") == Some(&vpc)) {
            return fault("DependencyViolation", format!("The vpc '{vpc}' has dependencies and cannot be deleted."));
        }
        self.things.remove(&vpc);
        xml("<return>true</return>")
    }
}

impl Thing {
    fn is_pending(&self, now: Moment) -> bool {
        now < self.ready
    }

    fn state(&self, now: Moment) -> &'static str {
        if self.is_pending(now) { "pending" } else { "available" }
    }

    /// Whether it passes all filters of a request.
    fn passes(&self, now: Moment, asked: &Asked) -> Result<bool, Fault> {
        for at in 1..=asked.count("Filter") {
            let (name, values) = (asked.text(&format!("Filter.{at}.Name")), asked.list(&format!("Filter.{at}.Value")));
            let has = |field: &str| self.fields.get(field).is_some_and(|value| values.contains(value));
            let passes = match name.as_str() {
                "vpc-id" => has("vpcId"),
                "state" => values.iter().any(|value| value == self.state(now)),
                "association.subnet-id" => self.subnets.values().any(|subnet| values.contains(subnet)),
                other => return fault("InvalidParameterValue", format!("The filter '{other}' is invalid")),
            };
            if !passes {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn xml(&self, now: Moment) -> String {
        let plain = self.fields.iter().filter(|(name, _)| !matches!(name.as_str(), "dnsSupport" | "dnsHostnames" | "address"));
        let mut text: String = plain.map(|(name, value)| element(name, value)).collect();
        text += &element("state", self.state(now));
        let tags = self.tags.iter().map(|(key, value)| element("key", key) + &element("value", value));
        text += &set("tagSet", "item", tags);
        text + &self.inner_xml()
    }

    fn inner_xml(&self) -> String {
        let field = |name: &str| self.fields.get(name).cloned().unwrap_or_default();
        match self.set.as_str() {
            "internetGatewaySet" => set("attachmentSet", "item", self.fields.get("vpcId").map(|vpc| element("vpcId", vpc))),
            "natGatewaySet" => set("natGatewayAddressSet", "item", [element("allocationId", &field("address"))]),
            "routeTableSet" => self.routes_xml(),
            "securityGroupInfo" => {
                let rules = |name, all: &[Permission]| set(name, "item", all.iter().map(Permission::xml));
                rules("ipPermissions", &self.ingress) + &rules("ipPermissionsEgress", &self.egress)
            }
            _ => String::new(),
        }
    }

    fn routes_xml(&self) -> String {
        let route = |(range, target): (&String, &String)| {
            let by = if target.starts_with("nat-") { "natGatewayId" } else { "gatewayId" };
            element("destinationCidrBlock", range) + &element(by, target) + &element("origin", "CreateRoute")
        };
        let association = |(id, subnet): (&String, &String)| {
            element("routeTableAssociationId", id) + &element("subnetId", subnet) + &element("main", "false")
        };
        set("routeSet", "item", self.routes.iter().map(route)) + &set("associationSet", "item", self.subnets.iter().map(association))
    }
}

impl Permission {
    /// One for each range and each group of each permission in a request.
    fn all(asked: &Asked) -> Vec<Permission> {
        let mut all = Vec::new();
        for at in 1..=asked.count("IpPermissions") {
            let text = |name: &str| asked.text(&format!("IpPermissions.{at}.{name}"));
            let bare = |range: String, group: String, description: String| Permission {
                protocol: text("IpProtocol"),
                from: text("FromPort"),
                to: text("ToPort"),
                range,
                group,
                description,
            };
            let ranges = asked.count(&format!("IpPermissions.{at}.IpRanges"));
            let range = |n: usize| bare(text(&format!("IpRanges.{n}.CidrIp")), String::new(), text(&format!("IpRanges.{n}.Description")));
            let groups = asked.count(&format!("IpPermissions.{at}.Groups"));
            let group = |n: usize| bare(String::new(), text(&format!("Groups.{n}.GroupId")), text(&format!("Groups.{n}.Description")));
            all.extend((1..=ranges).map(range).chain((1..=groups).map(group)));
        }
        all
    }

    fn is_as(&self, other: &Permission) -> bool {
        Permission { description: other.description.clone(), ..self.clone() } == *other
    }

    fn xml(&self) -> String {
        let some = |name: &str, value: &str| if value.is_empty() { String::new() } else { element(name, value) };
        let about = some("description", &self.description);
        let ends = [("ipRanges", "cidrIp", &self.range), ("groups", "groupId", &self.group)];
        let ends = ends.iter().map(|(list, name, value)| set(list, "item", (!value.is_empty()).then(|| element(name, value) + &about)));
        element("ipProtocol", &self.protocol) + &some("fromPort", &self.from) + &some("toPort", &self.to) + &ends.collect::<String>()
    }
}
