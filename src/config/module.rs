//! The types of `modules/<name>/module.yaml`: a package of resources that every account gets.

use super::domains::EnvironmentName;
use crate::model::Environment;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A package of resources. It selects, binds and repeats; it never computes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Module {
    /// What the module is for, in a sentence.
    pub about: String,
    /// What a domains file may set, by name.
    #[serde(default)]
    pub parameters: BTreeMap<String, Parameter>,
    /// The environments that the module is for; all when absent.
    #[schemars(with = "Option<BTreeSet<EnvironmentName>>")]
    pub environments: Option<BTreeSet<Environment>>,
    /// The modules that this one builds on. An account for which one of them is switched off does without this one, too.
    #[serde(default)]
    pub needs: BTreeSet<String>,
    /// What every account gets.
    pub resources: Vec<Resource>,
}

/// A setting of a module.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// What its values are.
    #[serde(rename = "type")]
    pub of: ParameterType,
    /// What it is for.
    pub about: Option<String>,
    /// Its value where nobody sets one. A parameter without default must be set.
    pub default: Option<Value>,
    /// The least value of an integer.
    pub minimum: Option<i64>,
    /// The greatest value of an integer.
    pub maximum: Option<i64>,
    /// The only values of a string.
    pub one_of: Option<BTreeSet<String>>,
}

/// What the values of a parameter are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ParameterType {
    String,
    Integer,
    Boolean,
    /// A list of texts.
    List,
    /// Values by name, such as limits by their codes.
    Map,
}

/// A resource, or one for each item of a list.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// The type of resource: `landfall explain` lists them.
    pub kind: String,
    /// Its name within the account. May hold bindings such as `${each.key}`.
    pub name: String,
    /// A list to repeat over: `zones`, `repositories`, … (docs/configuration.md names them all), or a parameter of type list or map.
    pub for_each: Option<String>,
    /// The environments that the resource is for; all of the module's when absent.
    #[schemars(with = "Option<BTreeSet<EnvironmentName>>")]
    pub environments: Option<BTreeSet<Environment>>,
    /// The values of this module's parameters that the resource is for: `when: { nat: [per-zone, shared] }`, `when: { flow_logs: true }`.
    #[serde(default)]
    pub when: BTreeMap<String, Values>,
    /// Its fields: `landfall explain KIND` tells them. Texts may hold bindings such as `${domain.name}`.
    #[serde(default)]
    pub spec: BTreeMap<String, Value>,
}

/// One value of a parameter, or any of several.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Values {
    Switch(bool),
    Number(i64),
    One(String),
    Several(BTreeSet<String>),
}

impl Values {
    /// Whether a parameter's value is among them.
    pub fn hold(&self, value: &Value) -> bool {
        match self {
            Values::Switch(switch) => value.as_bool() == Some(*switch),
            Values::Number(number) => value.as_i64() == Some(*number),
            Values::One(text) => value.as_str() == Some(text),
            Values::Several(texts) => value.as_str().is_some_and(|value| texts.contains(value)),
        }
    }
}

impl Parameter {
    /// Whether a value can be one of its values.
    pub fn accepts(&self, value: &Value) -> bool {
        let node = super::node::Node::of(value, super::node::Span::default());
        let (_, wrong) = super::shape::Shape::new(self.schema()).check("", ("", node.at), &node, super::shape::Stage::Bound);
        wrong.is_empty()
    }

    /// The JSON schema of its values.
    pub fn schema(&self) -> Value {
        let Parameter { of, about, default: _, minimum, maximum, one_of } = self;
        let mut schema = match of {
            ParameterType::String => serde_json::json!({ "type": "string" }),
            ParameterType::Integer => serde_json::json!({ "type": "integer" }),
            ParameterType::Boolean => serde_json::json!({ "type": "boolean" }),
            ParameterType::Map => serde_json::json!({ "type": "object", "additionalProperties": true }),
            ParameterType::List => serde_json::json!({ "type": "array", "items": { "type": "string" } }),
        };
        let bounds = [
            ("minimum", minimum.map(Value::from)),
            ("maximum", maximum.map(Value::from)),
            ("description", about.clone().map(Value::from)),
            ("enum", one_of.as_ref().map(|values| values.iter().cloned().collect())),
        ];
        for (word, value) in bounds {
            if let Some(value) = value {
                schema[word] = value;
            }
        }
        schema
    }
}

/// Whether a limit to some environments lets one pass.
pub fn allows(limit: &Option<BTreeSet<Environment>>, environment: Environment) -> bool {
    limit.as_ref().is_none_or(|limit| limit.contains(&environment))
}
