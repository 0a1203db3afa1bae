//! NAT gateways, which come and go slowly, and fail where the VPC has no way to the internet.

use super::interfaces::Interface;
use super::listing::{PAGE, Resource, Sort, tagged};
use super::shown::{Life, elements, some};
use super::{Ec2, Tags, add, get, get_mut, tags};
use crate::simulated::servicequotas::Quotas;
use crate::simulated::wire::{Answer, Asked, element, fault, iso, set, xml};
use crate::simulated::{At, Moment};
use serde::{Deserialize, Serialize};

/// For how long a NAT gateway is `pending`, and `deleting` (what people see; AWS says "several minutes").
pub const NAT_GATEWAY: Moment = Moment::from_secs(120);
const REMOVAL: Moment = Moment::from_secs(45);

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct NatGateway {
    pub vpc: String,
    pub subnet: String,
    pub address: String,
    pub interface: String,
    pub life: Life,
    /// Why it never comes.
    pub failure: Option<String>,
    pub tags: Tags,
}

impl NatGateway {
    pub fn state(&self, now: Moment) -> &'static str {
        match self.life.state(now) {
            "available" if self.failure.is_some() => "failed",
            state => state,
        }
    }

    /// When it failed, for one that never comes.
    pub fn failed_at(&self) -> Option<Moment> {
        self.failure.as_ref().map(|_| self.life.ready)
    }

    /// Whether it holds its address.
    fn holds(&self, now: Moment) -> bool {
        !matches!(self.state(now), "failed" | "deleted")
    }
}

impl Resource for NatGateway {
    const SORT: Sort = Sort {
        prefix: "nat",
        kind: "natgateway",
        set: "natGatewaySet",
        id: "natGatewayId",
        ids: "NatGatewayId",
        missing: "NatGatewayNotFound",
        page: PAGE,
    };

    fn show(&self, _: &str, at: &At<'_>, _: &Ec2) -> String {
        let own = [("vpcId", self.vpc.as_str()), ("subnetId", &self.subnet), ("state", self.state(at.now))];
        let address = element("allocationId", &self.address) + &some("networkInterfaceId", &self.interface);
        let address = Some(address).filter(|_| !self.life.is_gone(at.now));
        let failure = self.failure.as_ref().filter(|_| self.state(at.now) == "failed");
        let failure = failure.map(|why| elements(&[("failureCode", "Gateway.NotAttached"), ("failureMessage", why)])).unwrap_or_default();
        elements(&own) + &element("createTime", &iso(self.life.made)) + &set("natGatewayAddressSet", "item", address) + &failure
    }

    fn values(&self, filter: &str, at: &At<'_>) -> Option<Vec<String>> {
        let value = match filter {
            "vpc-id" => self.vpc.clone(),
            "subnet-id" => self.subnet.clone(),
            "state" => self.state(at.now).to_owned(),
            _ => return None,
        };
        Some(vec![value])
    }

    tagged!();
}

impl Ec2 {
    pub(super) fn create_nat_gateway(&mut self, at: &mut At<'_>, asked: &Asked, quotas: &Quotas) -> Answer {
        let (subnet, address) = (asked.text("SubnetId"), asked.text("AllocationId"));
        get(&self.addresses, &address)?;
        let place = get(&self.subnets, &subnet)?.clone();
        if self.holder(&address, at.now).is_some() {
            return fault("Resource.AlreadyAssociated", format!("Elastic IP address [{address}] is already associated"));
        }
        let in_zone = |gateway: &&NatGateway| {
            let zone = self.subnets.get(&gateway.subnet).map(|subnet| &subnet.zone);
            gateway.holds(at.now) && zone == Some(&place.zone)
        };
        quotas.allows("L-FE5A380F", self.nat_gateways.values().filter(in_zone).count(), "NatGatewayLimitExceeded")?;
        let tags = tags::given(asked, &NatGateway::SORT)?;
        let failure = self.gateway_of(&place.vpc).is_none().then(|| format!("Network {} has no Internet gateway attached", place.vpc));
        let life = Life { made: at.now, ready: at.now + at.takes(NAT_GATEWAY), gone: None };
        let gateway = NatGateway { vpc: place.vpc, subnet, address, interface: String::new(), life, failure, tags };
        let id = add(&mut self.nat_gateways, at, gateway.clone());
        if gateway.failure.is_none() {
            let interface = self.interface_of_gateway(at, &id, &gateway);
            get_mut(&mut self.nat_gateways, &id)?.interface = interface;
        }
        self.made("natGateway", &self.nat_gateways, &id, at)
    }

    fn interface_of_gateway(&mut self, at: &mut At<'_>, id: &str, gateway: &NatGateway) -> String {
        let about = Interface {
            kind: "nat_gateway".to_owned(),
            description: format!("Interface for NAT Gateway {id}"),
            managed: true,
            address: Some(gateway.address.clone()),
            ..Interface::default()
        };
        self.add_interface(at, &gateway.subnet, about)
    }

    pub(super) fn delete_nat_gateway(&mut self, at: &At<'_>, asked: &Asked) -> Answer {
        let id = asked.text("NatGatewayId");
        let gone = at.now + at.takes(REMOVAL);
        let gateway = get_mut(&mut self.nat_gateways, &id)?;
        let gone = *gateway.life.gone.get_or_insert(gone);
        if let Some(interface) = self.interfaces.get_mut(&gateway.interface) {
            interface.gone = Some(gone);
        }
        xml(element("natGatewayId", &id))
    }

    /// The NAT gateway that holds an address.
    pub(super) fn holder(&self, address: &str, now: Moment) -> Option<(&String, &NatGateway)> {
        self.nat_gateways.iter().find(|(_, gateway)| gateway.address == address && gateway.holds(now))
    }
}
