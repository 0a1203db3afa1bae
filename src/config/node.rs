//! A file as a tree that knows where each of its parts is written.

use serde_json::Value;

/// A piece of a file: bytes from `start` to before `end`; line and column of the start as an editor shows them, counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub start: u32,
    pub end: u32,
    pub line: u32,
    pub column: u32,
}

/// A value and its place. The place of a mapping or list is that of its first part.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub at: Span,
    pub content: Content,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    /// In the order of the file, every key once.
    Map(Vec<Entry>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub key: String,
    pub at: Span,
    pub value: Node,
}

impl Node {
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn entries(&self) -> &[Entry] {
        match &self.content {
            Content::Map(entries) => entries,
            _ => &[],
        }
    }

    pub fn items(&self) -> &[Node] {
        match &self.content {
            Content::List(items) => items,
            _ => &[],
        }
    }

    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries().iter().map(|entry| entry.key.as_str())
    }

    /// The place of what a path of keys and positions leads to, or of the last part of the path that exists.
    ///
    /// A mapping or list is best shown at its key, and so is what is missing inside of it.
    pub fn find(&self, path: &[&str]) -> Span {
        let mut at = self.at;
        let mut node = self;
        for part in path {
            let Some((place, next)) = node.step(part) else { return at };
            let whole = matches!(next.content, Content::Map(_) | Content::List(_));
            (at, node) = (if whole { place } else { next.at }, next);
        }
        at
    }

    /// The place of the key that a path ends in, or of the last part of the path that exists.
    pub fn find_key(&self, path: &[&str]) -> Span {
        let Some((last, before)) = path.split_last() else { return self.at };
        let parent = before.iter().try_fold(self, |node, part| node.step(part).map(|(_, next)| next));
        parent.and_then(|node| node.step(last)).map_or_else(|| self.find(before), |(place, _)| place)
    }

    fn step(&self, part: &str) -> Option<(Span, &Node)> {
        let item = || part.parse::<usize>().ok().and_then(|at| self.items().get(at)).map(|item| (item.at, item));
        self.entry(part).map(|entry| (entry.at, &entry.value)).or_else(item)
    }

    /// The value as a tree whose every part is at one place: for values that come from elsewhere.
    pub fn of(value: &Value, at: Span) -> Node {
        let content = match value {
            Value::Null => Content::Null,
            Value::Bool(truth) => Content::Bool(*truth),
            Value::Number(number) => match number.as_i64() {
                Some(whole) => Content::Integer(whole),
                None => Content::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(text) => Content::Text(text.clone()),
            Value::Array(items) => Content::List(items.iter().map(|item| Node::of(item, at)).collect()),
            Value::Object(fields) => {
                Content::Map(fields.iter().map(|(key, value)| Entry { key: key.clone(), at, value: Node::of(value, at) }).collect())
            }
        };
        Node { at, content }
    }

    /// The value without its places.
    pub fn json(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(truth) => Value::from(*truth),
            Content::Integer(whole) => Value::from(*whole),
            Content::Float(number) => Value::from(*number),
            Content::Text(text) => Value::from(text.as_str()),
            Content::List(items) => items.iter().map(Node::json).collect(),
            Content::Map(entries) => Value::Object(entries.iter().map(|entry| (entry.key.clone(), entry.value.json())).collect()),
        }
    }

    /// What it is, in a sentence: `the text "a"`, `a mapping`.
    pub fn describe(&self) -> String {
        match &self.content {
            Content::Null => "nothing".to_owned(),
            Content::Bool(truth) => format!("`{truth}`"),
            Content::Integer(whole) => format!("the number {whole}"),
            Content::Float(number) => format!("the number {number}"),
            Content::Text(text) => format!("the text \"{}\"", shortened(text)),
            Content::List(_) => "a list".to_owned(),
            Content::Map(_) => "a mapping".to_owned(),
        }
    }
}

/// The most characters of a text that a message repeats.
const REPEATED: usize = 60;

/// A text short enough for a message.
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(REPEATED) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
