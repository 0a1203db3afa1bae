//! The fields of specs and their changes, as lines of text. Everything in them comes from outside and is escaped here.

use super::escape;
use super::paint::{Ink, Paint};
use crate::model::{Change, Concern, Digest, Effect};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

/// The longest value that is still read at a glance on one line; longer ones are spread over several. In characters.
const GLANCE: usize = 100;

/// A text of several lines that is longer than this is code, and shown by its digest: nobody reads it on one line. In characters.
const CODE: usize = 400;

/// Unchanged lines shown around each change of a document.
const CONTEXT: usize = 3;

/// The fields of a spec, as it stands in a shape.
fn inside(spec: &Value) -> Option<&serde_json::Map<String, Value>> {
    spec.as_object()?.values().next()?.as_object()
}

/// The fields of a spec that are set, one a line, documents over several.
pub(super) fn fields(spec: &Value) -> Vec<String> {
    let Some(fields) = inside(spec) else { return Vec::new() };
    let set: Vec<(&String, &Value)> = fields.iter().filter(|(_, value)| is_set(value)).collect();
    let width = set.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    set.into_iter().flat_map(|(name, value)| field(&format!("{name:width$}"), value)).collect()
}

/// The fields in which two specs differ, and which no change speaks of already.
pub(super) fn differences(live: &Value, want: &Value, said: &[Change]) -> Vec<Change> {
    let (Some(live), Some(want)) = (inside(live), inside(want)) else { return Vec::new() };
    let text = |value: Option<&Value>| value.filter(|value| is_set(value)).map(outer);
    let names: std::collections::BTreeSet<&String> = live.keys().chain(want.keys()).collect();
    let differing = names.into_iter().filter(|name| live.get(*name) != want.get(*name));
    let unsaid = differing.filter(|name| !said.iter().any(|change| change.field.split('.').next() == Some(name)));
    unsaid.map(|name| Change::between(name, text(live.get(name)), text(want.get(name)))).collect()
}

fn field(name: &str, value: &Value) -> Vec<String> {
    let text = outer(value);
    if text.chars().count() <= GLANCE && !is_document(value) {
        return vec![format!("{name} = {text}")];
    }
    let mut lines = document(value, 0);
    lines[0] = format!("{name} = {}", lines[0]);
    lines
}

/// JSON over as many lines as it takes, but for what is read at a glance.
fn document(value: &Value, depth: usize) -> Vec<String> {
    let flat = flat(value);
    let (open, close, parts): (_, _, Vec<Vec<String>>) = match value {
        Value::Array(items) if !is_glance(&flat, depth) => ('[', ']', items.iter().map(|item| document(item, depth + 1)).collect()),
        Value::Object(fields) if !is_glance(&flat, depth) => {
            ('{', '}', fields.iter().map(|(name, value)| member(name, value, depth + 1)).collect())
        }
        _ => return vec![flat],
    };
    let count = parts.len();
    let mut lines = vec![open.to_string()];
    for (place, mut part) in parts.into_iter().enumerate() {
        if let Some(last) = part.last_mut().filter(|_| place + 1 < count) {
            last.push(',');
        }
        lines.extend(part.into_iter().map(|line| format!("  {line}")));
    }
    lines.push(close.to_string());
    lines
}

/// JSON on one line, with spaces where people put them.
fn flat(value: &Value) -> String {
    let list = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::Array(items) => format!("[{}]", list(items.iter().map(flat).collect())),
        Value::Object(fields) => {
            format!("{{{}}}", list(fields.iter().map(|(name, value)| format!("{}: {}", quoted(name), flat(value))).collect()))
        }
        Value::String(text) if is_code(text) => code(text),
        plain => escape::line(&plain.to_string()),
    }
}

fn is_code(text: &str) -> bool {
    text.contains('\n') && text.chars().count() > CODE
}

fn code(text: &str) -> String {
    format!("({} lines, digest {})", text.lines().count(), Digest::of(&text).short())
}

fn quoted(text: &str) -> String {
    escape::line(&Value::from(text).to_string())
}

fn member(name: &str, value: &Value, depth: usize) -> Vec<String> {
    let mut lines = document(value, depth);
    lines[0] = format!("{}: {}", quoted(name), lines[0]);
    lines
}

fn is_glance(flat: &str, depth: usize) -> bool {
    flat.chars().count() + 2 * depth <= GLANCE
}

/// Null and empty lists say no more than an absent field does.
fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::String(text) => !text.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// Policy documents are read as documents, however short; they are the only values three levels deep.
fn is_document(value: &Value) -> bool {
    fn depth(value: &Value) -> usize {
        match value {
            Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
            Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
            _ => 0,
        }
    }
    depth(value) >= 3
}

/// A value on one line, without the brackets around the whole of it.
fn outer(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(inner).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => fields.iter().map(|(name, value)| pair(name, value)).collect::<Vec<_>>().join(", "),
        plain => inner(plain),
    }
}

fn inner(value: &Value) -> String {
    match value {
        Value::String(text) if is_code(text) => code(text),
        Value::String(text) => escape::line(text),
        Value::Array(_) => format!("[{}]", outer(value)),
        Value::Object(_) => format!("{{{}}}", outer(value)),
        plain => plain.to_string(),
    }
}

fn pair(name: &str, value: &Value) -> String {
    format!("{}: {}", escape::line(name), inner(value))
}

/// A change as lines: `field: before → after`, or a diff where either side is longer than a line.
pub(super) fn change(change: &Change, paint: Paint) -> Vec<String> {
    let Change { field, before, after, effect, concern } = change;
    let field = escape::line(field);
    let mut notes = String::new();
    if *effect == Effect::Replaces {
        notes.push_str(&paint.text(Ink::Removed, "  (forces replacement)"));
    }
    // The concern itself is among the step's, which are shown with it.
    let _: &Option<Concern> = concern;
    let is_long = |text: &Option<String>| text.as_ref().is_some_and(|text| text.contains('\n') || text.chars().count() > GLANCE);
    if is_long(before) || is_long(after) {
        let diff = diff(before.as_deref().unwrap_or_default(), after.as_deref().unwrap_or_default(), paint);
        return [format!("{field}:{notes}")].into_iter().chain(diff.into_iter().map(|line| format!("  {line}"))).collect();
    }
    let text = |value: &Option<String>| value.as_ref().map_or_else(|| "(not set)".to_owned(), |text| escape::line(text));
    let (before, after) = (paint.text(Ink::Removed, &text(before)), paint.text(Ink::Added, &text(after)));
    vec![format!("{field}: {before} → {after}{notes}")]
}

/// The differing lines of two texts with some context, each after its sign.
fn diff(before: &str, after: &str, paint: Paint) -> Vec<String> {
    let diff = TextDiff::from_lines(before, after);
    let mut lines = Vec::new();
    for (number, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if number > 0 {
            lines.push(paint.text(Ink::Faint, "…"));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let text = escape::line(change.value().trim_end_matches('\n'));
            lines.push(match change.tag() {
                ChangeTag::Equal => format!("  {text}"),
                ChangeTag::Delete => paint.text(Ink::Removed, &format!("- {text}")),
                ChangeTag::Insert => paint.text(Ink::Added, &format!("+ {text}")),
            });
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const PLAIN: Paint = Paint { color: false };

    fn spec(kind: &str, fields: Value) -> Value {
        serde_json::to_value((crate::kinds::row(&kind.parse().unwrap()).unwrap().parse)(fields).unwrap()).unwrap()
    }

    #[test]
    fn fields_are_compact_and_aligned() {
        let group = json!({ "vpc": "vpc/main", "description": "web\u{1b}[0m", "ingress": [{ "protocol": "tcp", "ports": 443, "cidr": "10.0.0.0/8" }] });
        assert_eq!(
            fields(&spec("security-group", group)),
            ["description = web\\u{1b}[0m", "ingress     = {cidr: 10.0.0.0/8, ports: 443, protocol: tcp}", "vpc         = vpc/main"]
        );
        let subnet = json!({ "vpc": "vpc/main", "cidr": "10.0.0.0/24", "zone": "a", "tags": { "team": "catalog", "Name": "a" } });
        assert_eq!(
            fields(&spec("subnet", subnet)),
            [
                "cidr                    = 10.0.0.0/24",
                "map_public_ip_on_launch = false",
                "tags                    = Name: a, team: catalog",
                "vpc                     = vpc/main",
                "zone                    = a",
            ]
        );
    }

    #[test]
    fn short_changes_are_arrows_and_documents_are_diffs() {
        let moved = Change::between("zone", None, Some("a\u{202e}".into())).replaces();
        assert_eq!(change(&moved, PLAIN), ["zone: (not set) → a\\u{202e}  (forces replacement)"]);
        let lines = |action: &str| Some(format!("{{\n  \"Action\": \"{action}\",\n  \"Effect\": \"Allow\"\n}}"));
        assert_eq!(
            change(&Change::between("trust", lines("s3:Get"), lines("s3:*")), PLAIN),
            ["trust:", "    {", "  -   \"Action\": \"s3:Get\",", "  +   \"Action\": \"s3:*\",", "      \"Effect\": \"Allow\"", "    }"]
        );
    }

    #[test]
    fn colours_come_only_when_asked_for() {
        let change_of = Change::between("zone", Some("a".into()), Some("b".into()));
        assert_eq!(change(&change_of, PLAIN), ["zone: a → b"]);
        assert_eq!(change(&change_of, Paint { color: true }), ["zone: \u{1b}[31ma\u{1b}[0m → \u{1b}[32mb\u{1b}[0m"]);
    }

    #[test]
    fn policies_are_documents_however_short_and_lists_of_settings_are_not() {
        let shown = |value: Value| field("x", &value);
        assert_eq!(shown(json!({ "Statement": [{ "Action": "s3:*" }] })), [r#"x = {"Statement": [{"Action": "s3:*"}]}"#]);
        assert_eq!(shown(json!([[["a"], "b"]])), [r#"x = [[["a"], "b"]]"#]);
        let settings = [
            (json!([{ "cidr": "10.0.0.0/8" }, { "cidr": "10.0.0.0/9" }]), "x = {cidr: 10.0.0.0/8}, {cidr: 10.0.0.0/9}"),
            (json!({ "a": ["b", "c"], "d": ["e"] }), "x = a: [b, c], d: [e]"),
            (json!(["a", "b"]), "x = a, b"),
            (json!({}), "x = "),
        ];
        for (value, line) in settings {
            assert_eq!(shown(value), [line]);
        }
    }

    #[test]
    fn code_is_shown_by_its_digest_wherever_it_stands() {
        let code = format!("a\n{}", "b".repeat(CODE));
        let just_text = format!("a\n{}", "b".repeat(CODE - 2));
        let one_line = "b".repeat(CODE + 1);
        let digest = format!("(2 lines, digest {})", Digest::of(&code).short());
        assert_eq!((inner(&json!(code)), flat(&json!([code]))), (digest.clone(), format!("[{digest}]")));
        for text in [just_text, one_line] {
            assert_eq!((inner(&json!(text)), flat(&json!(text))), (escape::line(&text), escape::line(&json!(text).to_string())));
        }
    }

    #[test]
    fn what_differs_and_no_change_speaks_of_is_found() {
        let role = |fields: Value| json!({ "iam-role": fields });
        let live = role(json!({ "trust": "a", "tags": { "team": "x" }, "policies": {}, "path": "/" }));
        let want = role(json!({ "trust": "b", "tags": { "team": "y" }, "boundary": "z", "path": "/" }));
        let said = [Change::between("tags.team", Some("x".into()), Some("y".into()))];
        let unsaid: Vec<_> = differences(&live, &want, &said).into_iter().map(|one| (one.field, one.before, one.after)).collect();
        let text = |text: &str| Some(text.to_owned());
        // What is empty on both sides differs as little as what is absent.
        let expected = [("boundary", None, text("z")), ("policies", None, None), ("trust", text("a"), text("b"))];
        assert_eq!(unsaid, expected.map(|(name, before, after)| (name.to_owned(), before, after)));
    }

    #[test]
    fn a_change_is_a_diff_where_either_side_is_more_than_a_line() {
        let (short, glance, long) = ("a".to_owned(), "a".repeat(GLANCE), "a".repeat(GLANCE + 1));
        let lines = |before: &str, after: &str| change(&Change::between("x", Some(before.into()), Some(after.into())), PLAIN);
        assert_eq!(lines(&short, &glance), [format!("x: a → {glance}")]);
        let diff = |before: &str, after: &str| vec!["x:".to_owned(), format!("  - {before}"), format!("  + {after}")];
        assert_eq!((lines(&short, &long), lines(&long, &short)), (diff(&short, &long), diff(&long, &short)));
        assert_eq!(lines("a\nb", "c"), ["x:", "  - a", "  - b", "  + c"]);
        let poem = |first: &str, last: &str| format!("{first}\n1\n2\n3\n4\n5\n6\n7\n{last}");
        let expected = ["x:", "  - a", "  + b", "    1", "    2", "    3", "  …", "    5", "    6", "    7", "  - c", "  + d"];
        assert_eq!(lines(&poem("a", "c"), &poem("b", "d")), expected);
    }
}
