//! A network that others made becomes ours: marked, set up as declared, and nothing made in its place.

use crate::bench::{made, member, spec};
use crate::network::here;
use landfall::aws::Session;
use landfall::kinds::Spec;
use serde_json::json;

/// A VPC with a gateway, as somebody made it by hand.
async fn by_hand(at: &Session, range: &str) -> (String, String) {
    let vpc = at.ec2().create_vpc().cidr_block(range).send().await.unwrap().vpc.unwrap().vpc_id.unwrap();
    let gateway = at.ec2().create_internet_gateway().send().await.unwrap().internet_gateway.unwrap().internet_gateway_id.unwrap();
    at.ec2().attach_internet_gateway().vpc_id(&vpc).internet_gateway_id(&gateway).send().await.unwrap();
    (vpc, gateway)
}

#[tokio::test]
async fn a_vpc_and_its_gateway_become_ours() {
    let at = member("111111111401").await;
    let (vpc, gateway) = by_hand(&at, "10.9.0.0/20").await;
    let want = spec("vpc", json!({ "cidr": "10.9.0.0/20", "adopts": vpc, "dns_hostnames": true, "tags": { "team": "payments" } }));
    assert_eq!(made(&at, &here("vpc/main"), &want).await.as_str(), vpc);
    let want = spec("internet-gateway", json!({ "vpc": "vpc/main", "adopts": gateway }));
    assert_eq!(made(&at, &here("internet-gateway/main"), &want).await.as_str(), gateway);
    for reference in ["vpc/main", "internet-gateway/main"] {
        let seen = Spec::find(&at, &here(reference)).await.unwrap().unwrap();
        assert_eq!(seen.spec.held().map(|held| held.why).as_deref(), Some("others made it, and it was adopted"), "{reference}");
    }
    let all = at.ec2().describe_vpcs().send().await.unwrap();
    assert_eq!(all.vpcs().iter().filter(|found| found.cidr_block() == Some("10.9.0.0/20")).count(), 1);
}

#[tokio::test]
async fn what_has_another_range_or_another_mark_is_refused() {
    let at = member("111111111402").await;
    let (vpc, _) = by_hand(&at, "10.9.0.0/20").await;
    let adopting = |range: &str, id: &str| spec("vpc", json!({ "cidr": range, "adopts": id }));
    let refused = async |want: Spec, name: &str| want.create(&at, &here(name)).await.unwrap_err().message;
    let moved = refused(adopting("10.9.16.0/20", &vpc), "vpc/main").await;
    assert_eq!(moved, format!("{vpc} can't be adopted: its range is 10.9.0.0/20, not 10.9.16.0/20"));
    made(&at, &here("vpc/main"), &adopting("10.9.0.0/20", &vpc)).await;
    let twice = refused(adopting("10.9.0.0/20", &vpc), "vpc/other").await;
    assert!(twice.ends_with("can't be adopted: its mark says that it is payments/prod/us-west-2/vpc/main"), "{twice}");
    let nothing = adopting("10.9.0.0/20", "vpc-0123456789abcdef0").create(&at, &here("vpc/third")).await.unwrap_err();
    assert_eq!(nothing.code.as_deref(), Some("InvalidVpcID.NotFound"));
}
