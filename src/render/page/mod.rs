//! The plan as a page: one file that holds everything, for a browser, from a `file:` address, with no network.
//!
//! Three rules keep it safe. Text becomes HTML in `html` alone, escaped. The page allows its own style and script by their hashes and
//! nothing else (`policy`). The script puts text into elements and never makes HTML. And it stays a document: without the script
//! everything can be read; with it, it can be searched, filtered and expanded.

mod controls;
mod drawn;
mod html;
mod item;
mod map;
mod overview;
mod policy;
mod risk;
mod sections;
mod values;

use super::fold::{Group, fold, groups};
use crate::plan::{Plan, Report};
use html::{Html, tag, void};
use item::{Item, Source, items};
use sections::Section;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// A plan and its report as one HTML document.
pub fn page(plan: &Plan, report: &Report) -> String {
    let folded = fold(plan);
    let groups = groups(&folded, plan);
    let values = folded.facts.iter().map(|(account, facts)| (account, drawn::values(facts))).collect();
    let source = Source { plan, folded: &folded, values };
    let items: Vec<Vec<Item<'_>>> = groups.iter().map(|group| items(group, &source)).collect();
    let all: Vec<Section<'_>> = order(&groups).map(|at| (&groups[at], items[at].as_slice())).collect();
    let html = tag("html", [("lang", "en")], [head(plan, report), body(plan, report, &all, &source)]);
    format!("<!doctype html>\n{}\n", html.into_string())
}

/// Groups as the page has them: the dangerous, then outliers, then patterns, each as they were.
fn order(groups: &[Group<'_>]) -> impl Iterator<Item = usize> {
    let mut order: Vec<usize> = (0..groups.len()).collect();
    let is_dangerous = |group: &Group<'_>| group.risk == crate::model::Risk::Dangerous;
    order.sort_by_key(|at| (!is_dangerous(&groups[*at]), !is_dangerous(&groups[*at]) && !groups[*at].is_outlier()));
    order.into_iter()
}

fn head(plan: &Plan, report: &Report) -> Html {
    let policy = policy::policy(STYLE, SCRIPT);
    let meta = |name, content| void("meta", [("name", name), ("content", content)]);
    tag(
        "head",
        [],
        [
            void("meta", [("charset", "utf-8")]),
            void("meta", [("http-equiv", "Content-Security-Policy"), ("content", &policy)]),
            meta("viewport", "width=device-width, initial-scale=1"),
            meta("color-scheme", "light dark"),
            meta("referrer", "no-referrer"),
            tag("title", [], [Html::text(&overview::title(plan, report))]),
            tag("style", [], [Html::own(STYLE)]),
        ],
    )
}

fn body(plan: &Plan, report: &Report, all: &[Section<'_>], source: &Source<'_>) -> Html {
    let skip = tag("a", [("class", "skip"), ("href", "#steps")], [Html::text("Skip to the steps")]);
    let nothing =
        tag("p", [("id", "nothing"), ("hidden", "")], [Html::text("Nothing matches. "), Html::text("Escape shows everything again.")]);
    let steps = tag("div", [("id", "steps"), ("tabindex", "-1")], [nothing, sections::sections(all)]);
    let controls = if all.is_empty() { Html::default() } else { controls::controls(all) };
    let main = tag("main", [], [overview::notes(report), map::map(plan), controls, steps, values::legend(source)]);
    let made = format!("Made by landfall {}. Nothing on this page was sent anywhere.", env!("CARGO_PKG_VERSION"));
    let footer = tag("footer", [], [tag("p", [], [Html::text(&made)])]);
    let facts = tag("script", [("type", "application/json"), ("id", "facts")], [Html::json(&values::facts(all, source))]);
    let script = tag("script", [], [Html::own(SCRIPT)]);
    tag("body", [], [skip, overview::overview(plan, report), main, footer, facts, script])
}
