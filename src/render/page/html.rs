//! HTML that can't be broken out of: text becomes HTML here and nowhere else, escaped. Knows nothing of plans.

use crate::render::escape;
use serde_json::Value;

/// A piece of HTML, whole in itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Html(String);

impl Html {
    /// Text from anywhere, as text.
    pub(super) fn text(text: &str) -> Html {
        Html(escaped(text))
    }

    /// What was written for the page and holds nothing from outside.
    pub(super) fn own(html: &'static str) -> Html {
        Html(html.to_owned())
    }

    /// Data for the script: JSON in which nothing can end the element that it stands in.
    pub(super) fn json(value: &Value) -> Html {
        Html(value.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"))
    }

    pub(super) fn join(pieces: impl IntoIterator<Item = Html>) -> Html {
        Html(pieces.into_iter().map(|piece| piece.0).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }
}

/// An element with its attributes; an attribute without a value is simply there.
pub(super) fn tag<'a>(
    name: &'static str,
    attributes: impl IntoIterator<Item = (&'static str, &'a str)>,
    inside: impl IntoIterator<Item = Html>,
) -> Html {
    Html(format!("<{name}{}>{}</{name}>", written(attributes), Html::join(inside).0))
}

/// An element that has no end, such as `meta`.
pub(super) fn void<'a>(name: &'static str, attributes: impl IntoIterator<Item = (&'static str, &'a str)>) -> Html {
    Html(format!("<{name}{}>", written(attributes)))
}

fn written<'a>(attributes: impl IntoIterator<Item = (&'static str, &'a str)>) -> String {
    let one = |(name, value): (&'static str, &str)| match value {
        "" => format!(" {name}"),
        value => format!(" {name}=\"{}\"", escaped(value)),
    };
    attributes.into_iter().map(one).collect()
}

/// Escaped for text and for quoted attributes alike; what would not be seen, or would reorder what is, is written out.
fn escaped(text: &str) -> String {
    // Line feeds are the page's own, between the lines of a step; within a value they were written out before.
    let lines: Vec<String> = escape::lines(text);
    lines.join("\n").replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "<img src=x onerror='a()'>\"&amp;</script>\u{202e}\u{1b}";

    #[test]
    fn text_and_attributes_stay_what_they_are() {
        let shown = "&lt;img src=x onerror=&#39;a()&#39;&gt;&quot;&amp;amp;&lt;/script&gt;\\u{202e}\\u{1b}";
        let html = tag("p", [("title", HOSTILE), ("hidden", "")], [Html::text(HOSTILE)]).into_string();
        assert_eq!(html, format!("<p title=\"{shown}\" hidden>{shown}</p>"));
    }

    #[test]
    fn json_never_ends_its_element_and_is_read_as_it_was() {
        let value = serde_json::json!({ "<!--<script>": "</script>&" });
        let json = Html::json(&value).into_string();
        assert!(!json.contains(['<', '>', '&']));
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), value);
    }
}
