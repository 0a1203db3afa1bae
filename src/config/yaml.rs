//! YAML text → tree with places. Bounded in size, depth and aliases, and stricter than YAML where YAML surprises.
//!
//! Built on the events of the parser beneath `serde_yaml`, not on its deserializer: that stops at the first problem, and people
//! want all of them, both places of a key that is there twice included.

use super::excerpt::is_hostile;
use super::node::{Content, Entry, Node, Span};
use super::problem::{Problem, Refused};
use serde_yaml::granit_parser::{Event, Parser, ScalarStyle, ScanError, Span as Range, Tag};
use std::collections::BTreeMap;

/// The deepest nesting. Our deepest files nest some 12 levels; everything that walks a tree recurses.
const DEEPEST: usize = 48;

/// The most values of a file once its aliases are written out: a hundred times those of the largest estate that AWS allows.
const MOST: usize = 500_000;

/// The most keys of a mapping or items of a list: AWS lets an organization have 50,000 accounts, three to a domain.
const WIDEST: usize = 20_000;

/// The most hostile characters that are reported: a binary file holds nothing else.
const REPORTED: usize = 5;

/// The tree of a file, if it has one, and everything wrong on the way.
pub fn parse(file: &str, text: &str) -> (Option<Node>, Vec<Problem>) {
    let hostile = hostile(file, text);
    if !hostile.is_empty() {
        return (None, hostile);
    }
    let mut reading = Reading { file, text, open: Vec::new(), anchors: BTreeMap::new(), values: 0, root: None, found: Vec::new() };
    let options = serde_yaml::granit_parser::options! { emit_comments: false };
    for event in Parser::new_from_str_with_options(text, options) {
        if let Err(problem) = event.map_err(|error| reading.syntax(&error)).and_then(|(event, range)| reading.take(event, range)) {
            reading.found.push(*problem);
            return (None, reading.found);
        }
    }
    if reading.root.is_none() && reading.found.is_empty() {
        reading.found.push(Problem::error("syntax", file, Span::default(), "the file is empty"));
    }
    (reading.root, reading.found)
}

/// The characters that no file of ours has a use for: they hide from the reader what the program sees.
fn hostile(file: &str, text: &str) -> Vec<Problem> {
    let wrong = |c: char| is_hostile(c) && !matches!(c, '\n' | '\r' | '\t');
    let all = text.char_indices().filter(|(_, c)| wrong(*c)).take(REPORTED);
    all.map(|(start, c)| {
        let before = &text[..start];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        let at = Span { start: start as u32, end: (start + c.len_utf8()) as u32, line: line as u32, column: column as u32 };
        Problem::error("characters", file, at, format!("the invisible character {} is not allowed", c.escape_unicode()))
            .hint("delete it; if it stands in a text, nothing will be missing")
    })
    .collect()
}

struct Reading<'a> {
    file: &'a str,
    text: &'a str,
    open: Vec<Open>,
    /// Whole values only: a value can't hold itself. With the number of values in each.
    anchors: BTreeMap<usize, (Node, usize)>,
    values: usize,
    root: Option<Node>,
    found: Vec<Problem>,
}

/// A collection whose end is not yet read.
struct Open {
    at: Span,
    anchor: usize,
    /// The count of values when it began.
    before: usize,
    parts: Parts,
}

enum Parts {
    List(Vec<Node>),
    /// And the key whose value comes next.
    Map(Vec<Entry>, Option<(String, Span)>),
}

impl Parts {
    fn len(&self) -> usize {
        match self {
            Parts::List(items) => items.len(),
            Parts::Map(entries, _) => entries.len(),
        }
    }
}

impl Reading<'_> {
    fn take(&mut self, event: Event<'_>, range: Range) -> Result<(), Refused> {
        let at = self.span(&range);
        match event {
            Event::DocumentStart(..) if self.root.is_some() => Err(self.refuse("syntax", at, "a second document begins here")),
            Event::Scalar(text, style, anchor, tag) => {
                self.untagged(tag.as_deref(), at)?;
                self.visible(&text, at)?;
                let content = if style == ScalarStyle::Plain { plain(&text) } else { Content::Text(text.into_owned()) };
                self.values += 1;
                self.place(Node { at, content }, anchor, 1)
            }
            Event::SequenceStart(_, anchor, tag) => self.begin(at, anchor, tag.as_deref(), Parts::List(Vec::new())),
            Event::MappingStart(_, anchor, tag) => self.begin(at, anchor, tag.as_deref(), Parts::Map(Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => self.alias(anchor, at),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, at: Span, anchor: usize, tag: Option<&Tag>, parts: Parts) -> Result<(), Refused> {
        self.untagged(tag, at)?;
        if self.open.len() >= DEEPEST {
            return Err(self.refuse("too-large", at, format!("this is nested more than {DEEPEST} levels deep")));
        }
        self.open.push(Open { at, anchor, before: self.values, parts });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Refused> {
        let Some(Open { at, anchor, before, parts }) = self.open.pop() else { return Ok(()) };
        let (first, content) = match parts {
            Parts::List(items) => (items.first().map(|item| item.at), Content::List(items)),
            Parts::Map(entries, _) => (entries.first().map(|entry| entry.at), Content::Map(self.merged(entries)?)),
        };
        // A block collection has no beginning of its own.
        let at = if at.end > at.start { at } else { first.unwrap_or(at) };
        self.values += 1;
        self.place(Node { at, content }, anchor, self.values - before)
    }

    fn alias(&mut self, anchor: usize, at: Span) -> Result<(), Refused> {
        let Some((node, size)) = self.anchors.get(&anchor) else {
            return Err(self.refuse("syntax", at, "this alias stands inside of what it stands for"));
        };
        if self.values + size > MOST {
            return Err(self.refuse("too-large", at, format!("with its aliases written out, the file holds more than {MOST} values")));
        }
        if depth(node) + self.open.len() > DEEPEST {
            return Err(self.refuse(
                "too-large",
                at,
                format!("with its aliases written out, the file nests more than {DEEPEST} levels deep"),
            ));
        }
        let (node, size) = (Node { at, content: node.content.clone() }, *size);
        self.values += size;
        self.place(node, 0, size)
    }

    /// Puts a whole value where it belongs: a key, a value, an item or the root.
    fn place(&mut self, node: Node, anchor: usize, size: usize) -> Result<(), Refused> {
        if self.values > MOST {
            return Err(self.refuse("too-large", node.at, format!("the file holds more than {MOST} values")));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), size));
        }
        if self.open.last().is_some_and(|open| open.parts.len() >= WIDEST) {
            return Err(self.refuse("too-large", node.at, format!("more than {WIDEST} keys or items are in one place")));
        }
        match self.open.last_mut().map(|open| &mut open.parts) {
            None => self.root = Some(node),
            Some(Parts::List(items)) => items.push(node),
            Some(Parts::Map(entries, key)) => match key.take() {
                Some((key, at)) => entries.push(Entry { key, at, value: node }),
                None => {
                    let text = word(&node, self.text);
                    let Some(text) = text else {
                        return Err(self.refuse("syntax", node.at, format!("a key is a word, not {}", node.describe())));
                    };
                    *key = Some((text, node.at));
                }
            },
        }
        Ok(())
    }

    /// Reports keys that are there twice, keeping the first, and writes out `<<`.
    fn merged(&mut self, entries: Vec<Entry>) -> Result<Vec<Entry>, Refused> {
        let mut seen: BTreeMap<String, Span> = BTreeMap::new();
        let (mut kept, mut merges) = (Vec::new(), Vec::new());
        for entry in entries {
            match seen.get(&entry.key) {
                Some(first) => self.found.push(twice(self.file, &entry, *first)),
                None if entry.key == "<<" => merges.push(entry),
                None => {
                    seen.insert(entry.key.clone(), entry.at);
                    kept.push(entry);
                }
            }
        }
        for entry in merges {
            let Content::Map(more) = entry.value.content else {
                return Err(self.refuse("syntax", entry.at, format!("`<<` merges a mapping, not {}", entry.value.describe())));
            };
            kept.extend(more.into_iter().filter(|entry| seen.insert(entry.key.clone(), entry.at).is_none()));
        }
        Ok(kept)
    }

    fn untagged(&self, tag: Option<&Tag>, at: Span) -> Result<(), Refused> {
        match tag {
            Some(tag) => Err(Box::new(
                self.problem("syntax", at, format!("the tag `{}` is not allowed", tag.original()))
                    .hint("write the value without a tag; quotes make a text"),
            )),
            None => Ok(()),
        }
    }

    /// Escapes in quotes can hide what a file's own characters must not.
    fn visible(&self, text: &str, at: Span) -> Result<(), Refused> {
        match text.chars().find(|c| is_hostile(*c) && !matches!(c, '\n' | '\t')) {
            Some(c) => Err(self.refuse("characters", at, format!("the invisible character {} is not allowed", c.escape_unicode()))),
            None => Ok(()),
        }
    }

    fn syntax(&self, error: &ScanError) -> Refused {
        let mark = error.marker();
        let start = mark.byte_offset().unwrap_or(0).min(self.text.len());
        let end = self.text[start..].chars().next().map_or(start, |c| start + c.len_utf8());
        let at = Span { start: start as u32, end: end as u32, line: mark.line() as u32, column: mark.col() as u32 + 1 };
        Box::new(self.problem("syntax", at, format!("this is not YAML: {}", error.info())))
    }

    fn refuse(&self, check: &'static str, at: Span, message: impl Into<String>) -> Refused {
        Box::new(self.problem(check, at, message))
    }

    fn problem(&self, check: &'static str, at: Span, message: impl Into<String>) -> Problem {
        Problem::error(check, self.file, at, message)
    }

    fn span(&self, range: &Range) -> Span {
        let bytes = range.byte_range().unwrap_or(0..0);
        let text = self.text.get(bytes.clone()).unwrap_or("");
        let end = bytes.start + text.trim_end().len();
        Span { start: bytes.start as u32, end: end as u32, line: range.start.line() as u32, column: range.start.col() as u32 + 1 }
    }
}

fn twice(file: &str, entry: &Entry, first: Span) -> Problem {
    Problem::error("duplicate-key", file, entry.at, format!("the key `{}` is here twice", entry.key))
        .label("again here")
        .also(first, "first here")
        .hint("delete or rename one of them")
}

/// The text of a key. Numbers and booleans are words here: `443: …`, `on: …`.
fn word(node: &Node, text: &str) -> Option<String> {
    match &node.content {
        Content::Text(text) => Some(text.clone()),
        Content::Bool(_) | Content::Integer(_) | Content::Float(_) => {
            text.get(node.at.start as usize..node.at.end as usize).map(str::to_owned)
        }
        Content::Null | Content::List(_) | Content::Map(_) => None,
    }
}

fn depth(node: &Node) -> usize {
    let within = match &node.content {
        Content::List(items) => items.iter().map(depth).max(),
        Content::Map(entries) => entries.iter().map(|entry| depth(&entry.value)).max(),
        _ => return 0,
    };
    1 + within.unwrap_or(0)
}

/// What an unquoted word is. Strict: `yes`, `off` and `0123` are texts, since half of the world's YAML readers disagree about them.
fn plain(text: &str) -> Content {
    match text {
        "" | "~" | "null" => Content::Null,
        "true" => Content::Bool(true),
        "false" => Content::Bool(false),
        _ => number(text).unwrap_or_else(|| Content::Text(text.to_owned())),
    }
}

fn number(text: &str) -> Option<Content> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let padded = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    if padded || !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let float = || text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Content::Float);
    text.parse().ok().map(Content::Integer).or_else(float)
}
