//! The drivers of the canary: functions, the rules that call them, the bus that they report to, and the alarms on what they say.

use crate::bench::{address, changed, made, management, member, removed, spec};
use landfall::aws::{Fault, Session};
use landfall::kinds::Spec;
use landfall::model::{Address, Effect};
use serde_json::{Value, json};

fn here(reference: &str) -> Address {
    address(&format!("us-west-2/{reference}"))
}

fn of_management(reference: &str) -> Address {
    format!("management/global/{reference}").parse().unwrap()
}

async fn role(at: &Session, name: &str, service: &str) {
    let trust = json!({ "Statement": { "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" } });
    made(at, &address(&format!("global/iam-role/{name}")), &spec("iam-role", json!({ "trust": trust }))).await;
}

async fn network(at: &Session) {
    made(at, &here("vpc/main"), &spec("vpc", json!({ "cidr": "10.0.0.0/20" }))).await;
    for (name, cidr, zone) in [("private-a", "10.0.0.0/24", "a"), ("private-b", "10.0.1.0/24", "b")] {
        let fields = json!({ "vpc": "vpc/main", "cidr": cidr, "zone": zone });
        made(at, &here(&format!("subnet/{name}")), &spec("subnet", fields)).await;
    }
    for name in ["canary", "other"] {
        let fields = json!({ "vpc": "vpc/main", "description": name, "egress": [{ "protocol": "all", "cidr": "0.0.0.0/0" }] });
        made(at, &here(&format!("security-group/{name}")), &spec("security-group", fields)).await;
    }
}

fn function(changes: Value) -> Spec {
    let mut fields = json!({
        "runtime": "python3.13", "handler": "handler.handler", "code": { "handler.py": "def handler(event, context):\n    return 1\n" },
        "role": "iam-role/landfall-canary", "subnets": ["subnet/private-a"], "security_groups": ["security-group/canary"],
        "reports_to": "management:event-bus/landfall-reports", "environment": { "ZONE": "a", "OLD": "x" },
    });
    fields.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    spec("lambda-function", fields)
}

#[tokio::test]
async fn a_function_its_code_and_its_place() {
    let at = member("555555555501").await;
    network(&at).await;
    role(&at, "landfall-canary", "lambda.amazonaws.com").await;
    role(&at, "landfall-other", "lambda.amazonaws.com").await;
    let address = here("lambda-function/landfall-canary-a");
    let id = made(&at, &address, &function(json!({}))).await;
    assert_eq!(function(json!({})).create(&at, &address).await.unwrap(), id, "a lost answer does no harm");

    let code = json!({ "handler.py": "def handler(event, context):\n    return 2\n", "more.py": "x = 1\n" });
    assert_eq!(changed(&at, &address, &function(json!({ "code": code }))).await, ["code"]);
    let all = json!({
        "runtime": "python3.12", "handler": "more.handler", "code": code, "role": "iam-role/landfall-other", "subnets": ["subnet/private-b"],
        "security_groups": ["security-group/other"], "reports_to": null, "environment": { "ZONE": "b" }, "memory": 256, "timeout": 20,
        "log_group": "log-group/aws/lambda/landfall-other",
    });
    let fields = changed(&at, &address, &function(all)).await;
    let expected = [
        "role",
        "runtime",
        "handler",
        "subnets",
        "security_groups",
        "log_group",
        "reports_to",
        "memory",
        "timeout",
        "environment.OLD",
        "environment.ZONE",
    ];
    assert_eq!(fields, expected);
    removed(&at, &address).await;
}

#[tokio::test]
async fn what_others_put_into_a_function_is_not_shown() {
    let at = member("555555555502").await;
    role(&at, "landfall-canary", "lambda.amazonaws.com").await;
    let address = here("lambda-function/landfall-canary-a");
    let plain = function(json!({ "subnets": [], "security_groups": [], "reports_to": null, "environment": {} }));
    made(&at, &address, &plain).await;
    let secret = aws_sdk_lambda::types::Environment::builder().variables("PASSWORD", "hunter2").build();
    at.lambda().update_function_configuration().function_name("landfall-canary-a").environment(secret).send().await.unwrap();
    let seen = Spec::find(&at, &address).await.unwrap().unwrap();
    let changes = Spec::changes(&seen.spec, &plain);
    assert_eq!((changes[0].field.as_str(), changes[0].before.as_deref()), ("environment.PASSWORD", Some("another value")));
    assert!(!format!("{seen:?}{changes:?}").contains("hunter2") && !serde_json::to_string(&seen.spec).unwrap().contains("hunter2"));
    let unnamed = function(json!({})).create(&at, &here("lambda-function/canary")).await.unwrap_err();
    assert_eq!(unnamed.fault, Fault::Refused, "{unnamed}");
}

/// Whether a function lets itself be called by a rule.
async fn may_call(at: &Session, function: &str, rule: &str) -> bool {
    let answer = at.lambda().get_policy().function_name(function).send().await;
    answer.is_ok_and(|answer| answer.policy().is_some_and(|policy| policy.contains(rule)))
}

#[tokio::test]
async fn a_rule_and_whom_it_calls() {
    let at = member("555555555503").await;
    role(&at, "landfall-canary", "lambda.amazonaws.com").await;
    role(&at, "landfall-reports", "events.amazonaws.com").await;
    let outside = function(json!({ "subnets": [], "security_groups": [], "reports_to": null }));
    for name in ["landfall-canary-a", "landfall-canary-b"] {
        made(&at, &here(&format!("lambda-function/{name}")), &outside).await;
    }
    let address = here("event-rule/landfall-canary-a");
    let rule = |fields: Value| spec("event-rule", fields);
    let first = rule(json!({ "schedule": "rate(5 minutes)", "functions": ["lambda-function/landfall-canary-a"] }));
    let id = made(&at, &address, &first).await;
    assert_eq!(first.create(&at, &address).await.unwrap(), id, "a lost answer does no harm");
    assert!(may_call(&at, "landfall-canary-a", id.as_str()).await, "the rule may call its function");

    let both = json!(["lambda-function/landfall-canary-a", "lambda-function/landfall-canary-b"]);
    let slower = rule(json!({ "schedule": "rate(10 minutes)", "functions": both, "enabled": false }));
    assert_eq!(changed(&at, &address, &slower).await, ["schedule", "functions", "enabled"]);
    let forward = rule(json!({
        "pattern": { "source": ["aws.cloudwatch"], "detail": { "alarmName": [{ "prefix": "landfall-" }] } },
        "forward_to": "management:event-bus/landfall-reports", "forward_role": "iam-role/landfall-reports",
    }));
    let fields = changed(&at, &address, &forward).await;
    assert_eq!(fields, ["schedule", "pattern", "functions", "forward_to", "forward_role", "enabled"]);

    let stranger = aws_sdk_eventbridge::types::Target::builder().id("stranger").arn("arn:aws:sqs:us-west-2:1:queue").build().unwrap();
    at.eventbridge().put_targets().rule("landfall-canary-a").targets(stranger).send().await.unwrap();
    assert_eq!(changed(&at, &address, &forward).await, ["functions"], "whom somebody else lets it call is seen and taken away");
    removed(&at, &address).await;
}

// The emulated AWS takes a right that is given twice twice, where AWS refuses the second: here each is given once.
#[tokio::test]
async fn a_function_that_a_rule_no_longer_has_no_longer_lets_itself_be_called() {
    let at = member("555555555505").await;
    role(&at, "landfall-canary", "lambda.amazonaws.com").await;
    let outside = function(json!({ "subnets": [], "security_groups": [], "reports_to": null }));
    for name in ["landfall-a", "landfall-b"] {
        made(&at, &here(&format!("lambda-function/{name}")), &outside).await;
    }
    let address = here("event-rule/landfall-tick");
    let calling =
        |name: &str| spec("event-rule", json!({ "schedule": "rate(5 minutes)", "functions": [format!("lambda-function/{name}")] }));
    let id = made(&at, &address, &calling("landfall-a")).await;
    assert!(may_call(&at, "landfall-a", id.as_str()).await);
    assert_eq!(changed(&at, &address, &calling("landfall-b")).await, ["functions"]);
    assert!(!may_call(&at, "landfall-a", id.as_str()).await && may_call(&at, "landfall-b", id.as_str()).await);
    removed(&at, &address).await;
    assert!(!may_call(&at, "landfall-b", id.as_str()).await);
}

#[tokio::test]
async fn an_alarm_field_by_field() {
    let at = member("555555555504").await;
    let address = here("alarm/landfall-canary-a-red");
    let fields = json!({
        "description": "red", "namespace": "Landfall/Canary", "metric": "Red", "dimensions": { "Zone": "a" }, "statistic": "maximum",
        "period": 300, "periods": 2, "comparison": "at-least", "threshold": 1, "missing": "good", "topics": ["page-catalog-primary"],
    });
    let id = made(&at, &address, &spec("alarm", fields.clone())).await;
    assert_eq!(spec("alarm", fields.clone()).create(&at, &address).await.unwrap(), id, "a lost answer does no harm");
    let others = [
        ("description", json!("silent")),
        ("namespace", json!("AWS/Events")),
        ("metric", json!("Invocations")),
        ("dimensions", json!({ "Zone": "b", "X": "y" })),
        ("statistic", json!("count")),
        ("period", json!(600)),
        ("periods", json!(3)),
        ("comparison", json!("below")),
        ("threshold", json!(2.5)),
        ("missing", json!("bad")),
        ("topics", json!(["page-catalog-primary", "page-payments-primary"])),
    ];
    let mut want = fields;
    for (field, value) in others {
        want[field] = value;
        assert_eq!(changed(&at, &address, &spec("alarm", want.clone())).await, [field]);
    }
    removed(&at, &address).await;
}

// One test, because there is one management account.
#[tokio::test]
async fn what_the_organization_listens_to() {
    let at = management().await;
    let bus = of_management("event-bus/landfall-reports");
    let open = spec("event-bus", json!({ "senders": "organization" }));
    made(&at, &bus, &open).await;
    assert_eq!(changed(&at, &bus, &spec("event-bus", json!({}))).await, ["senders"]);
    assert_eq!(changed(&at, &bus, &open).await, ["senders"]);

    let rule = of_management("organization-event-rule/landfall-alarms-a");
    let fields =
        |prefix: &str| json!({ "bus": "event-bus/landfall-reports", "pattern": { "detail": { "alarmName": [{ "prefix": prefix }] } } });
    made(&at, &rule, &spec("organization-event-rule", fields("a"))).await;
    assert_eq!(changed(&at, &rule, &spec("organization-event-rule", fields("b"))).await, ["pattern"]);
    let elsewhere = spec("organization-event-rule", json!({ "pattern": { "source": ["x"] } }));
    let seen = Spec::find(&at, &rule).await.unwrap().unwrap();
    assert!(Spec::changes(&seen.spec, &elsewhere).iter().any(|change| change.field == "bus" && change.effect == Effect::Replaces));

    let alarm = of_management("organization-alarm/landfall-canaries-a");
    let fields = |threshold: u8| {
        json!({
            "description": "several", "namespace": "AWS/Events", "metric": "TriggeredRules", "statistic": "sum", "period": 300,
            "comparison": "at-least", "threshold": threshold,
        })
    };
    made(&at, &alarm, &spec("organization-alarm", fields(3))).await;
    assert_eq!(changed(&at, &alarm, &spec("organization-alarm", fields(2))).await, ["threshold"]);
    for address in [&alarm, &rule, &bus] {
        removed(&at, address).await;
    }
}
