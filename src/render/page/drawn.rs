//! A step as it stands on the page: the terminal's own lines, cut into spans, with the placeholders known for what they are.
//!
//! The terminal's colours are read back from its lines. Nothing can forge one: whatever comes from outside was escaped when the line was made.

use super::html::{Html, tag};
use crate::render::escape;
use crate::render::fold::{CLOSE, Facts, OPEN, Shape};
use crate::render::paint::Paint;
use crate::render::step::{INDENT, steps};
use std::collections::BTreeMap;

/// The lines of a step: its heading, its fields, and last its concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Drawn {
    lines: Vec<Vec<Span>>,
    concerns: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Span {
    text: String,
    class: &'static str,
    /// Whether the text is a placeholder.
    stands_for: bool,
}

/// What the placeholders of an account stand for, as they are shown.
pub(super) type Values = BTreeMap<String, String>;

/// An account's facts by what stands between, and with, the signs of a placeholder.
pub(super) fn values(facts: &Facts) -> Values {
    let mut values = Values::new();
    for (placeholder, value) in facts.legend() {
        let (Some(start), Some(end)) = (placeholder.find(OPEN), placeholder.rfind(CLOSE)) else { continue };
        let (before, after) = (&placeholder[..start], &placeholder[end + CLOSE.len_utf8()..]);
        let Some(value) = value.strip_prefix(before).and_then(|value| value.strip_suffix(after)) else { continue };
        values.entry(placeholder[start..end + CLOSE.len_utf8()].to_owned()).or_insert(escape::line(value));
    }
    values
}

impl Drawn {
    /// A step, or the two halves of a replacement, with the placeholders that are among the values.
    pub(super) fn of(shapes: &[&Shape], values: &Values) -> Drawn {
        let shown: Vec<_> = shapes.iter().map(|shape| (*shape, None)).collect();
        let lines = steps(&shown, true, Paint { color: true });
        let lines = lines.iter().map(|line| spans(line).into_iter().flat_map(|span| span.cut(values)).collect());
        Drawn { lines: lines.collect(), concerns: shapes.iter().map(|shape| shape.concerns.len()).sum() }
    }

    /// The same lines with what is an account's own taken out, if they can be had back.
    pub(super) fn folded(&self, facts: &Facts, values: &Values) -> Drawn {
        let fold = |span: &Span| Span { text: facts.take_out(&span.text), ..span.clone() }.cut(values);
        let lines = self.lines.iter().map(|line| line.iter().flat_map(fold).collect()).collect();
        let folded = Drawn { lines, concerns: self.concerns };
        if folded.filled(values) == self.filled(&Values::new()) { folded } else { self.clone() }
    }

    /// The plain text, each placeholder replaced by its value.
    pub(super) fn filled(&self, values: &Values) -> String {
        let mut text = String::new();
        for line in &self.lines {
            for span in line {
                let value = values.get(&span.text).filter(|_| span.stands_for);
                text.push_str(value.unwrap_or(&span.text));
            }
            text.push('\n');
        }
        text
    }

    /// How many lines of fields there are.
    pub(super) fn depth(&self) -> usize {
        self.parts().0.len()
    }

    /// `+ vpc main (us-west-2)`, and why to look: what is read of a step that is folded up.
    pub(super) fn heading(&self) -> Html {
        let mut heading = self.lines.first().cloned().unwrap_or_default();
        if let Some(first) = heading.first_mut() {
            first.text = first.text.trim_start().to_owned();
        }
        let (_, concerns) = self.parts();
        let concern = |concern: &Vec<Span>| [Html::text("\n"), tag("span", [("class", "concern")], concern.iter().map(Span::html))];
        tag("span", [("class", "resource")], heading.iter().map(Span::html).chain(concerns.iter().flat_map(concern)))
    }

    /// Its fields or changes.
    pub(super) fn body(&self) -> Html {
        let line = |line: &Vec<Span>| tag("span", [("class", "line")], named(line).iter().map(Span::html).chain([Html::text("\n")]));
        let (fields, _) = self.parts();
        let fields = (!fields.is_empty()).then(|| tag("pre", [], [tag("code", [], fields.iter().map(line))]));
        tag("div", [("class", "step")], fields)
    }

    /// The lines of the fields, and those of the concerns.
    fn parts(&self) -> (&[Vec<Span>], &[Vec<Span>]) {
        let concerns = self.lines.len().saturating_sub(self.concerns).max(1);
        (self.lines.get(1..concerns).unwrap_or_default(), self.lines.get(concerns..).unwrap_or_default())
    }
}

impl Span {
    /// The span cut at its placeholders.
    fn cut(self, values: &Values) -> Vec<Span> {
        let mut cut = Vec::new();
        let mut rest = self.text.as_str();
        let piece = |text: &str, stands_for| Span { text: text.to_owned(), class: self.class, stands_for };
        while let Some((before, name)) = next(rest, values) {
            cut.extend([piece(before, false), piece(name, true)]);
            rest = &rest[before.len() + name.len()..];
        }
        cut.push(piece(rest, false));
        cut.retain(|span| !span.text.is_empty());
        cut
    }

    fn html(&self) -> Html {
        let text = Html::text(&self.text);
        let text = if self.stands_for { tag("var", [], [text]) } else { text };
        if self.class.is_empty() { text } else { tag("span", [("class", self.class)], [text]) }
    }
}

/// The next placeholder of a text, and what stands before it.
fn next<'a>(text: &'a str, values: &Values) -> Option<(&'a str, &'a str)> {
    text.match_indices(OPEN).find_map(|(start, _)| {
        let end = start + text[start..].find(CLOSE)? + CLOSE.len_utf8();
        let name = &text[start..end];
        values.contains_key(name).then(|| (&text[..start], name))
    })
}

/// A painted line as spans, without what all lines of a step are indented by.
fn spans(line: &str) -> Vec<Span> {
    let line = line.strip_prefix(INDENT).unwrap_or(line);
    let mut spans = Vec::new();
    for (number, part) in line.split("\u{1b}[").enumerate() {
        let (code, text) = if number == 0 { ("0", part) } else { part.split_once('m').unwrap_or(("0", part)) };
        spans.push(Span { text: text.to_owned(), class: class(code), stands_for: false });
    }
    spans.retain(|span| !span.text.is_empty());
    spans
}

/// What a terminal's colour means, as `Paint` has it.
fn class(code: &str) -> &'static str {
    match code {
        "32" => "added",
        "33" => "changed",
        "31" => "removed",
        "2" => "faint",
        _ => "",
    }
}

/// A line whose leading field name is a span of its own, so that values stand out.
fn named(line: &[Span]) -> Vec<Span> {
    let is_name = |text: &str| !text.starts_with(' ') && text.chars().all(|c| c.is_ascii_alphanumeric() || "_./- ".contains(c));
    let at = |span: &Span| span.text.find(" = ").or_else(|| span.text.find(": ")).filter(|at| is_name(&span.text[..*at]));
    let Some((first, rest)) = line.split_first() else { return Vec::new() };
    let Some(at) = at(first) else { return line.to_vec() };
    let (name, value) = first.text.split_at(at);
    let piece = |text: &str, class| Span { text: text.to_owned(), class, stands_for: false };
    [piece(name, "field"), piece(value, "")].into_iter().chain(rest.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Change;
    use crate::plan::Action;
    use crate::render::made;

    #[test]
    fn the_colours_and_names_of_the_terminal_are_those_of_the_page() {
        let text = |one: &str| format!("{one}: 1\n{}{one}: 2", "same: 0\n".repeat(7));
        let changes = vec![
            Change::between("description", Some("x".to_owned()), Some("y".to_owned())),
            Change::between("document", Some(text("old")), Some(text("new"))),
        ];
        let action = Action::Update { live: made::role("x"), want: made::role("y"), changes };
        let shape = Shape::of(&made::step("pay/prod/global/iam-role/ci", action));
        let drawn = Drawn::of(&[&shape], &Values::new());
        let named = |class: &str, text: &str| format!("<span class=\"{class}\">{text}</span>");
        assert_eq!(drawn.heading().into_string(), named("resource", &named("changed", "~ iam-role ci")));
        let changed = |number: usize| [named("removed", &format!("- old: {number}")), named("added", &format!("+ new: {number}"))];
        let same = || std::iter::repeat_n("  same: 0".to_owned(), 3);
        let diff = changed(1).into_iter().chain(same()).chain([named("faint", "…")]).chain(same()).chain(changed(2));
        let description = format!("{}: {} → {}", named("field", "description"), named("removed", "x"), named("added", "y"));
        let lines = [description, "document:".to_owned()].into_iter().chain(diff.map(|line| format!("  {line}")));
        let lines: String = lines.map(|line| named("line", &format!("{line}\n"))).collect();
        assert_eq!(drawn.body().into_string(), format!("<div class=\"step\"><pre><code>{lines}</code></pre></div>"));
    }
}
