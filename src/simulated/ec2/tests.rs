//! What the emulated AWS is too lenient to be held against.

use super::{Ec2, NAT_GATEWAY};
use crate::simulated::servicequotas::Quotas;
use crate::simulated::wire::{Asked, Body, Request};
use crate::simulated::{At, Moment};

/// One account's EC2, some time after the beginning.
struct Bench {
    ec2: Ec2,
    made: u64,
    now: Moment,
}

impl Bench {
    fn new() -> Bench {
        Bench { ec2: Ec2::default(), made: 0, now: Moment::from_secs(1_000_000) }
    }

    /// What an operation answers, or its error's code.
    fn ask(&mut self, operation: &str, parameters: &str) -> String {
        let headers =
            [("content-type", "application/x-www-form-urlencoded"), ("authorization", "Credential=k/20261121/us-west-2/ec2/aws4_request,")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let body = format!("Action={operation}&{parameters}").into_bytes();
        let asked = Asked::of(&Request { method: "POST".to_owned(), target: "/".to_owned(), headers, body });
        let mut at = At { account: "111111111111", region: "us-west-2", now: self.now, haste: 1.0, made: &mut self.made };
        match self.ec2.answer(&mut at, &asked, &Quotas::default()) {
            Ok(Body::Xml(text)) => text,
            Ok(other) => panic!("{other:?}"),
            Err(fault) => fault.code,
        }
    }

    /// The text of an element of the answer.
    fn make(&mut self, operation: &str, parameters: &str, element: &str) -> String {
        let answer = self.ask(operation, parameters);
        let text = answer.split_once(&format!("<{element}>")).and_then(|(_, rest)| Some(rest.split_once('<')?.0.to_owned()));
        text.unwrap_or_else(|| panic!("{operation} answers {answer}"))
    }

    /// A VPC with two subnets of one zone, and an elastic IP.
    fn network(&mut self) -> [String; 4] {
        let vpc = self.make("CreateVpc", "CidrBlock=10.0.0.0/20", "vpcId");
        let subnet = |number: u8| format!("VpcId={vpc}&CidrBlock=10.0.{number}.0/24&AvailabilityZone=us-west-2a");
        let subnets = [self.make("CreateSubnet", &subnet(0), "subnetId"), self.make("CreateSubnet", &subnet(1), "subnetId")];
        let address = self.make("AllocateAddress", "Domain=vpc", "allocationId");
        let [public, private] = subnets;
        [vpc, public, private, address]
    }

    fn gateway(&mut self, vpc: &str) -> String {
        let gateway = self.make("CreateInternetGateway", "", "internetGatewayId");
        assert!(self.ask("AttachInternetGateway", &format!("VpcId={vpc}&InternetGatewayId={gateway}")).contains("true"));
        gateway
    }
}

#[test]
fn a_nat_gateway_comes_slowly_and_keeps_all_that_it_needs() {
    let mut aws = Bench::new();
    let [vpc, public, _, address] = aws.network();
    let gateway = aws.gateway(&vpc);
    let create = format!("SubnetId={public}&AllocationId={address}&ClientToken=a");
    let nat = aws.make("CreateNatGateway", &create, "natGatewayId");
    assert_eq!(aws.make("CreateNatGateway", &create, "natGatewayId"), nat, "it was asked for with the same token");
    let other = format!("SubnetId={public}&AllocationId={address}&ClientToken=");
    assert_eq!(aws.ask("CreateNatGateway", &format!("{other}a&X=y")), "IdempotentParameterMismatch");
    assert_eq!(aws.ask("CreateNatGateway", &format!("{other}b")), "Resource.AlreadyAssociated");
    let table = aws.make("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId");
    let route = format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&NatGatewayId={nat}");
    assert_eq!(aws.ask("CreateRoute", &route), "InvalidNatGatewayID.NotFound", "it is pending");
    aws.now += NAT_GATEWAY;
    assert!(aws.ask("CreateRoute", &route).contains("true"));
    assert_eq!(aws.ask("DetachInternetGateway", &format!("VpcId={vpc}&InternetGatewayId={gateway}")), "DependencyViolation");
    for left in 0..2 {
        assert_eq!(aws.ask("ReleaseAddress", &format!("AllocationId={address}")), "InvalidIPAddress.InUse", "{left}");
        assert_eq!(aws.ask("DeleteSubnet", &format!("SubnetId={public}")), "DependencyViolation", "{left}");
        aws.ask("DeleteNatGateway", &format!("NatGatewayId={nat}"));
    }
    aws.now += Moment::from_secs(60);
    assert!(aws.ask("DescribeRouteTables", &format!("RouteTableId.1={table}")).contains("blackhole"));
    assert!(aws.ask("ReleaseAddress", &format!("AllocationId={address}")).contains("true"));
    assert!(aws.ask("DescribeNatGateways", "").contains("<state>deleted</state>"));
    aws.now += Moment::from_secs(3600);
    assert!(!aws.ask("DescribeNatGateways", "").contains("<item>"), "AWS forgets it after an hour");
}

#[test]
fn a_nat_gateway_fails_where_nothing_leads_out() {
    let mut aws = Bench::new();
    let [_, public, _, address] = aws.network();
    let create = format!("SubnetId={public}&AllocationId={address}");
    assert_eq!(aws.make("CreateNatGateway", &create, "state"), "pending");
    aws.now += NAT_GATEWAY;
    let shown = aws.ask("DescribeNatGateways", "");
    assert!(shown.contains("<state>failed</state><") && shown.contains("Gateway.NotAttached"), "{shown}");
    assert!(aws.ask("ReleaseAddress", &format!("AllocationId={address}")).contains("true"), "it has let go of its address");
}

#[test]
fn what_is_in_a_vpc_keeps_it() {
    let mut aws = Bench::new();
    let vpc = aws.make("CreateVpc", "CidrBlock=10.0.0.0/20", "vpcId");
    let gateway = aws.gateway(&vpc);
    assert_eq!(aws.ask("DeleteVpc", &format!("VpcId={vpc}")), "DependencyViolation");
    let second = aws.make("CreateInternetGateway", "", "internetGatewayId");
    assert_eq!(aws.ask("AttachInternetGateway", &format!("VpcId={vpc}&InternetGatewayId={second}")), "InvalidParameterValue");
    aws.ask("DetachInternetGateway", &format!("VpcId={vpc}&InternetGatewayId={gateway}"));
    let table = aws.make("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId");
    assert_eq!(aws.ask("DeleteVpc", &format!("VpcId={vpc}")), "DependencyViolation");
    aws.ask("DeleteRouteTable", &format!("RouteTableId={table}"));
    let group = aws.make("CreateSecurityGroup", &format!("VpcId={vpc}&GroupName=a&GroupDescription=a"), "groupId");
    assert_eq!(aws.ask("DeleteVpc", &format!("VpcId={vpc}")), "DependencyViolation");
    aws.ask("DeleteSecurityGroup", &format!("GroupId={group}"));
    assert!(aws.ask("DeleteVpc", &format!("VpcId={vpc}")).contains("true"));
    let left = aws.ask("DescribeSecurityGroups", &format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}"));
    assert!(!left.contains("<item>"), "its own group goes with it: {left}");
}

#[test]
fn there_is_an_end_to_what_an_account_may_have() {
    let mut aws = Bench::new();
    // The default one counts.
    for number in 1..5 {
        aws.make("CreateVpc", &format!("CidrBlock=10.{number}.0.0/20"), "vpcId");
    }
    assert_eq!(aws.ask("CreateVpc", "CidrBlock=10.9.0.0/20"), "VpcLimitExceeded");
    for _ in 0..5 {
        aws.make("AllocateAddress", "Domain=vpc", "allocationId");
    }
    assert_eq!(aws.ask("AllocateAddress", "Domain=vpc"), "AddressLimitExceeded");
}

#[test]
fn an_endpoint_has_one_subnet_a_zone_and_private_names_once() {
    let mut aws = Bench::new();
    let [vpc, public, private, _] = aws.network();
    let interface =
        |more: &str| format!("VpcId={vpc}&ServiceName=com.amazonaws.us-west-2.sts&VpcEndpointType=Interface&SubnetId.1={private}&{more}");
    assert_eq!(aws.ask("CreateVpcEndpoint", &interface(&format!("SubnetId.2={public}"))), "DuplicateSubnetsInSameZone");
    let named = interface("PrivateDnsEnabled=true");
    assert_eq!(aws.ask("CreateVpcEndpoint", &named), "InvalidParameter", "the VPC has no host names");
    aws.ask("ModifyVpcAttribute", &format!("VpcId={vpc}&EnableDnsHostnames.Value=true"));
    assert_eq!(aws.make("CreateVpcEndpoint", &named, "state"), "pending");
    assert_eq!(aws.ask("CreateVpcEndpoint", &named), "InvalidParameter", "the names are taken");
    let gateway = |service: &str| format!("VpcId={vpc}&ServiceName=com.amazonaws.us-west-2.{service}");
    assert_eq!(aws.ask("CreateVpcEndpoint", &gateway("sts")), "InvalidServiceName");
    let table = aws.make("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId");
    let s3 = format!("{}&RouteTableId.1={table}", gateway("s3"));
    assert_eq!(aws.make("CreateVpcEndpoint", &s3, "state"), "available");
    assert_eq!(aws.ask("CreateVpcEndpoint", &s3), "RouteAlreadyExists");
}

#[test]
fn a_call_for_several_rules_does_all_or_nothing() {
    let mut aws = Bench::new();
    let [vpc, ..] = aws.network();
    let group = aws.make("CreateSecurityGroup", &format!("VpcId={vpc}&GroupName=a&GroupDescription=a"), "groupId");
    let rule = |number: u8, range: &str| format!("IpPermissions.{number}.IpProtocol=-1&IpPermissions.{number}.IpRanges.1.CidrIp={range}");
    let both = format!("GroupId={group}&{}&{}", rule(1, "10.0.0.0/8"), rule(2, "10.1.0.0/8"));
    assert_eq!(aws.ask("AuthorizeSecurityGroupIngress", &both), "InvalidPermission.Duplicate", "they are the same range");
    assert!(!aws.ask("DescribeSecurityGroups", &format!("GroupId.1={group}")).contains("10.0.0.0/8"));
    assert_eq!(aws.ask("CreateSecurityGroup", &format!("VpcId={vpc}&GroupName=default&GroupDescription=a")), "InvalidParameterValue");
    let many: String = (1..=61).map(|number| format!("&{}", rule(number, &format!("10.0.{number}.0/24")))).collect();
    assert_eq!(aws.ask("AuthorizeSecurityGroupIngress", &format!("GroupId={group}{many}")), "RulesPerSecurityGroupLimitExceeded");
}

#[test]
fn listings_go_on_page_by_page() {
    let mut aws = Bench::new();
    let [vpc, ..] = aws.network();
    for number in 2..8 {
        aws.make("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.0.{number}.0/24"), "subnetId");
    }
    let (mut pages, mut found, mut token) = (0, 0, String::new());
    loop {
        let answer = aws.ask("DescribeSubnets", &format!("MaxResults=5&NextToken={token}"));
        (pages, found) = (pages + 1, found + answer.matches("<subnetId>").count());
        let Some((_, next)) = answer.split_once("<nextToken>") else { break };
        token = next.split('<').next().unwrap().to_owned();
    }
    assert_eq!((pages, found), (3, 12), "eight, and four of the default VPC");
    assert_eq!(aws.ask("DescribeRouteTables", "MaxResults=1000"), "InvalidParameterValue", "AWS lists a hundred of these at once");
}

#[test]
fn nonsense_is_refused_and_nothing_panics() {
    let mut aws = Bench::new();
    for operation in
        ["CreateVpc", "CreateSubnet", "CreateRoute", "ModifyVpcAttribute", "CreateNatGateway", "AssociateRouteTable", "CreateTags"]
    {
        for parameters in ["", "VpcId=%ff&CidrBlock=/&ResourceId.1=-", "CidrBlock=10.0.0.0/99", "Tag.1.Key=&MaxResults=x"] {
            aws.ask(operation, parameters);
        }
    }
    assert_eq!(aws.ask("CreateTags", "ResourceId.1=nobody&Tag.1.Key=a&Tag.1.Value=b"), "InvalidID");
    assert_eq!(aws.ask("DescribeVpcs", "Filter.1.Name=colour&Filter.1.Value.1=red"), "InvalidParameterValue");
    assert_eq!(aws.ask("DescribeVpcs", "MaxResults=4"), "InvalidParameterValue");
    assert_eq!(aws.ask("RunInstances", ""), "InvalidAction");
}
