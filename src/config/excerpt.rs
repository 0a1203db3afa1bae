//! Shows problems with the lines that they are in. Never lets a character of a file reach the terminal that could move its cursor.

use super::node::Span;
use super::problem::{Level, Problem, Problems};
use crate::model::escape;
use annotate_snippets::{AnnotationKind, Group, Level as Title, Renderer, Snippet};

/// The most problems shown: whoever has more repairs these first.
const SHOWN: usize = 200;

/// The longest excerpt in bytes. Nobody reads more, and a file of one line of a megabyte would be shown once a problem.
const EXCERPT: usize = 16 * 1024;

/// All problems as text, coloured for a terminal if wanted, with a count at the end.
pub fn show(problems: &Problems, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    for problem in problems.iter().take(SHOWN) {
        text.push_str(&excerpt(problem, problems.texts.get(&problem.file), &renderer));
        text.push_str("\n\n");
    }
    text + &summary(problems)
}

/// `2 errors, 1 warning`, and how many were left out.
fn summary(problems: &Problems) -> String {
    let count = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let all = match (problems.errors(), problems.warnings()) {
        (errors, 0) => count(errors, "error"),
        (0, warnings) => count(warnings, "warning"),
        (errors, warnings) => format!("{}, {}", count(errors, "error"), count(warnings, "warning")),
    };
    match problems.iter().count().saturating_sub(SHOWN) {
        0 => all,
        left => format!("{all}; {left} of them not shown"),
    }
}

fn excerpt(problem: &Problem, text: Option<&String>, renderer: &Renderer) -> String {
    let Problem { level, check, file, at, message, label, also, hint } = problem;
    let (title, file) = (plain(message), plain(file));
    let title = match level {
        Level::Error => Title::ERROR,
        Level::Warning => Title::WARNING,
    }
    .primary_title(title)
    .id(*check);
    let spans = [Some(*at), also.as_ref().map(|(at, _)| *at)];
    let window = text.and_then(|text| Window::around(text, spans.into_iter().flatten()));
    let group = match &window {
        Some(window) => {
            let first = AnnotationKind::Primary.span(window.within(*at)).label(label.as_deref().map(plain));
            let second = also.as_ref().map(|(at, label)| AnnotationKind::Context.span(window.within(*at)).label(plain(label)));
            title.element(Snippet::source(&window.text).line_start(window.line).path(file).annotation(first).annotations(second))
        }
        None if text.is_some() => {
            title.element(annotate_snippets::Origin::path(file).line(at.line as usize).char_column(at.column as usize))
        }
        None => title.element(annotate_snippets::Origin::path(file)),
    };
    let group: Group = match hint {
        Some(hint) => group.element(Title::HELP.with_name("hint").message(plain(hint))),
        None => group,
    };
    renderer.render(&[group])
}

/// The whole lines around a few spans.
struct Window {
    text: String,
    start: usize,
    /// The number of the first line.
    line: usize,
}

impl Window {
    /// None when there is nothing to show: an empty file, or too much.
    fn around(text: &str, spans: impl Iterator<Item = Span> + Clone) -> Option<Window> {
        let first = spans.clone().min_by_key(|span| span.start)?;
        let last = spans.max_by_key(|span| span.end)?;
        let (from, to) = (text.get(..first.start as usize)?, text.get(last.end as usize..)?);
        let start = from.rfind('\n').map_or(0, |at| at + 1);
        let end = last.end as usize + to.find('\n').unwrap_or(to.len());
        let shown = text.get(start..end).filter(|shown| !shown.is_empty() && shown.len() <= EXCERPT)?;
        Some(Window { text: shown.chars().map(printable).collect(), start, line: first.line as usize })
    }

    fn within(&self, span: Span) -> std::ops::Range<usize> {
        let within = |at: u32| (at as usize).saturating_sub(self.start).min(self.text.len());
        within(span.start)..within(span.end).max(within(span.start))
    }
}

/// A stand-in of the same length in bytes for what a terminal would act upon, so that carets stay in place.
fn printable(c: char) -> char {
    match c {
        '\n' | '\t' | '\r' => c,
        c if !escape::is_hostile(c) => c,
        c => match c.len_utf8() {
            1 => '?',
            2 => '\u{b7}',
            3 => '\u{fffd}',
            _ => '\u{1f6ab}',
        },
    }
}

/// Whether a file that holds a character is refused: it moves the cursor, changes colours, or reorders the text around it. Those that only hide
/// are shown, but not refused: they belong to emoji in people's comments.
pub fn is_hostile(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text on one line with every hostile character written out.
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if escape::is_hostile(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
}
