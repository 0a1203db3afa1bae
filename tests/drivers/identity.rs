//! The drivers of IAM.

use crate::bench::{address, changed, made, member, removed, spec};
use landfall::aws::Fault;
use landfall::kinds::Spec;
use serde_json::{Value, json};

const HOST: &str = "token.actions.githubusercontent.com";

fn provider(team: &str) -> Spec {
    spec("iam-oidc-provider", json!({ "client_ids": ["sts.amazonaws.com"], "tags": { "team": team } }))
}

fn role(subject: &str, policies: Value, managed: &[&str]) -> Spec {
    let federated = format!("arn:${{partition}}:iam::${{account.id}}:oidc-provider/{HOST}");
    spec(
        "iam-role",
        json!({
            "description": "deploys",
            "trust": { "Statement": {
                "Effect": "Allow",
                "Principal": { "Federated": federated },
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": { "StringLike": { format!("{HOST}:sub"): subject } },
            } },
            "policies": policies,
            "managed_policies": managed,
            "tags": { "team": "payments" },
        }),
    )
}

// Its clients are not changed here: the emulated AWS has no calls for it.
#[tokio::test]
async fn a_provider_comes_and_goes() {
    let at = member("222222222201").await;
    let address = address(&format!("global/iam-oidc-provider/{HOST}"));
    let id = made(&at, &address, &provider("payments")).await;
    assert_eq!(provider("payments").create(&at, &address).await.unwrap(), id, "a lost answer does no harm");
    assert_eq!(changed(&at, &address, &provider("catalog")).await, ["tags.team"]);
    removed(&at, &address).await;
}

#[tokio::test]
async fn a_role_its_trust_and_its_policies() {
    let at = member("222222222202").await;
    let address = address("global/iam-role/deploy");
    let read =
        json!({ "Statement": [{ "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::${aws:username}-100%/*" }] });
    let own =
        json!({ "Statement": { "Effect": "Allow", "Action": "ssm:*", "Resource": "arn:aws:ssm:${region}:${account.id}:parameter/x" } });
    let managed = ["arn:aws:iam::aws:policy/ReadOnlyAccess"];
    let want = role("repo:acme/api:*", json!({ "read": read, "own": own }), &managed);
    let id = made(&at, &address, &want).await;
    assert_eq!(want.create(&at, &address).await.unwrap(), id, "a lost answer does no harm");
    let found = Spec::find(&at, &address).await.unwrap().unwrap().spec;
    let text = serde_json::to_string(&found).unwrap();
    assert!(!text.contains("222222222202") && !text.contains("us-west-2"), "a spec holds no ids: {text}");

    let managed = ["arn:${partition}:iam::aws:policy/SecurityAudit"];
    let want = role("repo:acme/web:*", json!({ "read": own }), &managed);
    assert_eq!(changed(&at, &address, &want).await, ["trust", "managed_policies", "policies.own", "policies.read"]);
    removed(&at, &address).await;
}

#[tokio::test]
async fn a_role_of_somebody_elses_is_left_alone() {
    let at = member("222222222203").await;
    let trust = json!({ "Statement": { "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "Service": "ec2.amazonaws.com" } } });
    let call = at.iam().create_role().role_name("deploy").assume_role_policy_document(trust.to_string());
    call.send().await.unwrap();
    let address = address("global/iam-role/deploy");
    assert_eq!(Spec::find(&at, &address).await.unwrap(), None);
    let error = role("repo:acme/api:*", json!({}), &[]).create(&at, &address).await.unwrap_err();
    assert_eq!((error.fault, error.message.as_str()), (Fault::Refused, "the account has a role named deploy that is not Landfall's"));
}
