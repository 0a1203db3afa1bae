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
    order.sort_by_key(|at| groups[*at].rank());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Account, Note, Severity, Subject};
    use crate::render::made;

    const HOSTILE: &str = "</script><img src=x onerror=alert(1)>\"'\u{202e}";

    fn empty() -> Plan {
        let emails = [("catalog/dev", "dev"), ("catalog/prod", "prod")]
            .map(|(account, email)| (account.parse::<Account>().unwrap(), email.to_owned()));
        Plan { emails: emails.into(), ..made::plan([]) }
    }

    #[test]
    fn the_page_allows_its_own_style_and_script_alone() {
        let html = page(&empty(), &Report::default());
        let policy = policy::policy(STYLE, SCRIPT).replace('\'', "&#39;");
        assert!(html.contains(&format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">")));
        assert!(html.contains(&format!("<style>{STYLE}</style>")) && html.contains(&format!("<script>{SCRIPT}</script>")));
        let executable = html.matches("<script>").count() + html.matches("<script type=\"application/json\"").count();
        assert_eq!((executable, html.matches("</script>").count(), html.matches("</style>").count()), (2, 2, 1));
        for foreign in ["http:", "https:", "url(", "@import", " style=", " onclick=", "innerHTML", "insertAdjacentHTML", "eval("] {
            assert!(!html.contains(foreign), "{foreign}");
        }
    }

    #[test]
    fn every_account_has_a_tile_and_unchanged_ones_say_so() {
        let html = page(&empty(), &Report { accounts: 2, ..Report::default() });
        assert!(html.contains("No changes. 2 accounts and 0 resources are as declared."));
        for account in ["catalog/dev", "catalog/prod"] {
            assert!(html.contains(&format!("href=\"#account={account}\" data-account=\"{account}\" data-risk=\"unchanged\"")));
        }
        assert!(!html.contains("id=\"controls\""));
    }

    #[test]
    fn blocking_notes_come_first_and_hostile_ones_stay_text() {
        let note = |severity| Note::new(severity, Subject::Estate, HOSTILE, HOSTILE).hint(HOSTILE);
        let report = Report { notes: vec![note(Severity::Warning), note(Severity::Blocking)], ..Report::default() };
        let html = page(&empty(), &report);
        let at = |severity: &str| html.find(&format!("data-severity=\"{severity}\"")).unwrap();
        assert!(at("blocked") < at("warning"));
        assert!(html.contains("✕ not whole: <a href=\"#notes\">1 blocking note</a>"));
        assert!(!html.contains("<img") && !html.contains('\u{202e}'));
        assert_eq!(html.matches("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&quot;&#39;\\u{202e}").count(), 6);
    }

    #[test]
    fn what_is_dangerous_comes_first_then_what_is_alone_then_what_is_alike() {
        let alike = ["a", "b", "c"].map(|domain| made::create(&format!("{domain}/prod/global/iam-role/alike"), false));
        let mut dangerous = made::delete("catalog/prod/global/iam-role/dangerous", false);
        dangerous.concerns = vec![crate::model::Concern { risk: crate::model::Risk::Dangerous, why: "it is gone".into() }];
        let alone = made::create("catalog/prod/global/iam-role/alone", false);
        let html = page(&made::plan([("prod", [alike.to_vec(), vec![alone, dangerous]].concat())]), &Report::default());
        let at = |name: &str| html.find(&format!("iam-role {name}")).unwrap_or_else(|| panic!("{name}: {html}"));
        assert!(at("dangerous") < at("alone") && at("alone") < at("alike"), "{html}");
    }
}
