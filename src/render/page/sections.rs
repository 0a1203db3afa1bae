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
