//! Policy documents, compared by meaning: what IAM treats as equal is equal here.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fmt;

/// The version whose policy variables work; documents of ours that name none mean this one.
const VERSION: &str = "2012-10-17";
/// The version that AWS takes a stored document to have that names none.
const VERSION_UNSAID: &str = "2008-10-17";
/// Twelve digits, as every account id has.
const ACCOUNT_ID_LENGTH: usize = 12;

/// An IAM policy document, as in AWS's documentation, with `${account.id}`, `${partition}` and `${region}` for what differs by account.
///
/// Held in canonical form: lists sorted and free of repetition, one value as a list of one, shorthands written out, ARNs free of the
/// partition. Actions and condition keys keep their letters' case, and are compared without it.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "Value", into = "Value")]
#[schemars(with = "Map<String, Value>")]
pub struct Document(Value);

impl Document {
    /// A document that AWS returned, as JSON text.
    pub fn found(text: &str) -> Document {
        match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => Document(canonical(fields, VERSION_UNSAID)),
            // Not even AWS should say so; and whatever it is, it differs from every document that anybody declares.
            _ => Document(Value::Object(Map::from_iter([("Unreadable".to_owned(), Value::from(text))]))),
        }
    }

    /// The document for one account: `${account.id}`, `${partition}` and `${region}` filled in. IAM's own `${aws:…}` stay.
    #[must_use]
    pub fn fill(&self, account: &str, partition: &str, region: &str) -> Document {
        Document(each_text(&self.0, &|text| fill(text, account, partition, region)))
    }

    /// The reverse of `fill`: the same document in every account.
    #[must_use]
    pub fn restore(&self, account: &str, region: &str) -> Document {
        let restored = each_text(&self.0, &|text| restored(text, account, region));
        match restored {
            Value::Object(fields) => Document(canonical(fields, VERSION)),
            other => Document(other),
        }
    }

    /// The hosts of the OIDC providers that the document's statements trust.
    pub fn providers(&self) -> BTreeSet<String> {
        let statements = self.0.get("Statement").and_then(Value::as_array).into_iter().flatten();
        let federated = statements.filter_map(|statement| statement.get("Principal")?.get("Federated")?.as_array());
        let hosts = federated.flatten().filter_map(|arn| arn.as_str()?.split_once(":oidc-provider/"));
        hosts.map(|(_, host)| host.to_owned()).collect()
    }

    /// The text that goes to AWS.
    pub fn compact(&self) -> String {
        self.0.to_string()
    }

    /// What is compared: names that AWS reads without regard to case in one case.
    fn folded(&self) -> Value {
        folded(&self.0)
    }
}

/// A text whose ARNs are the same in every partition.
pub(super) fn neutral(text: &str) -> String {
    let partitions = ["arn:aws:", "arn:aws-cn:", "arn:aws-us-gov:"];
    partitions.iter().fold(text.to_owned(), |text, partition| text.replace(partition, "arn:${partition}:"))
}

/// A text for one account.
pub(super) fn fill(text: &str, account: &str, partition: &str, region: &str) -> String {
    text.replace("${account.id}", account).replace("${partition}", partition).replace("${region}", region)
}

/// The reverse of `fill`.
pub(super) fn restored(text: &str, account: &str, region: &str) -> String {
    word(&word(&neutral(text), account, "${account.id}"), region, "${region}")
}

/// Replaces a word where it stands alone: `123456789012` in an ARN, but not within a longer number or name.
fn word(text: &str, word: &str, by: &str) -> String {
    let joins = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let (mut done, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(word).filter(|_| !word.is_empty()) {
        let (before, after) = (&rest[..at], &rest[at + word.len()..]);
        done.push_str(before);
        let alone = !done.ends_with(joins) && !after.starts_with(joins);
        done.push_str(if alone { by } else { word });
        rest = after;
    }
    done + rest
}

/// Applies a change of text to every text and key of a value.
fn each_text(value: &Value, change: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(change(text)),
        Value::Array(items) => items.iter().map(|item| each_text(item, change)).collect(),
        Value::Object(fields) => Value::Object(fields.iter().map(|(key, field)| (change(key), each_text(field, change))).collect()),
        plain => plain.clone(),
    }
}

fn canonical(mut fields: Map<String, Value>, version: &str) -> Value {
    fields.entry("Version").or_insert_with(|| Value::from(version));
    if let Some(statements) = fields.remove("Statement") {
        let mut statements: Vec<Value> = listed(statements).into_iter().map(statement).collect();
        statements.sort_by_cached_key(|statement| folded(statement).to_string());
        statements.dedup_by_key(|statement| folded(statement).to_string());
        fields.insert("Statement".to_owned(), Value::Array(statements));
    }
    sorted(fields)
}

fn statement(value: Value) -> Value {
    let Value::Object(fields) = value else { return value };
    let part = |(key, value): (String, Value)| {
        let value = match key.as_str() {
            "Action" | "NotAction" | "Resource" | "NotResource" => set(value),
            "Principal" | "NotPrincipal" => principal(value),
            "Condition" => condition(value),
            _ => value,
        };
        (key, value)
    };
    sorted(fields.into_iter().map(part).collect())
}

/// `"*"` means everybody, as does `{"AWS": "*"}`; an account's digits mean its root ARN.
fn principal(value: Value) -> Value {
    let fields = match value {
        Value::Object(fields) => fields,
        everybody => Map::from_iter([("AWS".to_owned(), everybody)]),
    };
    let short = |item: Value| match item.as_str().and_then(account_of_root) {
        Some(account) => Value::from(account),
        None => item,
    };
    let part = |(key, value): (String, Value)| (key, set(listed(value).into_iter().map(short).collect()));
    sorted(fields.into_iter().map(part).collect())
}

/// The account in `arn:…:iam::ACCOUNT:root`: its digits, or the placeholder.
fn account_of_root(arn: &str) -> Option<String> {
    let account = arn.strip_prefix("arn:")?.strip_suffix(":root")?.split_once(":iam::")?.1;
    let digits = account.len() == ACCOUNT_ID_LENGTH && account.chars().all(|c| c.is_ascii_digit());
    (digits || account == "${account.id}").then(|| account.to_owned())
}

fn condition(value: Value) -> Value {
    let Value::Object(operators) = value else { return value };
    let keys = |value: Value| match value {
        Value::Object(keys) => sorted(keys.into_iter().map(|(key, value)| (key, set(value))).collect()),
        other => other,
    };
    sorted(operators.into_iter().map(|(operator, value)| (operator, keys(value))).collect())
}

fn listed(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        one => vec![one],
    }
}

/// A value or a list of values, as texts, sorted without regard to case, each once.
fn set(value: Value) -> Value {
    let text = |item: Value| match item {
        Value::String(text) => neutral(&text),
        other => other.to_string(),
    };
    let mut texts: Vec<String> = listed(value).into_iter().map(text).collect();
    texts.sort_by_cached_key(|text| (text.to_lowercase(), text.clone()));
    texts.dedup();
    texts.into_iter().collect()
}

/// The fields in order of their keys, whichever map `serde_json` was built with.
fn sorted(fields: Map<String, Value>) -> Value {
    let mut fields: Vec<_> = fields.into_iter().collect();
    fields.sort_by(|a, b| a.0.cmp(&b.0));
    Value::Object(fields.into_iter().collect())
}

/// Action names and condition keys in lower case, as they are compared.
fn folded(value: &Value) -> Value {
    let Value::Object(fields) = value else { return value.clone() };
    let part = |(key, value): (&String, &Value)| {
        let value = match (key.as_str(), value) {
            ("Action" | "NotAction", actions) => lower_set(actions),
            ("Statement", Value::Array(statements)) => statements.iter().map(folded).collect(),
            ("Condition", Value::Object(operators)) => operators.iter().map(|(name, keys)| (name.clone(), lower_keys(keys))).collect(),
            (_, value) => value.clone(),
        };
        (key.clone(), value)
    };
    Value::Object(fields.iter().map(part).collect())
}

fn lower_set(actions: &Value) -> Value {
    let texts = actions.as_array().into_iter().flatten().filter_map(Value::as_str);
    texts.map(str::to_lowercase).collect::<BTreeSet<_>>().into_iter().collect()
}

fn lower_keys(keys: &Value) -> Value {
    match keys {
        Value::Object(keys) => keys.iter().map(|(key, value)| (key.to_lowercase(), value.clone())).collect(),
        other => other.clone(),
    }
}

/// A list of one as the one, which is how people write it.
fn collapsed(value: &Value) -> Value {
    match value {
        Value::Array(items) if items.len() == 1 && items[0].is_string() => items[0].clone(),
        Value::Array(items) => items.iter().map(collapsed).collect(),
        Value::Object(fields) => Value::Object(fields.iter().map(|(key, value)| (key.clone(), collapsed(value))).collect()),
        plain => plain.clone(),
    }
}

impl PartialEq for Document {
    fn eq(&self, other: &Document) -> bool {
        self.folded() == other.folded()
    }
}

impl TryFrom<Value> for Document {
    type Error = String;

    fn try_from(value: Value) -> Result<Document, String> {
        match value {
            Value::Object(fields) => Ok(Document(canonical(fields, VERSION))),
            other => Err(format!("a policy document is a mapping with a `Statement`, not {other}")),
        }
    }
}

impl From<Document> for Value {
    fn from(document: Document) -> Value {
        document.0
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", collapsed(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn document(value: Value) -> Document {
        Document::try_from(value).unwrap()
    }

    /// One statement with one part set.
    fn with(part: &str, value: Value) -> Document {
        document(json!({ "Statement": { "Effect": "Allow", part: value } }))
    }

    #[test]
    fn what_iam_treats_as_equal_is_equal() {
        let equal = [
            (with("Action", json!("s3:GetObject")), with("Action", json!(["S3:getobject"]))),
            (with("Action", json!(["a:B", "c:D", "a:b"])), with("Action", json!(["c:D", "a:B"]))),
            (with("Resource", json!(["x", "y"])), with("Resource", json!(["y", "x", "y"]))),
            (with("Principal", json!("*")), with("Principal", json!({ "AWS": "*" }))),
            (with("Principal", json!({ "AWS": "123456789012" })), with("Principal", json!({ "AWS": ["arn:aws:iam::123456789012:root"] }))),
            (
                with("Condition", json!({ "Bool": { "aws:SecureTransport": true } })),
                with("Condition", json!({ "Bool": { "aws:securetransport": ["true"] } })),
            ),
            (
                with("Condition", json!({ "NumericLessThan": { "s3:max-keys": 10 } })),
                with("Condition", json!({ "NumericLessThan": { "s3:max-keys": "10" } })),
            ),
            (with("Resource", json!("arn:aws:s3:::x")), with("Resource", json!("arn:${partition}:s3:::x"))),
            (
                document(json!({ "Version": "2012-10-17", "Statement": [{ "Sid": "A" }, { "Sid": "B" }] })),
                document(json!({ "Statement": [{ "Sid": "B" }, { "Sid": "A" }] })),
            ),
        ];
        for (one, other) in equal {
            assert_eq!(one, other);
        }
    }

    #[test]
    fn what_iam_tells_apart_differs() {
        assert_ne!(with("Resource", json!("x")), with("Resource", json!("X")));
        assert_ne!(with("Resource", json!("x")), with("NotResource", json!("x")));
        assert_ne!(with("Sid", json!("A")), with("Sid", json!("B")));
        let unsaid = Document::found(r#"{"Statement":[]}"#);
        assert_ne!(unsaid, document(json!({ "Statement": [] })), "AWS takes a stored document without a version for one of 2008");
        assert_ne!(Document::found("no JSON"), document(json!({})));
    }

    #[test]
    fn one_account_s_names_are_filled_in_and_taken_out() {
        let arn = "arn:${partition}:ssm:${region}:${account.id}:parameter/${aws:PrincipalTag/team}-1234567890123";
        let spec = with("Resource", json!(arn));
        let filled = spec.fill("123456789012", "aws-cn", "cn-north-1");
        let expected = "arn:aws-cn:ssm:cn-north-1:123456789012:parameter/${aws:PrincipalTag/team}-1234567890123";
        assert_eq!(filled.0["Statement"][0]["Resource"][0], expected);
        assert_eq!(Document::found(&filled.compact()).restore("123456789012", "cn-north-1"), spec);
        assert_eq!(word("cn-north-1 cn-north-1a xcn-north-1", "cn-north-1", "!"), "! cn-north-1a xcn-north-1");
        assert_eq!(word("aaaa aa", "aa", "!"), "aaaa !");
    }

    #[test]
    fn a_trust_names_its_providers() {
        let host = "token.actions.githubusercontent.com";
        let trust = with("Principal", json!({ "Federated": format!("arn:aws:iam::123456789012:oidc-provider/{host}") }));
        assert_eq!(trust.providers(), BTreeSet::from([host.to_owned()]));
    }

    #[test]
    fn a_document_reads_as_people_write_it() {
        let shown = with("Action", json!(["s3:GetObject"])).to_string();
        let expected = r#"{
  "Statement": [
    {
      "Action": "s3:GetObject",
      "Effect": "Allow"
    }
  ],
  "Version": "2012-10-17"
}"#;
        assert_eq!(shown, expected);
    }

    #[test]
    fn only_a_mapping_is_a_document() {
        let error = serde_json::from_str::<Document>("[]").unwrap_err().to_string();
        assert_eq!(error, "a policy document is a mapping with a `Statement`, not []");
    }

    /// A statement out of a few parts, so that equal ones turn up often.
    fn statement() -> impl Strategy<Value = Value> {
        let text = || prop::sample::select(vec!["s3:Get*", "S3:get*", "arn:aws:iam::123456789012:root", "${region}", "123456789012", "*"]);
        let list = move || prop::collection::vec(text(), 1..4);
        let part = prop::sample::select(vec!["Action", "NotAction", "Resource", "Sid"]);
        let principal = prop_oneof![text().prop_map(Value::from), list().prop_map(|list| json!({ "AWS": list }))];
        (part, list(), principal, any::<bool>()).prop_map(
            |(part, list, principal, value)| json!({ part: list, "Principal": principal, "Condition": { "Bool": { "aws:X": value } } }),
        )
    }

    proptest! {
        #[test]
        fn order_and_a_round_trip_change_nothing(statements in prop::collection::vec(statement(), 0..5)) {
            let one = document(json!({ "Statement": statements }));
            let reversed: Vec<Value> = statements.into_iter().rev().collect();
            prop_assert_eq!(&document(json!({ "Statement": reversed })), &one);
            prop_assert_eq!(&document(one.0.clone()), &one, "canonical form is a fixed point");
            let spec = one.restore("123456789012", "us-west-2");
            let live = Document::found(&spec.fill("123456789012", "aws", "us-west-2").compact());
            prop_assert_eq!(live.restore("123456789012", "us-west-2"), spec);
        }
    }
}
