//! VPCs, their subnets and their lists of network rules.

use super::listing::{PAGE, Resource, Sort, tagged};
use super::shown::{elements, range};
use super::{Ec2, Tags, add, done, get, get_mut, tags, violates};
use crate::simulated::At;
use crate::simulated::servicequotas::Quotas;
use crate::simulated::wire::{Answer, Asked, Fault, element, fault, set, xml};
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

/// The sizes of VPCs and subnets (VPC user guide, *VPC CIDR blocks*).
const SIZES: std::ops::RangeInclusive<u8> = 16..=28;
/// The zones that most Regions have, and the Regions that have others: those that an account sees.
const ZONES: &str = "abc";
const ZONES_OF: [(&str, &str); 7] = [
    ("us-east-1", "abcdef"),
    ("us-west-1", "ab"),
    ("us-west-2", "abcd"),
    ("ap-northeast-1", "acd"),
    ("ap-northeast-2", "abcd"),
    ("ca-central-1", "abd"),
    ("cn-north-1", "ab"),
];

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Vpc {
    pub range: String,
    pub is_default: bool,
    /// Whether its resolver answers, and whether public addresses get names.
    pub support: bool,
    pub hostnames: bool,
    pub tags: Tags,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Subnet {
    pub vpc: String,
    pub range: String,
    pub zone: String,
    pub public: bool,
    /// Whether it came with the default VPC.
    pub is_default: bool,
    pub tags: Tags,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct NetworkAcl {
    pub vpc: String,
    pub tags: Tags,
}

impl Resource for Vpc {
    const SORT: Sort =
        Sort { prefix: "vpc", kind: "vpc", set: "vpcSet", id: "vpcId", ids: "VpcId", missing: "InvalidVpcID.NotFound", page: PAGE };

    fn show(&self, _: &str, at: &At<'_>, _: &Ec2) -> String {
        let block = element("cidrBlock", &self.range) + "<cidrBlockState><state>associated</state></cidrBlockState>";
        let is_default = self.is_default.to_string();
        let own = [("ownerId", at.account), ("state", "available"), ("cidrBlock", &self.range), ("isDefault", &is_default)];
        elements(&own) + &element("instanceTenancy", "default") + &set("cidrBlockAssociationSet", "item", [block])
    }

    fn values(&self, filter: &str, _: &At<'_>) -> Option<Vec<String>> {
        match filter {
            "cidr" | "cidr-block" => Some(vec![self.range.clone()]),
            "is-default" | "isDefault" => Some(vec![self.is_default.to_string()]),
            "state" => Some(vec!["available".to_owned()]),
            _ => None,
        }
    }

    tagged!();
}

impl Resource for Subnet {
    const SORT: Sort = Sort {
        prefix: "subnet",
        kind: "subnet",
        set: "subnetSet",
        id: "subnetId",
        ids: "SubnetId",
        missing: "InvalidSubnetID.NotFound",
        page: PAGE,
    };

    fn show(&self, id: &str, at: &At<'_>, _: &Ec2) -> String {
        let (public, is_default, arn) = (self.public.to_string(), self.is_default.to_string(), at.arn("ec2", &format!("subnet/{id}")));
        let own = [("subnetArn", arn.as_str()), ("ownerId", at.account), ("state", "available"), ("vpcId", &self.vpc)];
        let place = [("cidrBlock", self.range.as_str()), ("availabilityZone", &self.zone)];
        elements(&own) + &elements(&place) + &elements(&[("defaultForAz", &is_default), ("mapPublicIpOnLaunch", &public)])
    }

    fn values(&self, filter: &str, _: &At<'_>) -> Option<Vec<String>> {
        let value = match filter {
            "vpc-id" => self.vpc.clone(),
            "cidr-block" => self.range.clone(),
            "availability-zone" => self.zone.clone(),
            "default-for-az" => self.is_default.to_string(),
            _ => return None,
        };
        Some(vec![value])
    }

    tagged!();
}

impl Resource for NetworkAcl {
    const SORT: Sort = Sort {
        prefix: "acl",
        kind: "network-acl",
        set: "networkAclSet",
        id: "networkAclId",
        ids: "NetworkAclId",
        missing: "InvalidNetworkAclID.NotFound",
        page: PAGE,
    };

    // Nobody can make another here: each is its VPC's default one.
    fn show(&self, _: &str, at: &At<'_>, _: &Ec2) -> String {
        elements(&[("vpcId", &self.vpc), ("default", "true"), ("ownerId", at.account)])
    }

    fn values(&self, filter: &str, _: &At<'_>) -> Option<Vec<String>> {
        match filter {
            "vpc-id" => Some(vec![self.vpc.clone()]),
            "default" => Some(vec!["true".to_owned()]),
            _ => None,
        }
    }

    tagged!();
}

impl Ec2 {
    pub(super) fn create_vpc(&mut self, at: &mut At<'_>, asked: &Asked, quotas: &Quotas) -> Answer {
        quotas.allows("L-F678F1CE", self.vpcs.len(), "VpcLimitExceeded")?;
        let block = block(asked, "InvalidVpc.Range")?;
        let id = self.add_vpc(at, &block.to_string(), tags::given(asked, &Vpc::SORT)?);
        self.made("vpc", &self.vpcs, &id, at)
    }

    /// A VPC with all that AWS puts into each.
    pub(super) fn add_vpc(&mut self, at: &mut At<'_>, range: &str, tags: Tags) -> String {
        let vpc = add(&mut self.vpcs, at, Vpc { range: range.to_owned(), support: true, tags, ..Vpc::default() });
        add(&mut self.network_acls, at, NetworkAcl { vpc: vpc.clone(), ..NetworkAcl::default() });
        self.add_main_route_table(at, &vpc, range);
        self.add_default_group(at, &vpc);
        vpc
    }

    pub(super) fn vpc_attribute(&self, asked: &Asked) -> Answer {
        let (id, name) = (asked.text("VpcId"), asked.text("Attribute"));
        let vpc = get(&self.vpcs, &id)?;
        let value = match name.as_str() {
            "enableDnsSupport" => vpc.support,
            "enableDnsHostnames" => vpc.hostnames,
            _ => return fault("InvalidParameterValue", format!("Value ({name}) for parameter attribute is invalid.")),
        };
        xml(element("vpcId", &id) + &format!("<{name}>{}</{name}>", element("value", &value.to_string())))
    }

    pub(super) fn modify_vpc(&mut self, asked: &Asked) -> Answer {
        let vpc = get_mut(&mut self.vpcs, &asked.text("VpcId"))?;
        let (support, hostnames) = (flag(asked, "EnableDnsSupport"), flag(asked, "EnableDnsHostnames"));
        if support.is_some() == hostnames.is_some() {
            return fault("InvalidParameterCombination", "Fields for one attribute are to be specified");
        }
        if hostnames == Some(true) && !vpc.support {
            return fault("InvalidParameterValue", "DNS hostnames need DNS support");
        }
        (vpc.support, vpc.hostnames) = (support.unwrap_or(vpc.support), hostnames.unwrap_or(vpc.hostnames));
        done()
    }

    pub(super) fn delete_vpc(&mut self, asked: &Asked) -> Answer {
        let id = asked.text("VpcId");
        get(&self.vpcs, &id)?;
        let holds = self.subnets.values().any(|subnet| subnet.vpc == id)
            || self.internet_gateways.values().any(|gateway| gateway.vpc.as_ref() == Some(&id))
            || self.route_tables.values().any(|table| table.vpc == id && !table.is_main())
            || self.security_groups.values().any(|group| group.vpc == id && !group.is_default())
            || self.endpoints.values().any(|endpoint| endpoint.vpc == id && endpoint.life.gone.is_none())
            || self.interfaces.values().any(|interface| interface.vpc == id);
        if holds {
            return violates(format!("The vpc '{id}'"));
        }
        self.vpcs.remove(&id);
        self.network_acls.retain(|_, list| list.vpc != id);
        self.route_tables.retain(|_, table| table.vpc != id);
        self.security_groups.retain(|_, group| group.vpc != id);
        done()
    }

    pub(super) fn create_subnet(&mut self, at: &mut At<'_>, asked: &Asked, quotas: &Quotas) -> Answer {
        let (vpc, zone) = (asked.text("VpcId"), asked.text("AvailabilityZone"));
        let whole = range(&get(&self.vpcs, &vpc)?.range);
        let block = block(asked, "InvalidSubnet.Range")?;
        if whole.is_none_or(|whole| !whole.contains(&block)) {
            return fault("InvalidSubnet.Range", format!("The CIDR '{block}' is invalid."));
        }
        let beside: Vec<&Subnet> = self.subnets.values().filter(|subnet| subnet.vpc == vpc).collect();
        quotas.allows("L-407747CB", beside.len(), "SubnetLimitExceeded")?;
        let overlaps = |other: Ipv4Net| other.contains(&block) || block.contains(&other);
        if beside.iter().filter_map(|subnet| range(&subnet.range)).any(overlaps) {
            return fault("InvalidSubnet.Conflict", format!("The CIDR '{block}' conflicts with another subnet"));
        }
        let all = zones(at.region);
        let zone = if zone.is_empty() { all.first().cloned().unwrap_or_default() } else { zone };
        if !all.contains(&zone) {
            return fault("InvalidParameterValue", format!("Value ({zone}) for parameter availabilityZone is invalid."));
        }
        let tags = tags::given(asked, &Subnet::SORT)?;
        let id = add(&mut self.subnets, at, Subnet { vpc, range: block.to_string(), zone, tags, ..Subnet::default() });
        self.made("subnet", &self.subnets, &id, at)
    }

    pub(super) fn modify_subnet(&mut self, asked: &Asked) -> Answer {
        let subnet = get_mut(&mut self.subnets, &asked.text("SubnetId"))?;
        match flag(asked, "MapPublicIpOnLaunch") {
            Some(public) => subnet.public = public,
            None => return super::unknown("ModifySubnetAttribute of other attributes"),
        }
        done()
    }

    pub(super) fn delete_subnet(&mut self, asked: &Asked) -> Answer {
        let id = asked.text("SubnetId");
        get(&self.subnets, &id)?;
        if self.interfaces.values().any(|interface| interface.subnet == id) {
            return violates(format!("The subnet '{id}'"));
        }
        self.subnets.remove(&id);
        self.release_subnet(&id);
        done()
    }
}

/// The zones of a Region, by their names.
pub(super) fn zones(region: &str) -> Vec<String> {
    let letters = ZONES_OF.iter().find(|(name, _)| *name == region).map_or(ZONES, |(_, letters)| letters);
    letters.chars().map(|letter| format!("{region}{letter}")).collect()
}

/// The range that a request asks for.
fn block(asked: &Asked, wrong: &str) -> Result<Ipv4Net, Fault> {
    let text = asked.text("CidrBlock");
    let Some(block) = range(&text) else {
        return fault(
            "InvalidParameterValue",
            format!("Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR block."),
        );
    };
    match SIZES.contains(&block.prefix_len()) {
        true => Ok(block),
        false => fault(wrong, format!("The CIDR '{text}' is invalid.")),
    }
}

fn flag(asked: &Asked, name: &str) -> Option<bool> {
    asked.some(&format!("{name}.Value")).map(|value| value == "true")
}
