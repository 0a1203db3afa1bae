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
}

/// A resource, or one for each item of a list.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// The type of resource: `landfall explain` lists them.
    pub kind: String,
    /// Its name within the account. May hold bindings such as `${each.key}`.
    pub name: String,
    /// A list to repeat over: `zones`, `repositories`, `ci_roles`, or a parameter of type list.
    pub for_each: Option<String>,
    /// The environments that the resource is for; all of the module's when absent.
    #[schemars(with = "Option<BTreeSet<EnvironmentName>>")]
    pub environments: Option<BTreeSet<Environment>>,
    /// Its fields: `landfall explain KIND` tells them. Texts may hold bindings such as `${domain.name}`.
    #[serde(default)]
    pub spec: BTreeMap<String, Value>,
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
        let Parameter { of, about, default: _, minimum, maximum } = self;
        let mut schema = match of {
            ParameterType::String => serde_json::json!({ "type": "string" }),
            ParameterType::Integer => serde_json::json!({ "type": "integer" }),
            ParameterType::Boolean => serde_json::json!({ "type": "boolean" }),
            ParameterType::List => serde_json::json!({ "type": "array", "items": { "type": "string" } }),
        };
        let bounds =
            [("minimum", minimum.map(Value::from)), ("maximum", maximum.map(Value::from)), ("description", about.clone().map(Value::from))];
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
