//! The steps as sections of the page: the dangerous ones in full, outliers by name, then patterns. Each group of accounts is an article.

use super::html::{Html, tag};
use super::item::Item;
use super::risk;
use crate::model::{Account, Risk};
use crate::render::counts::many;
use crate::render::fold::{Group, Rank};
use crate::render::text::missing;
use std::collections::BTreeSet;

/// A step of an outlier with more lines than this is folded up at first: its name is what is read.
const AT_ONCE: usize = 12;

/// A pattern of more accounts than this lists them when asked.
const NAMED_AT_ONCE: usize = 10;

/// A group with its steps.
pub(super) type Section<'a> = (&'a Group<'a>, &'a [Item<'a>]);

/// All groups, in three sections; the heading of each says what they have in common.
pub(super) fn sections(all: &[Section<'_>]) -> Html {
    let of = |id: &'static str, title: &'static str, about: &'static str, rank: Rank| {
        let articles: Vec<Html> =
            all.iter().enumerate().filter(|(_, (group, _))| group.rank() == rank).map(|(number, one)| article(number, one)).collect();
        if articles.is_empty() {
            return Html::default();
        }
        let heading = format!("{id}-title");
        let title = tag("h2", [("id", heading.as_str())], [Html::text(title)]);
        let about = tag("p", [("class", "about")], [Html::text(about)]);
        let head = tag("header", [], [title, about]);
        tag("section", [("class", "steps"), ("id", id), ("aria-labelledby", &heading)], [head, Html::join(articles)])
    };
    Html::join([
        of("dangerous", "Dangerous", "What may lose data or take something down, in full.", Rank::Dangerous),
        of("outliers", "Outliers", "What one account alone has, by name.", Rank::Outlier),
        of("patterns", "Patterns", "What many accounts have alike, but for what is their own.", Rank::Pattern),
    ])
}

fn article(number: usize, (group, items): &Section<'_>) -> Html {
    let (id, heading) = (format!("group-{number}"), format!("group-{number}-title"));
    let title = match group.accounts.as_slice() {
        [only] => only.to_string(),
        all => many(all.len(), "account"),
    };
    let steps = many(items.len() * group.accounts.len(), "step");
    let title = tag("h3", [("id", heading.as_str())], [Html::text(&title)]);
    let count = tag("span", [("class", "count")], [Html::text(&steps)]);
    let head = tag("header", [], [risk::mark(group.risk), title, count]);
    let peers = group.peers.iter().map(|peers| tag("p", [("class", "peers")], [Html::text(&missing(peers))]));
    let steps = tag("ul", [], items.iter().map(|item| step(item, group)));
    let inside = [head].into_iter().chain(peers).chain(members(group)).chain([steps]);
    tag("article", [("class", "group"), ("id", &id), ("aria-labelledby", &heading)], inside)
}

/// The accounts of a pattern, each a link to what the plan does to it.
fn members(group: &Group<'_>) -> Option<Html> {
    let accounts = || group.accounts.iter().map(|account| tag("li", [], [link(account)]));
    let summary = || tag("summary", [], [Html::text("Which accounts")]);
    let open = (group.accounts.len() <= NAMED_AT_ONCE).then_some(("open", ""));
    (!group.is_outlier()).then(|| tag("details", [("class", "members")].into_iter().chain(open), [summary(), tag("ul", [], accounts())]))
}

/// Where the fragment leads: to the account's steps with the script, to its facts without.
pub(super) fn link(account: &Account) -> Html {
    let account = account.to_string();
    tag("a", [("href", format!("#account={account}").as_str())], [Html::text(&account)])
}

fn step(item: &Item<'_>, group: &Group<'_>) -> Html {
    let Some((first, others)) = item.variants.split_first() else { return Html::default() };
    let is_open = group.risk == Risk::Dangerous || (group.is_outlier() && first.depth() <= AT_ONCE);
    let risk = group.risk.to_string();
    let kind = item.shape().map(|shape| shape.kind.clone()).unwrap_or_default();
    let summary = tag("summary", [], [first.heading()]);
    let others = others.iter().map(|other| tag("template", [], [other.heading(), other.body()]));
    let inside = [summary, first.body()].into_iter().chain(others).chain([foot(item)]);
    let open = if is_open { vec![("open", "")] } else { Vec::new() };
    let details = tag("details", open, inside);
    tag("li", [("class", "item"), ("data-kind", kind.as_str()), ("data-risk", &risk)], [details])
}

/// Who asked for a step, and the digest that an approval of it is bound to.
fn foot(item: &Item<'_>) -> Html {
    let asked: BTreeSet<&str> = item.asked.iter().flatten().map(String::as_str).collect();
    let asked = match asked.len() {
        0 => "no longer asked for".to_owned(),
        _ => asked.into_iter().collect::<Vec<_>>().join("; "),
    };
    let digests =
        item.digests().into_iter().map(|digest| tag("code", [("title", "the digest that an approval is bound to")], [Html::text(digest)]));
    let digests = Html::join(digests.flat_map(|digest| [Html::text(" "), digest]));
    tag("p", [("class", "foot")], [tag("span", [("class", "asked")], [Html::text(&asked)]), digests])
}

#[cfg(test)]
mod tests {
    use crate::model::{Change, Concern, Risk};
    use crate::plan::{Action, Report, Step};
    use crate::render::made;

    fn page(steps: Vec<Step>) -> String {
        super::super::page(&made::plan([("prod", steps)]), &Report::default())
    }

    fn created(domain: &str, name: &str) -> Step {
        made::create(&format!("{domain}/prod/global/iam-role/{name}"), false)
    }

    #[test]
    fn the_accounts_of_a_pattern_are_named_at_once_if_they_are_few() {
        let of = |count: usize| page((0..count).flat_map(|at| ["one", "two"].map(|name| created(&format!("d{at}"), name))).collect());
        for (count, closed, open) in [(1, 0, 0), (2, 0, 1), (10, 0, 1), (11, 1, 0)] {
            let page = of(count);
            let members = ["<details class=\"members\">", "<details class=\"members\" open>"].map(|members| page.matches(members).count());
            assert_eq!(members, [closed, open], "{count}");
            assert!(page.contains(&format!("<span class=\"count\">{} steps</span>", 2 * count)), "{count}");
            let linked = (0..count).filter(|at| page.contains(&format!("<li><a href=\"#account=d{at}/prod\">d{at}/prod</a></li>"))).count();
            assert_eq!(linked, if count > 1 { count } else { 0 });
        }
    }

    #[test]
    fn a_step_is_open_if_it_is_dangerous_or_short_and_of_one_account() {
        let update = |domain: &str, lines: usize, concerns: &[Concern]| {
            let change = |at| Change::between(format!("field{at}"), None, Some("x".to_owned()));
            let action = Action::Update { live: made::role("x"), want: made::role("x"), changes: (0..lines).map(change).collect() };
            Step { concerns: concerns.to_vec(), ..made::step(&format!("{domain}/prod/global/iam-role/ci"), action) }
        };
        let dangerous = [Concern { risk: Risk::Dangerous, why: "others use it".to_owned() }];
        let cases = [
            (vec![update("a", 12, &[])], true),
            (vec![update("a", 13, &[])], false),
            (vec![update("a", 13, &dangerous)], true),
            (vec![update("a", 1, &[]), update("b", 1, &[])], false),
            (vec![update("a", 1, &dangerous), update("b", 1, &dangerous)], true),
        ];
        for (number, (steps, expected)) in cases.into_iter().enumerate() {
            let page = page(steps);
            let item = page.split("<li class=\"item\"").nth(1).and_then(|item| item.split_once('>')).unwrap().1.trim_start();
            assert_eq!(item.starts_with("<details open>"), expected, "{number}: {}", &item[..40]);
        }
    }

    #[test]
    fn a_step_says_who_asked_for_it() {
        let asked = |domain: &str, by: Option<&str>| {
            let place = crate::model::Place { file: "modules/x/module.yaml".into(), line: 7 };
            Step { asked: by.map(|by| (made::name(by), place)), ..created(domain, "ci") }
        };
        let of = |steps: &[(&str, Option<&str>)]| {
            let page = page(steps.iter().map(|(domain, by)| asked(domain, *by)).collect());
            page.split("<span class=\"asked\">").nth(1).and_then(|rest| rest.split('<').next()).unwrap().to_owned()
        };
        assert_eq!(of(&[("a", None)]), "no longer asked for");
        assert_eq!(of(&[("a", Some("x")), ("b", Some("x"))]), "asked by x, modules/x/module.yaml:7");
        assert_eq!(of(&[("a", Some("x")), ("b", Some("y"))]), "asked by x, modules/x/module.yaml:7; asked by y, modules/x/module.yaml:7");
    }
}
