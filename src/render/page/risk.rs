//! Risks on the page: a colour, a shape and a word each, so that nobody depends on the colour.

use super::html::{Html, tag};
use crate::model::Risk;

/// The shape of a risk, and of having no steps at all.
pub(super) fn shape(risk: Option<Risk>) -> &'static str {
    match risk {
        Some(Risk::Dangerous) => "▲",
        Some(Risk::Notable) => "◆",
        Some(Risk::Routine) => "●",
        None => "○",
    }
}

pub(super) fn word(risk: Option<Risk>) -> String {
    risk.map_or_else(|| "unchanged".to_owned(), |risk| risk.to_string())
}

/// `▲ dangerous`.
pub(super) fn mark(risk: Risk) -> Html {
    let (shape, word) = (shape(Some(risk)), word(Some(risk)));
    let shape = tag("span", [("aria-hidden", "true")], [Html::text(shape)]);
    tag("span", [("class", "risk"), ("data-risk", word.as_str())], [shape, Html::text(" "), Html::text(&word)])
}
