//! `event-rule`: what happens on a schedule, or whenever an event fits. Ours by its name, see `own`. The right to call a function is
//! given along with the rule; reading it back would cost a call a function, so it is written and never compared.

use super::{Driver, Kind, Scope, Seen, Tags, event_bus, own};
use crate::aws::{CallError, Fault, Session, or_missing};
use crate::model::{Account, Address, Change, Effect, KindName, Reference, Region, RemoteId, Risk, show};
use aws_sdk_eventbridge::types::{Rule as Found, RuleState, Target};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// A rule. Its name is the resource's, and begins with `landfall-`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventRule {
    /// When it fires, such as `rate(5 minutes)`; only without a `pattern`, and only on the account's default bus.
    pub schedule: Option<String>,
    /// Which events it fires for, as in the documentation of EventBridge.
    pub pattern: Option<Map<String, Value>>,
    /// The bus whose events it sees; the account's default bus when absent.
    pub bus: Option<Reference>,
    /// The functions that are called with the event.
    #[serde(default)]
    pub functions: BTreeSet<Reference>,
    /// The bus of the management account that the event goes on to.
    pub forward_to: Option<Reference>,
    /// The role by which it goes there.
    pub forward_role: Option<Reference>,
    /// Whether it fires at all.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn yes() -> bool {
    true
}

const FUNCTION: KindName = KindName::new("lambda-function");
const ROLE: KindName = KindName::new("iam-role");
const BUS: KindName = KindName::new("event-bus");

impl Kind for EventRule {
    const NAME: KindName = KindName::new("event-rule");
    const SCOPE: Scope = Scope::Regional;
    const ABOUT: &'static str = "An EventBridge rule: calls functions, or sends events on, on a schedule or whenever an event fits.";
    const REFERS: &'static [KindName] = &[ROLE, BUS, FUNCTION];
    const READS: &'static [&'static str] = &["events:ListEventBuses", "events:ListRules", "events:ListTargetsByRule"];
    const WRITES: &'static [&'static str] = &[
        "events:PutRule",
        "events:PutTargets",
        "events:RemoveTargets",
        "events:DeleteRule",
        "lambda:AddPermission",
        "lambda:RemovePermission",
        "iam:PassRole",
    ];

    fn changes(live: &EventRule, want: &EventRule) -> Vec<Change> {
        let EventRule { schedule, pattern, bus, functions, forward_to, forward_role, enabled } = live;
        let text = |pattern: &Option<Map<String, Value>>| pattern.as_ref().map(|pattern| Value::Object(pattern.clone()));
        let changes = [
            Change::of_option("schedule", schedule, &want.schedule),
            Change::of_option("pattern", &text(pattern), &text(&want.pattern)),
            Change::of_option("bus", bus, &want.bus).map(Change::replaces),
            Change::of("functions", &show(functions), &show(&want.functions)),
            Change::of_option("forward_to", forward_to, &want.forward_to),
            Change::of_option("forward_role", forward_role, &want.forward_role),
            Change::of("enabled", enabled, &want.enabled)
                .map(|change| if want.enabled { change } else { change.concerning(Risk::Notable, "the rule no longer fires") }),
        ];
        changes.into_iter().flatten().collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        let EventRule { bus, functions, forward_to, forward_role, .. } = self;
        functions.iter().chain(bus).chain(forward_to).chain(forward_role).cloned().collect()
    }

    fn rebind(&self, _: &Reference) -> Effect {
        Effect::InPlace
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

impl EventRule {
    /// What an account can't have, or what nobody would find again: rules are read on the default bus of an account.
    pub fn wrong(&self) -> Option<&'static str> {
        if self.schedule.is_none() && self.pattern.is_none() {
            return Some("it needs a `schedule` or a `pattern`");
        }
        match (&self.bus, &self.forward_to, &self.forward_role) {
            (Some(_), ..) => Some("an account's rules are on its default bus: leave `bus` out"),
            (_, Some(_), None) => Some("events go to another account by a role alone: name it in `forward_role`"),
            (_, None, Some(_)) => Some("nothing goes by its role: name the bus in `forward_to`, or leave `forward_role` out"),
            _ => None,
        }
    }
}

impl Driver for EventRule {
    async fn read(at: &Session) -> Result<Vec<Seen<EventRule>>, CallError> {
        let mut seen = Vec::new();
        for bus in buses(at).await? {
            for rule in rules(at, bus.as_deref()).await? {
                seen.extend(see(at, bus.as_deref(), &rule).await?);
            }
        }
        Ok(seen)
    }

    async fn create(at: &Session, address: &Address, want: &EventRule) -> Result<RemoteId, CallError> {
        own::checked("events:PutRule", address)?;
        write(at, address, want).await
    }

    // Putting a rule replaces all that it says; what its targets are is compared with what they are now.
    async fn update(at: &Session, address: &Address, _: &RemoteId, want: &EventRule, _: &[Change]) -> Result<(), CallError> {
        write(at, address, want).await.map(drop)
    }

    async fn delete(at: &Session, address: &Address, _: &RemoteId, live: &EventRule) -> Result<(), CallError> {
        let (name, bus) = (address.name.as_str(), bus_name(live));
        for target in or_missing(targets(at, bus.as_deref(), name).await)?.unwrap_or_default() {
            detach(at, bus.as_deref(), name, &target).await?;
        }
        let call = at.eventbridge().delete_rule().name(name).set_event_bus_name(bus);
        or_missing(call.send().await.map_err(CallError::from)).map(drop)
    }
}

/// The buses that rules of ours can be on: the default one in an account, our own in the management account.
async fn buses(at: &Session) -> Result<Vec<Option<String>>, CallError> {
    match at.account() {
        Account::Member { .. } => Ok(vec![None]),
        Account::Management => Ok(event_bus::list(at).await?.into_iter().map(|bus| bus.name).filter(Option::is_some).collect()),
    }
}

async fn rules(at: &Session, bus: Option<&str>) -> Result<Vec<Found>, CallError> {
    let (mut all, mut token) = (Vec::new(), None);
    loop {
        let call = at.eventbridge().list_rules().name_prefix(own::PREFIX).set_event_bus_name(bus.map(str::to_owned));
        let answer = call.set_next_token(token).send().await?;
        token = answer.next_token;
        all.extend(answer.rules.unwrap_or_default());
        if token.is_none() {
            return Ok(all);
        }
    }
}

async fn targets(at: &Session, bus: Option<&str>, rule: &str) -> Result<Vec<Target>, CallError> {
    // A rule has at most five, and a page a hundred (EventBridge quotas).
    let call = at.eventbridge().list_targets_by_rule().rule(rule).set_event_bus_name(bus.map(str::to_owned));
    Ok(call.send().await?.targets.unwrap_or_default())
}

async fn see(at: &Session, bus: Option<&str>, found: &Found) -> Result<Option<Seen<EventRule>>, CallError> {
    let (Some(name), Some(arn)) = (found.name(), found.arn()) else { return Ok(None) };
    let targets = targets(at, bus, name).await?;
    let forward = targets.iter().find(|target| target.arn().contains(":event-bus/"));
    let others = targets.iter().filter(|target| !target.arn().contains(":event-bus/"));
    let role = forward.and_then(|target| target.role_arn());
    let spec = EventRule {
        schedule: found.schedule_expression().map(str::to_owned).filter(|text| !text.is_empty()),
        pattern: found.event_pattern().filter(|text| !text.is_empty()).map(pattern),
        bus: bus.and_then(|bus| bus.parse().ok()).map(|name| Reference::here(BUS, name)),
        functions: others.filter_map(|target| own::reference(at, &FUNCTION, target.arn())).collect(),
        forward_to: forward.and_then(|target| event_bus::reference(at, target.arn())),
        forward_role: role.and_then(|arn| own::reference(at, &ROLE, arn)),
        enabled: found.state() != Some(&RuleState::Disabled),
    };
    Ok(Some(Seen { id: arn.into(), name: own::name(name), spec }))
}

/// A pattern as AWS holds it. One that is no mapping differs from all that anybody declares.
fn pattern(text: &str) -> Map<String, Value> {
    let odd = || Map::from_iter([("unreadable".to_owned(), Value::from(text))]);
    serde_json::from_str(text).unwrap_or_else(|_| odd())
}

fn bus_name(rule: &EventRule) -> Option<String> {
    rule.bus.as_ref().map(|bus| bus.name.to_string())
}

/// The rule, then the right to call its functions, then its targets: nothing is called before it may be.
async fn write(at: &Session, address: &Address, want: &EventRule) -> Result<RemoteId, CallError> {
    let (name, bus) = (address.name.as_str(), bus_name(want));
    let state = if want.enabled { RuleState::Enabled } else { RuleState::Disabled };
    let call = at.eventbridge().put_rule().name(name).set_event_bus_name(bus.clone()).state(state);
    let pattern = want.pattern.clone().map(|pattern| Value::Object(pattern).to_string());
    let answer = call.set_schedule_expression(want.schedule.clone()).set_event_pattern(pattern).send().await?;
    let rule = answer.rule_arn().unwrap_or_default().to_owned();
    for function in &want.functions {
        permit(at, function, name, &rule).await?;
    }
    attach(at, want, name, bus.as_deref()).await?;
    Ok(rule.into())
}

async fn permit(at: &Session, function: &Reference, rule: &str, arn: &str) -> Result<(), CallError> {
    let call = at.lambda().add_permission().function_name(function.name.as_str()).statement_id(statement(rule));
    let call = call.action("lambda:InvokeFunction").principal("events.amazonaws.com").source_arn(arn);
    match call.send().await.map_err(CallError::from) {
        // It has been given before, under the same name and so to the same rule.
        Err(error) if error.code.as_deref() == Some("ResourceConflictException") => Ok(()),
        result => result.map(drop),
    }
}

/// What the right is called that a function gives a rule: a statement's name has no dots and slashes.
fn statement(rule: &str) -> String {
    rule.chars().map(|c| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '-' }).collect()
}

async fn attach(at: &Session, want: &EventRule, name: &str, bus: Option<&str>) -> Result<(), CallError> {
    let wanted = wanted(at, want)?;
    for live in targets(at, bus, name).await?.iter().filter(|live| !wanted.iter().any(|target| target.id() == live.id())) {
        detach(at, bus, name, live).await?;
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let call = at.eventbridge().put_targets().rule(name).set_event_bus_name(bus.map(str::to_owned)).set_targets(Some(wanted));
    let answer = call.send().await?;
    match answer.failed_entries().first() {
        None => Ok(()),
        Some(failed) => {
            let why = format!("{}: {}", failed.target_id().unwrap_or_default(), failed.error_message().unwrap_or("no reason given"));
            Err(CallError { fault: Fault::Busy, ..CallError::refused("events:PutTargets", why) })
        }
    }
}

fn wanted(at: &Session, want: &EventRule) -> Result<Vec<Target>, CallError> {
    let mut wanted = Vec::new();
    let broken = |error: aws_sdk_eventbridge::error::BuildError| CallError::refused("events:PutTargets", error.to_string());
    for function in &want.functions {
        let arn = at.id_of(function, at.region().clone())?;
        wanted.push(Target::builder().id(function.name.as_str()).arn(arn.as_str()).build().map_err(broken)?);
    }
    if let Some(to) = &want.forward_to {
        let role = want.forward_role.as_ref().map(|role| at.id_of(role, Region::GLOBAL)).transpose()?;
        let target = Target::builder().id(format!("to-{}", to.name)).arn(event_bus::arn(at, to));
        wanted.push(target.set_role_arn(role.map(|id| id.0)).build().map_err(broken)?);
    }
    Ok(wanted)
}

/// The name of the function that an ARN is of, without a version.
fn function_of(arn: &str) -> Option<&str> {
    arn.split_once(":function:").and_then(|(_, name)| name.split(':').next())
}

/// Takes a target from a rule, and before that the right to call it: a run that ends in between leaves a target that the next plan sees.
async fn detach(at: &Session, bus: Option<&str>, rule: &str, target: &Target) -> Result<(), CallError> {
    if let Some(function) = function_of(target.arn()) {
        let call = at.lambda().remove_permission().function_name(function).statement_id(statement(rule));
        or_missing(call.send().await.map_err(CallError::from))?;
    }
    let call = at.eventbridge().remove_targets().rule(rule).set_event_bus_name(bus.map(str::to_owned)).ids(target.id());
    or_missing(call.send().await.map_err(CallError::from)).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rule(fields: Value) -> EventRule {
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn only_another_bus_is_another_rule() {
        let live = rule(json!({ "pattern": { "source": ["aws.cloudwatch"] }, "bus": "event-bus/landfall" }));
        assert_eq!(EventRule::changes(&live, &live), []);
        let want = rule(json!({ "pattern": { "source": ["x"] }, "functions": ["lambda-function/f"], "enabled": false }));
        let seen: Vec<_> = EventRule::changes(&live, &want).into_iter().map(|change| (change.field, change.effect)).collect();
        let expected = [
            ("pattern", Effect::InPlace),
            ("bus", Effect::Replaces),
            ("functions", Effect::InPlace),
            ("enabled", Effect::InPlace),
        ];
        assert_eq!(seen, expected.map(|(field, effect)| (field.to_owned(), effect)));
    }

    #[test]
    fn what_no_rule_of_an_account_can_be() {
        let (on, tick) = (json!("management:event-bus/landfall"), json!("rate(1 minute)"));
        let cases = [
            (json!({ "schedule": tick, "functions": ["lambda-function/f"] }), None),
            (json!({ "schedule": tick, "forward_to": on, "forward_role": "iam-role/landfall-reports" }), None),
            (json!({ "schedule": tick, "forward_to": on }), Some("forward_role")),
            (json!({ "schedule": tick, "forward_role": "iam-role/landfall-reports" }), Some("forward_to")),
            (json!({ "functions": ["lambda-function/f"] }), Some("`schedule` or a `pattern`")),
            (json!({ "pattern": { "source": ["x"] }, "bus": "event-bus/landfall" }), Some("default bus")),
        ];
        for (fields, expected) in cases {
            let wrong = rule(fields).wrong();
            assert_eq!(wrong.map(|wrong| expected.is_some_and(|expected| wrong.contains(expected))), expected.map(|_| true), "{wrong:?}");
        }
    }

    #[test]
    fn odd_patterns_differ_from_all_others() {
        assert_eq!(pattern(r#"{"a":["b"]}"#), *json!({ "a": ["b"] }).as_object().unwrap());
        assert_eq!(pattern("[]"), *json!({ "unreadable": "[]" }).as_object().unwrap());
        assert_eq!(statement("landfall-a/b.c"), "landfall-a-b-c");
        assert_eq!(function_of("arn:aws:lambda:us-west-2:1:function:landfall-a:7"), Some("landfall-a"));
        assert_eq!(function_of("arn:aws:sqs:us-west-2:1:queue"), None);
    }
}
