//! The drivers of a network, from the VPC to the parameters that publish its ids.

use crate::bench::{address, changed, made, member, rebound, removed, spec};
use landfall::aws::Session;
use landfall::kinds::{Seen, Spec};
use landfall::model::{Address, RemoteId};
use serde_json::{Value, json};

/// The kinds that carry tags.
const KINDS: [&str; 10] = [
    "vpc",
    "internet-gateway",
    "subnet",
    "elastic-ip",
    "nat-gateway",
    "route-table",
    "security-group",
    "vpc-endpoint",
    "log-group",
    "flow-log",
];

pub fn tags(name: &str) -> Value {
    json!({ "Name": name, "team": "payments" })
}

pub fn here(reference: &str) -> Address {
    address(&format!("us-west-2/{reference}"))
}

/// Makes a resource from its reference and fields.
pub async fn make(at: &Session, reference: &str, mut fields: Value) -> RemoteId {
    let (kind, name) = reference.split_once('/').unwrap();
    if KINDS.contains(&kind) {
        fields["tags"] = tags(name);
    }
    made(at, &here(reference), &spec(kind, fields)).await
}

pub async fn change(at: &Session, reference: &str, mut fields: Value) -> Vec<String> {
    let (kind, name) = reference.split_once('/').unwrap();
    if KINDS.contains(&kind) {
        fields["tags"] = tags(name);
    }
    changed(at, &here(reference), &spec(kind, fields)).await
}

pub async fn vpc_with_subnets(at: &Session) {
    make(at, "vpc/main", json!({ "cidr": "10.0.0.0/20" })).await;
    for (name, cidr, zone) in [("public-a", "10.0.0.0/24", "a"), ("private-a", "10.0.1.0/24", "a"), ("private-b", "10.0.2.0/24", "b")] {
        let public = name == "public-a";
        let fields = json!({ "vpc": "vpc/main", "cidr": cidr, "zone": zone, "map_public_ip_on_launch": public });
        make(at, &format!("subnet/{name}"), fields).await;
    }
}

async fn nat(at: &Session, ip: &str) -> RemoteId {
    make(at, ip, json!({})).await;
    make(at, "nat-gateway/a", json!({ "subnet": "subnet/public-a", "elastic_ip": ip })).await
}

#[tokio::test]
async fn a_vpc_and_its_subnets() {
    let at = member("111111111101").await;
    vpc_with_subnets(&at).await;
    let want = spec("vpc", json!({ "cidr": "10.0.0.0/20", "tags": { "Name": "main", "team": "catalog" } }));
    assert_eq!(changed(&at, &here("vpc/main"), &want).await, ["tags.team"]);
    let fields = json!({ "vpc": "vpc/main", "cidr": "10.0.0.0/24", "zone": "a", "map_public_ip_on_launch": false });
    assert_eq!(change(&at, "subnet/public-a", fields).await, ["map_public_ip_on_launch"]);
    for reference in ["subnet/public-a", "subnet/private-a", "subnet/private-b", "vpc/main"] {
        removed(&at, &here(reference)).await;
    }
}

#[tokio::test]
async fn what_every_account_comes_with_is_a_strangers() {
    let at = member("111111111102").await;
    for kind in ["vpc", "subnet", "route-table", "security-group"] {
        let seen: Vec<Seen<Spec>> = Spec::read(&kind.parse().unwrap(), &at).await.unwrap();
        assert!(!seen.is_empty(), "the emulated AWS has a default {kind}");
        assert!(seen.iter().all(|seen| seen.name.is_none()), "{kind}: {seen:?}");
    }
}

#[tokio::test]
async fn an_internet_gateway_follows_its_vpc() {
    let at = member("111111111103").await;
    make(&at, "vpc/main", json!({ "cidr": "10.0.0.0/20" })).await;
    make(&at, "vpc/other", json!({ "cidr": "10.0.16.0/20" })).await;
    make(&at, "internet-gateway/main", json!({ "vpc": "vpc/main" })).await;
    assert_eq!(change(&at, "internet-gateway/main", json!({ "vpc": "vpc/other" })).await, ["vpc"]);
    removed(&at, &here("internet-gateway/main")).await;
}

#[tokio::test]
async fn a_nat_gateway_and_the_routes_through_it() {
    let at = member("111111111104").await;
    vpc_with_subnets(&at).await;
    make(&at, "internet-gateway/main", json!({ "vpc": "vpc/main" })).await;
    let first = nat(&at, "elastic-ip/nat-a").await;
    let public = json!({ "vpc": "vpc/main", "routes": { "0.0.0.0/0": "internet-gateway/main" }, "subnets": ["subnet/public-a"] });
    make(&at, "route-table/public", public).await;
    let private = |subnets: &[&str]| json!({ "vpc": "vpc/main", "routes": { "0.0.0.0/0": "nat-gateway/a" }, "subnets": subnets });
    make(&at, "route-table/private", private(&["subnet/private-a"])).await;
    let both = private(&["subnet/private-a", "subnet/private-b"]);
    assert_eq!(change(&at, "route-table/private", both.clone()).await, ["subnets"]);

    removed(&at, &here("nat-gateway/a")).await;
    // Another address, because the emulated AWS never lets a deleted gateway's address go.
    let second = nat(&at, "elastic-ip/nat-b").await;
    assert_ne!(first, second);
    let mut want = both;
    want["tags"] = tags("private");
    rebound(&at, &here("route-table/private"), &spec("route-table", want), "nat-gateway/a").await;
    let none = json!({ "vpc": "vpc/main", "subnets": ["subnet/private-b"] });
    assert_eq!(change(&at, "route-table/private", none).await, ["subnets", "routes.0.0.0.0/0"]);
    for reference in ["route-table/private", "route-table/public", "nat-gateway/a", "elastic-ip/nat-b", "internet-gateway/main"] {
        removed(&at, &here(reference)).await;
    }
}

#[tokio::test]
async fn a_security_group_and_its_rules() {
    let at = member("111111111105").await;
    make(&at, "vpc/main", json!({ "cidr": "10.0.0.0/20" })).await;
    let web = |ingress: Value| json!({ "vpc": "vpc/main", "description": "web", "ingress": ingress, "egress": [] });
    let open = web(json!([{ "protocol": "tcp", "ports": 443, "cidr": "0.0.0.0/0", "description": "all" }]));
    let id = make(&at, "security-group/web", open.clone()).await;
    let again = spec("security-group", open).create(&at, &here("security-group/web")).await.unwrap();
    assert_eq!(again, id, "a creation whose answer got lost goes on where it stopped");
    let app = json!([
        { "protocol": "tcp", "ports": "8000-8100", "security_group": "security-group/web" },
        { "protocol": "tcp", "ports": "9000", "security_group": "security-group/app" },
        { "protocol": "icmp", "cidr": "10.0.0.0/8" },
    ]);
    let egress = json!([{ "protocol": "all", "cidr": "0.0.0.0/0" }]);
    make(&at, "security-group/app", json!({ "vpc": "vpc/main", "description": "app", "ingress": app, "egress": egress })).await;
    let two = web(json!([
        { "protocol": "tcp", "ports": 443, "cidr": "0.0.0.0/0", "description": "everybody" },
        { "protocol": "udp", "ports": 53, "cidr": "10.0.0.0/8" },
    ]));
    let fields = change(&at, "security-group/web", two).await;
    assert_eq!(fields, ["ingress.tcp 443 from 0.0.0.0/0", "ingress.udp 53 from 10.0.0.0/8"]);
    removed(&at, &here("security-group/app")).await;
    removed(&at, &here("security-group/web")).await;
}

#[tokio::test]
async fn a_rule_that_no_spec_can_say_is_shown_and_taken_away() {
    let at = member("111111111106").await;
    make(&at, "vpc/main", json!({ "cidr": "10.0.0.0/20" })).await;
    let fields = json!({ "vpc": "vpc/main", "description": "web" });
    let id = make(&at, "security-group/web", fields.clone()).await;
    let six = aws_sdk_ec2::types::Ipv6Range::builder().cidr_ipv6("::/0").build();
    let permission = aws_sdk_ec2::types::IpPermission::builder().ip_protocol("tcp").from_port(22).to_port(22).ipv6_ranges(six).build();
    at.ec2().authorize_security_group_ingress().group_id(id.as_str()).ip_permissions(permission).send().await.unwrap();
    assert_eq!(change(&at, "security-group/web", fields).await, ["ingress.tcp 22 from ::/0"]);
}

#[tokio::test]
async fn parameters_publish_ids_under_names() {
    let at = member("111111111107").await;
    vpc_with_subnets(&at).await;
    let vpc =
        make(&at, "ssm-parameter/landfall/network/vpc-id", json!({ "value": { "id_of": "vpc/main" }, "description": "the VPC" })).await;
    assert_eq!(vpc.as_str(), "/landfall/network/vpc-id");
    let subnets = json!({ "value": { "ids_of": ["subnet/private-b", "subnet/private-a"] } });
    make(&at, "ssm-parameter/landfall/network/subnet-ids", subnets).await;
    for at_most_ten_a_page in 0..12 {
        let reference = format!("ssm-parameter/landfall/text/{at_most_ten_a_page}");
        make(&at, &reference, json!({ "value": { "text": "vpc-0of1somebody2else3" } })).await;
    }
    let one = json!({ "value": { "ids_of": ["subnet/private-a"] } });
    assert_eq!(change(&at, "ssm-parameter/landfall/network/subnet-ids", one).await, ["value"]);
    removed(&at, &here("ssm-parameter/landfall/network/subnet-ids")).await;
    let outside = spec("ssm-parameter", json!({ "value": { "text": "x" } }));
    let error = outside.create(&at, &here("ssm-parameter/other/x")).await.unwrap_err();
    assert_eq!(error.message, "/other/x does not begin with /landfall/, the path that is Landfall's own");
}
