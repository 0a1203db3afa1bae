//! The drivers of an account's settings: what every account has anyway.

use crate::bench::{address, changed, member, spec};
use aws_sdk_ec2::types::Tag;
use landfall::kinds::Spec;
use serde_json::json;

#[tokio::test]
async fn a_default_vpc_goes_when_nothing_lives_in_it() {
    let at = member("333333333401").await;
    let (address, absent) = (address("global/default-vpc/us-west-2"), spec("default-vpc", json!({ "exists": false })));
    let vpc = at.ec2().describe_vpcs().send().await.unwrap().vpcs()[0].vpc_id().unwrap().to_owned();
    let subnet = at.ec2().describe_subnets().send().await.unwrap().subnets()[0].subnet_id().unwrap().to_owned();
    let interface = at.ec2().create_network_interface().subnet_id(subnet).send().await.unwrap().network_interface.unwrap();
    let id = interface.network_interface_id().unwrap();

    let seen = Spec::find(&at, &address).await.unwrap().unwrap();
    let change = &Spec::changes(&seen.spec, &absent)[0];
    assert_eq!(change.concern.as_ref().unwrap().why, format!("network interface {id} live in it"));
    let error = absent.update(&at, &address, &seen.id, std::slice::from_ref(change)).await.unwrap_err();
    assert!(error.message.contains(id), "{error}");
    assert_eq!(at.ec2().describe_vpcs().vpc_ids(&vpc).send().await.unwrap().vpcs().len(), 1);

    at.ec2().delete_network_interface().network_interface_id(id).send().await.unwrap();
    at.directory().learn(&address, &seen.id);
    assert_eq!(changed(&at, &address, &absent).await, ["exists"]);
    assert_eq!(at.ec2().describe_vpcs().send().await.unwrap().vpcs().len(), 0);
    absent.update(&at, &address, &seen.id, &[]).await.unwrap();
}

#[tokio::test]
async fn what_a_run_left_of_a_default_vpc_goes_and_the_gateway_of_somebody_else_stays() {
    let at = member("333333333404").await;
    let (address, absent) = (address("global/default-vpc/us-west-2"), spec("default-vpc", json!({ "exists": false })));
    let vpc = at.ec2().describe_vpcs().send().await.unwrap().vpcs()[0].vpc_id().unwrap().to_owned();
    let gateways = async || at.ec2().describe_internet_gateways().send().await.unwrap().internet_gateways.unwrap_or_default();
    if gateways().await.is_empty() {
        // The emulated AWS makes its default VPCs without.
        let made = at.ec2().create_internet_gateway().send().await.unwrap().internet_gateway.unwrap();
        at.ec2().attach_internet_gateway().internet_gateway_id(made.internet_gateway_id.unwrap()).vpc_id(&vpc).send().await.unwrap();
    }
    let gateway = gateways().await[0].internet_gateway_id().unwrap().to_owned();
    let other = at.ec2().create_internet_gateway().send().await.unwrap().internet_gateway.unwrap();

    // As far as a run came that ended between two calls.
    let mark = Tag::builder().key("landfall:leaving").value(&vpc).build();
    at.ec2().create_tags().resources(&gateway).tags(mark).send().await.unwrap();
    at.ec2().detach_internet_gateway().internet_gateway_id(&gateway).vpc_id(&vpc).send().await.unwrap();

    let seen = Spec::find(&at, &address).await.unwrap().unwrap();
    at.directory().learn(&address, &seen.id);
    assert_eq!(changed(&at, &address, &absent).await, ["exists"]);
    let left: Vec<_> = gateways().await.into_iter().map(|gateway| gateway.internet_gateway_id).collect();
    assert_eq!(left, [other.internet_gateway_id]);
}

#[tokio::test]
async fn a_region_is_enabled_once_and_waited_for() {
    let at = member("333333333402").await;
    let (address, enabled) = (address("global/region/eu-central-2"), spec("region", json!({ "enabled": true })));
    at.directory().learn(&address, &"eu-central-2".into());
    assert_eq!(changed(&at, &address, &enabled).await, ["enabled"]);
    enabled.update(&at, &address, &"eu-central-2".into(), &[]).await.unwrap();
    let disabled = spec("region", json!({ "enabled": false }));
    let error = disabled.create(&at, &address).await.unwrap_err();
    assert_eq!(error.message, "eu-central-2 is never disabled by a plan");
}

#[tokio::test]
async fn contacts_are_three_and_have_no_other_name() {
    let at = member("333333333403").await;
    let contact = |name: &str| {
        let fields = json!({ "name": name, "title": "Finance", "email": "ada@acme.example", "phone": "+15550100" });
        (address("global/alternate-contact/billing"), spec("alternate-contact", fields))
    };
    let (address_of, ada) = contact("Ada");
    assert_eq!(Spec::find(&at, &address_of).await.unwrap(), None);
    let id = ada.create(&at, &address_of).await.unwrap();
    at.directory().learn(&address_of, &id);
    assert_eq!(changed(&at, &address_of, &contact("Alan").1).await, ["name"]);
    let error = ada.create(&at, &address("global/alternate-contact/marketing")).await.unwrap_err();
    assert_eq!(error.message, "AWS knows no contact called `marketing`");
}
