//! What accounts have of their own, for the script and for readers without it.

use super::drawn::Values;
use super::html::{Html, tag};
use super::item::{Item, Source};
use super::sections::Section;
use crate::model::Account;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// From which the script expands patterns: names and values once each, and numbers that point at them.
pub(super) fn facts(all: &[Section<'_>], source: &Source<'_>) -> Value {
    let accounts: BTreeMap<&Account, usize> = source.values.keys().enumerate().map(|(at, account)| (*account, at)).collect();
    let names: BTreeSet<&String> = source.values.values().flat_map(Values::keys).collect();
    let own = |(account, values): (&&Account, &Values)| {
        let values: Vec<Option<&String>> = names.iter().map(|name| values.get(*name)).collect();
        json!([account.to_string(), values])
    };
    let group = |(group, items): &Section<'_>| {
        let of: Vec<Option<&usize>> = group.accounts.iter().map(|account| accounts.get(*account)).collect();
        json!({ "accounts": of, "items": items.iter().map(item).collect::<Vec<_>>() })
    };
    let groups: Vec<Value> = all.iter().map(group).collect();
    json!({ "names": names, "accounts": source.values.iter().map(own).collect::<Vec<_>>(), "groups": groups })
}

/// Only what is not the same for all accounts.
fn item(item: &Item<'_>) -> Value {
    let mut own = serde_json::Map::new();
    if item.variants.len() > 1 {
        own.insert("variant".to_owned(), json!(item.variant));
    }
    let asked: BTreeSet<&Option<String>> = item.asked.iter().collect();
    if asked.len() > 1 {
        own.insert("asked".to_owned(), json!(item.asked));
    }
    Value::Object(own)
}

/// The same as a document: where the links of accounts lead when no script takes them.
pub(super) fn legend(source: &Source<'_>) -> Html {
    let of = |(account, values): (&&Account, &Values)| {
        let account = account.to_string();
        let value =
            |(name, value): (&String, &String)| tag("div", [], [tag("dt", [], [Html::text(name)]), tag("dd", [], [Html::text(value)])]);
        let title = tag("h3", [("id", format!("account={account}").as_str())], [Html::text(&account)]);
        Html::join([title, tag("dl", [], values.iter().map(value))])
    };
    let title = tag("h2", [], [Html::text("What the placeholders stand for")]);
    let accounts = Html::join(source.values.iter().filter(|(_, values)| !values.is_empty()).map(of));
    tag("noscript", [], [tag("section", [("class", "values")], [title, accounts])])
}

#[cfg(test)]
mod tests {
    use crate::model::Place;
    use crate::plan::{Action, Report, Step};
    use crate::render::made;
    use serde_json::{Value, json};

    /// What the script is told of the one step of two accounts.
    fn told(description: &str, by: [&str; 2]) -> Value {
        let domains = ["a", "much-longer-than-the-other"];
        let step = |at: usize| {
            let want = made::role(&format!("{} {description}", domains[at]));
            let step = made::step(&format!("{}/prod/global/iam-role/ci", domains[at]), Action::Create { want, replacing: false });
            Step { asked: Some((made::name(by[at]), Place { file: "modules/x/module.yaml".into(), line: 7 })), ..step }
        };
        let page = super::super::page(&made::plan([("prod", vec![step(0), step(1)])]), &Report::default());
        let facts = page.split("id=\"facts\">").nth(1).and_then(|rest| rest.split("</script>").next()).unwrap();
        serde_json::from_str::<Value>(facts).unwrap()["groups"].clone()
    }

    #[test]
    fn the_script_is_told_only_what_is_not_the_same_for_all() {
        let asked = |by: &str| format!("asked by {by}, modules/x/module.yaml:7");
        assert_eq!(told("x", ["x", "x"]), json!([{ "accounts": [0, 1], "items": [{}] }]));
        assert_eq!(told("x", ["x", "y"]), json!([{ "accounts": [0, 1], "items": [{ "asked": [asked("x"), asked("y")] }] }]));
        let long = "-".repeat(90);
        assert_eq!(told(&long, ["x", "x"]), json!([{ "accounts": [0, 1], "items": [{ "variant": [1, 0] }] }]));
    }
}
