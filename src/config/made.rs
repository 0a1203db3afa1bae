//! Tests of what the shipped files make: the resources of an account, their fields, and that order means nothing.

use super::*;
use crate::kinds::Spec;
use crate::model::Address;
use proptest::prelude::*;
use std::path::Path;

pub(super) fn shipped() -> (String, BTreeMap<String, (String, String)>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let folders = std::fs::read_dir(root.join("modules")).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let files = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    let paths = files.map(|path| path.strip_prefix(root).unwrap().to_string_lossy().into_owned());
    let modules = paths.filter_map(|path| Some((module_of(&path)?.to_owned(), (path.clone(), read(&path)))));
    (read(DOMAINS), modules.collect())
}

fn desired(domains: &str) -> Desired {
    load_texts((DOMAINS, domains), &shipped().1, super::cases::NOW).map_err(|problems| show(&problems, false)).unwrap().desired
}

fn spec(desired: &Desired, address: &str) -> serde_json::Value {
    let address: Address = address.parse().unwrap();
    serde_json::to_value(&desired.resources[&address].spec).unwrap()
}

#[test]
fn an_account_of_two_zones() {
    let desired = desired(&shipped().0);
    let first = ["account", "ci-users", "network"];
    let of_these = desired.resources.iter().filter(|(_, declared)| first.contains(&declared.module.as_str()));
    let made: Vec<String> = of_these.filter_map(|(at, _)| at.to_string().strip_prefix("reports/prod/").map(str::to_owned)).collect();
    let made: Vec<&str> = made.iter().map(String::as_str).collect();
    assert_eq!(
        made,
        [
            "global/account/main",
            "global/account-alias/main",
            "global/default-vpc/eu-central-1",
            "global/default-vpc/us-west-2",
            "global/ebs-encryption/eu-central-1",
            "global/ebs-encryption/us-west-2",
            "global/github-environment/acme-example/reports",
            "global/iam-oidc-provider/token.actions.githubusercontent.com",
            "global/iam-policy/ci-boundary",
            "global/iam-role/ci-deploy",
            "global/iam-role/landfall-flow-logs",
            "global/password-policy/main",
            "global/public-access-block/main",
            "us-west-2/default-security-group/main",
            "us-west-2/elastic-ip/nat-a",
            "us-west-2/elastic-ip/nat-b",
            "us-west-2/flow-log/main",
            "us-west-2/internet-gateway/main",
            "us-west-2/log-group/aws/vpc/landfall",
            "us-west-2/nat-gateway/a",
            "us-west-2/nat-gateway/b",
            "us-west-2/route-table/private-a",
            "us-west-2/route-table/private-b",
            "us-west-2/route-table/public",
            "us-west-2/security-group/internal",
            "us-west-2/security-group/web",
            "us-west-2/ssm-parameter/landfall/network/internal-security-group-id",
            "us-west-2/ssm-parameter/landfall/network/private-route-table-ids",
            "us-west-2/ssm-parameter/landfall/network/private-subnet-ids",
            "us-west-2/ssm-parameter/landfall/network/public-route-table-id",
            "us-west-2/ssm-parameter/landfall/network/public-subnet-ids",
            "us-west-2/ssm-parameter/landfall/network/vpc-id",
            "us-west-2/ssm-parameter/landfall/network/web-security-group-id",
            "us-west-2/subnet/private-a",
            "us-west-2/subnet/private-b",
            "us-west-2/subnet/public-a",
            "us-west-2/subnet/public-b",
            "us-west-2/vpc/main",
            "us-west-2/vpc-endpoint/gateway-dynamodb",
            "us-west-2/vpc-endpoint/gateway-s3",
        ]
    );
}

#[test]
fn fields_are_bound_and_tagged() {
    let desired = desired(&shipped().0);
    let tags = |name: &str| serde_json::json!({ "Name": name, "team": "payments", "domain": "payments", "environment": "prod" });
    assert_eq!(
        spec(&desired, "payments/prod/us-west-2/vpc/main"),
        serde_json::json!({ "vpc": { "cidr": { "prefix": 19 }, "dns_support": true, "dns_hostnames": true, "tags": tags("payments-prod-main") } })
    );
    assert_eq!(
        spec(&desired, "payments/prod/us-west-2/route-table/public"),
        serde_json::json!({ "route-table": {
            "vpc": "vpc/main",
            "routes": { "0.0.0.0/0": "internet-gateway/main" },
            "subnets": ["subnet/public-a", "subnet/public-b", "subnet/public-c"],
            "tags": tags("payments-prod-public"),
        } })
    );
    assert_eq!(
        spec(&desired, "payments/prod/global/account/main")["account"]["organizational_unit"],
        "management:organizational-unit/prod"
    );
    assert_eq!(desired.estate.members[&"payments/prod".parse().unwrap()].email, "aws+payments-prod@acme.example");
}

#[test]
fn a_role_trusts_the_environments_of_its_own_repositories_only() {
    let desired = desired(&shipped().0);
    let subjects = |address: &str| {
        let trust = spec(&desired, address)["iam-role"]["trust"]["Statement"][0]["Condition"]["StringEquals"].clone();
        assert_eq!(trust["token.actions.githubusercontent.com:aud"].to_string().trim_matches(['[', ']']), "\"sts.amazonaws.com\"");
        trust["token.actions.githubusercontent.com:sub"].to_string()
    };
    assert_eq!(
        subjects("catalog/stage/global/iam-role/ci-deploy"),
        r#"["repo:acme-example/catalog-api:environment:stage","repo:acme-example/catalog-web:environment:stage"]"#
    );
    assert_eq!(
        subjects("search/prod/global/iam-role/ci-deploy").trim_matches(['[', ']']),
        r#""repo:acme-example@40000001/search@980000017:environment:prod""#
    );
}

#[test]
fn a_repository_whose_format_nobody_knows_is_trusted_in_both() {
    let desired = desired(&shipped().0.replace(", only_numbered: true", ""));
    let trust =
        spec(&desired, "search/prod/global/iam-role/ci-deploy")["iam-role"]["trust"]["Statement"][0]["Condition"]["StringEquals"].clone();
    assert_eq!(
        trust["token.actions.githubusercontent.com:sub"].to_string(),
        r#"["repo:acme-example/search:environment:prod","repo:acme-example@40000001/search@980000017:environment:prod"]"#
    );
}

#[test]
fn github_is_looked_after_where_it_is_asked_for() {
    let asked = "ci-users: { github: true, reviewers: [release], wait_minutes: 5 }";
    let text = shipped().0.replace("ci-users: { github: true }", asked);
    let desired = desired(&text);
    let prod = spec(&desired, "catalog/prod/global/github-environment/acme-example/catalog-api")["github-environment"].clone();
    assert_eq!(
        (&prod["branches"], &prod["reviewers"], &prod["wait_minutes"]),
        (&"protected".into(), &serde_json::json!(["release"]), &5.into())
    );
    assert_eq!(prod["variables"]["AWS_ROLE_ARN_DEPLOY"], "arn:${partition}:iam::${account.id}:role/ci-deploy");
    let dev = spec(&desired, "catalog/dev/global/github-environment/acme-example/catalog-web")["github-environment"].clone();
    assert!(dev["branches"].is_null() && dev["variables"]["AWS_ACCOUNT_ID"] == "${account.id}");
    let key = spec(&desired, "catalog/prod/us-west-2/ci-key/publish")["ci-key"].clone();
    assert_eq!(key["repositories"], serde_json::json!(["acme-example/catalog-api", "acme-example/catalog-web"]));
    assert_eq!((&key["prefix"], &key["rotate_after_days"]), (&"PUBLISH_".into(), &90.into()));
}

#[test]
fn new_relics_keys_go_where_github_is_looked_after() {
    let given = |from: &str, to: &str| {
        let desired = desired(&shipped().0.replace(from, to));
        let keys = spec(&desired, "catalog/prod/global/new-relic-keys/main")["new-relic-keys"].clone();
        keys["repositories"].to_string()
    };
    let ci = "ci-users: { github: true }";
    assert_eq!(given("", ""), r#"["acme-example/catalog-api","acme-example/catalog-web"]"#);
    assert_eq!(given(ci, "ci-users: { github: false }"), "[]");
    assert_eq!(given("observability: { prefix: acme }", "observability: { prefix: acme, github: false }"), "[]");
}

#[test]
fn a_domain_can_do_without_a_module_or_set_its_parameters() {
    let with = |modules: &str| {
        let text =
            shipped().0.replace("  tools:\n    team: platform\n", &format!("  tools:\n    team: platform\n    modules: {modules}\n"));
        let desired = desired(&text);
        let subnets =
            desired.resources.iter().filter(|(at, made)| at.to_string().starts_with("tools/") && matches!(made.spec, Spec::Subnet(_)));
        subnets.count()
    };
    assert_eq!((with("{}"), with("{ network: false }"), with("{ network: { zones: 1 } }")), (6, 0, 2));
}

#[test]
fn one_rule_calls_the_canaries_of_as_many_zones_as_a_rule_can() {
    let rules = |zones: usize| {
        let text = shipped()
            .0
            .replace("  tools:\n    team: platform\n", &format!("  tools:\n    team: platform\n    network: {{ zones: {zones} }}\n"));
        let desired = desired(&text);
        let called = |(at, made): (&Address, &crate::plan::Declared)| match &made.spec {
            Spec::EventRule(rule) if at.account.to_string() == "tools/prod" && !rule.functions.is_empty() => {
                Some((at.name.to_string(), rule.functions.len()))
            }
            _ => None,
        };
        desired.resources.iter().filter_map(called).collect::<Vec<_>>()
    };
    assert_eq!(rules(2), [("landfall-canary".to_owned(), 2)]);
    assert_eq!(rules(6), [("landfall-canary".to_owned(), 5), ("landfall-canary-f".to_owned(), 1)]);
}

/// The parts of a domains file that may be reordered.
fn reordered(text: &str, order: &[usize]) -> String {
    let (head, rest) = text.split_once("\ndomains:\n").unwrap();
    let (domains, tail) = rest.split_once("\nrollout:").unwrap();
    let domains: Vec<&str> = domains.split("\n\n").collect();
    let domains: Vec<&str> = order.iter().map(|at| domains[*at].trim_end()).collect();
    format!("{head}\ndomains:\n{}\n\nrollout:{tail}", domains.join("\n\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn the_order_of_domains_means_nothing(order in Just((0..12).collect::<Vec<usize>>()).prop_shuffle()) {
        let text = shipped().0;
        let (one, other) = (desired(&text), desired(&reordered(&text, &order)));
        prop_assert!(one.resources == other.resources);
        // The lines do differ, and are for people.
        prop_assert!(one.estate.members.iter().map(|(at, member)| (at, &member.email)).eq(other.estate.members.iter().map(|(at, member)| (at, &member.email))));
    }
}
