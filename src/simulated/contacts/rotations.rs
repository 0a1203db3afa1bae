//! Rotations: persons who take turns. Doesn't know whose turn it is.

use super::{Contacts, PAGES, Thing, check_name, fields};
use crate::simulated::At;
use crate::simulated::wire::{Answer, Asked, Fault, fault, invalid, json as ok, missing};
use serde_json::{Value, json};

/// Persons of a rotation.
const MOST: usize = 25;

impl Contacts {
    pub(super) fn answer_rotations(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let arn = asked.text("RotationId");
        match asked.operation.as_str() {
            "CreateRotation" => self.create_rotation(at, asked),
            "ListRotations" => {
                let prefix = asked.text("RotationNamePrefix");
                let all = self.rotations.values().filter(|rotation| rotation.text("Name").starts_with(&prefix));
                PAGES.of(asked, "Rotations", all.map(|rotation| Value::Object(rotation.shown.clone())))
            }
            "UpdateRotation" => {
                self.check_people(asked)?;
                let Some(rotation) = self.rotations.get_mut(&arn) else { return missing("rotation") };
                rotation.shown.extend(fields(asked, &["ContactIds", "StartTime", "TimeZoneId", "Recurrence"]));
                ok(json!({}))
            }
            "DeleteRotation" if !self.rotations.contains_key(&arn) => missing("rotation"),
            "DeleteRotation" => {
                self.refuse_in_use(&arn)?;
                self.rotations.remove(&arn);
                ok(json!({}))
            }
            other => fault("UnknownOperationException", format!("the simulated contacts have no {other}")),
        }
    }

    /// Refuses turns of who is not there, or is no person.
    fn check_people(&self, asked: &Asked) -> Result<(), Fault> {
        let people = asked.list("ContactIds");
        if people.len() > MOST {
            return invalid(format!("a rotation has {MOST} persons at most"));
        }
        match people.iter().map(|arn| self.contacts.get(arn)).find(|one| one.is_none_or(|one| one.text("Type") != "PERSONAL")) {
            Some(None) => missing("contact"),
            Some(Some(_)) => invalid("only persons take turns"),
            None => Ok(()),
        }
    }

    /// Names may be the same.
    fn create_rotation(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let token = asked.text("IdempotencyToken");
        if let Some((arn, _)) = self.rotations.iter().find(|(_, rotation)| rotation.is_of(&token)) {
            return ok(json!({ "RotationArn": arn }));
        }
        self.check_people(asked)?;
        check_name(&asked.text("Name"))?;
        let id = at.uuid();
        let arn = at.arn("ssm-contacts", &format!("rotation/{id}"));
        let mut shown = fields(asked, &["Name", "ContactIds", "StartTime", "TimeZoneId", "Recurrence"]);
        shown.insert("RotationArn".to_owned(), arn.as_str().into());
        self.rotations.insert(arn.clone(), Thing { shown, token, tags: asked.tags("Tags") });
        ok(json!({ "RotationArn": arn }))
    }
}
