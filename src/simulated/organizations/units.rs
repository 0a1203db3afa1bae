//! The tree: its root and its units, of which no two beside each other have one name.

use super::{MANAGEMENT, Organization, ROOT, Tags, arn, constraint, page, policies, tags};
use crate::simulated::At;
use crate::simulated::wire::{Answer, Asked, Fault, fault, json as ok};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Units, and how deep they go below the root (Organizations quotas).
const MOST: usize = 2000;
const DEEPEST: usize = 5;
const LONGEST_NAME: usize = 128;

/// A unit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Unit {
    pub name: String,
    pub parent: String,
    pub tags: Tags,
}

impl Organization {
    pub(super) fn list_roots(&self) -> Answer {
        ok(json!({ "Roots": [self.root()] }))
    }

    pub(super) fn root(&self) -> Value {
        let on = policies::TYPES.iter().filter(|kind| !self.off.contains(**kind));
        let types: Vec<Value> = on.map(|kind| json!({ "Type": kind, "Status": "ENABLED" })).collect();
        json!({ "Id": ROOT, "Arn": arn("root", ROOT), "Name": "Root", "PolicyTypes": types })
    }

    pub(super) fn units_of(&self, asked: &Asked) -> Answer {
        let parent = self.parent(asked, "ParentId", "ParentNotFoundException")?;
        let units = self.units.iter().filter(|(_, unit)| unit.parent == parent);
        page(asked, "OrganizationalUnits", units, |(id, unit)| shown(id, unit))
    }

    pub(super) fn create_unit(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let parent = self.parent(asked, "ParentId", "ParentNotFoundException")?;
        let name = named(asked)?;
        let tags = tags::checked(0, asked)?;
        self.free(&parent, &name)?;
        if self.units.len() >= MOST {
            return constraint("OU_NUMBER_LIMIT_EXCEEDED", "the organization has as many units as it may have");
        }
        if self.depth(&parent) >= DEEPEST {
            return constraint("OU_DEPTH_LIMIT_EXCEEDED", "the tree is as deep as it may be");
        }
        let id = at.id("ou-root-", 8);
        let unit = Unit { name, parent, tags };
        let answer = json!({ "OrganizationalUnit": shown(&id, &unit) });
        policies::begin(&mut self.policies, &id);
        self.units.insert(id, unit);
        ok(answer)
    }

    pub(super) fn describe_unit(&self, asked: &Asked) -> Answer {
        let id = self.unit(asked)?;
        ok(json!({ "OrganizationalUnit": self.units.get(&id).map(|unit| shown(&id, unit)) }))
    }

    pub(super) fn rename_unit(&mut self, asked: &Asked) -> Answer {
        let id = self.unit(asked)?;
        let name = named(asked)?;
        let parent = self.units.get(&id).map(|unit| unit.parent.clone()).unwrap_or_default();
        self.free(&parent, &name)?;
        if let Some(unit) = self.units.get_mut(&id) {
            unit.name = name;
        }
        self.describe_unit(asked)
    }

    pub(super) fn delete_unit(&mut self, asked: &Asked) -> Answer {
        let id = self.unit(asked)?;
        let has_units = self.units.values().any(|unit| unit.parent == id);
        if has_units || self.members().any(|(_, member)| member.parent == id) {
            return fault("OrganizationalUnitNotEmptyException", "The specified OU is not empty.");
        }
        self.units.remove(&id);
        policies::forget(&mut self.policies, &id);
        ok(json!({}))
    }

    pub(super) fn parents_of(&self, asked: &Asked) -> Answer {
        let id = asked.text("ChildId");
        let unit = self.units.get(&id).map(|unit| &unit.parent);
        match unit.or_else(|| self.member(&id).map(|member| &member.parent)) {
            Some(parent) => {
                let kind = self.name(parent).map(|(_, kind)| kind);
                ok(json!({ "Parents": [{ "Id": parent, "Type": kind }] }))
            }
            None => fault("ChildNotFoundException", "You specified a child that doesn't exist."),
        }
    }

    /// The root or a unit that a parameter names.
    pub(super) fn parent(&self, asked: &Asked, parameter: &str, code: &str) -> Result<String, Fault> {
        let id = asked.text(parameter);
        if id == ROOT || self.units.contains_key(&id) {
            return Ok(id);
        }
        fault(code, "You specified parent that doesn't exist.")
    }

    fn unit(&self, asked: &Asked) -> Result<String, Fault> {
        let id = asked.text("OrganizationalUnitId");
        if self.units.contains_key(&id) {
            return Ok(id);
        }
        fault("OrganizationalUnitNotFoundException", "You specified an organizational unit that doesn't exist.")
    }

    fn free(&self, parent: &str, name: &str) -> Result<(), Fault> {
        if self.units.values().any(|unit| unit.parent == parent && unit.name == name) {
            return fault("DuplicateOrganizationalUnitException", "An OU with the same name already exists.");
        }
        Ok(())
    }

    /// How many units there are from here up to the root.
    fn depth(&self, id: &str) -> usize {
        let up = |id: &&str| self.units.get(*id).map(|unit| unit.parent.as_str());
        std::iter::successors(Some(id), up).take_while(|id| *id != ROOT && *id != MANAGEMENT).count()
    }
}

fn named(asked: &Asked) -> Result<String, Fault> {
    let name = asked.text("Name");
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        return fault("InvalidInputException", format!("a unit's name has 1 to {LONGEST_NAME} characters"));
    }
    Ok(name)
}

fn shown(id: &str, unit: &Unit) -> Value {
    json!({ "Id": id, "Arn": arn("ou", id), "Name": unit.name })
}
