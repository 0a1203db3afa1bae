//! Search and filters. Hidden until the script shows them: without it they would do nothing.

use super::html::{Html, tag, void};
use super::item::Item;
use super::sections::Section;
use crate::model::{Account, Environment, Risk};
use std::collections::BTreeSet;

pub(super) fn controls(all: &[Section<'_>]) -> Html {
    let label = tag("label", [("for", "q"), ("class", "unseen")], [Html::text("Search steps and accounts")]);
    let hint = "Search names, values, places…";
    let attributes =
        [("id", "q"), ("name", "q"), ("type", "search"), ("placeholder", hint), ("autocomplete", "off"), ("spellcheck", "false")];
    let key = tag("kbd", [("aria-hidden", "true")], [Html::text("/")]);
    let search = tag("div", [("class", "search")], [label, void("input", attributes), key]);
    let clear = tag("button", [("type", "button"), ("id", "clear"), ("hidden", "")], [Html::text("Clear")]);
    let account = tag("button", [("type", "button"), ("id", "account"), ("hidden", "")], []);
    let filters = tag("div", [("class", "filters")], [selects(all), account, clear]);
    let shown = tag("p", [("id", "shown"), ("role", "status")], []);
    let attributes = [("class", "controls"), ("id", "controls"), ("role", "search"), ("hidden", ""), ("aria-label", "Search and filters")];
    tag("form", attributes, [search, filters, shown])
}

fn selects(all: &[Section<'_>]) -> Html {
    let accounts = || all.iter().flat_map(|(group, _)| group.accounts.iter().copied());
    let domain = |account: &Account| match account {
        Account::Management => None,
        Account::Member { domain, .. } => Some(domain.to_string()),
    };
    let domains: BTreeSet<String> = accounts().filter_map(domain).collect();
    let environments: BTreeSet<Environment> = accounts().filter_map(Account::environment).collect();
    let kinds: BTreeSet<String> =
        all.iter().flat_map(|(_, items)| items.iter()).filter_map(Item::shape).map(|shape| shape.kind.clone()).collect();
    let risks: BTreeSet<Risk> = all.iter().map(|(group, _)| group.risk).collect();
    let words = |all: BTreeSet<Environment>| all.into_iter().map(|one| one.to_string()).collect::<Vec<_>>();
    Html::join([
        select("domain", "all domains", domains),
        select("environment", "all environments", words(environments)),
        select("kind", "all kinds", kinds),
        select("risk", "all risks", risks.iter().rev().map(Risk::to_string)),
    ])
}

fn select(name: &str, all: &str, choices: impl IntoIterator<Item = String>) -> Html {
    let any = tag("option", [("value", "")], [Html::text(all)]);
    let options = choices.into_iter().map(|choice| tag("option", [("value", choice.as_str())], [Html::text(&choice)]));
    tag("select", [("name", name), ("aria-label", name)], [any].into_iter().chain(options))
}
