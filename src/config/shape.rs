//! A tree against a JSON schema: reports everything that does not fit, and gives back the JSON of everything that does.
//!
//! The schemas are those that editors complete from, made from the types, so that what an editor accepts and what we accept can't
//! differ. Knows as much of JSON Schema as `schemars` writes.

use super::bind;
use super::node::{Content, Entry, Node, Span};
use super::problem::{Problem, listed};
use regex_lite::Regex;
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// A schema ready for use.
pub struct Shape {
    root: Value,
    /// Compiled once; none for a pattern that this engine does not understand, which then refuses nothing.
    patterns: RefCell<BTreeMap<String, Option<Regex>>>,
}

/// Whether `${…}` and `for_each` still stand where their values will be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Bound,
    Unbound,
}

/// Whose value is looked at: the key and its place, for what is missing.
#[derive(Clone, Copy)]
struct Whose<'a> {
    key: &'a str,
    at: Span,
}

struct Check<'a> {
    shape: &'a Shape,
    file: &'a str,
    stage: Stage,
    found: Vec<Problem>,
}

impl Shape {
    pub fn new(schema: Value) -> Shape {
        Shape { root: schema, patterns: RefCell::default() }
    }

    /// The JSON of what fits. A part that does not is left out, and so is one that lacks what it needs; the whole is kept if it can be.
    pub fn check(&self, file: &str, name: (&str, Span), node: &Node, stage: Stage) -> (Option<Value>, Vec<Problem>) {
        let mut check = Check { shape: self, file, stage, found: Vec::new() };
        let whose = Whose { key: name.0, at: name.1 };
        let value = match &node.content {
            Content::Map(entries) if self.root.get("properties").is_some() => {
                Some(Value::Object(check.fields(entries, &self.root, whose).0))
            }
            _ => check.value(node, &self.root, whose),
        };
        (value, check.found)
    }

    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let target = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'));
        target.and_then(|path| self.root.pointer(path)).unwrap_or(schema)
    }

    fn matches(&self, pattern: &str, text: &str) -> bool {
        let mut patterns = self.patterns.borrow_mut();
        let compiled = patterns.entry(pattern.to_owned()).or_insert_with(|| Regex::new(pattern).ok());
        compiled.as_ref().is_none_or(|regex| regex.is_match(text))
    }
}

impl Check<'_> {
    fn value(&mut self, node: &Node, schema: &Value, whose: Whose<'_>) -> Option<Value> {
        let shape = self.shape;
        let schema = shape.resolve(schema);
        if self.stage == Stage::Unbound
            && let Some(value) = self.unbound(node, schema, whose)
        {
            return value;
        }
        for word in ["anyOf", "oneOf"] {
            if let Some(branches) = schema.get(word).and_then(Value::as_array) {
                return self.any(node, branches, whose);
            }
        }
        let types = types(schema);
        if !types.is_empty() && !types.iter().any(|name| fits(node, name)) {
            self.wrong_type(node, schema, whose);
            return None;
        }
        match &node.content {
            Content::Map(entries) => self.mapping(entries, schema, whose),
            Content::List(items) => Some(self.list(items, schema, whose)),
            _ => self.scalar(node, schema, whose),
        }
    }

    /// What holds bindings: fits, as far as can be told. None if it holds none.
    fn unbound(&mut self, node: &Node, schema: &Value, whose: Whose<'_>) -> Option<Option<Value>> {
        if let Some(each) = bind::repetition(node) {
            let inner = schema.get("items").or_else(|| schema.get("additionalProperties").filter(|inner| inner.is_object()));
            return Some(inner.and_then(|inner| self.value(each.value, inner, whose)));
        }
        node.text().filter(|text| bind::has_binding(text)).map(|_| Some(node.json()))
    }

    /// The first branch that fits; or what is wrong with the one that comes nearest.
    fn any(&mut self, node: &Node, branches: &[Value], whose: Whose<'_>) -> Option<Value> {
        let mut nearest: Option<(bool, Vec<Problem>)> = None;
        for branch in branches {
            let mut check = Check { shape: self.shape, file: self.file, stage: self.stage, found: Vec::new() };
            let value = check.value(node, branch, whose);
            if check.found.is_empty() {
                return value;
            }
            let near = self.is_near(node, self.shape.resolve(branch));
            if nearest.as_ref().is_none_or(|(was, _)| near && !was) {
                nearest = Some((near, check.found));
            }
        }
        match nearest {
            Some((true, found)) => self.found.extend(found),
            _ => {
                let branches = branches.iter().map(|branch| self.shape.resolve(branch));
                let wanted: Vec<String> = branches.clone().map(wanted).filter(|text| text != "nothing").collect();
                let types: Vec<&str> = branches.flat_map(types).collect();
                let message = format!("`{}` has to be {}, not {}", whose.key, wanted.join(" or "), node.describe());
                self.report(node, whose, message, repair(node, &types));
            }
        }
        None
    }

    /// Whether a branch is what was meant: of the right type, and for a mapping, with a key of its own in it.
    fn is_near(&self, node: &Node, branch: &Value) -> bool {
        let right = types(branch).into_iter().any(|name| fits(node, name));
        let named = |entry: &Entry| branch.get("properties").is_some_and(|known| known.get(&entry.key).is_some());
        let open = branch.get("additionalProperties").is_none_or(|more| more != &Value::Bool(false));
        right && (!matches!(node.content, Content::Map(_)) || open || node.entries().iter().any(named))
    }

    fn mapping(&mut self, entries: &[Entry], schema: &Value, whose: Whose<'_>) -> Option<Value> {
        let (fields, whole) = self.fields(entries, schema, whose);
        whole.then_some(Value::Object(fields))
    }

    /// The fields that fit, and whether all are there that are needed.
    fn fields(&mut self, entries: &[Entry], schema: &Value, whose: Whose<'_>) -> (Map<String, Value>, bool) {
        let none = Map::new();
        let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
        let others = schema.get("additionalProperties");
        let mut fields = Map::new();
        for entry in entries {
            let inner = Whose { key: &entry.key, at: entry.at };
            let value = match (known.get(&entry.key), others) {
                (Some(schema), _) => self.value(&entry.value, schema, inner),
                (None, Some(Value::Bool(false))) => {
                    self.unknown_key(entry, known, whose);
                    None
                }
                (None, Some(schema)) => self.value(&entry.value, schema, inner),
                (None, None) => Some(entry.value.json()),
            };
            fields.extend(value.map(|value| (entry.key.clone(), value)));
        }
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let mut whole = true;
        for key in required.filter(|key| !fields.contains_key(*key)) {
            whole = false;
            if !entries.iter().any(|entry| entry.key == key) {
                self.missing(key, known.get(key), whose);
            }
        }
        (fields, whole)
    }

    fn list(&mut self, items: &[Node], schema: &Value, whose: Whose<'_>) -> Value {
        if let Some(wrong) = wrong_length(items.len(), schema).filter(|_| self.stage == Stage::Bound) {
            self.found.push(Problem::error("wrong-value", self.file, whose.at, format!("`{}` holds {wrong}", whose.key)));
        }
        let mut values: Vec<Value> = Vec::new();
        let mut seen = BTreeSet::new();
        for item in items {
            let inner = Whose { key: whose.key, at: item.at };
            // In a list, a repetition stands for items, not for a list.
            let node = bind::repetition(item).filter(|_| self.stage == Stage::Unbound).map_or(item, |each| each.value);
            let value = schema.get("items").map_or_else(|| Some(node.json()), |schema| self.value(node, schema, inner));
            let Some(value) = value else { continue };
            if schema.get("uniqueItems") == Some(&Value::Bool(true)) && !seen.insert(value.to_string()) {
                let message = format!("`{}` holds {} twice", whose.key, item.describe());
                self.found.push(Problem::error("duplicate-item", self.file, item.at, message).label("again here"));
                continue;
            }
            values.push(value);
        }
        Value::Array(values)
    }

    fn scalar(&mut self, node: &Node, schema: &Value, whose: Whose<'_>) -> Option<Value> {
        let value = node.json();
        let constant = schema.get("const").map(std::slice::from_ref);
        let choices = schema.get("enum").and_then(Value::as_array).map(Vec::as_slice).or(constant);
        if let Some(choices) = choices.filter(|choices| !choices.contains(&value)) {
            let known: Vec<&str> = choices.iter().filter_map(Value::as_str).collect();
            let message = format!("`{}` can't be {}", whose.key, node.describe());
            let problem = Problem::error("wrong-value", self.file, node.at, message);
            self.found.push(problem.suggest(node.text().unwrap_or_default(), known));
            return None;
        }
        if let Some(wrong) = out_of_bounds(&value, schema) {
            let message = format!("`{}` is {}, which is {wrong}", whose.key, node.describe());
            self.found.push(Problem::error("wrong-value", self.file, node.at, message));
            return None;
        }
        let pattern = schema.get("pattern").and_then(Value::as_str);
        if pattern.zip(node.text()).is_some_and(|(pattern, text)| !self.shape.matches(pattern, text)) {
            self.malformed(node, schema, whose);
            return None;
        }
        Some(value)
    }

    fn malformed(&mut self, node: &Node, schema: &Value, whose: Whose<'_>) {
        let message = format!("`{}` can't be {}", whose.key, node.describe());
        let mut problem = Problem::error("wrong-value", self.file, node.at, message);
        problem.hint = about(schema);
        self.found.push(problem);
    }

    fn wrong_type(&mut self, node: &Node, schema: &Value, whose: Whose<'_>) {
        let mut message = format!("`{}` has to be {}, not {}", whose.key, wanted(schema), node.describe());
        if matches!(node.content, Content::Null) {
            message = format!("`{}` has no value, and has to be {}", whose.key, wanted(schema));
        }
        self.report(node, whose, message, repair(node, &types(schema)));
    }

    fn report(&mut self, node: &Node, whose: Whose<'_>, message: String, hint: Option<String>) {
        let scalar = !matches!(node.content, Content::Null | Content::List(_) | Content::Map(_));
        let problem = Problem::error("wrong-type", self.file, if scalar { node.at } else { whose.at }, message);
        self.found.push(Problem { hint, ..problem });
    }

    fn unknown_key(&mut self, entry: &Entry, known: &Map<String, Value>, whose: Whose<'_>) {
        let message = format!("`{}` is no key of `{}`", entry.key, whose.key);
        let problem = Problem::error("unknown-key", self.file, entry.at, message).label("unknown key");
        self.found.push(problem.suggest(&entry.key, known.keys().map(String::as_str)));
    }

    fn missing(&mut self, key: &str, schema: Option<&Value>, whose: Whose<'_>) {
        let mut problem = Problem::error("missing-key", self.file, whose.at, format!("`{}` has no `{key}`", whose.key));
        problem.hint = schema.and_then(about).map(|about| format!("`{key}`: {about}"));
        self.found.push(problem);
    }
}

/// The first line of what a schema says of itself.
fn about(schema: &Value) -> Option<String> {
    schema.get("description").and_then(Value::as_str).and_then(|text| text.lines().next()).map(str::to_owned)
}

fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn fits(node: &Node, name: &str) -> bool {
    match &node.content {
        Content::Null => name == "null",
        Content::Bool(_) => name == "boolean",
        Content::Integer(_) => name == "integer" || name == "number",
        Content::Float(_) => name == "number",
        Content::Text(_) => name == "string",
        Content::List(_) => name == "array",
        Content::Map(_) => name == "object",
    }
}

/// What a schema wants, in a sentence.
fn wanted(schema: &Value) -> String {
    if let Some(constant) = schema.get("const") {
        return format!("`{constant}`").replace('"', "");
    }
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        return listed(&choices.iter().filter_map(Value::as_str).collect::<Vec<_>>());
    }
    let names = types(schema).into_iter().filter(|name| *name != "null").map(|name| match name {
        "string" => "a text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "a mapping",
        _ => "nothing",
    });
    let names = names.collect::<Vec<_>>().join(" or ");
    if names.is_empty() { "nothing".to_owned() } else { names }
}

/// What usually is meant by a value of the wrong type.
fn repair(node: &Node, types: &[&str]) -> Option<String> {
    let wants = |name: &str| types.contains(&name);
    match &node.content {
        Content::Bool(_) | Content::Integer(_) | Content::Float(_) if wants("string") => Some("write it in quotes".to_owned()),
        Content::Text(word) if wants("boolean") => match word.to_lowercase().as_str() {
            "yes" | "on" | "y" | "true" => Some("write `true`".to_owned()),
            "no" | "off" | "n" | "false" => Some("write `false`".to_owned()),
            _ => None,
        },
        Content::Text(word) if wants("array") => Some(format!("write a list: `[{}]`", super::node::shortened(word))),
        Content::Null if wants("object") => Some("write `{}` for an empty one".to_owned()),
        Content::Null if wants("array") => Some("write `[]` for an empty one".to_owned()),
        _ => None,
    }
}

/// How many items a list holds, when that is too few or too many.
fn wrong_length(count: usize, schema: &Value) -> Option<String> {
    let bound = |word: &str| schema.get(word).and_then(Value::as_u64).and_then(|bound| usize::try_from(bound).ok());
    let items = if count == 1 { "1 item".to_owned() } else { format!("{count} items") };
    let least = bound("minItems").filter(|least| count < *least).map(|least| format!("under {least}, the least"));
    let most = || bound("maxItems").filter(|most| count > *most).map(|most| format!("over {most}, the most"));
    least.or_else(most).map(|why| format!("{items}, which is {why}"))
}

fn out_of_bounds(value: &Value, schema: &Value) -> Option<String> {
    let number = value.as_f64()?;
    let bound = |word: &str| schema.get(word).and_then(Value::as_f64);
    if let Some(least) = bound("minimum").filter(|least| number < *least) {
        return Some(format!("under {least}, the least"));
    }
    bound("maximum").filter(|most| number > *most).map(|most| format!("over {most}, the most"))
}
