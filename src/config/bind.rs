//! Bindings: `${domain.name}` and `for_each` in a module, and what they stand for. They select and repeat; they never compute.

use super::node::{Content, Entry, Node};
use super::problem::{Problem, Refused};
use serde_json::Value;
use std::cell::Cell;
use std::collections::BTreeMap;

/// Left for the drivers: they hold ids, which no spec may.
const PASSED: [&str; 3] = ["account.id", "partition", "region"];

/// What each name stands for, in one account.
pub type Scope = BTreeMap<String, Value>;

/// The lists that can be repeated over: a key and a value for each item.
pub type Lists = BTreeMap<String, Vec<(String, Value)>>;

/// `{for_each: LIST, value: …}` for a list, and with `key` for a mapping.
pub struct Repetition<'a> {
    pub list: &'a Node,
    pub key: Option<&'a Node>,
    pub value: &'a Node,
}

/// A part of a text.
#[derive(Debug, PartialEq)]
enum Part<'a> {
    Text(&'a str),
    Binding(&'a str),
}

/// The repetition that a mapping is, if it is one.
pub fn repetition(node: &Node) -> Option<Repetition<'_>> {
    let list = node.get("for_each")?;
    let (key, value) = (node.get("key"), node.get("value")?);
    (node.entries().len() == 2 + usize::from(key.is_some())).then_some(Repetition { list, key, value })
}

/// Whether a text holds a binding of ours.
pub fn has_binding(text: &str) -> bool {
    parts(text).iter().any(|part| matches!(part, Part::Binding(_)))
}

/// The bindings of a text, by name.
pub fn bindings(text: &str) -> impl Iterator<Item = &str> {
    parts(text).into_iter().filter_map(|part| match part {
        Part::Binding(name) => Some(name),
        Part::Text(_) => None,
    })
}

/// Ours are words with dots. IAM's own have a colon (`${aws:username}`) or are one sign (`${*}`), and stay.
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut from, mut search) = (0, 0);
    while let Some(start) = text[search..].find("${").map(|at| search + at) {
        let Some(end) = text[start..].find('}').map(|at| start + at) else { break };
        let name = &text[start + 2..end];
        search = end + 1;
        let passed = PASSED.contains(&name) || name.contains(':') || ["*", "?", "$"].contains(&name);
        if !passed {
            parts.extend((from < start).then(|| Part::Text(&text[from..start])));
            parts.push(Part::Binding(name));
            from = search;
        }
    }
    parts.extend((from < text.len()).then(|| Part::Text(&text[from..])));
    parts
}

/// What a text takes of the budget beyond being a value, in about a value's bytes.
pub fn weight(text: &str) -> u32 {
    const VALUE: usize = 100;
    u32::try_from(text.len() / VALUE).unwrap_or(u32::MAX)
}

/// How much may come of the files: they are small, but repetitions multiply.
pub struct Budget(Cell<u32>);

impl Budget {
    pub fn new(values: u32) -> Budget {
        Budget(Cell::new(values))
    }

    /// What is left.
    pub fn left(&self) -> u32 {
        self.0.get()
    }

    /// Takes some; false when nothing is left, and from then on.
    pub fn spend(&self, values: u32) -> bool {
        self.0.set(self.0.get().saturating_sub(values));
        self.0.get() > 0
    }
}

/// The names and lists of one account and module.
#[derive(Clone, Copy)]
pub struct Bound<'a> {
    pub budget: &'a Budget,
    pub file: &'a str,
    pub scope: &'a Scope,
    pub lists: &'a Lists,
    pub each: Option<(&'a str, &'a Value)>,
}

impl<'a> Bound<'a> {
    /// The same, within one item of a repetition.
    pub fn within(self, each: &'a (String, Value)) -> Bound<'a> {
        Bound { each: Some((&each.0, &each.1)), ..self }
    }

    /// The tree with every binding replaced and every repetition written out.
    ///
    /// # Errors
    /// The first binding that stands for nothing, or for what does not fit.
    pub fn expand(self, node: &Node) -> Result<Node, Refused> {
        if !self.budget.spend(1) {
            return Err(self.wrong("too-large", node.at, "too much comes of this"));
        }
        let content = match &node.content {
            Content::Text(text) => return self.text(node, text),
            Content::List(items) => Content::List(self.items(items)?),
            Content::Map(entries) => match repetition(node) {
                Some(each) => self.repeat(&each)?,
                None => Content::Map(entries.iter().map(|entry| self.entry(entry)).collect::<Result<_, _>>()?),
            },
            plain => plain.clone(),
        };
        Ok(Node { at: node.at, content })
    }

    fn entry(self, entry: &Entry) -> Result<Entry, Refused> {
        let key = self.word(&entry.key, entry.at)?;
        Ok(Entry { key, at: entry.at, value: self.expand(&entry.value)? })
    }

    /// A repetition among items stands for items.
    fn items(self, items: &[Node]) -> Result<Vec<Node>, Refused> {
        let mut all = Vec::new();
        for item in items {
            match repetition(item) {
                Some(each) if each.key.is_none() => match self.repeat(&each)? {
                    Content::List(more) => all.extend(more),
                    other => all.push(Node { at: item.at, content: other }),
                },
                _ => all.push(self.expand(item)?),
            }
        }
        Ok(all)
    }

    fn repeat(self, each: &Repetition<'_>) -> Result<Content, Refused> {
        let items = self.list(each.list)?;
        let Some(key) = each.key else {
            return Ok(Content::List(items.iter().map(|item| self.within(item).expand(each.value)).collect::<Result<_, _>>()?));
        };
        let entry = |item| {
            let inner: Bound<'_> = self.within(item);
            let key_node = inner.expand(key)?;
            let name = key_node.text().map(str::to_owned).ok_or_else(|| self.wrong("wrong-binding", key.at, "a key is a text"))?;
            Ok(Entry { key: name, at: key.at, value: inner.expand(each.value)? })
        };
        Ok(Content::Map(items.iter().map(entry).collect::<Result<_, Refused>>()?))
    }

    /// The items of a list, by its name.
    ///
    /// # Errors
    /// When there is no such list.
    pub fn list(self, name: &Node) -> Result<&'a [(String, Value)], Refused> {
        let known = self.lists;
        let list = name.text().and_then(|text| known.get(text));
        list.map(Vec::as_slice).ok_or_else(|| {
            let message = format!("`for_each` repeats over a list, and {} is none", name.describe());
            let problem = Problem::error("unknown-list", self.file, name.at, message);
            Box::new(problem.suggest(name.text().unwrap_or_default(), known.keys().map(String::as_str)))
        })
    }

    fn text(self, node: &Node, text: &str) -> Result<Node, Refused> {
        match parts(text)[..] {
            [Part::Binding(name)] => Ok(Node::of(&self.value(name, node.at)?, node.at)),
            _ => Ok(Node { at: node.at, content: Content::Text(self.word(text, node.at)?) }),
        }
    }

    /// A text with every binding replaced by text.
    ///
    /// # Errors
    /// As for `expand`.
    pub fn word(self, text: &str, at: super::node::Span) -> Result<String, Refused> {
        let mut whole = String::new();
        for part in parts(text) {
            match part {
                Part::Text(text) => whole.push_str(text),
                Part::Binding(name) => match self.value(name, at)? {
                    Value::String(text) => whole.push_str(&text),
                    Value::Number(number) => whole.push_str(&number.to_string()),
                    Value::Bool(truth) => whole.push_str(&truth.to_string()),
                    _ => {
                        let message = format!("`${{{name}}}` is no single value, and can't be part of a text");
                        return Err(self.wrong("wrong-binding", at, &message));
                    }
                },
            }
        }
        Ok(whole)
    }

    fn value(self, name: &str, at: super::node::Span) -> Result<Value, Refused> {
        let found = match (name.strip_prefix("each."), self.each) {
            (Some("key"), Some((key, _))) => Some(Value::from(key)),
            (Some("value"), Some((_, value))) => Some(value.clone()),
            (Some(field), Some((_, value))) => field.strip_prefix("value.").and_then(|field| value.get(field)).cloned(),
            _ => self.scope.get(name).cloned(),
        };
        // The texts of whole files are values too, and take their room.
        if !self.budget.spend(found.as_ref().and_then(Value::as_str).map_or(0, weight)) {
            return Err(self.wrong("too-large", at, "too much comes of this"));
        }
        found.ok_or_else(|| Box::new(unknown(self.file, at, name, self.scope.keys().map(String::as_str), self.each.is_some())))
    }

    fn wrong(self, check: &'static str, at: super::node::Span, message: &str) -> Refused {
        Box::new(Problem::error(check, self.file, at, message))
    }
}

/// A binding that stands for nothing.
pub fn unknown<'a>(file: &str, at: super::node::Span, name: &str, known: impl Iterator<Item = &'a str>, repeats: bool) -> Problem {
    let problem = Problem::error("unknown-binding", file, at, format!("`${{{name}}}` stands for nothing"));
    match name.starts_with("each.") {
        true if !repeats => problem.hint("`each` exists within a `for_each` only"),
        true => problem.suggest(name, ["each.key", "each.value"]),
        false => {
            let known: Vec<&str> = known.chain(PASSED).collect();
            problem.suggest(name, known)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_iam_means_by_a_binding_is_left_to_iam() {
        assert_eq!(parts("a-${domain.name}"), [Part::Text("a-"), Part::Binding("domain.name")]);
        for text in ["${aws:username}", "arn:${partition}:iam::${account.id}:role/*", "${*}", "open ${"] {
            assert_eq!(parts(text), [Part::Text(text)]);
        }
    }
}
