//! The JSON schemas of both files, from their types and from the table of kinds. Editors complete from them, and `shape` checks by them.

use super::domains::Domains;
use super::module::Module;
use crate::kinds;
use serde_json::{Map, Value, json};

/// The schema of `domains.yaml`.
pub fn domains() -> Value {
    schemars::schema_for!(Domains).to_value()
}

/// The schema of a `module.yaml`, with the fields of every kind.
pub fn module() -> Value {
    let mut schema = plain_module();
    let names: Vec<Value> = kinds::TABLE.iter().map(|row| json!(row.kind.as_str())).collect();
    if let Some(kind) = schema.pointer_mut("/$defs/Resource/properties/kind") {
        kind["enum"] = Value::Array(names);
    }
    if let Some(resource) = schema.pointer_mut("/$defs/Resource") {
        resource["allOf"] = kinds::TABLE.iter().map(when_kind).collect();
    }
    schema
}

/// The schema of a module without kinds: they have checks of their own, which know more than a schema can say.
pub fn plain_module() -> Value {
    schemars::schema_for!(Module).to_value()
}

/// The schema of one kind's spec.
pub fn kind(row: &kinds::Row) -> Value {
    let mut schema = (row.schema)().to_value();
    // Tags have a default in every kind; config adds to them.
    schema["title"] = json!(row.kind.as_str());
    schema
}

/// For editors: the fields' names and descriptions only, since any of them may hold a binding instead of its value.
fn when_kind(row: &kinds::Row) -> Value {
    let schema = (row.schema)().to_value();
    let fields = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let described = fields.into_iter().map(|(name, field)| {
        let about = field.get("description").cloned();
        (name, about.map_or_else(|| json!({}), |about| json!({ "description": about })))
    });
    json!({
        "if": { "properties": { "kind": { "const": row.kind.as_str() } } },
        "then": { "properties": { "spec": {
            "description": row.about,
            "properties": described.collect::<Map<_, _>>(),
            "additionalProperties": false,
        } } },
    })
}

/// As committed: indented, with a line end.
pub fn text(schema: &Value) -> String {
    format!("{schema:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn committed(path: &str) -> String {
        std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap_or_default()
    }

    #[test]
    fn the_committed_schemas_are_fresh() {
        assert!(committed("domains.schema.json") == text(&domains()), "run: cargo run -- schema domains > domains.schema.json");
        assert!(committed("modules/module.schema.json") == text(&module()), "run: cargo run -- schema module > modules/module.schema.json");
    }

    /// The keys of a schema, at any depth.
    fn keys(schema: &Value, into: &mut std::collections::BTreeSet<String>) {
        match schema {
            Value::Object(fields) => {
                into.extend(fields.get("properties").and_then(Value::as_object).into_iter().flat_map(|known| known.keys().cloned()));
                fields.values().for_each(|field| keys(field, into));
            }
            Value::Array(items) => items.iter().for_each(|item| keys(item, into)),
            _ => {}
        }
    }

    #[test]
    fn every_key_is_documented() {
        let text = committed("docs/configuration.md");
        let mut all = std::collections::BTreeSet::new();
        keys(&domains(), &mut all);
        keys(&plain_module(), &mut all);
        all.retain(|key| !text.contains(key.as_str()));
        assert_eq!(all, std::collections::BTreeSet::new());
    }
}
