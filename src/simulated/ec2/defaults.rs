//! What AWS puts into each Region of each account: a VPC with a subnet in each zone, open to the internet. And what goes by itself with time.

use super::gateways::InternetGateway;
use super::shown::range;
use super::vpcs::{Subnet, zones};
use super::{Ec2, Tags, add};
use crate::simulated::{At, Moment};

/// The range of every default VPC, and the size of its subnets (VPC user guide, *Default VPC components*).
const RANGE: &str = "172.31.0.0/16";
const SUBNET: u8 = 20;
/// For how long AWS goes on listing NAT gateways and endpoints that are gone (VPC user guide: "usually about an hour").
const LISTED: Moment = Moment::from_secs(3600);

impl Ec2 {
    /// Makes what is there from the start, when it is first asked for.
    pub(in crate::simulated) fn begin(&mut self, at: &mut At<'_>) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        let vpc = self.add_vpc(at, RANGE, Tags::new());
        if let Some(made) = self.vpcs.get_mut(&vpc) {
            (made.is_default, made.hostnames) = (true, true);
        }
        let ranges = range(RANGE).and_then(|range| range.subnets(SUBNET).ok()).into_iter().flatten();
        for (zone, range) in zones(at.region).into_iter().zip(ranges) {
            let subnet = Subnet { vpc: vpc.clone(), range: range.to_string(), zone, public: true, is_default: true, ..Subnet::default() };
            add(&mut self.subnets, at, subnet);
        }
        let gateway = add(&mut self.internet_gateways, at, InternetGateway { vpc: Some(vpc.clone()), ..InternetGateway::default() });
        let main = self.route_tables.values_mut().find(|table| table.vpc == vpc);
        if let Some(table) = main {
            table.lead("0.0.0.0/0", &gateway);
        }
    }

    /// Ends what has gone by now.
    pub(in crate::simulated) fn settle(&mut self, now: Moment) {
        let is_listed = |gone: Option<Moment>| gone.is_none_or(|gone| now < gone + LISTED);
        self.nat_gateways.retain(|_, gateway| is_listed(gateway.life.gone) && is_listed(gateway.failed_at()));
        self.endpoints.retain(|_, endpoint| is_listed(endpoint.life.gone));
        self.interfaces.retain(|_, interface| interface.gone.is_none_or(|gone| now < gone));
    }
}
