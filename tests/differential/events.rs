//! Amazon EventBridge: buses, rules and their targets.

use super::side::Side;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, RuleState, Target};

const BUS: &str = "landfall-reports";

fn target(id: &str, arn: &str) -> Target {
    Target::builder().id(id).arn(arn).build().unwrap()
}

pub async fn story(side: &mut Side) {
    let events = Client::new(&side.member);
    buses(side, &events).await;
    rules(side, &events).await;
    targets(side, &events).await;
    let entry = || PutEventsRequestEntry::builder().source("landfall").detail_type("x").detail("{}").build();
    side.told("events:PutEvents", events.put_events().entries(entry()).entries(entry()).send().await);

    side.differs("events:DeleteEventBus", "moto deletes a bus with rules on it");
    side.told("events:DeleteEventBus", events.delete_event_bus().name(BUS).send().await);
    side.told("events:DeleteRule", events.delete_rule().name("landfall-forward").event_bus_name(BUS).send().await);
    for _ in 0..2 {
        side.told("events:DeleteEventBus", events.delete_event_bus().name(BUS).send().await);
    }
    side.told("events:DeleteEventBus", events.delete_event_bus().name("default").send().await);
    side.told("events:ListEventBuses", events.list_event_buses().send().await);
}

async fn buses(side: &mut Side, events: &Client) {
    side.told("events:ListEventBuses", events.list_event_buses().send().await);
    side.told("events:ListEventBuses", events.list_event_buses().name_prefix("landfall-").send().await);
    side.told("events:CreateEventBus", events.create_event_bus().name("a/b").send().await);
    side.told("events:CreateEventBus", events.create_event_bus().name("default").send().await);
    for _ in 0..2 {
        side.told("events:CreateEventBus", events.create_event_bus().name(BUS).send().await);
    }
    let arn = format!("arn:aws:events:us-west-2:{}:event-bus/{BUS}", side.account);
    let policy = serde_json::json!({ "Version": "2012-10-17", "Statement": [{
        "Sid": "landfall-organization", "Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": arn,
        "Condition": { "StringEquals": { "aws:PrincipalOrgID": "o-acme" } },
    }] });
    let permit = |bus: &str, policy: &str| events.put_permission().event_bus_name(bus).policy(policy).send();
    side.told("events:PutPermission", permit(BUS, "odd").await);
    side.told("events:PutPermission", permit("none", &policy.to_string()).await);
    side.told("events:PutPermission", permit(BUS, &policy.to_string()).await);
    let seen = side.told("events:ListEventBuses", events.list_event_buses().name_prefix("landfall-").send().await);
    let seen: serde_json::Value = serde_json::from_str(seen.unwrap().event_buses()[0].policy().unwrap()).unwrap();
    assert_eq!(seen, policy);
    let forbid = |bus: &str| events.remove_permission().event_bus_name(bus).remove_all_permissions(true).send();
    for bus in [BUS, BUS, "none"] {
        side.told("events:RemovePermission", forbid(bus).await);
    }
    side.told("events:ListEventBuses", events.list_event_buses().name_prefix("landfall-").send().await);
}

async fn rules(side: &mut Side, events: &Client) {
    let put = |name: &str| events.put_rule().name(name);
    let pattern = r#"{"source":["aws.cloudwatch"]}"#;
    side.told("events:PutRule", put("landfall-nothing").send().await);
    side.told("events:PutRule", put("landfall-odd").event_pattern("odd").send().await);
    side.told("events:PutRule", put("landfall-tick").event_bus_name("none").event_pattern(pattern).send().await);
    side.told("events:PutRule", put("landfall-tick").event_bus_name(BUS).schedule_expression("rate(5 minutes)").send().await);
    side.told("events:PutRule", put("landfall-tick").schedule_expression("rate(5 minutes)").state(RuleState::Enabled).send().await);
    side.told("events:PutRule", put("landfall-tick").schedule_expression("rate(9 minutes)").state(RuleState::Disabled).send().await);
    side.told("events:PutRule", put("others").event_pattern(pattern).description("theirs").send().await);
    side.told("events:PutRule", put("landfall-forward").event_bus_name(BUS).event_pattern(pattern).send().await);
    side.told("events:ListRules", events.list_rules().name_prefix("landfall-").send().await);
    side.told("events:ListRules", events.list_rules().event_bus_name(BUS).send().await);
    side.told("events:ListRules", events.list_rules().event_bus_name("none").send().await);
}

async fn targets(side: &mut Side, events: &Client) {
    let function = format!("arn:aws:lambda:us-west-2:{}:function:landfall-canary", side.account);
    let list = |rule: &str| events.list_targets_by_rule().rule(rule).send();
    let put = |rule: &str| events.put_targets().rule(rule);
    side.told("events:ListTargetsByRule", list("none").await);
    side.told("events:PutTargets", put("none").targets(target("a", &function)).send().await);
    side.told("events:RemoveTargets", events.remove_targets().rule("none").ids("a").send().await);
    side.told("events:PutTargets", put("landfall-tick").targets(target("a", "no arn")).send().await);
    let both = put("landfall-tick").targets(target("a", &function)).targets(target("b", &function));
    side.told("events:PutTargets", both.send().await);
    side.told("events:ListTargetsByRule", list("landfall-tick").await);
    let bus = format!("arn:aws:events:us-west-2:{}:event-bus/{BUS}", side.account);
    let role = format!("arn:aws:iam::{}:role/landfall-reports", side.account);
    let to = Target::builder().id("to").arn(&bus).role_arn(role).build().unwrap();
    side.told("events:PutTargets", put("landfall-forward").event_bus_name(&bus).targets(to).send().await);
    side.differs("events:PutTargets", "moto sends to a bus without a role");
    side.told("events:PutTargets", put("others").targets(target("to", &bus)).send().await);
    side.told("events:DeleteRule", events.delete_rule().name("landfall-tick").send().await);
    side.told("events:RemoveTargets", events.remove_targets().rule("landfall-tick").ids("a").ids("b").ids("none").send().await);
    for rule in ["landfall-tick", "landfall-tick", "none"] {
        side.told("events:DeleteRule", events.delete_rule().name(rule).send().await);
    }
    side.told("events:ListTargetsByRule", events.list_targets_by_rule().rule("landfall-forward").event_bus_name(BUS).send().await);
    side.told("events:RemoveTargets", events.remove_targets().rule("landfall-forward").event_bus_name(BUS).ids("to").send().await);
}
