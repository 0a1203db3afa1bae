//! Digests: SHA-256 over canonical JSON, so that what was reviewed is what is applied.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::fmt;

/// A SHA-256 in lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// The digest of a value's canonical JSON.
    ///
    /// # Panics
    /// When the value has no JSON form, which none of our types lacks.
    pub fn of(value: &impl Serialize) -> Digest {
        Digest::of_text(&canonical(value))
    }

    /// The digest of a text, byte by byte.
    pub fn of_text(text: &str) -> Digest {
        let hash = Sha256::digest(text);
        Digest(hash.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The first twelve characters, as people compare them.
    pub fn short(&self) -> &str {
        &self.0[..self.0.len().min(12)]
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Canonical JSON: object keys sorted, no white space. Sorted here and not left to `serde_json`, whose order is a Cargo feature away.
///
/// # Panics
/// When the value has no JSON form.
pub fn canonical(value: &impl Serialize) -> String {
    let mut text = String::new();
    write(&serde_json::to_value(value).expect("plain data has a JSON form"), &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut sorted: Vec<_> = fields.iter().collect();
            sorted.sort_by_key(|(key, _)| key.as_str());
            text.push('{');
            for (at, (key, value)) in sorted.into_iter().enumerate() {
                text.push_str(if at == 0 { "" } else { "," });
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                write(value, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { "," });
                write(item, text);
            }
            text.push(']');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_json_sorts_keys_at_every_depth() {
        let value = serde_json::json!({ "b": [{ "z": 1, "a": null }], "a": "\"" });
        assert_eq!(canonical(&value), r#"{"a":"\"","b":[{"a":null,"z":1}]}"#);
    }
}
