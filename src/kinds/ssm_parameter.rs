//! `ssm-parameter`: publishes a fact of the account, such as its network's ids, to whoever runs there.

use super::{Kind, Scope, Tags};
use crate::model::{Change, Effect, KindName, Reference, show};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// A parameter. The resource's name is the parameter's without the slash in front, and begins with `landfall/`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SsmParameter {
    pub value: Value,
    /// What the parameter tells. Written along with the value and never compared: AWS's one listing of values leaves it out.
    #[serde(default)]
    pub description: String,
}

/// What a parameter holds: `{text: …}`, `{id_of: vpc/main}` or `{ids_of: [subnet/a, subnet/b]}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// A text as it is.
    Text(String),
    /// The AWS id of a resource.
    IdOf(Reference),
    /// The AWS ids of several resources, as a list in this order.
    IdsOf(Vec<Reference>),
}

impl Kind for SsmParameter {
    const NAME: KindName = KindName::new("ssm-parameter");
    const SCOPE: Scope = Scope::Regional;
    const ABOUT: &'static str = "An SSM parameter under /landfall/: publishes a text or the ids of resources to what runs in the account.";
    const REFERS: &'static [KindName] = &[
        KindName::new("vpc"),
        KindName::new("internet-gateway"),
        KindName::new("subnet"),
        KindName::new("elastic-ip"),
        KindName::new("nat-gateway"),
        KindName::new("route-table"),
        KindName::new("security-group"),
    ];
    const READS: &'static [&'static str] = &["ssm:GetParametersByPath"];
    const WRITES: &'static [&'static str] = &["ssm:PutParameter", "ssm:DeleteParameter"];

    fn changes(live: &SsmParameter, want: &SsmParameter) -> Vec<Change> {
        let SsmParameter { value, description: _ } = live;
        let SsmParameter { value: want_value, description: _ } = want;
        let change = Change::of("value", value, want_value);
        // A parameter is a string or a list for life.
        let change = change.map(|change| if value.is_list() == want_value.is_list() { change } else { change.replaces() });
        change.into_iter().collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        match &self.value {
            Value::Text(_) => BTreeSet::new(),
            Value::IdOf(one) => BTreeSet::from([one.clone()]),
            Value::IdsOf(many) => many.iter().cloned().collect(),
        }
    }

    fn rebind(&self, _: &Reference) -> Effect {
        Effect::InPlace
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

impl Value {
    fn is_list(&self) -> bool {
        matches!(self, Value::IdsOf(_))
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => f.write_str(text),
            Value::IdOf(one) => write!(f, "id of {one}"),
            Value::IdsOf(many) => write!(f, "ids of {}", show(many)),
        }
    }
}

super::unwritten!(SsmParameter);

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(value: serde_json::Value) -> SsmParameter {
        serde_json::from_value(serde_json::json!({ "value": value })).unwrap()
    }

    #[test]
    fn values_change_in_place_and_a_list_stays_a_list() {
        let one = parameter(serde_json::json!({ "id_of": "vpc/main" }));
        let many = parameter(serde_json::json!({ "ids_of": ["subnet/b", "subnet/a"] }));
        assert_eq!(SsmParameter::changes(&one, &one), []);
        let text = parameter(serde_json::json!({ "text": "hello" }));
        let changed = Change::between("value", Some("id of vpc/main".into()), Some("hello".into()));
        assert_eq!(SsmParameter::changes(&one, &text), [changed]);
        let listed = Change::between("value", Some("id of vpc/main".into()), Some("ids of subnet/b, subnet/a".into())).replaces();
        assert_eq!(SsmParameter::changes(&one, &many), [listed]);
    }
}
