//! The drivers of guardrails: service control policies and budgets.

use crate::bench::{address, changed, made, management, member, removed, spec};
use landfall::kinds::Spec;
use landfall::model::Address;
use serde_json::json;

fn of_organization(text: &str) -> Address {
    format!("management/global/{text}").parse().unwrap()
}

fn policy(action: &str, description: &str, targets: &[&str]) -> Spec {
    let targets: Vec<String> = targets.iter().map(|target| format!("management:organizational-unit/{target}")).collect();
    let statement = json!({
        "Sid": "No", "Effect": "Deny", "Action": action, "Resource": "*",
        "Condition": { "ArnNotLike": { "aws:PrincipalArn": "arn:${partition}:iam::*:role/Way" }, "StringNotEquals": { "aws:RequestedRegion": "us-west-2" } },
    });
    spec("service-control-policy", json!({ "description": description, "document": { "Statement": statement }, "targets": targets }))
}

#[tokio::test]
async fn service_control_policies() {
    let at = management().await;
    for name in ["guarded-one", "guarded-two"] {
        let unit = of_organization(&format!("organizational-unit/{name}"));
        made(&at, &unit, &spec("organizational-unit", json!({}))).await;
    }
    let protect = of_organization("service-control-policy/protect-prod");
    made(&at, &protect, &policy("organizations:LeaveOrganization", "Nobody leaves", &["guarded-one"])).await;
    let want = policy("organizations:*", "Nobody touches it", &["guarded-two"]);
    assert_eq!(changed(&at, &protect, &want).await, ["description", "document", "targets.guarded-two", "targets.guarded-one"]);

    // One of a like name without the mark is somebody else's.
    let content = json!({ "Statement": { "Effect": "Deny", "Action": "x:*", "Resource": "*" } }).to_string();
    let call = at.organizations().create_policy().name("landfall-by-hand").description("x").content(content);
    let by_hand = call.r#type(aws_sdk_organizations::types::PolicyType::ServiceControlPolicy).send().await.unwrap();
    let id = by_hand.policy().unwrap().policy_summary().unwrap().id().unwrap().to_owned();
    let all = Spec::read(&protect.kind, &at).await.unwrap();
    let names: Vec<_> = all.iter().filter(|seen| seen.id.as_str() == id || seen.name.is_some()).map(|seen| seen.name.as_ref()).collect();
    assert_eq!(names, [Some(&protect.name), None]);
    let taken = policy("x:*", "", &[]).create(&at, &of_organization("service-control-policy/by-hand")).await.unwrap_err();
    assert!(taken.message.contains("not Landfall's"), "{taken}");
    removed(&at, &protect).await;
}

#[tokio::test]
async fn budgets() {
    let at = member("200000000301").await;
    let budget = |amount: u32, percent: u32, emails: &[&str], team: &str| {
        let told = |of: &str| json!({ "of": of, "percent": percent, "subscribers": emails });
        spec("budget", json!({ "amount": amount, "notifications": [told("actual"), told("forecast")], "tags": { "team": team } }))
    };
    let monthly = address("global/budget/monthly");
    made(&at, &monthly, &budget(500, 80, &["ada@acme.example"], "payments")).await;
    let fields = changed(&at, &monthly, &budget(600, 80, &["ada@acme.example", "alan@acme.example"], "orders")).await;
    assert_eq!(fields, ["amount", "notifications.actual-80", "notifications.forecast-80", "tags.team"]);
    assert_eq!(changed(&at, &monthly, &budget(600, 100, &["alan@acme.example"], "orders")).await.len(), 4);
    assert_eq!(changed(&at, &monthly, &budget(600, 100, &[], "orders")).await.len(), 2, "nobody is told any more");
    removed(&at, &monthly).await;
}
