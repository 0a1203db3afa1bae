//! EC2: what an account's Region comes with, and a network from its VPC to its flow log, made, changed, and taken apart again.

use super::side::Side;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{
    AttributeBooleanValue, DomainType, Filter, FlowLogsResourceType, IpPermission, IpRange, Ipv6Range, ResourceType, Tag, TagSpecification,
    TrafficType, UserIdGroupPair, VpcAttributeName, VpcEndpointType,
};

const WORLD: &str = "0.0.0.0/0";
/// Such ids, nobody has.
const NOBODYS: &str = "0123456789abcdef0";

fn marked(kind: ResourceType) -> TagSpecification {
    TagSpecification::builder().resource_type(kind).tags(tag("landfall:address", "a/b/us-west-2/x/y")).build()
}

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build()
}

fn filter(name: &str, value: &str) -> Filter {
    Filter::builder().name(name).values(value).build()
}

fn of(on: bool) -> AttributeBooleanValue {
    AttributeBooleanValue::builder().value(on).build()
}

/// What the story is about, by ids.
struct Network {
    ec2: Client,
    vpc: String,
    public: String,
    private: String,
}

pub async fn story(side: &mut Side) {
    let ec2 = Client::new(&side.member);
    from_the_start(side, &ec2).await;
    let network = networks(side, ec2).await;
    let gateway = internet(side, &network).await;
    let nat = nat_gateway(side, &network).await;
    routes(side, &network, &gateway, &nat).await;
    groups(side, &network).await;
    endpoints(side, &network).await;
    flow_logs(side, &network).await;
    settings(side, &network).await;
    apart(side, &network, &gateway).await;
}

async fn from_the_start(side: &mut Side, ec2: &Client) {
    let found = side.told("ec2:DescribeVpcs", ec2.describe_vpcs().max_results(1000).send().await).unwrap();
    let default = found.vpcs().first().and_then(|vpc| vpc.vpc_id()).unwrap().to_owned();
    let of_vpc = || filter("vpc-id", &default);
    side.told("ec2:DescribeSubnets", ec2.describe_subnets().filters(of_vpc()).send().await);
    side.told("ec2:DescribeNetworkAcls", ec2.describe_network_acls().filters(of_vpc()).send().await);
    side.differs("ec2:DescribeRouteTables", "moto's default VPC leads nowhere");
    side.told("ec2:DescribeRouteTables", ec2.describe_route_tables().filters(of_vpc()).send().await);
    side.differs("ec2:DescribeSecurityGroups", "in moto, members of a default group don't reach each other");
    side.told("ec2:DescribeSecurityGroups", ec2.describe_security_groups().filters(of_vpc()).send().await);
    side.differs("ec2:DescribeInternetGateways", "moto's default VPC has no internet gateway");
    let attached = filter("attachment.vpc-id", &default);
    side.told("ec2:DescribeInternetGateways", ec2.describe_internet_gateways().filters(attached.clone()).send().await);
    side.told("ec2:DescribeVpnGateways", ec2.describe_vpn_gateways().filters(attached).send().await);
    side.told("ec2:DescribeNetworkInterfaces", ec2.describe_network_interfaces().filters(of_vpc()).send().await);
    side.told("ec2:DescribeVpcEndpoints", ec2.describe_vpc_endpoints().filters(of_vpc()).send().await);
    let peering = ec2.describe_vpc_peering_connections().filters(filter("requester-vpc-info.vpc-id", &default));
    side.told("ec2:DescribeVpcPeeringConnections", peering.filters(filter("status-code", "active")).send().await);
    side.told("ec2:DescribeAddresses", ec2.describe_addresses().send().await);
    side.told("ec2:DescribeNatGateways", ec2.describe_nat_gateways().max_results(1000).send().await);
    side.told("ec2:DescribeFlowLogs", ec2.describe_flow_logs().max_results(1000).send().await);
}

async fn networks(side: &mut Side, ec2: Client) -> Network {
    side.told("ec2:CreateVpc", ec2.create_vpc().cidr_block("10.0.0.0/8").send().await);
    side.told("ec2:CreateVpc", ec2.create_vpc().cidr_block("ten").send().await);
    let made = ec2.create_vpc().cidr_block("10.0.0.0/20").tag_specifications(marked(ResourceType::Vpc)).send().await;
    let vpc = side.told("ec2:CreateVpc", made).unwrap().vpc.unwrap().vpc_id.unwrap();
    side.told("ec2:DescribeVpcs", ec2.describe_vpcs().vpc_ids(&vpc).send().await);
    side.told("ec2:DescribeVpcs", ec2.describe_vpcs().vpc_ids(format!("vpc-{NOBODYS}")).send().await);
    for (support, hostnames) in [(None, Some(true)), (None, Some(false)), (Some(false), None), (Some(true), None), (None, Some(true))] {
        let call = ec2.modify_vpc_attribute().vpc_id(&vpc);
        let call = call.set_enable_dns_support(support.map(of)).set_enable_dns_hostnames(hostnames.map(of));
        side.told("ec2:ModifyVpcAttribute", call.send().await);
        for name in [VpcAttributeName::EnableDnsSupport, VpcAttributeName::EnableDnsHostnames] {
            side.told("ec2:DescribeVpcAttribute", ec2.describe_vpc_attribute().vpc_id(&vpc).attribute(name).send().await);
        }
    }
    let new = |range: &str, zone: &str| {
        let call = ec2.create_subnet().vpc_id(&vpc).cidr_block(range).availability_zone(format!("us-west-2{zone}"));
        call.tag_specifications(marked(ResourceType::Subnet)).send()
    };
    let public = side.told("ec2:CreateSubnet", new("10.0.0.0/24", "a").await).unwrap().subnet.unwrap().subnet_id.unwrap();
    let private = side.told("ec2:CreateSubnet", new("10.0.1.0/24", "b").await).unwrap().subnet.unwrap().subnet_id.unwrap();
    for (range, zone) in [("10.0.1.0/25", "a"), ("10.1.0.0/24", "a"), ("10.0.2.0/24", "z")] {
        side.told("ec2:CreateSubnet", new(range, zone).await);
    }
    side.told("ec2:ModifySubnetAttribute", ec2.modify_subnet_attribute().subnet_id(&public).map_public_ip_on_launch(of(true)).send().await);
    side.told("ec2:DescribeSubnets", ec2.describe_subnets().filters(filter("vpc-id", &vpc)).send().await);
    side.told("ec2:DeleteVpc", ec2.delete_vpc().vpc_id(&vpc).send().await);
    side.told("ec2:DeleteVpc", ec2.delete_vpc().vpc_id(format!("vpc-{NOBODYS}")).send().await);
    side.told("ec2:DeleteSubnet", ec2.delete_subnet().subnet_id(format!("subnet-{NOBODYS}")).send().await);
    Network { ec2, vpc, public, private }
}

async fn internet(side: &mut Side, network: &Network) -> String {
    let (ec2, vpc) = (&network.ec2, &network.vpc);
    let made = ec2.create_internet_gateway().tag_specifications(marked(ResourceType::InternetGateway)).send().await;
    let id = side.told("ec2:CreateInternetGateway", made).unwrap().internet_gateway.unwrap().internet_gateway_id.unwrap();
    let attach = |id: &str| ec2.attach_internet_gateway().internet_gateway_id(id).vpc_id(vpc).send();
    side.told("ec2:AttachInternetGateway", attach(&format!("igw-{NOBODYS}")).await);
    side.told("ec2:AttachInternetGateway", attach(&id).await);
    side.told("ec2:AttachInternetGateway", attach(&id).await);
    side.told("ec2:DescribeInternetGateways", ec2.describe_internet_gateways().internet_gateway_ids(&id).send().await);
    side.told("ec2:DeleteInternetGateway", ec2.delete_internet_gateway().internet_gateway_id(&id).send().await);
    let elsewhere = ec2.detach_internet_gateway().internet_gateway_id(&id).vpc_id(format!("vpc-{NOBODYS}"));
    side.told("ec2:DetachInternetGateway", elsewhere.send().await);
    id
}

async fn nat_gateway(side: &mut Side, network: &Network) -> String {
    let (ec2, subnet) = (&network.ec2, &network.public);
    let made = ec2.allocate_address().domain(DomainType::Vpc).tag_specifications(marked(ResourceType::ElasticIp)).send().await;
    let address = side.told("ec2:AllocateAddress", made).unwrap().allocation_id.unwrap();
    let call = ec2.create_nat_gateway().subnet_id(subnet).allocation_id(&address).client_token("once");
    let call = call.tag_specifications(marked(ResourceType::Natgateway));
    side.differs("ec2:CreateNatGateway", "moto's are available at once");
    let id = side.told("ec2:CreateNatGateway", call.clone().send().await).unwrap().nat_gateway.unwrap().nat_gateway_id.unwrap();
    side.rest().await;
    side.told("ec2:DescribeNatGateways", ec2.describe_nat_gateways().nat_gateway_ids(&id).send().await);
    side.told("ec2:DescribeAddresses", ec2.describe_addresses().send().await);
    let of_gateway = filter("subnet-id", subnet);
    side.told("ec2:DescribeNetworkInterfaces", ec2.describe_network_interfaces().filters(of_gateway).send().await);
    side.differs("ec2:DescribeNatGateways", "moto finds none where AWS says that there is none");
    side.told("ec2:DescribeNatGateways", ec2.describe_nat_gateways().nat_gateway_ids(format!("nat-{NOBODYS}")).send().await);
    side.told("ec2:DeleteSubnet", ec2.delete_subnet().subnet_id(subnet).send().await);
    side.told("ec2:ReleaseAddress", ec2.release_address().allocation_id(format!("eipalloc-{NOBODYS}")).send().await);
    id
}

async fn routes(side: &mut Side, network: &Network, gateway: &str, nat: &str) {
    let Network { ec2, vpc, public, private } = network;
    let made = ec2.create_route_table().vpc_id(vpc).tag_specifications(marked(ResourceType::RouteTable)).send().await;
    let one = side.told("ec2:CreateRouteTable", made).unwrap().route_table.unwrap().route_table_id.unwrap();
    let made = side.told("ec2:CreateRouteTable", ec2.create_route_table().vpc_id(vpc).send().await).unwrap();
    let other = made.route_table.unwrap().route_table_id.unwrap();
    let route = |table: &str| ec2.create_route().route_table_id(table).destination_cidr_block(WORLD);
    side.told("ec2:CreateRoute", route(&one).gateway_id(gateway).send().await);
    side.told("ec2:CreateRoute", route(&one).gateway_id(gateway).send().await);
    side.told("ec2:CreateRoute", route(&other).nat_gateway_id(nat).send().await);
    side.told("ec2:CreateRoute", route(&other).gateway_id(format!("igw-{NOBODYS}")).send().await);
    let replace =
        |table: &str, range: &str| ec2.replace_route().route_table_id(table).destination_cidr_block(range).gateway_id(gateway).send();
    side.told("ec2:ReplaceRoute", replace(&other, WORLD).await);
    side.told("ec2:ReplaceRoute", replace(&other, "192.0.2.0/24").await);
    let associate = |subnet: &str| ec2.associate_route_table().route_table_id(&one).subnet_id(subnet).send();
    let first = side.told("ec2:AssociateRouteTable", associate(public).await).unwrap().association_id.unwrap();
    side.told("ec2:AssociateRouteTable", associate(&format!("subnet-{NOBODYS}")).await);
    side.told("ec2:AssociateRouteTable", associate(private).await);
    let call = ec2.replace_route_table_association().association_id(&first).route_table_id(&other);
    let second = side.told("ec2:ReplaceRouteTableAssociation", call.clone().send().await).unwrap().new_association_id.unwrap();
    side.told("ec2:ReplaceRouteTableAssociation", call.send().await);
    side.told("ec2:DescribeRouteTables", ec2.describe_route_tables().filters(filter("vpc-id", vpc)).send().await);
    side.told("ec2:DescribeRouteTables", ec2.describe_route_tables().filters(filter("association.subnet-id", public)).send().await);
    let back = |range: &str| ec2.delete_route().route_table_id(&other).destination_cidr_block(range).send();
    side.told("ec2:DeleteRoute", back(WORLD).await);
    side.told("ec2:DeleteRoute", back(WORLD).await);
    side.told("ec2:DeleteRouteTable", ec2.delete_route_table().route_table_id(&other).send().await);
    for _ in 0..2 {
        side.told("ec2:DisassociateRouteTable", ec2.disassociate_route_table().association_id(&second).send().await);
        side.told("ec2:DeleteRouteTable", ec2.delete_route_table().route_table_id(&other).send().await);
    }
    side.told("ec2:CreateRoute", route(&other).gateway_id(gateway).send().await);
}

fn permission(protocol: &str, port: Option<i32>) -> aws_sdk_ec2::types::builders::IpPermissionBuilder {
    IpPermission::builder().ip_protocol(protocol).set_from_port(port).set_to_port(port)
}

fn from(range: &str, about: &str) -> IpRange {
    IpRange::builder().cidr_ip(range).description(about).build()
}

async fn groups(side: &mut Side, network: &Network) {
    let (ec2, vpc) = (&network.ec2, &network.vpc);
    let new = |name: &str| {
        let call = ec2.create_security_group().vpc_id(vpc).group_name(name).description("About");
        call.tag_specifications(marked(ResourceType::SecurityGroup)).send()
    };
    let web = side.told("ec2:CreateSecurityGroup", new("web").await).unwrap().group_id.unwrap();
    side.told("ec2:CreateSecurityGroup", new("web").await);
    let app = side.told("ec2:CreateSecurityGroup", new("app").await).unwrap().group_id.unwrap();
    let tls = permission("tcp", Some(443)).ip_ranges(from("10.0.0.0/8", "office")).ip_ranges(from("192.0.2.0/24", "others"));
    let six = permission("tcp", Some(22)).ipv6_ranges(Ipv6Range::builder().cidr_ipv6("::/0").build());
    let members = permission("-1", None).user_id_group_pairs(UserIdGroupPair::builder().group_id(&app).description("members").build());
    for one in [tls.clone(), six, members.clone(), tls.clone()] {
        let call = ec2.authorize_security_group_ingress().group_id(&web).ip_permissions(one.build());
        side.told("ec2:AuthorizeSecurityGroupIngress", call.send().await);
    }
    let nobodys = permission("-1", None).user_id_group_pairs(UserIdGroupPair::builder().group_id(format!("sg-{NOBODYS}")).build());
    let call = ec2.authorize_security_group_ingress().group_id(&app).ip_permissions(nobodys.build());
    side.told("ec2:AuthorizeSecurityGroupIngress", call.send().await);
    let renamed = permission("tcp", Some(443)).ip_ranges(from("10.0.0.0/8", "everybody")).build();
    let call = ec2.update_security_group_rule_descriptions_ingress().group_id(&web).ip_permissions(renamed);
    side.told("ec2:UpdateSecurityGroupRuleDescriptionsIngress", call.send().await);
    let ping = permission("icmp", Some(-1)).ip_ranges(from(WORLD, "ping")).build();
    let out = || ec2.authorize_security_group_egress().group_id(&web);
    side.told("ec2:AuthorizeSecurityGroupEgress", out().ip_permissions(ping.clone()).send().await);
    let call = ec2.update_security_group_rule_descriptions_egress().group_id(&web);
    let pinged = permission("icmp", Some(-1)).ip_ranges(from(WORLD, "pinged")).build();
    side.told("ec2:UpdateSecurityGroupRuleDescriptionsEgress", call.ip_permissions(pinged).send().await);
    side.told("ec2:DescribeSecurityGroups", ec2.describe_security_groups().group_ids(&web).send().await);
    for one in [ping.clone(), ping] {
        let call = ec2.revoke_security_group_egress().group_id(&web).ip_permissions(one);
        side.told("ec2:RevokeSecurityGroupEgress", call.send().await);
    }
    side.differs("ec2:DeleteSecurityGroup", "moto deletes a group that another one's rules name");
    side.told("ec2:DeleteSecurityGroup", ec2.delete_security_group().group_id(&app).send().await);
    let call = ec2.revoke_security_group_ingress().group_id(&web).ip_permissions(tls.build());
    side.told("ec2:RevokeSecurityGroupIngress", call.send().await);
    side.told("ec2:DeleteSecurityGroup", ec2.delete_security_group().group_id(&web).send().await);
    side.told("ec2:DescribeSecurityGroups", ec2.describe_security_groups().group_ids(&web).send().await);
    let call = ec2.describe_security_groups().filters(filter("vpc-id", vpc)).filters(filter("group-name", "web"));
    side.told("ec2:DescribeSecurityGroups", call.send().await);
}

async fn endpoints(side: &mut Side, network: &Network) {
    let Network { ec2, vpc, public: _, private } = network;
    let table = ec2.create_route_table().vpc_id(vpc).send().await.unwrap().route_table.unwrap().route_table_id.unwrap();
    let group = ec2.create_security_group().vpc_id(vpc).group_name("endpoint").description("About").send().await.unwrap().group_id.unwrap();
    let call = ec2.create_vpc_endpoint().vpc_id(vpc).service_name("com.amazonaws.us-west-2.s3");
    let call = call.vpc_endpoint_type(VpcEndpointType::Gateway).route_table_ids(&table);
    let made = side.told("ec2:CreateVpcEndpoint", call.tag_specifications(marked(ResourceType::VpcEndpoint)).send().await).unwrap();
    let gateway = made.vpc_endpoint.unwrap().vpc_endpoint_id.unwrap();
    let call = ec2.create_vpc_endpoint().vpc_id(vpc).service_name("com.amazonaws.us-west-2.sts").subnet_ids(private);
    let call = call.vpc_endpoint_type(VpcEndpointType::Interface).security_group_ids(&group).private_dns_enabled(true);
    side.differs("ec2:CreateVpcEndpoint", "moto's are available at once");
    let made = side.told("ec2:CreateVpcEndpoint", call.send().await).unwrap();
    let interface = made.vpc_endpoint.unwrap().vpc_endpoint_id.unwrap();
    side.rest().await;
    let all = || ec2.describe_vpc_endpoints().filters(filter("vpc-id", vpc)).send();
    side.told("ec2:DescribeVpcEndpoints", all().await);
    side.told("ec2:DescribeNetworkInterfaces", ec2.describe_network_interfaces().filters(filter("subnet-id", private)).send().await);
    side.told("ec2:DeleteSecurityGroup", ec2.delete_security_group().group_id(&group).send().await);
    let call = ec2.modify_vpc_endpoint().vpc_endpoint_id(&interface).private_dns_enabled(false);
    side.told("ec2:ModifyVpcEndpoint", call.send().await);
    let call = ec2.modify_vpc_endpoint().vpc_endpoint_id(&gateway).remove_route_table_ids(&table);
    side.told("ec2:ModifyVpcEndpoint", call.send().await);
    side.told("ec2:DescribeRouteTables", ec2.describe_route_tables().route_table_ids(&table).send().await);
    side.told("ec2:DescribeVpcEndpoints", ec2.describe_vpc_endpoints().vpc_endpoint_ids(format!("vpce-{NOBODYS}")).send().await);
    let gone = ec2.delete_vpc_endpoints().vpc_endpoint_ids(&gateway).vpc_endpoint_ids(&interface);
    side.told("ec2:DeleteVpcEndpoints", gone.send().await);
    side.rest().await;
    let call = ec2.describe_vpc_endpoints().vpc_endpoint_ids(&gateway);
    side.told("ec2:DescribeVpcEndpoints", call.send().await);
    ec2.delete_route_table().route_table_id(&table).send().await.unwrap();
    ec2.delete_security_group().group_id(&group).send().await.unwrap();
}

async fn flow_logs(side: &mut Side, network: &Network) {
    let (ec2, vpc) = (&network.ec2, &network.vpc);
    let role = format!("arn:aws:iam::{}:role/landfall-flow-logs", side.account);
    let new = || {
        let call = ec2.create_flow_logs().resource_type(FlowLogsResourceType::Vpc).resource_ids(vpc).log_group_name("/aws/vpc/landfall");
        let call = call.deliver_logs_permission_arn(&role).traffic_type(TrafficType::All).max_aggregation_interval(600);
        call.tag_specifications(marked(ResourceType::VpcFlowLog)).send()
    };
    let id = side.told("ec2:CreateFlowLogs", new().await).unwrap().flow_log_ids.unwrap().remove(0);
    side.told("ec2:CreateFlowLogs", new().await);
    side.told("ec2:DescribeFlowLogs", ec2.describe_flow_logs().max_results(1000).send().await);
    side.told("ec2:DeleteFlowLogs", ec2.delete_flow_logs().flow_log_ids(&id).send().await);
    side.differs("ec2:DeleteFlowLogs", "moto refuses the whole call, where AWS lists what it did not do");
    side.told("ec2:DeleteFlowLogs", ec2.delete_flow_logs().flow_log_ids(&id).send().await);
}

async fn settings(side: &mut Side, network: &Network) {
    let Network { ec2, vpc, public: _, private } = network;
    side.told("ec2:GetEbsEncryptionByDefault", ec2.get_ebs_encryption_by_default().send().await);
    side.told("ec2:EnableEbsEncryptionByDefault", ec2.enable_ebs_encryption_by_default().send().await);
    side.told("ec2:GetEbsEncryptionByDefault", ec2.get_ebs_encryption_by_default().send().await);
    side.told("ec2:DisableEbsEncryptionByDefault", ec2.disable_ebs_encryption_by_default().send().await);
    side.told("ec2:CreateTags", ec2.create_tags().resources(vpc).tags(tag("team", "core")).tags(tag("Name", "main")).send().await);
    side.told("ec2:DeleteTags", ec2.delete_tags().resources(vpc).tags(Tag::builder().key("team").build()).send().await);
    side.told("ec2:CreateTags", ec2.create_tags().resources(format!("vpc-{NOBODYS}")).tags(tag("team", "core")).send().await);
    side.told("ec2:DescribeVpcs", ec2.describe_vpcs().filters(filter("tag:Name", "main")).send().await);
    side.differs("ec2:DescribeTags", "moto keeps the tags of what is gone");
    side.told("ec2:DescribeTags", ec2.describe_tags().send().await);
    let made = ec2.create_network_interface().subnet_id(private).description("RDSNetworkInterface").send().await;
    let id = side.told("ec2:CreateNetworkInterface", made).unwrap().network_interface.unwrap().network_interface_id.unwrap();
    side.told("ec2:DeleteSubnet", ec2.delete_subnet().subnet_id(private).send().await);
    for _ in 0..2 {
        side.told("ec2:DeleteNetworkInterface", ec2.delete_network_interface().network_interface_id(&id).send().await);
    }
}

async fn apart(side: &mut Side, network: &Network, gateway: &str) {
    let Network { ec2, vpc, public, private } = network;
    let found = ec2.describe_nat_gateways().filter(filter("vpc-id", vpc)).send().await.unwrap();
    let nat = found.nat_gateways().first().unwrap();
    let address = nat.nat_gateway_addresses().first().and_then(|address| address.allocation_id()).unwrap().to_owned();
    let id = nat.nat_gateway_id().unwrap();
    side.told("ec2:DeleteNatGateway", ec2.delete_nat_gateway().nat_gateway_id(id).send().await);
    side.rest().await;
    side.told("ec2:DescribeNatGateways", ec2.describe_nat_gateways().nat_gateway_ids(id).send().await);
    side.told("ec2:DescribeNatGateways", ec2.describe_nat_gateways().filter(filter("state", "deleting")).send().await);
    for _ in 0..2 {
        side.told("ec2:ReleaseAddress", ec2.release_address().allocation_id(&address).send().await);
    }
    let detach = || ec2.detach_internet_gateway().internet_gateway_id(gateway).vpc_id(vpc).send();
    side.told("ec2:DetachInternetGateway", detach().await);
    side.told("ec2:DetachInternetGateway", detach().await);
    for _ in 0..2 {
        side.told("ec2:DeleteInternetGateway", ec2.delete_internet_gateway().internet_gateway_id(gateway).send().await);
    }
    // Moto keeps the associations of subnets that are gone.
    let tables = ec2.describe_route_tables().filters(filter("vpc-id", vpc)).send().await.unwrap();
    for association in tables.route_tables().iter().flat_map(|table| table.associations()).filter(|one| one.main() != Some(true)) {
        ec2.disassociate_route_table().association_id(association.route_table_association_id().unwrap()).send().await.unwrap();
    }
    for subnet in [public, private] {
        side.told("ec2:DeleteSubnet", ec2.delete_subnet().subnet_id(subnet).send().await);
    }
    let is_main = |table: &aws_sdk_ec2::types::RouteTable| table.associations().iter().any(|association| association.main() == Some(true));
    for table in tables.route_tables().iter().filter(|table| !is_main(table)) {
        ec2.delete_route_table().route_table_id(table.route_table_id().unwrap()).send().await.unwrap();
    }
    let groups = ec2.describe_security_groups().filters(filter("vpc-id", vpc)).send().await.unwrap();
    for group in groups.security_groups().iter().filter(|group| group.group_name() != Some("default")) {
        ec2.delete_security_group().group_id(group.group_id().unwrap()).send().await.unwrap();
    }
    side.told("ec2:DeleteVpc", ec2.delete_vpc().vpc_id(vpc).send().await);
    side.told("ec2:DescribeVpcs", ec2.describe_vpcs().vpc_ids(vpc).send().await);
}
