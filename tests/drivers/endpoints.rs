//! The drivers of what a VPC is set up with: names, endpoints, its default group; and what lives in it.

use crate::bench::{changed, made, member, rebound, removed, spec};
use crate::moto;
use crate::network::{change, here, make, tags, vpc_with_subnets};
use landfall::aws::Session;
use landfall::kinds::Spec;
use serde_json::{Value, json};

async fn group(at: &Session, name: &str) {
    make(at, &format!("security-group/{name}"), json!({ "vpc": "vpc/main", "description": name })).await;
}

async fn live(at: &Session, reference: &str) -> Value {
    let seen = Spec::find(at, &here(reference)).await.unwrap().unwrap();
    let Value::Object(kinds) = serde_json::to_value(seen.spec).unwrap() else { panic!("a spec is an object") };
    kinds.into_iter().next().unwrap().1
}

#[tokio::test]
async fn names_resolve_as_declared() {
    let at = member("111111111201").await;
    make(&at, "vpc/main", json!({ "cidr": "10.0.0.0/20", "dns_hostnames": true })).await;
    let fields = change(&at, "vpc/main", json!({ "cidr": "10.0.0.0/20", "dns_support": false, "dns_hostnames": false })).await;
    assert_eq!(fields, ["dns_support", "dns_hostnames"]);
    let fields = change(&at, "vpc/main", json!({ "cidr": "10.0.0.0/20", "dns_hostnames": true })).await;
    assert_eq!(fields, ["dns_support", "dns_hostnames"]);
    removed(&at, &here("vpc/main")).await;
}

#[tokio::test]
async fn a_gateway_endpoint_and_its_routes() {
    let at = member("111111111202").await;
    vpc_with_subnets(&at).await;
    let tables = ["private-a", "private-b", "public"];
    for name in tables {
        make(&at, &format!("route-table/{name}"), json!({ "vpc": "vpc/main" })).await;
    }
    let gateway = |tables: &[&str]| {
        let tables: Vec<String> = tables.iter().map(|name| format!("route-table/{name}")).collect();
        json!({ "vpc": "vpc/main", "service": "s3", "type": "gateway", "route_tables": tables })
    };
    make(&at, "vpc-endpoint/gateway-s3", gateway(&["private-a"])).await;
    assert_eq!(change(&at, "vpc-endpoint/gateway-s3", gateway(&["private-b", "public"])).await, ["route_tables"]);
    // The endpoint's own route is not the table's: tables are as declared with and without it.
    for name in tables {
        assert_eq!(live(&at, &format!("route-table/{name}")).await["routes"], json!({}), "{name}");
    }
    removed(&at, &here("route-table/public")).await;
    make(&at, "route-table/public", json!({ "vpc": "vpc/main" })).await;
    let mut want = gateway(&["private-b", "public"]);
    want["tags"] = tags("gateway-s3");
    rebound(&at, &here("vpc-endpoint/gateway-s3"), &spec("vpc-endpoint", want.clone()), "route-table/public").await;
    want["tags"]["team"] = json!("catalog");
    assert_eq!(changed(&at, &here("vpc-endpoint/gateway-s3"), &spec("vpc-endpoint", want)).await, ["tags.team"]);
    removed(&at, &here("vpc-endpoint/gateway-s3")).await;
}

#[tokio::test]
async fn an_interface_endpoint_keeps_its_subnets_busy_until_it_is_gone() {
    let at = member("111111111203").await;
    vpc_with_subnets(&at).await;
    // Private names take both; the emulated AWS doesn't ask.
    change(&at, "vpc/main", json!({ "cidr": "10.0.0.0/20", "dns_hostnames": true })).await;
    group(&at, "one").await;
    group(&at, "other").await;
    let interface = |subnets: &[&str], group: &str, private: bool| {
        json!({
            "vpc": "vpc/main", "service": "ecr.api", "type": "interface", "private_dns": private,
            "subnets": subnets, "security_groups": [format!("security-group/{group}")],
        })
    };
    make(&at, "vpc-endpoint/interface-ecr.api", interface(&["subnet/private-a"], "one", true)).await;
    assert_eq!(live(&at, "vpc/main").await.get("in_use"), None, "its interfaces are the network's own");
    let both = interface(&["subnet/private-a", "subnet/private-b"], "other", false);
    assert_eq!(change(&at, "vpc-endpoint/interface-ecr.api", both).await, ["subnets", "security_groups", "private_dns"]);
    let last = interface(&["subnet/private-b"], "other", false);
    assert_eq!(change(&at, "vpc-endpoint/interface-ecr.api", last).await, ["subnets"]);
    removed(&at, &here("subnet/private-a")).await;
    removed(&at, &here("security-group/one")).await;
    for busy in ["subnet/private-b", "security-group/other"] {
        let seen = Spec::find(&at, &here(busy)).await.unwrap().unwrap();
        let error = seen.spec.delete(&at, &here(busy), &seen.id).await.unwrap_err();
        assert_eq!(error.fault, landfall::aws::Fault::Busy, "{busy}: {error}");
    }
    for reference in ["vpc-endpoint/interface-ecr.api", "subnet/private-b", "security-group/other", "subnet/public-a", "vpc/main"] {
        removed(&at, &here(reference)).await;
    }
}

#[tokio::test]
async fn whoever_lives_in_a_vpc_is_seen() {
    let at = member("111111111204").await;
    vpc_with_subnets(&at).await;
    make(&at, "internet-gateway/main", json!({ "vpc": "vpc/main" })).await;
    make(&at, "elastic-ip/nat-a", json!({})).await;
    make(&at, "nat-gateway/a", json!({ "subnet": "subnet/public-a", "elastic_ip": "elastic-ip/nat-a" })).await;
    assert_eq!(Spec::find(&at, &here("vpc/main")).await.unwrap().unwrap().spec.held(), None, "a gateway is a part of the network");
    let subnet = Spec::find(&at, &here("subnet/private-a")).await.unwrap().unwrap().id;
    let answer = at.ec2().create_network_interface().subnet_id(subnet.as_str()).description("RDSNetworkInterface").send().await.unwrap();
    let seen = Spec::find(&at, &here("vpc/main")).await.unwrap().unwrap();
    let held = seen.spec.held().unwrap();
    assert_eq!((held.why.as_str(), held.along), ("network interfaces are in it that are not the network's own", true));
    let id = answer.network_interface().unwrap().network_interface_id().unwrap();
    at.ec2().delete_network_interface().network_interface_id(id).send().await.unwrap();
    assert_eq!(Spec::find(&at, &here("vpc/main")).await.unwrap().unwrap().spec.held(), None);
}

#[tokio::test]
async fn the_default_group_is_a_setting_of_our_own_vpcs() {
    let at = member("111111111205").await;
    let kind = "default-security-group".parse().unwrap();
    assert_eq!(Spec::read(&kind, &at).await.unwrap(), [], "the account's default VPC is a stranger's");
    make(&at, "vpc/main", json!({ "cidr": "10.0.0.0/20" })).await;
    let (address, want) = (here("default-security-group/main"), spec("default-security-group", json!({ "vpc": "vpc/main" })));
    // AWS's own lets in its members; the emulated one doesn't.
    let id = Spec::find(&at, &address).await.unwrap().unwrap().id;
    if !moto::is_simulated() {
        let members = aws_sdk_ec2::types::UserIdGroupPair::builder().group_id(id.as_str()).build();
        let rule = aws_sdk_ec2::types::IpPermission::builder().ip_protocol("-1").user_id_group_pairs(members).build();
        at.ec2().authorize_security_group_ingress().group_id(id.as_str()).ip_permissions(rule).send().await.unwrap();
    }
    let before = Spec::find(&at, &address).await.unwrap().unwrap();
    let changes = Spec::changes(&before.spec, &want);
    let fields: Vec<&str> = changes.iter().map(|change| change.field.as_str()).collect();
    assert_eq!(fields, ["egress.all to 0.0.0.0/0", "ingress.all from security-group/default"]);
    at.directory().learn(&address, &before.id);
    assert_eq!(changed(&at, &address, &want).await, fields);

    make(&at, "vpc/other", json!({ "cidr": "10.0.16.0/20" })).await;
    let other = spec("default-security-group", json!({ "vpc": "vpc/other" }));
    let id = other.create(&at, &here("default-security-group/other")).await.unwrap();
    let seen = Spec::find(&at, &here("default-security-group/other")).await.unwrap().unwrap();
    assert_eq!((&seen.id, Spec::changes(&seen.spec, &other)), (&id, vec![]));
    let error = other.create(&at, &here("default-security-group/wrong")).await.unwrap_err();
    assert!(error.message.contains("has to be called other"), "{error}");
    for vpc in ["vpc/main", "vpc/other"] {
        removed(&at, &here(vpc)).await;
    }
}

#[tokio::test]
async fn parameters_publish_endpoints() {
    let at = member("111111111206").await;
    vpc_with_subnets(&at).await;
    make(&at, "vpc-endpoint/gateway-s3", json!({ "vpc": "vpc/main", "service": "s3", "type": "gateway" })).await;
    let want = spec("ssm-parameter", json!({ "value": { "id_of": "vpc-endpoint/gateway-s3" } }));
    made(&at, &here("ssm-parameter/landfall/network/s3"), &want).await;
}
