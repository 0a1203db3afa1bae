//! VPC endpoints: gateways, which are routes, and interfaces, which come and go slowly and keep their subnets and groups busy.

use super::interfaces::Interface;
use super::listing::{PAGE, Resource, Sort, tagged};
use super::shown::{Life, elements, some, texts};
use super::{Ec2, Tags, add, done, get, get_mut, tags, unknown};
use crate::simulated::servicequotas::Quotas;
use crate::simulated::wire::{Answer, Asked, Fault, element, fault, iso, set, xml};
use crate::simulated::{At, Moment};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How long an interface is `pending`, and `deleting` (what people see; AWS publishes none).
const COMING: Moment = Moment::from_secs(60);
const GOING: Moment = Moment::from_secs(45);
/// The services that AWS has gateways to, and the lists of their ranges.
const GATEWAYS: [(&str, &str); 2] = [("s3", "pl-68a54001"), ("dynamodb", "pl-00a54069")];

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Endpoint {
    pub vpc: String,
    pub service: String,
    pub is_gateway: bool,
    pub tables: BTreeSet<String>,
    /// The interfaces, by their subnets.
    pub subnets: BTreeMap<String, String>,
    pub groups: BTreeSet<String>,
    pub private: bool,
    pub life: Life,
    pub tags: Tags,
}

impl Resource for Endpoint {
    const SORT: Sort = Sort {
        prefix: "vpce",
        kind: "vpc-endpoint",
        set: "vpcEndpointSet",
        id: "vpcEndpointId",
        ids: "VpcEndpointId",
        missing: "InvalidVpcEndpointId.NotFound",
        page: PAGE,
    };

    fn show(&self, _: &str, at: &At<'_>, ec2: &Ec2) -> String {
        let kind = if self.is_gateway { "Gateway" } else { "Interface" };
        let private = if self.is_gateway { String::new() } else { self.private.to_string() };
        let groups: Vec<String> = self.groups.iter().cloned().collect();
        let own = [("vpcEndpointType", kind), ("vpcId", &self.vpc), ("serviceName", &self.service), ("state", self.life.state(at.now))];
        elements(&own)
            + &element("ownerId", at.account)
            + &some("privateDnsEnabled", &private)
            + &element("creationTimestamp", &iso(self.life.made))
            + &texts("routeTableIdSet", &self.tables)
            + &texts("subnetIdSet", self.subnets.keys())
            + &texts("networkInterfaceIdSet", self.subnets.values())
            + &ec2.group_set("groupSet", &groups)
    }

    fn values(&self, filter: &str, at: &At<'_>) -> Option<Vec<String>> {
        let value = match filter {
            "vpc-id" => self.vpc.clone(),
            "service-name" => self.service.clone(),
            "vpc-endpoint-state" => self.life.state(at.now).to_owned(),
            _ => return None,
        };
        Some(vec![value])
    }

    tagged!();
}

impl Endpoint {
    fn prefix_list(&self) -> Option<&'static str> {
        let short = self.service.rsplit('.').next()?;
        GATEWAYS.iter().find(|(service, _)| self.is_gateway && *service == short).map(|(_, list)| *list)
    }
}

impl Ec2 {
    pub(super) fn write_endpoints(&mut self, at: &mut At<'_>, asked: &Asked, quotas: &Quotas) -> Answer {
        match asked.operation.as_str() {
            "CreateVpcEndpoint" => self.create_endpoint(at, asked, quotas),
            "ModifyVpcEndpoint" => self.modify_endpoint(at, asked),
            "DeleteVpcEndpoints" => self.delete_endpoints(at, asked),
            other => unknown(other),
        }
    }

    fn create_endpoint(&mut self, at: &mut At<'_>, asked: &Asked, quotas: &Quotas) -> Answer {
        let (vpc, service) = (asked.text("VpcId"), asked.text("ServiceName"));
        get(&self.vpcs, &vpc)?;
        let is_gateway = asked.some("VpcEndpointType").is_none_or(|of| of == "Gateway");
        let mut groups: BTreeSet<String> = asked.list("SecurityGroupId").into_iter().collect();
        if !is_gateway && groups.is_empty() {
            groups.extend(self.default_group(&vpc).cloned());
        }
        let takes = if is_gateway { Moment::ZERO } else { at.takes(COMING) };
        let life = Life { made: at.now, ready: at.now + takes, gone: None };
        let private = asked.text("PrivateDnsEnabled") == "true";
        let tags = tags::given(asked, &Endpoint::SORT)?;
        let new = Endpoint { vpc, service, is_gateway, groups, private, life, tags, ..Endpoint::default() };
        self.check_service(&new, at)?;
        self.check_quota(&new, quotas)?;
        let (tables, subnets) = (asked.list("RouteTableId"), asked.list("SubnetId"));
        let whole = Endpoint {
            tables: tables.iter().cloned().collect(),
            subnets: subnets.iter().map(|subnet| (subnet.clone(), String::new())).collect(),
            ..new.clone()
        };
        self.check_endpoint("", &whole)?;
        let id = add(&mut self.endpoints, at, new);
        self.turn(at, &id, whole)?;
        self.made("vpcEndpoint", &self.endpoints, &id, at)
    }

    fn modify_endpoint(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let id = asked.text("VpcEndpointId");
        let mut want = get(&self.endpoints, &id)?.clone();
        if want.life.state(at.now) != "available" {
            return fault("IncorrectState", format!("The VPC endpoint {id} is {}", want.life.state(at.now)));
        }
        want.tables.extend(asked.list("AddRouteTableId"));
        want.groups.extend(asked.list("AddSecurityGroupId"));
        want.subnets.extend(asked.list("AddSubnetId").into_iter().map(|subnet| (subnet, String::new())));
        let gone = |name: &str, id: &String| asked.list(name).contains(id);
        want.tables.retain(|table| !gone("RemoveRouteTableId", table));
        want.groups.retain(|group| !gone("RemoveSecurityGroupId", group));
        want.subnets.retain(|subnet, _| !gone("RemoveSubnetId", subnet));
        if let Some(private) = asked.some("PrivateDnsEnabled") {
            want.private = private == "true";
        }
        self.check_endpoint(&id, &want)?;
        self.turn(at, &id, want)?;
        done()
    }

    fn delete_endpoints(&mut self, at: &At<'_>, asked: &Asked) -> Answer {
        let mut missing = Vec::new();
        for id in asked.list("VpcEndpointId") {
            let Some(endpoint) = self.endpoints.get_mut(&id) else {
                missing.push(id);
                continue;
            };
            let going = if endpoint.is_gateway { Moment::ZERO } else { at.takes(GOING) };
            let gone = *endpoint.life.gone.get_or_insert(at.now + going);
            endpoint.tables.clear();
            for interface in endpoint.subnets.values() {
                if let Some(interface) = self.interfaces.get_mut(interface) {
                    interface.gone = Some(gone);
                }
            }
            self.unroute(&id, &BTreeSet::new());
        }
        xml(unsuccessful("InvalidVpcEndpoint.NotFound", &missing))
    }

    fn check_service(&self, new: &Endpoint, at: &At<'_>) -> Result<(), Fault> {
        let is_known = new.service.contains(at.region) && (!new.is_gateway || new.prefix_list().is_some());
        match is_known {
            true => Ok(()),
            false => fault("InvalidServiceName", format!("The Vpc Endpoint Service '{}' does not exist", new.service)),
        }
    }

    fn check_quota(&self, new: &Endpoint, quotas: &Quotas) -> Result<(), Fault> {
        let beside = self.endpoints.values().filter(|other| other.life.gone.is_none() && other.is_gateway == new.is_gateway);
        match new.is_gateway {
            true => quotas.allows("L-1B52E74A", beside.count(), "VpcEndpointLimitExceeded"),
            false => quotas.allows("L-29B6F2EB", beside.filter(|other| other.vpc == new.vpc).count(), "VpcEndpointLimitExceeded"),
        }
    }

    /// Whether an endpoint may be so: where it leads from is there and of its VPC, and nothing else takes its place.
    fn check_endpoint(&self, id: &str, want: &Endpoint) -> Result<(), Fault> {
        self.check_groups(&want.groups, &want.vpc)?;
        let mut zones = BTreeSet::new();
        for subnet in want.subnets.keys() {
            let place = self.subnets.get(subnet).filter(|place| place.vpc == want.vpc);
            let place = super::found(place, "InvalidSubnetID.NotFound", subnet)?;
            if !zones.insert(&place.zone) {
                return fault(
                    "DuplicateSubnetsInSameZone",
                    format!("Found another VPC endpoint subnet in the availability zone of {subnet}"),
                );
            }
        }
        let others = || self.endpoints.iter().filter(|(other, _)| *other != id).map(|(_, other)| other);
        for table in &want.tables {
            let there = self.route_tables.get(table).filter(|there| there.vpc == want.vpc);
            super::found(there, "InvalidRouteTableId.NotFound", table)?;
            if others().any(|other| other.prefix_list() == want.prefix_list() && other.tables.contains(table)) {
                return fault("RouteAlreadyExists", format!("route table {table} already has a route to {}", want.service));
            }
        }
        let rival = |other: &Endpoint| {
            let is_there = other.private && other.life.gone.is_none();
            is_there && (&other.vpc, &other.service) == (&want.vpc, &want.service)
        };
        let resolves = self.vpcs.get(&want.vpc).is_some_and(|vpc| vpc.support && vpc.hostnames);
        match want.private && !want.is_gateway {
            true if !resolves => fault("InvalidParameter", "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames"),
            true if others().any(rival) => {
                fault("InvalidParameter", "private-dns-enabled cannot be set: there is a conflicting DNS domain")
            }
            _ => Ok(()),
        }
    }

    /// Makes an endpoint as wanted, along with its routes and its interfaces.
    fn turn(&mut self, at: &mut At<'_>, id: &str, mut want: Endpoint) -> Result<(), Fault> {
        self.unroute(id, &want.tables);
        for table in &want.tables {
            if let (Some(list), Some(table)) = (want.prefix_list(), self.route_tables.get_mut(table)) {
                table.lead(list, id);
            }
        }
        let groups: Vec<String> = want.groups.iter().cloned().collect();
        for (subnet, interface) in get(&self.endpoints, id)?.subnets.clone() {
            match want.subnets.contains_key(&subnet) {
                true => drop(want.subnets.insert(subnet, interface)),
                false => drop(self.interfaces.remove(&interface)),
            }
        }
        for (subnet, interface) in &mut want.subnets {
            if let Some(there) = self.interfaces.get_mut(interface) {
                there.groups.clone_from(&groups);
            } else {
                let description = format!("VPC Endpoint Interface {id}");
                let kind = "vpc_endpoint".to_owned();
                let about = Interface { kind, description, managed: true, groups: groups.clone(), ..Interface::default() };
                *interface = self.add_interface(at, subnet, about);
            }
        }
        *get_mut(&mut self.endpoints, id)? = want;
        Ok(())
    }

    /// Takes the routes to an endpoint out of all tables but these.
    fn unroute(&mut self, id: &str, but: &BTreeSet<String>) {
        for (_, table) in self.route_tables.iter_mut().filter(|(table, _)| !but.contains(*table)) {
            table.routes.retain(|_, target| target != id);
        }
    }
}

/// What was not done, and why, as calls for several things tell it.
pub(super) fn unsuccessful(code: &str, ids: &[String]) -> String {
    let error = |id: &String| elements(&[("code", code), ("message", &format!("'{id}' does not exist"))]);
    set("unsuccessful", "item", ids.iter().map(|id| element("resourceId", id) + &format!("<error>{}</error>", error(id))))
}
