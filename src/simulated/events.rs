//! Amazon EventBridge: buses, and the rules on them with their targets. Events are taken and go nowhere.

use super::At;
use super::paging::{page, size};
use super::wire::{Answer, Asked, Fault, fault, json as ok};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Buses, rules or targets in a page.
const PAGE: usize = 100;
/// Buses of an account and Region, rules of a bus, targets of a rule, events in a call, signs of a policy (EventBridge quotas).
const BUSES: usize = 100;
const RULES: usize = 300;
const TARGETS: usize = 5;
const ENTRIES: usize = 10;
const POLICY: usize = 10_240;
/// The bus that every account has.
const DEFAULT: &str = "default";
/// What a rule says, as it was put.
const FIELDS: [&str; 5] = ["ScheduleExpression", "EventPattern", "State", "Description", "RoleArn"];

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Events {
    /// Those that were made: the default one is everywhere.
    buses: BTreeMap<String, Bus>,
    /// By the names of their buses and their own: `default/nightly`.
    rules: BTreeMap<String, Rule>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Bus {
    policy: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Rule {
    bus: String,
    name: String,
    fields: Map<String, Value>,
    /// By their ids, as they were put.
    targets: BTreeMap<String, Value>,
}

impl Events {
    pub(super) fn answer(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        match asked.operation.as_str() {
            "ListEventBuses" => self.list_buses(at, asked),
            "CreateEventBus" => self.create_bus(at, asked),
            "DeleteEventBus" => self.delete_bus(asked),
            "PutPermission" => self.permit(asked),
            "RemovePermission" => self.forbid(asked),
            "ListRules" => self.list_rules(at, asked),
            "PutRule" => self.put_rule(at, asked),
            "DeleteRule" => self.delete_rule(asked),
            "ListTargetsByRule" => {
                let targets = self.rule(asked, "Rule")?.targets.values();
                let (targets, next) = page(targets, &asked.text("NextToken"), size(asked, "Limit", PAGE, PAGE));
                ok(json!({ "Targets": targets, "NextToken": next }))
            }
            "PutTargets" => self.put_targets(asked),
            "RemoveTargets" => {
                let ids = asked.list("Ids");
                self.rule(asked, "Rule")?.targets.retain(|id, _| !ids.contains(id));
                ok(json!({ "FailedEntryCount": 0, "FailedEntries": [] }))
            }
            "PutEvents" => match asked.json["Entries"].as_array().map(Vec::len).unwrap_or_default() {
                count @ 1..=ENTRIES => {
                    let entries: Vec<Value> = (0..count).map(|_| json!({ "EventId": at.uuid() })).collect();
                    ok(json!({ "FailedEntryCount": 0, "Entries": entries }))
                }
                _ => fault(
                    "ValidationException",
                    "Value at 'entries' failed to satisfy constraint: Member must have length between 1 and 10",
                ),
            },
            other => fault("UnknownOperationException", format!("the simulated EventBridge has no {other}")),
        }
    }

    /// The name of the bus that is asked for, by its name or ARN, if there is one.
    fn bus(&self, asked: &Asked) -> Result<String, Fault> {
        let given = asked.text("EventBusName");
        let name = given.rsplit_once(":event-bus/").map_or(given.as_str(), |(_, name)| name);
        let name = if name.is_empty() { DEFAULT } else { name };
        match name == DEFAULT || self.buses.contains_key(name) {
            true => Ok(name.to_owned()),
            false => fault("ResourceNotFoundException", format!("Event bus {name} does not exist.")),
        }
    }

    fn rule(&mut self, asked: &Asked, parameter: &str) -> Result<&mut Rule, Fault> {
        let (bus, name) = (self.bus(asked)?, asked.text(parameter));
        let missing = || fault("ResourceNotFoundException", format!("Rule {name} does not exist on EventBus {bus}."));
        self.rules.get_mut(&format!("{bus}/{name}")).map_or_else(missing, Ok)
    }

    fn list_buses(&self, at: &At<'_>, asked: &Asked) -> Answer {
        let (prefix, default) = (asked.text("NamePrefix"), Bus::default());
        let all = [(DEFAULT, &default)].into_iter().chain(self.buses.iter().map(|(name, bus)| (name.as_str(), bus)));
        let found = all.filter(|(name, _)| name.starts_with(&prefix));
        let (found, next) = page(found, &asked.text("NextToken"), size(asked, "Limit", PAGE, PAGE));
        let shown = |(name, bus): (&str, &Bus)| json!({ "Name": name, "Arn": bus_arn(at, name), "Policy": bus.policy });
        let found: Vec<Value> = found.into_iter().map(shown).collect();
        ok(json!({ "EventBuses": found, "NextToken": next }))
    }

    fn create_bus(&mut self, at: &At<'_>, asked: &Asked) -> Answer {
        let name = asked.text("Name");
        let is_sign = |sign: char| sign.is_ascii_alphanumeric() || "._-".contains(sign);
        if name.is_empty() || name.len() > 256 || !name.chars().all(is_sign) {
            return fault("ValidationException", format!("'{name}' is no name of an event bus"));
        }
        if name == DEFAULT || self.buses.contains_key(&name) {
            return fault("ResourceAlreadyExistsException", format!("Event bus {name} already exists."));
        }
        if self.buses.len() + 1 >= BUSES {
            return fault("LimitExceededException", "The requested resource exceeds the maximum number allowed.");
        }
        let arn = bus_arn(at, &name);
        self.buses.insert(name, Bus::default());
        ok(json!({ "EventBusArn": arn }))
    }

    fn delete_bus(&mut self, asked: &Asked) -> Answer {
        let name = asked.text("Name");
        if name == DEFAULT {
            return fault("ValidationException", "Cannot delete event bus default.");
        }
        if self.rules.values().any(|rule| rule.bus == name) {
            return fault("ValidationException", format!("Event bus {name} can't be deleted since it has rules."));
        }
        // One that is not there is no error.
        self.buses.remove(&name);
        ok(json!({}))
    }

    fn permit(&mut self, asked: &Asked) -> Answer {
        let (bus, policy) = (self.bus(asked)?, asked.text("Policy"));
        if !serde_json::from_str(&policy).is_ok_and(|policy: Value| policy.is_object()) {
            return fault("ValidationException", "This policy contains invalid Json");
        }
        if policy.len() > POLICY {
            return fault("PolicyLengthExceededException", format!("a policy has {POLICY} signs at the most"));
        }
        // Only buses that were made are ever given a policy.
        match self.buses.get_mut(&bus) {
            Some(bus) => bus.policy = Some(policy),
            None => return fault("UnknownOperationException", "the simulated EventBridge keeps the default bus as it is"),
        }
        ok(json!({}))
    }

    fn forbid(&mut self, asked: &Asked) -> Answer {
        let bus = self.bus(asked)?;
        if asked.json["RemoveAllPermissions"] != true {
            return fault("UnknownOperationException", "the simulated EventBridge removes all permissions or none");
        }
        // Where there is no policy, there is nothing to do.
        if let Some(bus) = self.buses.get_mut(&bus) {
            bus.policy = None;
        }
        ok(json!({}))
    }

    fn list_rules(&self, at: &At<'_>, asked: &Asked) -> Answer {
        let (bus, prefix) = (self.bus(asked)?, asked.text("NamePrefix"));
        let found = self.rules.values().filter(|rule| rule.bus == bus && rule.name.starts_with(&prefix));
        let (found, next) = page(found, &asked.text("NextToken"), size(asked, "Limit", PAGE, PAGE));
        ok(json!({ "Rules": found.into_iter().map(|rule| rule.shown(at)).collect::<Vec<_>>(), "NextToken": next }))
    }

    /// Makes a rule, or puts it in the place of the one of its name, whose targets stay.
    fn put_rule(&mut self, at: &At<'_>, asked: &Asked) -> Answer {
        let (bus, name) = (self.bus(asked)?, asked.text("Name"));
        check(asked, &bus, &name)?;
        let is_new = !self.rules.contains_key(&format!("{bus}/{name}"));
        if is_new && self.rules.values().filter(|rule| rule.bus == bus).count() >= RULES {
            return fault("LimitExceededException", "The requested resource exceeds the maximum number allowed.");
        }
        let given = FIELDS.iter().filter_map(|field| Some(((*field).to_owned(), Value::from(asked.some(field)?))));
        let fields = Map::from_iter([("State".to_owned(), json!("ENABLED"))]).into_iter().chain(given).collect();
        let rule = self.rules.entry(format!("{bus}/{name}")).or_default();
        *rule = Rule { bus, name, fields, targets: std::mem::take(&mut rule.targets) };
        ok(json!({ "RuleArn": rule.arn(at) }))
    }

    fn delete_rule(&mut self, asked: &Asked) -> Answer {
        // A rule that is not there is no error, and neither is one whose bus is gone.
        let Ok(bus) = self.bus(asked) else { return ok(json!({})) };
        let key = format!("{bus}/{}", asked.text("Name"));
        if self.rules.get(&key).is_some_and(|rule| !rule.targets.is_empty()) {
            return fault("ValidationException", "Rule can't be deleted since it has targets.");
        }
        self.rules.remove(&key);
        ok(json!({}))
    }

    fn put_targets(&mut self, asked: &Asked) -> Answer {
        let rule = self.rule(asked, "Rule")?;
        let mut targets = rule.targets.clone();
        for target in asked.json["Targets"].as_array().into_iter().flatten() {
            let text = |field: &str| target[field].as_str().unwrap_or_default();
            if text("Id").is_empty() || !text("Arn").starts_with("arn:") {
                let why = format!("Parameter {} is not valid. Reason: Provided Arn is not in correct format.", text("Arn"));
                return fault("ValidationException", why);
            }
            if text("Arn").contains(":event-bus/") && text("RoleArn").is_empty() {
                return fault("ValidationException", format!("RoleArn is required for target {}.", text("Arn")));
            }
            targets.insert(text("Id").to_owned(), target.clone());
        }
        if targets.len() > TARGETS {
            return fault("LimitExceededException", "The requested resource exceeds the maximum number allowed.");
        }
        rule.targets = targets;
        ok(json!({ "FailedEntryCount": 0, "FailedEntries": [] }))
    }
}

impl Rule {
    fn arn(&self, at: &At<'_>) -> String {
        let bus = if self.bus == DEFAULT { String::new() } else { format!("{}/", self.bus) };
        at.arn("events", &format!("rule/{bus}{}", self.name))
    }

    fn shown(&self, at: &At<'_>) -> Value {
        let own = [("Name", self.name.clone()), ("Arn", self.arn(at)), ("EventBusName", self.bus.clone())];
        own.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).chain(self.fields.clone()).collect()
    }
}

fn bus_arn(at: &At<'_>, name: &str) -> String {
    at.arn("events", &format!("event-bus/{name}"))
}

fn check(asked: &Asked, bus: &str, name: &str) -> Result<(), Fault> {
    let is_sign = |sign: char| sign.is_ascii_alphanumeric() || "._-".contains(sign);
    if name.is_empty() || name.len() > 64 || !name.chars().all(is_sign) {
        return fault("ValidationException", format!("'{name}' is no name of a rule"));
    }
    match (asked.some("ScheduleExpression"), asked.some("EventPattern")) {
        (None, None) => fault("ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified."),
        (Some(_), _) if bus != DEFAULT => fault("ValidationException", "ScheduleExpression is supported only on the default event bus."),
        (Some(when), _) if !(when.starts_with("rate(") || when.starts_with("cron(")) => {
            fault("ValidationException", "Parameter ScheduleExpression is not valid.")
        }
        (_, Some(pattern)) if !serde_json::from_str(&pattern).is_ok_and(|pattern: Value| pattern.is_object()) => {
            fault("InvalidEventPatternException", "Event pattern is not valid. Reason: Filter is not an object")
        }
        _ => Ok(()),
    }
}
