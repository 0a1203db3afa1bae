//! The quotas that the simulated AWS knows, and their values unless somebody was granted more.

/// A quota.
#[derive(Debug)]
pub(super) struct Quota {
    pub service: &'static str,
    pub code: &'static str,
    pub name: &'static str,
    pub value: f64,
    /// Whether more can be asked for.
    pub adjustable: bool,
}

/// Those that AWS tells the default of only, as long as nobody was granted more.
pub(super) const DEFAULT_ONLY: [&str; 1] = ["L-1216C47A"];

const fn vpc(code: &'static str, name: &'static str, value: f64, adjustable: bool) -> Quota {
    Quota { service: "vpc", code, name, value, adjustable }
}

const fn ec2(code: &'static str, name: &'static str, value: f64) -> Quota {
    Quota { service: "ec2", code, name, value, adjustable: true }
}

/// VPC user guide, *Amazon VPC quotas*; EC2 user guide, *Elastic IP addresses*; in the order in which the emulated AWS lists them.
pub(super) static DEFAULTS: &[Quota] = &[
    vpc("L-7E9ECCDB", "Active VPC peering connections per VPC", 50.0, true),
    vpc("L-3248932A", "Characters per VPC endpoint policy", 20480.0, false),
    vpc("L-45FE3B85", "Egress-only internet gateways per Region", 5.0, true),
    vpc("L-1B52E74A", "Gateway VPC endpoints per Region", 20.0, true),
    vpc("L-83CA0A9D", "IPv4 CIDR blocks per VPC", 5.0, true),
    vpc("L-085A6257", "IPv6 CIDR blocks per VPC", 5.0, true),
    vpc("L-0EA8095F", "Inbound or outbound rules per security group", 60.0, true),
    vpc("L-29B6F2EB", "Interface VPC endpoints per VPC", 50.0, true),
    vpc("L-A4707A72", "Internet gateways per Region", 5.0, true),
    vpc("L-FE5A380F", "NAT gateways per Availability Zone", 5.0, true),
    vpc("L-B4A6D682", "Network ACLs per VPC", 200.0, true),
    vpc("L-BB24F6E5", "Network Address Usage", 64000.0, true),
    vpc("L-DF5E4CA3", "Network interfaces per Region", 5000.0, true),
    vpc("L-DC9F7029", "Outstanding VPC peering connection requests", 25.0, true),
    vpc("L-2C462E13", "Participant accounts per VPC", 100.0, true),
    vpc("L-CD17FD4B", "Peered Network Address Usage", 128000.0, true),
    vpc("L-589F43AA", "Route tables per VPC", 200.0, true),
    vpc("L-93826ACB", "Routes per route table", 50.0, true),
    vpc("L-2AEEBF1A", "Rules per network ACL", 20.0, true),
    vpc("L-2AFB9258", "Security groups per network interface", 5.0, true),
    vpc("L-407747CB", "Subnets per VPC", 200.0, true),
    vpc("L-44499CD2", "Subnets that can be shared with an account", 100.0, true),
    vpc("L-8312C5BB", "VPC peering connection request expiry hours", 168.0, false),
    vpc("L-E79EC296", "VPC security groups per Region", 2500.0, true),
    vpc("L-F678F1CE", "VPCs per Region", 5.0, true),
    ec2("L-0263D0A3", "EC2-VPC Elastic IPs", 5.0),
    ec2("L-1216C47A", "Running On-Demand Standard instances", 5.0),
];
