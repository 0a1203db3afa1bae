//! The drivers of log groups, and of flow logs that write to them.

use crate::bench::{address, made, member, removed, spec};
use crate::network::{change, here, make};
use landfall::aws::{Fault, Session};
use landfall::kinds::Spec;
use serde_json::{Value, json};

const GROUP: &str = "log-group/aws/vpc/landfall";

async fn write(at: &Session, group: &str) {
    let logs = at.cloudwatchlogs();
    logs.create_log_stream().log_group_name(group).log_stream_name("one").send().await.unwrap();
    let now = at.now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64;
    let event = aws_sdk_cloudwatchlogs::types::InputLogEvent::builder().timestamp(now).message("hello").build().unwrap();
    logs.put_log_events().log_group_name(group).log_stream_name("one").log_events(event).send().await.unwrap();
}

async fn role(at: &Session, name: &str) {
    let trust = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "Service": "vpc-flow-logs.amazonaws.com" } }
    ] });
    made(at, &address(&format!("global/iam-role/{name}")), &spec("iam-role", json!({ "trust": trust }))).await;
}

#[tokio::test]
async fn a_log_group_keeps_for_as_long_as_declared() {
    let at = member("111111111301").await;
    let id = make(&at, GROUP, json!({ "retention_days": 30 })).await;
    assert_eq!(id.as_str(), "/aws/vpc/landfall");
    assert_eq!(change(&at, GROUP, json!({ "retention_days": 90 })).await, ["retention_days"]);
    assert_eq!(change(&at, GROUP, json!({})).await, ["retention_days"]);
    let tagged = spec("log-group", json!({ "tags": { "Name": "aws/vpc/landfall", "team": "catalog" } }));
    assert_eq!(crate::bench::changed(&at, &here(GROUP), &tagged).await, ["tags.team"]);
    let again = tagged.create(&at, &here(GROUP)).await.unwrap();
    assert_eq!(again, id, "a creation whose answer got lost goes on where it stopped");
    removed(&at, &here(GROUP)).await;
}

#[tokio::test]
async fn groups_of_others_are_neither_listed_nor_made() {
    let at = member("111111111302").await;
    at.cloudwatchlogs().create_log_group().log_group_name("/aws/lambda/checkout").send().await.unwrap();
    at.cloudwatchlogs().create_log_group().log_group_name("/aws/lambda/landfall-canary").send().await.unwrap();
    let seen = Spec::read(&"log-group".parse().unwrap(), &at).await.unwrap();
    let seen: Vec<_> = seen.iter().map(|seen| (seen.id.as_str(), seen.name.as_ref())).collect();
    assert_eq!(seen, [("/aws/lambda/landfall-canary", None)], "under our name and without our mark");
    // The function was faster, and made its group itself.
    make(&at, "log-group/aws/lambda/landfall-canary", json!({ "retention_days": 7 })).await;
    let error = spec("log-group", json!({})).create(&at, &here("log-group/aws/lambda/checkout")).await.unwrap_err();
    assert!(error.message.contains("does not hold the word landfall"), "{error}");
}

#[tokio::test]
async fn what_was_empty_and_is_not_any_more_is_not_deleted() {
    let at = member("111111111303").await;
    make(&at, GROUP, json!({})).await;
    let empty = Spec::find(&at, &here(GROUP)).await.unwrap().unwrap();
    assert_eq!(empty.spec.held(), None);
    write(&at, "/aws/vpc/landfall").await;
    let filled = Spec::find(&at, &here(GROUP)).await.unwrap().unwrap();
    let held = filled.spec.held().unwrap();
    assert_eq!((held.why.as_str(), held.along), ("it holds log entries", false));
    let error = empty.spec.delete(&at, &here(GROUP), &empty.id).await.unwrap_err();
    assert_eq!(error.message, "/aws/vpc/landfall holds log entries by now: plan again");
    removed(&at, &here(GROUP)).await;
}

#[tokio::test]
async fn what_nobody_will_miss_is_deleted_with_its_entries() {
    let at = member("111111111305").await;
    let group = "log-group/aws/lambda/landfall-canary-a";
    make(&at, group, json!({ "disposable": true, "retention_days": 30 })).await;
    let seen = Spec::find(&at, &here(group)).await.unwrap().unwrap();
    write(&at, "/aws/lambda/landfall-canary-a").await;
    seen.spec.delete(&at, &here(group), &seen.id).await.unwrap();
    assert_eq!(Spec::find(&at, &here(group)).await.unwrap(), None);

    // Another one: the emulated AWS keeps the tags of what was deleted.
    let group = "log-group/aws/lambda/landfall-canary-b";
    make(&at, group, json!({})).await;
    assert_eq!(change(&at, group, json!({ "disposable": true })).await, ["disposable"]);
    write(&at, "/aws/lambda/landfall-canary-b").await;
    assert_eq!(Spec::find(&at, &here(group)).await.unwrap().unwrap().spec.held(), None);
    assert_eq!(change(&at, group, json!({ "disposable": false })).await, ["disposable"]);
    assert!(Spec::find(&at, &here(group)).await.unwrap().unwrap().spec.held().is_some());
}

#[tokio::test]
async fn a_flow_log_of_a_vpc() {
    let at = member("111111111304").await;
    make(&at, "vpc/main", json!({ "cidr": "10.0.0.0/20" })).await;
    make(&at, GROUP, json!({ "retention_days": 30 })).await;
    role(&at, "landfall-flow-logs").await;
    let log = |traffic: &str, seconds: i32| {
        let parts = json!({ "vpc": "vpc/main", "log_group": GROUP, "role": "iam-role/landfall-flow-logs" });
        let Value::Object(mut parts) = parts else { unreachable!() };
        parts.extend([("traffic".to_owned(), json!(traffic)), ("interval_seconds".to_owned(), json!(seconds))]);
        Value::Object(parts)
    };
    make(&at, "flow-log/main", log("rejected", 60)).await;
    let twin = spec("flow-log", log("all", 600)).create(&at, &here("flow-log/twin")).await.unwrap_err();
    assert_eq!(twin.fault, Fault::Exists, "{twin}");
    removed(&at, &here("flow-log/main")).await;
    make(&at, "flow-log/main", log("all", 600)).await;
    let mut tagged = log("all", 600);
    tagged["tags"] = json!({ "Name": "main", "team": "catalog" });
    assert_eq!(crate::bench::changed(&at, &here("flow-log/main"), &spec("flow-log", tagged)).await, ["tags.team"]);
    for reference in ["flow-log/main", GROUP, "vpc/main"] {
        removed(&at, &here(reference)).await;
    }
}
