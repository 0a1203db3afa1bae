//! The top of the page: the verdict, its numbers, and the notes; what blocks stands first.

use super::html::{Html, tag};
use super::risk;
use crate::model::{Digest, Note, Risk, Severity};
use crate::plan::{Plan, Report};
use crate::render::counts::{Counts, many};
use crate::render::notes::{Groups, grouped};

/// A sort of note with more subjects than this is folded up at first; blocking ones never are.
const AT_ONCE: usize = 5;

pub(super) fn overview(plan: &Plan, report: &Report) -> Html {
    let counts = Counts::of(plan, report);
    let title = tag("h1", [], [Html::text("Plan of "), tag("strong", [], [Html::text(plan.estate.as_str())])]);
    let verdict = tag("p", [("class", "verdict")], [Html::text(&verdict(&counts, report))]);
    let digest = Digest::of(plan);
    let digest = tag(
        "p",
        [("class", "digest"), ("title", &digest.to_string())],
        [Html::text("plan "), tag("code", [], [Html::text(digest.short())]), Html::text(&format!(" · {}", plan.home_region))],
    );
    tag("header", [("class", "overview")], [tag("div", [("class", "title")], [title, digest]), verdict, badges(&counts), numbers(&counts)])
}

/// What happens, in a sentence; how much of what is said by the numbers beneath.
fn verdict(counts: &Counts, report: &Report) -> String {
    match steps(counts) {
        0 => counts.sentence(report.accounts).lines().next().unwrap_or_default().to_owned(),
        steps => format!("{} in {}. Worst risk: {}.", many(steps, "step"), many(counts.accounts, "account"), counts.worst_risk),
    }
}

/// A replacement counts once.
fn steps(counts: &Counts) -> usize {
    let Counts { create, update, replace, delete, .. } = counts;
    create + update + replace + delete
}

/// The worst risk, and whether anything was left out.
fn badges(counts: &Counts) -> Html {
    let any = counts.accounts > 0;
    let risk = any.then(|| risk::mark(counts.worst_risk));
    let whole = match counts.blocking {
        0 => tag("span", [("class", "whole")], [Html::text("✓ whole: nothing was left out")]),
        blocking => {
            let link = tag("a", [("href", "#notes")], [Html::text(&many(blocking, "blocking note"))]);
            tag("span", [("class", "partial")], [Html::text("✕ not whole: "), link])
        }
    };
    tag("p", [("class", "badges")], risk.into_iter().chain([whole]))
}

fn numbers(counts: &Counts) -> Html {
    let Counts { create, update, replace, delete, accounts: _, unchanged, blocking: _, worst_risk: _ } = counts;
    let number = |class: &'static str, sign: &str, count: usize, what: &str| {
        let sign = tag("span", [("class", "sign"), ("aria-hidden", "true")], [Html::text(sign)]);
        let class = if count == 0 { "none" } else { class };
        // The term first for who hears the page; who sees it, sees the number first.
        tag("div", [("class", class)], [tag("dt", [], [sign, Html::text(what)]), tag("dd", [], [Html::text(&count.to_string())])])
    };
    let all = [
        number("added", "+ ", *create, "create"),
        number("changed", "~ ", *update, "update"),
        number("removed", "-/+ ", *replace, "replace"),
        number("removed", "- ", *delete, "delete"),
        number("plain", "", *unchanged, "as declared"),
    ];
    tag("dl", [("class", "numbers")], all)
}

/// All notes, if there are any.
pub(super) fn notes(report: &Report) -> Html {
    let blocking = listed(&grouped(&report.notes, |severity| severity == Severity::Blocking));
    let others = listed(&grouped(&report.notes, |severity| severity != Severity::Blocking));
    if blocking.is_empty() && others.is_empty() {
        return Html::default();
    }
    let title = tag("h2", [("id", "notes-title")], [Html::text("Notes")]);
    tag("section", [("class", "notes"), ("id", "notes"), ("aria-labelledby", "notes-title")], [title, blocking, others])
}

fn listed(groups: &Groups<'_>) -> Html {
    Html::join(groups.iter().map(|((severity, summary, hint), notes)| sort(*severity, summary, *hint, notes)))
}

fn sort(severity: Severity, summary: &str, hint: Option<&str>, notes: &[&Note]) -> Html {
    let word = severity.to_string();
    let severity_mark = tag("span", [("class", "severity")], [Html::text(&word)]);
    let count = (notes.len() > 1).then(|| tag("span", [("class", "count")], [Html::text(&notes.len().to_string())]));
    let summary = tag("summary", [], [severity_mark, Html::text(" "), Html::text(summary), Html::text(" ")].into_iter().chain(count));
    let hint = hint.map(|hint| tag("p", [("class", "hint")], [Html::text(&format!("hint: {hint}"))]));
    let subjects = tag("dl", [], notes.iter().map(|note| about(note)));
    let is_open = severity == Severity::Blocking || notes.len() <= AT_ONCE;
    let open = is_open.then_some(("open", ""));
    tag(
        "details",
        [("class", "note"), ("data-severity", word.as_str())].into_iter().chain(open),
        [summary].into_iter().chain(hint).chain([subjects]),
    )
}

fn about(note: &Note) -> Html {
    let Note { severity: _, subject, summary: _, detail, hint: _ } = note;
    let subject = tag("dt", [], [Html::text(&subject.to_string())]);
    tag("div", [], [subject, tag("dd", [], [Html::text(detail)])])
}

/// What the browser's tab says.
pub(super) fn title(plan: &Plan, report: &Report) -> String {
    let counts = Counts::of(plan, report);
    let risk = if plan.risk() == Risk::Dangerous { "▲ " } else { "" };
    format!("{risk}{}: {} in {}", plan.estate, many(steps(&counts), "step"), many(counts.accounts, "account"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Subject;
    use crate::render::made::{self, create, delete, update};

    #[test]
    fn the_title_and_the_verdict_count_each_replacement_once() {
        let at = |name: &str| format!("pay/prod/global/iam-role/{name}");
        let created = ["a", "b", "c", "d"].map(|name| create(&at(name), false));
        let others = [update(&at("e")), update(&at("f")), delete(&at("g"), true), create(&at("g"), true), delete(&at("h"), false)];
        let plan = made::plan([("prod", created.into_iter().chain(others).collect())]);
        assert_eq!(title(&plan, &Report::default()), "acme: 8 steps in 1 account");
        let overview = |plan: &Plan| overview(plan, &Report::default()).into_string();
        assert!(overview(&plan).contains("8 steps in 1 account. Worst risk: routine.") && overview(&plan).contains("class=\"risk\""));
        assert!(!overview(&made::plan([])).contains("class=\"risk\""), "nothing has no risk");
    }

    #[test]
    fn many_notes_of_a_sort_are_counted_and_folded_up_but_never_what_blocks() {
        let shown = |severity: Severity, count: usize| {
            let note = |at: usize| Note::new(severity, Subject::Estate, "a sort of note", format!("{at}"));
            let notes = notes(&Report { notes: (0..count).map(note).collect(), ..Report::default() }).into_string();
            (notes.contains(" open>"), notes.contains(&format!("<span class=\"count\">{count}</span>")))
        };
        assert_eq!([1, 2, 5, 6].map(|count| shown(Severity::Warning, count)), [(true, false), (true, true), (true, true), (false, true)]);
        assert_eq!(shown(Severity::Blocking, 6), (true, true));
    }
}
