//! Markdown that nothing from outside can break out of: code spans, fences, and the little HTML that GitHub lets through.

use crate::render::escape;

/// The fewest backticks that make a fence.
const FENCE: usize = 3;

/// Text in a code span. In code nobody is mentioned, nothing is linked, and no markup is read.
pub(super) fn code(text: &str) -> String {
    let text = escape::line(text);
    let ticks = "`".repeat(longest_run(&text) + 1);
    // A span that begins or ends with a backtick, or is blank, needs air; GitHub takes it off again.
    let air = if text.starts_with('`') || text.ends_with('`') || text.trim().is_empty() { " " } else { "" };
    format!("{ticks}{air}{text}{air}{ticks}")
}

/// Text as code within HTML, where Markdown's own spans are not read.
pub(super) fn html_code(text: &str) -> String {
    format!("<code>{}</code>", html(text))
}

/// Text within HTML.
pub(super) fn html(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in escape::line(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// Lines in a fence that none of them can close.
pub(super) fn fence(language: &str, lines: &[String]) -> String {
    let longest = lines.iter().map(|line| longest_run(line)).max().unwrap_or(0);
    let ticks = "`".repeat(FENCE.max(longest + 1));
    format!("{ticks}{language}\n{}\n{ticks}\n", lines.join("\n"))
}

/// What is seen at once, and what after a click, unless it is open. `summary` is HTML already.
pub(super) fn details(open: bool, summary: &str, inside: &str) -> String {
    let tag = if open { "<details open>" } else { "<details>" };
    // Without the empty lines GitHub would read what is inside as HTML.
    format!("{tag}<summary>{summary}</summary>\n\n{inside}\n</details>\n")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_fences_are_longer_than_what_they_hold() {
        assert_eq!(code("payments/prod"), "`payments/prod`");
        assert_eq!(code("a``b"), "```a``b```");
        assert_eq!(code("`@everyone`"), "`` `@everyone` ``");
        assert_eq!([code("`a"), code("a`"), code(" ")], ["`` `a ``", "`` a` ``", "`   `"]);
        assert_eq!(code("one\ntwo"), "`one\\ntwo`");
        assert_eq!(fence("diff", &["+ a".to_owned(), "````".to_owned()]), "`````diff\n+ a\n````\n`````\n");
    }

    #[test]
    fn html_is_text() {
        assert_eq!(html_code("<img src=x onerror='a'>&\u{202e}"), "<code>&lt;img src=x onerror=&#39;a&#39;&gt;&amp;\\u{202e}</code>");
    }
}
