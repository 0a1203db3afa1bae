//! The fields of a kind, told from its schema: for `landfall explain` and the documentation. Makes nothing up that is not in the schema.

use super::Row;
use serde_json::{Map, Value};

/// One field of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// As in YAML; the fields of a list's items as `ingress[].cidr`.
    pub name: String,
    /// What it holds, in words: `list of reference`.
    pub holds: String,
    pub required: bool,
    /// From the field's doc comment.
    pub about: String,
}

/// The fields of a kind, each list's item fields below the list, in order of their names.
pub fn fields(row: &Row) -> Vec<Field> {
    let schema = (row.schema)();
    let none = Map::new();
    let definitions = schema.get("$defs").and_then(Value::as_object).unwrap_or(&none);
    of(schema.as_value(), "", definitions)
}

fn of(schema: &Value, prefix: &str, definitions: &Map<String, Value>) -> Vec<Field> {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut fields = Vec::new();
    for (key, field) in schema["properties"].as_object().into_iter().flatten() {
        let name = format!("{prefix}{key}");
        let about = words(field["description"].as_str().unwrap_or_default());
        fields.push(Field { holds: holds(field, definitions), required: required.contains(&key.as_str()), about, name: name.clone() });
        let items = resolve(&field["items"], definitions).map_or(&field["items"], |(_, items)| items);
        fields.extend(of(items, &format!("{name}[]."), definitions));
    }
    fields
}

/// What a schema allows, in words.
fn holds(schema: &Value, definitions: &Map<String, Value>) -> String {
    if let Some((name, definition)) = resolve(schema, definitions) {
        let alternatives = ["anyOf", "oneOf", "enum"].iter().any(|key| definition.get(key).is_some());
        return if alternatives { holds(definition, definitions) } else { name.to_lowercase() };
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ");
    }
    if let Some(either) = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array()) {
        let either = either.iter().filter(|schema| schema["type"] != "null").map(|schema| holds(schema, definitions));
        return either.collect::<Vec<_>>().join(" or ");
    }
    match schema["type"].as_str().or_else(|| schema["type"].get(0)?.as_str()).unwrap_or("anything") {
        "string" => "text".to_owned(),
        "array" => format!("list of {}", holds(&schema["items"], definitions)),
        "object" => object(schema, definitions),
        plain => plain.to_owned(),
    }
}

/// A map, or a mapping with named keys such as `{prefix: integer}`.
fn object(schema: &Value, definitions: &Map<String, Value>) -> String {
    match schema["properties"].as_object() {
        Some(keys) => {
            let keys: Vec<String> = keys.iter().map(|(key, field)| format!("{key}: {}", holds(field, definitions))).collect();
            format!("{{{}}}", keys.join(", "))
        }
        None => format!("map of {}", holds(&schema["additionalProperties"], definitions)),
    }
}

/// The definition that a schema points at, with its name.
fn resolve<'a>(schema: &'a Value, definitions: &'a Map<String, Value>) -> Option<(&'a str, &'a Value)> {
    let name = schema["$ref"].as_str()?.strip_prefix("#/$defs/")?;
    Some((name, definitions.get(name)?))
}

/// A doc comment without its line breaks.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::{TABLE, row};

    fn shown(kind: &str) -> Vec<String> {
        let fields = fields(row(&kind.parse().unwrap()).unwrap()).into_iter();
        fields.map(|field| format!("{} ({}{})", field.name, field.holds, if field.required { ", required" } else { "" })).collect()
    }

    #[test]
    fn fields_are_told_in_words() {
        assert_eq!(
            shown("security-group"),
            [
                "description (text, required)",
                "egress (list of rule)",
                "egress[].cidr (text)",
                "egress[].description (text)",
                "egress[].ports (integer or text)",
                "egress[].protocol (tcp or udp or icmp or all, required)",
                "egress[].security_group (reference)",
                "ingress (list of rule)",
                "ingress[].cidr (text)",
                "ingress[].description (text)",
                "ingress[].ports (integer or text)",
                "ingress[].protocol (tcp or udp or icmp or all, required)",
                "ingress[].security_group (reference)",
                "tags (map of text)",
                "vpc (reference, required)",
            ]
        );
        assert_eq!(shown("vpc")[1], "cidr (text or {prefix: integer} or {newbits: integer}, required)");
        assert_eq!(shown("ssm-parameter")[1], "value ({text: text} or {id_of: reference} or {ids_of: list of reference}, required)");
        assert_eq!(shown("iam-role")[3..], ["policies (map of document)", "tags (map of text)", "trust (document, required)"]);
    }

    #[test]
    fn every_field_is_explained() {
        for field in TABLE.iter().flat_map(fields) {
            assert!(!field.about.is_empty(), "{} has no doc comment", field.name);
        }
    }
}
