//! The drivers of CI: boundaries, users, their keys and where those are delivered, GitHub's environments. Both outside worlds are stand-ins.

use crate::bench::{address, as_asked, changed, made, removed, spec};
use crate::github::GitHub;
use crate::moto;
use landfall::aws::{Access, Connection, Fault, Options, Session};
use landfall::kinds::{self, Spec};
use landfall::model::{Address, Call, OnCall, Turn};
use landfall::outside::Outside;
use landfall::outside::github::Token;
use landfall::outside::github::wire::Base;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

pub const REPOSITORY: &str = "acme/infra";
const NAMES: [&str; 2] = ["P_AWS_ACCESS_KEY_ID", "P_AWS_SECRET_ACCESS_KEY"];

pub fn stand_in() -> GitHub {
    GitHub::start(&json!({ "tokens": { "ghp_x": { "login": "ada", "type": "User", "writes": true } } }))
}

/// A session in a member account, with the stand-in for its GitHub.
async fn member(id: &str, github: &GitHub, writes: bool) -> Session {
    heard(id, github, writes, Arc::new(|_: &Call<'_>| ())).await
}

/// The same, with somebody who hears of every call when it has ended.
pub async fn heard(id: &str, github: &GitHub, writes: bool, on_call: OnCall) -> Session {
    let access = Access { reads: Arc::new(kinds::reads()), inside: Arc::new(kinds::reads_inside()), writes, turn: Turn::default() };
    let base = Base::of(Some(&github.address())).unwrap();
    let options = Options {
        region: "us-west-2".parse().unwrap(),
        role: "OrganizationAccountAccessRole".into(),
        access: access.clone(),
        on_call: on_call.clone(),
    };
    let outside = Outside::new(&access, &options.on_call).with_github(&access, &options.on_call, base, Token::new("ghp_x").unwrap());
    let connection = Connection::emulated(options, moto::endpoint()).await.beside(outside);
    let caller = connection.caller().await.unwrap();
    let account = "payments/prod".parse().unwrap();
    let names = [(account, "github-environment".parse().unwrap())].map(|at| (at, BTreeSet::from([REPOSITORY.parse().unwrap()])));
    connection.member(&caller, &"payments/prod".parse().unwrap(), &id.into()).declaring(Arc::new(names.into()))
}

fn boundary(action: &str) -> Spec {
    let document = json!({ "Statement": { "Effect": "Allow", "Action": action, "Resource": "*" } });
    spec("iam-policy", json!({ "description": "the most", "document": document, "tags": { "team": "payments" } }))
}

fn user(boundary: &str, action: &str) -> Spec {
    spec(
        "iam-user",
        json!({
            "permission_boundary": format!("arn:${{partition}}:iam::${{account.id}}:policy/landfall/{boundary}"),
            "policies": { "deploy": { "Statement": { "Effect": "Allow", "Action": action, "Resource": "*" } } },
        }),
    )
}

pub fn key(days: u32, repositories: &[&str]) -> Spec {
    let fields = json!({
        "user": "iam-user/ci-publish", "rotate_after_days": days, "secret": "landfall/ci/publish", "prefix": "P_", "repositories": repositories,
    });
    spec("ci-key", fields)
}

fn environment(fields: Value) -> Spec {
    spec("github-environment", fields)
}

fn at_github() -> Address {
    address(&format!("global/github-environment/{REPOSITORY}"))
}

#[tokio::test]
async fn a_boundary_and_the_user_within_it() {
    let github = stand_in();
    let at = member("222222222301", &github, true).await;
    let (one, two, publish) = (address("global/iam-policy/one"), address("global/iam-policy/two"), address("global/iam-user/ci-publish"));
    let id = made(&at, &one, &boundary("s3:*")).await;
    assert_eq!(boundary("s3:*").create(&at, &one).await.unwrap(), id, "a lost answer does no harm");
    made(&at, &two, &boundary("ec2:*")).await;
    // More often than IAM keeps versions.
    for action in ["a:*", "b:*", "c:*", "d:*", "e:*", "f:*"] {
        assert_eq!(changed(&at, &one, &boundary(action)).await, ["document"]);
    }
    made(&at, &publish, &user("one", "s3:*")).await;
    assert_eq!(changed(&at, &publish, &user("two", "ec2:*")).await, ["permission_boundary", "policies.deploy"]);
    at.iam().create_access_key().user_name("ci-publish").send().await.unwrap();
    removed(&at, &publish).await;
    removed(&at, &one).await;
}

#[tokio::test]
async fn an_environment_its_variables_and_its_protection() {
    let github = stand_in();
    let at = member("222222222302", &github, true).await;
    let want = environment(json!({ "variables": { "AWS_ACCOUNT_ID": "${account.id}", "AWS_REGION": "${region}" } }));
    made(&at, &at_github(), &want).await;
    assert_eq!(github.state()["environments"]["prod"]["variables"], json!({ "AWS_ACCOUNT_ID": "222222222302", "AWS_REGION": "us-west-2" }));
    let want = json!({
        "variables": { "AWS_ACCOUNT_ID": "x" }, "reviewers": ["release"], "prevent_self_review": true, "wait_minutes": 5,
        "branches": { "patterns": ["main", "release/*"] },
    });
    let fields = ["reviewers", "prevent_self_review", "wait_minutes", "branches", "variables.AWS_ACCOUNT_ID"];
    assert_eq!(changed(&at, &at_github(), &environment(want)).await, fields);
    // What is not declared stays.
    assert_eq!(changed(&at, &at_github(), &environment(json!({ "branches": "protected" }))).await, ["branches"]);
    let prod = &github.state()["environments"]["prod"];
    assert_eq!((&prod["wait_timer"], &prod["variables"]["AWS_REGION"]), (&json!(5), &json!("us-west-2")));
    let reader = member("222222222302", &github, false).await;
    let withheld = environment(json!({})).create(&reader, &at_github()).await.unwrap_err();
    assert_eq!((withheld.operation.as_str(), withheld.fault), ("github:PutEnvironment", Fault::Withheld));
}

/// What GitHub was given, the ids of the user's keys, and the key in Secrets Manager.
pub struct Delivered {
    pub github: [String; 2],
    /// The same, in one secret.
    pub whole: Value,
    pub keys: BTreeSet<String>,
    pub stored: [String; 2],
}

pub async fn delivered(at: &Session, github: &GitHub) -> Delivered {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let state = github.state();
    let secrets = &state["environments"]["prod"]["secrets"];
    let value = at.secretsmanager().get_secret_value().secret_id("landfall/ci/publish").send().await.unwrap();
    let stored: Value = serde_json::from_str(value.secret_string().unwrap()).unwrap();
    Delivered {
        github: NAMES.map(|name| text(&secrets[name]["value"])),
        whole: secrets["P_AWS_KEY"]["value"].as_str().map(|text| serde_json::from_str(text).unwrap()).unwrap_or_default(),
        keys: keys(at).await,
        stored: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map(|name| text(&stored[name])),
    }
}

async fn keys(at: &Session) -> BTreeSet<String> {
    let answer = at.iam().list_access_keys().user_name("ci-publish").send().await.unwrap();
    answer.access_key_metadata().iter().filter_map(|key| key.access_key_id()).map(str::to_owned).collect()
}

async fn with_user(id: &str, github: &GitHub) -> Session {
    let at = member(id, github, true).await;
    make_user(&at).await;
    at
}

/// The user whose key it is, and the environment that it goes to.
pub async fn make_user(at: &Session) {
    made(at, &at_github(), &environment(json!({}))).await;
    made(at, &address("global/iam-policy/one"), &boundary("s3:*")).await;
    made(at, &address("global/iam-user/ci-publish"), &user("one", "s3:*")).await;
}

pub fn here() -> Address {
    address("us-west-2/ci-key/publish")
}

#[tokio::test]
async fn a_key_is_delivered_everywhere_and_shown_nowhere() {
    let github = stand_in();
    let at = with_user("222222222303", &github).await;
    made(&at, &here(), &key(90, &[REPOSITORY])).await;
    let first = delivered(&at, &github).await;
    assert_eq!(first.github, first.stored);
    assert_eq!(first.whole, json!({ "AWS_ACCESS_KEY_ID": first.stored[0], "AWS_SECRET_ACCESS_KEY": first.stored[1] }));
    assert_eq!(first.keys, BTreeSet::from([first.stored[0].clone()]));
    let seen = Spec::find(&at, &here()).await.unwrap().unwrap();
    let text = format!("{seen:?}{}", serde_json::to_string(&seen.spec).unwrap());
    assert!(!text.contains(&first.stored[1]) && !text.contains(&first.stored[0]), "{text}");
    // Somebody deletes it at GitHub: the same key is handed over again.
    assert_eq!(changed(&at, &here(), &key(90, &[])).await, ["repositories"]);
    assert_eq!(github.state()["environments"]["prod"]["secrets"], json!({}));
    assert_eq!(changed(&at, &here(), &key(30, &[REPOSITORY])).await, ["rotate_after_days", "repositories"]);
    assert_eq!(delivered(&at, &github).await.github, first.stored);
    removed(&at, &here()).await;
    assert_eq!((keys(&at).await, &github.state()["environments"]["prod"]["secrets"]), (BTreeSet::new(), &json!({})));
}

/// Uses a key, as a job would.
pub async fn used(delivered: &Delivered) {
    let credentials = aws_sdk_iam::config::Credentials::new(&delivered.stored[0], &delivered.stored[1], None, None, "test");
    let config = aws_sdk_sts::Config::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .endpoint_url(moto::endpoint())
        .region(aws_config::Region::new("us-west-2"))
        .credentials_provider(credentials)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    aws_sdk_sts::Client::from_conf(config).get_caller_identity().send().await.unwrap();
}

#[tokio::test]
async fn both_keys_live_until_the_new_one_is_used() {
    let github = stand_in();
    let at = with_user("222222222304", &github).await;
    made(&at, &here(), &key(90, &[REPOSITORY])).await;
    let first = delivered(&at, &github).await;
    // Every key is old enough at once.
    assert_eq!(changed(&at, &here(), &key(0, &[REPOSITORY])).await, ["rotate_after_days"]);
    let second = delivered(&at, &github).await;
    assert_ne!(second.stored, first.stored);
    assert_eq!(second.github, second.stored);
    assert_eq!(second.keys, BTreeSet::from([first.stored[0].clone(), second.stored[0].clone()]));
    as_asked(&at, &here(), &key(0, &[REPOSITORY])).await;
    used(&second).await;
    let seen = Spec::find(&at, &here()).await.unwrap().unwrap();
    let changes = Spec::changes(&seen.spec, &key(0, &[REPOSITORY]));
    assert_eq!(changes.iter().map(|change| change.field.as_str()).collect::<Vec<_>>(), ["key"]);
    key(0, &[REPOSITORY]).update(&at, &here(), &seen.id, &changes).await.unwrap();
    assert_eq!(keys(&at).await, BTreeSet::from([second.stored[0].clone()]));
}

#[tokio::test]
async fn a_key_that_was_made_and_lost_is_replaced_and_a_strangers_is_kept() {
    let github = stand_in();
    let at = with_user("222222222305", &github).await;
    let id = made(&at, &here(), &key(90, &[REPOSITORY])).await;
    let first = delivered(&at, &github).await;
    // As a crash leaves it: begun, and a key made of which only IAM knows.
    let tag = aws_sdk_secretsmanager::types::Tag::builder().key("landfall:making").value(&first.stored[0]).build();
    at.secretsmanager().tag_resource().secret_id(id.as_str()).tags(tag).send().await.unwrap();
    let lost = at.iam().create_access_key().user_name("ci-publish").send().await.unwrap();
    let lost = lost.access_key().unwrap().access_key_id().to_owned();
    assert_eq!(changed(&at, &here(), &key(90, &[REPOSITORY])).await, ["key"]);
    let after = delivered(&at, &github).await;
    assert!(!after.keys.contains(&lost) && after.keys.contains(&after.stored[0]), "{:?}", after.keys);
    assert_eq!(after.github, after.stored);
    // A person's own key, made at another time, is none of ours.
    at.iam().create_access_key().user_name("ci-publish").send().await.unwrap();
    let before = keys(&at).await;
    let full = key(0, &[REPOSITORY]).update(&at, &here(), &id, &[]).await.unwrap_err();
    assert_eq!((full.fault, keys(&at).await), (Fault::Refused, before));
}

#[tokio::test]
async fn a_crash_at_any_write_leaves_a_working_key_and_is_made_good() {
    let github = stand_in();
    let at = with_user("222222222306", &github).await;
    for (operation, fault) in [("actions/create-or-update-environment-secret", "broken"), ("actions/get-environment-public-key", "broken")]
    {
        github.set(&json!({ "faults": [{ "operation": operation, "fault": fault }] }));
        let want = key(90, &[REPOSITORY]);
        let outcome = match Spec::find(&at, &here()).await.unwrap() {
            None => want.create(&at, &here()).await.map(drop),
            Some(seen) => want.update(&at, &here(), &seen.id, &Spec::changes(&seen.spec, &want)).await,
        };
        if outcome.is_err() {
            let seen = Spec::find(&at, &here()).await.unwrap().unwrap();
            at.directory().learn(&here(), &seen.id);
            let changes = Spec::changes(&seen.spec, &want);
            assert!(!changes.is_empty(), "what was not delivered is told");
            want.update(&at, &here(), &seen.id, &changes).await.unwrap();
        }
        let now = delivered(&at, &github).await;
        assert_eq!((now.github.clone(), now.keys), (now.stored.clone(), BTreeSet::from([now.stored[0].clone()])));
        let seen = Spec::find(&at, &here()).await.unwrap().unwrap();
        at.directory().learn(&here(), &seen.id);
        as_asked(&at, &here(), &want).await;
        removed(&at, &here()).await;
    }
}
