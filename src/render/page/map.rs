//! The estate as a map: a tile an account, by organizational unit, marked with the worst risk of its steps.

use super::html::{Html, tag};
use super::risk::{shape, word};
use crate::kinds::Spec;
use crate::model::{Account, Environment, Risk};
use crate::plan::{Plan, Step};
use crate::render::counts::many;
use std::collections::{BTreeMap, BTreeSet};

/// With more accounts than this, tiles are marks without names.
const NAMED: usize = 90;

/// Where accounts stand that are in no organizational unit, as the one that all others belong to.
const ORGANIZATION: &str = "organization";

/// What the plan does to an account.
#[derive(Clone, Copy, Default)]
struct Work {
    steps: usize,
    worst: Option<Risk>,
}

/// A unit's place among others, and its name.
type Unit = (usize, String);

pub(super) fn map(plan: &Plan) -> Html {
    let units = units(plan);
    if units.is_empty() {
        return Html::default();
    }
    let accounts: usize = units.values().map(BTreeMap::len).sum();
    let class = if accounts > NAMED { "estate small" } else { "estate" };
    let title = tag("h2", [("id", "estate-title")], [Html::text("The estate")]);
    let head = tag("header", [], [title, legend(&units)]);
    let told = tag("p", [("class", "told"), ("id", "told"), ("aria-hidden", "true")], []);
    let blocks = units.iter().map(|((_, name), accounts)| unit(name, accounts));
    let map = tag("div", [("class", class), ("id", "map")], blocks);
    tag("section", [("class", "map"), ("aria-labelledby", "estate-title")], [head, map, told])
}

fn units(plan: &Plan) -> BTreeMap<Unit, BTreeMap<&Account, Work>> {
    let mut work: BTreeMap<&Account, Work> = plan.emails.keys().map(|account| (account, Work::default())).collect();
    let mut named: BTreeMap<&Account, String> = BTreeMap::new();
    for (account, step) in plan.waves.iter().flat_map(|wave| &wave.accounts).flat_map(|(at, steps)| steps.iter().map(move |one| (at, one)))
    {
        let work = work.entry(account).or_default();
        work.steps += 1;
        work.worst = work.worst.max(Some(step.risk()));
        named.extend(unit_of(step).map(|unit| (account, unit)));
    }
    let mut units: BTreeMap<Unit, BTreeMap<&Account, Work>> = BTreeMap::new();
    for (account, work) in work {
        let environment = account.environment().map_or(ORGANIZATION, Environment::as_str);
        let name = named.remove(account).unwrap_or_else(|| environment.to_owned());
        units.entry((rank(&name), name)).or_default().insert(account, work);
    }
    units
}

/// The organizational unit that a step puts its account into.
fn unit_of(step: &Step) -> Option<String> {
    match step.action.after()? {
        Spec::Account(account) => Some(account.organizational_unit.name.to_string()),
        _ => None,
    }
}

/// The organization first, then environments as changes reach them, then all others by name.
fn rank(name: &str) -> usize {
    let environment = Environment::ALL.iter().position(|environment| environment.as_str() == name);
    if name == ORGANIZATION { 0 } else { environment.map_or(Environment::ALL.len() + 1, |place| place + 1) }
}

fn unit(name: &str, accounts: &BTreeMap<&Account, Work>) -> Html {
    let count = tag("span", [("class", "count")], [Html::text(&many(accounts.len(), "account"))]);
    let title = tag("h3", [], [Html::text(name), Html::text(" "), count]);
    let tiles = accounts.iter().map(|(account, work)| tag("li", [], [tile(account, *work)]));
    tag("div", [("class", "unit")], [title, tag("ul", [], tiles)])
}

fn tile(account: &Account, Work { steps, worst }: Work) -> Html {
    let (account, risk) = (account.to_string(), word(worst));
    let told = match steps {
        0 => format!("{account}: {risk}"),
        _ => format!("{account}: {}, {risk}", many(steps, "step")),
    };
    let short = account.rsplit_once('/').map_or(account.as_str(), |(domain, _)| domain);
    let mark = tag("span", [("class", "mark"), ("aria-hidden", "true")], [Html::text(shape(worst))]);
    let name = tag("span", [("class", "name"), ("aria-hidden", "true")], [Html::text(short)]);
    let href = format!("#account={account}");
    let attributes = [
        ("class", "tile"),
        ("href", href.as_str()),
        ("data-account", &account),
        ("data-risk", &risk),
        ("title", &told),
        ("aria-label", &told),
    ];
    tag("a", attributes, [mark, name])
}

/// The risks that there are, with how many accounts have them.
fn legend(units: &BTreeMap<Unit, BTreeMap<&Account, Work>>) -> Html {
    let all = || units.values().flat_map(BTreeMap::values).map(|work| work.worst);
    let risks: BTreeSet<Option<Risk>> = all().collect();
    let entry = |risk: &Option<Risk>| {
        let word = word(*risk);
        let mark = tag("span", [("class", "mark"), ("aria-hidden", "true")], [Html::text(shape(*risk))]);
        let count = all().filter(|other| other == risk).count();
        tag("li", [("data-risk", word.as_str())], [mark, Html::text(&format!(" {count} {word}"))])
    };
    tag("ul", [("class", "legend")], risks.iter().rev().map(entry))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Action;
    use crate::render::made;
    use serde_json::json;

    fn moved(account: &str, unit: &str) -> Step {
        let unit = format!("management:organizational-unit/{unit}");
        let fields = json!({ "email": "a@b.example", "name": "x", "organizational_unit": unit, "access_role": "Role" });
        made::step(&format!("{account}/global/account/main"), Action::Create { want: made::spec("account", fields), replacing: false })
    }

    #[test]
    fn accounts_stand_in_their_units_the_organization_first_and_environments_as_changes_reach_them() {
        let steps = [moved("a/dev", "zebra"), moved("b/stage", "audit"), made::create("c/prod/global/iam-role/ci", false)];
        let mut plan = made::plan([("prod", steps.to_vec()), ("organization", vec![made::create("management/global/iam-role/ci", false)])]);
        plan.emails = ["d/dev", "e/stage", "f/prod"].map(|account| (account.parse().unwrap(), String::new())).into();
        let map = map(&plan).into_string();
        let units: Vec<&str> = map.split("<h3>").skip(1).filter_map(|unit| unit.split(' ').next()).collect();
        assert_eq!(units, ["organization", "dev", "stage", "prod", "audit", "zebra"]);
        let of = |unit: &str| {
            let of = map.split(&format!("<h3>{unit} ")).nth(1).and_then(|rest| rest.split("<h3>").next()).unwrap_or_default();
            of.split("data-account=\"").skip(1).filter_map(|tile| tile.split('"').next()).collect::<Vec<_>>()
        };
        assert_eq!(["prod", "audit", "zebra"].map(of), [vec!["c/prod", "f/prod"], vec!["b/stage"], vec!["a/dev"]]);
        let told = ["c/prod: 1 step, routine", "f/prod: unchanged"].map(|told| map.contains(&format!("aria-label=\"{told}\"")));
        assert_eq!(told, [true, true], "{map}");
    }

    #[test]
    fn tiles_lose_their_names_where_there_are_too_many() {
        let is_small = |count: usize| {
            let emails = (0..count).map(|at| (format!("d{at}/dev").parse().unwrap(), String::new()));
            map(&Plan { emails: emails.collect(), ..made::plan([]) }).into_string().contains("estate small")
        };
        assert_eq!([1, 90, 91].map(is_small), [false, false, true]);
    }
}
