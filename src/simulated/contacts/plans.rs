//! What refers to what among contacts: plans name channels, contacts and rotations, and rotations name contacts. Nothing is named that is not
//! there, and nothing goes that is named.

use super::{Contacts, Thing, invalid};
use crate::simulated::wire::{Fault, fault};
use serde_json::Value;

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value[name].as_array().into_iter().flatten()
}

fn targets(plan: &Value) -> impl Iterator<Item = &Value> {
    list(plan, "Stages").flat_map(|stage| list(stage, "Targets"))
}

/// The channel or the contact that a target is.
fn named(target: &Value) -> Option<&str> {
    target["ChannelTargetInfo"]["ContactChannelId"].as_str().or_else(|| target["ContactTargetInfo"]["ContactId"].as_str())
}

fn names(contact: &Thing, arn: &str) -> bool {
    contact.shown.get("Plan").is_some_and(|plan| {
        targets(plan).filter_map(named).chain(list(plan, "RotationIds").filter_map(Value::as_str)).any(|named| named == arn)
    })
}

impl Contacts {
    /// Refuses a plan that a contact of this type can't have.
    pub(super) fn check_plan(&self, of: &str, plan: &Value) -> Result<(), Fault> {
        let (mut stages, mut rotations) = (targets(plan), list(plan, "RotationIds"));
        match of {
            "ONCALL_SCHEDULE" if list(plan, "Stages").next().is_some() => invalid("an on-call schedule has rotations, and no stages"),
            "ONCALL_SCHEDULE" => rotations.try_for_each(|id| known("rotation", id.as_str(), |arn| self.rotations.contains_key(arn))),
            "PERSONAL" | "ESCALATION" if rotations.next().is_some() => invalid("only an on-call schedule has rotations"),
            "PERSONAL" | "ESCALATION" => stages.try_for_each(|target| self.check_target(of, target)),
            _ => invalid("that is no type of a contact"),
        }
    }

    fn check_target(&self, of: &str, target: &Value) -> Result<(), Fault> {
        match (of, target.get("ChannelTargetInfo"), target.get("ContactTargetInfo")) {
            ("PERSONAL", Some(_), None) => known("contact channel", named(target), |arn| self.channels.contains_key(arn)),
            ("ESCALATION", None, Some(_)) => known("contact", named(target), |arn| self.contacts.contains_key(arn)),
            _ => invalid("a person is engaged by channels only, and all others by contacts"),
        }
    }

    /// Refuses to let go of what something names.
    pub(super) fn refuse_in_use(&self, arn: &str) -> Result<(), Fault> {
        let plan = self.contacts.iter().find(|(_, contact)| names(contact, arn)).map(|(user, _)| user);
        let takes_turns =
            |rotation: &Thing| rotation.shown.get("ContactIds").and_then(Value::as_array).into_iter().flatten().any(|id| id == arn);
        match plan.or_else(|| self.rotations.iter().find(|(_, rotation)| takes_turns(rotation)).map(|(user, _)| user)) {
            Some(user) => fault("ConflictException", format!("{arn} is in use by {user}")),
            None => Ok(()),
        }
    }
}

fn known(what: &str, arn: Option<&str>, is_there: impl Fn(&str) -> bool) -> Result<(), Fault> {
    match arn {
        Some(arn) if is_there(arn) => Ok(()),
        other => invalid(format!("the plan names a {what} that is not there: {}", other.unwrap_or_default())),
    }
}
