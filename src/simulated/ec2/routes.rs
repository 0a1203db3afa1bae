//! Route tables, their routes, and the subnets that go by them.

use super::listing::{Resource, Sort, tagged};
use super::shown::{elements, range, some};
use super::{Ec2, ID, Tags, add, done, get, get_mut, tags, unknown, violates};
use crate::simulated::At;
use crate::simulated::servicequotas::Quotas;
use crate::simulated::wire::{Answer, Asked, Fault, element, fault, set, xml};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The target of the route that each table begins with: the VPC itself.
const LOCAL: &str = "local";

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct RouteTable {
    pub vpc: String,
    /// Targets, by range or by prefix list.
    pub routes: BTreeMap<String, String>,
    /// Subnets by association; none where the table is the VPC's main one.
    pub associations: BTreeMap<String, Option<String>>,
    pub tags: Tags,
}

impl RouteTable {
    pub fn is_main(&self) -> bool {
        self.associations.values().any(Option::is_none)
    }

    pub fn has(&self, subnet: &str) -> bool {
        self.associations.values().flatten().any(|associated| associated == subnet)
    }

    pub fn lead(&mut self, destination: &str, target: &str) {
        self.routes.insert(destination.to_owned(), target.to_owned());
    }

    fn subnets(&self) -> Vec<String> {
        self.associations.values().flatten().cloned().collect()
    }
}

impl Resource for RouteTable {
    const SORT: Sort = Sort {
        prefix: "rtb",
        kind: "route-table",
        set: "routeTableSet",
        id: "routeTableId",
        ids: "RouteTableId",
        missing: "InvalidRouteTableID.NotFound",
        page: 100,
    };

    fn show(&self, id: &str, at: &At<'_>, ec2: &Ec2) -> String {
        let route = |(destination, target): (&String, &String)| {
            let by = if target.starts_with("nat-") { "natGatewayId" } else { "gatewayId" };
            let to = if destination.starts_with("pl-") { "destinationPrefixListId" } else { "destinationCidrBlock" };
            let origin = if target == LOCAL { "CreateRouteTable" } else { "CreateRoute" };
            elements(&[(to, destination), (by, target), ("origin", origin), ("state", ec2.state_of_route(target, at))])
        };
        let association = |(association, subnet): (&String, &Option<String>)| {
            let main = subnet.is_none().to_string();
            let own = [("routeTableAssociationId", association.as_str()), ("routeTableId", id), ("main", &main)];
            elements(&own) + &some("subnetId", subnet.as_deref().unwrap_or_default())
        };
        elements(&[("vpcId", self.vpc.as_str()), ("ownerId", at.account)])
            + &set("routeSet", "item", self.routes.iter().map(route))
            + &set("associationSet", "item", self.associations.iter().map(association))
    }

    fn values(&self, filter: &str, _: &At<'_>) -> Option<Vec<String>> {
        match filter {
            "vpc-id" => Some(vec![self.vpc.clone()]),
            "association.subnet-id" => Some(self.subnets()),
            "association.main" => Some(self.associations.values().map(|subnet| subnet.is_none().to_string()).collect()),
            "association.route-table-association-id" => Some(self.associations.keys().cloned().collect()),
            _ => None,
        }
    }

    tagged!();
}

impl Ec2 {
    pub(super) fn write_routes(&mut self, at: &mut At<'_>, asked: &Asked, quotas: &Quotas) -> Answer {
        match asked.operation.as_str() {
            "CreateRouteTable" => self.create_route_table(at, asked, quotas),
            "DeleteRouteTable" => self.delete_route_table(asked),
            "CreateRoute" => self.create_route(at, asked, quotas),
            "ReplaceRoute" => self.replace_route(at, asked),
            "DeleteRoute" => self.delete_route(asked),
            "AssociateRouteTable" => self.associate(at, asked),
            "ReplaceRouteTableAssociation" => self.replace_association(at, asked),
            "DisassociateRouteTable" => self.disassociate(asked),
            other => unknown(other),
        }
    }

    /// The table that those subnets of a VPC go by that are associated with none.
    pub(super) fn add_main_route_table(&mut self, at: &mut At<'_>, vpc: &str, range: &str) {
        let association = at.id("rtbassoc-", ID);
        let (routes, associations) = (BTreeMap::from([(range.to_owned(), LOCAL.to_owned())]), BTreeMap::from([(association, None)]));
        add(&mut self.route_tables, at, RouteTable { vpc: vpc.to_owned(), routes, associations, ..RouteTable::default() });
    }

    /// The table that a subnet goes by.
    pub(super) fn table_of(&self, subnet: &str) -> Option<&RouteTable> {
        let vpc = &self.subnets.get(subnet)?.vpc;
        let main = || self.route_tables.values().find(|table| table.vpc == *vpc && table.is_main());
        self.route_tables.values().find(|table| table.has(subnet)).or_else(main)
    }

    /// Ends the association of a subnet that goes.
    pub(super) fn release_subnet(&mut self, subnet: &str) {
        for table in self.route_tables.values_mut() {
            table.associations.retain(|_, associated| associated.as_deref() != Some(subnet));
        }
    }

    fn create_route_table(&mut self, at: &mut At<'_>, asked: &Asked, quotas: &Quotas) -> Answer {
        let vpc = asked.text("VpcId");
        let range = get(&self.vpcs, &vpc)?.range.clone();
        let beside = self.route_tables.values().filter(|table| table.vpc == vpc).count();
        quotas.allows("L-589F43AA", beside, "RouteTableLimitExceeded")?;
        let tags = tags::given(asked, &RouteTable::SORT)?;
        let routes = BTreeMap::from([(range, LOCAL.to_owned())]);
        let id = add(&mut self.route_tables, at, RouteTable { vpc, routes, tags, ..RouteTable::default() });
        self.made("routeTable", &self.route_tables, &id, at)
    }

    fn delete_route_table(&mut self, asked: &Asked) -> Answer {
        let id = asked.text("RouteTableId");
        if !get(&self.route_tables, &id)?.associations.is_empty() {
            return violates(format!("The routeTable '{id}'"));
        }
        self.route_tables.remove(&id);
        for endpoint in self.endpoints.values_mut() {
            endpoint.tables.remove(&id);
        }
        done()
    }

    fn create_route(&mut self, at: &At<'_>, asked: &Asked, quotas: &Quotas) -> Answer {
        let (id, destination) = (asked.text("RouteTableId"), destination(asked)?);
        let target = self.target(at, asked)?;
        let table = get_mut(&mut self.route_tables, &id)?;
        quotas.allows("L-93826ACB", table.routes.len(), "RouteLimitExceeded")?;
        if table.routes.contains_key(&destination) {
            return fault("RouteAlreadyExists", format!("The route identified by {destination} already exists."));
        }
        table.lead(&destination, &target);
        done()
    }

    fn replace_route(&mut self, at: &At<'_>, asked: &Asked) -> Answer {
        let (id, destination) = (asked.text("RouteTableId"), destination(asked)?);
        let target = self.target(at, asked)?;
        let table = get_mut(&mut self.route_tables, &id)?;
        if !table.routes.contains_key(&destination) {
            let why = format!("There is no route defined for '{destination}' in the route table. Use CreateRoute instead.");
            return fault("InvalidParameterValue", why);
        }
        table.lead(&destination, &target);
        done()
    }

    fn delete_route(&mut self, asked: &Asked) -> Answer {
        let (id, destination) = (asked.text("RouteTableId"), destination(asked)?);
        let table = get_mut(&mut self.route_tables, &id)?;
        match table.routes.get(&destination).map(String::as_str) {
            None => fault("InvalidRoute.NotFound", format!("no route with destination-cidr-block {destination} in route table {id}")),
            Some(LOCAL) => fault("InvalidParameterValue", format!("cannot remove local route {destination} in route table {id}")),
            Some(_) => {
                table.routes.remove(&destination);
                done()
            }
        }
    }

    /// What a request wants a route to lead to. It has to be there, and in the same VPC.
    fn target(&self, at: &At<'_>, asked: &Asked) -> Result<String, Fault> {
        let vpc = &get(&self.route_tables, &asked.text("RouteTableId"))?.vpc;
        let (gateway, nat) = (asked.text("GatewayId"), asked.text("NatGatewayId"));
        let (target, of) = match (gateway.is_empty(), nat.is_empty()) {
            (false, true) => (gateway.clone(), get(&self.internet_gateways, &gateway)?.vpc.clone()),
            (true, false) => {
                let found = self.nat_gateways.get(&nat).filter(|gateway| gateway.state(at.now) == "available");
                let found = super::found(found, "InvalidNatGatewayID.NotFound", &nat)?;
                (nat, Some(found.vpc.clone()))
            }
            _ => return fault("MissingParameter", "The request must contain exactly one of gatewayId and natGatewayId"),
        };
        match of.as_ref() == Some(vpc) {
            true => Ok(target),
            false => fault("InvalidParameterValue", format!("route table and gateway {target} belong to different networks")),
        }
    }

    fn state_of_route(&self, target: &str, at: &At<'_>) -> &'static str {
        let nat = || self.nat_gateways.get(target).is_some_and(|gateway| gateway.state(at.now) == "available");
        let internet = || self.internet_gateways.get(target).is_some_and(|gateway| gateway.vpc.is_some());
        let leads = target == LOCAL || nat() || internet() || self.endpoints.contains_key(target);
        if leads { "active" } else { "blackhole" }
    }

    fn associate(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let (subnet, table) = (asked.text("SubnetId"), asked.text("RouteTableId"));
        let vpc = &get(&self.subnets, &subnet)?.vpc;
        if get(&self.route_tables, &table)?.vpc != *vpc {
            return fault("InvalidParameterValue", format!("Route table {table} and subnet {subnet} belong to different networks"));
        }
        if self.route_tables.values().any(|other| other.has(&subnet)) {
            return fault("Resource.AlreadyAssociated", format!("The specified association for {subnet} conflicts with an existing one"));
        }
        let association = at.id("rtbassoc-", ID);
        get_mut(&mut self.route_tables, &table)?.associations.insert(association.clone(), Some(subnet));
        xml(element("associationId", &association) + ASSOCIATED)
    }

    fn replace_association(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let (old, table) = (asked.text("AssociationId"), asked.text("RouteTableId"));
        let from = self.associated(&old)?;
        let vpc = get(&self.route_tables, &from)?.vpc.clone();
        if get(&self.route_tables, &table)?.vpc != vpc {
            return fault("InvalidParameterValue", format!("Route tables {from} and {table} belong to different networks"));
        }
        let subnet = get_mut(&mut self.route_tables, &from)?.associations.remove(&old).flatten();
        let association = at.id("rtbassoc-", ID);
        get_mut(&mut self.route_tables, &table)?.associations.insert(association.clone(), subnet);
        xml(element("newAssociationId", &association) + ASSOCIATED)
    }

    fn disassociate(&mut self, asked: &Asked) -> Answer {
        let association = asked.text("AssociationId");
        let table = self.associated(&association)?;
        let table = get_mut(&mut self.route_tables, &table)?;
        if table.associations.get(&association) == Some(&None) {
            return fault("InvalidParameterValue", "cannot disassociate the main route table association");
        }
        table.associations.remove(&association);
        done()
    }

    /// The table of an association.
    fn associated(&self, association: &str) -> Result<String, Fault> {
        let table = self.route_tables.iter().find(|(_, table)| table.associations.contains_key(association));
        super::found(table.map(|(id, _)| id.clone()), "InvalidAssociationID.NotFound", association)
    }
}

const ASSOCIATED: &str = "<associationState><state>associated</state></associationState>";

fn destination(asked: &Asked) -> Result<String, Fault> {
    let text = asked.text("DestinationCidrBlock");
    let wrong = || fault("InvalidParameterValue", format!("Value ({text}) for parameter destinationCidrBlock is invalid."));
    range(&text).map_or_else(wrong, |range| Ok(range.to_string()))
}
