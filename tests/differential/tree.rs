//! What the SDK's `Debug` prints, as a tree: so that answers of any operation can be held against each other without code of their own.

use std::iter::Peekable;
use std::str::Chars;

#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// `None`, and what is empty.
    Nothing,
    /// A string, a number, a word.
    Text(String),
    /// The fields of a struct by their names, or the values of a map by their keys.
    Fields(Vec<(String, Tree)>),
    List(Vec<Tree>),
}

impl Tree {
    pub fn of(text: &str) -> Tree {
        value(&mut text.chars().peekable())
    }

    /// A document that is the text of an answer, such as a policy: however it is written, it says the same.
    pub fn of_json(text: &str) -> Option<Tree> {
        let document: serde_json::Value = serde_json::from_str(text).ok()?;
        (document.is_object() || document.is_array()).then(|| Tree::document(document))
    }

    fn document(value: serde_json::Value) -> Tree {
        match value {
            serde_json::Value::Object(all) => Tree::Fields(all.into_iter().map(|(name, value)| (name, Tree::document(value))).collect()),
            serde_json::Value::Array(all) => Tree::List(all.into_iter().map(Tree::document).collect()),
            serde_json::Value::String(text) => Tree::Text(text),
            other => Tree::Text(other.to_string()),
        }
    }
}

type Letters<'a> = Peekable<Chars<'a>>;

fn value(letters: &mut Letters<'_>) -> Tree {
    space(letters);
    match letters.peek() {
        Some('"') => Tree::Text(string(letters)),
        Some('[') => list(letters),
        Some('{') => fields(letters),
        _ => named(letters),
    }
}

/// `Some(…)`, `Name { … }`, `Name(…)`, or a word, such as a time, in which colons are.
fn named(letters: &mut Letters<'_>) -> Tree {
    let mut name = word(letters);
    while let Some(colon) = letters.next_if_eq(&':') {
        name.push(colon);
        name += &word(letters);
    }
    space(letters);
    match letters.peek() {
        Some('(') => {
            letters.next();
            let inner = value(letters);
            skip_past(letters, ')');
            inner
        }
        Some('{') => fields(letters),
        _ if name == "None" => Tree::Nothing,
        _ => Tree::Text(name),
    }
}

fn list(letters: &mut Letters<'_>) -> Tree {
    letters.next();
    let mut all = Vec::new();
    while !at_end(letters, ']') {
        all.push(value(letters));
    }
    if all.is_empty() { Tree::Nothing } else { Tree::List(all) }
}

fn fields(letters: &mut Letters<'_>) -> Tree {
    letters.next();
    let mut all = Vec::new();
    while !at_end(letters, '}') {
        let name = if letters.peek() == Some(&'"') { string(letters) } else { word(letters) };
        // A key of a map may be an enum's: `Unknown("x")`.
        if letters.peek() == Some(&'(') {
            skip_past(letters, ')');
        }
        skip_past(letters, ':');
        all.push((name, value(letters)));
    }
    if all.is_empty() { Tree::Nothing } else { Tree::Fields(all) }
}

/// Whether the closing letter comes next, which is taken then; a comma before it is passed over.
fn at_end(letters: &mut Letters<'_>, closing: char) -> bool {
    space(letters);
    if letters.peek() == Some(&',') {
        letters.next();
        space(letters);
    }
    letters.next_if(|letter| *letter == closing).is_some() || letters.peek().is_none()
}

fn skip_past(letters: &mut Letters<'_>, end: char) {
    for letter in letters.by_ref() {
        if letter == end {
            return;
        }
    }
}

fn space(letters: &mut Letters<'_>) {
    while letters.next_if(|letter| letter.is_whitespace()).is_some() {}
}

fn word(letters: &mut Letters<'_>) -> String {
    let mut word = String::new();
    while let Some(letter) = letters.next_if(|letter| !letter.is_whitespace() && !"(){}[],:".contains(*letter)) {
        word.push(letter);
    }
    word
}

fn string(letters: &mut Letters<'_>) -> String {
    letters.next();
    let mut text = String::new();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            '\\' => text.extend(letters.next()),
            letter => text.push(letter),
        }
    }
    text
}

#[test]
fn what_debug_prints_is_read() {
    let text = |text: &str| Tree::Text(text.to_owned());
    let tree = Tree::of(
        r#"Out { vpc: Some(Vpc { id: Some("v\"1"), state: Available, tags: [], n: Some(3) }), at: Some(2026-11-21T14:00:00Z), all: [A { x: None }, B(4)], m: {"k": "v"} }"#,
    );
    let vpc =
        vec![("id".into(), text("v\"1")), ("state".into(), text("Available")), ("tags".into(), Tree::Nothing), ("n".into(), text("3"))];
    let all = Tree::List(vec![Tree::Fields(vec![("x".into(), Tree::Nothing)]), text("4")]);
    let m = Tree::Fields(vec![("k".into(), text("v"))]);
    assert_eq!(
        tree,
        Tree::Fields(vec![
            ("vpc".into(), Tree::Fields(vpc)),
            ("at".into(), text("2026-11-21T14:00:00Z")),
            ("all".into(), all),
            ("m".into(), m)
        ])
    );
}
