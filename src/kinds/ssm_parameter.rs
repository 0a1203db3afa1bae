//! `ssm-parameter`: publishes a fact of the account, such as its network's ids, to whoever runs there.

use super::{Driver, Kind, Scope, Seen, Tags};
use crate::aws::{CallError, Session, or_missing};
use crate::model::{Address, Change, Effect, KindName, Name, Reference, RemoteId, show};
use aws_sdk_ssm::types::{Parameter, ParameterType};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// A parameter. The resource's name is the parameter's without the slash in front, and begins with `landfall/`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SsmParameter {
    /// What it holds.
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
        KindName::new("vpc-endpoint"),
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

/// The path that is ours: whatever is below it was made by Landfall. That is the mark, because listing tags would cost a call a parameter.
const PATH: &str = "/landfall/";

/// What ids of each kind begin with.
const PREFIXES: [(&str, KindName); 8] = [
    ("vpc-", KindName::new("vpc")),
    ("igw-", KindName::new("internet-gateway")),
    ("subnet-", KindName::new("subnet")),
    ("eipalloc-", KindName::new("elastic-ip")),
    ("nat-", KindName::new("nat-gateway")),
    ("rtb-", KindName::new("route-table")),
    ("sg-", KindName::new("security-group")),
    ("vpce-", KindName::new("vpc-endpoint")),
];

impl Driver for SsmParameter {
    async fn read(at: &Session) -> Result<Vec<Seen<SsmParameter>>, CallError> {
        // Ten to a page, which is AWS's most and its default.
        let mut pages = at.ssm().get_parameters_by_path().path(PATH).recursive(true).into_paginator().send();
        let mut seen = Vec::new();
        while let Some(page) = pages.next().await {
            seen.extend(page?.parameters().iter().filter_map(|found| see(at, found)));
        }
        Ok(seen)
    }

    async fn create(at: &Session, address: &Address, want: &SsmParameter) -> Result<RemoteId, CallError> {
        let name = format!("/{}", address.name);
        if !name.starts_with(PATH) {
            let why = format!("{name} does not begin with {PATH}, the path that is Landfall's own");
            return Err(CallError::refused("ssm:PutParameter", why));
        }
        write(at, &name, want).await?;
        Ok(name.into())
    }

    // Whatever the changes are: the value is written anew from the ids of now.
    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &SsmParameter, _: &[Change]) -> Result<(), CallError> {
        write(at, id.as_str(), want).await
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &SsmParameter) -> Result<(), CallError> {
        or_missing(at.ssm().delete_parameter().name(id.as_str()).send().await.map_err(CallError::from)).map(drop)
    }
}

/// Writes a parameter, there already or not: below our own path there is nobody else's to overwrite.
async fn write(at: &Session, name: &str, want: &SsmParameter) -> Result<(), CallError> {
    let id = |of: &Reference| at.id_of(of, at.region().clone()).map(|id| id.0);
    let (kind, value) = match &want.value {
        Value::Text(text) => (ParameterType::String, text.clone()),
        Value::IdOf(one) => (ParameterType::String, id(one)?),
        Value::IdsOf(many) => (ParameterType::StringList, many.iter().map(id).collect::<Result<Vec<_>, _>>()?.join(",")),
    };
    let description = Some(want.description.clone()).filter(|text| !text.is_empty());
    let call = at.ssm().put_parameter().name(name).value(value).r#type(kind).overwrite(true);
    call.set_description(description).send().await?;
    Ok(())
}

fn see(at: &Session, found: &Parameter) -> Option<Seen<SsmParameter>> {
    let name = found.name()?;
    let text = found.value().unwrap_or_default();
    let value = match found.r#type() {
        Some(ParameterType::StringList) => listed(at, text).map(Value::IdsOf),
        Some(ParameterType::String) => known(at, text).map(Value::IdOf),
        _ => None,
    };
    let spec = SsmParameter { value: value.unwrap_or_else(|| Value::Text(text.to_owned())), description: String::new() };
    Some(Seen { id: name.into(), name: name.strip_prefix('/').and_then(|name| name.parse::<Name>().ok()), spec })
}

/// A list of ids as what they are the ids of. One that no longer exists is named by its id, so that the list stays a list.
fn listed(at: &Session, text: &str) -> Option<Vec<Reference>> {
    text.split(',').map(|id| at.reference(kind_of(id)?, id)).collect()
}

/// The resource of ours that has this id. An id of anybody else's is a text like any other.
fn known(at: &Session, id: &str) -> Option<Reference> {
    at.reference(kind_of(id)?, id).filter(|reference| reference.name.as_str() != id)
}

fn kind_of(id: &str) -> Option<&'static KindName> {
    const { &PREFIXES }.iter().find(|(prefix, _)| id.starts_with(prefix)).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(value: serde_json::Value) -> SsmParameter {
        serde_json::from_value(serde_json::json!({ "value": value })).unwrap()
    }

    #[test]
    fn the_record_of_applies_is_none_of_ours() {
        assert!(!crate::model::Record::PARAMETER.starts_with(PATH));
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
