//! What is told to be new in a wave, and what is not.

use super::*;
use crate::config::{load_texts, show as said};
use crate::plan::{Desired, Found, Live, Report, estates, plan};
use serde_json::{Value, json};

const MODULE: &str = "\
about: Parameters.
parameters: { greeting: { type: string, default: hello } }
resources:
  - { kind: organizational-unit, name: all }
  - kind: account
    name: main
    spec: { email: \"${account.email}\", name: x, organizational_unit: \"management:organizational-unit/all\", access_role: Role }
  - { kind: ssm-parameter, name: landfall/all, spec: { value: { text: \"${parameter.greeting} ${environment}\" } } }
";
const PROD: &str = "  - { kind: ssm-parameter, name: \"landfall/${domain.name}\", environments: [prod], spec: { value: { text: x } } }\n";
const ORGANIZATION: &str = "\
organization: { name: acme, account_email: \"aws+{domain}-{environment}@acme.example\", home_region: us-west-2, github: acme }
teams: { core: {} }
domains:
";
const ALL: &str = "  catalog: { team: core }\n  payments: { team: core }\n";
const EVERYWHERE: [&str; 4] = ["organization", "dev", "stage", "prod"];

fn desired(domains: &str, module: &str) -> Desired {
    let modules = BTreeMap::from([("greeting".to_owned(), ("modules/greeting/module.yaml".to_owned(), module.to_owned()))]);
    let text = format!("{ORGANIZATION}{domains}");
    let loaded = load_texts(("domains.yaml", &text), &modules, jiff::Timestamp::UNIX_EPOCH);
    loaded.map_err(|problems| said(&problems, false)).unwrap().desired
}

/// What lives after the steps of some waves.
fn applied(desired: &Desired, waves: &[&str]) -> Live {
    let (whole, _) = plan(desired, &Live::default());
    let steps = whole.waves.iter().filter(|wave| waves.contains(&wave.name.as_str())).flat_map(|wave| wave.accounts.values().flatten());
    let found = |step: &Step| Some((step.address.clone(), Found { id: "id".into(), spec: step.action.after()?.clone() }));
    Live { found: steps.filter_map(found).collect(), ..Live::default() }
}

/// What is first seen, and the plan.
fn first_seen(desired: &Desired, live: &Live) -> (Vec<String>, Plan) {
    let (plan, Report { notes, .. }) = plan(desired, live);
    let note = notes.into_iter().find(|note| note.summary == SUMMARY);
    (note.map(|note| note.detail.lines().map(str::to_owned).collect()).unwrap_or_default(), plan)
}

#[test]
fn a_pattern_first_seen_in_prod_is_told_once_and_takes_an_approval() {
    let before = applied(&desired(ALL, MODULE), &EVERYWHERE);
    let (told, plan) = first_seen(&desired(ALL, &format!("{MODULE}{PROD}")), &before);
    assert_eq!(told, ["first seen in prod: create ssm-parameter landfall/‹domain› of greeting, in 2 accounts"]);
    assert_eq!(plan.approvals_needed(), 1);
    let why = "first seen in prod: no earlier wave exercises it";
    assert!(plan.steps().all(|step| step.concerns.iter().any(|concern| concern.why == why)));
}

#[test]
fn what_an_earlier_wave_has_exercised_is_not_new_nor_is_it_on_a_rerun() {
    let other = MODULE.replace("hello", "good day");
    let before = applied(&desired(ALL, MODULE), &EVERYWHERE);
    let (told, plan) = first_seen(&desired(ALL, &other), &before);
    assert_eq!((told, plan.steps().count(), plan.approvals_needed()), (vec![], 6, 0));
    // Dev and stage are through; what is left of the plan is prod's.
    let mut later = before;
    later.found.extend(applied(&desired(ALL, &other), &["dev", "stage"]).found);
    let (told, plan) = first_seen(&desired(ALL, &other), &later);
    assert_eq!((told, plan.steps().count()), (vec![], 2));
    // But what prod alone is to have is new, although dev has the same parameter with another value.
    let own = ALL.replace("payments: { team: core }", "payments: { team: core, modules_in: { prod: { greeting: { greeting: hi } } } }");
    let (told, _) = first_seen(&desired(&own, &other), &applied(&desired(ALL, &other), &EVERYWHERE));
    assert_eq!(told, ["first seen in prod: update ssm-parameter landfall/all of greeting (value), in payments/prod"]);
}

#[test]
fn what_has_nothing_before_it_is_unlike_nothing() {
    let alone = "  tools: { team: core, environments: [prod] }\n";
    let (told, plan) = first_seen(&desired(alone, &format!("{MODULE}{PROD}")), &Live::default());
    assert_eq!((told, plan.steps().count()), (vec![], 4));
}

#[test]
fn the_account_of_a_domain_that_has_prod_only_is_told_of_once() {
    let module = format!("{MODULE}{PROD}{}", PROD.replace("landfall/", "landfall/more/"));
    let mut desired = desired(&format!("{ALL}  tools: {{ team: core, environments: [prod] }}\n"), &module);
    desired.resources.retain(|at, _| at.account.to_string() != "catalog/prod" && at.account.to_string() != "payments/prod");
    let (told, plan) = first_seen(&desired, &Live::default());
    let expected = "first seen in prod: create account main of greeting, in tools/prod: no account of their domain is in an earlier wave";
    assert_eq!(told, [expected]);
    let why = |step: &Step| step.concerns.iter().any(|concern| concern.why.starts_with("first seen in prod: 2 steps"));
    assert_eq!(plan.steps().filter(|step| why(step)).count(), 1);
}

#[test]
fn only_whole_names_are_taken_out() {
    let account = "pay/prod".parse().unwrap();
    let cases = [
        ("pay-api/prod", "‹domain›-api/‹environment›"),
        ("payments-production", "payments-production"),
        ("paypay pay", "paypay ‹domain›"),
        ("prodpay", "prodpay"),
    ];
    for (text, expected) in cases {
        assert_eq!(impersonal(text, &account), expected);
    }
}

#[test]
fn a_long_list_of_what_is_new_names_twelve_and_counts_the_rest() {
    let told = |count: usize| {
        let more: String = (0..count).map(|number| PROD.replace("landfall/", &format!("landfall/{number}/"))).collect();
        first_seen(&desired(ALL, &format!("{MODULE}{more}")), &applied(&desired(ALL, MODULE), &EVERYWHERE)).0
    };
    assert!(told(12).iter().all(|line| line.starts_with("first seen in prod: ")) && told(12).len() == 12);
    assert_eq!((told(15).len(), told(15).last().map(String::as_str)), (13, Some("and 3 more")));
}

const PARAMETER: &str = "us-west-2/ssm-parameter/landfall/x";

fn parameter(account: &str, text: &str) -> (String, Value) {
    (format!("{account}/{PARAMETER}"), json!({ "value": { "text": text } }))
}

/// What is first seen where some accounts have resources, and are to have others.
fn first_of(accounts: &[&str], before: &[(String, Value)], after: &[(String, Value)]) -> (Vec<String>, Plan) {
    let with = |others: &[(String, Value)]| estates::accounts(accounts).into_iter().chain(others.to_vec()).collect::<Vec<_>>();
    first_seen(&estates::desired(&with(after)), &estates::live(&with(before)))
}

#[test]
fn only_an_earlier_wave_that_is_through_has_exercised_anything() {
    let told = "first seen in prod: create ssm-parameter landfall/x of network, in pay/prod";
    let both = [parameter("pay/dev", "b"), parameter("pay/prod", "b")];
    let cases = [
        ("dev has it", &["pay/dev", "pay/prod"][..], parameter("pay/dev", "b"), &both[..], vec![]),
        ("dev is still to change it", &["pay/dev", "pay/prod"], parameter("pay/dev", "a"), &both, vec![told]),
        (
            "another account of prod has it",
            &["pay/dev", "pay/prod", "shop/prod"],
            parameter("shop/prod", "b"),
            &[parameter("pay/prod", "b"), parameter("shop/prod", "b")],
            vec![told],
        ),
    ];
    for (case, accounts, before, after, expected) in cases {
        assert_eq!(first_of(accounts, &[before], after).0, expected, "{case}");
    }
}

#[test]
fn a_replacement_is_judged_where_it_deletes_and_so_is_what_is_bound_anew() {
    let network = |account: &str, zone: &str| {
        let here = |rest: &str| format!("{account}/us-west-2/{rest}");
        let cidr = |rest: &str| if account == "pay/dev" { format!("10.1.{rest}") } else { format!("10.2.{rest}") };
        let subnet = json!({ "vpc": "vpc/main", "cidr": cidr("0.0/24"), "zone": zone });
        [
            (here("vpc/main"), json!({ "cidr": cidr("0.0/20") })),
            (here("subnet/a"), subnet),
            (here("route-table/a"), json!({ "vpc": "vpc/main", "subnets": ["subnet/a"] })),
        ]
    };
    let is_new = |step: &&Step| step.concerns.iter().any(|concern| concern.why.starts_with(FIRST_SEEN));
    // Where dev has a network, and where only prod ever had one.
    for elsewhere in [network("pay/dev", "a").to_vec(), Vec::new()] {
        let networks = |zone: &str| [elsewhere.clone(), network("pay/prod", zone).to_vec()].concat();
        let (told, plan) = first_of(&["pay/dev", "pay/prod"], &networks("a"), &networks("b"));
        let expected = [
            "first seen in prod: update route-table a of network (needs.subnet/a), in pay/prod",
            "first seen in prod: replace subnet a of network (zone), in pay/prod",
        ];
        assert_eq!(told, expected);
        assert_eq!((plan.steps().count(), plan.steps().filter(is_new).count()), (3, 2));
    }
}

#[test]
fn only_the_account_that_the_plan_creates_is_told_of_once() {
    let moved = |unit: &str| {
        let mut resources = estates::accounts(&["pay/dev", "tools/prod"]);
        resources.push(("management/global/organizational-unit/old".to_owned(), json!({})));
        let unit = json!(format!("management:organizational-unit/{unit}"));
        resources
            .iter_mut()
            .filter(|(at, _)| at.starts_with("tools/"))
            .for_each(|(_, fields)| fields["organizational_unit"] = unit.clone());
        resources
    };
    let more = [parameter("tools/prod", "a"), ("tools/prod/us-west-2/log-group/x".to_owned(), json!({}))];
    let (told, _) = first_seen(&estates::desired(&[moved("all"), more.to_vec()].concat()), &estates::live(&moved("old")));
    let expected = [
        "first seen in prod: create log-group x of network, in tools/prod",
        "first seen in prod: create ssm-parameter landfall/x of network, in tools/prod",
    ];
    assert_eq!(told, expected);
}
