//! The page in a real browser, from a `file:` address: what it shows is the plan, it runs nothing that was not its own, and it can be used
//! by keyboard, in dark and in light, on a phone, and without its script.

mod browser;
#[path = "../estates/mod.rs"]
mod estates;
mod expected;
mod plans;

use browser::check;
use expected::{Steps, cut, outlines, steps};
use landfall::model::{Account, Environment, Risk};
use landfall::render::{escape, page};
use plans::Planned;
use serde_json::json;
use std::collections::BTreeSet;

/// What a page of 500 accounts of sixty steps each may weigh, in bytes: it is mailed, and kept for every run.
const LARGEST: usize = 2 << 20;

fn shown((plan, report): &Planned) -> String {
    page(plan, report)
}

/// `3 of 20 steps in 1 of 4 accounts`, as the page counts: a replacement once.
fn counted(steps: &Steps, pick: impl Fn(&Account, &str) -> bool) -> String {
    let all = || steps.iter().flat_map(|(account, steps)| steps.iter().map(move |step| (account.parse::<Account>().unwrap(), step)));
    let picked: Vec<Account> = all().filter(|(account, step)| pick(account, step)).map(|(account, _)| account).collect();
    let accounts = picked.iter().collect::<BTreeSet<_>>().len();
    format!("{} in {}", some(picked.len(), all().count(), "step"), some(accounts, steps.len(), "account"))
}

fn some(count: usize, all: usize, what: &str) -> String {
    let all_of_it = format!("{all} {what}{}", if all == 1 { "" } else { "s" });
    if count == all { all_of_it } else { format!("{count} of {all_of_it}") }
}

fn in_environment(account: &Account, environment: Environment) -> bool {
    account.environment() == Some(environment)
}

#[test]
fn patterns_expand_to_the_very_steps_of_the_plan() {
    for (planned, singles) in [(plans::changed(), ["search/prod", "orders/dev"]), (plans::hostile(), ["prod/prod", "__proto__/dev"])] {
        let steps = steps(&planned);
        assert_eq!(cut(&steps), outlines(&planned));
        check("expansion", &shown(&planned), &json!({ "steps": steps, "singles": singles }));
    }
}

#[test]
fn the_example_estate_expands_too() {
    let planned = plans::example();
    let steps = steps(&planned);
    assert_eq!(cut(&steps), outlines(&planned));
    check("expansion", &shown(&planned), &json!({ "steps": steps, "singles": ["management", "payments/prod", "reports/dev"] }));
}

#[test]
fn what_is_planted_is_shown_and_never_runs() {
    let planted = plans::HOSTILE.map(escape::line);
    check("hostile", &shown(&plans::hostile()), &json!({ "planted": planted }));
}

#[test]
fn everybody_can_read_it() {
    check("legible", &shown(&plans::changed()), &json!({ "account": "orders/dev" }));
}

#[test]
fn nothing_is_wider_than_a_phone() {
    check("narrow", &shown(&plans::hostile()), &json!({ "account": "prod/prod" }));
}

#[test]
fn it_is_a_document_without_its_script() {
    let planned = plans::changed();
    let texts = [
        "not whole: 1 blocking note",
        "Live state could not be read",
        "opens the group to the whole internet",
        "9 of 10 stage accounts; not payments/stage",
    ];
    let expected = json!({ "texts": texts, "account": "orders/dev", "resources": 60 });
    check("document_alone", &shown(&planned), &expected);
}

#[test]
fn search_and_filters_narrow_and_say_so() {
    let planned = plans::changed();
    let steps = steps(&planned);
    let of_kind = |step: &str, kind: &str| step.split(' ').nth(1) == Some(kind);
    let cases = json!([
        { "name": "domain", "value": "orders", "says": counted(&steps, |account, _| account.to_string().starts_with("orders/")) },
        { "name": "environment", "value": "prod", "says": counted(&steps, |account, _| in_environment(account, Environment::Prod)) },
        { "name": "kind", "value": "subnet", "says": counted(&steps, |_, step| of_kind(step, "subnet")) },
        { "name": "risk", "value": Risk::Dangerous, "says": counted(&steps, |_, step| step.contains("! dangerous: ")) },
        { "name": "q", "value": "orders/dev PRIVATE-b", "says": counted(&steps, |account, step| {
            account.to_string() == "orders/dev" && step.to_lowercase().contains("private-b")
        }) },
        { "name": "q", "value": "10.200.0.0/20", "says": counted(&steps, |_, step| step.contains("10.200.0.0/20")) },
    ]);
    let both = counted(&steps, |account, step| in_environment(account, Environment::Dev) && of_kind(step, "subnet"));
    let searched = counted(&steps, |account, step| account.to_string() == "orders/dev" && of_kind(step, "subnet"));
    let expected = json!({
        "all": counted(&steps, |_, _| true),
        "cases": cases,
        "together": { "choose": [["environment", "dev"], ["kind", "subnet"]], "says": both },
        "reload": { "fragment": "#q=orders%2Fdev&kind=subnet", "q": "orders/dev", "says": searched },
    });
    check("filters", &shown(&planned), &expected);
}

#[test]
fn the_keyboard_is_enough() {
    let planned = plans::changed();
    let steps = steps(&planned);
    let says = counted(&steps, |account, _| account.to_string() == "orders/dev");
    let all = counted(&steps, |_, _| true);
    check("keyboard", &shown(&planned), &json!({ "account": "orders/dev", "says": says, "all": all, "first": "accounts/dev" }));
}

#[test]
fn a_plan_of_nothing_has_a_page_too() {
    let expected = json!({ "texts": ["No changes. 30 accounts"], "account": "orders/dev" });
    check("nothing_to_do", &shown(&plans::nothing()), &expected);
    let expected = json!({ "texts": ["Nothing could be planned.", "not whole: 1 blocking note", "AccessDenied"], "account": null });
    check("nothing_to_do", &shown(&plans::unreadable()), &expected);
}

#[test]
fn five_hundred_accounts_are_searched_at_once() {
    let html = shown(&plans::large());
    assert!(html.len() < LARGEST, "{} bytes", html.len());
    check("large", &html, &json!({ "account": "domain-77/prod", "q": "domain-77-prod" }));
}
