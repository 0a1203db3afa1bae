//! Healths as text, one line an account, and as JSON. What canaries say is untrusted, and escaped here.

use super::escape;
use super::paint::{Ink, Paint};
use crate::model::{Account, Colour, Element, Health, Healths};
use serde::Serialize;

/// The version of the JSON below; documented in docs/modules/canary.md. A field is never renamed or removed within a format.
const FORMAT: u32 = 1;
/// So many elements are told of an account: when its VPC is gone, so is all that was in it.
const ELEMENTS: usize = 5;
/// The width of the longest colour.
const WIDTH: usize = 9;

/// One line an account, those that are not well last, where the eye is when they have gone by.
pub fn health(healths: &Healths, color: bool) -> String {
    let width = healths.keys().map(|account| account.to_string().len()).max().unwrap_or_default();
    let mut all: Vec<(&Account, &Health)> = healths.iter().collect();
    all.sort_by_key(|(_, health)| health.is_red());
    let paint = Paint { color };
    all.into_iter().map(|(account, health)| line(account, health, width, paint)).collect()
}

fn line(account: &Account, health: &Health, width: usize, paint: Paint) -> String {
    let colour = format!("{:WIDTH$}", health.colour);
    let colour = match health.colour {
        Colour::Green => paint.text(Ink::Added, &colour),
        Colour::Red => paint.text(Ink::Removed, &colour),
        Colour::Unwatched | Colour::Absent => colour,
    };
    format!("{account:width$}  {colour}  {}\n", escape::line(&told(health)))
}

fn told(health: &Health) -> String {
    match health.colour {
        Colour::Green => {
            if health.canaries.len() == 1 {
                "1 canary".to_owned()
            } else {
                format!("{} canaries", health.canaries.len())
            }
        }
        Colour::Unwatched => "no canary is declared".to_owned(),
        Colour::Absent => "the account does not exist yet".to_owned(),
        Colour::Red => diagnosis(health),
    }
}

fn diagnosis(health: &Health) -> String {
    let mut parts = health.complaints();
    parts.extend(health.elements.iter().take(ELEMENTS).map(element));
    let more = health.elements.len().saturating_sub(ELEMENTS);
    parts.extend((more > 0).then(|| format!("and {more} more that are not as declared")));
    parts.extend(health.unread.iter().map(|why| format!("what is declared could not be compared: {why}")));
    let whole = health.elements.is_empty() && health.unread.is_none();
    parts.extend(whole.then(|| "all that is declared of its network is there".to_owned()));
    parts.join("; ")
}

fn element(element: &Element) -> String {
    let Element { address, state, fields, asked, touched, untold } = element;
    let fields = if fields.is_empty() { String::new() } else { format!(" in {}", fields.join(", ")) };
    let asked = asked.as_ref().map(|asked| format!(" (asked by {asked})")).unwrap_or_default();
    let touched = touched.as_ref().map(|step| format!(", last touched by {step}"));
    let touched = touched.or_else(|| untold.as_ref().map(|why| format!(", {why}"))).unwrap_or_default();
    format!("{}/{} is {state}{fields}{asked}{touched}", address.kind, address.name)
}

#[derive(Serialize)]
struct Shown<'a> {
    format: u32,
    red: usize,
    accounts: &'a Healths,
}

/// All that is known, as JSON, indented, with a newline at the end.
///
/// # Panics
/// Never: healths are plain data.
pub fn health_json(healths: &Healths) -> String {
    let red = healths.values().filter(|health| health.is_red()).count();
    let shown = serde_json::to_string_pretty(&Shown { format: FORMAT, red, accounts: healths }).expect("plain data has a JSON form");
    escape::json(&shown) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Deed, ElementState, Ended, Taken, Touch, Word};
    use std::collections::BTreeMap;

    fn healths() -> Healths {
        let word = |answer: &str| Word::of(answer.as_bytes());
        let green = word(r#"{"format":1,"verdict":"green"}"#);
        let red = word(
            r#"{"format":1,"verdict":"red","checks":[{"check":"egress","ok":false,"why":"no \u001b[2J answer"}],"suspects":["nat-gateway"]}"#,
        );
        let mut bad = Health::of(BTreeMap::from([("landfall-canary-a".to_owned(), red), ("landfall-canary-b".to_owned(), green.clone())]));
        bad.elements.push(Element {
            address: "payments/prod/us-west-2/route-table/private-a".parse().unwrap(),
            state: ElementState::Different,
            fields: vec!["routes.0.0.0.0/0".to_owned()],
            asked: Some("network, modules/network/module.yaml:92".to_owned()),
            touched: Some(Touch {
                step: Taken::new(Deed::Update, ["routes.0.0.0.0/0".to_owned()], Ended::Done),
                plan: "1a2b3c4d5e6f".to_owned(),
                at: "2026-11-21T10:00:00Z".to_owned(),
            }),
            untold: None,
        });
        let silent = Health::of(BTreeMap::from([("landfall-canary-a".to_owned(), Word::silent("the function is not there"))]));
        let all = [
            ("payments/prod", bad),
            ("payments/stage", Health::of(BTreeMap::from([("landfall-canary-a".to_owned(), green)]))),
            ("search/dev", Health::without(Colour::Absent)),
            ("search/prod", silent),
            ("tools/prod", Health::without(Colour::Unwatched)),
        ];
        all.into_iter().map(|(account, health)| (account.parse().unwrap(), health)).collect()
    }

    #[test]
    fn one_line_an_account_and_what_is_bad_comes_last() {
        let expected = "\
payments/stage  green      1 canary
search/dev      absent     the account does not exist yet
tools/prod      unwatched  no canary is declared
payments/prod   red        landfall-canary-a: egress: no \\u{1b}[2J answer (suspected: nat-gateway); \
route-table/private-a is different in routes.0.0.0.0/0 (asked by network, modules/network/module.yaml:92), \
last touched by `update routes.0.0.0.0/0` of plan 1a2b3c4d5e6f at 2026-11-21T10:00:00Z
search/prod     red        landfall-canary-a: silent: the function is not there; all that is declared of its network is there
";
        assert_eq!(health(&healths(), false), expected);
    }

    #[test]
    fn json_is_stable() {
        let json: serde_json::Value = serde_json::from_str(&health_json(&healths())).unwrap();
        assert_eq!((&json["format"], &json["red"]), (&serde_json::json!(1), &serde_json::json!(2)));
        let bad = &json["accounts"]["payments/prod"];
        assert_eq!(bad["colour"], "red");
        assert_eq!(bad["canaries"]["landfall-canary-a"]["suspects"], serde_json::json!(["nat-gateway"]));
        assert_eq!(bad["elements"][0]["address"], "payments/prod/us-west-2/route-table/private-a");
        assert_eq!(bad["elements"][0]["state"], "different");
        let touched = r#"{"action":"update","at":"2026-11-21T10:00:00Z","fields":["routes.0.0.0.0/0"],"plan":"1a2b3c4d5e6f"}"#;
        assert_eq!(bad["elements"][0]["touched"].to_string(), touched);
    }

    #[test]
    fn so_many_elements_are_told_and_the_others_counted() {
        let mut health = healths().remove(&"payments/prod".parse().unwrap()).unwrap();
        let one = health.elements.remove(0);
        let said = |count: usize| diagnosis(&Health { elements: vec![one.clone(); count], ..health.clone() });
        assert_eq!((said(ELEMENTS).matches("is different").count(), said(ELEMENTS).contains("more")), (ELEMENTS, false));
        assert_eq!(said(ELEMENTS + 1).matches("is different").count(), ELEMENTS);
        assert!(said(ELEMENTS + 1).ends_with("; and 1 more that are not as declared"));
        assert!(said(0).ends_with("all that is declared of its network is there"));
        assert!(!diagnosis(&Health { unread: Some("no answer".into()), elements: vec![], ..health.clone() }).contains("is there"));
    }
}
