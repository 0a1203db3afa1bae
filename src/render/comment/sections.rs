//! The parts of a comment and of its pages, each at a level of detail. Every part closes what it opens.

use super::levels::{Detail, Level};
use super::markdown::{code, details, fence, html, html_code};
use crate::model::{Account, Note, Risk, Severity};
use crate::render::counts::many;
use crate::render::fold::{Group, Pattern, Peers, Rank, Shaped};
use crate::render::notes::grouped;
use crate::render::paint::Paint;
use crate::render::{escape, step};
use std::collections::{BTreeMap, BTreeSet};

/// How many steps a headline names before it counts.
const NAMED: usize = 3;

const PLAIN: Paint = Paint { color: false };

/// The patterns that were not in the previous comment, by their digests.
pub(super) type New<'a> = BTreeSet<&'a str>;

/// Dangerous steps, outliers and patterns, each under its heading.
pub(super) fn groups(groups: &[Group], new: &New, level: &Level) -> Vec<String> {
    let mut parts = Vec::new();
    for (rank, heading) in [(Rank::Dangerous, "Dangerous"), (Rank::Outlier, "Outliers"), (Rank::Pattern, "Patterns")] {
        let mut found = groups.iter().filter(|group| group.rank() == rank).peekable();
        if found.peek().is_some() {
            parts.push(format!("#### {heading}\n\n"));
            parts.extend(found.map(|group| at(group, new, level, detail(group, level), rank == Rank::Dangerous)));
            parts.push("\n".to_owned());
        }
    }
    parts
}

fn detail(group: &Group, level: &Level) -> Detail {
    match (group.rank(), group.risk) {
        (Rank::Dangerous, _) => level.dangerous,
        (Rank::Outlier, _) => level.outliers,
        (Rank::Pattern, Risk::Routine) => level.routine,
        (Rank::Pattern, _) => level.notable,
    }
}

fn at(group: &Group, new: &New, level: &Level, detail: Detail, open: bool) -> String {
    let is_new = group.patterns.iter().any(|pattern| new.contains(pattern.digest.short()));
    let mark = if is_new { " · new" } else { "" };
    let heading = format!("{} · {}{mark}", whom(group), what(group, detail));
    let peers: String = group.peers.iter().map(|peers| format!("{}\n\n", missing(peers, level.names))).collect();
    let accounts = if group.is_outlier() { String::new() } else { format!("{}\n\n", named(&group.accounts, level.names)) };
    if detail == Detail::Counted {
        let who = if group.is_outlier() { "\n".to_owned() } else { format!("  \n{}\n", named(&group.accounts, level.names)) };
        return format!(
            "- {heading}{who}{}",
            group.peers.iter().map(|peers| format!("  {}\n", missing(peers, level.names))).collect::<String>()
        );
    }
    let lines = lines(group, detail);
    if open {
        format!("{heading}\n\n{peers}{accounts}{}\n", fence("diff", &lines))
    } else {
        // What a reviewer must not miss stays in sight; the rest is a click away.
        let summary =
            format!("{} · {}{mark}{}", whom_html(group), what_html(group), group.peers.iter().map(missing_html).collect::<String>());
        details(false, &summary, &format!("{peers}{accounts}{}", fence("diff", &lines)))
    }
}

/// The steps of a group as the terminal shows them, with the signs at the beginning of the line, where a diff has its colours.
fn lines(group: &Group, detail: Detail) -> Vec<String> {
    if detail == Detail::Named {
        return group.patterns.iter().map(|pattern| format!("{} {}", sign(pattern), step::resource(&pattern.shape))).collect();
    }
    let shown: Vec<step::Shown> = group.patterns.iter().map(|pattern| (&pattern.shape, None)).collect();
    let lines = step::steps(&shown, false, PLAIN);
    lines.into_iter().map(|line| if is_headed(&line) { line.trim_start().to_owned() } else { line }).collect()
}

fn is_headed(line: &str) -> bool {
    let begins =
        |indent: &str, signs: &[&str]| line.strip_prefix(indent).is_some_and(|rest| signs.iter().any(|sign| rest.starts_with(sign)));
    begins("  ", &["+", "-", "~"]) || begins(step::INDENT, &["! "])
}

fn sign(pattern: &Pattern) -> &'static str {
    match &pattern.shape.action {
        Shaped::Create { replacing: false, .. } => "+",
        Shaped::Create { replacing: true, .. } => "+ (anew)",
        Shaped::Update { .. } => "~",
        Shaped::Delete { replacing: false, .. } => "-",
        Shaped::Delete { replacing: true, .. } => "-/+",
    }
}

fn whom(group: &Group) -> String {
    match group.accounts.as_slice() {
        [only] => format!("**{}**", code(&only.to_string())),
        all => format!("**{}**", many(all.len(), "account")),
    }
}

fn whom_html(group: &Group) -> String {
    match group.accounts.as_slice() {
        [only] => format!("<b>{}</b>", html_code(&only.to_string())),
        all => format!("<b>{}</b>{}", many(all.len(), "account"), of_domains(all)),
    }
}

/// Whose accounts they are, where that is short: patterns with one name are told apart by it.
fn of_domains(accounts: &[&Account]) -> String {
    let domains: BTreeSet<&str> = accounts
        .iter()
        .filter_map(|account| if let Account::Member { domain, .. } = account { Some(domain.as_str()) } else { None })
        .collect();
    if domains.len() > NAMED {
        return String::new();
    }
    format!(" of {}", domains.into_iter().map(html_code).collect::<Vec<_>>().join(", "))
}

/// The steps of a group in a few words.
fn what(group: &Group, detail: Detail) -> String {
    let names = names(group);
    let every = match detail {
        Detail::Counted => usize::MAX,
        Detail::Full | Detail::Named => NAMED,
    };
    // By name as long as that is short: of an outlier, and of anything dangerous, every one.
    let most = if group.is_outlier() || group.risk == Risk::Dangerous { every } else { NAMED };
    listed(names.iter().map(|name| code(name)), most)
}

/// The first of many, and how many more there are.
fn listed(names: impl ExactSizeIterator<Item = String>, most: usize) -> String {
    let rest = names.len().saturating_sub(most);
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    names.take(most).collect::<Vec<_>>().join(", ") + &more
}

fn what_html(group: &Group) -> String {
    listed(names(group).iter().map(|name| html_code(name)), NAMED)
}

fn names(group: &Group) -> Vec<String> {
    let is_second_half =
        |pattern: &&&Pattern| matches!(pattern.shape.action, Shaped::Create { replacing: true, .. }) && group.patterns.len() > 1;
    group
        .patterns
        .iter()
        .filter(|pattern| !is_second_half(pattern))
        .map(|pattern| format!("{} {} {}", sign(pattern), pattern.shape.kind, pattern.shape.name))
        .collect()
}

/// Accounts by environment, which is how people look for the one that is missing: `dev: a, b`.
fn named(accounts: &[&Account], most: usize) -> String {
    let mut by: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for account in accounts.iter().take(most) {
        match account {
            Account::Management => by.entry("organization".to_owned()).or_default().push(code(&account.to_string())),
            Account::Member { domain, environment } => by.entry(environment.to_string()).or_default().push(code(domain.as_str())),
        }
    }
    let rest = accounts.len().saturating_sub(most);
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    by.into_iter().map(|(environment, names)| format!("{environment}: {}", names.join(", "))).collect::<Vec<_>>().join("; ") + &more
}

fn missing(peers: &Peers, most: usize) -> String {
    let Peers { environment, within, all, missing } = peers;
    format!("{within} of {all} {environment} accounts; **not** {}", listed(missing.iter().map(|account| code(&account.to_string())), most))
}

fn missing_html(peers: &Peers) -> String {
    let Peers { environment, within, all, missing } = peers;
    let names = listed(missing.iter().map(|account| html_code(&account.to_string())), NAMED);
    format!(" · {within} of {all} {environment} accounts, not {names}")
}

/// Notes with one summary and one hint together; blocking ones in sight.
pub(super) fn notes(notes: &[Note], pick: impl Fn(Severity) -> bool, names: usize) -> Vec<String> {
    let part = |((severity, summary, hint), notes): ((Severity, &str, Option<&str>), Vec<&Note>)| {
        let lines = notes.iter().take(names).flat_map(|note| {
            let head = escape::line(&note.subject.to_string());
            [head].into_iter().chain(escape::lines(&note.detail).into_iter().map(|line| format!("  {line}")))
        });
        let rest = notes.len().saturating_sub(names);
        let more = (rest > 0).then(|| format!("and {rest} more"));
        let hint = hint.map(|hint| format!("hint: {}", escape::line(hint)));
        let lines: Vec<String> = lines.chain(more).chain(hint).collect();
        let summary = format!("<b>{severity}</b>: {} ({})", html(summary), notes.len());
        details(severity == Severity::Blocking, &summary, &fence("", &lines))
    };
    grouped(notes, pick).into_iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Concern, Subject};
    use crate::plan::{Plan, Step};
    use crate::render::fold::{fold, groups};
    use crate::render::made::{create, plan};

    const NAMES: [&str; 5] = ["one", "two", "three", "four", "five"];

    fn roles(account: &str) -> Vec<Step> {
        NAMES.map(|name| create(&format!("{account}/global/iam-role/{name}"), false)).to_vec()
    }

    /// What is said of the only group of a plan.
    fn said(plan: &Plan, detail: Detail) -> String {
        let folded = fold(plan);
        let groups = groups(&folded, plan);
        assert_eq!(groups.len(), 1);
        what(&groups[0], detail)
    }

    #[test]
    fn every_step_of_an_outlier_and_every_dangerous_one_has_its_name_and_of_a_pattern_the_first() {
        let outlier = plan([("prod", roles("a/prod"))]);
        let pattern = plan([("prod", [roles("a/prod"), roles("b/prod")].concat())]);
        let mut dangerous = pattern.clone();
        for step in dangerous.waves[0].accounts.values_mut().flatten() {
            step.concerns = vec![Concern { risk: Risk::Dangerous, why: "it matters".into() }];
        }
        let every = NAMES.map(|name| format!("`+ iam-role {name}`")).join(", ");
        let first = "`+ iam-role one`, `+ iam-role two`, `+ iam-role three` and 2 more";
        assert_eq!([&outlier, &dangerous, &pattern].map(|plan| said(plan, Detail::Counted)), [every.as_str(), &every, first]);
        assert_eq!([&outlier, &dangerous, &pattern].map(|plan| said(plan, Detail::Full)), [first; 3], "beneath it they have their names");
    }

    #[test]
    fn the_second_half_of_a_replacement_is_named_where_it_stands_alone() {
        assert_eq!(said(&plan([("prod", vec![create("a/prod/global/iam-role/one", true)])]), Detail::Full), "`+ (anew) iam-role one`");
        let at = "a/prod/global/iam-role/one";
        let mut first_half = crate::render::made::delete(at, true);
        first_half.concerns = vec![Concern { risk: Risk::Dangerous, why: "it is gone".into() }];
        assert_eq!(said(&plan([("prod", vec![first_half, create(at, true)])]), Detail::Full), "`-/+ iam-role one`");
    }

    #[test]
    fn so_many_accounts_and_notes_are_named_and_the_others_counted() {
        let accounts: Vec<Account> = ["a/dev", "a/prod", "b/dev"].map(|text| text.parse().unwrap()).to_vec();
        let accounts: Vec<&Account> = accounts.iter().collect();
        assert_eq!(named(&accounts, 3), "dev: `a`, `b`; prod: `a`");
        assert_eq!(named(&accounts, 2), "dev: `a`; prod: `a` and 1 more");
        let note = Note::new(Severity::Warning, Subject::Estate, "a summary", "a detail").hint("a hint");
        let of = |names: usize| notes(&[note.clone(), note.clone(), note.clone()], |_| true, names).concat();
        assert_eq!((of(3).matches("a detail").count(), of(3).contains("more")), (3, false));
        assert_eq!((of(2).matches("a detail").count(), of(2).contains("\nand 1 more\nhint: a hint\n")), (2, true));
    }
}
