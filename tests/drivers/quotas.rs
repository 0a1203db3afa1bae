//! The driver of service quotas: granted at once, left to a person, denied, and never asked for twice.

use crate::bench::{address, changed, connect, spec};
use crate::moto;
use landfall::aws::Session;
use landfall::kinds::Spec;
use landfall::model::{Change, Effect};
use serde_json::json;
use std::sync::Arc;

async fn at(id: &str) -> (Session, crate::bench::Calls) {
    let (connection, calls) = connect(true, moto::endpoint()).await;
    let caller = connection.caller().await.unwrap();
    let member = connection.member(&caller, &"payments/prod".parse().unwrap(), &id.into());
    let kind = "service-quota".parse().unwrap();
    let names = ["ec2/L-0263D0A3", "ec2/L-1216C47A", "vpc/L-F678F1CE", "vpc/L-FE5A380F", "vpc/L-A4707A72", "vpc/L-NOTTHERE"];
    let names = names.iter().map(|name| name.parse().unwrap()).collect();
    (member.declaring(Arc::new([((member.account().clone(), kind), names)].into())), calls)
}

fn quota(value: u64) -> Spec {
    spec("service-quota", json!({ "value": value }))
}

async fn changes(at: &Session, name: &str, value: u64) -> Vec<Change> {
    let seen = Spec::find(at, &address(&format!("us-west-2/service-quota/{name}"))).await.unwrap().unwrap();
    Spec::changes(&seen.spec, &quota(value))
}

#[tokio::test]
async fn a_quota_is_read_whether_anybody_raised_it_or_not() {
    let (at, _) = at("444444444401").await;
    let seen = Spec::read(&"service-quota".parse().unwrap(), &at).await.unwrap();
    let told = |seen: &landfall::kinds::Seen<Spec>| (seen.name.clone().unwrap().to_string(), seen.spec.clone());
    let expected = ["ec2/L-0263D0A3", "ec2/L-1216C47A", "vpc/L-A4707A72", "vpc/L-F678F1CE", "vpc/L-FE5A380F"];
    assert_eq!(seen.iter().map(told).collect::<Vec<_>>(), expected.map(|name| (name.to_owned(), quota(5))));
}

#[tokio::test]
async fn what_aws_grants_by_itself_is_waited_for() {
    let (at, _) = at("444444444402").await;
    let vpcs = address("us-west-2/service-quota/vpc/L-F678F1CE");
    at.directory().learn(&vpcs, &"vpc/L-F678F1CE".into());
    assert_eq!(changed(&at, &vpcs, &quota(10)).await, ["value"]);
    assert_eq!(changes(&at, "vpc/L-F678F1CE", 7).await, [], "more than declared is fine");
    assert_eq!(changed(&at, &vpcs, &quota(12)).await, ["value"], "an earlier grant does not stand in the way");
    quota(12).delete(&at, &vpcs, &"vpc/L-F678F1CE".into()).await.unwrap();
    assert_eq!(changes(&at, "vpc/L-F678F1CE", 12).await, [], "a quota is never lowered");
}

#[tokio::test]
async fn what_a_person_decides_is_pending_and_asked_for_once() {
    let (at, calls) = at("444444444403").await;
    let ips = address("us-west-2/service-quota/ec2/L-0263D0A3");
    let first = changes(&at, "ec2/L-0263D0A3", 50).await;
    quota(50).update(&at, &ips, &"ec2/L-0263D0A3".into(), &first).await.unwrap();
    let pending = changes(&at, "ec2/L-0263D0A3", 50).await;
    assert_eq!(pending[0].effect, Effect::Awaited, "{pending:?}");
    assert!(pending[0].concern.as_ref().unwrap().why.starts_with("50 was asked for in support case case-444444444403-"), "{pending:?}");
    quota(50).update(&at, &ips, &"ec2/L-0263D0A3".into(), &first).await.unwrap();
    let asked = calls.lock().unwrap().iter().filter(|call| *call == "servicequotas:RequestServiceQuotaIncrease").count();
    assert_eq!(asked, 1);
    let error = quota(60).update(&at, &ips, &"ec2/L-0263D0A3".into(), &first).await.unwrap_err();
    assert_eq!(error.message, "AWS is still deciding on an earlier request; run again when it has");
}

#[tokio::test]
async fn what_aws_denies_is_left_to_a_person() {
    let (at, _) = at("444444444404").await;
    let ips = address("us-west-2/service-quota/ec2/L-0263D0A3");
    let first = changes(&at, "ec2/L-0263D0A3", 20_000).await;
    quota(20_000).update(&at, &ips, &"ec2/L-0263D0A3".into(), &first).await.unwrap();
    assert_eq!(changes(&at, "ec2/L-0263D0A3", 20_000).await[0].effect, Effect::ByHand);
    let unknown = address("us-west-2/service-quota/vpc/L-NOTTHERE");
    assert_eq!(Spec::find(&at, &unknown).await.unwrap(), None);
    let error = quota(1).create(&at, &unknown).await.unwrap_err();
    assert_eq!(error.message, "AWS knows no quota vpc/L-NOTTHERE in this Region");
}
