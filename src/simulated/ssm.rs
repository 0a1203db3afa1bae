//! AWS Systems Manager: parameters.

use super::At;
use super::wire::{Answer, Asked, fault, json};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Ssm {
    parameters: BTreeMap<String, Parameter>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Parameter {
    kind: String,
    value: String,
    version: u32,
}

impl Ssm {
    pub(super) fn answer(&mut self, _: &mut At<'_>, asked: &Asked) -> Answer {
        let name = asked.text("Name");
        match asked.operation.as_str() {
            "GetParametersByPath" => {
                let path = asked.text("Path");
                let found = self.parameters.iter().filter(|(name, _)| name.starts_with(&path));
                json(json!({ "Parameters": found.map(shown).collect::<Vec<Value>>() }))
            }
            "GetParameter" => match self.parameters.get_key_value(&name) {
                Some(found) => json(json!({ "Parameter": shown(found) })),
                None => fault("ParameterNotFound", name),
            },
            "PutParameter" => {
                let parameter = Parameter { kind: asked.text("Type"), value: asked.text("Value"), version: 1 };
                self.parameters.insert(name, parameter);
                json(json!({ "Version": 1, "Tier": "Standard" }))
            }
            other => fault("UnknownOperationException", format!("the simulated SSM has no {other}")),
        }
    }
}

fn shown((name, parameter): (&String, &Parameter)) -> Value {
    json!({ "Name": name, "Type": parameter.kind, "Value": parameter.value, "Version": parameter.version })
}
